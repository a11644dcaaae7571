//! What a relay may do, checked: [`RelayPolicy`].

use std::fmt;

use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::relay::body::param;
use crate::relay::grammar;

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

    fn each(&self) -> &[String] {
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
    pub(super) row_limit: u64,
    pub(super) functions: Names,
    pub(super) functions_delete: bool,
    pub(super) tables: Names,
    pub(super) experiments: Names,
    pub(super) mlflow_write: bool,
    pub(super) mlflow_storage: bool,
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
            row_limit: 10_000,
            functions: Names::Nothing,
            functions_delete: false,
            tables: Names::Nothing,
            experiments: Names::Nothing,
            mlflow_write: false,
            mlflow_storage: false,
        }
    }
}

impl Rules {
    /// The policy, or every reason why it is none.
    pub(super) fn check(self, host: &str, mut problems: Vec<String>) -> Result<RelayPolicy> {
        let host = match Host::parse(host) {
            Ok(host) if !host.is_same_origin() => Some(host),
            Ok(_) => {
                problems.push("`host` is a path: give the address of the workspace.".to_owned());
                None
            }
            Err(error) => {
                problems.push(["`host`: ", error.message()].concat());
                None
            }
        };
        self.find(&mut problems);
        match host {
            Some(host) if problems.is_empty() => Ok(RelayPolicy { host, rules: self }),
            _ => {
                let sentence = ["The relay does not start. ", &problems.join(" ")].concat();
                Err(Error::new(ErrorKind::InvalidInput, sentence))
            }
        }
    }

    fn find(&self, problems: &mut Vec<String>) {
        let mut say = |wrong: bool, parts: &[&str]| {
            if wrong {
                problems.push(parts.concat());
            }
        };
        say(!grammar::mount(&self.path), &["`path` is not a path such as /api/lakewire."]);
        say(
            self.origins.is_empty() && !self.same_origin,
            &["There are no `origins`: name the origins whose pages may use it, or set `same_origin`."],
        );
        for origin in &self.origins {
            say(
                !grammar::origin(origin),
                &[
                    "`",
                    &super::log_safe(origin),
                    "` is not an origin: write it exactly, such as https://app.example.com, without `*`, path or slash.",
                ],
            );
        }
        say(
            self.public == self.authorize,
            if self.public {
                &["It is `public` and has an `authorize` hook: choose one."]
            } else {
                &["Nobody says who may use it: give an `authorize` hook, or set `public` if everybody may."]
            },
        );
        for name in &self.request_headers {
            say(!extra_header(name), &["`", &super::log_safe(name), "` cannot be among `request_headers`."]);
        }
        self.find_names(&mut say);
        self.find_sql(&mut say);
        let limits = &self.limits;
        let counted = [
            ("body_bytes", limits.body_bytes),
            ("response_bytes", limits.response_bytes),
            ("stream_bytes", limits.stream_bytes),
            ("stream_ms", limits.stream_ms),
            ("body_ms", limits.body_ms),
            ("first_byte_ms", limits.first_byte_ms),
            ("idle_ms", limits.idle_ms),
            ("target_bytes", limits.target_bytes),
            ("header_bytes", limits.header_bytes),
            ("open_per_client", limits.open_per_client),
            ("max_tokens", limits.max_tokens),
            ("n", limits.n),
            ("rate.requests", limits.rate.requests),
            ("rate.per_ms", limits.rate.per_ms),
            ("rate.clients", limits.rate.clients),
            ("max_results", self.max_results),
            ("row_limit", self.row_limit),
        ];
        for (name, value) in counted {
            say(value == 0 || value > 1 << 40, &["The limit `", name, "` is not a positive number."]);
        }
        say(limits.rate.clients > 1_000_000, &["The limit `rate.clients` is over a million."]);
    }

    fn find_names(&self, say: &mut impl FnMut(bool, &[&str])) {
        let endpoints =
            [&self.chat, &self.completions, &self.embeddings, &self.responses, &self.models, &self.endpoints_get];
        let catalog = [&self.functions, &self.tables];
        let nothing = !endpoints.iter().chain(&catalog).any(|names| names.is_some())
            && !self.indexes.is_some()
            && !self.experiments.is_some()
            && !(self.endpoints_list || self.endpoints_manage || self.indexes_list)
            && self.warehouses.is_empty();
        say(nothing, &["`allow` allows nothing: name what may be used."]);
        let mut each = |names: &Names, what: &str, fits: fn(&str) -> bool| {
            if let Names::Only(all) = names {
                say(all.is_empty(), &["A list of ", what, " is empty: name them, or leave it out."]);
            }
            for name in names.each() {
                say(!fits(name), &["`", &super::log_safe(name), "` is not the name of ", what, "."]);
            }
        };
        for names in endpoints {
            each(names, "serving endpoints", grammar::endpoint);
        }
        each(&self.indexes, "vector indexes, of three parts", |name| grammar::parts(name, 3));
        for names in catalog {
            each(names, "schemas or things in them", |name| grammar::parts(name, 2) || grammar::parts(name, 3));
        }
        // a name of an experiment may be a path
        each(&self.experiments, "experiments", |name| {
            !name.is_empty() && name.len() <= 500 && !name.chars().any(char::is_control)
        });
        for (index, columns) in &self.columns {
            say(
                !self.indexes.allow(index),
                &["`columns` names the index `", &super::log_safe(index), "`, which is not among `indexes`."],
            );
            say(columns.is_empty(), &["An index has no `columns`: name those that may be read."]);
        }
    }

    fn find_sql(&self, say: &mut impl FnMut(bool, &[&str])) {
        let runs = !self.statements.is_empty() || self.reading || self.writing;
        say(runs && self.warehouses.is_empty(), &["`sql` has no `warehouse_id`: name the warehouse."]);
        for id in &self.warehouses {
            say(!grammar::id(id), &["`", &super::log_safe(id), "` is not the id of a warehouse."]);
        }
        for named in &self.statements {
            let name = super::log_safe(&named.name);
            say(
                !grammar::id(&named.name),
                &["`", &name, "` is not a name for a statement: use letters, digits, `_` and `-`."],
            );
            say(named.statement.trim().is_empty(), &["The statement `", &name, "` is empty."]);
            say(named.row_limit == 0, &["The statement `", &name, "` has no positive `row_limit`."]);
            for (parameter, sql_type) in &named.parameters {
                let parameter_shown = super::log_safe(parameter);
                let twice = named.parameters.iter().filter(|(other, _)| other == parameter).count() > 1;
                say(
                    twice || !grammar::parameter(parameter),
                    &["`", &parameter_shown, "` is not a name for a parameter of `", &name, "`, or stands twice."],
                );
                say(
                    param::Type::parse(sql_type).is_none(),
                    &[
                        "The parameter `",
                        &parameter_shown,
                        "` of `",
                        &name,
                        "` has a type that cannot be checked: use ",
                        param::TYPES,
                        ".",
                    ],
                );
            }
        }
    }
}

/// What may be passed on besides what always is: names of an app's own.
fn extra_header(name: &str) -> bool {
    const NEVER: &[&str] = &[
        "authorization",
        "cookie",
        "host",
        "connection",
        "expect",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
        "via",
        "forwarded",
        "origin",
        "referer",
    ];
    const NEVER_BEGIN: &[&str] = &[
        "x-forwarded",
        "x-databricks",
        "proxy-",
        "sec-",
        "content-",
        "transfer-",
        "x-real",
        "x-http",
        "access-control",
        "accept",
        "x-method",
    ];
    let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    fits && !name.is_empty()
        && name.len() <= 64
        && !NEVER.contains(&name)
        && !NEVER_BEGIN.iter().any(|start| name.starts_with(start))
}
