//! The ways to sign in that need more than a token: service principals, exchanges, a user's session,
//! and settings read from the environment.

use std::sync::Arc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use crate::auth::settings::{Method, Settings, scopes};
use crate::auth::{AzureServicePrincipal, Credentials, OAuthM2m, Pkce, Session, SignIn, TokenFederation};
use crate::error::{Error, ErrorKind, Result};
use crate::js::bag::Bag;
use crate::js::client::{CoreClient, asking, refuse_in_page, transport};
use crate::js::error::to_js;
use crate::js::promise;
use crate::transport::Transport;

fn words(text: Option<String>) -> Vec<String> {
    scopes(&text.unwrap_or_default())
}

fn required(bag: &Bag<'_>, name: &str) -> Result<String> {
    bag.text(name)?.ok_or_else(|| {
        let sentence = ["A service principal needs `", name, "`: give it beside the other one."];
        Error::new(ErrorKind::InvalidInput, sentence.concat())
    })
}

/// The credentials of a grant: `{ way: "m2m" | "azure" | "federation", … }`.
fn credentials(config: &JsValue, grant: &JsValue) -> Result<Credentials> {
    let bag = Bag::new(grant);
    let way = bag.text("way")?;
    if way.as_deref() != Some("federation") {
        refuse_in_page(config)?;
    }
    Ok(match way.as_deref() {
        Some("m2m") => {
            let mut grant = OAuthM2m::new(required(&bag, "clientId")?, required(&bag, "clientSecret")?)
                .scopes(words(bag.text("scopes")?));
            if let Some(json) = bag.text("authorizationDetails")? {
                grant = grant.authorization_details(json);
            }
            if let Some(id) = bag.text("accountId")? {
                grant = grant.account_id(id);
            }
            if let Some(url) = bag.text("discoveryUrl")? {
                grant = grant.discovery_url(url);
            }
            grant.into()
        }
        Some("azure") => {
            let mut grant = AzureServicePrincipal::new(required(&bag, "clientId")?, required(&bag, "clientSecret")?);
            if let Some(id) = bag.text("tenantId")? {
                grant = grant.tenant_id(id);
            }
            if let Some(name) = bag.text("environment")? {
                grant = grant.environment(name);
            }
            if let Some(url) = bag.text("loginEndpoint")? {
                grant = grant.login_endpoint(url);
            }
            if let Some(id) = bag.text("workspaceResourceId")? {
                grant = grant.workspace_resource_id(id);
            }
            grant.into()
        }
        _ => {
            let subject = bag.value("token")?.and_then(|token| token.dyn_into::<Function>().ok()).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidInput,
                    "`federation` needs `token`: a function that gives the other provider's token.",
                )
            })?;
            let mut grant = TokenFederation::new(asking(subject)).scopes(words(bag.text("scopes")?));
            if let Some(id) = bag.text("clientId")? {
                grant = grant.client_id(id);
            }
            if let Some(id) = bag.text("accountId")? {
                grant = grant.account_id(id);
            }
            if let Some(url) = bag.text("discoveryUrl")? {
                grant = grant.discovery_url(url);
            }
            grant.into()
        }
    })
}

#[wasm_bindgen]
impl CoreClient {
    /// A client that asks for its tokens: configuration, grant and a fetch (or nothing).
    ///
    /// # Errors
    /// `InvalidInput`, see the sentences of the parts.
    pub fn signed(config: &JsValue, grant: &JsValue, fetch: JsValue) -> Result<CoreClient, JsValue> {
        let made = credentials(config, grant).and_then(|credentials| Self::build(config, credentials, fetch));
        made.map_err(|error| to_js(&error))
    }

    /// A client of a user's session.
    ///
    /// # Errors
    /// `InvalidInput` when the session is another workspace's.
    #[wasm_bindgen(js_name = ofSession)]
    pub fn of_session(config: &JsValue, session: &CoreSession, fetch: JsValue) -> Result<CoreClient, JsValue> {
        Self::build(config, session.session.clone().into(), fetch).map_err(|error| to_js(&error))
    }
}

/// A user's sign-in, for the facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CoreSignIn {
    sign_in: SignIn,
    transport: Arc<dyn Transport>,
}

#[wasm_bindgen]
impl CoreSignIn {
    /// Takes `{ host, clientId, clientSecret, redirectUri, scopes, accountId, authorizationEndpoint, tokenEndpoint }`
    /// and a fetch (or nothing).
    ///
    /// # Errors
    /// `InvalidInput` for a configuration that cannot work.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue, fetch: JsValue) -> Result<CoreSignIn, JsValue> {
        let sign_in = sign_in(config).map_err(|error| to_js(&error))?;
        Ok(Self { sign_in, transport: transport(fetch) })
    }

    /// The address to send the browser to.
    ///
    /// # Errors
    /// As in Rust.
    pub fn begin(&self, verifier: String, challenge: String, state: String) -> Promise {
        let (sign_in, transport) = (self.sign_in.clone(), self.transport.clone());
        promise(Box::pin(async move {
            let pkce = Pkce::from_parts(verifier, challenge, state)?;
            Ok(JsValue::from_str(&sign_in.begin(&transport, &pkce).await?))
        }))
    }

    /// The session that the browser came back with.
    ///
    /// # Errors
    /// As in Rust.
    pub fn complete(&self, callback: String, verifier: String, challenge: String, state: String) -> Promise {
        let (sign_in, transport) = (self.sign_in.clone(), self.transport.clone());
        promise(Box::pin(async move {
            let pkce = Pkce::from_parts(verifier, challenge, state)?;
            let session = sign_in.complete(&transport, &callback, &pkce).await?;
            Ok(CoreSession { session }.into())
        }))
    }
}

fn sign_in(config: &JsValue) -> Result<SignIn> {
    let bag = Bag::new(config);
    let host = bag.text("host")?.unwrap_or_default();
    let mut sign_in = SignIn::new(&host)?;
    if let Some(id) = bag.text("clientId")? {
        sign_in = sign_in.client_id(id);
    }
    if let Some(secret) = bag.text("clientSecret")? {
        refuse_in_page(config)?;
        sign_in = sign_in.client_secret(secret);
    }
    if let Some(uri) = bag.text("redirectUri")? {
        sign_in = sign_in.redirect_uri(uri);
    }
    if let Some(scopes) = bag.text("scopes")? {
        sign_in = sign_in.scopes(words(Some(scopes)));
    }
    if let Some(id) = bag.text("accountId")? {
        sign_in = sign_in.account_id(id);
    }
    match (bag.text("authorizationEndpoint")?, bag.text("tokenEndpoint")?) {
        (Some(authorization), Some(token)) => Ok(sign_in.endpoints(authorization, token)),
        (None, None) => Ok(sign_in),
        _ => Err(Error::new(
            ErrorKind::InvalidInput,
            "Give both `authorizationEndpoint` and `tokenEndpoint`, or neither: the workspace names them then.",
        )),
    }
}

/// A user's session, for the facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CoreSession {
    session: Session,
}

/// Reads settings: pairs of given ones, a lookup for the environment, and a function that gives the
/// text of the profile file or nothing. Gives an object of what was found, with its `method`.
///
/// # Errors
/// `InvalidInput`, see `Settings::resolve`.
#[wasm_bindgen(js_name = readSettings)]
pub fn read_settings(given: &JsValue, env: &Function, file: &Function) -> Result<JsValue, JsValue> {
    settings(given, env, file).map_err(|error| to_js(&error))
}

fn settings(given: &JsValue, env: &Function, file: &Function) -> Result<JsValue> {
    let pairs = Bag::new(given).pairs("given")?;
    let given: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let lookup = |name: &str| env.call1(&JsValue::UNDEFINED, &JsValue::from_str(name)).ok()?.as_string();
    let text = || match file.call0(&JsValue::UNDEFINED) {
        Ok(text) => Ok(text.as_string()),
        Err(_) => {
            let sentence = "The profile file is there but cannot be read: check its permissions.";
            Err(Error::new(ErrorKind::InvalidInput, sentence))
        }
    };
    let settings = Settings::resolve(&given, &lookup, &text)?;
    let method = match settings.method()? {
        Method::None => "none",
        Method::Token => "pat",
        Method::OAuthM2m => "oauth-m2m",
        Method::AzureClientSecret => "azure-client-secret",
        Method::EnvOidc => "env-oidc",
        Method::FileOidc => "file-oidc",
    };
    let found = Object::new();
    let set = |name: &str, value: &str| {
        // a plain new object takes every property
        let _ = Reflect::set(&found, &JsValue::from_str(name), &JsValue::from_str(value));
    };
    set("method", method);
    for (name, value) in settings.values() {
        set(name, value);
    }
    set("scopes", &settings.scopes().join(" "));
    Ok(found.into())
}
