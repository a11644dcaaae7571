//! What has rules of MCP, by name: addresses that are given, and refusals. Its messages are plain JSON, which JavaScript writes and reads
//! itself, and the base's `raw` sends.

use wasm_bindgen::JsValue;

use crate::error::{Error, ErrorKind, Result};
use crate::functions::last;
use crate::js::args::Args;
use crate::mcp;
use crate::wire::json::Raw;

/// `mcp.check` of an address, `mcp.refusal` of an error object, which throws, and `mcp.name` of a tool.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let Some(name) = name.strip_prefix("mcp.") else { return Ok(None) };
    let text = match name {
        "check" => return mcp::check(args.text(0)?).map(|()| Some(JsValue::UNDEFINED)),
        "refusal" => return Err(mcp::refusal(Raw::parse(args.text(0)?)?)),
        "name" => last(args.text(0)?.to_owned()),
        _ => return Err(Error::new(ErrorKind::InvalidInput, "MCP has no such step.")),
    };
    Ok(Some(text.into()))
}
