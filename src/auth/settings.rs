//! Where a workspace and its credentials come from: arguments, environment and profile file, by
//! the rules of Databricks' own SDKs. Pure: the world is a lookup and a text.

use std::fmt;

use super::profile::{Profiles, missing};
use super::{AzureServicePrincipal, Credentials, OAuthM2m};
use crate::error::{Error, ErrorKind, Result};

/// What can be set: its name (as an argument and in a profile), its variable, and the kind of
/// authorization it belongs to.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("host", "DATABRICKS_HOST", ""),
    ("account_id", "DATABRICKS_ACCOUNT_ID", ""),
    ("workspace_id", "DATABRICKS_WORKSPACE_ID", ""),
    ("token", "DATABRICKS_TOKEN", "pat"),
    ("client_id", "DATABRICKS_CLIENT_ID", "oauth"),
    ("client_secret", "DATABRICKS_CLIENT_SECRET", "oauth"),
    ("username", "DATABRICKS_USERNAME", "basic"),
    ("password", "DATABRICKS_PASSWORD", "basic"),
    ("auth_type", "DATABRICKS_AUTH_TYPE", ""),
    ("discovery_url", "DATABRICKS_DISCOVERY_URL", ""),
    ("token_audience", "DATABRICKS_TOKEN_AUDIENCE", ""),
    ("oidc_token_env", "DATABRICKS_OIDC_TOKEN_ENV", ""),
    ("oidc_token_filepath", "DATABRICKS_OIDC_TOKEN_FILEPATH", ""),
    ("azure_client_id", "ARM_CLIENT_ID", "azure"),
    ("azure_client_secret", "ARM_CLIENT_SECRET", "azure"),
    ("azure_tenant_id", "ARM_TENANT_ID", "azure"),
    ("azure_use_msi", "ARM_USE_MSI", "azure"),
    ("azure_environment", "ARM_ENVIRONMENT", ""),
    ("azure_workspace_resource_id", "DATABRICKS_AZURE_RESOURCE_ID", ""),
    ("google_credentials", "GOOGLE_CREDENTIALS", "google"),
    ("google_service_account", "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", "google"),
    ("scopes", "", ""),
    ("authorization_details", "", ""),
];

/// Settings after all rules: what a client is made of.
#[derive(Clone, Default)]
pub struct Settings {
    values: Vec<(&'static str, String)>,
    profile: Option<String>,
}

/// How a client signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Not at all: a server between adds the token.
    None,
    /// With a personal access token (`pat`).
    Token,
    /// As a service principal with a secret (`oauth-m2m`).
    OAuthM2m,
    /// As a service principal of Azure with a secret (`azure-client-secret`).
    AzureClientSecret,
    /// With a token of another identity provider in a variable (`env-oidc`).
    EnvOidc,
    /// The same in a file (`file-oidc`).
    FileOidc,
}

impl Settings {
    /// Reads settings: `given` first, then the environment through `lookup`, then the profile file.
    ///
    /// `given` holds names of the profile file with their values, and may hold `profile`, the name
    /// of one. `file` gives the text of the profile file; it is asked only when a profile is named
    /// or when neither a host nor any credential is known without it. An empty value counts as
    /// absent. `[DEFAULT]` lends nothing to the other profiles.
    ///
    /// ```
    /// use lakewire::auth::settings::{Method, Settings};
    /// let file = || Ok(Some("[robot]\nhost = x.example\nclient_id = a\nclient_secret = b\n".to_owned()));
    /// let settings = Settings::resolve(&[("profile", "robot")], &|_| None, &file)?;
    /// assert_eq!((settings.get("host"), settings.method()?), (Some("x.example"), Method::OAuthM2m));
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for an unknown name, a faulty file, a missing profile, and for credentials of
    /// more than one kind unless `auth_type` says which. No error holds a value.
    pub fn resolve(
        given: &[(&str, &str)],
        lookup: &dyn Fn(&str) -> Option<String>,
        file: &dyn Fn() -> Result<Option<String>>,
    ) -> Result<Self> {
        let mut settings = Self::default();
        let mut named = None;
        for (name, value) in given.iter().filter(|(_, value)| !value.is_empty()) {
            match ATTRIBUTES.iter().find(|(known, ..)| known == name) {
                Some((known, ..)) => settings.add(known, value),
                None if *name == "profile" => named = Some((*value).to_owned()),
                None => return Err(invalid(&["There is no setting `", name, "`: look at the list in docs/auth.md."])),
            }
        }
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        for (name, env, _) in ATTRIBUTES {
            if let Some(value) = (!env.is_empty()).then(|| variable(env)).flatten() {
                settings.add(name, &value);
            }
        }
        if variable("DATABRICKS_OIDC_TOKEN").is_some() {
            settings.add("oidc_token_env", "DATABRICKS_OIDC_TOKEN");
        }
        let named = named.or_else(|| variable("DATABRICKS_CONFIG_PROFILE"));
        let known = settings.get("host").is_some()
            || settings.get("azure_workspace_resource_id").is_some()
            || !settings.kinds().is_empty();
        if named.is_some() || !known {
            settings.add_profile(named.as_deref(), file()?)?;
        }
        let kinds = settings.kinds();
        if settings.get("auth_type").is_none() && kinds.len() > 1 {
            return Err(invalid(&[
                "More than one authorization method is configured: ",
                &kinds.join(" and "),
                ". Remove all but one, or say which with auth_type (DATABRICKS_AUTH_TYPE).",
            ]));
        }
        Ok(settings)
    }

    fn add_profile(&mut self, named: Option<&str>, file: Option<String>) -> Result<()> {
        let profiles = Profiles::parse(file.as_deref().unwrap_or(""))?;
        let Some(profile) = profiles.choose(named)? else {
            return named.map_or(Ok(()), |name| Err(missing(name)));
        };
        for (name, ..) in ATTRIBUTES {
            if let Some(value) = profile.get(name) {
                self.add(name, value);
            }
        }
        self.profile = Some(profile.name().to_owned());
        Ok(())
    }

    /// Keeps the first value of a name.
    fn add(&mut self, name: &'static str, value: &str) {
        if self.get(name).is_none() {
            self.values.push((name, value.to_owned()));
        }
    }

    /// The value of a setting, by its name in a profile.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Everything that is set: names of the profile file with their values, secrets among them.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The profile that was read, if one was.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The scopes to ask for, sorted, each once; none when `scopes` is not set.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        scopes(self.get("scopes").unwrap_or(""))
    }

    /// The kinds of authorization that something is set of, in the order of the alphabet.
    fn kinds(&self) -> Vec<&'static str> {
        let set = |kind: &&str| ATTRIBUTES.iter().any(|(name, _, of)| of == kind && self.get(name).is_some());
        ["azure", "basic", "google", "oauth", "pat"].into_iter().filter(|kind| set(kind)).collect()
    }

    /// How to sign in: what `auth_type` says, else the first way whose settings are all there.
    ///
    /// # Errors
    /// `InvalidInput` when that way is not one of lakewire's, or lacks a setting.
    pub fn method(&self) -> Result<Method> {
        let has = |names: &[&str]| names.iter().all(|name| self.get(name).is_some());
        let ways: [(&str, Method, &[&str]); 5] = [
            ("pat", Method::Token, &["token"]),
            ("oauth-m2m", Method::OAuthM2m, &["client_id", "client_secret"]),
            ("env-oidc", Method::EnvOidc, &["oidc_token_env"]),
            ("file-oidc", Method::FileOidc, &["oidc_token_filepath"]),
            ("azure-client-secret", Method::AzureClientSecret, &["azure_client_id", "azure_client_secret"]),
        ];
        if let Some(wanted) = self.get("auth_type") {
            return match ways.iter().find(|(name, ..)| *name == wanted) {
                Some((_, method, names)) if has(names) => Ok(*method),
                Some((name, _, names)) => {
                    Err(invalid(&["The auth_type `", name, "` needs ", &names.join(" and "), ": set what is missing."]))
                }
                None => Err(invalid(&[
                    "This auth_type is not one of lakewire's: it takes pat, oauth-m2m, azure-client-secret, env-oidc and \
                     file-oidc. For a user's sign-in use the sign-in of docs/auth.md and give the client its tokens.",
                ])),
            };
        }
        if let Some((_, method, _)) = ways.iter().find(|(_, _, names)| has(names)) {
            return Ok(*method);
        }
        match self.kinds().first() {
            None => Ok(Method::None),
            Some(&"oauth") => Err(invalid(&[
                "A service principal needs both client_id and client_secret (DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET): set the other one too.",
            ])),
            Some(&"azure") => Err(invalid(&[
                "A service principal of Azure needs both azure_client_id and azure_client_secret (ARM_CLIENT_ID and ARM_CLIENT_SECRET): set the other one too.",
            ])),
            Some(_) => Err(invalid(&[
                "User names with passwords and Google credentials are not among lakewire's ways to sign in: use a token or a service principal.",
            ])),
        }
    }

    /// The credentials these settings describe. `env-oidc` and `file-oidc` read the world again for
    /// each token, so the caller gives them through [`TokenFederation`](super::TokenFederation).
    ///
    /// # Errors
    /// `InvalidInput` as of [`method`](Self::method), and for a secret that cannot be one.
    pub fn credentials(&self) -> Result<Credentials> {
        let text = |name| self.get(name).unwrap_or("");
        let credentials = match self.method()? {
            Method::None => Credentials::none(),
            Method::Token => Credentials::token(text("token")),
            Method::OAuthM2m => {
                let mut grant = OAuthM2m::new(text("client_id"), text("client_secret")).scopes(self.scopes());
                grant.authorization_details = self.get("authorization_details").map(str::to_owned);
                grant.account_id = self.get("account_id").map(str::to_owned);
                grant.discovery_url = self.get("discovery_url").map(str::to_owned);
                grant.into()
            }
            Method::AzureClientSecret => {
                let mut grant = AzureServicePrincipal::new(text("azure_client_id"), text("azure_client_secret"));
                grant.tenant_id = self.get("azure_tenant_id").map(str::to_owned);
                grant.environment = self.get("azure_environment").map(str::to_owned);
                grant.workspace_resource_id = self.get("azure_workspace_resource_id").map(str::to_owned);
                grant.into()
            }
            Method::EnvOidc | Method::FileOidc => {
                return Err(invalid(&[
                    "A token of another identity provider is read anew for each exchange: make the client with from_env, or with TokenFederation.",
                ]));
            }
        };
        credentials.check()?;
        Ok(credentials)
    }
}

impl fmt::Debug for Settings {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// Scopes from text that commas or spaces divide: sorted, each once.
#[must_use]
pub fn scopes(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for scope in text.split([',', ' ', '\t', '\n']).filter(|scope| !scope.is_empty()) {
        if !found.iter().any(|known| known == scope) {
            found.push(scope.to_owned());
        }
    }
    crate::order::sort(&mut found, |one, other| one < other);
    found
}

fn invalid(pieces: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidInput, pieces.concat())
}

#[cfg(test)]
mod tests;
