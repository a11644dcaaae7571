//! Who asks, and how: origins, preflights, and headers that must not be there.

use crate::relay::policy::Rules;
use crate::relay::reply::{self, Fault};
use crate::relay::{Answer, RELAY_HEADER, RawRequest, grammar};

type Headers = Vec<(String, String)>;

/// Headers that may come once.
const ONCE: &[&str] = &[
    "origin",
    "host",
    "content-type",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "authorization",
    "sec-fetch-site",
    "sec-fetch-mode",
    "access-control-request-method",
    RELAY_HEADER,
];
/// How many headers a request may have.
const MOST_HEADERS: usize = 100;

/// The value of a header, without the space around it.
pub(super) fn header<'a>(request: &RawRequest<'a>, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches([' ', '\t']))
}

/// Refuses what servers and proxies could read in two ways, before anything is believed.
pub(super) fn well_formed(rules: &Rules, request: &RawRequest<'_>) -> Result<(), Fault> {
    if request.target.len() as u64 > rules.limits.target_bytes {
        return Err(Fault::new(414, "The address is too long."));
    }
    let bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if bytes as u64 > rules.limits.header_bytes || request.headers.len() > MOST_HEADERS {
        return Err(Fault::new(431, "The headers are too long."));
    }
    for (at, (name, value)) in request.headers.iter().enumerate() {
        let token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let named = !name.is_empty() && name.bytes().all(token);
        // `content_length` is `content-length` to some
        let twin = name.contains('_') && ONCE.contains(&name.replace('_', "-").as_str());
        let plain = !value.bytes().any(|byte| byte != b'\t' && (byte < 0x20 || byte == 0x7f));
        let earlier = request.headers.get(..at).unwrap_or(&[]);
        let twice = ONCE.contains(name) && earlier.iter().any(|(other, _)| other == name);
        if !named || twin || !plain || twice {
            return Err(Fault::new(400, "A header is malformed, or stands twice."));
        }
    }
    framing(request)
}

fn framing(request: &RawRequest<'_>) -> Result<(), Fault> {
    let length = header(request, "content-length");
    let coding = header(request, "transfer-encoding");
    let length_fits = length.is_none_or(|length| grammar::number_of(length).is_some());
    if !length_fits || coding.is_some_and(|coding| coding != "chunked") || (length.is_some() && coding.is_some()) {
        return Err(Fault::new(400, "The length of the body is not said in one way."));
    }
    let closes = |word: &str| matches!(word.trim(), "" | "keep-alive" | "close");
    let connection =
        header(request, "connection").is_none_or(|value| value.to_ascii_lowercase().split(',').all(closes));
    let has = |name| header(request, name).is_some();
    if !connection || has("upgrade") || has("http2-settings") || has("sec-websocket-key") || has("trailer") {
        return Err(Fault::new(400, "The relay speaks plain requests and answers: nothing is upgraded."));
    }
    if has("expect") {
        return Err(Fault::new(417, "The relay does not answer before it has the whole request."));
    }
    if header(request, "content-encoding").is_some_and(|coding| coding != "identity") {
        return Err(Fault::new(415, "Send the body as it is, not compressed."));
    }
    Ok(())
}

/// The headers that every answer to this request bears: who may read it. An error: nobody may.
pub(super) fn allowed_origin(rules: &Rules, request: &RawRequest<'_>) -> Result<Headers, Fault> {
    let refused = || Fault::new(403, "This page may not use the relay.");
    let site = header(request, "sec-fetch-site");
    if site.is_some_and(|site| !matches!(site, "same-origin" | "same-site" | "cross-site")) {
        return Err(refused());
    }
    // a page's own code fetches; links, frames, images and forms are something else
    let fetched = |name, fits: &[&str]| header(request, name).is_none_or(|value| fits.contains(&value));
    if !fetched("sec-fetch-mode", &["cors", "same-origin"]) || !fetched("sec-fetch-dest", &["empty"]) {
        return Err(refused());
    }
    let mut headers = vec![("vary".to_owned(), "origin".to_owned())];
    match header(request, "origin") {
        Some(origin) => {
            let own = rules.same_origin
                && request.own_origin == Some(origin)
                && grammar::origin(origin)
                && site.is_none_or(|site| site == "same-origin");
            let listed = rules.origins.iter().any(|known| known == origin);
            if !own && !listed {
                return Err(refused());
            }
            if listed {
                headers.push(("access-control-allow-origin".to_owned(), origin.to_owned()));
                headers.push(("access-control-expose-headers".to_owned(), reply::EXPOSED.to_owned()));
                if rules.credentials {
                    headers.push(("access-control-allow-credentials".to_owned(), "true".to_owned()));
                }
            }
        }
        // browsers leave the origin out of reads of the page's own
        None if rules.same_origin && site == Some("same-origin") => {}
        None => return Err(refused()),
    }
    Ok(headers)
}

/// The answer to a browser's question; `cors` are the headers of [`allowed_origin`].
pub(super) fn preflight(rules: &Rules, cors: Headers) -> Answer {
    let mut allowed = String::from("accept, authorization, content-type, x-lakewire-relay, x-request-id");
    for name in &rules.request_headers {
        allowed.push_str(", ");
        allowed.push_str(name);
    }
    let mut headers: Headers =
        cors.into_iter().filter(|(name, _)| name != "vary" && name != "access-control-expose-headers").collect();
    let vary = "origin, access-control-request-method, access-control-request-headers";
    for (name, value) in [
        ("vary", vary),
        ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
        ("access-control-allow-headers", allowed.as_str()),
        ("access-control-max-age", "600"),
        ("cache-control", "no-store"),
    ] {
        headers.push((name.to_owned(), value.to_owned()));
    }
    Answer { status: 204, headers, body: String::new() }
}

/// Whether the body is said to be JSON: what no form can send.
pub(super) fn is_json(request: &RawRequest<'_>) -> bool {
    let value = header(request, "content-type").unwrap_or("").to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    parts.next() == Some("application/json") && parts.all(|part| matches!(part, "charset=utf-8" | "charset=\"utf-8\""))
}
