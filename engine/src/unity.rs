//! Unity Catalog's REST face over the same metastore.

use std::sync::Arc;

use axum::Router;

use crate::engine::Engine;

/// The routes under `/api/2.1/unity-catalog`.
pub(crate) fn routes() -> Router<Arc<Engine>> {
    Router::new()
}
