//! Artifacts of runs: their list, and in a workspace the links to move them by (wire: mlflow-tracking §4 and §6).

use http::StatusCode;
use serde_json::{Value, json};

use super::fields::Fields;
use super::store::Store;
use super::{Answer, Asked, Kind, invalid, paging, runs, signed};
use crate::errors::ApiError;

/// Most paths of one call for links.
const MAX_PATHS: usize = 2000;
/// Paths of one page of links.
const PAGE: usize = 1000;

/// The calls below `artifacts/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, call: &str) -> Option<Answer> {
    Some(match (asked.method.as_str(), call, asked.kind) {
        ("GET", "list", _) => list(asked, store),
        ("POST", "credentials-for-write", Kind::Workspace) => credentials(asked, store, true),
        ("POST", "credentials-for-read", Kind::Workspace) => credentials(asked, store, false),
        ("POST", "presigned-upload-url", Kind::Server) => presigned(asked, store),
        _ => return None,
    })
}

/// Refuses a path that leads out of its folder.
pub(super) fn check_path(path: &str) -> Result<(), ApiError> {
    let bad = path.starts_with('/') || path.contains(['\\', '\0']) || path.split('/').any(|part| part == "..");
    if bad { Err(invalid("Invalid path")) } else { Ok(()) }
}

/// The files right below `folder`, with `before` in front of their names.
pub(super) fn files(store: &Store, folder: &str, before: &str) -> Vec<Value> {
    let shown = |(name, size): (String, Option<usize>)| {
        let path = if before.is_empty() { name } else { format!("{before}/{name}") };
        match size {
            None => json!({ "path": path, "is_dir": true }),
            // an empty file has no size, as in all of protobuf's JSON
            Some(0) => json!({ "path": path, "is_dir": false }),
            Some(size) => json!({ "path": path, "is_dir": false, "file_size": size }),
        }
    };
    store.list(folder).into_iter().map(shown).collect()
}

fn list(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let run = store.run(fields.run_id()?)?;
    let path = fields.text("path")?.unwrap_or_default().trim_end_matches('/');
    check_path(path)?;
    let root = runs::folder(run);
    let folder = if path.is_empty() { root.clone() } else { format!("{root}/{path}") };
    let files = files(store, &folder, path);
    let size = asked.fault.page_rows.unwrap_or(usize::MAX);
    let mut answer = paging::page(asked, "files", files, (paging::offset(&fields)?, size));
    crate::json::set(&mut answer, "root_uri", store.uri(&root));
    Ok(answer)
}

fn credentials(asked: &Asked, store: &Store, write: bool) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    let run = store.run(id)?;
    // one path may come as a text
    let paths = match fields.get("path") {
        Some(Value::String(path)) => vec![path.clone()],
        _ => fields.texts("path")?,
    };
    if paths.is_empty() {
        return Err(super::fields::missing("path"));
    }
    if paths.len() > MAX_PATHS {
        return Err(invalid(format!("At most {MAX_PATHS} paths can be asked for at once. Got {}.", paths.len())));
    }
    let root = runs::folder(run);
    let mut infos = Vec::new();
    for path in &paths {
        check_path(path)?;
        let mut info = signed::credential(asked, &format!("{root}/{path}"), write);
        crate::json::set(&mut info, "run_id", id);
        crate::json::set(&mut info, "path", path.as_str());
        infos.push(info);
    }
    let size = asked.fault.page_rows.unwrap_or(PAGE);
    Ok(paging::page(asked, "credential_infos", infos, (paging::offset(&fields)?, size)))
}

fn presigned(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    store.run(fields.run_id()?)?;
    fields.required("path")?;
    Err(invalid(
        "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). This endpoint \
         requires a direct cloud storage artifact URI.",
    ))
}

/// 501 of what needs a store of a cloud.
pub(super) fn no_multipart() -> ApiError {
    let message = "Multipart upload is not supported for the current artifact repository";
    ApiError::raw(StatusCode::NOT_IMPLEMENTED, json!({ "error_code": "NOT_IMPLEMENTED", "message": message }))
}
