//! Artifacts through a self-hosted server (wire: mlflow-tracking §5).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::artifacts::{check_path, files, no_multipart};
use super::store::Store;
use super::{Asked, absent, decoded};
use crate::errors::{ApiError, json_response};

type Served = Result<Response, ApiError>;

/// The calls below `/api/2.0/mlflow-artifacts/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, rest: &str) -> Option<Served> {
    if rest.starts_with("mpu/") && asked.method == http::Method::POST {
        return Some(Ok(no_multipart().into_response()));
    }
    if rest == "artifacts" {
        return (asked.method == http::Method::GET).then(|| list(asked, store));
    }
    let path = decoded(rest.strip_prefix("artifacts/")?);
    if let Err(refusal) = check_path(&path) {
        return Some(Err(refusal));
    }
    Some(match asked.method.as_str() {
        "PUT" => put(asked, store, &path),
        "GET" => get(store, &path),
        "DELETE" => {
            store.remove_files(&path);
            Ok(json_response(StatusCode::OK, &json!({})))
        }
        _ => return None,
    })
}

fn list(asked: &Asked, store: &Store) -> Served {
    let path = asked.parameter("path").unwrap_or_default().trim_end_matches('/');
    check_path(path)?;
    let files = files(store, path, "");
    let body = if files.is_empty() { json!({}) } else { json!({ "files": files }) };
    Ok(json_response(StatusCode::OK, &body))
}

fn put(asked: &Asked, store: &mut Store, path: &str) -> Served {
    store.put_file(path, asked.body.clone())?;
    Ok(Response::default())
}

fn get(store: &Store, path: &str) -> Served {
    let Some(bytes) = store.files.get(path) else {
        if !store.list(path).is_empty() {
            let detail = format!("Artifact path refers to a directory, not a file: '{path}'");
            return Err(ApiError::raw(StatusCode::BAD_REQUEST, json!({ "detail": detail })));
        }
        return Err(absent(format!("No such artifact: '{path}'")));
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let disposition = match (plain, name.is_ascii() && !name.contains('"')) {
        (true, _) => format!("attachment; filename={name}"),
        (_, true) => format!("attachment; filename=\"{name}\""),
        _ => "attachment".to_owned(),
    };
    let mut response = Response::new(bytes.clone().into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// What a file is by its name: what people write is plain text.
fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "txt" | "log" | "json" | "yaml" | "yml" | "md" | "py" | "js" | "csv" | "xml" | "cfg" | "conf" | "toml"
        | "tsv" => "text/plain",
        "html" | "htm" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
