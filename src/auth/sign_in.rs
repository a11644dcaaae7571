//! A user's sign-in in the browser (authorization code with PKCE), and the session it opens.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cache::Cache;
use super::encode::{decode, form};
use super::grants::{discover, granted};
use super::oauth::{self, Endpoints, Granted, Proof};
use super::{Bind, Credentials, Kind, Secret, Token, TokenProvider};
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Transport};

/// The public client that every workspace knows.
const CLIENT: &str = "databricks-cli";
/// A token of a session is not handed out this close to its end.
const MARGIN: Duration = Duration::from_secs(40);

/// A user's sign-in: where the browser is sent, and how what it brings back becomes a session.
///
/// Natively [`loopback`](Self::loopback) does all of it. In parts: make a [`Pkce`], send the
/// browser to [`begin`](Self::begin)'s address, and give the address it comes back to to
/// [`complete`](Self::complete).
#[derive(Clone)]
pub struct SignIn {
    pub(super) host: Host,
    client_id: String,
    client_secret: Option<Arc<Secret>>,
    pub(super) redirect_uri: String,
    scopes: Vec<String>,
    account_id: Option<String>,
    authorization: Option<String>,
    token: Option<String>,
}

impl SignIn {
    /// A sign-in to this workspace as the public client `databricks-cli`, which comes back to
    /// `http://localhost:8020`.
    ///
    /// # Errors
    /// `InvalidInput` when the host cannot be one.
    pub fn new(host: &str) -> Result<Self> {
        Ok(Self {
            host: Host::parse(host)?,
            client_id: CLIENT.to_owned(),
            client_secret: None,
            redirect_uri: "http://localhost:8020".to_owned(),
            scopes: ["all-apis", "offline_access"].map(str::to_owned).to_vec(),
            account_id: None,
            authorization: None,
            token: None,
        })
    }

    /// The client that was registered for this application.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// Its secret, when it is a confidential client: never in a page.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Arc::new(Secret::new(secret)));
        self
    }

    /// Where the browser comes back to, as registered.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = uri.into();
        self
    }

    /// What the session may do; `all-apis offline_access` unless said. Without `offline_access` it
    /// ends with its first token.
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

    /// Both endpoints, instead of asking the workspace. A page may give a path of its own server
    /// for the second one, which passes the form on.
    #[must_use]
    pub fn endpoints(mut self, authorization: impl Into<String>, token: impl Into<String>) -> Self {
        self.authorization = Some(authorization.into());
        self.token = Some(token.into());
        self
    }

    async fn find(&self, transport: &Arc<dyn Transport>) -> Result<Endpoints> {
        match (&self.authorization, &self.token) {
            (Some(authorization), Some(token)) => Ok(Endpoints {
                authorization: oauth::endpoint(authorization, &self.host)?,
                token: oauth::endpoint(token, &self.host)?,
            }),
            _ => discover(transport, &self.host, None, self.account_id.as_deref()).await,
        }
    }

    /// The address to send the browser to.
    ///
    /// # Errors
    /// `TokenEndpoint` when the workspace does not say where that is.
    pub async fn begin(&self, transport: &Arc<dyn Transport>, pkce: &Pkce) -> Result<String> {
        let endpoints = self.find(transport).await?;
        let query = form(&[
            ("response_type", Some("code")),
            ("client_id", Some(&self.client_id)),
            ("redirect_uri", Some(&self.redirect_uri)),
            ("scope", Some(&self.scopes.join(" "))),
            ("state", Some(&pkce.state)),
            ("code_challenge", Some(&pkce.challenge)),
            ("code_challenge_method", Some("S256")),
        ]);
        let mark = if endpoints.authorization.contains('?') { "&" } else { "?" };
        Ok([&endpoints.authorization, mark, &query].concat())
    }

    /// Opens the session that the browser came back with; `callback` is the address it came to, or
    /// its query.
    ///
    /// # Errors
    /// `Unauthenticated` when the user or the workspace refused, or when the answer belongs to
    /// another sign-in; `TokenEndpoint` when the code could not be exchanged.
    pub async fn complete(&self, transport: &Arc<dyn Transport>, callback: &str, pkce: &Pkce) -> Result<Session> {
        let code = read_callback(callback, &pkce.state)?;
        let endpoint = self.find(transport).await?.token;
        let fields = [
            ("grant_type", Some("authorization_code")),
            ("code", Some(code.expose())),
            ("code_verifier", Some(pkce.verifier.expose())),
            ("redirect_uri", Some(self.redirect_uri.as_str())),
            ("client_id", Some(self.client_id.as_str())),
            ("client_secret", self.client_secret.as_ref().map(|secret| secret.expose())),
        ];
        let secrets = [code.expose(), pkce.verifier.expose()];
        let granted = ask(transport, &endpoint, &fields, &secrets, &self.redirect_uri).await?;
        granted.access.check()?;
        let session = Inner { sign_in: self.clone(), endpoint, state: Mutex::default() };
        session.keep(granted, transport.wall_clock());
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let session = Session { inner: Arc::new(session), cache: Arc::default() };
        Ok(session)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("host", &self.host)
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// What ties the two halves of a sign-in together: the verifier and its SHA-256, and the state.
#[derive(Debug)]
pub struct Pkce {
    verifier: Secret,
    challenge: String,
    pub(super) state: String,
}

impl Pkce {
    /// From parts made elsewhere: a verifier of 43 to 128 unreserved characters, the SHA-256 of it
    /// in unpadded base64url, and a state nobody can guess.
    ///
    /// # Errors
    /// `InvalidInput` when a part cannot be one.
    pub fn from_parts(
        verifier: impl Into<String>,
        challenge: impl Into<String>,
        state: impl Into<String>,
    ) -> Result<Self> {
        let (verifier, challenge, state) = (Secret::new(verifier), challenge.into(), state.into());
        let plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
        };
        let good = (43..=128).contains(&verifier.expose().len())
            && challenge.len() == 43
            && state.len() >= 16
            && [verifier.expose(), &challenge, &state].into_iter().all(plain);
        if good {
            return Ok(Self { verifier, challenge, state });
        }
        let sentence = "The parts of the sign-in do not fit: give a verifier of 43 to 128 characters, its SHA-256 in base64url, and a state of 16 or more.";
        Err(Error::new(ErrorKind::InvalidInput, sentence))
    }
}

/// A field of the address a browser came back to.
fn field(callback: &str, name: &str) -> Option<String> {
    let query = callback.split_once('?').map_or(callback, |(_, query)| query);
    let query = query.split('#').next().unwrap_or("");
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value)).filter(|value| !value.is_empty())
    })
}

/// Whether a browser came back with this state.
pub(super) fn is_for(callback: &str, state: &str) -> bool {
    field(callback, "state").as_deref() == Some(state)
}

/// The code in the address a browser came back to.
fn read_callback(callback: &str, state: &str) -> Result<Secret> {
    let refused = |sentence: String| Err(Error::new(ErrorKind::Unauthenticated, sentence));
    let field = |name: &str| field(callback, name);
    // before anything else: whatever comes with another state was not asked for
    if !is_for(callback, state) {
        return refused(
            "The browser came back with the state of another sign-in: begin again, and use the newest page.".to_owned(),
        );
    }
    if let Some(code) = field("error") {
        let known = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let shown = if known { code.as_str() } else { "an unknown error" };
        let sentence = ["The sign-in was refused (", shown, "): sign in again, or ask who manages the workspace."];
        return refused(sentence.concat());
    }
    match field("code") {
        Some(code) => Ok(Secret::new(code)),
        None => refused("The browser came back without a code: begin the sign-in again.".to_owned()),
    }
}

/// A user who signed in: an access token, and usually the right to ask for the next one.
///
/// Clones are one session. It is for the workspace it was opened at.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    /// The one cache of all clients of this session: two renewals at once would use a refresh token
    /// twice, which may end the session. It stays when they go, with the renewal they began.
    cache: Arc<Mutex<Option<Arc<Cache>>>>,
}

struct Inner {
    sign_in: SignIn,
    endpoint: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// A token that nobody was given yet, and its end on the wall clock.
    access: Option<(Secret, Option<Duration>)>,
    refresh: Option<Arc<Secret>>,
}

/// A session's tokens, over the transport of its first client.
struct Renewals {
    session: Arc<Inner>,
    transport: Arc<dyn Transport>,
}

impl TokenProvider for Renewals {
    fn token(&self) -> BoxFuture<'static, Result<Token>> {
        let (session, transport) = (self.session.clone(), self.transport.clone());
        Box::pin(async move { session.next(&transport).await })
    }
}

impl Bind for Session {
    fn bind(self: Arc<Self>, host: &Host, transport: &Arc<dyn Transport>) -> Result<Arc<Cache>> {
        if self.inner.sign_in.host != *host {
            let sentence =
                "The session was opened at another workspace: sign in to this one, or give the client that host.";
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let make = || {
            let renewals = Renewals { session: self.inner.clone(), transport: transport.clone() };
            Arc::new(Cache::of_single_use(Box::new(renewals)))
        };
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cache.get_or_insert_with(make).clone())
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Inner {
    /// The session's next token: the one it was opened with first, then one for the refresh token.
    async fn next(&self, transport: &Arc<dyn Transport>) -> Result<Token> {
        let first = self.lock().access.take();
        let now = transport.wall_clock();
        if let Some((value, ends)) = first {
            let left = ends.map(|ends| ends.saturating_sub(now));
            if left.is_none_or(|left| left > MARGIN) {
                return Ok(Token { value, expires_in: left });
            }
        }
        let refresh = self.lock().refresh.clone();
        let Some(refresh) = refresh else {
            let sentence = "The session has ended and brought no refresh token: sign in again, with the scope offline_access to stay signed in.";
            return Err(Error::new(ErrorKind::TokenEndpoint, sentence));
        };
        let sign_in = &self.sign_in;
        let fields = [
            ("grant_type", Some("refresh_token")),
            ("refresh_token", Some(refresh.expose())),
            ("client_id", Some(sign_in.client_id.as_str())),
            ("client_secret", sign_in.client_secret.as_ref().map(|secret| secret.expose())),
        ];
        let granted = ask(transport, &self.endpoint, &fields, &[refresh.expose()], &sign_in.redirect_uri).await?;
        let expires_in = granted.expires_in;
        self.keep(granted, transport.wall_clock());
        let newest = self.lock().access.take();
        let value = newest.map_or_else(|| Secret::new(""), |(value, _)| value);
        Ok(Token { value, expires_in })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was granted; without a new refresh token the old one stays good.
    fn keep(&self, granted: Granted, now: Duration) {
        let mut state = self.lock();
        let ends = granted.expires_in.map(|life| now.saturating_add(life));
        state.access = Some((granted.access, ends));
        if let Some(refresh) = granted.refresh {
            state.refresh = Some(Arc::new(refresh));
        }
    }
}

/// Asks a token endpoint. Entra asks some clients to name their origin: then once more with it.
async fn ask(
    transport: &Arc<dyn Transport>,
    url: &str,
    fields: &[(&str, Option<&str>)],
    secrets: &[&str],
    redirect_uri: &str,
) -> Result<Granted> {
    match granted(transport, oauth::ask(url, fields, None), Proof::Person, secrets).await {
        Err(error) if error.error_code() == Some("AADSTS9002327") => {
            let mut request = oauth::ask(url, fields, None);
            request.headers.push(("origin".to_owned(), redirect_uri.to_owned()));
            granted(transport, request, Proof::Person, secrets).await
        }
        outcome => outcome,
    }
}

impl From<Session> for Credentials {
    fn from(session: Session) -> Self {
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let session = Arc::new(session);
        Self(Kind::Grant(session))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("sign_in", &self.inner.sign_in).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_read_and_their_state_is_checked() {
        let code = |callback: &str| read_callback(callback, "state-1").map(|code| code.expose().to_owned());
        assert_eq!(code("http://localhost:8020/?code=a%2Bb&state=state-1#x").unwrap(), "a+b");
        assert_eq!(code("state=state-1&code=c").unwrap(), "c");
        for (bad, says) in [
            ("?code=CANARY&state=other", "another sign-in"),
            ("?code=CANARY", "another sign-in"),
            ("?error=access_denied&error_description=CANARY&state=state-1", "(access_denied)"),
            ("?error=%3Cb%3ECANARY&state=state-1", "an unknown error"),
            ("?state=state-1", "without a code"),
            ("?code=&state=state-1", "without a code"),
            ("", "another sign-in"),
        ] {
            let error = code(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(error.message().contains(says) && !error.to_string().contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn parts_of_a_sign_in_are_checked() {
        let (verifier, challenge, state) = ("v".repeat(43), "c".repeat(43), "s".repeat(22));
        let pkce = Pkce::from_parts(&verifier, &challenge, &state).unwrap();
        assert!(!format!("{pkce:?}").contains(&verifier));
        assert!(Pkce::from_parts("short", &challenge, &state).is_err());
        assert!(Pkce::from_parts(&verifier, "c", &state).is_err());
        assert!(Pkce::from_parts(&verifier, &challenge, "s").is_err());
        assert!(Pkce::from_parts(&verifier, &challenge, "s&code=xxxxxxxxxxxxxx").is_err());
    }
}
