//! What one running emulator holds: its configuration, the endpoints, the scripted faults and the history.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::errors::ApiError;
use crate::faults::FaultScript;
use crate::history::History;
use crate::ids;
use crate::loopback::Loopback;
use crate::serving_endpoints::Endpoint;
use crate::upstream::Upstream;
use crate::workspace::{Folder, Workspace};
use crate::{genie, hugging_face, mcp, mlflow, oauth, sql, vector_search};

/// How to run: see [`crate::cli::HELP`] for what each field means on the command line.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to bind.
    pub host: IpAddr,
    /// Port to bind; 0 picks a free one.
    pub port: u16,
    /// Whether `host` may be an address other machines can reach, and any `Host` header is accepted.
    pub allow_remote: bool,
    /// The personal access tokens that are accepted.
    pub tokens: Vec<String>,
    /// A real model to pass chat to.
    pub upstream: Option<Upstream>,
    /// Seed of everything random.
    pub seed: u64,
    /// Pause between streamed tokens, in milliseconds.
    pub token_delay_ms: u64,
    /// How long a created or changed endpoint takes to be ready, in milliseconds.
    pub endpoint_delay_ms: u64,
    /// How long OAuth tokens live, in seconds.
    pub token_ttl_s: u64,
    /// Status of an answer to a token whose time is over: 403, or 401.
    pub expired_token_status: u16,
    /// Where endpoints, secrets, permissions and warehouses are kept; `None` forgets them at the end.
    pub data: Option<PathBuf>,
    /// Custom-model endpoints answered by a real scoring server: endpoint name and server.
    pub custom: Vec<(String, Loopback)>,
    /// The SQL engine that runs statements and has Unity Catalog.
    pub engine: Option<Loopback>,
    /// A real MLflow server that answers in the emulator's place.
    pub mlflow: Option<Loopback>,
    /// Whether MLflow's paths are a self-hosted server's, not a workspace's.
    pub mlflow_server: bool,
    /// How long links to results and artifacts live, in seconds.
    pub link_ttl_s: u64,
    /// The (cluster, port) pairs the driver proxy forwards to.
    pub driver_proxy: Vec<(String, u16)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8787,
            allow_remote: false,
            tokens: vec!["dapi-emulator".to_owned()],
            upstream: None,
            seed: 0,
            token_delay_ms: 15,
            endpoint_delay_ms: 3000,
            token_ttl_s: 3600,
            expired_token_status: 403,
            data: None,
            custom: Vec::new(),
            engine: None,
            mlflow: None,
            mlflow_server: false,
            link_ttl_s: 900,
            driver_proxy: Vec::new(),
        }
    }
}

/// One running emulator; clones share it.
#[derive(Debug, Clone)]
pub struct Emulator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    workspace: Mutex<Kept>,
    faults: Mutex<FaultScript>,
    history: Mutex<History>,
    oauth: Mutex<oauth::Store>,
    hub: Mutex<hugging_face::Hub>,
    sql: sql::Sql,
    vectors: Mutex<vector_search::Store>,
    mcp: Mutex<mcp::Sessions>,
    genie: Mutex<genie::Store>,
    mlflow: Mutex<mlflow::Store>,
    requests: AtomicU64,
    started: Instant,
}

/// The workspace and where it is kept.
#[derive(Debug)]
struct Kept {
    workspace: Workspace,
    folder: Option<Folder>,
}

/// A lock that survives a panic elsewhere: the data behind it is only ever replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time of day in milliseconds since 1970: when endpoints and secrets were changed, and when a deployment ends.
#[must_use]
// The emulator's own clock, as in `Emulator::new`.
#[allow(clippy::disallowed_methods)]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Emulator {
    /// A workspace with the seeded endpoints and what the folder of `--data` holds.
    ///
    /// # Errors
    /// A sentence saying why that folder cannot be used.
    // The emulator's own clock: the ban on `Instant::now` keeps the SDK's core pure, and this crate is not part of it.
    #[allow(clippy::disallowed_methods)]
    pub fn new(config: Config) -> Result<Self, String> {
        let mut seeds = crate::serving_endpoints::seeded(config.upstream.is_some());
        for (name, _) in &config.custom {
            seeds.retain(|seed| seed.name != *name);
            seeds.push(crate::serving_endpoints::seeded::custom(name));
        }
        let (folder, workspace) = match &config.data {
            None => (None, Workspace::fresh(seeds)),
            Some(path) => {
                let (folder, workspace) = Folder::open(path, seeds)?;
                (Some(folder), workspace)
            }
        };
        let vectors = vector_search::Store::open(config.data.as_deref())?;
        let workspace = Mutex::new(Kept { workspace, folder });
        let sql = sql::Sql::new(&config);
        let mlflow = Mutex::new(mlflow::Store::new(config.seed, config.mlflow_server, now_ms()));
        Ok(Self(Arc::new(Inner {
            config,
            workspace,
            faults: Mutex::default(),
            history: Mutex::default(),
            oauth: Mutex::default(),
            hub: Mutex::default(),
            sql,
            vectors: Mutex::new(vectors),
            mcp: Mutex::default(),
            genie: Mutex::default(),
            mlflow,
            requests: AtomicU64::new(0),
            started: Instant::now(),
        })))
    }

    /// The configuration it was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Every serving endpoint as it is now, in listing order.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        self.read(|workspace| workspace.endpoints.clone())
    }

    /// The endpoint of that name as it is now.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.read(|workspace| workspace.endpoint(name).cloned())
    }

    /// Looks at the workspace as it is now.
    pub fn read<T>(&self, look: impl FnOnce(&Workspace) -> T) -> T {
        let mut kept = lock(&self.0.workspace);
        kept.workspace.settle(now_ms());
        look(&kept.workspace)
    }

    /// Changes the workspace and keeps it; a change that is refused or cannot be kept changes nothing.
    ///
    /// # Errors
    /// What `change` refuses, or 500 if the folder of `--data` cannot be written.
    pub fn edit<T>(&self, change: impl FnOnce(&mut Workspace) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut kept = lock(&self.0.workspace);
        let mut next = kept.workspace.clone();
        next.settle(now_ms());
        let answer = change(&mut next)?;
        if let Some(folder) = &mut kept.folder {
            folder.save(&next).map_err(|sentence| {
                ApiError::new(http::StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", sentence)
            })?;
        }
        kept.workspace = next;
        Ok(answer)
    }

    /// The scripted faults.
    pub fn faults(&self) -> MutexGuard<'_, FaultScript> {
        lock(&self.0.faults)
    }

    /// The history of operations.
    pub fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.0.history)
    }

    /// The tokens that were given.
    pub fn oauth(&self) -> MutexGuard<'_, oauth::Store> {
        lock(&self.0.oauth)
    }

    /// What was set for the Hugging Face surface.
    pub fn hub(&self) -> MutexGuard<'_, hugging_face::Hub> {
        lock(&self.0.hub)
    }

    /// The SQL statements and the engine that runs them.
    #[must_use]
    pub fn sql(&self) -> &sql::Sql {
        &self.0.sql
    }

    /// What there is of vector search.
    pub fn vectors(&self) -> MutexGuard<'_, vector_search::Store> {
        lock(&self.0.vectors)
    }

    /// The sessions of the MCP servers.
    pub fn mcp(&self) -> MutexGuard<'_, mcp::Sessions> {
        lock(&self.0.mcp)
    }

    /// The conversations of Genie spaces.
    pub fn genie(&self) -> MutexGuard<'_, genie::Store> {
        lock(&self.0.genie)
    }

    /// What there is of MLflow.
    pub fn mlflow(&self) -> MutexGuard<'_, mlflow::Store> {
        lock(&self.0.mlflow)
    }

    /// Milliseconds since this emulator started.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A new request id, unique within this run and decided by the seed.
    #[must_use]
    pub fn next_request_id(&self) -> String {
        let count = self.0.requests.fetch_add(1, Ordering::Relaxed);
        ids::uuid(ids::hash(self.0.config.seed, &[b"request", &count.to_le_bytes()]))
    }

    /// Whether this text holds an accepted or issued token, or a secret that buys one.
    #[must_use]
    pub fn holds_secret(&self, text: &str) -> bool {
        self.0.config.tokens.iter().any(|token| !token.is_empty() && text.contains(token.as_str()))
            || text.contains(hugging_face::KEY)
            || self.oauth().holds_secret(text)
    }
}
