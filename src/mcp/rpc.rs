//! JSON-RPC as MCP speaks it over streamable HTTP: requests as texts, answers read. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string};
use crate::wire::redact::clean;
use crate::wire::sse::SseDecoder;

/// The version of the protocol that is asked for.
pub const PROTOCOL_VERSION: &str = "2025-06-18";

/// The first request of a session.
#[must_use]
pub fn initialize(id: u32) -> String {
    request(
        id,
        "initialize",
        &[
            "{\"protocolVersion\":\"",
            PROTOCOL_VERSION,
            "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"lakewire\",\"version\":\"",
            env!("CARGO_PKG_VERSION"),
            "\"}}",
        ]
        .concat(),
    )
}

/// The version of the protocol that the server answered the first request with.
#[must_use]
pub fn version(initialized: Raw<'_>) -> String {
    let said = initialized.get_some("protocolVersion").and_then(Raw::as_str).unwrap_or_default();
    // it goes into a header
    let plain = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { said.into_owned() } else { PROTOCOL_VERSION.to_owned() }
}

/// What is said once the session stands; it has no answer.
#[must_use]
pub fn initialized() -> String {
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}".to_owned()
}

/// Lists the tools, from the page that a cursor names.
#[must_use]
pub fn list_tools(id: u32, cursor: Option<&str>) -> String {
    let mut params = String::from("{");
    if let Some(cursor) = cursor {
        params.push_str("\"cursor\":");
        push_string(&mut params, cursor);
    }
    params.push('}');
    request(id, "tools/list", &params)
}

/// Calls a tool; `arguments` is the JSON text of an object.
///
/// # Errors
/// `InvalidArguments` when the arguments are no JSON object.
///
/// ```
/// let text = lakewire::mcp::call_tool(3, "main__tools__add_tax", r#"{"net":1}"#)?;
/// assert_eq!(text, r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"main__tools__add_tax","arguments":{"net":1}}}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn call_tool(id: u32, name: &str, arguments: &str) -> Result<String> {
    if !Raw::parse(arguments).is_ok_and(Raw::is_object) {
        return Err(Error::new(ErrorKind::InvalidArguments, "The arguments of a tool must be a JSON object."));
    }
    let mut params = String::from("{\"name\":");
    push_string(&mut params, name);
    params.push_str(",\"arguments\":");
    params.push_str(arguments);
    params.push('}');
    Ok(request(id, "tools/call", &params))
}

fn request(id: u32, method: &str, params: &str) -> String {
    ["{\"jsonrpc\":\"2.0\",\"id\":", &id.to_string(), ",\"method\":\"", method, "\",\"params\":", params, "}"].concat()
}

/// A server's answer: its session, if it gave one, and the body.
///
/// A client that does not read the session's header gives the body alone, so a first line that begins a message or an
/// event is no session.
///
/// ```
/// assert_eq!(lakewire::mcp::split("s-1\n{}"), (Some("s-1"), "{}"));
/// assert_eq!(lakewire::mcp::split("data: {}\n\n"), (None, "data: {}\n\n"));
/// ```
#[must_use]
pub fn split(answer: &str) -> (Option<&str>, &str) {
    let end = answer.bytes().position(|byte| byte == b'\n');
    let (Some(session), Some(body)) =
        (end.and_then(|end| answer.get(..end)), end.and_then(|end| answer.get(end + 1..)))
    else {
        return (None, answer);
    };
    if ["{", "[", ":", "data:", "event:", "id:", "retry:"].iter().any(|mark| session.starts_with(mark)) {
        return (None, answer);
    }
    let plain = !session.is_empty() && session.bytes().all(|byte| byte.is_ascii_graphic());
    (plain.then_some(session), body)
}

/// The result of a request as JSON text, out of a body that is one message, a list of them, or a stream of events.
///
/// # Errors
/// The server's own error, with its number as [`Error::error_code`]; `Truncated` when the body ends
/// before the answer; `Decode` when it is none of the three.
///
/// ```
/// let body = "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[]}}\n\n";
/// assert_eq!(lakewire::mcp::result(body, 2)?, r#"{"tools":[]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn result(body: &str, id: u32) -> Result<String> {
    let body = body.trim_start();
    if body.starts_with(['{', '[']) {
        let root = Raw::parse(body)?;
        if root.is_object() {
            // an error about a request that could not be read has no id
            if root.get_some("error").is_some() && root.get_some("id").is_none() {
                return read(root);
            }
            return answer_to(root, id).unwrap_or_else(|| Err(missing()));
        }
        return root.items().find_map(|one| answer_to(one, id)).unwrap_or_else(|| Err(missing()));
    }
    let mut decoder = SseDecoder::new();
    decoder.feed(body.as_bytes());
    // a last event without its empty line is whole if it reads as JSON
    decoder.feed(b"\n\n");
    while let Some(event) = decoder.next_event()? {
        let text = event.text().into_owned();
        if text.is_empty() {
            continue;
        }
        let root = Raw::parse(&text).map_err(|_| missing())?;
        if let Some(outcome) = answer_to(root, id) {
            return outcome;
        }
    }
    Err(missing())
}

fn missing() -> Error {
    Error::new(
        ErrorKind::Truncated,
        "The MCP server's answer ended before the result: check that the address is that of an MCP server, and try again.",
    )
}

/// The outcome a message holds, when it is the answer to this request. What the server asks or tells on the way is not.
fn answer_to(message: Raw<'_>, id: u32) -> Option<Result<String>> {
    let fits = message.get_some("id").and_then(Raw::as_i64) == Some(i64::from(id)) && message.get("method").is_none();
    fits.then(|| read(message))
}

fn read(message: Raw<'_>) -> Result<String> {
    match message.get_some("error") {
        Some(fault) => Err(refusal(fault)),
        None => message.get_some("result").map(|result| result.text().to_owned()).ok_or_else(missing),
    }
}

/// The error object of an answer as an error of ours.
pub(crate) fn refusal(fault: Raw<'_>) -> Error {
    let code = fault.get_some("code").map(Raw::text).unwrap_or_default();
    let said = fault.get_some("message").and_then(Raw::as_str).unwrap_or_default();
    let reason = clean(&said, 1000, None);
    let kind = match code {
        "-32601" => ErrorKind::NotFound,
        "-32602" | "-32600" | "-32700" => ErrorKind::BadRequest,
        _ => ErrorKind::InternalError,
    };
    let reason = if reason.is_empty() { "it gave no reason" } else { &reason };
    let end = if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    let sentence = ["The MCP server refused: ", reason, end].concat();
    let details = fault.get_some("data").map(|data| data.text().to_owned());
    Error::new(kind, sentence).with_error_code(Some(code.to_owned())).with_details(details).with_permanent(true)
}

/// What a tool's result tells the model: `Ok` when it went well, `Err` when the tool says that it failed.
///
/// Texts are joined by line breaks; other content is told as JSON. Without content, its structured content is told.
///
/// # Errors
/// The tool's own words.
pub fn told(result: Raw<'_>) -> Result<String, String> {
    let mut out = String::new();
    for part in result.get_some("content").into_iter().flat_map(Raw::items) {
        if !out.is_empty() {
            out.push('\n');
        }
        match part.get_some("text").and_then(Raw::as_str) {
            Some(text) => out.push_str(&text),
            None => out.push_str(part.text()),
        }
    }
    if out.is_empty() {
        out.push_str(result.get_some("structuredContent").map(Raw::text).unwrap_or_default());
    }
    if result.get("isError").and_then(Raw::as_bool) == Some(true) { Err(out) } else { Ok(out) }
}
