//! Registered models, their versions and aliases.

use std::sync::atomic::Ordering;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::calls::{self, ROOT, UNITY_CATALOG};
use super::experiments::set;
use super::types::{CreateModelVersion, MlflowTag, ModelVersion, RegisteredModel};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::pages::Pages;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::Json;
use crate::wire::request::Method;

impl MlflowClient {
    /// The same client with the models of Unity Catalog, for searches that name no model. Names of three parts,
    /// `catalog.schema.model`, are looked for there first anyway.
    #[must_use]
    pub fn in_unity_catalog(self) -> Self {
        Self { in_catalog: true, ..self }
    }

    /// Sends a call on a model of this name: to Unity Catalog when the name has three parts and the host is a workspace,
    /// which is told by whether the route is there.
    async fn registry<T>(&self, name: &str, call: impl Fn(&'static str) -> Result<Call<Json<T>>>) -> Result<Json<T>> {
        let parts = name.split('.').count();
        if self.in_catalog || (parts == 3 && !self.no_catalog.load(Ordering::Relaxed)) {
            match self.sender.send(&call(UNITY_CATALOG)?, &self.options).await {
                // a page: no such route
                Err(error) if !self.in_catalog && error.status() == Some(404) && error.error_code().is_none() => {
                    self.no_catalog.store(true, Ordering::Relaxed);
                }
                other => return Ok(other?.0),
            }
        }
        Ok(self.sender.send(&call(ROOT)?, &self.options).await?.0)
    }

    async fn model_field<T: DeserializeOwned>(
        &self,
        name: &str,
        key: &str,
        call: impl Fn(&'static str) -> Result<Call<Json<T>>>,
    ) -> Result<T> {
        let json = self.registry(name, call).await?;
        match json.root().get_some(key) {
            Some(value) => Json::from_checked(value.text().to_owned()).read(),
            None => Err(Error::new(ErrorKind::Decode, ["The answer has no `", key, "`."].concat())),
        }
    }

    async fn model_change(
        &self,
        method: Method,
        operation: &str,
        name: &str,
        body: &Value,
        repeat: Repeat,
    ) -> Result<()> {
        self.registry(name, |root| calls::send::<()>(method, root, operation, body, repeat)).await.map(drop)
    }

    /// Creates a registered model; in Unity Catalog its name is `catalog.schema.model`.
    ///
    /// # Errors
    /// `ResourceConflict` when the name is taken.
    ///
    /// `POST /api/2.0/mlflow/registered-models/create`
    pub async fn create_registered_model(
        &self,
        name: &str,
        description: &str,
        tags: &[MlflowTag],
    ) -> Result<RegisteredModel> {
        let mut body = json!({"name": name});
        if !description.is_empty() {
            set(&mut body, "description", json!(description));
        }
        if !tags.is_empty() {
            set(&mut body, "tags", json!(tags));
        }
        let call = |root| calls::send(Method::Post, root, "registered-models/create", &body, Repeat::Never);
        self.model_field(name, "registered_model", call).await
    }

    /// Describes a registered model.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `GET /api/2.0/mlflow/registered-models/get`
    pub async fn get_registered_model(&self, name: &str) -> Result<RegisteredModel> {
        let call = |root: &str| Ok(calls::get(root, "registered-models/get", &[("name", name)]));
        self.model_field(name, "registered_model", call).await
    }

    /// Gives a registered model another name.
    ///
    /// # Errors
    /// `NotFound`; `ResourceConflict` when the name is taken.
    ///
    /// `POST /api/2.0/mlflow/registered-models/rename`
    pub async fn rename_registered_model(&self, name: &str, new_name: &str) -> Result<RegisteredModel> {
        let body = json!({"name": name, "new_name": new_name});
        let call = |root| calls::send(Method::Post, root, "registered-models/rename", &body, Repeat::Never);
        self.model_field(name, "registered_model", call).await
    }

    /// Says what a registered model is about.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `PATCH /api/2.0/mlflow/registered-models/update`
    pub async fn update_registered_model(&self, name: &str, description: &str) -> Result<RegisteredModel> {
        let body = json!({"name": name, "description": description});
        let call = |root| calls::send(Method::Patch, root, "registered-models/update", &body, Repeat::Safe);
        self.model_field(name, "registered_model", call).await
    }

    /// Deletes a registered model with all its versions.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `DELETE /api/2.0/mlflow/registered-models/delete`
    pub async fn delete_registered_model(&self, name: &str) -> Result<()> {
        let body = json!({"name": name});
        self.model_change(Method::Delete, "registered-models/delete", name, &body, Repeat::Never).await
    }

    /// Lists registered models, by a filter such as `name LIKE 'x%'`; an empty one gives them all.
    ///
    /// `GET /api/2.0/mlflow/registered-models/search`
    #[must_use]
    pub fn search_registered_models(&self, filter: &str) -> Pages<RegisteredModel> {
        self.model_pages("registered-models/search", filter, "registered_models")
    }

    fn model_pages<T: DeserializeOwned>(&self, operation: &str, filter: &str, key: &'static str) -> Pages<T> {
        let query = [("filter", filter)];
        let query = if filter.is_empty() { &query[..0] } else { &query[..] };
        let root = if self.in_catalog { UNITY_CATALOG } else { ROOT };
        self.pages(Ok(calls::get(root, operation, query)), key)
    }

    /// Names a version of a registered model, such as `champion`; the name then stands for this version alone.
    ///
    /// # Errors
    /// `NotFound` when there is no such version.
    ///
    /// `POST /api/2.0/mlflow/registered-models/alias`
    pub async fn set_registered_model_alias(&self, name: &str, alias: &str, version: &str) -> Result<()> {
        let body = json!({"name": name, "alias": alias, "version": version});
        self.model_change(Method::Post, "registered-models/alias", name, &body, Repeat::Safe).await
    }

    /// Takes a name of a version away.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    ///
    /// `DELETE /api/2.0/mlflow/registered-models/alias`
    pub async fn delete_registered_model_alias(&self, name: &str, alias: &str) -> Result<()> {
        let body = json!({"name": name, "alias": alias});
        self.model_change(Method::Delete, "registered-models/alias", name, &body, Repeat::Never).await
    }

    /// The version that an alias stands for.
    ///
    /// # Errors
    /// `NotFound` when there is no such model or alias.
    ///
    /// `GET /api/2.0/mlflow/registered-models/alias`
    pub async fn get_model_version_by_alias(&self, name: &str, alias: &str) -> Result<ModelVersion> {
        let call = |root: &str| Ok(calls::get(root, "registered-models/alias", &[("name", name), ("alias", alias)]));
        self.model_field(name, "model_version", call).await
    }

    /// Makes a version of a registered model.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    ///
    /// `POST /api/2.0/mlflow/model-versions/create`
    pub async fn create_model_version(&self, version: &CreateModelVersion) -> Result<ModelVersion> {
        let call = |root| calls::send(Method::Post, root, "model-versions/create", version, Repeat::Never);
        self.model_field(&version.name, "model_version", call).await
    }

    /// Describes a version of a registered model.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    ///
    /// `GET /api/2.0/mlflow/model-versions/get`
    pub async fn get_model_version(&self, name: &str, version: &str) -> Result<ModelVersion> {
        let call = |root: &str| Ok(calls::get(root, "model-versions/get", &[("name", name), ("version", version)]));
        self.model_field(name, "model_version", call).await
    }

    /// Where the files of a version lie.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    ///
    /// `GET /api/2.0/mlflow/model-versions/get-download-uri`
    pub async fn get_model_version_download_uri(&self, name: &str, version: &str) -> Result<String> {
        let query = [("name", name), ("version", version)];
        let call = |root: &str| Ok(calls::get(root, "model-versions/get-download-uri", &query));
        self.model_field(name, "artifact_uri", call).await
    }

    /// Lists versions, by a filter such as `name = 'my-model'`; an empty one gives them all.
    ///
    /// `GET /api/2.0/mlflow/model-versions/search`
    #[must_use]
    pub fn search_model_versions(&self, filter: &str) -> Pages<ModelVersion> {
        self.model_pages("model-versions/search", filter, "model_versions")
    }
}
