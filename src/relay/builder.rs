//! A policy in Rust, capability by capability.

use crate::error::Result;
use crate::relay::policy::{Named, Names, Rules};
use crate::relay::{ErrorDetail, RelayLimits, RelayPolicy};

/// A statement a page may run by its name, with values of the types given here.
///
/// ```
/// use lakewire::relay::NamedStatement;
/// let statement = NamedStatement::new("top_nations", "SELECT name FROM nations WHERE population > :least")
///     .parameter("least", "BIGINT")
///     .row_limit(50);
/// # let _ = statement;
/// ```
#[derive(Clone, Debug)]
pub struct NamedStatement(Named);

impl NamedStatement {
    /// A statement by its name; the text is yours and is never shown. At most 1,000 rows.
    #[must_use]
    pub fn new(name: impl Into<String>, statement: impl Into<String>) -> Self {
        Self(Named { name: name.into(), statement: statement.into(), row_limit: 1_000, ..Named::default() })
    }

    /// A marker (`:name` in the text) and the SQL type of its values.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, sql_type: impl Into<String>) -> Self {
        self.0.parameters.push((name.into(), sql_type.into()));
        self
    }

    /// At most so many rows.
    #[must_use]
    pub fn row_limit(mut self, rows: u64) -> Self {
        self.0.row_limit = rows;
        self
    }

    /// The catalog and the schema in which it runs.
    #[must_use]
    pub fn in_schema(mut self, catalog: impl Into<String>, schema: impl Into<String>) -> Self {
        self.0.catalog = Some(catalog.into());
        self.0.schema = Some(schema.into());
        self
    }
}

/// Builds a [`RelayPolicy`]. What is not named is not allowed.
#[derive(Clone, Debug)]
pub struct RelayPolicyBuilder {
    host: String,
    rules: Rules,
}

impl RelayPolicy {
    /// A policy for a workspace, which allows nothing yet.
    #[must_use]
    pub fn builder(host: impl Into<String>) -> RelayPolicyBuilder {
        RelayPolicyBuilder { host: host.into(), rules: Rules::default() }
    }
}

fn owned<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

macro_rules! names {
    ($($(#[$doc:meta])* $method:ident),* $(,)?) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $method<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
            self.rules.$method.add(owned(names));
            self
        })*
    };
}

macro_rules! switches {
    ($($(#[$doc:meta])* $method:ident => $($field:ident).+),* $(,)?) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $method(mut self) -> Self {
            self.rules.$($field).+ = true;
            self
        })*
    };
}

impl RelayPolicyBuilder {
    names! {
        /// Endpoints that may be asked as chats.
        chat,
        /// Endpoints that may be asked for completions of texts.
        completions,
        /// Endpoints that may be asked for embeddings.
        embeddings,
        /// Agents and models that may be asked by the Responses API, or as a `ChatAgent`.
        responses,
        /// Custom models that may be asked with rows.
        models,
        /// Vector indexes that may be described and searched, by their three-part names.
        indexes,
        /// Functions that may be described, or schemas whose functions may be listed and described.
        functions,
        /// Tables that may be described, or schemas whose tables may be listed and described.
        tables,
        /// Experiments, by id and by name, whose runs and traces may be searched, and with `write_mlflow` begun.
        ///
        /// What is reached by the id of a run or a trace alone is not among it, for nobody can tell its experiment by the id: see
        /// `mlflow_by_id`.
        experiments,
    }

    switches! {
        /// Also takes requests of the relay's own origin.
        same_origin => same_origin,
        /// Lets pages on the named origins send cookies.
        with_credentials => credentials,
        /// Lets everybody use it, without being asked who he is.
        public => public,
        /// Says that an `authorize` hook asks who it is: whoever carries the policy out must call one.
        authorized => authorize,
        /// Lets endpoints be listed.
        list_endpoints => endpoints_list,
        /// Lets serving endpoints be created, changed and deleted: all of them.
        manage_endpoints => endpoints_manage,
        /// Lets vector search endpoints and indexes be listed.
        list_indexes => indexes_list,
        /// Lets rows of the named indexes be written and deleted.
        write_indexes => indexes_write,
        /// Lets indexes be created and deleted: all of them.
        manage_indexes => indexes_manage,
        /// Lets warehouses be listed, and the named ones described.
        list_warehouses => warehouses_list,
        /// Lets the named warehouses be started.
        start_warehouses => warehouses_start,
        /// Lets pages send statements of their own that only read, as `sql_guard` tells: much wider than named statements.
        /// Everything the relay's credential may read, whoever may use the relay may read. A statement waits up to 50 s, is cancelled
        /// then, and gives what fits into one answer; nothing of it is reached by its id, unless `long_running` says so.
        free_reading => reading,
        /// Lets pages send statements of their own of every kind: for your own machine.
        free_writing => writing,
        /// Lets free statements go on after their request, and be looked at and cancelled by their ids. An id is not bound to a user:
        /// whoever knows one reaches the statement, its result, and links to storage that its result may be.
        long_running => long_running,
        /// Lets results of free statements be links to storage, which bear their own right to read. Further parts of a result are
        /// had by its id, which is not bound to a user.
        external_links => external_links,
        /// Lets the named functions be deleted.
        delete_functions => functions_delete,
        /// Lets experiments be created and runs and traces be written.
        write_mlflow => mlflow_write,
        /// Lets runs and traces be reached by their ids although experiments are named: read, and with `write_mlflow` changed, in every
        /// experiment that the relay's credential reaches. `any_experiment` says so by itself.
        mlflow_by_id => mlflow_by_id,
        /// Lets messages name addresses besides `data:` ones, such as those of images: the service calls them, from inside its network.
        urls => urls,
        /// Lets pages have signed links to the storage of traces, by their ids: needs `mlflow_by_id` or `any_experiment`.
        mlflow_storage => mlflow_storage,
    }

    /// Where the relay is mounted; `/api/lakewire` when nothing is said.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.rules.path = path.into();
        self
    }

    /// An origin whose pages may use it, exactly as browsers write it.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.rules.origins.push(origin.into());
        self
    }

    /// The kill switch: a relay that is not enabled refuses everything.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.rules.enabled = enabled;
        self
    }

    /// How much of the workspace's errors a page is told.
    #[must_use]
    pub fn errors(mut self, errors: ErrorDetail) -> Self {
        self.rules.errors = errors;
        self
    }

    /// A header of requests that is passed on to the workspace.
    #[must_use]
    pub fn request_header(mut self, name: impl Into<String>) -> Self {
        self.rules.request_headers.push(name.into());
        self
    }

    /// Further fields that bodies for models may have, such as `context` for agents that trust it.
    #[must_use]
    pub fn fields<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.rules.fields.extend(owned(fields));
        self
    }

    /// The kinds of tools a request may name; `function` and `custom` when nothing is said. Others run at the service.
    #[must_use]
    pub fn tool_types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.rules.tool_types = owned(types);
        self
    }

    /// Endpoints that may be described.
    #[must_use]
    pub fn describe_endpoints<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.rules.endpoints_get.add(owned(names));
        self
    }

    /// Any experiment.
    #[must_use]
    pub fn any_experiment(mut self) -> Self {
        self.rules.experiments = Names::Any;
        self
    }

    /// The columns of an index that may be read; filters may name no other.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, index: impl Into<String>, columns: impl IntoIterator<Item = S>) -> Self {
        self.rules.columns.push((index.into(), owned(columns)));
        self
    }

    /// How many rows a search may give; 100 when nothing is said.
    #[must_use]
    pub fn max_results(mut self, rows: u64) -> Self {
        self.rules.max_results = rows;
        self
    }

    /// A warehouse statements may run on; named ones run on the first.
    #[must_use]
    pub fn warehouse(mut self, id: impl Into<String>) -> Self {
        self.rules.warehouses.push(id.into());
        self
    }

    /// A statement a page may run by its name.
    #[must_use]
    pub fn statement(mut self, statement: NamedStatement) -> Self {
        self.rules.statements.push(statement.0);
        self
    }

    /// How many rows a free statement may give; 10,000 when nothing is said.
    #[must_use]
    pub fn row_limit(mut self, rows: u64) -> Self {
        self.rules.row_limit = rows;
        self
    }

    /// Changes limits.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut RelayLimits)) -> Self {
        change(&mut self.rules.limits);
        self
    }

    /// How many requests a client may send in so many milliseconds, and for how many clients that is counted; 60 in a minute
    /// for 10,000 when nothing is said.
    #[must_use]
    pub fn rate(mut self, requests: u64, per_ms: u64, clients: u64) -> Self {
        let rate = &mut self.rules.limits.rate;
        (rate.requests, rate.per_ms, rate.clients) = (requests, per_ms, clients);
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// `InvalidInput` that names everything that is missing or not safe: no origin, `*`, a host without TLS, nothing allowed,
    /// nobody who says who may use it.
    pub fn build(self) -> Result<RelayPolicy> {
        self.rules.check(&self.host, Vec::new())
    }
}
