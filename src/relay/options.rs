//! A policy from JSON: what JavaScript hands over, or a file.

use crate::error::{Error, ErrorKind, Result};
use crate::relay::policy::{ErrorDetail, Named, Names, RelayPolicy, Rules};
use crate::wire::json::Raw;

impl RelayPolicy {
    /// The policy of a JSON object. What is not named is not allowed; an option that is not known is an error, for it may be one
    /// that was meant to forbid something.
    ///
    /// ```
    /// use lakewire::relay::RelayPolicy;
    /// let policy = RelayPolicy::from_json(
    ///     r#"{"host":"https://my.cloud.databricks.com","origins":["https://app.example.com"],"authorize":true,
    ///         "allow":{"chat":["claude"],"sql":{"warehouse_id":"w1","statements":{
    ///           "top":{"statement":"SELECT name FROM nations LIMIT :n","parameters":{"n":"INT"}}}}},
    ///         "limits":{"max_tokens":1000,"rate":{"requests":20,"per_ms":60000}}}"#,
    /// )?;
    /// assert_eq!(policy.limits().max_tokens, 1000);
    /// assert!(RelayPolicy::from_json(r#"{"host":"https://x","origins":["*"],"public":true,"allow":{}}"#).is_err());
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` that names every problem.
    pub fn from_json(text: &str) -> Result<Self> {
        let root = Raw::parse(text).ok().filter(|root| root.is_object());
        let root =
            root.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "The relay's options are not a JSON object."))?;
        let mut read = Reader { problems: Vec::new() };
        let mut rules = Rules::default();
        let mut host = String::new();
        for (key, value) in read.object("options", root) {
            match &*key {
                "host" => host = read.text(&key, value),
                "path" => rules.path = read.text(&key, value),
                "origins" => rules.origins = read.texts(&key, value),
                "same_origin" => rules.same_origin = read.switch(&key, value),
                "credentials" => rules.credentials = read.switch(&key, value),
                "public" => rules.public = read.switch(&key, value),
                "authorize" => rules.authorize = read.switch(&key, value),
                "enabled" => rules.enabled = read.switch(&key, value),
                "request_headers" => rules.request_headers = read.texts(&key, value),
                "errors" => match &*read.text(&key, value) {
                    "public" => rules.errors = ErrorDetail::Public,
                    "workspace" => rules.errors = ErrorDetail::Workspace,
                    _ => read.wrong("errors", "`public` or `workspace`"),
                },
                "allow" => read.allow(&mut rules, value),
                "limits" => read.limits(&mut rules, value),
                _ => read.unknown("", &key),
            }
        }
        rules.check(&host, read.problems)
    }
}

struct Reader {
    problems: Vec<String>,
}

type Pairs<'a> = Vec<(String, Raw<'a>)>;

impl Reader {
    fn wrong(&mut self, key: &str, wanted: &str) {
        self.problems.push(["`", &super::log_safe(key), "` is not ", wanted, "."].concat());
    }

    fn unknown(&mut self, place: &str, key: &str) {
        self.problems.push(["There is no option `", place, &super::log_safe(key), "`."].concat());
    }

    /// The fields of an object; those that are `null` count as left out.
    fn object<'a>(&mut self, key: &str, value: Raw<'a>) -> Pairs<'a> {
        if !value.is_object() {
            self.wrong(key, "an object");
        }
        let mut pairs: Pairs<'a> = Vec::new();
        for (name, field) in value.fields() {
            if pairs.iter().any(|(known, _)| *known == name) {
                self.problems.push(["The option `", &super::log_safe(&name), "` stands twice."].concat());
            }
            pairs.push((name.into_owned(), field));
        }
        pairs.retain(|(_, field)| !field.is_null());
        pairs
    }

    fn text(&mut self, key: &str, value: Raw<'_>) -> String {
        value.as_str().map_or_else(
            || {
                self.wrong(key, "a text");
                String::new()
            },
            std::borrow::Cow::into_owned,
        )
    }

    fn texts(&mut self, key: &str, value: Raw<'_>) -> Vec<String> {
        if !value.is_array() || !value.items().all(Raw::is_string) {
            self.wrong(key, "a list of texts");
        }
        value.items().filter_map(Raw::as_str).map(std::borrow::Cow::into_owned).collect()
    }

    fn switch(&mut self, key: &str, value: Raw<'_>) -> bool {
        value.as_bool().unwrap_or_else(|| {
            self.wrong(key, "true or false");
            false
        })
    }

    fn number(&mut self, key: &str, value: Raw<'_>) -> u64 {
        value.as_i64().and_then(|number| u64::try_from(number).ok()).unwrap_or_else(|| {
            self.wrong(key, "a whole number that is not negative");
            0
        })
    }

    /// `true` for any name, or a list of names.
    fn names(&mut self, key: &str, value: Raw<'_>) -> Names {
        match value.as_bool() {
            Some(true) => Names::Any,
            Some(false) => Names::Nothing,
            None => Names::Only(self.texts(key, value)),
        }
    }

    fn allow(&mut self, rules: &mut Rules, value: Raw<'_>) {
        for (key, value) in self.object("allow", value) {
            match &*key {
                "chat" => rules.chat = self.names(&key, value),
                "completions" => rules.completions = self.names(&key, value),
                "embeddings" => rules.embeddings = self.names(&key, value),
                "responses" => rules.responses = self.names(&key, value),
                "models" => rules.models = self.names(&key, value),
                "fields" => rules.fields = self.texts(&key, value),
                "tool_types" => rules.tool_types = self.texts(&key, value),
                "urls" => rules.urls = self.switch(&key, value),
                "serving_endpoints" => {
                    for (key, value) in self.object(&key, value) {
                        match &*key {
                            "list" => rules.endpoints_list = self.switch(&key, value),
                            "get" => rules.endpoints_get = self.names(&key, value),
                            "manage" => rules.endpoints_manage = self.switch(&key, value),
                            _ => self.unknown("allow.serving_endpoints.", &key),
                        }
                    }
                }
                "vector_search" => self.vector_search(rules, value),
                "sql" => self.sql(rules, value),
                "functions" if value.is_object() => {
                    for (key, value) in self.object(&key, value) {
                        match &*key {
                            "names" => rules.functions = self.names(&key, value),
                            "delete" => rules.functions_delete = self.switch(&key, value),
                            _ => self.unknown("allow.functions.", &key),
                        }
                    }
                }
                "functions" => rules.functions = self.names(&key, value),
                "tables" => rules.tables = self.names(&key, value),
                "mlflow" => {
                    for (key, value) in self.object(&key, value) {
                        match &*key {
                            "experiments" => rules.experiments = self.names(&key, value),
                            "write" => rules.mlflow_write = self.switch(&key, value),
                            "storage" => rules.mlflow_storage = self.switch(&key, value),
                            "by_id" => rules.mlflow_by_id = self.switch(&key, value),
                            _ => self.unknown("allow.mlflow.", &key),
                        }
                    }
                }
                _ => self.unknown("allow.", &key),
            }
        }
    }

    fn vector_search(&mut self, rules: &mut Rules, value: Raw<'_>) {
        for (key, value) in self.object("vector_search", value) {
            match &*key {
                "indexes" => rules.indexes = self.names(&key, value),
                "columns" => {
                    for (index, columns) in self.object(&key, value) {
                        let columns = self.texts(&index, columns);
                        rules.columns.push((index, columns));
                    }
                }
                "max_results" => rules.max_results = self.number(&key, value),
                "write" => rules.indexes_write = self.switch(&key, value),
                "list" => rules.indexes_list = self.switch(&key, value),
                "manage" => rules.indexes_manage = self.switch(&key, value),
                _ => self.unknown("allow.vector_search.", &key),
            }
        }
    }

    fn sql(&mut self, rules: &mut Rules, value: Raw<'_>) {
        for (key, value) in self.object("sql", value) {
            match &*key {
                "warehouse_id" if value.is_array() => rules.warehouses = self.texts(&key, value),
                "warehouse_id" => rules.warehouses = vec![self.text(&key, value)],
                "statements" => {
                    for (name, value) in self.object(&key, value) {
                        let named = self.named(name, value);
                        rules.statements.push(named);
                    }
                }
                "list" => rules.warehouses_list = self.switch(&key, value),
                "start" => rules.warehouses_start = self.switch(&key, value),
                "reading" => rules.reading = self.switch(&key, value),
                "writing" => rules.writing = self.switch(&key, value),
                "external_links" => rules.external_links = self.switch(&key, value),
                "long_running" => rules.long_running = self.switch(&key, value),
                "row_limit" => rules.row_limit = self.number(&key, value),
                _ => self.unknown("allow.sql.", &key),
            }
        }
    }

    fn named(&mut self, name: String, value: Raw<'_>) -> Named {
        let mut named = Named { name, row_limit: 1_000, ..Named::default() };
        if let Some(text) = value.as_str() {
            named.statement = text.into_owned();
            return named;
        }
        for (key, value) in self.object("statements", value) {
            match &*key {
                "statement" => named.statement = self.text(&key, value),
                "parameters" => {
                    for (name, value) in self.object(&key, value) {
                        let sql_type = self.text(&name, value);
                        named.parameters.push((name, sql_type));
                    }
                }
                "row_limit" => named.row_limit = self.number(&key, value),
                "catalog" => named.catalog = Some(self.text(&key, value)),
                "schema" => named.schema = Some(self.text(&key, value)),
                _ => self.unknown("allow.sql.statements.", &key),
            }
        }
        named
    }

    fn limits(&mut self, rules: &mut Rules, value: Raw<'_>) {
        let limits = &mut rules.limits;
        for (key, value) in self.object("limits", value) {
            let place = match &*key {
                "body_bytes" => &mut limits.body_bytes,
                "response_bytes" => &mut limits.response_bytes,
                "stream_bytes" => &mut limits.stream_bytes,
                "stream_ms" => &mut limits.stream_ms,
                "body_ms" => &mut limits.body_ms,
                "first_byte_ms" => &mut limits.first_byte_ms,
                "idle_ms" => &mut limits.idle_ms,
                "target_bytes" => &mut limits.target_bytes,
                "header_bytes" => &mut limits.header_bytes,
                "open_per_client" => &mut limits.open_per_client,
                "max_tokens" => &mut limits.max_tokens,
                "n" => &mut limits.n,
                "tools" => &mut limits.tools,
                "messages" => &mut limits.messages,
                "inputs" => &mut limits.inputs,
                "rate" => {
                    for (key, value) in self.object(&key, value) {
                        let number = self.number(&key, value);
                        match &*key {
                            "requests" => limits.rate.requests = number,
                            "per_ms" => limits.rate.per_ms = number,
                            "clients" => limits.rate.clients = number,
                            "seed" => limits.rate.seed = number,
                            _ => self.unknown("limits.rate.", &key),
                        }
                    }
                    continue;
                }
                _ => {
                    self.unknown("limits.", &key);
                    continue;
                }
            };
            *place = self.number(&key, value);
        }
    }
}
