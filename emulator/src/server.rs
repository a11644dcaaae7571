//! The routes, and the loop that accepts connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use http::{Request, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::errors::{ApiError, json_response};
use crate::faults::{Cut, ScriptedFault};
use crate::gate::{self, CloseConnection};
use crate::state::{Config, Emulator};
use crate::{
    driver_proxy, genie, hugging_face, identity, invocations, mcp, mlflow, oauth, permissions, secrets,
    serving_endpoints, sql, unity_catalog, vector_search,
};

/// A client that has not sent its headers by then is let go (fault-matrix P19, R5).
const HEADER_TIME: Duration = Duration::from_secs(30);

/// A bound emulator, ready to run.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    emulator: Emulator,
}

/// Binds the address of `config`.
///
/// # Errors
/// A sentence saying why the address cannot be had.
pub async fn listen(config: Config) -> Result<Listening, String> {
    let wanted = SocketAddr::new(config.host, config.port);
    let failed = |error: std::io::Error| {
        format!("The emulator cannot listen on {wanted}: {error}. Choose another port with --port, or 0 for any.")
    };
    let emulator = Emulator::new(config)?;
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listening { listener, address, emulator })
}

impl Listening {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The emulator's state, shared.
    #[must_use]
    pub fn emulator(&self) -> Emulator {
        self.emulator.clone()
    }

    /// Serves until dropped.
    pub async fn run(self) {
        let app = router(self.emulator);
        loop {
            match self.listener.accept().await {
                Ok((connection, _)) => {
                    tokio::spawn(serve(connection, app.clone()));
                }
                // out of file descriptors, or a connection that ended before it was taken: try again shortly
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn serve(connection: TcpStream, app: Router) {
    // small writes are the point of a stream of tokens
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let app = app.clone();
        async move {
            let answered: Result<Response, Infallible> = app.oneshot(request.map(Body::new)).await;
            match answered {
                Ok(response) if response.extensions().get::<CloseConnection>().is_some() => Err(Cut),
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    // an error here is a client that went away, or a fault that closed the connection: both are meant
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

/// Every route of the workspace.
pub fn router(emulator: Emulator) -> Router {
    Router::new()
        .route("/.well-known/databricks-config", get(identity::databricks_config))
        .route("/api/2.0/preview/scim/v2/Me", get(identity::me))
        // one line for each surface
        .merge(serving_endpoints::routes())
        .merge(permissions::routes())
        .merge(secrets::routes())
        .merge(driver_proxy::routes())
        .merge(invocations::routes())
        .merge(oauth::routes())
        .merge(hugging_face::routes())
        .merge(sql::routes())
        .merge(unity_catalog::routes())
        .merge(vector_search::routes())
        .merge(mcp::routes())
        .merge(genie::routes())
        .merge(mlflow::routes())
        .route("/_emulator/health", get(health))
        .route("/_emulator/history", get(history).delete(clear_history))
        .route("/_emulator/faults", get(faults).post(add_faults).delete(clear_faults))
        .fallback(no_such_route)
        // the gate has the limits
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(emulator.clone(), gate::pass))
        .with_state(emulator)
}

async fn no_such_route(request: Request<Body>) -> Response {
    let message = format!("No API found for '{} {}'", request.method(), request.uri().path());
    ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response()
}

async fn health(State(emulator): State<Emulator>) -> Response {
    let config = emulator.config();
    let model = if config.upstream.is_some() { "upstream" } else { "stand-in" };
    json_response(StatusCode::OK, &json!({ "status": "ok", "model": model, "seed": config.seed }))
}

async fn history(State(emulator): State<Emulator>) -> Response {
    let history = emulator.history().to_json();
    json_response(StatusCode::OK, &history)
}

async fn clear_history(State(emulator): State<Emulator>) -> Response {
    emulator.history().clear();
    json_response(StatusCode::OK, &json!({}))
}

async fn faults(State(emulator): State<Emulator>) -> Response {
    let waiting = json!({ "faults": emulator.faults().lines() });
    json_response(StatusCode::OK, &waiting)
}

async fn add_faults(State(emulator): State<Emulator>, body: Bytes) -> Response {
    let read: Result<Vec<ScriptedFault>, _> = serde_json::from_slice(&body);
    let checked = read
        .map_err(|error| format!("The script is a list of {{match, times, skip, fault}}: {error}."))
        .and_then(|lines| lines.iter().try_for_each(|line| line.fault.check()).map(|()| lines));
    match checked {
        Ok(lines) => {
            let mut script = emulator.faults();
            script.extend(lines);
            json_response(StatusCode::OK, &json!({ "queued": script.lines().len() }))
        }
        Err(sentence) => ApiError::bad_request(&sentence).into_response(),
    }
}

async fn clear_faults(State(emulator): State<Emulator>) -> Response {
    emulator.faults().clear();
    json_response(StatusCode::OK, &json!({}))
}
