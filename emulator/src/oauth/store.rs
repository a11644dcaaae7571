//! Tokens and codes that were given, and how long each is good for. None is ever printed.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::ids;

/// How many of each kind are remembered; above that the ended ones are forgotten, then the oldest.
const KEPT: usize = 10_000;
/// A code not used by then is dead.
const CODE_LIFE_MS: u64 = 600_000;
/// What refresh tokens begin with.
const REFRESH: &str = "emulator-refresh-";
/// What authorization codes begin with.
const CODE: &str = "emulator-code-";

/// What an access token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The workspace.
    Workspace,
    /// Azure's own management API; the workspace refuses it as a bearer.
    AzureManagement,
}

/// How an access token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Good for this.
    Good(Audience),
    /// Given here, but its time is over.
    Expired,
    /// Never given here.
    Unknown,
}

/// What an authorization code stands for.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) scope: String,
    ends_ms: u64,
    number: u64,
}

/// What a refresh token stands for.
#[derive(Clone)]
pub(super) struct Refresh {
    pub(super) client_id: String,
    pub(super) scope: String,
    number: u64,
}

/// An access token that was given.
#[derive(Clone, Copy)]
struct Given {
    ends_ms: u64,
    audience: Audience,
    number: u64,
}

/// What was given in an order.
trait Numbered {
    /// Its place in that order.
    fn number(&self) -> u64;
}

impl Numbered for Given {
    fn number(&self) -> u64 {
        self.number
    }
}

impl Numbered for Refresh {
    fn number(&self) -> u64 {
        self.number
    }
}

impl Numbered for Code {
    fn number(&self) -> u64 {
        self.number
    }
}

/// Forgets the oldest until one more fits.
fn make_room(kept: &mut HashMap<String, impl Numbered>) {
    while kept.len() >= KEPT {
        let oldest = kept.iter().min_by_key(|(_, one)| one.number()).map(|(text, _)| text.clone());
        let Some(oldest) = oldest else { return };
        kept.remove(&oldest);
    }
}

/// Everything given.
#[derive(Default)]
pub struct Store {
    access: HashMap<String, Given>,
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Code>,
    given: u64,
    denials: u64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store {}", self.to_json())
    }
}

/// Who a token is for, and what about it is written into it.
#[derive(Debug)]
pub(super) struct Claims<'c> {
    pub(super) issuer: &'c str,
    pub(super) client_id: &'c str,
    pub(super) scope: &'c str,
    pub(super) audience: Audience,
}

impl Store {
    fn number(&mut self, seed: u64, what: &str) -> u64 {
        self.given += 1;
        ids::hash(seed, &[what.as_bytes(), &self.given.to_le_bytes()])
    }

    /// Gives an access token in the shape of a JWT. Its signature proves nothing: it is checked against this store.
    pub(super) fn give_access(&mut self, seed: u64, claims: &Claims<'_>, now_ms: u64, life_s: u64) -> String {
        let number = self.number(seed, "access");
        let ends_ms = now_ms.saturating_add(life_s.saturating_mul(1000));
        let payload = json!({
            "iss": claims.issuer,
            "aud": if claims.audience == Audience::Workspace { "900800700600" } else { "management" },
            "sub": claims.client_id,
            "client_id": claims.client_id,
            "scope": claims.scope,
            "iat": now_ms / 1000,
            "exp": ends_ms / 1000,
            "jti": ids::uuid(number),
        });
        let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": "emulator" });
        let signature: Vec<u8> = (0..4).flat_map(|round| ids::mix(number ^ round).to_be_bytes()).collect();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.{}", part(&header), part(&payload), URL_SAFE_NO_PAD.encode(signature));
        if self.access.len() >= KEPT {
            self.access.retain(|_, given| given.ends_ms > now_ms);
        }
        make_room(&mut self.access);
        self.access.insert(token.clone(), Given { ends_ms, audience: claims.audience, number: self.given });
        token
    }

    /// How a token stands at this time.
    #[must_use]
    pub fn access(&self, token: &str, now_ms: u64) -> Access {
        match self.access.get(token) {
            Some(given) if given.ends_ms > now_ms => Access::Good(given.audience),
            Some(_) => Access::Expired,
            None => Access::Unknown,
        }
    }

    pub(super) fn give_refresh(&mut self, seed: u64, client_id: &str, scope: &str) -> String {
        let token = format!("{REFRESH}{:016x}{:016x}", self.number(seed, "refresh"), ids::mix(self.given));
        make_room(&mut self.refresh);
        let refresh = Refresh { client_id: client_id.to_owned(), scope: scope.to_owned(), number: self.given };
        self.refresh.insert(token.clone(), refresh);
        token
    }

    /// Takes a refresh token: it is good once, and only for the client it was given to.
    pub(super) fn take_refresh(&mut self, token: &str, client_id: &str) -> Option<Refresh> {
        self.refresh.get(token).filter(|refresh| refresh.client_id == client_id)?;
        self.refresh.remove(token)
    }

    pub(super) fn give_code(
        &mut self,
        seed: u64,
        client_id: &str,
        redirect_uri: &str,
        challenge: Option<&str>,
        scope: &str,
        now_ms: u64,
    ) -> String {
        let code = format!("{CODE}{:016x}", self.number(seed, "code"));
        self.codes.retain(|_, code| code.ends_ms > now_ms);
        make_room(&mut self.codes);
        self.codes.insert(
            code.clone(),
            Code {
                client_id: client_id.to_owned(),
                redirect_uri: redirect_uri.to_owned(),
                challenge: challenge.map(str::to_owned),
                scope: scope.to_owned(),
                ends_ms: now_ms + CODE_LIFE_MS,
                number: self.given,
            },
        );
        code
    }

    /// Takes a code: it is good once, whatever comes of it.
    pub(super) fn take_code(&mut self, code: &str, now_ms: u64) -> Option<Code> {
        self.codes.remove(code).filter(|code| code.ends_ms > now_ms)
    }

    pub(super) fn deny(&mut self, times: u64) {
        self.denials = times;
    }

    /// Whether this authorization is to be refused; counted down.
    pub(super) fn denies(&mut self) -> bool {
        let denied = self.denials > 0;
        self.denials = self.denials.saturating_sub(1);
        denied
    }

    pub(super) fn expire_all(&mut self) {
        for given in self.access.values_mut() {
            given.ends_ms = 0;
        }
    }

    pub(super) fn revoke_refresh_tokens(&mut self) {
        self.refresh.clear();
    }

    /// Whether a text holds anything given here.
    #[must_use]
    pub fn holds_secret(&self, text: &str) -> bool {
        text.contains(super::CLIENT_SECRET)
            || text.contains(REFRESH)
            || text.contains(CODE)
            // every JWT begins with the base64 of `{"`
            || (text.contains("eyJ") && self.access.keys().any(|token| text.contains(token.as_str())))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "access_tokens": self.access.len(),
            "refresh_tokens": self.refresh.len(),
            "codes": self.codes.len(),
            "deny": self.denials,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_and_are_never_printed() {
        let mut store = Store::default();
        let claims = Claims { issuer: "i", client_id: "c", scope: "all-apis", audience: Audience::Workspace };
        let token = store.give_access(0, &claims, 1_000, 60);
        assert_eq!(store.access(&token, 60_999), Access::Good(Audience::Workspace));
        assert_eq!(store.access(&token, 61_000), Access::Expired);
        assert_eq!(store.access("eyJ", 0), Access::Unknown);
        assert!(store.holds_secret(&format!("use {token} now")));
        assert!(!store.holds_secret("eyJhbGciOiJub25lIn0.e30."));
        assert_eq!(token.split('.').count(), 3);
        let refresh = store.give_refresh(0, "c", "s");
        assert!(store.holds_secret(&refresh));
        let printed = format!("{store:?}");
        assert!(!printed.contains(&refresh) && !printed.contains(&token), "{printed}");
        store.expire_all();
        assert_eq!(store.access(&token, 1), Access::Expired);
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut store = Store::default();
        let claims = Claims { issuer: "i", client_id: "c", scope: "s", audience: Audience::Workspace };
        let mut given = Vec::new();
        for _ in 0..=KEPT {
            let access = store.give_access(0, &claims, 0, 60);
            let refresh = store.give_refresh(0, "c", "s");
            given.push((access, refresh, store.give_code(0, "c", "http://localhost", None, "s", 0)));
        }
        assert_eq!((store.access.len(), store.refresh.len(), store.codes.len()), (KEPT, KEPT, KEPT));
        let (access, refresh, code) = &given[0];
        assert_eq!(store.access(access, 1), Access::Unknown);
        assert!(store.take_refresh(refresh, "c").is_none() && store.take_code(code, 1).is_none());
        for (access, refresh, code) in [&given[1], &given[KEPT]] {
            assert_eq!(store.access(access, 1), Access::Good(Audience::Workspace));
            assert!(store.take_refresh(refresh, "c").is_some() && store.take_code(code, 1).is_some());
        }
    }

    #[test]
    fn codes_and_refresh_tokens_are_good_once() {
        let mut store = Store::default();
        let code = store.give_code(0, "c", "http://localhost", None, "s", 0);
        assert!(store.take_code(&code, 1).is_some());
        assert!(store.take_code(&code, 1).is_none());
        let late = store.give_code(0, "c", "http://localhost", None, "s", 0);
        assert!(store.take_code(&late, CODE_LIFE_MS).is_none());
        let refresh = store.give_refresh(0, "c", "s");
        assert!(store.take_refresh(&refresh, "other").is_none());
        assert!(store.take_refresh(&refresh, "c").is_some());
        assert!(store.take_refresh(&refresh, "c").is_none());
    }
}
