//! Service principals of Azure: two tokens of Entra and the headers they travel in.

use std::fmt;

use super::grants::At;
use super::oauth::{self, Granted, Proof};
use super::{Credentials, Secret, Token};
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::find::split_once;

/// What the first token is for: Azure Databricks itself.
const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

/// Azure's clouds: name, where it gives tokens, and what the second token is for.
const CLOUDS: [(&str, &str, &str); 3] = [
    ("PUBLIC", "https://login.microsoftonline.com", "https://management.core.windows.net/"),
    ("USGOVERNMENT", "https://login.microsoftonline.us", "https://management.core.usgovcloudapi.net/"),
    ("CHINA", "https://login.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/"),
];

/// A service principal of Azure with a client secret (`azure-client-secret`).
///
/// ```
/// use lakewire::auth::AzureServicePrincipal;
/// let principal = AzureServicePrincipal::new("1111-2222", "secret").tenant_id("3333-4444");
/// let credentials: lakewire::Credentials = principal.into();
/// # let _ = credentials;
/// ```
///
/// Serving endpoints are known to refuse these tokens for some principals with status 400; a
/// principal of Databricks ([`OAuthM2m`](super::OAuthM2m)) is the safer choice.
pub struct AzureServicePrincipal {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) tenant_id: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) workspace_resource_id: Option<String>,
    login_endpoint: Option<String>,
}

impl AzureServicePrincipal {
    /// The principal's application id and its secret.
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: Secret::new(client_secret),
            tenant_id: None,
            environment: None,
            workspace_resource_id: None,
            login_endpoint: None,
        }
    }

    /// The tenant; the workspace is asked for it unless said.
    #[must_use]
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// The cloud: `PUBLIC`, `USGOVERNMENT` or `CHINA`; the host tells it unless said.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Where Entra gives tokens, instead of at the cloud's own address.
    #[must_use]
    pub fn login_endpoint(mut self, url: impl Into<String>) -> Self {
        self.login_endpoint = Some(url.into());
        self
    }

    /// The workspace's id in Azure, for a principal that is not yet a user of the workspace.
    #[must_use]
    pub fn workspace_resource_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_resource_id = Some(id.into());
        self
    }
}

impl From<AzureServicePrincipal> for Credentials {
    fn from(grant: AzureServicePrincipal) -> Self {
        Self::of_azure(grant)
    }
}

impl fmt::Debug for AzureServicePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureServicePrincipal").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

type Cloud = (&'static str, &'static str, &'static str);

fn named(environment: &str) -> Option<Cloud> {
    CLOUDS.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(environment))
}

/// The cloud that was named, or that the host's name tells.
fn cloud(grant: &AzureServicePrincipal, host: &Host) -> Cloud {
    let told = || {
        let name = host.as_str();
        named(match () {
            () if name.ends_with(".databricks.azure.us") => "USGOVERNMENT",
            () if name.ends_with(".databricks.azure.cn") => "CHINA",
            () => "PUBLIC",
        })
    };
    let [public, ..] = CLOUDS;
    grant.environment.as_deref().and_then(named).or_else(told).unwrap_or(public)
}

/// Checks what can be checked before the first call.
pub(super) fn check(grant: &AzureServicePrincipal) -> Result<()> {
    let invalid = |sentence: &str| Err(Error::new(ErrorKind::InvalidInput, sentence));
    if grant.environment.as_deref().is_some_and(|name| named(name).is_none()) {
        return invalid("Azure has no such environment: give PUBLIC, USGOVERNMENT or CHINA.");
    }
    if grant.tenant_id.as_deref().is_some_and(|tenant| !is_tenant(tenant)) {
        return invalid("The tenant is not an id or a domain: give it as Azure shows it.");
    }
    match &grant.workspace_resource_id {
        Some(id) if id.is_empty() || !id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) => {
            invalid("The workspace's resource id holds a space or a non-ASCII character: give it as Azure shows it.")
        }
        _ => Ok(()),
    }
}

fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Where tokens are given: the login host and the tenant, which the workspace tells unless it is known.
async fn login(at: &At, grant: &AzureServicePrincipal) -> Result<(String, String)> {
    let (_, own, _) = cloud(grant, &at.host);
    let root = match &grant.login_endpoint {
        Some(url) => oauth::endpoint(url, &at.host)?.trim_end_matches('/').to_owned(),
        None => own.to_owned(),
    };
    if let Some(tenant) = grant.tenant_id.clone() {
        return Ok((root, tenant));
    }
    let lost = || {
        Error::new(
            ErrorKind::TokenEndpoint,
            "The workspace did not say which tenant it belongs to: give tenant_id (ARM_TENANT_ID), and check that the host is a workspace of Azure.",
        )
    };
    let answer = super::grants::fetch(&at.transport, oauth::look(at.host.join("/aad/auth")?)).await?;
    let location = answer.headers.get("location").filter(|_| (300..=399).contains(&answer.status)).ok_or_else(lost)?;
    let (_, rest) = split_once(location, "://").ok_or_else(lost)?;
    let (_, path) = rest.split_once('/').ok_or_else(lost)?;
    let tenant = path.split(['/', '?']).next().filter(|tenant| is_tenant(tenant)).ok_or_else(lost)?;
    Ok((root, tenant.to_owned()))
}

/// Gets both tokens: the second one and the resource id travel in headers of their own.
pub(super) async fn token(at: &At, grant: &AzureServicePrincipal) -> Result<Token> {
    let (root, tenant) = login(at, grant).await?;
    let (_, _, management) = cloud(grant, &at.host);
    let url = [root.as_str(), "/", &tenant, "/oauth2/token"].concat();
    let first = ask(at, grant, &url, DATABRICKS).await?;
    let second = ask(at, grant, &url, management).await?;
    second.access.check()?;
    let mut value = first.access.beside("x-databricks-azure-sp-management-token", second.access.expose());
    if let Some(id) = &grant.workspace_resource_id {
        value = value.beside("x-databricks-azure-workspace-resource-id", id);
    }
    let ends = [first.expires_in, second.expires_in].into_iter().flatten().min();
    Ok(Token { value, expires_in: ends })
}

async fn ask(at: &At, grant: &AzureServicePrincipal, url: &str, resource: &str) -> Result<Granted> {
    let secret = grant.client_secret.expose();
    let fields = [
        ("grant_type", Some("client_credentials")),
        ("client_id", Some(grant.client_id.as_str())),
        ("client_secret", Some(secret)),
        ("resource", Some(resource)),
    ];
    at.granted(oauth::ask(url, &fields, None), Proof::Principal, &[secret]).await
}
