//! A model that `mlflow models serve` serves, or any other server that speaks as it does.

mod advice;
pub mod calls;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use advice::advice;
pub use calls::Form;

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::wire::json::{Json, Raw};

/// An MLflow scoring server; made by [`WorkspaceClient::scoring_server`](crate::WorkspaceClient::scoring_server) of a client whose
/// host is the server. Cheap to clone. It does not stream; a workspace's endpoint does, see
/// [`query_stream`](crate::serving_endpoints::ServingEndpoints::query_stream).
///
/// ```no_run
/// # async fn example() -> lakewire::Result<()> {
/// use lakewire::{Config, Credentials, WorkspaceClient};
/// let mut config = Config::new("127.0.0.1")?;
/// config.host = lakewire::config::Host::parse_unencrypted("http://127.0.0.1:5000")?;
/// let server = WorkspaceClient::with_config(config, Credentials::none())?.scoring_server();
/// if server.ping().await? {
///     let answer: String = server.invoke(&serde_json::json!({"question": "Why?"})).await?;
///     println!("{answer}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ScoringServer {
    sender: Sender,
    options: CallOptions,
    form: Form,
    params: Option<String>,
}

impl ScoringServer {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default(), form: Form::default(), params: None }
    }

    /// The same server with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The same server, given its input in this form.
    #[must_use]
    pub fn with_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same server, given parameters beside every input.
    ///
    /// # Errors
    /// `InvalidInput` when they cannot be written as JSON.
    pub fn with_params(self, params: &impl Serialize) -> Result<Self> {
        Ok(Self { params: Some(text(params)?), ..self })
    }

    /// Whether the server and its model are up.
    ///
    /// # Errors
    /// When the server cannot be reached; one that says that its model is not there is `false`.
    ///
    /// `GET /ping`
    pub async fn ping(&self) -> Result<bool> {
        match self.sender.send(&calls::ping(), &self.options).await {
            Err(error) if error.status() == Some(404) => Ok(false),
            other => other.map(|_| true),
        }
    }

    /// The server's version of MLflow.
    ///
    /// # Errors
    /// As the server answers.
    ///
    /// `GET /version`
    pub async fn version(&self) -> Result<String> {
        let (text, _) = self.sender.send(&calls::version(), &self.options).await?;
        Ok(text.trim().to_owned())
    }

    /// Asks the model. For one input, an object, the one result is read, also where the server made a list of it.
    ///
    /// # Errors
    /// `InvalidInput` for an input that has not the form's shape; `BadRequest` for one that does not fit the model's signature, or
    /// when its code failed; `Decode` when the result is no `T`.
    ///
    /// `POST /invocations`
    pub async fn invoke<T: DeserializeOwned>(&self, input: &impl Serialize) -> Result<T> {
        let input = text(input)?;
        let body = calls::body(self.form, &input, self.params.as_deref())?;
        let (json, _) = self.sender.send(&calls::invoke(body), &self.options).await?;
        let result = calls::predictions(self.form, json.root());
        let read = |value: Raw<'_>| Json::<T>::from_checked(value.text().to_owned()).read();
        match calls::single(self.form, Raw::parse(&input)?, result) {
            Some(only) => read(only),
            None => read(result),
        }
    }
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|fault| Error::new(ErrorKind::InvalidInput, "The input cannot be written as JSON.").with_source(fault))
}
