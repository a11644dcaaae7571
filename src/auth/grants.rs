//! Tokens that are asked for: a service principal's, and those exchanged for another provider's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::azure::{self, AzureServicePrincipal};
use super::cache::Cache;
use super::oauth::{self, Endpoints, Granted, Proof};
use super::{Bind, Credentials, Kind, Secret, Token, TokenProvider};
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, HttpRequest, Transport, race};
use crate::wire::answer::Answer;

/// What is asked for unless scopes are named.
pub(super) const ALL: &str = "all-apis";
/// How much of an answer is read, in bytes: tokens and discovery documents are short.
const LONGEST: usize = 256 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How late a timer may be that someone waits for.
const GRACE: Duration = Duration::from_secs(5);

/// A service principal of Databricks with an OAuth secret (`oauth-m2m`).
///
/// Tokens are asked for when the first call needs one, shared by all calls of a client, and renewed
/// before they end. The endpoint is the one the workspace names.
///
/// ```
/// use lakewire::auth::OAuthM2m;
/// use lakewire::Credentials;
/// let credentials: Credentials = OAuthM2m::new("1111-2222", "dose…").scopes(["all-apis"]).into();
/// # let _ = credentials;
/// ```
pub struct OAuthM2m {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) scopes: Vec<String>,
    pub(super) authorization_details: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) discovery_url: Option<String>,
}

impl OAuthM2m {
    /// The principal's application id and its secret.
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: Secret::new(client_secret),
            scopes: Vec::new(),
            authorization_details: None,
            account_id: None,
            discovery_url: None,
        }
    }

    /// What the tokens may do; `all-apis` unless said.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Narrows the tokens to objects: JSON text as of RFC 9396, such as route-optimized endpoints ask for.
    #[must_use]
    pub fn authorization_details(mut self, json: impl Into<String>) -> Self {
        self.authorization_details = Some(json.into());
        self
    }

    /// The account, where the host's OIDC address asks for one.
    #[must_use]
    pub fn account_id(mut self, id: impl Into<String>) -> Self {
        self.account_id = Some(id.into());
        self
    }

    /// Where the OIDC document is, instead of where the workspace says.
    #[must_use]
    pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
        self.discovery_url = Some(url.into());
        self
    }
}

impl From<OAuthM2m> for Credentials {
    fn from(grant: OAuthM2m) -> Self {
        Self::granted(Grant::Client(grant))
    }
}

/// Tokens exchanged for those of another identity provider (token federation).
///
/// ```
/// use lakewire::auth::{Secret, Token, TokenFederation};
/// use lakewire::transport::BoxFuture;
/// let pipeline = || -> BoxFuture<'static, lakewire::Result<Token>> {
///     Box::pin(async { Ok(Token { value: Secret::new("eyJ…"), expires_in: None }) })
/// };
/// let credentials: lakewire::Credentials = TokenFederation::new(pipeline).client_id("1111-2222").into();
/// # let _ = credentials;
/// ```
pub struct TokenFederation {
    subject: Box<dyn TokenProvider>,
    client_id: Option<String>,
    scopes: Vec<String>,
    account_id: Option<String>,
    discovery_url: Option<String>,
}

impl TokenFederation {
    /// Takes what gives the other provider's token (a JWT); it is asked for each exchange.
    #[must_use]
    pub fn new(subject: impl TokenProvider) -> Self {
        Self { subject: Box::new(subject), client_id: None, scopes: Vec::new(), account_id: None, discovery_url: None }
    }

    /// The service principal whose federation policy applies; the account's policy unless said.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// What the tokens may do; `all-apis` unless said.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The account, where the host's OIDC address asks for one.
    #[must_use]
    pub fn account_id(mut self, id: impl Into<String>) -> Self {
        self.account_id = Some(id.into());
        self
    }

    /// Where the OIDC document is, instead of where the workspace says.
    #[must_use]
    pub fn discovery_url(mut self, url: impl Into<String>) -> Self {
        self.discovery_url = Some(url.into());
        self
    }
}

impl From<TokenFederation> for Credentials {
    fn from(grant: TokenFederation) -> Self {
        Self::granted(Grant::Federation(grant))
    }
}

/// A way to get tokens that needs the client's host and transport.
enum Grant {
    Client(OAuthM2m),
    Federation(TokenFederation),
    Azure(AzureServicePrincipal),
}

impl Bind for Grant {
    fn bind(self: Arc<Self>, host: &Host, transport: &Arc<dyn Transport>) -> Result<Arc<Cache>> {
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let cache = Arc::new(Cache::new(Box::new(Bound::new(self, host.clone(), transport.clone()))));
        Ok(cache)
    }

    fn check(&self) -> Result<()> {
        let visible = |what: &str, text: &str| {
            if !text.is_empty() && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
                return Ok(());
            }
            let sentence = [
                "The ",
                what,
                " is empty or holds a space, a line end or a non-ASCII character: give it exactly as it was shown.",
            ];
            Err(Error::new(ErrorKind::InvalidInput, sentence.concat()))
        };
        match self {
            Self::Client(grant) => {
                // a colon would end the id in the header
                visible("client id", if grant.client_id.contains(':') { " " } else { &grant.client_id })?;
                visible("client secret", grant.client_secret.expose())
            }
            Self::Azure(grant) => {
                visible("client id", &grant.client_id)?;
                visible("client secret", grant.client_secret.expose())?;
                azure::check(grant)
            }
            Self::Federation(grant) => grant.client_id.as_deref().map_or(Ok(()), |id| visible("client id", id)),
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client(_) => "oauth-m2m",
            Self::Federation(_) => "token federation",
            Self::Azure(_) => "azure-client-secret",
        })
    }
}

impl fmt::Debug for OAuthM2m {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthM2m").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenFederation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFederation").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A grant at one workspace: a provider for the cache.
struct Bound(Arc<At>);

/// The workspace and the way there.
pub(super) struct At {
    grant: Arc<Grant>,
    pub(super) host: Host,
    pub(super) transport: Arc<dyn Transport>,
    /// Where tokens are given, once that is known.
    found: Mutex<Option<String>>,
}

impl Bound {
    fn new(grant: Arc<Grant>, host: Host, transport: Arc<dyn Transport>) -> Self {
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let at = Arc::new(At { grant, host, transport, found: Mutex::default() });
        Self(at)
    }
}

impl TokenProvider for Bound {
    fn token(&self) -> BoxFuture<'static, Result<Token>> {
        let at = self.0.clone();
        Box::pin(async move { at.token().await })
    }
}

impl At {
    async fn token(&self) -> Result<Token> {
        match &*self.grant {
            Grant::Client(grant) => {
                let (url, scopes) = (self.named(&grant.discovery_url, &grant.account_id).await?, joined(&grant.scopes));
                let fields = [
                    ("grant_type", Some("client_credentials")),
                    ("scope", Some(scopes.as_str())),
                    ("authorization_details", grant.authorization_details.as_deref()),
                ];
                let secret = grant.client_secret.expose();
                let request = oauth::ask(&url, &fields, Some((&grant.client_id, secret)));
                Ok(token(self.granted(request, Proof::Principal, &[secret]).await?))
            }
            Grant::Federation(grant) => {
                let subject = grant.subject.token().await?;
                subject.value.check()?;
                let (url, scopes) = (self.named(&grant.discovery_url, &grant.account_id).await?, joined(&grant.scopes));
                let fields = [
                    ("grant_type", Some("urn:ietf:params:oauth:grant-type:token-exchange")),
                    ("subject_token", Some(subject.value.expose())),
                    ("subject_token_type", Some("urn:ietf:params:oauth:token-type:jwt")),
                    ("scope", Some(scopes.as_str())),
                    ("client_id", grant.client_id.as_deref()),
                ];
                let request = oauth::ask(&url, &fields, None);
                Ok(token(self.granted(request, Proof::Other, &[subject.value.expose()]).await?))
            }
            Grant::Azure(grant) => azure::token(self, grant).await,
        }
    }

    /// The address for tokens; looked for once.
    async fn named(&self, discovery_url: &Option<String>, account_id: &Option<String>) -> Result<String> {
        if let Some(url) = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(url);
        }
        let (document, account) = (discovery_url.as_deref(), account_id.as_deref());
        let url = discover(&self.transport, &self.host, document, account).await?.token;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.clone());
        Ok(url)
    }

    /// Sends a request for a token and reads what was granted.
    pub(super) async fn granted(&self, request: HttpRequest, proof: Proof, secrets: &[&str]) -> Result<Granted> {
        granted(&self.transport, request, proof, secrets).await
    }
}

pub(super) async fn granted(
    transport: &Arc<dyn Transport>,
    request: HttpRequest,
    proof: Proof,
    secrets: &[&str],
) -> Result<Granted> {
    let answer = fetch(transport, request).await?;
    oauth::read_token(&answer, proof, secrets, transport.wall_clock())
}

/// Asks a workspace where its endpoints are. One that does not say has them at their usual places.
pub(super) async fn discover(
    transport: &Arc<dyn Transport>,
    host: &Host,
    discovery_url: Option<&str>,
    account_id: Option<&str>,
) -> Result<Endpoints> {
    let mut places = Vec::new();
    if let Some(url) = discovery_url {
        places.push(oauth::endpoint(url, host)?);
    } else {
        let answer = document(transport, host.join("/.well-known/databricks-config")?).await?;
        if (200..=299).contains(&answer.status) {
            let named = oauth::discovery_url(&answer.body, account_id);
            places.extend(named.and_then(|url| oauth::endpoint(&url, host).ok()));
        }
        places.push(host.join("/oidc/.well-known/oauth-authorization-server")?);
    }
    for place in places {
        let answer = document(transport, place).await?;
        if let Some(found) = Endpoints::read(&answer.body).filter(|_| (200..=299).contains(&answer.status)) {
            let token = oauth::endpoint(&found.token, host)?;
            return Ok(Endpoints { authorization: oauth::endpoint(&found.authorization, host)?, token });
        }
    }
    if discovery_url.is_some() {
        let sentence = "The discovery address gave no OIDC document: check it.";
        return Err(Error::new(ErrorKind::TokenEndpoint, sentence));
    }
    Ok(Endpoints::of_workspace(host))
}

/// Fetches a public document. A service that cannot answer now has not said that there is none.
async fn document(transport: &Arc<dyn Transport>, url: String) -> Result<Answer> {
    let answer = fetch(transport, oauth::look(url)).await?;
    match answer.status {
        429 | 500.. => Err(oauth::later(&answer, transport.wall_clock())),
        _ => Ok(answer),
    }
}

/// Sends a request and reads its answer, as far and as long as one may take.
pub(super) async fn fetch(transport: &Arc<dyn Transport>, request: HttpRequest) -> Result<Answer> {
    let late = Box::pin(async {
        loop {
            let due = transport.now().saturating_add(PATIENCE);
            transport.sleep(PATIENCE).await;
            // long past it nobody was driving this: what came meanwhile is still to be read
            if transport.now() <= due.saturating_add(GRACE) {
                break;
            }
        }
        let sentence = "The token endpoint did not answer within 60 seconds: try again later.";
        Err(Error::new(ErrorKind::TokenEndpoint, sentence))
    });
    race(Box::pin(fetch_whole(transport, request)), late).await
}

async fn fetch_whole(transport: &Arc<dyn Transport>, request: HttpRequest) -> Result<Answer> {
    let response = transport.send(request).await.map_err(|error| oauth::unreached(&error))?;
    let mut body = Vec::new();
    if let Some(mut stream) = response.body.into_stream() {
        while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            body.extend_from_slice(&chunk.map_err(|error| oauth::unreached(&error))?);
            if body.len() > LONGEST {
                let sentence = "The token endpoint's answer is far too long for one: check the host.";
                return Err(Error::new(ErrorKind::TokenEndpoint, sentence).with_status(response.status));
            }
        }
    }
    Ok(Answer { status: response.status, headers: response.headers, body })
}

pub(super) fn joined(scopes: &[String]) -> String {
    if scopes.is_empty() { ALL.to_owned() } else { scopes.join(" ") }
}

pub(super) fn token(granted: Granted) -> Token {
    Token { value: granted.access, expires_in: granted.expires_in }
}

impl Credentials {
    fn granted(grant: Grant) -> Self {
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let grant = Arc::new(grant);
        Self(Kind::Grant(grant))
    }

    pub(super) fn of_azure(grant: AzureServicePrincipal) -> Self {
        Self::granted(Grant::Azure(grant))
    }
}
