//! What a relay may do, checked: [`RelayPolicy`].

use std::fmt;

use crate::config::Host;

/// What a relay may do. Made by [`RelayPolicy::builder`] or [`RelayPolicy::from_json`], which refuse what is not safe.
pub struct RelayPolicy {
    pub(super) host: Host,
    pub(super) rules: Rules,
}

impl fmt::Debug for RelayPolicy {
    /// Host and mount: what is allowed would be a page long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayPolicy").field("host", &self.host).field("path", &self.rules.path).finish_non_exhaustive()
    }
}

impl RelayPolicy {
    /// The workspace's address, to which the upstream path is appended.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The path under which the relay answers, such as `/api/lakewire`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.rules.path
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &RelayLimits {
        &self.rules.limits
    }

    /// Whether anybody may use the relay, without being asked who he is.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.rules.public
    }

    /// A limiter by this policy's rate.
    #[must_use]
    pub fn limiter(&self) -> super::RateLimiter {
        super::RateLimiter::of(&self.rules.limits.rate)
    }
}

/// Sizes in bytes, times in milliseconds. What the decision itself checks, and what whoever carries it out must keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayLimits {
    /// Of a request's body; 4 MiB, which is the service's own limit for foundation models.
    pub body_bytes: u64,
    /// Of an answer that is not a stream; 64 MiB.
    pub response_bytes: u64,
    /// Of a stream; 64 MiB.
    pub stream_bytes: u64,
    /// How long a stream may last; 10 minutes.
    pub stream_ms: u64,
    /// How long a request's body may take to come; 30 s.
    pub body_ms: u64,
    /// How long the workspace may take to begin its answer; 2 minutes.
    pub first_byte_ms: u64,
    /// How long an answer may pause; 1 minute.
    pub idle_ms: u64,
    /// Of the request target; 2,048.
    pub target_bytes: u64,
    /// Of all headers together; 16 KiB.
    pub header_bytes: u64,
    /// Requests of one client that may be open at a time; 8.
    pub open_per_client: u64,
    /// Tokens an answer may have: higher asks are lowered to it, and those that say nothing get it; 4,096.
    pub max_tokens: u64,
    /// Answers to one question; 1.
    pub n: u64,
    /// Tools in one request; 64.
    pub tools: u64,
    /// Messages or items in one request; 1,000.
    pub messages: u64,
    /// Texts or rows in one request of an embedding, a completion or a model; 256.
    pub inputs: u64,
    pub(super) rate: Rate,
}

/// Requests of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) requests: u64,
    pub(super) per_ms: u64,
    pub(super) clients: u64,
    pub(super) seed: u64,
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            response_bytes: 64 << 20,
            stream_bytes: 64 << 20,
            stream_ms: 600_000,
            body_ms: 30_000,
            first_byte_ms: 120_000,
            idle_ms: 60_000,
            target_bytes: 2_048,
            header_bytes: 16_384,
            open_per_client: 8,
            max_tokens: 4_096,
            n: 1,
            tools: 64,
            messages: 1_000,
            inputs: 256,
            rate: Rate { requests: 60, per_ms: 60_000, clients: 10_000, seed: 0 },
        }
    }
}

/// How much of the workspace's errors a page is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// A sentence of the relay's own by the kind of error, and the error code when it is one of those the documentation names.
    #[default]
    Public,
    /// The workspace's own code and message, without what looks like a secret: for development.
    Workspace,
}

/// Which names are allowed.
#[derive(Clone, Debug, Default)]
pub(super) enum Names {
    #[default]
    Nothing,
    Any,
    Only(Vec<String>),
}

impl Names {
    pub(super) fn allow(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Any => true,
            Self::Only(names) => names.iter().any(|known| known == name),
        }
    }

    /// For names of the catalog: the name itself, or its schema.
    pub(super) fn allow_inside(&self, name: &str) -> bool {
        self.allow(name) || name.rsplit_once('.').is_some_and(|(schema, _)| self.allow(schema))
    }

    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    pub(super) fn add(&mut self, more: Vec<String>) {
        match self {
            Self::Nothing => *self = Self::Only(more),
            Self::Only(names) => names.extend(more),
            Self::Any => {}
        }
    }

    pub(super) fn each(&self) -> &[String] {
        if let Self::Only(names) = self { names } else { &[] }
    }
}

/// A statement a page may run by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) statement: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) catalog: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) row_limit: u64,
}

/// Everything a policy says, as it was written.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the policy with a name of its own")]
pub(super) struct Rules {
    pub(super) path: String,
    pub(super) origins: Vec<String>,
    pub(super) same_origin: bool,
    pub(super) credentials: bool,
    pub(super) public: bool,
    pub(super) authorize: bool,
    pub(super) enabled: bool,
    pub(super) errors: ErrorDetail,
    pub(super) request_headers: Vec<String>,
    pub(super) limits: RelayLimits,
    pub(super) chat: Names,
    pub(super) completions: Names,
    pub(super) embeddings: Names,
    pub(super) responses: Names,
    pub(super) models: Names,
    pub(super) fields: Vec<String>,
    pub(super) tool_types: Vec<String>,
    pub(super) urls: bool,
    pub(super) endpoints_list: bool,
    pub(super) endpoints_get: Names,
    pub(super) endpoints_manage: bool,
    pub(super) indexes: Names,
    pub(super) columns: Vec<(String, Vec<String>)>,
    pub(super) max_results: u64,
    pub(super) indexes_write: bool,
    pub(super) indexes_list: bool,
    pub(super) indexes_manage: bool,
    pub(super) warehouses: Vec<String>,
    pub(super) warehouses_list: bool,
    pub(super) warehouses_start: bool,
    pub(super) statements: Vec<Named>,
    pub(super) reading: bool,
    pub(super) writing: bool,
    pub(super) external_links: bool,
    pub(super) long_running: bool,
    pub(super) row_limit: u64,
    pub(super) functions: Names,
    pub(super) functions_delete: bool,
    pub(super) tables: Names,
    pub(super) experiments: Names,
    pub(super) mlflow_write: bool,
    pub(super) mlflow_storage: bool,
    pub(super) mlflow_by_id: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            path: "/api/lakewire".to_owned(),
            origins: Vec::new(),
            same_origin: false,
            credentials: false,
            public: false,
            authorize: false,
            enabled: true,
            errors: ErrorDetail::Public,
            request_headers: Vec::new(),
            limits: RelayLimits::default(),
            chat: Names::Nothing,
            completions: Names::Nothing,
            embeddings: Names::Nothing,
            responses: Names::Nothing,
            models: Names::Nothing,
            fields: Vec::new(),
            tool_types: vec!["function".to_owned(), "custom".to_owned()],
            urls: false,
            endpoints_list: false,
            endpoints_get: Names::Nothing,
            endpoints_manage: false,
            indexes: Names::Nothing,
            columns: Vec::new(),
            max_results: 100,
            indexes_write: false,
            indexes_list: false,
            indexes_manage: false,
            warehouses: Vec::new(),
            warehouses_list: false,
            warehouses_start: false,
            statements: Vec::new(),
            reading: false,
            writing: false,
            external_links: false,
            long_running: false,
            row_limit: 10_000,
            functions: Names::Nothing,
            functions_delete: false,
            tables: Names::Nothing,
            experiments: Names::Nothing,
            mlflow_write: false,
            mlflow_storage: false,
            mlflow_by_id: false,
        }
    }
}
