//! The export of `lakewire/relay`: the decision, in JSON texts. Nothing here waits or sends; the handler around it does.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::js::error::to_js;
use crate::relay::{
    Answer, AnswerBody, Cut, Decision, RateLimiter, RateVerdict, RawRequest, RelayPolicy, Route, Upstream,
};
use crate::wire::json::{Raw, push_string};

/// A policy and the shares of its clients.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RelayCore {
    policy: RelayPolicy,
    limiter: RefCell<RateLimiter>,
}

#[wasm_bindgen]
impl RelayCore {
    /// Reads the options.
    ///
    /// # Errors
    /// `InvalidInput` that names every problem of them.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<RelayCore, JsValue> {
        let policy = RelayPolicy::from_json(options).map_err(|error| to_js(&error))?;
        let limiter = RefCell::new(policy.limiter());
        Ok(Self { policy, limiter })
    }

    /// `{"do":"refuse"|"preflight","status","headers","body"}`, `{"do":"body","max_bytes","route","cors"}` or
    /// `{"do":"forward","method","path","headers","body","route","stream","cors"}`.
    pub fn admit(&self, method: &str, target: &str, headers: &str, own_origin: Option<String>) -> String {
        let pairs = pairs(headers);
        match self.policy.admit(&raw(method, target, &lent(&pairs), own_origin.as_deref())) {
            Decision::Refuse(answer) => own("refuse", &answer),
            Decision::Preflight(answer) => own("preflight", &answer),
            Decision::NeedsBody { max_bytes, route, cors } => {
                let mut out =
                    ["{\"do\":\"body\",\"max_bytes\":", &max_bytes.to_string(), ",\"route\":\"", route.as_str()]
                        .concat();
                out.push_str("\",\"cors\":");
                push_headers(&mut out, &cors);
                out.push('}');
                out
            }
            Decision::Forward(upstream) => forward(&upstream),
        }
    }

    /// As `admit`, with the whole body: `refuse` or `forward`.
    pub fn upstream(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        own_origin: Option<String>,
        body: &[u8],
    ) -> String {
        let pairs = pairs(headers);
        match self.policy.upstream(&raw(method, target, &lent(&pairs), own_origin.as_deref()), body) {
            Err(answer) => own("refuse", &answer),
            Ok(upstream) => forward(&upstream),
        }
    }

    /// What of the workspace's answer is passed on: `{"status","headers","body":"pass"|"stream"|"error"}`.
    pub fn answer(&self, route: &str, status: u16, headers: &str) -> String {
        let pairs = pairs(headers);
        let Some(route) = Route::parse(route) else {
            return "{\"status\":502,\"headers\":[],\"body\":\"error\"}".to_owned();
        };
        let head = self.policy.answer(route, status, &lent(&pairs));
        let mut out = ["{\"status\":", &head.status.to_string(), ",\"headers\":"].concat();
        push_headers(&mut out, &head.headers);
        out.push_str(match head.body {
            AnswerBody::Pass => ",\"body\":\"pass\"}",
            AnswerBody::Stream => ",\"body\":\"stream\"}",
            AnswerBody::Error => ",\"body\":\"error\"}",
        });
        out
    }

    /// The error instead of the workspace's, as `refuse`. `status` is the workspace's, or the relay's own 502, 504 or 429.
    #[wasm_bindgen(js_name = public_error)]
    pub fn public_error(&self, status: u16, body: &[u8], request_id: Option<String>) -> String {
        own("refuse", &self.policy.public_error(status, body, request_id.as_deref()))
    }

    /// The last event of a stream that ends early: `upstream`, `size`, `time` or `idle`.
    #[wasm_bindgen(js_name = cut_event)]
    pub fn cut_event(&self, why: &str) -> String {
        self.policy.cut_event(Cut::parse(why))
    }

    /// Takes one request of a client's share: 0, or how many milliseconds to wait.
    pub fn rate(&self, key: &str, now_ms: f64) -> f64 {
        let verdict = self.limiter.try_borrow_mut().map(|mut limiter| limiter.take(key, milliseconds(now_ms)));
        match verdict {
            Ok(RateVerdict::Allowed) => 0.0,
            #[allow(clippy::cast_precision_loss, reason = "waits are far below 2^53")]
            Ok(RateVerdict::RetryAfter(wait)) => wait as f64,
            Err(_) => 1_000.0,
        }
    }

    /// Host, mount and limits: `{"host","path","public","body_bytes",…}`.
    pub fn facts(&self) -> String {
        let mut out = String::from("{\"host\":");
        push_string(&mut out, self.policy.host());
        out.push_str(",\"path\":");
        push_string(&mut out, self.policy.path());
        out.push_str(if self.policy.is_public() { ",\"public\":true" } else { ",\"public\":false" });
        let limits = self.policy.limits();
        for (name, value) in [
            ("body_bytes", limits.body_bytes),
            ("response_bytes", limits.response_bytes),
            ("stream_bytes", limits.stream_bytes),
            ("stream_ms", limits.stream_ms),
            ("body_ms", limits.body_ms),
            ("first_byte_ms", limits.first_byte_ms),
            ("idle_ms", limits.idle_ms),
            ("target_bytes", limits.target_bytes),
            ("header_bytes", limits.header_bytes),
            ("open_per_client", limits.open_per_client),
        ] {
            out.push_str(&[",\"", name, "\":", &value.to_string()].concat());
        }
        out.push('}');
        out
    }
}

/// Text of a request for a line of a log.
#[wasm_bindgen(js_name = logSafe)]
pub fn log_safe(text: &str) -> String {
    crate::relay::log_safe(text)
}

/// Whether two secrets are the same, in a time that depends on their lengths alone.
#[wasm_bindgen(js_name = sameSecret)]
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    crate::relay::same_secret(one, other)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and a clock is neither negative nor huge"
)]
fn milliseconds(number: f64) -> u64 {
    number as u64
}

fn raw<'a>(
    method: &'a str,
    target: &'a str,
    headers: &'a [(&'a str, &'a str)],
    own_origin: Option<&'a str>,
) -> RawRequest<'a> {
    RawRequest { method, target, headers, own_origin }
}

/// Headers out of `[[name, value], …]`; what cannot be read becomes a header that every policy refuses.
fn pairs(text: &str) -> Vec<(String, String)> {
    let Ok(list) = Raw::parse(text) else { return vec![(String::new(), String::new())] };
    let text =
        |value: Option<Raw<'_>>| value.and_then(Raw::as_str).map(std::borrow::Cow::into_owned).unwrap_or_default();
    list.items().map(|pair| (text(pair.at(0)), text(pair.at(1)))).collect()
}

fn lent(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn push_headers(out: &mut String, headers: &[(String, String)]) {
    out.push('[');
    for (at, (name, value)) in headers.iter().enumerate() {
        out.push_str(if at > 0 { ",[" } else { "[" });
        push_string(out, name);
        out.push(',');
        push_string(out, value);
        out.push(']');
    }
    out.push(']');
}

fn own(what: &str, answer: &Answer) -> String {
    let mut out = ["{\"do\":\"", what, "\",\"status\":", &answer.status.to_string(), ",\"headers\":"].concat();
    push_headers(&mut out, &answer.headers);
    out.push_str(",\"body\":");
    push_string(&mut out, &answer.body);
    out.push('}');
    out
}

fn forward(upstream: &Upstream) -> String {
    let mut out = ["{\"do\":\"forward\",\"method\":\"", upstream.method, "\",\"path\":"].concat();
    push_string(&mut out, &upstream.path);
    out.push_str(",\"headers\":");
    push_headers(&mut out, &upstream.headers);
    out.push_str(",\"body\":");
    match &upstream.body {
        Some(body) => push_string(&mut out, body),
        None => out.push_str("null"),
    }
    out.push_str(",\"route\":\"");
    out.push_str(upstream.route.as_str());
    out.push_str(if upstream.stream { "\",\"stream\":true,\"cors\":" } else { "\",\"stream\":false,\"cors\":" });
    push_headers(&mut out, &upstream.cors);
    out.push('}');
    out
}
