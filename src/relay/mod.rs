//! The edge relay's decision: a raw request of a page in, either a refusal or the one request to the workspace out.
//!
//! Databricks sends no CORS headers and a token must never reach a page, so a relay stands between them. What it may do is
//! decided here and nowhere else: pure, without sockets, clocks or tokens, and the same for the handler of `lakewire/relay` in
//! JavaScript and for native servers. It is closed: exact origins, routes by capability and by name, header
//! allow-lists both ways, bodies that are parsed once and written anew from what was checked. The raw target is matched
//! against typed routes and the upstream path is built from their validated parameters; the host comes from the policy alone.
//!
//! ```
//! use lakewire::relay::{Decision, RawRequest, RelayPolicy};
//! let policy = RelayPolicy::builder("https://my.cloud.databricks.com")
//!     .origin("https://app.example.com")
//!     .chat(["claude"])
//!     .authorized()
//!     .build()?;
//! let headers = [("origin", "https://app.example.com"), ("content-type", "application/json"), ("x-lakewire-relay", "1")];
//! let target = "/api/lakewire/serving-endpoints/claude/invocations";
//! let request = RawRequest { method: "POST", target, headers: &headers, own_origin: None };
//! assert!(matches!(policy.admit(&request), Decision::NeedsBody { .. }));
//! let upstream = policy.upstream(&request, br#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":9000000}"#).unwrap();
//! assert_eq!(upstream.path, "/serving-endpoints/claude/invocations");
//! assert!(upstream.body.unwrap().contains(r#""max_tokens":4096"#));
//! # Ok::<(), lakewire::Error>(())
//! ```

mod admit;
mod body;
mod builder;
mod check;
mod decision;
mod gate;
mod grammar;
mod options;
mod policy;
mod rate;
mod reply;
mod route;
mod safe;

#[cfg(test)]
mod tests;

pub use builder::{NamedStatement, RelayPolicyBuilder};
pub use decision::{Answer, AnswerBody, AnswerHead, Decision, RawRequest, Refusal, Upstream};
pub use policy::{ErrorDetail, RelayLimits, RelayPolicy};
pub use rate::{RateLimiter, RateVerdict};
pub use reply::Cut;
pub use route::Route;
pub use safe::{log_safe, same_secret, session_cookie};

/// The header every request of a page bears. A form or an image cannot send it, and a foreign page must ask first.
pub const RELAY_HEADER: &str = "x-lakewire-relay";
