//! A self-hosted MLflow AI Gateway (`mlflow gateway start --config-path gateway.yaml`): which
//! endpoints it has, and asking them.
//!
//! The gateway's endpoints stand in its YAML file and nowhere else: there is no call that creates,
//! changes or deletes one (MLflow's own client raises `NotImplementedError` for those). Change the file; the gateway
//! reads it again by itself.
//!
//! It asks for no credential, so the client takes none. Prompts still deserve care: plain `http` is
//! taken for this machine only, unless [`Host::parse_unencrypted`](crate::config::Host::parse_unencrypted) says that the network
//! between may read along; headers that hold a credential are refused there.

pub mod calls;
pub mod types;

use std::sync::Arc;

use serde_json::Value;

use crate::auth::Credentials;
use crate::chat::{Chat, Elsewhere};
use crate::config::{Config, Host};
use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::stream::EventStream;
use crate::transport::{self, Transport};

pub use types::*;

/// More pages than any gateway has: what goes on longer leads in circles.
const MOST_PAGES: usize = 1000;

/// A self-hosted MLflow AI Gateway. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> lakewire::Result<()> {
/// use lakewire::gateway::GatewayClient;
/// let gateway = GatewayClient::new("http://127.0.0.1:5000")?;
/// for endpoint in gateway.list().await? {
///     println!("{} does {:?}", endpoint.name, endpoint.endpoint_type);
/// }
/// println!("{}", gateway.chat("chat")?.invoke("Hello").await?.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GatewayClient {
    sender: Sender,
    options: CallOptions,
}

impl GatewayClient {
    /// A client of the gateway at this address: `https`, or `http` on this machine.
    ///
    /// # Errors
    /// `InvalidInput` when the host cannot be one, or when the crate was built without a transport.
    pub fn new(host: &str) -> Result<Self> {
        Self::with_config(Config::new(host)?)
    }

    /// A client of a gateway that is reached by plain `http` on another machine. Everything that is
    /// asked and answered can be read on the way.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn unencrypted(host: &str) -> Result<Self> {
        let mut config = Config::new("127.0.0.1")?;
        config.host = Host::parse_unencrypted(host)?;
        Self::with_config(config)
    }

    /// A client with limits and headers of its own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_config(config: Config) -> Result<Self> {
        let transport = transport::platform(config.timeouts.connect)?;
        Self::with_transport(config, transport)
    }

    /// A client from its parts.
    ///
    /// # Errors
    /// `InvalidInput` when the parts do not fit together.
    pub fn with_transport(config: Config, transport: Arc<dyn Transport>) -> Result<Self> {
        Ok(Self { sender: Sender::new(config, Credentials::none(), transport)?, options: CallOptions::default() })
    }

    /// The same client with time limits, headers and attempts of its own for each call.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// Lists the gateway's endpoints, page after page.
    ///
    /// # Errors
    /// `Protocol` when the pages lead in circles; else as the gateway answers.
    pub async fn list(&self) -> Result<Vec<GatewayEndpoint>> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let (json, _) = self.sender.send(&calls::list(token.as_deref()), &self.options).await?;
            let page = json.read()?;
            all.extend(page.endpoints.unwrap_or_default());
            match page.next_page_token.filter(|next| !next.is_empty()) {
                None => return Ok(all),
                same if same == token => break,
                next => token = next,
            }
        }
        Err(Error::new(ErrorKind::Protocol, "The gateway's list of endpoints leads in circles: its pages do not end."))
    }

    /// Describes one endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn get(&self, name: &str) -> Result<GatewayEndpoint> {
        self.sender.send(&calls::get(name)?, &self.options).await?.0.read()
    }

    /// Whether the gateway is up.
    ///
    /// # Errors
    /// `Connect` when nothing answers there; else as what answers.
    pub async fn health(&self) -> Result<()> {
        self.sender.send(&calls::health(), &self.options).await.map(|_| ())
    }

    /// Chat with an endpoint whose type is `llm/v1/chat`: all that [`chat`](crate::chat) can.
    ///
    /// # Errors
    /// `InvalidInput` when no endpoint can have this name.
    pub fn chat(&self, name: impl Into<String>) -> Result<Chat> {
        chat(self.sender.clone(), name.into())
    }

    /// Asks an endpoint of any type; body and answer are as on a workspace, without `model` in the body.
    ///
    /// # Errors
    /// `BadRequest` naming the fields the gateway refuses (422); `NotFound` when there is none of this name.
    pub async fn query(&self, name: &str, body: &Value) -> Result<Value> {
        self.sender.send(&calls::query(name, body.to_string())?, &self.options).await?.0.read()
    }

    /// Asks an endpoint for a streamed answer; gives its events as they come.
    ///
    /// # Errors
    /// As [`query`](Self::query). Errors after the first event come out of the stream.
    pub async fn query_stream(&self, name: &str, body: &Value) -> Result<EventStream<Value>> {
        let opened = self.sender.open(&calls::query_stream(name, body.to_string())?, &self.options).await?;
        Ok(EventStream::new(self.sender.transport().clone(), opened))
    }

    /// Asks by an OpenAI form (`chat/completions`, `completions` or `embeddings`); the body's `model`
    /// is the endpoint's name.
    ///
    /// # Errors
    /// `BadRequest` when the endpoint is of another type. The gateway answers 500 without a word for
    /// a name it does not know.
    pub async fn openai(&self, form: &str, body: &Value) -> Result<Value> {
        self.sender.send(&calls::openai(form, body.to_string())?, &self.options).await?.0.read()
    }
}

/// Chat at the gateway's route for an endpoint, which refuses a `model` in the body.
pub(crate) fn chat(sender: Sender, name: String) -> Result<Chat> {
    let path = calls::invocations(&name)?;
    Ok(Chat::elsewhere(sender, name, Elsewhere { path, explain: |error| error, names_model: false }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::scripted::{Reply, Scripted};
    use serde_json::json;

    fn at(network: &Scripted, host: Host) -> Result<GatewayClient> {
        let mut config = Config::new("127.0.0.1").unwrap();
        config.host = host;
        GatewayClient::with_transport(config, Arc::new(network.clone()))
    }

    fn local(network: &Scripted) -> GatewayClient {
        at(network, Host::parse("http://127.0.0.1:5000").unwrap()).unwrap()
    }

    #[test]
    fn pages_are_followed_to_the_last_and_never_in_circles() {
        let network = Scripted::new();
        network.push(Reply::json(r#"{"endpoints":[{"name":"a"}],"next_page_token":"t="}"#));
        network.push(Reply::json(r#"{"endpoints":[{"name":"b","limit":null}],"next_page_token":null}"#));
        let all = network.run(local(&network).list()).unwrap().unwrap();
        assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(network.requests()[1].url, "http://127.0.0.1:5000/api/2.0/endpoints/?page_token=t%3D");
        network.always(Reply::json(r#"{"endpoints":[],"next_page_token":"t"}"#));
        let error = network.run(local(&network).list()).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(network.requests().len(), 4);
    }

    #[test]
    fn the_gateway_s_refusals_are_sentences() {
        for (status, body, kind, words) in [
            (
                422,
                r#"{"detail":[{"loc":["body","n"],"msg":"Input should be greater"}]}"#,
                ErrorKind::BadRequest,
                "body.n: Input should be greater",
            ),
            (
                422,
                r#"{"detail":"The parameter 'model' is not permitted"}"#,
                ErrorKind::BadRequest,
                "'model' is not permitted",
            ),
            (404, r#"{"detail":"Not Found"}"#, ErrorKind::NotFound, "Not Found"),
            (
                429,
                r#"{"error":"Rate limit exceeded: 3 per 1 minute"}"#,
                ErrorKind::TooManyRequests,
                "Rate limit exceeded",
            ),
            (501, r#"{"detail":{"error_code":"NOT_IMPLEMENTED","message":"no"}}"#, ErrorKind::NotImplemented, "no."),
            (500, "Internal Server Error", ErrorKind::InternalError, "Internal Server Error"),
        ] {
            let network = Scripted::new();
            network.always(Reply::status(status).bytes(body));
            let error = network.run(local(&network).query("chat", &json!({}))).unwrap().unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn chat_and_streams_go_to_the_gateway_s_own_paths() {
        let network = Scripted::new();
        network.push(Reply::json(r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}]}"#));
        network.push(Reply::events(["data: {\"a\":1}\n\ndata: [DONE]\n\n"]));
        network.push(Reply::json("{}"));
        let gateway = local(&network);
        assert_eq!(network.run(gateway.chat("a b").unwrap().invoke("x")).unwrap().unwrap().text(), "hi");
        drop(network.run(gateway.query_stream("c", &json!({}))).unwrap().unwrap());
        network.run(gateway.openai("completions", &json!({"model": "c"}))).unwrap().unwrap();
        let urls: Vec<_> = network.requests().into_iter().map(|request| request.url).collect();
        assert_eq!(
            urls,
            ["/endpoints/a%20b/invocations", "/endpoints/c/invocations", "/v1/completions"]
                .map(|path| format!("http://127.0.0.1:5000{path}"))
        );
        assert!(calls::openai("models", "{}".into()).is_err() && calls::openai("completions", "{}".into()).is_err());
    }

    #[test]
    fn plain_http_elsewhere_is_a_choice_and_takes_no_credential() {
        let network = Scripted::new();
        assert!(Host::parse("http://gateway.internal:5000").is_err());
        let host = Host::parse_unencrypted("http://gateway.internal:5000").unwrap();
        assert!(host.is_unencrypted());
        for safe in ["http://127.0.0.1:5000", "http://localhost", "http://[::1]:9", "https://gateway.internal"] {
            assert!(!Host::parse_unencrypted(safe).unwrap().is_unencrypted(), "{safe}");
        }
        let gateway = at(&network, host.clone()).unwrap();
        network.push(Reply::json("{}"));
        network.run(gateway.health()).unwrap().unwrap();
        let options =
            CallOptions { headers: vec![("Authorization".into(), "Bearer canary".into())], ..CallOptions::default() };
        let error = network.run(gateway.with_options(options).health()).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!error.message().contains("canary"));
        let mut config = Config::new("127.0.0.1").unwrap();
        config.host = host;
        assert!(Sender::new(config.clone(), Credentials::token("dapi"), Arc::new(network.clone())).is_err());
        config.headers = vec![("cookie".into(), "x".into())];
        assert!(GatewayClient::with_transport(config, Arc::new(network.clone())).is_err());
        assert_eq!(network.requests().len(), 1);
    }
}
