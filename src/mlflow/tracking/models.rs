//! Logged models: the files of a model, before or without a registered name.

use serde_json::{Value, json};

use super::artifacts::Artifacts;
use super::calls::{self, ROOT};
use super::experiments::set;
use super::types::{CreateLoggedModel, LoggedModel, LoggedModelInfo, LoggedModelStatus};
use crate::error::Result;
use crate::mlflow::MlflowClient;
use crate::pages::Pages;
use crate::wire::call::Repeat;
use crate::wire::request::{Method, Path};

impl MlflowClient {
    /// Creates a logged model, which is `LOGGED_MODEL_PENDING` until its files are there and
    /// [`finalize_logged_model`](Self::finalize_logged_model) says so.
    ///
    /// # Errors
    /// `NotFound` when there is no such experiment.
    ///
    /// `POST /api/2.0/mlflow/logged-models`
    pub async fn create_logged_model(&self, model: &CreateLoggedModel) -> Result<LoggedModel> {
        self.field(calls::send(Method::Post, ROOT, "logged-models", model, Repeat::Never), "model").await
    }

    /// Says whether a logged model's files are there.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    ///
    /// `PATCH /api/2.0/mlflow/logged-models/{model_id}`
    pub async fn finalize_logged_model(&self, model_id: &str, status: LoggedModelStatus) -> Result<LoggedModel> {
        let body = json!({"model_id": model_id, "status": status});
        let path = Path::literal("logged-models/").segment("logged model", model_id)?.finish();
        self.field(calls::send(Method::Patch, ROOT, &path, &body, Repeat::Safe), "model").await
    }

    /// Describes a logged model.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `GET /api/2.0/mlflow/logged-models/{model_id}`
    pub async fn get_logged_model(&self, model_id: &str) -> Result<LoggedModel> {
        let path = Path::literal("logged-models/").segment("logged model", model_id)?.finish();
        self.field(Ok(calls::get(ROOT, &path, &[])), "model").await
    }

    /// Lists logged models of experiments, by a filter such as `name = 'x'`; an empty one gives them all.
    ///
    /// `POST /api/2.0/mlflow/logged-models/search`
    #[must_use]
    pub fn search_logged_models<T: AsRef<str>>(&self, experiment_ids: &[T], filter: &str) -> Pages<LoggedModel> {
        let ids: Vec<Value> = experiment_ids.iter().map(|id| json!(id.as_ref())).collect();
        let mut body = json!({"experiment_ids": ids});
        if !filter.is_empty() {
            set(&mut body, "filter", json!(filter));
        }
        self.pages(calls::send(Method::Post, ROOT, "logged-models/search", &body, Repeat::Safe), "models")
    }

    /// The files of a logged model.
    ///
    /// # Errors
    /// `InvalidInput` when their store is one that nobody passes on.
    pub fn model_artifacts(&self, model: &LoggedModelInfo) -> Result<Artifacts> {
        Artifacts::new(self, None, model.artifact_uri.as_deref())
    }
}
