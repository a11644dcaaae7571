//! The requests of MLflow's tracking and registry as values. They have one form: an operation under `/api/2.0/mlflow/`, what
//! is asked with, and what its answer holds.

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::tracking::batch::Part;
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::find::find;
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Where the operations are.
pub const ROOT: &str = "/api/2.0/mlflow/";
/// Where those of Unity Catalog's registry are.
pub const UNITY_CATALOG: &str = "/api/2.0/mlflow/unity-catalog/";
/// Where a server keeps artifacts for those who go through it.
pub const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// Reads: an operation with a query.
///
/// ```
/// use lakewire::mlflow::tracking::{calls, Run};
/// let call = calls::get::<Run>(calls::ROOT, "runs/get", &[("run_id", "a b")]);
/// assert_eq!(call.request().path, "/api/2.0/mlflow/runs/get?run_id=a%20b");
/// ```
#[must_use]
pub fn get<T>(root: &str, operation: &str, query: &[(&str, &str)]) -> Call<Json<T>> {
    let path = query.iter().fold(Path::literal(root).then(operation), |path, (name, value)| path.query(name, value));
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json).explained_by(explain)
}

/// Changes or searches: an operation with a body.
///
/// # Errors
/// `InvalidInput` when the body cannot be written as JSON.
///
/// ```
/// use lakewire::{mlflow::tracking::calls, wire::{call::Repeat, request::Method}};
/// let body = serde_json::json!({"run_id": "r"});
/// let call = calls::send::<()>(Method::Post, calls::ROOT, "runs/delete", &body, Repeat::Never)?;
/// assert_eq!(call.request().body_text(), r#"{"run_id":"r"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn send<T>(
    method: Method,
    root: &str,
    operation: &str,
    body: &impl Serialize,
    repeat: Repeat,
) -> Result<Call<Json<T>>> {
    let body = serde_json::to_string(body).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
    })?;
    let request = Request::new(method, [root, operation].concat()).json(body);
    Ok(Call::new(request, repeat, answer::json).explained_by(explain))
}

/// One request of a batch. The same request twice changes nothing: MLflow keeps one of two equal metrics.
///
/// `POST /api/2.0/mlflow/runs/log-batch`
#[must_use]
pub fn log_batch(part: &Part) -> Call<()> {
    let request = Request::new(Method::Post, [ROOT, "runs/log-batch"].concat()).json(part.body.clone());
    Call::new(request, Repeat::Safe, answer::nothing).explained_by(explain)
}

/// Sends a file through the server; `path` is encoded, see [`encoded`](crate::mlflow::tracking::place::encoded).
///
/// `PUT /api/2.0/mlflow-artifacts/artifacts/{path}`
#[must_use]
pub fn put_artifact(path: &str, content_type: &str, bytes: std::sync::Arc<[u8]>) -> Call<()> {
    let mut request = Request::new(Method::Put, [ARTIFACTS, "/", path].concat()).header("content-type", content_type);
    request.body = Some(bytes);
    Call::new(request, Repeat::Safe, answer::nothing).explained_by(explain)
}

/// Reads a file through the server; `path` is encoded.
///
/// `GET /api/2.0/mlflow-artifacts/artifacts/{path}`
#[must_use]
pub fn get_artifact(path: &str) -> Call<Vec<u8>> {
    let request = Request::new(Method::Get, [ARTIFACTS, "/", path].concat());
    Call::new(request, Repeat::Safe, answer::bytes).explained_by(explain)
}

/// Deletes a file or folder through the server; `path` is encoded.
///
/// `DELETE /api/2.0/mlflow-artifacts/artifacts/{path}`
#[must_use]
pub fn delete_artifact(path: &str) -> Call<()> {
    let request = Request::new(Method::Delete, [ARTIFACTS, "/", path].concat());
    Call::new(request, Repeat::Never, answer::nothing).explained_by(explain)
}

/// What MLflow's refusals mean beyond their status.
pub(crate) fn explain(error: Error) -> Error {
    let said = |text: &str| find(error.message(), text).is_some();
    match error.status() {
        // a page in place of an error: no route of MLflow's is there
        Some(404) if error.error_code().is_none() => error.with_advice(
            "No such route of MLflow answers there: check that the host is the root address of an MLflow tracking server, new enough for this call, or a workspace.",
        ),
        // the one missing thing that is told as a bad request
        Some(400) if said("alias") && said("not found") => Error::new(ErrorKind::NotFound, error.message())
            .with_status(400)
            .with_error_code(error.error_code().map(str::to_owned))
            .with_request_id(error.request_id().map(str::to_owned))
            .with_attempts(error.attempts()),
        Some(403) if said("Cross-origin request blocked") => {
            error.with_advice("Start the MLflow server with --cors-allowed-origins and the origin of this page.")
        }
        _ => error,
    }
}
