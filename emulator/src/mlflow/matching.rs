//! Which rows a search finds, and in which order.

use std::cmp::Ordering;

use super::filter::{self, Clause, Operand};
use super::invalid;
use crate::errors::ApiError;

/// What can be searched for.
pub(super) trait Row {
    /// The text of a key of this kind.
    fn text(&self, kind: &str, key: &str) -> Option<String>;
    /// The number of a key of this kind.
    fn number(&self, kind: &str, key: &str) -> Option<f64>;
    /// Decides the order of equals.
    fn id(&self) -> &str;

    /// Every text of a key that may have several.
    fn texts(&self, kind: &str, key: &str) -> Vec<String> {
        self.text(kind, key).into_iter().collect()
    }
}

/// The words a search of one kind of thing knows.
pub(super) struct Schema {
    /// What stands before the point, and what it means.
    kinds: &'static [(&'static str, &'static str)],
    /// How the refusal of another writes them.
    kinds_said: &'static str,
    /// Attributes that are numbers and that are texts.
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    /// Other names of attributes.
    aliases: &'static [(&'static str, &'static str)],
    /// What the refusals of another attribute list, of filters and of orders.
    filter_said: &'static str,
    order_said: &'static str,
    /// The order without a wish: an attribute that is a number, largest first; else by name.
    unless_said: Option<&'static str>,
    /// Whether refusals of clauses quote them.
    quotes: bool,
}

const TAGS_AND_ATTRIBUTES: &[(&str, &str)] =
    &[("tag", "tag"), ("tags", "tag"), ("attribute", "attribute"), ("attributes", "attribute")];

/// Searches of experiments.
pub(super) const EXPERIMENTS: Schema = Schema {
    kinds: TAGS_AND_ATTRIBUTES,
    kinds_said: "['tag', 'attribute']",
    numbers: &["creation_time", "last_update_time", "experiment_id"],
    texts: &["name"],
    aliases: &[],
    filter_said: "{'name', 'creation_time', 'last_update_time'}",
    order_said: "{'name', 'creation_time', 'experiment_id', 'last_update_time'}",
    unless_said: Some("creation_time"),
    quotes: false,
};

/// Searches of runs.
pub(super) const RUNS: Schema = Schema {
    kinds: &[
        ("metric", "metric"),
        ("metrics", "metric"),
        ("parameter", "parameter"),
        ("parameters", "parameter"),
        ("param", "parameter"),
        ("params", "parameter"),
        ("tag", "tag"),
        ("tags", "tag"),
        ("attribute", "attribute"),
        ("attributes", "attribute"),
        ("attr", "attribute"),
        ("run", "attribute"),
    ],
    kinds_said: "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    numbers: &["start_time", "end_time"],
    texts: &["status", "run_id", "artifact_uri", "run_name", "user_id"],
    aliases: &[
        ("created", "start_time"),
        ("Created", "start_time"),
        ("run name", "run_name"),
        ("Run name", "run_name"),
        ("Run Name", "run_name"),
    ],
    filter_said: "{'status', 'start_time', 'run_id', 'artifact_uri', 'created', 'end_time', 'Run Name', 'run_name', 'Created', \
                  'run name', 'Run name', 'user_id'}",
    order_said: "{'status', 'start_time', 'run_id', 'artifact_uri', 'created', 'end_time', 'run_name', 'Created', 'user_id'}",
    unless_said: Some("start_time"),
    quotes: true,
};

/// Searches of traces.
pub(super) const TRACES: Schema = Schema {
    kinds: &[
        ("tag", "tag"),
        ("tags", "tag"),
        ("metadata", "metadata"),
        ("request_metadata", "metadata"),
        ("attribute", "attribute"),
        ("attributes", "attribute"),
        ("trace", "attribute"),
    ],
    kinds_said: "{'request_metadata', 'tags', 'feedback', 'expectation', 'tag', 'metadata', 'span', 'trace', 'attributes', \
                 'attribute', 'issue'}",
    numbers: &["timestamp_ms", "execution_time_ms", "end_time_ms"],
    texts: &["status", "name", "run_id", "request_id", "client_request_id", "text", "prompt", "experiment_id"],
    aliases: &[("timestamp", "timestamp_ms"), ("execution_time", "execution_time_ms"), ("end_time", "end_time_ms")],
    filter_said: "{'status', 'timestamp_ms', 'prompt', 'run_id', 'name', 'end_time', 'execution_time_ms', 'request_id', \
                  'client_request_id', 'execution_time', 'timestamp', 'end_time_ms', 'text'}",
    order_said: "{'status', 'experiment_id', 'timestamp_ms', 'run_id', 'name', 'end_time', 'execution_time_ms', 'request_id', \
                 'execution_time', 'timestamp', 'end_time_ms'}",
    unless_said: Some("timestamp_ms"),
    quotes: true,
};

/// Searches of registered models.
pub(super) const MODELS: Schema = Schema {
    kinds: TAGS_AND_ATTRIBUTES,
    kinds_said: "['tag', 'attribute']",
    numbers: &["creation_timestamp", "last_updated_timestamp"],
    texts: &["name"],
    aliases: &[("timestamp", "last_updated_timestamp")],
    filter_said: "{'name'}",
    order_said: "{'name', 'creation_timestamp', 'last_updated_timestamp'}",
    unless_said: None,
    quotes: false,
};

/// Searches of model versions.
pub(super) const VERSIONS: Schema = Schema {
    kinds: TAGS_AND_ATTRIBUTES,
    kinds_said: "['tag', 'attribute']",
    numbers: &["version_number", "creation_timestamp", "last_updated_timestamp"],
    texts: &["name", "run_id", "source_path"],
    aliases: &[],
    filter_said: "{'name', 'version_number', 'run_id', 'source_path'}",
    order_said: "{'name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'}",
    unless_said: Some("last_updated_timestamp"),
    quotes: false,
};

/// Searches of logged models.
pub(super) const LOGGED: Schema = Schema {
    kinds: &[
        ("param", "parameter"),
        ("params", "parameter"),
        ("tag", "tag"),
        ("tags", "tag"),
        ("attribute", "attribute"),
        ("attributes", "attribute"),
    ],
    kinds_said: "['metrics', 'params', 'tags', 'attributes']",
    numbers: &["creation_timestamp", "last_updated_timestamp"],
    texts: &["name", "model_id", "model_type", "status", "source_run_id", "experiment_id"],
    aliases: &[("creation_time", "creation_timestamp"), ("last_updated_time", "last_updated_timestamp")],
    filter_said: "{'name', 'model_id', 'model_type', 'status', 'source_run_id', 'creation_timestamp', 'last_updated_timestamp'}",
    order_said: "{'name', 'creation_timestamp', 'last_updated_timestamp'}",
    unless_said: Some("creation_timestamp"),
    quotes: true,
};

/// A key that was understood.
struct Key {
    kind: &'static str,
    name: String,
    number: bool,
}

enum Test {
    Number(String, f64),
    Text(String, String),
    Among(bool, Vec<String>),
    Present(bool),
}

/// A search that was understood.
pub(super) struct Plan {
    tests: Vec<(Key, Test)>,
    orders: Vec<(Key, bool)>,
}

impl Schema {
    /// Reads a filter and an order.
    ///
    /// # Errors
    /// 400 with what was not understood.
    pub(super) fn plan(&self, filter: Option<&str>, orders: &[String]) -> Result<Plan, ApiError> {
        let clauses = filter::parse(filter.unwrap_or_default(), self.quotes)?;
        let tests = clauses.iter().map(|clause| self.test(clause)).collect::<Result<_, _>>()?;
        let mut plan = Plan { tests, orders: Vec::new() };
        for text in orders {
            plan.orders.push(self.order(text)?);
        }
        let last = match self.unless_said {
            Some(name) => (Key { kind: "attribute", name: name.to_owned(), number: true }, true),
            None => (Key { kind: "attribute", name: "name".to_owned(), number: false }, false),
        };
        plan.orders.push(last);
        Ok(plan)
    }

    fn key(&self, text: &str, said: &str) -> Result<Key, ApiError> {
        let (kind, name) = match text.split_once('.') {
            Some((kind, name)) => (kind, name),
            None => ("attribute", text),
        };
        let Some((_, kind)) = self.kinds.iter().find(|(known, _)| *known == kind) else {
            let values = self.kinds_said;
            return Err(invalid(format!("Invalid entity type '{kind}'. Valid values are {values}")));
        };
        let unquoted = |quote: char| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
        let name = unquoted('`').or_else(|| unquoted('"')).unwrap_or(name);
        if *kind != "attribute" {
            return Ok(Key { kind, name: name.to_owned(), number: *kind == "metric" });
        }
        let name = self.aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
        let number = self.numbers.contains(&name);
        if (!number && !self.texts.contains(&name)) || !said.contains(&format!("'{name}'")) {
            return Err(invalid(format!("Invalid attribute key '{name}' specified. Valid keys are '{said}'")));
        }
        Ok(Key { kind, name: name.to_owned(), number })
    }

    fn test(&self, clause: &Clause) -> Result<(Key, Test), ApiError> {
        let key = self.key(&clause.what, self.filter_said)?;
        let how = clause.how.as_str();
        let comparator = |known: &[&str], said: &str| {
            if known.contains(&how) {
                return Ok(());
            }
            Err(invalid(format!("Invalid comparator '{how}' not one of '{said}'")))
        };
        let test = match &clause.with {
            Operand::Nothing if matches!(key.kind, "tag" | "parameter" | "metadata") => {
                Test::Present(how == "IS NOT NULL")
            }
            Operand::Nothing => {
                return Err(invalid(format!(
                    "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
                    key.kind, key.name
                )));
            }
            Operand::List(list) => Test::Among(how == "IN", list.clone()),
            Operand::Number(text) if key.number => {
                comparator(&["=", "!=", ">", ">=", "<", "<="], "{'=', '!=', '>', '>=', '<', '<='}")?;
                Test::Number(how.to_owned(), text.parse().unwrap_or(f64::NAN))
            }
            Operand::Quoted(text) if key.number && key.kind != "metric" && text.parse::<f64>().is_ok() => {
                Test::Number(how.to_owned(), text.parse().unwrap_or(f64::NAN))
            }
            Operand::Quoted(text) | Operand::Bare(text) if key.number => {
                let raw = if matches!(clause.with, Operand::Quoted(_)) { format!("'{text}'") } else { text.clone() };
                return Err(invalid(format!("Expected numeric value type for {}. Found {raw}", key.kind)));
            }
            Operand::Number(text) => {
                return Err(invalid(format!(
                    "Expected a quoted string value for {} (e.g. 'my-value'). Got value {text}",
                    key.kind
                )));
            }
            Operand::Bare(text) => {
                return Err(invalid(format!(
                    "Parameter value is either not quoted or unidentified quote types used for string value {text}. Use either \
                     single or double quotes."
                )));
            }
            Operand::Quoted(text) => {
                comparator(&["=", "!=", "LIKE", "ILIKE"], "{'LIKE', 'IS NOT NULL', '=', 'ILIKE', '!=', 'IS NULL'}")?;
                Test::Text(how.to_owned(), text.clone())
            }
        };
        Ok((key, test))
    }

    fn order(&self, text: &str) -> Result<(Key, bool), ApiError> {
        if text.contains(',') {
            return Err(invalid(format!("Invalid order_by clause '{text}'. Could not be parsed.")));
        }
        let (name, descending) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((name, way)) if way.eq_ignore_ascii_case("desc") => (name.trim(), true),
            Some((name, way)) if way.eq_ignore_ascii_case("asc") => (name.trim(), false),
            Some(_) => return Err(invalid(format!("Invalid ordering key in order_by clause '{text}'."))),
            None => (text.trim(), false),
        };
        Ok((self.key(name, self.order_said)?, descending))
    }
}

impl Plan {
    /// The rows that pass, in order; what a row does not have comes last.
    pub(super) fn pick<'r, R: Row>(&self, rows: impl Iterator<Item = &'r R>) -> Vec<&'r R> {
        let mut rows: Vec<&R> =
            rows.filter(|row| self.tests.iter().all(|(key, test)| passes(*row, key, test))).collect();
        rows.sort_by(|a, b| {
            let orders = self.orders.iter().map(|(key, descending)| compare(*a, *b, key, *descending));
            orders.fold(Ordering::Equal, Ordering::then).then_with(|| a.id().cmp(b.id()))
        });
        rows
    }
}

fn passes<R: Row>(row: &R, key: &Key, test: &Test) -> bool {
    match test {
        Test::Present(wanted) => row.text(key.kind, &key.name).is_some() == *wanted,
        Test::Number(how, with) => row.number(key.kind, &key.name).is_some_and(|value| match how.as_str() {
            "=" => value == *with,
            "!=" => value != *with,
            ">" => value > *with,
            ">=" => value >= *with,
            "<" => value < *with,
            _ => value <= *with,
        }),
        Test::Among(wanted, list) => {
            let texts = row.texts(key.kind, &key.name);
            if *wanted {
                texts.iter().any(|text| list.contains(text))
            } else {
                !texts.iter().any(|text| list.contains(text))
            }
        }
        Test::Text(how, with) => row.texts(key.kind, &key.name).iter().any(|text| match how.as_str() {
            "=" => text == with,
            "!=" => text != with,
            "LIKE" => filter::like(text, with),
            _ => filter::like(&text.to_lowercase(), &with.to_lowercase()),
        }),
    }
}

fn compare<R: Row>(a: &R, b: &R, key: &Key, descending: bool) -> Ordering {
    let way = |order: Ordering| if descending { order.reverse() } else { order };
    if key.number {
        return match (row_number(a, key), row_number(b, key)) {
            (Some(a), Some(b)) => way(a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
    }
    match (a.text(key.kind, &key.name), b.text(key.kind, &key.name)) {
        (Some(a), Some(b)) => way(a.cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn row_number<R: Row>(row: &R, key: &Key) -> Option<f64> {
    row.number(key.kind, &key.name)
}
