//! What is asked of indexes: to be listed, shown, deleted and synced (wire: vector-search §2); the rest goes to its own files.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::index::{Index, Progress};
use super::{Asked, Reply, create, paging, query, rows, sync, text};
use crate::errors::ApiError;
use crate::state::{Emulator, now_ms};

pub(super) fn missing(name: &str) -> ApiError {
    let message = format!("Index {name} does not exist.");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

pub(super) fn bad(sentence: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", sentence)
}

/// Answers a request below `/indexes`, of one endpoint or of all; `rest` is what of the path comes after it.
pub(super) async fn answer(asked: &Asked, endpoint: Option<&str>, rest: &[&str]) -> Result<Reply, ApiError> {
    let [name, verb @ ..] = rest else {
        return match asked.method {
            Method::GET => list(asked, endpoint),
            Method::POST => create::answer(asked, endpoint).await.map(Reply::Json),
            _ => Ok(Reply::NoRoute),
        };
    };
    let get_or_post = matches!(asked.method, Method::GET | Method::POST);
    let index = of(&asked.emulator, endpoint, name)?;
    match (&asked.method, verb) {
        (&Method::GET, []) => {
            sync::follow(&asked.emulator, &index);
            Ok(Reply::Json(shown(asked, &index)))
        }
        (&Method::DELETE, []) => {
            asked.emulator.vectors().remove_index(name)?;
            Ok(Reply::Json(json!({})))
        }
        (&Method::POST, ["sync"]) => start_sync(asked, &index),
        (_, ["query"]) if get_or_post => {
            let body = asked.object()?;
            sync::follow(&asked.emulator, &index);
            query::answer(&asked.emulator, &index, &body, &asked.vector_fault()).await.map(Reply::Json)
        }
        (_, ["query-next-page"]) if get_or_post => {
            let body = asked.object()?;
            let token = text(&body, "page_token")?;
            let (rows, next) = paging::next(&asked.emulator, name, token, &asked.vector_fault())?;
            Ok(Reply::Json(json!({
                "result": { "row_count": rows.len(), "data_array": rows },
                "next_page_token": next,
            })))
        }
        (_, ["scan"]) if get_or_post => rows::scan(asked, &index).map(Reply::Json),
        (&Method::POST, ["upsert-data"]) => rows::upsert(asked, &index).await.map(Reply::Json),
        (&Method::DELETE, ["delete-data"]) => rows::delete(asked, &index).map(Reply::Json),
        _ => Ok(Reply::NoRoute),
    }
}

fn of(emulator: &Emulator, endpoint: Option<&str>, name: &str) -> Result<Arc<Index>, ApiError> {
    let found = emulator.vectors().index(name);
    found.filter(|index| endpoint.is_none_or(|endpoint| index.endpoint == endpoint)).ok_or_else(|| missing(name))
}

/// The index as `GET` shows it.
pub(super) fn shown(asked: &Asked, index: &Index) -> Value {
    let store = asked.emulator.vectors();
    let id = store.endpoint(&index.endpoint).map(|endpoint| endpoint.id.clone()).unwrap_or_default();
    index.shown(&id, &asked.base, now_ms())
}

fn list(asked: &Asked, endpoint: Option<&str>) -> Result<Reply, ApiError> {
    let endpoint = endpoint.or_else(|| asked.parameter("endpoint_name"));
    let endpoint = endpoint.ok_or_else(|| crate::json::invalid("Missing required field: endpoint_name"))?;
    let listed: Vec<Value> = {
        let store = asked.emulator.vectors();
        if store.endpoint(endpoint).is_none() {
            return Err(super::endpoints::missing(endpoint));
        }
        store.indexes().filter(|index| index.endpoint == endpoint).map(|index| index.short()).collect()
    };
    paging::list(asked, "vector_indexes", listed).map(Reply::Json)
}

fn start_sync(asked: &Asked, index: &Index) -> Result<Reply, ApiError> {
    let Some(origin) = &index.origin else {
        return Err(bad(format!("Index {} is a Direct Access index: there is nothing to sync it with.", index.name)));
    };
    if origin.continuous {
        return Err(bad(format!("Index {} follows its table by itself: its pipeline is CONTINUOUS.", index.name)));
    }
    match origin.progress {
        // a sync that runs already is the one that was asked for
        Progress::First | Progress::Again => {}
        Progress::Synced { .. } | Progress::Failed { .. } => sync::start(&asked.emulator, index)?,
    }
    Ok(Reply::Json(json!({})))
}

/// Refuses what needs a ready index.
pub(super) fn check_ready(index: &Index) -> Result<(), ApiError> {
    let now = now_ms();
    if index.ready(now) {
        return Ok(());
    }
    Err(bad(format!("Index {} is not ready: its state is {}.", index.name, index.detailed_state(now))))
}
