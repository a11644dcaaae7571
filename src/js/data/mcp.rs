//! MCP messages by name. What sends them is the base's `raw`.

use wasm_bindgen::JsValue;

use super::functions::list;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::last;
use crate::js::args::Args;
use crate::mcp;
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// Messages (`mcp.initialize`, `mcp.initialized`, `mcp.list`, `mcp.call`; ids are texts), `mcp.read`: `[session, result]`
/// of an answer, `mcp.version`, `mcp.told`: `[text]` or `[text, "failed"]`, `mcp.name`, and the addresses.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let Some(name) = name.strip_prefix("mcp.") else { return Ok(None) };
    let id = || args.text(0).map(|text| whole(text).and_then(|id| u32::try_from(id).ok()).unwrap_or_default());
    let text = match name {
        "check" => return mcp::check(args.text(0)?).map(|()| Some(JsValue::UNDEFINED)),
        "initialize" => mcp::initialize(id()?),
        "initialized" => mcp::initialized(),
        "list" => mcp::list_tools(id()?, args.optional(1)),
        "call" => mcp::call_tool(id()?, args.text(1)?, args.text(2)?)?,
        "read" => {
            let (session, body) = mcp::split(args.text(1)?);
            return Ok(Some(list([session.unwrap_or_default().to_owned(), mcp::result(body, id()?)?])));
        }
        "version" => mcp::version(Raw::trusted(args.text(0)?)),
        "told" => {
            return Ok(Some(match mcp::told(Raw::trusted(args.text(0)?)) {
                Ok(text) => list([text]),
                Err(text) => list([text, "failed".to_owned()]),
            }));
        }
        "name" => last(args.text(0)?.to_owned()),
        "functions" => mcp::functions(args.text(0)?, args.text(1)?, args.optional(2))?,
        "vectorSearch" => mcp::vector_search(args.text(0)?, args.text(1)?, args.optional(2))?,
        "genie" => mcp::genie(args.optional(0))?,
        "sql" => mcp::sql(),
        "external" => mcp::external(args.text(0)?)?,
        _ => return Err(Error::new(ErrorKind::InvalidInput, "MCP has no such step.")),
    };
    Ok(Some(text.into()))
}
