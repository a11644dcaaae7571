//! Servers on this machine that requests are passed on to: real scoring servers and the apps behind the driver proxy.

use axum::body::Body;
use axum::response::Response;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Headers that belong to one connection, not to the request.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "proxy-authenticate",
    "proxy-authorization",
];

/// Headers in which a caller's credentials come (wire: auth), and the name of the host that was called.
const OF_THE_CALLER: &[&str] =
    &["authorization", "cookie", "host", "x-databricks-azure-sp-management-token", "x-forwarded-access-token"];

/// A server on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loopback {
    authority: Authority,
    path: String,
}

impl Loopback {
    /// Checks the URL of a server: `http://` and a loopback address.
    ///
    /// # Errors
    /// A sentence saying what the URL must be.
    pub fn new(url: &str) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("A URL such as http://127.0.0.1:5000 is needed, not {url:?}: {why}."));
        let Ok(uri) = url.parse::<Uri>() else { return refused("it could not be read") };
        if uri.scheme_str() != Some("http") {
            return refused("it must begin with http://");
        }
        let Some(authority) = uri.authority().cloned() else { return refused("it names no host") };
        if !matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]") || authority.as_str().contains('@') {
            return refused("it must name a loopback address of this machine, without a user");
        }
        Ok(Self { authority, path: uri.path().trim_end_matches('/').to_owned() })
    }

    /// The server at a port of 127.0.0.1.
    #[must_use]
    pub fn at_port(port: u16) -> Option<Self> {
        Authority::try_from(format!("127.0.0.1:{port}")).ok().map(|authority| Self { authority, path: String::new() })
    }

    /// The URL of `path_and_query` below the server's own.
    #[must_use]
    pub fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{}{path_and_query}", self.authority, self.path)
    }

    /// Passes a request on to `path_and_query` below the server's URL and streams the answer back. The caller's credentials and
    /// the headers of its connection, those that `Connection` names too, stay here.
    ///
    /// # Errors
    /// A sentence saying that the server could not be asked.
    pub async fn pass_on(&self, request: Request<Body>, path_and_query: &str) -> Result<Response, String> {
        let failed =
            |why: &dyn std::fmt::Display| format!("The server at {} could not be asked: {why}.", self.authority);
        let (mut parts, body) = request.into_parts();
        let path: PathAndQuery =
            format!("{}{path_and_query}", self.path).parse().map_err(|error: http::uri::InvalidUri| failed(&error))?;
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(path);
        parts.uri = Uri::from_parts(uri).map_err(|error| failed(&error))?;
        parts.extensions.clear();
        end_connection(&mut parts.headers);
        for name in OF_THE_CALLER {
            parts.headers.remove(*name);
        }
        let own: Vec<HeaderName> =
            parts.headers.keys().filter(|name| name.as_str().starts_with("x-lakewire-")).cloned().collect();
        for name in own {
            parts.headers.remove(name);
        }
        let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(Request::from_parts(parts, body)).await.map_err(|error| failed(&error))?;
        let mut answer = answer.map(Body::new);
        end_connection(answer.headers_mut());
        Ok(answer)
    }
}

/// Removes what belongs to one connection: the known headers and those that `Connection` names.
fn end_connection(headers: &mut HeaderMap) {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named = named.flat_map(|value| value.split(','));
    let named: Vec<String> = named.map(|name| name.trim().to_ascii_lowercase()).collect();
    for name in HOP_BY_HOP.iter().copied().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_of_this_machine() {
        for good in ["http://127.0.0.1:5000", "http://localhost:5000/base/", "http://[::1]:1"] {
            assert!(Loopback::new(good).is_ok(), "{good}");
        }
        for bad in ["https://127.0.0.1:5000", "http://10.0.0.1:5000", "http://127.0.0.1.nip.io", "http://u:p@127.0.0.1"]
        {
            assert!(Loopback::new(bad).is_err(), "{bad}");
        }
    }
}
