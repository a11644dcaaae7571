//! Experiments, and how every call of this room is sent.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::batch::check_key;
use super::calls::{self, ROOT};
use super::types::{Experiment, MlflowTag, ViewType};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::pages::Pages;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw};
use crate::wire::request::Method;

impl MlflowClient {
    /// Sends a call and reads one field of its answer.
    pub(crate) async fn field<T: DeserializeOwned>(&self, call: Result<Call<Json<T>>>, key: &str) -> Result<T> {
        let json = self.sender.send(&call?, &self.options).await?.0;
        match json.root().get_some(key) {
            Some(value) => Json::from_checked(value.text().to_owned()).read(),
            None => Err(Error::new(ErrorKind::Decode, ["The answer has no `", key, "`."].concat())),
        }
    }

    /// Sends a change whose answer says nothing.
    pub(crate) async fn change(&self, operation: &str, body: &Value, repeat: Repeat) -> Result<()> {
        let call = calls::send::<()>(Method::Post, ROOT, operation, body, repeat)?;
        self.sender.send(&call, &self.options).await.map(drop)
    }

    pub(crate) fn pages<T: DeserializeOwned>(&self, call: Result<Call<Json<()>>>, key: &'static str) -> Pages<T> {
        Pages::new(self.sender.clone(), self.options.clone(), call, key)
    }

    /// Creates an experiment and gives its id. In a workspace the name is an absolute path, such as
    /// `/Users/me@example.com/my-experiment`.
    ///
    /// # Errors
    /// `ResourceConflict` when the name is taken, also by a deleted one.
    ///
    /// `POST /api/2.0/mlflow/experiments/create`
    pub async fn create_experiment(&self, name: &str, tags: &[MlflowTag]) -> Result<String> {
        let mut body = json!({"name": name});
        if !tags.is_empty() {
            set(&mut body, "tags", json!(tags));
        }
        let call = calls::send(Method::Post, ROOT, "experiments/create", &body, Repeat::Never);
        self.field(call, "experiment_id").await
    }

    /// Describes an experiment.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `GET /api/2.0/mlflow/experiments/get`
    pub async fn get_experiment(&self, experiment_id: &str) -> Result<Experiment> {
        self.field(Ok(calls::get(ROOT, "experiments/get", &[("experiment_id", experiment_id)])), "experiment").await
    }

    /// Describes the experiment of a name; nothing when there is none.
    ///
    /// # Errors
    /// As the service answers.
    ///
    /// `GET /api/2.0/mlflow/experiments/get-by-name`
    pub async fn get_experiment_by_name(&self, name: &str) -> Result<Option<Experiment>> {
        let call = calls::get(ROOT, "experiments/get-by-name", &[("experiment_name", name)]);
        match self.field(Ok(call), "experiment").await {
            Err(error) if error.kind() == ErrorKind::NotFound && error.error_code().is_some() => Ok(None),
            other => other.map(Some),
        }
    }

    /// The experiment of a name, created when there is none.
    ///
    /// # Errors
    /// `InvalidInput` when the one of this name was deleted: restore it, or take another name.
    pub async fn experiment(&self, name: &str) -> Result<Experiment> {
        let mut found = self.get_experiment_by_name(name).await?;
        if found.is_none() {
            match self.create_experiment(name, &[]).await {
                Ok(id) => return self.get_experiment(&id).await,
                // somebody else was faster
                Err(error) if error.kind() == ErrorKind::ResourceConflict => {
                    found = self.get_experiment_by_name(name).await?;
                    if found.is_none() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        match found {
            Some(one) if one.lifecycle_stage != Some(super::types::LifecycleStage::Deleted) => Ok(one),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "The experiment `{name}` was deleted: restore it with restore_experiment, or take another name."
                ),
            )),
        }
    }

    /// Lists experiments, by a filter such as `name LIKE 'x%'` or `tags.team = 'a'`; an empty one gives them all.
    ///
    /// `POST /api/2.0/mlflow/experiments/search`
    #[must_use]
    pub fn search_experiments(&self, filter: &str, view: &ViewType) -> Pages<Experiment> {
        let mut body = json!({"max_results": 1000, "view_type": view});
        if !filter.is_empty() {
            set(&mut body, "filter", json!(filter));
        }
        self.pages(calls::send(Method::Post, ROOT, "experiments/search", &body, Repeat::Safe), "experiments")
    }

    /// Gives an experiment another name.
    ///
    /// # Errors
    /// `NotFound`; `ResourceConflict` when the name is taken.
    ///
    /// `POST /api/2.0/mlflow/experiments/update`
    pub async fn rename_experiment(&self, experiment_id: &str, new_name: &str) -> Result<()> {
        let body = json!({"experiment_id": experiment_id, "new_name": new_name});
        self.change("experiments/update", &body, Repeat::Safe).await
    }

    /// Sets a tag of an experiment.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be one; `NotFound`.
    ///
    /// `POST /api/2.0/mlflow/experiments/set-experiment-tag`
    pub async fn set_experiment_tag(&self, experiment_id: &str, key: &str, value: &str) -> Result<()> {
        check_key("tag", key)?;
        let body = json!({"experiment_id": experiment_id, "key": key, "value": value});
        self.change("experiments/set-experiment-tag", &body, Repeat::Safe).await
    }

    /// Deletes an experiment with its runs; it can be restored.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `POST /api/2.0/mlflow/experiments/delete`
    pub async fn delete_experiment(&self, experiment_id: &str) -> Result<()> {
        self.change("experiments/delete", &json!({"experiment_id": experiment_id}), Repeat::Never).await
    }

    /// Restores a deleted experiment with its runs.
    ///
    /// # Errors
    /// `NotFound` when there is no deleted one of this id.
    ///
    /// `POST /api/2.0/mlflow/experiments/restore`
    pub async fn restore_experiment(&self, experiment_id: &str) -> Result<()> {
        self.change("experiments/restore", &json!({"experiment_id": experiment_id}), Repeat::Never).await
    }
}

/// Adds a field to an object.
pub(super) fn set(body: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = body {
        fields.insert(key.to_owned(), value);
    }
}

/// The text of a list as the batch's rules read it.
pub(super) fn raw(text: &str) -> Raw<'_> {
    Raw::trusted(text)
}
