//! Chains logged, registered and served.

use super::files::Facts;
use super::model::ChainModel;
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::mlflow::tracking::{CreateLoggedModel, CreateModelVersion, LoggedModelStatus, ModelVersion, Place};
use crate::serving_endpoints::{CreateEndpointRequest, EndpointConfigInput, ServedEntityInput, WorkloadSize};

/// How a chain is logged.
#[derive(Clone, Debug)]
pub struct LogModel {
    name: String,
    experiment_id: String,
    run_id: Option<String>,
    requirements: Vec<String>,
}

impl LogModel {
    /// A model of this name in an experiment.
    #[must_use]
    pub fn new(experiment_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { name: name.into(), experiment_id: experiment_id.into(), run_id: None, requirements: Vec::new() }
    }

    /// The run that it belongs to. On Databricks it is needed: the files lie with the run.
    #[must_use]
    pub fn run(mut self, run_id: impl Into<String>) -> Self {
        self.run_id = Some(run_id.into());
        self
    }

    /// Python packages with their versions, as `pip` takes them, instead of
    /// [`REQUIREMENTS`](super::files::REQUIREMENTS).
    #[must_use]
    pub fn requirements<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.requirements = lines.into_iter().map(Into::into).collect();
        self
    }
}

/// A chain whose files the tracking server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedChain {
    /// The logged model's id; none where the files lie with a run.
    pub model_id: Option<String>,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// What MLflow finds it by: `models:/…`, or where the files lie.
    pub model_uri: String,
}

impl MlflowClient {
    /// Logs a chain as a model of MLflow's LangChain flavour: its files, and where a server keeps models of their own (every
    /// self-hosted one), the model, which is ready when all files are there. On Databricks the files lie with the run.
    ///
    /// # Errors
    /// `InvalidInput` for a chain that cannot be carried over, before anything is sent; as the calls it makes. When a file could
    /// not be stored, the model is marked as failed.
    ///
    /// `POST /api/2.0/mlflow/logged-models`, `POST …/runs/outputs`, the files, `PATCH …/logged-models/{model_id}`
    pub async fn log_chain(&self, chain: &ChainModel, how: &LogModel) -> Result<LoggedChain> {
        let mut facts = Facts {
            run_id: how.run_id.clone(),
            time_ms: self.now(),
            requirements: how.requirements.clone(),
            ..Facts::default()
        };
        chain.files(&facts)?;
        if let Some(run_id) = &how.run_id {
            let run = self.get_run(run_id).await?;
            let root = run.info.artifact_uri.clone().unwrap_or_default();
            if Place::of(&root)? == Place::Signed {
                let place = [root.trim_end_matches('/'), "/", &how.name].concat();
                facts.artifact_path = Some(place.clone());
                let artifacts = self.artifacts_of(&run.info)?;
                for (path, text) in chain.files(&facts)? {
                    artifacts.log_text(&[&how.name, "/", path].concat(), &text).await?;
                }
                return Ok(LoggedChain { model_id: None, run_id: how.run_id.clone(), model_uri: place });
            }
        }
        let mut request = CreateLoggedModel::new(&how.experiment_id).name(&how.name);
        request.source_run_id.clone_from(&how.run_id);
        let info = self.create_logged_model(&request).await?.info;
        let id = info.model_id.clone();
        facts.model_id = Some(id.clone());
        facts.artifact_path.clone_from(&info.artifact_uri);
        let stored = async {
            if let Some(run_id) = &how.run_id {
                self.log_outputs(run_id, &[(&id, 0)]).await?;
            }
            let artifacts = self.model_artifacts(&info)?;
            for (path, text) in chain.files(&facts)? {
                artifacts.log_text(path, &text).await?;
            }
            Ok(())
        };
        if let Err(error) = stored.await {
            // the first error is the one to tell
            let _ = self.finalize_logged_model(&id, LoggedModelStatus::UploadFailed).await;
            return Err(error);
        }
        self.finalize_logged_model(&id, LoggedModelStatus::Ready).await?;
        let model_uri = ["models:/", &id].concat();
        Ok(LoggedChain { model_id: Some(id), run_id: how.run_id.clone(), model_uri })
    }

    /// Makes a logged chain a version of a registered model, which is created unless it is there, and lets an alias point to it
    /// if one is given. Names in Unity Catalog are `catalog.schema.model`.
    ///
    /// # Errors
    /// As the calls it makes.
    pub async fn register_chain(&self, logged: &LoggedChain, name: &str, alias: Option<&str>) -> Result<ModelVersion> {
        match self.create_registered_model(name, "", &[]).await {
            Err(error) if !is_taken(&error) => return Err(error),
            _ => {}
        }
        let mut request = CreateModelVersion::new(name, &logged.model_uri);
        request.run_id.clone_from(&logged.run_id);
        request.model_id.clone_from(&logged.model_id);
        let version = self.create_model_version(&request).await?;
        if let Some(alias) = alias {
            self.set_registered_model_alias(name, alias, &version.version).await?;
        }
        Ok(version)
    }
}

/// A name that is taken has a code of its own; some servers send it with 400.
fn is_taken(error: &Error) -> bool {
    matches!(error.error_code(), Some("RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS"))
        || error.kind() == ErrorKind::ResourceConflict
}

/// The request for an endpoint that serves a version of a registered model on the smallest machine and sleeps when nobody asks;
/// give it to [`create_and_wait`](crate::serving_endpoints::ServingEndpoints::create_and_wait). `environment` holds what the
/// chain reads when it runs elsewhere than as itself, such as `DATABRICKS_HOST`; its values may be `{{secrets/scope/key}}`.
///
/// ```
/// use lakewire::mlflow::models::endpoint_of;
/// let request = endpoint_of("answers", "main.default.answers", "3", &[]);
/// let json = serde_json::to_value(&request).unwrap();
/// assert_eq!(json["config"]["served_entities"][0]["entity_version"], "3");
/// ```
#[must_use]
pub fn endpoint_of(endpoint: &str, model: &str, version: &str, environment: &[(&str, &str)]) -> CreateEndpointRequest {
    let mut entity =
        ServedEntityInput::model(model, version).workload_size(WorkloadSize::Small).scale_to_zero_enabled(true);
    if !environment.is_empty() {
        let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        entity.environment_vars = Some(pairs.collect());
    }
    CreateEndpointRequest::new(endpoint, EndpointConfigInput::new([entity]))
}
