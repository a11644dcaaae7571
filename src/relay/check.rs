//! Whether a policy is safe to start with: every reason why not, at once.

use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::relay::body::param;
use crate::relay::grammar;
use crate::relay::policy::{Names, RelayPolicy, Rules};
use crate::wire::find::find;

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
            ("messages", limits.messages),
            ("inputs", limits.inputs),
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
        let named =
            endpoints.iter().chain(&catalog).chain(&[&self.indexes, &self.experiments]).any(|names| names.is_some());
        let switched = self.endpoints_list || self.endpoints_manage || self.indexes_list || self.indexes_manage;
        let nothing = !(named || switched) && self.warehouses.is_empty();
        let useless = [
            (self.indexes_write && !self.indexes.is_some(), "vector_search.write", "vector_search.indexes"),
            (self.mlflow_write && !self.experiments.is_some(), "mlflow.write", "mlflow.experiments"),
            (self.mlflow_by_id && !self.experiments.is_some(), "mlflow.by_id", "mlflow.experiments"),
            (
                self.mlflow_storage && !(self.mlflow_by_id || matches!(self.experiments, Names::Any)),
                "mlflow.storage",
                "mlflow.by_id` or `experiments: true",
            ),
            (self.functions_delete && !self.functions.is_some(), "functions.delete", "functions.names"),
            (self.external_links && !self.reading && !self.writing, "sql.external_links", "sql.reading"),
            (self.long_running && !self.reading && !self.writing, "sql.long_running", "sql.reading"),
        ];
        for (wrong, option, needed) in useless {
            say(wrong, &["`", option, "` does nothing without `", needed, "`."]);
        }
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
        let switched = self.warehouses_list || self.warehouses_start;
        say(
            !self.warehouses.is_empty() && !runs && !switched,
            &["`sql` allows nothing: name `statements`, or set `reading`, `list` or `start`."],
        );
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
            say(
                named.row_limit == 0 || named.row_limit > 1 << 40,
                &["The statement `", &name, "` has no positive `row_limit`."],
            );
            for marker in markers(&named.statement) {
                say(
                    !named.parameters.iter().any(|(known, _)| known == marker),
                    &["The statement `", &name, "` has a marker `:", marker, "` without a parameter."],
                );
            }
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

/// The markers of a statement; none of one in which quotes or comments could hide what only looks like one.
fn markers(statement: &str) -> Vec<&str> {
    if statement.contains(['\'', '"', '`', '\\', '#'])
        || ["--", "/*"].iter().any(|mark| find(statement, mark).is_some())
    {
        return Vec::new();
    }
    let mut before = ' ';
    let mut found = Vec::new();
    for (at, char) in statement.char_indices() {
        // `a:b` reads a path, `a::INT` casts
        if char == ':' && (before.is_whitespace() || "(,=<>+-*/%|&^!~".contains(before)) {
            let rest = statement.get(at + 1..).unwrap_or("");
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            found.extend(rest.get(..end).filter(|name| grammar::parameter(name)));
        }
        before = char;
    }
    found
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
