//! Error answers in the service's own words (wire: errors-and-retries §1 and §3).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// An error answer: a status and the JSON body the service would send with it.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    body: Value,
}

impl ApiError {
    /// The canonical body `{error_code, message}`.
    #[must_use]
    pub fn new(status: StatusCode, error_code: &str, message: impl Into<String>) -> Self {
        Self { status, body: json!({ "error_code": error_code, "message": message.into() }) }
    }

    /// An answer with exactly this body.
    #[must_use]
    pub fn raw(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }

    /// 400 whose message repeats its own code, as the foundation-model endpoints write it.
    #[must_use]
    pub fn invalid_parameter(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", format!("INVALID_PARAMETER_VALUE: {message}"))
    }

    /// 400 BAD_REQUEST whose message repeats its own code.
    #[must_use]
    pub fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", format!("BAD_REQUEST: {message}"))
    }

    /// 400 of an open-weight endpoint that met a field it does not know.
    #[must_use]
    pub fn unknown_field(name: &str) -> Self {
        Self::bad_request(&format!("Bad request: json: unknown field \"{name}\""))
    }

    /// 404 of an endpoint that does not exist, with the request's id in `details`.
    #[must_use]
    pub fn no_such_endpoint(name: &str, request_id: &str) -> Self {
        Self::raw(
            StatusCode::NOT_FOUND,
            json!({
                "error_code": "RESOURCE_DOES_NOT_EXIST",
                "message": format!("Endpoint with name '{name}' does not exist."),
                "details": [request_info(request_id)],
            }),
        )
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The JSON body of the answer.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        json_response(self.status, &self.body)
    }
}

/// A JSON answer.
#[must_use]
pub fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

/// The `google.rpc.RequestInfo` entry of `details`.
#[must_use]
pub fn request_info(request_id: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.RequestInfo",
        "request_id": request_id,
        "serving_data": "",
    })
}

/// What the service sends with a bare status, for a fault that only names one.
#[must_use]
pub fn canonical(status: StatusCode, request_id: &str) -> ApiError {
    let (code, message) = match status.as_u16() {
        400 => ("BAD_REQUEST", "BAD_REQUEST: The request is not valid."),
        401 => ("UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API."),
        403 => ("PERMISSION_DENIED", "User does not have permission to query this endpoint."),
        404 => ("RESOURCE_DOES_NOT_EXIST", "The resource does not exist."),
        409 => ("RESOURCE_CONFLICT", "The resource is being updated by another request."),
        429 => (
            "REQUEST_LIMIT_EXCEEDED",
            "REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute rate limit for this endpoint.",
        ),
        499 => ("CANCELLED", "The request was cancelled."),
        500 => ("INTERNAL_ERROR", "Internal error."),
        501 => ("NOT_IMPLEMENTED", "Not implemented."),
        503 => ("TEMPORARILY_UNAVAILABLE", "The service is temporarily unavailable."),
        504 => ("DEADLINE_EXCEEDED", "Request processing time exceeded limit."),
        _ => ("UNKNOWN", "The request failed."),
    };
    ApiError::raw(status, json!({ "error_code": code, "message": message, "details": [request_info(request_id)] }))
}
