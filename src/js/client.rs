//! The client's exports.

use std::sync::Arc;
use std::time::Duration;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::auth::{Credentials, Secret, Token, TokenProvider};
use crate::client::WorkspaceClient;
use crate::config::{Config, Host};
use crate::error::{Error, ErrorKind, Result};
use crate::js::bag::Bag;
use crate::js::chat::CoreChat;
use crate::js::dispatch;
use crate::js::error::to_js;
use crate::js::options::timeouts;
use crate::transport::fetch::FetchTransport;
use crate::transport::{BoxFuture, Transport};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::request::{Method, Request};

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
    pub fn new(config: &JsValue, token: JsValue, fetch: JsValue) -> Result<CoreClient, JsValue> {
        credentials(token, config).and_then(|signed| Self::build(config, signed, fetch)).map_err(|error| to_js(&error))
    }

    /// A chat endpoint with defaults (the JSON text of an object).
    ///
    /// # Errors
    /// `InvalidInput` for options that are none.
    pub fn chat(&self, endpoint: String, defaults: String) -> Result<CoreChat, JsValue> {
        let chat = self.client.chat(endpoint).with_defaults_json(defaults).map_err(|error| to_js(&error))?;
        Ok(CoreChat::new(chat))
    }

    /// Sends `[method, path, body, repeat, session]`, method and repeat as numbers, and gives `[text, request id, served model,
    /// attempts]`. This is how rooms that are no part of this wasm send: the path is encoded, and they read the text. A body is
    /// JSON text, or a `Uint8Array` for a file; repeat 3 reads a file, one character per byte.
    ///
    /// # Errors
    /// As `WorkspaceClient::send`.
    pub fn send(&self, request: &Array, options: JsValue) -> Promise {
        dispatch(self.client.sender(), Ok(anything(request)), options)
    }
}

/// A call from its parts; what has no number here is a POST that is never repeated.
fn anything(parts: &Array) -> Call<String> {
    const METHODS: [Method; 4] = [Method::Get, Method::Put, Method::Patch, Method::Delete];
    const REPEATS: [Repeat; 4] = [Repeat::Safe, Repeat::Billed, Repeat::Never, Repeat::Safe];
    let number = |at| parts.get(at).as_f64().map_or(usize::MAX, |number| number as usize);
    let mut request = Request::new(
        METHODS.get(number(0)).copied().unwrap_or(Method::Post),
        parts.get(1).as_string().unwrap_or_default(),
    );
    let body = parts.get(2);
    if let Some(body) = body.as_string() {
        request = request.json(body);
    } else if body.is_truthy() {
        // a file, whose type the options' headers say
        request.set_body(body.unchecked_into::<Uint8Array>().to_vec());
    }
    let repeat = number(3);
    let read = if repeat == 3 {
        answer::characters
    } else if cfg!(feature = "js") && parts.get(4).is_truthy() {
        answer::with_session
    } else {
        answer::foreign
    };
    Call::new(request, REPEATS.get(repeat).copied().unwrap_or(Repeat::Never), read)
}

#[cfg(feature = "js")]
#[wasm_bindgen]
impl CoreClient {
    /// A chat endpoint of a self-hosted gateway.
    ///
    /// # Errors
    /// `InvalidInput` for options that are none.
    #[wasm_bindgen(js_name = gatewayChat)]
    pub fn gateway_chat(&self, endpoint: String, defaults: String) -> Result<CoreChat, JsValue> {
        let chat = crate::gateway::chat(self.client.sender().clone(), endpoint);
        let chat = chat.and_then(|chat| chat.with_defaults_json(defaults)).map_err(|error| to_js(&error))?;
        Ok(CoreChat::new(chat))
    }
}

#[cfg(feature = "js")]
impl CoreClient {
    pub(crate) fn sender(&self) -> &crate::sender::Sender {
        self.client.sender()
    }
}

impl CoreClient {
    /// A client from the configuration, credentials and a fetch (or nothing).
    pub(crate) fn build(config: &JsValue, credentials: Credentials, fetch: JsValue) -> Result<Self> {
        let bag = Bag::new(config);
        let host = bag.text("host")?.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "The client needs a `host`: the workspace's address, or a path on your own server.",
            )
        })?;
        let mut config = if bag.boolean("allowHttp")? {
            let mut config = Config::new("127.0.0.1")?;
            config.host = Host::parse_unencrypted(&host)?;
            config
        } else {
            Config::new(&host)?
        };
        config.timeouts = timeouts(&bag)?;
        config.headers = bag.pairs("headers")?;
        config.retry.max_attempts = bag.count("maxAttempts", 1000)?.unwrap_or(config.retry.max_attempts);
        config.retry.budget = bag.count("retryBudget", 1_000_000)?.unwrap_or(config.retry.budget);
        if let Some(millis) = bag.number("maxRetryAfterMs")? {
            config.retry.max_retry_after = crate::config::duration_from_millis("longest retry-after", millis)?;
        }
        let bytes = |name| Ok(bag.count(name, 1_000_000_000)?.map(|bytes| bytes as usize));
        config.max_event_bytes = bytes("maxEventBytes")?.unwrap_or(config.max_event_bytes);
        config.max_body_bytes = bytes("maxBodyBytes")?.unwrap_or(config.max_body_bytes);
        config.follow_redirects = bag.boolean("followRedirects")?;
        // read everywhere: a wrong value is said where the program is written, not where it is deployed
        bag.boolean("dangerouslyAllowBrowser")?;
        if let Some(id) = bag.text("workspaceId")? {
            config = config.workspace_id(&id)?;
        }
        let client = WorkspaceClient::with_transport(config, credentials, transport(fetch))?;
        Ok(Self { client })
    }
}

/// The caller's fetch, or the platform's.
pub(crate) fn transport(fetch: JsValue) -> Arc<dyn Transport> {
    Arc::new(match fetch.dyn_into::<Function>() {
        Ok(fetch) => FetchTransport::with_fetch(fetch),
        Err(_) => FetchTransport::new(),
    })
}

/// A token in a page is a token in everybody's hands: refused unless the caller insists.
pub(crate) fn refuse_in_page(config: &JsValue) -> Result<()> {
    let global = js_sys::global();
    let has = |name: &str| Reflect::get(&global, &JsValue::from_str(name)).is_ok_and(|value| value.is_object());
    if has("window") && has("document") && !Bag::new(config).boolean("dangerouslyAllowBrowser")? {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "A token or secret in a page can be read by everyone who opens it. Leave it on a server of yours that passes \
             calls on, and give its path as the host: new WorkspaceClient({ host: \"/databricks\" }). If this page is \
             yours alone, set dangerouslyAllowBrowser: true.",
        ));
    }
    Ok(())
}

fn credentials(token: JsValue, config: &JsValue) -> Result<Credentials> {
    if token.is_undefined() || token.is_null() {
        return Ok(Credentials::none());
    }
    if let Some(text) = token.as_string() {
        refuse_in_page(config)?;
        return Ok(Credentials::token(text));
    }
    match token.dyn_into::<Function>() {
        Ok(provider) => Ok(Credentials::provider(asking(provider))),
        Err(_) => Err(Error::new(ErrorKind::InvalidInput, "`token` must be text or a function that gives it.")),
    }
}

/// A function of the caller's as a token provider.
pub(crate) fn asking(provider: Function) -> impl TokenProvider {
    move || {
        let provider = provider.clone();
        Box::pin(async move { ask(&provider).await }) as BoxFuture<'static, Result<Token>>
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
