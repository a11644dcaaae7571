//! What a text endpoint is, what it may be asked, and how its input is written.

use serde_json::{Map, Value};

use crate::chat::types::Stop;
use crate::error::{Error, ErrorKind, Result};
use crate::macros::{setters, wire_struct};
use crate::wire::request::Path;

/// What answers: a serving endpoint, or an app on a cluster's driver node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A serving endpoint, by name.
    Endpoint(String),
    /// An HTTP app on a driver node, reached through the driver proxy.
    App(DriverProxyApp),
}

impl From<&str> for Target {
    fn from(endpoint: &str) -> Self {
        Self::Endpoint(endpoint.to_owned())
    }
}

impl From<String> for Target {
    fn from(endpoint: String) -> Self {
        Self::Endpoint(endpoint)
    }
}

impl From<DriverProxyApp> for Target {
    fn from(app: DriverProxyApp) -> Self {
        Self::App(app)
    }
}

/// An HTTP app that listens on a port of a cluster's driver node.
///
/// The app must listen on `0.0.0.0`, not on `127.0.0.1` alone, and the caller needs the permission
/// *Can Attach To* on the cluster.
///
/// ```
/// use lakewire::completions::{DriverProxyApp, calls};
/// let app = DriverProxyApp::new("1120-090000-abcd1234", 7777).path("v1/generate");
/// let call = calls::app(&app, r#"{"prompt":"Hi"}"#.into())?;
/// assert_eq!(call.request().path, "/driver-proxy-api/o/0/1120-090000-abcd1234/7777/v1/generate");
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverProxyApp {
    cluster_id: String,
    port: String,
    org_id: String,
    path: String,
}

impl DriverProxyApp {
    /// The app on this port of this cluster's driver node.
    #[must_use]
    pub fn new(cluster_id: impl Into<String>, port: u16) -> Self {
        Self { cluster_id: cluster_id.into(), port: port.to_string(), org_id: "0".into(), path: String::new() }
    }

    /// From texts, as JavaScript gives them.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn from_texts(cluster_id: &str, port: &str, org_id: &str, path: &str) -> Self {
        Self { cluster_id: cluster_id.into(), port: port.into(), org_id: org_id.into(), path: path.into() }
    }

    /// The workspace's id. Without it `0` stands in the path, which workspaces with an address of
    /// their own take for themselves; [`WorkspaceClient::org_id`](crate::WorkspaceClient::org_id) finds it.
    #[must_use]
    pub fn org_id(mut self, org_id: impl Into<String>) -> Self {
        self.org_id = org_id.into();
        self
    }

    /// A path of the app; without it the app's root is asked.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The app's address within the workspace.
    ///
    /// # Errors
    /// `InvalidInput` for a cluster id, port, workspace id or path that none can have.
    pub fn route(&self) -> Result<String> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&self.org_id) {
            return Err(invalid(
                "The workspace id must be digits: give the number after `?o=` in the workspace's address, or 0.",
            ));
        }
        if !digits(&self.port)
            || self.port.parse::<u16>().is_ok_and(|port| port == 0)
            || self.port.parse::<u16>().is_err()
        {
            return Err(invalid("The app's port must be a number from 1 to 65535."));
        }
        let base = Path::literal("/driver-proxy-api/o/").then(&self.org_id).then("/");
        let mut path = base.segment("cluster", &self.cluster_id)?.then("/").then(&self.port);
        let (inner, end) = match self.path.strip_suffix('/') {
            Some(inner) => (inner, "/"),
            None => (self.path.as_str(), ""),
        };
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        if !inner.is_empty() {
            for piece in inner.split('/') {
                path = path.then("/").segment("app's path", piece)?;
            }
        }
        Ok(path.then(end).finish())
    }
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

wire_struct! {
    /// What a request for text may set. What is set is sent, to every kind of endpoint; what is not set is not.
    pub struct CompletionParams closed {
        /// Randomness, 0 to 2.
        pub temperature: Option<f64>,
        /// How many texts to make.
        pub n: Option<u64>,
        /// The longest text, in tokens.
        pub max_tokens: Option<u64>,
        /// Texts that end the answer; the endpoint keeps them out of it.
        pub stop: Option<Stop>,
        /// Nucleus sampling, 0 to 1.
        pub top_p: Option<f64>,
        /// How many likely tokens to choose from.
        pub top_k: Option<u64>,
        /// What follows the text to make.
        pub suffix: Option<String>,
        /// Whether the prompt is repeated before the text.
        pub echo: Option<bool>,
        /// `error` or `truncate`: what happens when the context is too long.
        pub error_behavior: Option<String>,
        /// Whether the prompt is sent to the model without the endpoint's template.
        pub use_raw_prompt: Option<bool>,
        /// Who asks.
        pub user: Option<String>,
        /// Fields this version does not know, by name; they win over fields of the same name.
        pub extra_params: Option<Map<String, Value>>,
        /// The older name of `extra_params`.
        pub model_kwargs: Option<Map<String, Value>>,
    }
}

impl Default for CompletionParams {
    fn default() -> Self {
        Self {
            temperature: None,
            n: None,
            max_tokens: None,
            stop: None,
            top_p: None,
            top_k: None,
            suffix: None,
            echo: None,
            error_behavior: None,
            use_raw_prompt: None,
            user: None,
            extra_params: None,
            model_kwargs: None,
            extra: Map::new(),
        }
    }
}

impl CompletionParams {
    setters! {
        /// Randomness, 0 to 2.
        temperature: f64,
        /// How many texts to make.
        n: u64,
        /// The longest text, in tokens.
        max_tokens: u64,
        /// Texts that end the answer.
        stop: Stop,
        /// Nucleus sampling, 0 to 1.
        top_p: f64,
        /// How many likely tokens to choose from.
        top_k: u64,
        /// What follows the text to make.
        suffix: String,
        /// Whether the prompt is repeated before the text.
        echo: bool,
        /// `error` or `truncate`.
        error_behavior: String,
        /// Whether the prompt is sent without the endpoint's template.
        use_raw_prompt: bool,
        /// Who asks.
        user: String,
        /// Fields this version does not know.
        extra_params: Map<String, Value>,
        /// The older name of `extra_params`.
        model_kwargs: Map<String, Value>,
    }
}

/// How the input of a custom model is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputFormat {
    /// `{"dataframe_records":[{…}]}`: one object a row.
    #[default]
    DataframeRecords,
    /// `{"dataframe_split":{"columns":[…],"data":[[…]]}}`.
    DataframeSplit,
    /// `{"inputs":{…}}`.
    Inputs,
    /// `{"instances":[{…}]}`. MLflow's server makes columns of the rows first, so that a text reaches
    /// the model as a list of one.
    Instances,
}

impl InputFormat {
    /// The format of this name, as it stands on the wire.
    ///
    /// # Errors
    /// `InvalidInput` naming the formats there are.
    pub fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "dataframe_records" => Self::DataframeRecords,
            "dataframe_split" => Self::DataframeSplit,
            "inputs" => Self::Inputs,
            "instances" => Self::Instances,
            _ => {
                return Err(invalid(
                    "The input format must be dataframe_records, dataframe_split, inputs or instances.",
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_one_address() {
        let app = |port: &str, org: &str, path: &str| DriverProxyApp::from_texts("c-1", port, org, path).route();
        assert_eq!(app("7777", "0", "").unwrap(), "/driver-proxy-api/o/0/c-1/7777");
        assert_eq!(app("7777", "42", "/").unwrap(), "/driver-proxy-api/o/42/c-1/7777/");
        assert_eq!(app("7777", "42", "/v1/chat x/").unwrap(), "/driver-proxy-api/o/42/c-1/7777/v1/chat%20x/");
        assert_eq!(app("7777", "42", "a?b#c").unwrap(), "/driver-proxy-api/o/42/c-1/7777/a%3Fb%23c");
        for (port, org, path) in [
            ("0", "0", ""),
            ("65536", "0", ""),
            ("-1", "0", ""),
            ("80", "0/../1", ""),
            ("80", "", ""),
            ("80", "0", "a//b"),
            ("80", "0", "../x"),
        ] {
            assert_eq!(app(port, org, path).unwrap_err().kind(), ErrorKind::InvalidInput, "{port} {org} {path}");
        }
        assert!(DriverProxyApp::new("..", 1).route().is_err());
    }

    #[test]
    fn input_formats_have_the_names_of_the_wire() {
        for name in ["dataframe_records", "dataframe_split", "inputs", "instances"] {
            assert!(InputFormat::from_name(name).is_ok());
        }
        assert!(InputFormat::from_name("records").unwrap_err().message().contains("dataframe_split"));
    }
}
