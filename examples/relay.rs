//! A relay for the pages of one origin. `cargo run --example relay --features relay`
//!
//! Reads `DATABRICKS_HOST` and `DATABRICKS_TOKEN`, or a service principal's `DATABRICKS_CLIENT_ID` and
//! `DATABRICKS_CLIENT_SECRET`; and, if set, `LAKEWIRE_ENDPOINT`, `LAKEWIRE_ORIGIN` (the page's) and `PORT`.
//! In the page: `new WorkspaceClient({ relay: "http://127.0.0.1:8787/api/lakewire" })`.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use lakewire::Credentials;
use lakewire::relay::{RelayPolicy, log_safe};
use lakewire::relay_service::{Peer, RelayService};
use tower_service::Service;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = set("DATABRICKS_HOST").ok_or("Set DATABRICKS_HOST to the address of the workspace.")?;
    let endpoint = set("LAKEWIRE_ENDPOINT").unwrap_or_else(|| "databricks-meta-llama-3-3-70b-instruct".into());
    let credentials = match (set("DATABRICKS_CLIENT_ID"), set("DATABRICKS_CLIENT_SECRET"), set("DATABRICKS_TOKEN")) {
        (Some(id), Some(secret), _) => Credentials::oauth_m2m(id, secret),
        (_, _, Some(token)) => Credentials::token(token),
        _ => return Err("Set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.".into()),
    };
    // public: for your own machine. An app says who asks: `.authorized()`, and a hook for `RelayService::authorized`
    let policy = RelayPolicy::builder(host)
        .origin(set("LAKEWIRE_ORIGIN").unwrap_or_else(|| "http://localhost:5173".into()))
        .chat([endpoint])
        .limits(|limits| limits.max_tokens = 1_000)
        .rate(30, 60_000, 1_000)
        .public()
        .build()?;
    let relay = RelayService::public(policy, credentials)?;

    let port = set("PORT").map_or(Ok(8787), |port| port.parse::<u16>())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("The relay listens on http://{}/api/lakewire", listener.local_addr()?);
    loop {
        let (stream, address) = listener.accept().await?;
        let relay = relay.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            println!("{} {}", log_safe(request.method().as_str()), log_safe(request.uri().path()));
            request.extensions_mut().insert(Peer(address));
            relay.clone().call(request)
        });
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            // whoever sends his headers drop by drop is let go
            server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
            // a client that breaks off is no error of the server
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
