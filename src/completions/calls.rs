//! The requests for text as values.

use crate::completions::types::DriverProxyApp;
use crate::error::{Error, ErrorKind, Result};
use crate::serving_endpoints::types::ServingEndpoint;
use crate::wire::answer::{self, Answer};
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Asks a serving endpoint for a whole answer. `body` comes from [`body`](crate::completions::body::body).
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::completions::calls;
/// let call = calls::invoke("dolly", r#"{"dataframe_records":[{"prompt":"Hi"}]}"#.into())?;
/// assert_eq!(call.request().path, "/serving-endpoints/dolly/invocations");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn invoke(endpoint: &str, body: String) -> Result<Call<Json<()>>> {
    Ok(Call::new(invocation(endpoint, body)?, Repeat::Billed, answer::json))
}

/// Asks a serving endpoint for a streamed answer.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// let call = lakewire::completions::calls::stream("gpt", r#"{"prompt":"Hi","stream":true}"#.into())?;
/// assert_eq!(call.request().path, "/serving-endpoints/gpt/invocations");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn stream(endpoint: &str, body: String) -> Result<StreamCall<()>> {
    Ok(StreamCall::new(invocation(endpoint, body)?, Repeat::Billed))
}

fn invocation(endpoint: &str, body: String) -> Result<Request> {
    let path = Path::literal("/serving-endpoints/").segment("endpoint", endpoint)?.then("/invocations").finish();
    Ok(Request::new(Method::Post, path).json(body))
}

/// Asks an app behind the driver proxy. It is never sent twice unless `with_repeat` says so: only
/// the app's author knows what that would do.
///
/// # Errors
/// `InvalidInput` for a cluster id, port, workspace id or path that none can have.
///
/// ```
/// use lakewire::completions::{DriverProxyApp, calls};
/// let call = calls::app(&DriverProxyApp::new("1120-090000-abcd1234", 7777), r#"{"prompt":"Hi"}"#.into())?;
/// assert_eq!(call.request().path, "/driver-proxy-api/o/0/1120-090000-abcd1234/7777");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /driver-proxy-api/o/{org_id}/{cluster_id}/{port}`
pub fn app(app: &DriverProxyApp, body: String) -> Result<Call<Json<()>>> {
    let request = Request::new(Method::Post, app.route()?).json(body);
    Ok(Call::new(request, Repeat::Never, answer::json).explained_by(explain_app))
}

/// Finds what task an endpoint has.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// let call = lakewire::completions::calls::describe("dolly")?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/dolly");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/serving-endpoints/{name}`
pub fn describe(endpoint: &str) -> Result<Call<Json<ServingEndpoint>>> {
    Ok(crate::serving_endpoints::calls::get(endpoint)?.explained_by(explain_lookup))
}

/// Asks for the workspace's id, which answers carry in a header.
///
/// ```
/// let call = lakewire::completions::calls::org_id();
/// assert_eq!(call.request().path, "/api/2.0/preview/scim/v2/Me");
/// ```
/// `GET /api/2.0/preview/scim/v2/Me`
#[must_use]
pub fn org_id() -> Call<String> {
    Call::new(Request::new(Method::Get, "/api/2.0/preview/scim/v2/Me"), Repeat::Safe, read_org_id)
}

fn read_org_id(answer: Answer) -> Result<String> {
    let id = answer.headers.get("x-databricks-org-id").unwrap_or("").trim();
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(id.to_owned());
    }
    Err(Error::new(
        ErrorKind::Decode,
        "The workspace did not say its id in the header X-Databricks-Org-Id; a page may not read that header either. Take the number after `?o=` in the workspace's address.",
    ))
}

fn explain_lookup(error: Error) -> Error {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => {
            error.with_advice("Who may query the endpoint but not look at it gives its `task`, and no look is needed.")
        }
        _ => error,
    }
}

fn explain_app(error: Error) -> Error {
    match (error.kind(), error.status()) {
        (_, Some(502..=504)) => error.with_advice(
            "The app is not reachable: check that the cluster runs, and that the app listens on this port of the driver at 0.0.0.0, not at 127.0.0.1 alone.",
        ),
        (ErrorKind::Decode | ErrorKind::UnexpectedContentType | ErrorKind::EmptyBody, _) => {
            error.with_advice("An app behind the driver proxy must answer with JSON.")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::Headers;

    #[test]
    fn the_workspace_id_is_read_from_its_header() {
        let read = |headers: &[(&str, &str)]| {
            read_org_id(Answer { status: 200, headers: Headers::new(headers.iter().copied()), body: Vec::new() })
        };
        assert_eq!(read(&[("X-Databricks-Org-Id", "1234567890")]).unwrap(), "1234567890");
        for bad in [&[][..], &[("x-databricks-org-id", "../1")], &[("x-databricks-org-id", "")]] {
            assert!(read(bad).unwrap_err().message().contains("?o="));
        }
    }

    #[test]
    fn an_app_is_not_asked_twice() {
        assert_eq!(app(&DriverProxyApp::new("c", 1), "{}".into()).unwrap().repeat(), Repeat::Never);
        assert_eq!(invoke("e", "{}".into()).unwrap().repeat(), Repeat::Billed);
    }
}
