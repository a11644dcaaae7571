//! The requests on serving endpoints as values.

use crate::error::Result;
use crate::serving_endpoints::types::{ServingEndpoint, ServingEndpointList};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Lists the serving endpoints the caller may see.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::list();
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints");
/// ```
/// `GET /api/2.0/serving-endpoints`
#[must_use]
pub fn list() -> Call<Json<ServingEndpointList>> {
    Call::new(Request::new(Method::Get, "/api/2.0/serving-endpoints"), Repeat::Safe, answer::json)
}

/// Describes one serving endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::get("chat")?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/chat");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/serving-endpoints/{name}`
pub fn get(name: &str) -> Result<Call<Json<ServingEndpoint>>> {
    let path = Path::literal("/api/2.0/serving-endpoints/").segment("endpoint", name)?.finish();
    Ok(Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json))
}
