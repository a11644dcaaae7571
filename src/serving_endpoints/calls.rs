//! The requests on serving endpoints as values.
//!
//! Bodies are JSON text, checked by [`check`] before anything is sent. Nothing that changes an
//! endpoint is repeated after a failure that leaves its fate open.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::serving_endpoints::check;
use crate::serving_endpoints::types::{
    AiGatewayConfig, EndpointNotifications, EndpointPermissionLevels, EndpointPermissions, EndpointTags,
    ModelOptimizationInfo, RateLimits, ServedModelLogs, ServingEndpoint, ServingEndpointList,
};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::json::{Json, Raw, push_string};
use crate::wire::request::{Method, Path, Request};

const ROOT: &str = "/api/2.0/serving-endpoints";

/// Lists the serving endpoints the caller may see.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::list();
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints");
/// ```
/// `GET /api/2.0/serving-endpoints`
#[must_use]
pub fn list() -> Call<Json<ServingEndpointList>> {
    Call::new(Request::new(Method::Get, ROOT), Repeat::Safe, answer::json)
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
    Ok(read(at(name)?.finish()))
}

/// Creates an endpoint. It answers at once; the endpoint gets ready later.
///
/// # Errors
/// `InvalidInput`, see [`check::create`].
///
/// ```
/// let call = lakewire::serving_endpoints::calls::create(r#"{"name":"draft"}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/serving-endpoints`
pub fn create(body: String) -> Result<Call<Json<ServingEndpoint>>> {
    let secrets = check::create(&body)?;
    Ok(change(Method::Post, ROOT.to_owned(), body, secrets))
}

/// Changes what an endpoint serves; what serves now goes on until the update has succeeded.
///
/// # Errors
/// `InvalidInput`, see [`check::config`].
///
/// ```
/// use lakewire::serving_endpoints::calls;
/// let call = calls::update_config("chat", r#"{"served_entities":[{"entity_name":"c.s.m","entity_version":"2"}]}"#.into())?;
/// assert_eq!(format!("{:?}", call.request()).split(' ').take(2).collect::<Vec<_>>(), ["PUT", "/api/2.0/serving-endpoints/chat/config"]);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PUT /api/2.0/serving-endpoints/{name}/config`
pub fn update_config(name: &str, body: String) -> Result<Call<Json<ServingEndpoint>>> {
    let secrets = check::config(&body)?;
    Ok(change(Method::Put, at(name)?.then("/config").finish(), body, secrets))
}

/// Replaces what the AI Gateway in front of an endpoint does; `{}` clears it.
///
/// # Errors
/// `InvalidInput`, see [`check::ai_gateway`].
///
/// ```
/// let call = lakewire::serving_endpoints::calls::update_ai_gateway("chat", "{}".into())?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/chat/ai-gateway");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PUT /api/2.0/serving-endpoints/{name}/ai-gateway`
pub fn update_ai_gateway(name: &str, body: String) -> Result<Call<Json<AiGatewayConfig>>> {
    check::ai_gateway(&body)?;
    Ok(change(Method::Put, at(name)?.then("/ai-gateway").finish(), body, Vec::new()))
}

/// Replaces the older rate limits of an endpoint; newer ones are set by [`update_ai_gateway`].
///
/// # Errors
/// `InvalidInput`, see [`check::rate_limits`].
///
/// ```
/// use lakewire::serving_endpoints::calls;
/// let call = calls::update_rate_limits("chat", r#"{"rate_limits":[{"calls":10,"renewal_period":"minute"}]}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/chat/rate-limits");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PUT /api/2.0/serving-endpoints/{name}/rate-limits`
pub fn update_rate_limits(name: &str, body: String) -> Result<Call<Json<RateLimits>>> {
    check::rate_limits(&body)?;
    Ok(change(Method::Put, at(name)?.then("/rate-limits").finish(), body, Vec::new()))
}

/// Sets and takes away labels. Older servers answer with the bare list of labels, which is read alike.
///
/// # Errors
/// `InvalidInput`, see [`check::update_tags`].
///
/// ```
/// use lakewire::serving_endpoints::calls;
/// let call = calls::update_tags("chat", r#"{"add_tags":[{"key":"team","value":"web"}]}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/chat/tags");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PATCH /api/2.0/serving-endpoints/{name}/tags`
pub fn update_tags(name: &str, body: String) -> Result<Call<Json<EndpointTags>>> {
    check::update_tags(&body)?;
    let request = Request::new(Method::Patch, at(name)?.then("/tags").finish()).json(body);
    Ok(Call::new(request, Repeat::Never, |got| {
        let json: Json<EndpointTags> = answer::json(got)?;
        if !json.root().is_array() {
            return Ok(json);
        }
        Ok(Json::from_checked(["{\"tags\":", json.as_str(), "}"].concat()))
    }))
}

/// Sets who is told when an update ends.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::serving_endpoints::calls;
/// let call = calls::update_notifications("chat", r#"{"email_notifications":{"on_update_failure":["ann@example.com"]}}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/serving-endpoints/chat/notifications");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PATCH /api/2.0/serving-endpoints/{name}/notifications`
pub fn update_notifications(name: &str, body: String) -> Result<Call<Json<EndpointNotifications>>> {
    Ok(change(Method::Patch, at(name)?.then("/notifications").finish(), body, Vec::new()))
}

/// Sets what telemetry of the served models goes where.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `PATCH /api/2.0/serving-endpoints/{name}/telemetry-config`
pub fn update_telemetry(name: &str, body: String) -> Result<Call<Json<ServingEndpoint>>> {
    Ok(change(Method::Patch, at(name)?.then("/telemetry-config").finish(), body, Vec::new()))
}

/// Deletes an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::delete("chat")?;
/// assert_eq!(call.request().method.as_str(), "DELETE");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE /api/2.0/serving-endpoints/{name}`
pub fn delete(name: &str) -> Result<Call<()>> {
    Ok(Call::new(Request::new(Method::Delete, at(name)?.finish()), Repeat::Never, answer::nothing))
}

/// Creates an endpoint with provisioned throughput.
///
/// # Errors
/// `InvalidInput`, see [`check::provisioned`].
///
/// `POST /api/2.0/serving-endpoints/pt`
pub fn create_provisioned_throughput(body: String) -> Result<Call<Json<ServingEndpoint>>> {
    let secrets = check::provisioned(&body, true)?;
    Ok(change(Method::Post, [ROOT, "/pt"].concat(), body, secrets))
}

/// Changes what an endpoint with provisioned throughput serves. Here the configuration stands under `config`.
///
/// # Errors
/// `InvalidInput`, see [`check::provisioned`].
///
/// `PUT /api/2.0/serving-endpoints/pt/{name}/config`
pub fn update_provisioned_throughput(name: &str, body: String) -> Result<Call<Json<ServingEndpoint>>> {
    let secrets = check::provisioned(&body, false)?;
    let path = Path::literal(ROOT).then("/pt/").segment("endpoint", name)?.then("/config").finish();
    Ok(change(Method::Put, path, body, secrets))
}

/// Says whether a model can be served with provisioned throughput, and in which steps.
///
/// # Errors
/// `InvalidInput` when no model can have this name.
///
/// `GET /api/2.0/serving-endpoints/get-model-optimization-info/{model}/{version}`
pub fn optimization_info(model: &str, version: &str) -> Result<Call<Json<ModelOptimizationInfo>>> {
    let path = Path::literal(ROOT).then("/get-model-optimization-info/").segment("model", model)?;
    Ok(read(path.then("/").segment("version", version)?.finish()))
}

/// The OpenAPI description of an endpoint, as the service wrote it.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `GET /api/2.0/serving-endpoints/{name}/openapi`
pub fn open_api(name: &str) -> Result<Call<Json<Value>>> {
    Ok(read(at(name)?.then("/openapi").finish()))
}

/// The metrics of an endpoint as Prometheus text.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `GET /api/2.0/serving-endpoints/{name}/metrics`
pub fn metrics(name: &str) -> Result<Call<String>> {
    Ok(Call::new(Request::new(Method::Get, at(name)?.then("/metrics").finish()), Repeat::Safe, answer::text))
}

/// The log of how a served entity was built.
///
/// # Errors
/// `InvalidInput` when no endpoint or entity can have this name.
///
/// `GET /api/2.0/serving-endpoints/{name}/served-models/{entity}/build-logs`
pub fn build_logs(name: &str, entity: &str) -> Result<Call<Json<ServedModelLogs>>> {
    Ok(read(at(name)?.then("/served-models/").segment("served entity", entity)?.then("/build-logs").finish()))
}

/// The latest log of a served entity.
///
/// # Errors
/// `InvalidInput` when no endpoint or entity can have this name.
///
/// `GET /api/2.0/serving-endpoints/{name}/served-models/{entity}/logs`
pub fn logs(name: &str, entity: &str) -> Result<Call<Json<ServedModelLogs>>> {
    Ok(read(at(name)?.then("/served-models/").segment("served entity", entity)?.then("/logs").finish()))
}

/// Who may do what with an endpoint. Permissions stand on the endpoint's id, not its name.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this id.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::permissions("9f0c")?;
/// assert_eq!(call.request().path, "/api/2.0/permissions/serving-endpoints/9f0c");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/permissions/serving-endpoints/{endpoint_id}`
pub fn permissions(id: &str) -> Result<Call<Json<EndpointPermissions>>> {
    Ok(read(permissions_at(id)?.finish()))
}

/// Replaces who may do what with an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this id.
///
/// `PUT /api/2.0/permissions/serving-endpoints/{endpoint_id}`
pub fn set_permissions(id: &str, body: String) -> Result<Call<Json<EndpointPermissions>>> {
    Ok(change(Method::Put, permissions_at(id)?.finish(), body, Vec::new()))
}

/// Adds to who may do what with an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this id.
///
/// `PATCH /api/2.0/permissions/serving-endpoints/{endpoint_id}`
pub fn update_permissions(id: &str, body: String) -> Result<Call<Json<EndpointPermissions>>> {
    Ok(change(Method::Patch, permissions_at(id)?.finish(), body, Vec::new()))
}

/// The permissions there are for an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this id.
///
/// `GET /api/2.0/permissions/serving-endpoints/{endpoint_id}/permissionLevels`
pub fn permission_levels(id: &str) -> Result<Call<Json<EndpointPermissionLevels>>> {
    Ok(read(permissions_at(id)?.then("/permissionLevels").finish()))
}

/// Asks an endpoint of any task; body and answer are whatever it speaks.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name, or the body is not JSON.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::query("iris", r#"{"dataframe_records":[{"x":1}]}"#.into())?;
/// assert_eq!(call.request().path, "/serving-endpoints/iris/invocations");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{name}/invocations`
pub fn query(name: &str, body: String) -> Result<Call<Json<Value>>> {
    if Raw::parse(&body).is_err() {
        return Err(Error::new(ErrorKind::InvalidInput, "The body is not valid JSON."));
    }
    Ok(Call::new(Request::new(Method::Post, invocations(name)?).json(body), Repeat::Billed, answer::json))
}

/// Asks an endpoint for a streamed answer: [`query`] with `stream` on.
///
/// # Errors
/// As [`query`]; also when the body is no object, or says `stream` is something else than true.
///
/// ```
/// let call = lakewire::serving_endpoints::calls::query_stream("chat", r#"{"messages":[]}"#.into())?;
/// assert_eq!(call.request().body_text(), r#"{"messages":[],"stream":true}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{name}/invocations`
pub fn query_stream(name: &str, body: String) -> Result<StreamCall<Value>> {
    Ok(StreamCall::new(Request::new(Method::Post, invocations(name)?).json(streamed(body)?), Repeat::Billed))
}

/// A body that asks for a stream.
pub(crate) fn streamed(mut body: String) -> Result<String> {
    let refuse = |sentence: &str| Err(Error::new(ErrorKind::InvalidInput, sentence));
    let Ok(root) = Raw::parse(&body) else { return refuse("The body is not valid JSON.") };
    if !root.is_object() {
        return refuse("The body of a streamed query must be an object.");
    }
    match root.get_some("stream") {
        Some(stream) if stream.as_bool() == Some(true) => return Ok(body),
        Some(_) => {
            return refuse("The body says that `stream` is not true: leave it out, or ask for the whole answer.");
        }
        None => {}
    }
    if root.get("stream").is_some() {
        // a null says nothing, and a key that is there twice is refused by strict readers
        let mut out = String::with_capacity(body.len() + 8);
        for (key, value) in root.fields().filter(|(key, _)| key != "stream") {
            out.push(if out.is_empty() { '{' } else { ',' });
            push_string(&mut out, &key);
            out.push(':');
            out.push_str(value.text());
        }
        out.push_str(if out.is_empty() { "{\"stream\":true}" } else { ",\"stream\":true}" });
        return Ok(out);
    }
    let more = if root.fields().next().is_some() { ",\"stream\":true}" } else { "\"stream\":true}" };
    let end = body.trim_end().len().saturating_sub(1);
    body.truncate(end);
    body.push_str(more);
    Ok(body)
}

fn invocations(name: &str) -> Result<String> {
    Ok(Path::literal("/serving-endpoints/").segment("endpoint", name)?.then("/invocations").finish())
}

fn at(name: &str) -> Result<Path> {
    Path::literal(ROOT).then("/").segment("endpoint", name)
}

fn permissions_at(id: &str) -> Result<Path> {
    Path::literal("/api/2.0/permissions/serving-endpoints/").segment("endpoint id", id)
}

fn read<T>(path: String) -> Call<Json<T>> {
    Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json)
}

/// A call that changes something: never repeated, and no error repeats its secrets.
fn change<T>(method: Method, path: String, body: String, secrets: Vec<String>) -> Call<Json<T>> {
    let request = secrets.into_iter().fold(Request::new(method, path).json(body), Request::hide);
    Call::new(request, Repeat::Never, answer::json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::{Answer, Headers};

    #[test]
    fn a_streamed_body_says_so_once() {
        let text = |body: &str| streamed(body.into());
        assert_eq!(text("{}").unwrap(), r#"{"stream":true}"#);
        assert_eq!(text(" {\"a\":1} \n").unwrap(), r#" {"a":1,"stream":true}"#);
        assert_eq!(text(r#"{"stream":null,"a":{}}"#).unwrap(), r#"{"a":{},"stream":true}"#);
        assert_eq!(
            text(r#" {"a\"b" : [1, 2], "stream" : null, "stream":null} "#).unwrap(),
            r#"{"a\"b":[1, 2],"stream":true}"#
        );
        assert_eq!(text(r#"{"stream":null}"#).unwrap(), r#"{"stream":true}"#);
        assert_eq!(text(r#"{"stream":true}"#).unwrap(), r#"{"stream":true}"#);
        for bad in ["[]", "7", "{", r#"{"stream":false}"#] {
            assert_eq!(text(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn old_servers_answer_tags_with_a_bare_list() {
        let call = update_tags("e", r#"{"delete_tags":["a"]}"#.into()).unwrap();
        for body in [r#"[{"key":"b"}]"#, r#"{"tags":[{"key":"b"}]}"#] {
            let got = Answer { status: 200, headers: Headers::default(), body: body.into() };
            assert_eq!(call.read(got).unwrap().read().unwrap().tags.unwrap().len(), 1);
        }
    }

    #[test]
    fn names_are_encoded_and_never_lead_elsewhere() {
        assert_eq!(
            logs("a/b", "c d").unwrap().request().path,
            "/api/2.0/serving-endpoints/a%2Fb/served-models/c%20d/logs"
        );
        for bad in ["", ".", ".."] {
            assert!(delete(bad).is_err() && permissions(bad).is_err() && query(bad, "{}".into()).is_err());
        }
    }

    #[test]
    fn l11_a_plain_key_goes_out_and_stays_out_of_debug() {
        let body = r#"{"name":"x","config":{"served_entities":[{"external_model":{"provider":"cohere","name":"m","task":"llm/v1/chat","cohere_config":{"cohere_api_key_plaintext":"sk-canary"}}}]}}"#;
        let call = create(body.into()).unwrap();
        assert!(call.request().body_text().contains("sk-canary"));
        assert!(!format!("{call:?}").contains("canary"));
        assert_eq!(call.request().conceal("bad key sk-canary".into()), "bad key [redacted]");
    }
}
