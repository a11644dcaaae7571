//! The client's exports.

use std::sync::Arc;
use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::auth::{Credentials, Secret, Token};
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::js::chat::CoreChat;
use crate::js::error::to_js;
use crate::js::options::{Scope, TimeoutsMs, count, read};
use crate::serving_endpoints::calls;
use crate::transport::BoxFuture;
use crate::transport::fetch::FetchTransport;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigJs {
    host: String,
    #[serde(default)]
    dangerously_allow_browser: bool,
    timeouts: Option<TimeoutsMs>,
    headers: Option<Vec<(String, String)>>,
    max_attempts: Option<f64>,
    retry_budget: Option<f64>,
    max_event_bytes: Option<f64>,
    max_body_bytes: Option<f64>,
}

/// A workspace, for the facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CoreClient {
    client: WorkspaceClient,
}

#[wasm_bindgen]
impl CoreClient {
    /// Takes the configuration, a token (text, function or nothing) and a fetch (or nothing).
    ///
    /// # Errors
    /// `InvalidInput`, see the configuration's own sentences.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, token: JsValue, fetch: JsValue) -> Result<CoreClient, JsValue> {
        build(config, token, fetch).map(|client| Self { client }).map_err(|error| to_js(&error))
    }

    /// A chat endpoint with defaults (the JSON text of an object).
    ///
    /// # Errors
    /// `InvalidInput` for options that are none.
    pub fn chat(&self, endpoint: String, defaults: String) -> Result<CoreChat, JsValue> {
        let chat = self.client.chat(endpoint).with_defaults_json(defaults).map_err(|error| to_js(&error))?;
        Ok(CoreChat::new(chat))
    }

    /// Lists serving endpoints, as JSON text.
    ///
    /// # Errors
    /// As the service answers.
    #[wasm_bindgen(js_name = listServingEndpoints)]
    pub async fn list_serving_endpoints(&self, options: JsValue) -> Result<String, JsValue> {
        let (options, signals) = Scope::read(options).map_err(|error| to_js(&error))?.into_parts();
        let handle = self.client.serving_endpoints();
        let (json, _) = Scope::run(signals, handle.sender().send(&calls::list(), &options)).await?;
        Ok(json.into_string())
    }

    /// Describes one serving endpoint, as JSON text.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    #[wasm_bindgen(js_name = getServingEndpoint)]
    pub async fn get_serving_endpoint(&self, name: String, options: JsValue) -> Result<String, JsValue> {
        let (options, signals) = Scope::read(options).map_err(|error| to_js(&error))?.into_parts();
        let handle = self.client.serving_endpoints();
        let call = calls::get(&name).map_err(|error| to_js(&error))?;
        let (json, _) = Scope::run(signals, handle.sender().send(&call, &options)).await?;
        Ok(json.into_string())
    }
}

fn build(config: JsValue, token: JsValue, fetch: JsValue) -> Result<WorkspaceClient> {
    let js: ConfigJs = read("client options", config)?;
    let mut config = Config::new(&js.host)?;
    if let Some(timeouts) = &js.timeouts {
        config.timeouts = timeouts.read()?;
    }
    config.headers = js.headers.unwrap_or_default();
    if let Some(attempts) = js.max_attempts {
        config.retry.max_attempts = count("maxAttempts", attempts)?;
    }
    if let Some(budget) = js.retry_budget {
        config.retry.budget = count("retryBudget", budget)?;
    }
    if let Some(bytes) = js.max_event_bytes {
        config.max_event_bytes = size("maxEventBytes", bytes)?;
    }
    if let Some(bytes) = js.max_body_bytes {
        config.max_body_bytes = size("maxBodyBytes", bytes)?;
    }
    let transport = match fetch.dyn_into::<Function>() {
        Ok(fetch) => FetchTransport::with_fetch(fetch),
        Err(_) => FetchTransport::new(),
    };
    let credentials = credentials(token, js.dangerously_allow_browser)?;
    WorkspaceClient::with_transport(config, credentials, Arc::new(transport))
}

fn size(what: &str, bytes: f64) -> Result<usize> {
    if bytes.fract() == 0.0 && (1024.0..=1e9).contains(&bytes) {
        return Ok(bytes as usize);
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!("`{what}` must be a whole number of bytes from 1,024 to 1,000,000,000."),
    ))
}

/// A token in a page is a token in everybody's hands: refused unless the caller insists.
fn credentials(token: JsValue, allow_browser: bool) -> Result<Credentials> {
    if token.is_undefined() || token.is_null() {
        return Ok(Credentials::none());
    }
    if let Some(text) = token.as_string() {
        let global = js_sys::global();
        let has = |name: &str| Reflect::get(&global, &JsValue::from_str(name)).is_ok_and(|value| value.is_object());
        if has("window") && has("document") && !allow_browser {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "A token in a page can be read by everyone who opens it. Leave the token on a server of yours that passes \
                 calls on, and give its path as the host: new WorkspaceClient({ host: \"/databricks\" }). If this page is \
                 yours alone, set dangerouslyAllowBrowser: true.",
            ));
        }
        return Ok(Credentials::token(text));
    }
    match token.dyn_into::<Function>() {
        Ok(provider) => Ok(Credentials::provider(move || {
            let provider = provider.clone();
            Box::pin(async move { ask(&provider).await }) as BoxFuture<'static, Result<Token>>
        })),
        Err(_) => Err(Error::new(ErrorKind::InvalidInput, "`token` must be text or a function that gives it.")),
    }
}

/// Calls a token provider, which may throw, reject, or give the wrong thing.
async fn ask(provider: &Function) -> Result<Token> {
    let failed = || {
        Error::new(
            ErrorKind::TokenProvider,
            "The token provider failed: its error is not repeated, since it may hold a secret.",
        )
    };
    let promise = provider.call0(&JsValue::UNDEFINED).map_err(|_| failed())?;
    let value = JsFuture::from(Promise::resolve(&promise)).await.map_err(|_| failed())?;
    if let Some(text) = value.as_string() {
        return Ok(Token { value: Secret::new(text), expires_in: None });
    }
    let field = |name: &str| Reflect::get(&value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
    let wrong = || Error::new(ErrorKind::TokenProvider, "The token provider must give text or { token, expiresInMs }.");
    if !value.is_object() {
        return Err(wrong());
    }
    let text = field("token").as_string().ok_or_else(wrong)?;
    let millis = field("expiresInMs").as_f64().filter(|millis| *millis >= 0.0 && *millis < 1e13);
    let expires_in = millis.map(|millis| Duration::from_millis(millis as u64));
    Ok(Token { value: Secret::new(text), expires_in })
}
