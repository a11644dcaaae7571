//! Which routes there are: the raw target matched against typed segments, and the upstream path built from what was matched.

use crate::relay::grammar;
use crate::relay::policy::{Names, Rules};
use crate::wire::request::Path;

/// What a route is for. Its text names it in logs and across languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(&'static Spec);

impl Route {
    /// The route's name, such as `invoke` or `indexes.query`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The route of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        ROUTES.iter().find(|spec| spec.name == name).map(Self)
    }

    pub(super) fn method(self) -> &'static str {
        self.0.method
    }

    pub(super) fn op(self) -> Op {
        self.0.op
    }

    pub(super) fn takes_body(self) -> bool {
        matches!(self.0.method, "POST" | "PUT" | "PATCH")
    }

    /// Every route there is, for tests.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        ROUTES.iter().map(Self)
    }

    #[cfg(test)]
    pub(super) fn pattern(self) -> (&'static str, &'static [&'static str]) {
        (self.0.pattern, self.0.query)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Spec {
    name: &'static str,
    op: Op,
    method: &'static str,
    /// Segments; `{word}` stands for a parameter of that grammar.
    pattern: &'static str,
    /// The parameters a query may have.
    query: &'static [&'static str],
}

/// What the routes have in common: who allows them, and how their bodies are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Invoke,
    EndpointsList,
    EndpointsGet,
    EndpointsManage,
    SearchList,
    IndexesManage,
    IndexCreate,
    IndexRead,
    IndexQuery,
    IndexNextPage,
    IndexWrite,
    Warehouses,
    Warehouse,
    WarehouseStart,
    Named,
    Statement,
    StatementLook,
    StatementCancel,
    StatementChunk,
    Tables,
    Table,
    Functions,
    Function,
    FunctionDelete,
    ExperimentByName,
    Experiment,
    ExperimentCreate,
    RunCreate,
    RunWrite,
    RunSearch,
    RunRead,
    LinkTraces,
    TraceStart,
    TraceSearch,
    TraceRead,
    Assess,
    TraceStorageRead,
    TraceStorageWrite,
    SpansRead,
    SpansWrite,
}

const fn on(
    name: &'static str,
    op: Op,
    method: &'static str,
    pattern: &'static str,
    query: &'static [&'static str],
) -> Spec {
    Spec { name, op, method, pattern, query }
}

const LIST: &[&str] = &[
    "catalog_name",
    "schema_name",
    "max_results",
    "page_token",
    "include_browse",
    "omit_columns",
    "omit_properties",
    "omit_username",
];
const ONE: &[&str] = &["include_browse"];

/// The routes. Those of a workspace stand under their own paths, so that its clients need not change.
static ROUTES: &[Spec] = &[
    on("invoke", Op::Invoke, "POST", "/serving-endpoints/{endpoint}/invocations", &[]),
    on("endpoints.list", Op::EndpointsList, "GET", "/api/2.0/serving-endpoints", &[]),
    on("endpoints.create", Op::EndpointsManage, "POST", "/api/2.0/serving-endpoints", &[]),
    on("endpoints.get", Op::EndpointsGet, "GET", "/api/2.0/serving-endpoints/{endpoint}", &[]),
    on("endpoints.delete", Op::EndpointsManage, "DELETE", "/api/2.0/serving-endpoints/{endpoint}", &[]),
    on("endpoints.config", Op::EndpointsManage, "PUT", "/api/2.0/serving-endpoints/{endpoint}/config", &[]),
    on("vector_search.endpoints", Op::SearchList, "GET", "/api/2.0/vector-search/endpoints", &["page_token"]),
    on("vector_search.endpoint", Op::SearchList, "GET", "/api/2.0/vector-search/endpoints/{endpoint}", &[]),
    on("indexes.list", Op::SearchList, "GET", "/api/2.0/vector-search/indexes", &["endpoint_name", "page_token"]),
    on("indexes.create", Op::IndexCreate, "POST", "/api/2.0/vector-search/indexes", &[]),
    on("indexes.get", Op::IndexRead, "GET", "/api/2.0/vector-search/indexes/{name3}", &["ensure_reranker_compatible"]),
    on("indexes.delete", Op::IndexesManage, "DELETE", "/api/2.0/vector-search/indexes/{name3}", &[]),
    on("indexes.query", Op::IndexQuery, "POST", "/api/2.0/vector-search/indexes/{name3}/query", &[]),
    on("indexes.next_page", Op::IndexNextPage, "POST", "/api/2.0/vector-search/indexes/{name3}/query-next-page", &[]),
    on("indexes.upsert", Op::IndexWrite, "POST", "/api/2.0/vector-search/indexes/{name3}/upsert-data", &[]),
    on(
        "indexes.delete_rows",
        Op::IndexWrite,
        "DELETE",
        "/api/2.0/vector-search/indexes/{name3}/delete-data",
        &["primary_keys"],
    ),
    on("indexes.sync", Op::IndexWrite, "POST", "/api/2.0/vector-search/indexes/{name3}/sync", &[]),
    on("warehouses.list", Op::Warehouses, "GET", "/api/2.0/sql/warehouses", &["page_size", "page_token"]),
    on("warehouses.get", Op::Warehouse, "GET", "/api/2.0/sql/warehouses/{id}", &[]),
    on("warehouses.start", Op::WarehouseStart, "POST", "/api/2.0/sql/warehouses/{id}/start", &[]),
    on("statements.named", Op::Named, "POST", "/statements/{id}", &[]),
    on("statements.execute", Op::Statement, "POST", "/api/2.0/sql/statements", &[]),
    on("statements.get", Op::StatementLook, "GET", "/api/2.0/sql/statements/{id}", &[]),
    on("statements.cancel", Op::StatementCancel, "POST", "/api/2.0/sql/statements/{id}/cancel", &[]),
    on("statements.chunk", Op::StatementChunk, "GET", "/api/2.0/sql/statements/{id}/result/chunks/{number}", &[]),
    on("tables.list", Op::Tables, "GET", "/api/2.1/unity-catalog/tables", LIST),
    on("tables.get", Op::Table, "GET", "/api/2.1/unity-catalog/tables/{name3}", ONE),
    on("functions.list", Op::Functions, "GET", "/api/2.1/unity-catalog/functions", LIST),
    on("functions.get", Op::Function, "GET", "/api/2.1/unity-catalog/functions/{name3}", ONE),
    on("functions.delete", Op::FunctionDelete, "DELETE", "/api/2.1/unity-catalog/functions/{name3}", &["force"]),
    on(
        "experiments.get_by_name",
        Op::ExperimentByName,
        "GET",
        "/api/2.0/mlflow/experiments/get-by-name",
        &["experiment_name"],
    ),
    on("experiments.get", Op::Experiment, "GET", "/api/2.0/mlflow/experiments/get", &["experiment_id"]),
    on("experiments.create", Op::ExperimentCreate, "POST", "/api/2.0/mlflow/experiments/create", &[]),
    on("runs.create", Op::RunCreate, "POST", "/api/2.0/mlflow/runs/create", &[]),
    on("runs.update", Op::RunWrite, "POST", "/api/2.0/mlflow/runs/update", &[]),
    on("runs.log_batch", Op::RunWrite, "POST", "/api/2.0/mlflow/runs/log-batch", &[]),
    on("runs.search", Op::RunSearch, "POST", "/api/2.0/mlflow/runs/search", &[]),
    on("runs.get", Op::RunRead, "GET", "/api/2.0/mlflow/runs/get", &["run_id"]),
    on(
        "metrics.history",
        Op::RunRead,
        "GET",
        "/api/2.0/mlflow/metrics/get-history",
        &["run_id", "metric_key", "max_results", "page_token"],
    ),
    on("traces.link", Op::LinkTraces, "POST", "/api/2.0/mlflow/traces/link-to-run", &[]),
    on("traces.upload", Op::TraceStorageWrite, "GET", "/api/2.0/mlflow/traces/{id}/credentials-for-data-upload", &[]),
    on(
        "traces.download",
        Op::TraceStorageRead,
        "GET",
        "/api/2.0/mlflow/traces/{id}/credentials-for-data-download",
        &[],
    ),
    on("traces.start", Op::TraceStart, "POST", "/api/3.0/mlflow/traces", &[]),
    on("traces.search", Op::TraceSearch, "POST", "/api/3.0/mlflow/traces/search", &[]),
    on("traces.whole", Op::TraceRead, "GET", "/api/3.0/mlflow/traces/get", &["trace_id", "allow_partial"]),
    on("traces.get", Op::TraceRead, "GET", "/api/3.0/mlflow/traces/{id}", &[]),
    on("traces.assess", Op::Assess, "POST", "/api/3.0/mlflow/traces/{id}/assessments", &[]),
    on(
        "spans.put",
        Op::SpansWrite,
        "PUT",
        "/api/2.0/mlflow-artifacts/artifacts/{id}/traces/{id}/artifacts/traces.json",
        &[],
    ),
    on(
        "spans.get",
        Op::SpansRead,
        "GET",
        "/api/2.0/mlflow-artifacts/artifacts/{id}/traces/{id}/artifacts/traces.json",
        &[],
    ),
];

/// A target that fits a route.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) route: Route,
    names: [&'a str; 2],
    pub(super) query: Vec<(&'static str, String)>,
}

impl<'a> Matched<'a> {
    /// The first name in the path, or nothing.
    pub(super) fn name(&self) -> &'a str {
        self.names[0]
    }

    pub(super) fn asked(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// The upstream path, from the route's own text and what was matched.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        let mut names = self.names.iter();
        for segment in self.route.0.pattern.split('/').skip(1) {
            path.push('/');
            path.push_str(if segment.starts_with('{') { names.next().copied().unwrap_or("") } else { segment });
        }
        self.query.iter().fold(Path::literal(&path), |path, (key, value)| path.query(key, value)).finish()
    }
}

/// What a target is, of those routes the policy allows.
pub(super) enum Found<'a> {
    Route(Matched<'a>),
    /// The path is known, the method is not: these are.
    Methods(Vec<&'static str>),
    Nothing,
}

/// Matches what follows the relay's own path.
pub(super) fn find<'a>(rules: &Rules, method: &str, target: &'a str) -> Found<'a> {
    let (path, query) = match target.find('?') {
        Some(at) => (target.get(..at).unwrap_or(""), target.get(at + 1..)),
        None => (target, None),
    };
    let mut methods = Vec::new();
    for spec in ROUTES {
        let Some(names) = segments(spec.pattern, path) else { continue };
        let Some(query) = pairs(spec.query, query) else { continue };
        let matched = Matched { route: Route(spec), names, query };
        if !allows(rules, &matched) {
            continue;
        }
        if spec.method == method {
            return Found::Route(matched);
        }
        methods.push(spec.method);
    }
    if methods.is_empty() { Found::Nothing } else { Found::Methods(methods) }
}

fn segments<'a>(pattern: &str, path: &'a str) -> Option<[&'a str; 2]> {
    let mut names = [""; 2];
    let mut free = names.iter_mut();
    let mut given = path.split('/');
    for segment in pattern.split('/') {
        let text = given.next()?;
        let fits = match segment {
            "{endpoint}" => grammar::endpoint(text),
            "{name3}" => grammar::parts(text, 3),
            "{id}" => grammar::id(text),
            "{number}" => grammar::number(text),
            _ => text == segment,
        };
        if !fits {
            return None;
        }
        if segment.starts_with('{') {
            *free.next()? = text;
        }
    }
    given.next().is_none().then_some(names)
}

/// The parameters of a query, each known and at most once; rows to delete may be many.
fn pairs(known: &'static [&'static str], query: Option<&str>) -> Option<Vec<(&'static str, String)>> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for pair in query.unwrap_or("").split('&') {
        if pair.is_empty() && query.unwrap_or("").is_empty() {
            break;
        }
        let at = pair.find('=')?;
        let (name, value) = (pair.get(..at)?, pair.get(at + 1..)?);
        let name = *known.iter().find(|known| **known == name)?;
        if name != "primary_keys" && found.iter().any(|(earlier, _)| *earlier == name) {
            return None;
        }
        found.push((name, grammar::decode(value)?));
    }
    Some(found)
}

/// Whether the policy allows a route with these names.
fn allows(rules: &Rules, matched: &Matched<'_>) -> bool {
    let name = matched.name();
    let schema = || {
        let catalog = matched.asked("catalog_name").unwrap_or("");
        let schema = matched.asked("schema_name").unwrap_or("");
        (grammar::id(catalog) && grammar::id(schema)).then(|| [catalog, ".", schema].concat())
    };
    let mlflow = rules.experiments.is_some();
    // an id does not tell its experiment
    let by_id = matches!(rules.experiments, Names::Any) || mlflow && rules.mlflow_by_id;
    let id = |key: &str| matched.asked(key).is_some_and(grammar::id);
    match matched.route.op() {
        Op::Invoke => {
            let lists = [&rules.chat, &rules.completions, &rules.embeddings, &rules.responses, &rules.models];
            lists.iter().any(|names| names.allow(name))
        }
        Op::EndpointsList => rules.endpoints_list,
        Op::EndpointsGet => rules.endpoints_get.allow(name),
        Op::EndpointsManage => rules.endpoints_manage,
        Op::SearchList => rules.indexes_list && matched.asked("endpoint_name").is_none_or(grammar::endpoint),
        Op::IndexesManage | Op::IndexCreate => rules.indexes_manage,
        Op::IndexRead => {
            let plain = |value| matches!(value, "true" | "false");
            rules.indexes.allow(name) && matched.asked("ensure_reranker_compatible").is_none_or(plain)
        }
        Op::IndexQuery | Op::IndexNextPage => rules.indexes.allow(name),
        Op::IndexWrite => rules.indexes_write && rules.indexes.allow(name),
        Op::Warehouses => rules.warehouses_list && matched.asked("page_size").is_none_or(grammar::number),
        Op::Warehouse => rules.warehouses_list && rules.warehouses.iter().any(|id| id == name),
        Op::WarehouseStart => rules.warehouses_start && rules.warehouses.iter().any(|id| id == name),
        Op::Named => rules.statements.iter().any(|named| named.name == name),
        Op::Statement => rules.reading || rules.writing,
        // an id does not tell whose it is, nor whether its result is links
        Op::StatementLook | Op::StatementCancel => rules.writing || rules.reading && rules.long_running,
        Op::StatementChunk => rules.writing || rules.reading && (rules.long_running || rules.external_links),
        Op::Tables => schema().is_some_and(|schema| rules.tables.allow(&schema)),
        Op::Table => rules.tables.allow_inside(name),
        Op::Functions => schema().is_some_and(|schema| rules.functions.allow(&schema)),
        Op::Function => rules.functions.allow_inside(name),
        Op::FunctionDelete => rules.functions_delete && rules.functions.allow_inside(name),
        Op::ExperimentByName => matched.asked("experiment_name").is_some_and(|name| rules.experiments.allow(name)),
        Op::Experiment => {
            matched.asked("experiment_id").is_some_and(|id| grammar::id(id) && rules.experiments.allow(id))
        }
        Op::RunSearch | Op::TraceSearch => mlflow,
        Op::RunRead => by_id && id("run_id"),
        // `get` is an id by its grammar, and a route of its own
        Op::TraceRead => by_id && (id("trace_id") || !matches!(name, "" | "get" | "search" | "batchGet")),
        Op::ExperimentCreate | Op::RunCreate | Op::TraceStart => mlflow && rules.mlflow_write,
        Op::RunWrite | Op::LinkTraces | Op::Assess => by_id && rules.mlflow_write,
        Op::TraceStorageRead => by_id && rules.mlflow_storage,
        Op::TraceStorageWrite => by_id && rules.mlflow_storage && rules.mlflow_write,
        Op::SpansRead => rules.experiments.allow(name),
        Op::SpansWrite => rules.mlflow_write && rules.experiments.allow(name),
    }
}
