//! Signed links to artifacts, and the store they lead to (wire: mlflow-tracking §6).
//!
//! The store stands for that of a cloud: it takes no token (and refuses a link that comes with one), answers pages of any origin,
//! and refuses in XML. What moves bytes there depends on the type of the link, as with the real ones.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::any;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::store::Store;
use super::{Asked, decoded};
use crate::faults::CredentialType;
use crate::json::query;
use crate::state::{Emulator, now_ms};

const PREFIX: &str = "/_storage/mlflow/";
/// Where parts of a file wait until they are put together.
const WAITING: &str = ".waiting/";

pub(super) fn routes() -> Router<Emulator> {
    Router::new().route("/_storage/mlflow/{*rest}", any(serve))
}

/// A link to a file, with the type and headers that go with it.
pub(super) fn credential(asked: &Asked, path: &str, write: bool) -> Value {
    let ttl_ms = asked.emulator.config().link_ttl_s * 1000;
    let until = if asked.fault.link_expired { asked.now.saturating_sub(1) } else { asked.now + ttl_ms };
    let kind = asked.fault.credential_type.unwrap_or_default();
    let headers: Vec<String> =
        asked.fault.link_headers.iter().map(|(name, value)| format!("{}:{value}", name.to_lowercase())).collect();
    let headers = headers.join("\n");
    let way = if write { "write" } else { "read" };
    let id = signed_text(way, kind.name(), &headers, path);
    let signature = asked.emulator.sql().signer().query(&id, 0, until);
    let encoded: Vec<String> = path.split('/').map(encoded).collect();
    let headers_query = if headers.is_empty() { String::new() } else { format!("&with={}", encoded_query(&headers)) };
    let uri = format!(
        "{}{PREFIX}{}?for={way}&type={}{headers_query}&{signature}",
        asked.base,
        encoded.join("/"),
        kind.name()
    );
    let listed: Vec<Value> =
        asked.fault.link_headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "signed_uri": uri, "headers": listed, "type": kind.name() })
}

fn signed_text(way: &str, kind: &str, headers: &str, path: &str) -> String {
    format!("mlflow\0{way}\0{kind}\0{headers}\0{path}")
}

/// A piece of a path with everything encoded that means something there.
fn encoded(piece: &str) -> String {
    encoded_query(piece).replace('+', "%20")
}

fn encoded_query(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn serve(
    State(emulator): State<Emulator>,
    method: Method,
    uri: Uri,
    RawQuery(text): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::OPTIONS {
        return preflight(&headers);
    }
    let path = decoded(uri.path().strip_prefix(PREFIX).unwrap_or_default());
    let pairs = query(&text.unwrap_or_default());
    let request = Stored { path, pairs, headers, body };
    request.checked(&emulator, &method).unwrap_or_else(Refusal::response)
}

/// What a page's browser asks before it sends headers of its own.
fn preflight(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, PUT, PATCH"));
    if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

/// A refusal of the store.
struct Refusal(StatusCode, &'static str, String);

fn refuse(status: StatusCode, code: &'static str, message: &str) -> Refusal {
    Refusal(status, code, message.to_owned())
}

impl Refusal {
    fn response(self) -> Response {
        let Self(status, code, message) = self;
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let mut response = Response::new(Body::from(format!(r#"<?xml version="1.0" encoding="UTF-8"?>{error}"#)));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        response
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// One request to the store.
struct Stored {
    path: String,
    pairs: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
}

impl Stored {
    fn field(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    fn checked(&self, emulator: &Emulator, method: &Method) -> Result<Response, Refusal> {
        let bad = StatusCode::BAD_REQUEST;
        if self.headers.contains_key(header::AUTHORIZATION) {
            let message = "Only one auth mechanism allowed: send no Authorization header with a signed link.";
            return Err(refuse(bad, "InvalidArgument", message));
        }
        let until = self.field("exp").parse().unwrap_or(0);
        let id = signed_text(self.field("for"), self.field("type"), self.field("with"), &self.path);
        if !emulator.sql().signer().knows(&id, 0, until, self.field("sig")) {
            let message = "The signature does not belong to this link.";
            return Err(refuse(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message));
        }
        if until <= now_ms() {
            return Err(refuse(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired"));
        }
        for line in self.field("with").lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            if self.headers.get(name).is_none_or(|sent| sent.as_bytes() != value.as_bytes()) {
                let message = "A header that belongs to this link was not sent.";
                return Err(refuse(StatusCode::FORBIDDEN, "AccessDenied", message));
            }
        }
        let mut store = emulator.mlflow();
        match (self.field("for"), method.as_str()) {
            ("read", "GET" | "HEAD") => match store.files.get(&self.path) {
                Some(bytes) => Ok(self.bytes(bytes)),
                None => Err(refuse(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")),
            },
            ("write", "PUT" | "PATCH") => self.write(&mut store, method),
            _ => Err(refuse(StatusCode::FORBIDDEN, "AccessDenied", "This link is not for that.")),
        }
    }

    fn bytes(&self, bytes: &Bytes) -> Response {
        let mut response = Response::new(bytes.clone().into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        response
    }

    fn write(&self, store: &mut Store, method: &Method) -> Result<Response, Refusal> {
        let kind = CredentialType::named(self.field("type"));
        let done = |done: Result<(), crate::errors::ApiError>, good: StatusCode| match done {
            Ok(()) => Ok(status(good)),
            Err(refusal) => {
                Err(refuse(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage", &refusal.body().to_string()))
            }
        };
        let waiting = format!("{WAITING}{}", self.path);
        match (kind, method.as_str()) {
            (CredentialType::AwsPresignedUrl | CredentialType::GcpSignedUrl, "PUT") => {
                done(store.put_file(&self.path, self.body.clone()), StatusCode::OK)
            }
            (CredentialType::AzureSasUri, "PUT") => match self.field("comp") {
                "" if self.headers.get("x-ms-blob-type").is_some_and(|kind| kind.as_bytes() == b"BlockBlob") => {
                    done(store.put_file(&self.path, self.body.clone()), StatusCode::CREATED)
                }
                "" => Err(refuse(
                    StatusCode::BAD_REQUEST,
                    "MissingRequiredHeader",
                    "x-ms-blob-type: BlockBlob is missing.",
                )),
                "block" => {
                    let name = format!("{waiting}/{}", self.field("blockid"));
                    done(store.put_file(&name, self.body.clone()), StatusCode::CREATED)
                }
                _ => {
                    let list = String::from_utf8_lossy(&self.body).into_owned();
                    let ids =
                        list.split("<Uncommitted>").skip(1).filter_map(|rest| rest.split("</Uncommitted>").next());
                    let mut whole = Vec::new();
                    for id in ids {
                        match store.files.get(&format!("{waiting}/{id}")) {
                            Some(block) => whole.extend_from_slice(block),
                            None => {
                                return Err(refuse(
                                    StatusCode::BAD_REQUEST,
                                    "InvalidBlockList",
                                    "A block is not there.",
                                ));
                            }
                        }
                    }
                    store.remove_files(&waiting);
                    done(store.put_file(&self.path, whole.into()), StatusCode::CREATED)
                }
            },
            (CredentialType::AzureAdlsGen2SasUri, "PUT") if self.field("resource") == "file" => {
                done(store.put_file(&waiting, Bytes::new()), StatusCode::CREATED)
            }
            (CredentialType::AzureAdlsGen2SasUri, "PATCH") => {
                let position = self.field("position").parse().unwrap_or(usize::MAX);
                let Some(held) = store.files.get(&waiting).cloned().filter(|held| held.len() == position) else {
                    let message = "The position is not where the file ends, or the file was not created.";
                    return Err(refuse(StatusCode::BAD_REQUEST, "InvalidFlushPosition", message));
                };
                if self.field("action") == "flush" {
                    store.remove_files(&waiting);
                    return done(store.put_file(&self.path, held), StatusCode::OK);
                }
                let whole: Vec<u8> = held.iter().chain(self.body.iter()).copied().collect();
                done(store.put_file(&waiting, whole.into()), StatusCode::ACCEPTED)
            }
            _ => Err(refuse(StatusCode::BAD_REQUEST, "UnsupportedHttpVerb", "Links of this type are not used so.")),
        }
    }
}
