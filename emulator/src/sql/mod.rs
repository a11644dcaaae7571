//! SQL statements, their results, and the warehouses that run them (wire: sql-statements).
//!
//! The SQL itself is run by `lakewire-engine`, a program of its own that `--engine` names; here is what the service does around it:
//! states, waiting, chunks, signed links and refusals.

mod answer;
mod engine;
mod handlers;
mod links;
mod request;
mod statement;
mod storage;
mod warehouses;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::response::Response;
use http::StatusCode;

use crate::errors::ApiError;
use crate::state::{Config, Emulator};

pub use engine::Engine;
pub use links::Signer;
pub use statement::{Phase, Statement, Store};
pub use storage::{PREFIX as STORAGE, any_origin, refused as storage_refused};
pub use warehouses::Warehouse;

/// What the paths of the statement API begin with.
pub const STATEMENTS: &str = "/api/2.0/sql/statements";

/// What the emulator holds of SQL.
#[derive(Debug)]
pub struct Sql {
    engine: Option<Engine>,
    signer: Signer,
    store: Mutex<Store>,
}

impl Sql {
    /// Nothing submitted yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let engine = config.engine.clone().map(Engine::new);
        Self { engine, signer: Signer::fresh(), store: Mutex::default() }
    }

    /// The engine, if the emulator was started with one.
    ///
    /// # Errors
    /// 501 with a sentence that says how to start it. Not 503: clients would try again for minutes.
    pub fn engine(&self) -> Result<&Engine, ApiError> {
        self.engine.as_ref().ok_or_else(|| ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", NO_ENGINE))
    }

    /// What signs the links to results.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statement of that id.
    ///
    /// # Errors
    /// 404.
    pub fn statement(&self, id: &str) -> Result<Arc<Statement>, ApiError> {
        self.store().get(id).ok_or_else(|| statement::missing(id))
    }
}

/// What is said without an engine.
pub const NO_ENGINE: &str = "This emulator was started without a SQL engine. Start one with `cargo run --manifest-path \
    engine/Cargo.toml -- --port 8790`, and the emulator with `--engine http://127.0.0.1:8790`.";

/// The routes of statements, warehouses and the storage.
pub fn routes() -> Router<Emulator> {
    handlers::routes().merge(warehouses::routes()).merge(storage::routes())
}

/// An answer, or the refusal as one.
fn answered(answer: Result<Response, ApiError>) -> Response {
    answer.unwrap_or_else(axum::response::IntoResponse::into_response)
}
