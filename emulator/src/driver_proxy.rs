//! The cluster driver proxy: requests passed to an app on this machine (wire: driver-proxy §1, §5, §6).

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderValue, StatusCode, header};

use crate::errors::ApiError;
use crate::loopback::Loopback;
use crate::state::Emulator;

/// What the path begins with.
pub const PREFIX: &str = "/driver-proxy-api/o/";

/// The route of the driver proxy.
pub fn routes() -> Router<Emulator> {
    Router::new().route("/driver-proxy-api/o/{*rest}", any(pass))
}

/// `/driver-proxy-api/o/{org}/{cluster}/{port}[/sub]`, any method. The caller's credential stays here.
async fn pass(State(emulator): State<Emulator>, request: Request) -> Response {
    // the path as it came: decoding and encoding it again would change it
    let path = request.uri().path().to_owned();
    let rest = path.strip_prefix(PREFIX).unwrap_or_default();
    let mut parts = rest.splitn(3, '/');
    let (Some(_org), Some(cluster), Some(tail)) = (parts.next(), parts.next(), parts.next()) else {
        return no_such_path(&path);
    };
    let (port, below) = tail.split_at(tail.find('/').unwrap_or(tail.len()));
    let Ok(port) = port.parse::<u16>() else { return no_such_path(&path) };
    let allowed = emulator.config().driver_proxy.iter().any(|(known, at)| known == cluster && *at == port);
    let Some(server) = Loopback::at_port(port).filter(|_| allowed) else {
        return bad_gateway(&format!(
            "No app of the cluster '{cluster}' answers at port {port}. Start the emulator with --driver-proxy {cluster}/{port} to let \
             requests through to 127.0.0.1:{port}."
        ));
    };
    let below = if below.is_empty() { "/" } else { below };
    let target = request.uri().query().map_or_else(|| below.to_owned(), |query| format!("{below}?{query}"));
    match server.pass_on(request, &target).await {
        Ok(response) => response,
        Err(sentence) => bad_gateway(&sentence),
    }
}

fn no_such_path(path: &str) -> Response {
    let message = format!("No API found for '{path}'");
    ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response()
}

/// 502 with a text, as a proxy in front writes it.
fn bad_gateway(sentence: &str) -> Response {
    let mut response = Response::new(Body::from(format!("502 Bad Gateway: {sentence}")));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
