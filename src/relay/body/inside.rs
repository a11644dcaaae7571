//! What stands deep inside a request to a model: addresses that the service would call, things that others stored, tools.

use crate::relay::body::canonical::Fields;
use crate::relay::body::get;
use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::wire::json::Raw;

/// Where a tool of the page's own says what it is; an address is none of it.
const TOOL: &[&str] =
    &["type", "function", "custom", "name", "description", "parameters", "strict", "format", "cache_control"];

/// Messages and items bring what they hold with them: no address to call, and nothing that is kept at the service.
pub(super) fn brought_along(rules: &Rules, given: &Fields<'_>) -> Result<(), Fault> {
    for list in ["messages", "input"] {
        let Some(list) = get(given, list) else { continue };
        for item in list.items() {
            // an item without a type and a role is a reference to a stored one
            if item.is_object() && word(item, "type").is_none() && word(item, "role").is_none() {
                return Err(Fault::body(&["A message or an item has neither a `role` nor a `type`."]));
            }
            walk(rules, item)?;
        }
    }
    Ok(())
}

fn word<'a>(of: Raw<'a>, key: &str) -> Option<std::borrow::Cow<'a, str>> {
    of.get_some(key).and_then(Raw::as_str)
}

fn walk(rules: &Rules, value: Raw<'_>) -> Result<(), Fault> {
    for item in value.items() {
        walk(rules, item)?;
    }
    if word(value, "type").as_deref() == Some("item_reference") {
        return Err(stored("item_reference"));
    }
    for (key, value) in value.fields().filter(|(_, value)| !value.is_null()) {
        if key == "file_id" || key == "file_ids" {
            return Err(stored(&key));
        }
        // what an earlier answer cited is told, not called
        if key == "annotations" || key == "citations" {
            continue;
        }
        let lower = key.to_ascii_lowercase();
        if !rules.urls && ["url", "uri", "urls", "uris"].iter().any(|end| lower.ends_with(end)) {
            let called = |value: Raw<'_>| value.as_str().is_some_and(|text| !text.starts_with("data:"));
            if called(value) || value.items().any(called) {
                let shown = crate::relay::log_safe(&key);
                return Err(Fault::body(&["`", &shown, "` is not a `data:` address: send the content itself."]));
            }
        }
        walk(rules, value)?;
    }
    Ok(())
}

fn stored(what: &str) -> Fault {
    Fault::body(&["`", what, "` names something that is kept at the service: send the content itself."])
}

/// Tools are of the kinds that are let through, and those of the page's own say nothing that the service would call.
pub(super) fn tools(rules: &Rules, given: &Fields<'_>) -> Result<(), Fault> {
    let known = |kind: &str| rules.tool_types.iter().any(|known| *known == kind);
    for tool in get(given, "tools").into_iter().flat_map(Raw::items) {
        let kind = word(tool, "type");
        // some kinds of tools make the service call addresses or run code
        let Some(kind) = kind.filter(|kind| known(kind)) else {
            return Err(Fault::body(&["A tool has a `type` that is not let through."]));
        };
        if matches!(&*kind, "function" | "custom") {
            if let Some((key, _)) = tool.fields().find(|(key, _)| !TOOL.contains(&&**key)) {
                return Err(Fault::body(&["A tool has the field `", &crate::relay::log_safe(&key), "`."]));
            }
        }
    }
    match get(given, "tool_choice") {
        Some(choice) if !choice.is_string() && !word(choice, "type").is_some_and(|kind| known(&kind)) => {
            Err(Fault::body(&["`tool_choice` names a kind of tool that is not let through."]))
        }
        Some(choice) if choice.fields().any(|(key, _)| !matches!(&*key, "type" | "name" | "function" | "custom")) => {
            Err(Fault::body(&["`tool_choice` says more than which tool."]))
        }
        _ => Ok(()),
    }
}
