//! Bodies: parsed once, checked, and written anew from what was checked. What is forwarded is never the text that came.

mod canonical;
mod inside;
mod invoke;
mod manage;
mod mlflow;
mod models;
pub(super) mod param;
mod search;
mod sql;

use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::relay::route::{Matched, Op};
use crate::wire::json::Raw;
use canonical::{Fields, Writer, fields};

/// A body as it goes upstream.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: String,
    /// Whether it asks for a stream.
    pub(super) stream: bool,
}

/// Checks a body and writes it anew.
pub(super) fn rewrite(rules: &Rules, matched: &Matched<'_>, bytes: &[u8]) -> Result<Written, Fault> {
    if bytes.len() as u64 > rules.limits.body_bytes {
        return Err(Fault::too_large());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::body(&["The body is not UTF-8."]))?;
    let root = Raw::parse(text).map_err(|_| Fault::body(&["The body is not JSON."]))?;
    if !root.is_object() {
        return Err(Fault::body(&["The body is not a JSON object."]));
    }
    let given = fields(root)?;
    let whole = |text: Result<String, Fault>| text.map(|text| Written { text, stream: false });
    match matched.route.op() {
        Op::Invoke => invoke::rewrite(rules, matched.name(), &given),
        Op::EndpointsManage => whole(manage::endpoint(matched, &given)),
        Op::IndexCreate => whole(manage::index(&given)),
        Op::IndexQuery => whole(search::query(rules, matched.name(), &given)),
        Op::IndexNextPage => whole(search::next_page(&given)),
        Op::IndexWrite => whole(search::write(matched, &given)),
        Op::Named => whole(sql::named(rules, matched.name(), &given)),
        Op::Statement => whole(sql::free(rules, &given)),
        Op::StatementCancel | Op::WarehouseStart => whole(nothing(&given)),
        _ => whole(mlflow::rewrite(rules, matched, &given)),
    }
}

/// A body that says nothing.
fn nothing(given: &Fields<'_>) -> Result<String, Fault> {
    only(given, &[])?;
    Ok("{}".to_owned())
}

/// Refuses a field that is not among the known ones.
fn only(given: &Fields<'_>, known: &[&str]) -> Result<(), Fault> {
    match given.iter().find(|(key, _)| !known.contains(&&**key)) {
        Some((key, _)) => Err(unknown(key)),
        None => Ok(()),
    }
}

fn unknown(key: &str) -> Fault {
    Fault::body(&["The field `", &super::log_safe(key), "` is not let through."])
}

/// The whole body written anew, when it holds known fields alone.
fn plain(given: &Fields<'_>, known: &[&str]) -> Result<String, Fault> {
    only(given, known)?;
    let mut out = Writer::new();
    for (key, value) in given {
        out.value(key, *value)?;
    }
    Ok(out.finish())
}

/// A field of the body that is there and not `null`.
fn get<'a>(given: &Fields<'a>, key: &str) -> Option<Raw<'a>> {
    given.iter().find(|(known, _)| known == key).map(|(_, value)| *value).filter(|value| !value.is_null())
}

/// A field that must be a text of a grammar.
fn text_of(given: &Fields<'_>, key: &str, fits: impl Fn(&str) -> bool) -> Result<String, Fault> {
    match get(given, key).and_then(Raw::as_str).filter(|text| fits(text)) {
        Some(text) => Ok(text.into_owned()),
        None => Err(Fault::body(&["The field `", key, "` is missing, or is not what it must be."])),
    }
}

/// A whole number that is at least 1, or nothing when the field is absent.
fn positive(given: &Fields<'_>, key: &str) -> Result<Option<u64>, Fault> {
    get(given, key).map(|value| positive_of(value, key)).transpose()
}

fn positive_of(value: Raw<'_>, key: &str) -> Result<u64, Fault> {
    let number = value.as_i64().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
    number.ok_or_else(|| Fault::body(&["`", key, "` is not a positive whole number."]))
}

/// Refuses a list with more items than the limit.
fn at_most(value: Raw<'_>, key: &str, most: u64) -> Result<(), Fault> {
    if !value.is_array() {
        return Err(Fault::body(&["`", key, "` is not a list."]));
    }
    if value.items().take(usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1)).count() as u64 > most {
        return Err(Fault::body(&["`", key, "` has more than ", &most.to_string(), " items."]));
    }
    Ok(())
}
