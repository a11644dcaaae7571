//! Registered models, their versions, and logged models.

use super::experiment::{MlflowTag, value_of};
use super::run::MlflowParam;
use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// A registered model: a name under which versions of a model stand.
    pub struct RegisteredModel {
        /// Its name; in Unity Catalog `catalog.schema.model`.
        pub name: String,
        /// When it was made, in milliseconds since 1970.
        pub creation_timestamp: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
        /// What somebody wrote about it.
        pub description: Option<String>,
        /// Its newest versions.
        pub latest_versions: Option<Vec<ModelVersion>>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
        /// Names for versions of it.
        pub aliases: Option<Vec<ModelAlias>>,
    }
}

impl RegisteredModel {
    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        value_of(self.tags.as_deref(), key)
    }
}

wire_struct! {
    /// A name for a version of a model.
    pub struct ModelAlias {
        /// The name.
        pub alias: String,
        /// The version.
        pub version: String,
    }
}

wire_struct! {
    /// A version of a registered model.
    pub struct ModelVersion {
        /// The registered model's name.
        pub name: String,
        /// Which version: a number, as text.
        pub version: String,
        /// When it was made, in milliseconds since 1970.
        pub creation_timestamp: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
        /// What somebody wrote about it.
        pub description: Option<String>,
        /// Where its files came from.
        pub source: Option<String>,
        /// The run that made it.
        pub run_id: Option<String>,
        /// The logged model it is.
        pub model_id: Option<String>,
        /// Whether it can be used.
        pub status: Option<ModelVersionStatus>,
        /// Why it cannot.
        pub status_message: Option<String>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
        /// Names for it.
        pub aliases: Option<Vec<String>>,
    }
}

open_enum! {
    /// Whether a version can be used.
    pub enum ModelVersionStatus {
        /// Its files are being copied.
        PendingRegistration = "PENDING_REGISTRATION",
        /// They could not be.
        FailedRegistration = "FAILED_REGISTRATION",
        /// It can.
        Ready = "READY",
    }
}

wire_struct! {
    /// A new version of a registered model.
    pub struct CreateModelVersion closed {
        /// The registered model's name.
        pub name: String,
        /// Where its files lie, such as `models:/m-…` or the artifact URI of a run's model.
        pub source: String,
        /// The run that made it.
        pub run_id: Option<String>,
        /// The logged model it is.
        pub model_id: Option<String>,
        /// What to say about it.
        pub description: Option<String>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
    }
}

impl CreateModelVersion {
    /// A version of a registered model out of what lies at `source`.
    #[must_use]
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            source: source.into(),
            run_id: None,
            model_id: None,
            description: None,
            tags: None,
            extra: serde_json::Map::new(),
        }
    }

    setters! {
        /// The run that made it.
        run_id: String,
        /// The logged model it is.
        model_id: String,
        /// What to say about it.
        description: String,
        /// Its tags.
        tags: Vec<MlflowTag>,
    }
}

wire_struct! {
    /// A model that a run or somebody logged: its files and what is known of it.
    pub struct LoggedModel {
        /// What it is.
        pub info: LoggedModelInfo,
        /// What it logged.
        pub data: Option<LoggedModelData>,
    }
}

wire_struct! {
    /// What a logged model is.
    pub struct LoggedModelInfo {
        /// Its id, `m-` and 32 hexadecimal digits.
        pub model_id: String,
        /// The experiment it belongs to.
        pub experiment_id: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// When it was made, in milliseconds since 1970.
        pub creation_timestamp_ms: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub last_updated_timestamp_ms: Option<i64>,
        /// Where its files lie.
        pub artifact_uri: Option<String>,
        /// Whether its files are there.
        pub status: Option<LoggedModelStatus>,
        /// What kind of model it is, in the words of whoever logged it.
        pub model_type: Option<String>,
        /// The run that made it.
        pub source_run_id: Option<String>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
    }
}

wire_struct! {
    /// What a logged model logged.
    pub struct LoggedModelData {
        /// Its parameters.
        pub params: Option<Vec<MlflowParam>>,
        /// Its metrics.
        pub metrics: Option<serde_json::Value>,
    }
}

open_enum! {
    /// Whether a logged model's files are there.
    pub enum LoggedModelStatus {
        /// They are being sent.
        Pending = "LOGGED_MODEL_PENDING",
        /// They are there.
        Ready = "LOGGED_MODEL_READY",
        /// They could not be sent.
        UploadFailed = "LOGGED_MODEL_UPLOAD_FAILED",
    }
}

wire_struct! {
    /// A new logged model.
    pub struct CreateLoggedModel closed {
        /// The experiment it belongs to.
        pub experiment_id: String,
        /// Its name.
        pub name: Option<String>,
        /// What kind of model it is.
        pub model_type: Option<String>,
        /// The run that made it.
        pub source_run_id: Option<String>,
        /// Its parameters.
        pub params: Option<Vec<MlflowParam>>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
    }
}

impl CreateLoggedModel {
    /// A model in an experiment.
    #[must_use]
    pub fn new(experiment_id: impl Into<String>) -> Self {
        Self {
            experiment_id: experiment_id.into(),
            name: None,
            model_type: None,
            source_run_id: None,
            params: None,
            tags: None,
            extra: serde_json::Map::new(),
        }
    }

    setters! {
        /// Its name.
        name: String,
        /// What kind of model it is.
        model_type: String,
        /// The run that made it.
        source_run_id: String,
        /// Its parameters.
        params: Vec<MlflowParam>,
        /// Its tags.
        tags: Vec<MlflowTag>,
    }
}
