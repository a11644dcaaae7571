//! Vector search by name.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::Result;
use crate::js::args::Args;
use crate::js::error::to_js;
use crate::vector_search::store::{Kind, Plan};
use crate::vector_search::text::invalid;
use crate::vector_search::{Filter, calls, mmr, page, progress, tool, write};
use crate::wire::call::Call;
use crate::wire::find::whole;
use crate::wire::json::Raw;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    find(name.strip_prefix("vector.")?, args)
}

fn find(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let one = |call: fn(&str) -> Result<Call<String>>| args.text(0).and_then(call);
    let two = |call: fn(&str, &str) -> Result<Call<String>>| call(args.text(0)?, args.text(1)?);
    Some(match name {
        "createEndpoint" => one(|body| calls::create_endpoint(body.to_owned()).map(Call::into_text)),
        "getEndpoint" => one(|name| calls::get_endpoint(name).map(Call::into_text)),
        "listEndpoints" => Ok(calls::list_endpoints(args.optional(0)).into_text()),
        "updateEndpoint" => {
            two(|name, target| calls::update_endpoint(name, whole(target).unwrap_or(0)).map(Call::into_text))
        }
        "updateBudgetPolicy" => two(|name, policy| calls::update_budget_policy(name, policy).map(Call::into_text)),
        "updateTags" => two(|name, tags| calls::update_tags(name, tags).map(Call::into_text)),
        "deleteEndpoint" => one(|name| calls::delete_endpoint(name).map(Call::into_done)),
        "createIndex" => one(|body| calls::create_index(body.to_owned()).map(Call::into_text)),
        "getIndex" => one(|name| calls::get_index(name, false).map(Call::into_text)),
        "listIndexes" => args.text(0).map(|name| calls::list_indexes(name, args.optional(1)).into_text()),
        "deleteIndex" => one(|name| calls::delete_index(name).map(Call::into_done)),
        "syncIndex" => one(|name| calls::sync_index(name).map(Call::into_done)),
        "query" => args.text(0).and_then(|name| calls::query(name, args.text(1)?, args.has(2))).map(Call::into_text),
        "nextPage" => two(|name, token| calls::query_next_page(name, token, None).map(Call::into_text)),
        "scan" => args
            .text(0)
            .and_then(|name| calls::scan(name, args.optional(1).and_then(whole), args.optional(2)))
            .map(Call::into_text),
        "upsert" => args.text(0).and_then(|name| calls::upsert(name, &args.rest(1))).map(Call::into_text),
        "deleteRows" => args.text(0).and_then(|name| calls::delete_rows(name, &args.rest(1))).map(Call::into_text),
        "table" => one(|name| calls::table(name).map(Call::into_text)),
        _ => return None,
    })
}

fn text(value: impl AsRef<str>) -> JsValue {
    JsValue::from_str(value.as_ref())
}

fn optional(value: Option<String>) -> JsValue {
    value.map_or(JsValue::UNDEFINED, text)
}

fn row(values: impl IntoIterator<Item = JsValue>) -> JsValue {
    values.into_iter().collect::<Array>().into()
}

fn count(args: &Args, at: usize) -> usize {
    args.optional(at).and_then(whole).and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    match name.strip_prefix("vector.") {
        Some(name) => known(name, args),
        None => Ok(None),
    }
}

fn known(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let plan = || Plan::new(args.text(0)?, args.text(1)?);
    let listed = |page: page::Scanned| row([text(page.rows), page.count.into(), optional(page.next)]);
    let seen =
        |seen: progress::Progress| row([seen.done.into(), text(seen.state), text(seen.message), optional(seen.ask)]);
    Ok(Some(match name {
        // [done, state, message, endpoint to ask]
        "endpoint" => seen(progress::endpoint(args.text(0)?)?),
        "index" => seen(progress::index(args.text(0)?, args.has(1), args.optional(2))?),
        "late" => to_js(&progress::late(args.text(0)?, args.text(1)?, args.text(2)?, args.text(3)?)),
        // [rows, count, next, columns, facets, debug info]
        "page" => {
            let page = page::read(args.text(0)?, &args.rest(1))?;
            let columns = row(page.columns.iter().map(text));
            let texts = [page.facets, page.debug_info].map(optional);
            row([text(page.rows), page.count.into(), optional(page.next), columns].into_iter().chain(texts))
        }
        "scanned" => listed(page::scanned(args.text(0)?)?),
        "listed" => listed(page::listed(args.text(0)?, args.text(1)?)?),
        // the walk's text, or nothing at the end
        "turn" => {
            let mut walk = page::Walk::from_text(args.text(0)?);
            match walk.turn(args.optional(1), count(args, 2))? {
                Some(_) => text(walk.to_text()),
                None => JsValue::UNDEFINED,
            }
        }
        // [keys, ends]
        "cut" => {
            let cut = write::cut(args.optional(0), &args.rest(3), count(args, 1), count(args, 2))?;
            row([row(cut.keys.iter().map(text)), row(cut.ends.into_iter().map(JsValue::from))])
        }
        // [places of those that failed, what does not add up]
        "verdict" => {
            let verdict = write::verdict(args.text(0)?, &args.rest(1))?;
            row([row(verdict.failed.into_iter().map(JsValue::from)), optional(verdict.doubt)])
        }
        "goesOn" => write::goes_on(args.text(0)?).into(),
        "notSent" => to_js(&write::not_sent()),
        "filtersJson" => text(filter(args)?.to_filters_json()?),
        "filterString" => text(filter(args)?.to_filter_string()?),
        // [kind, primary key, text column, vector column, source table]
        "plan" => {
            let plan = plan()?;
            let kind = match plan.kind {
                Kind::Managed => "managed",
                Kind::SelfManaged => "self_managed",
                Kind::DirectAccess => "direct_access",
            };
            let optionals = [plan.vector_column, plan.source_table].map(optional);
            row([text(kind), text(plan.key), text(plan.text_column)].into_iter().chain(optionals))
        }
        "dimension" => {
            plan()?.check_dimension(count(args, 2))?;
            true.into()
        }
        "embeds" => plan()?.embeds(args.optional(2).unwrap_or_default()).into(),
        "writable" => {
            plan()?.writable(args.text(2)?)?;
            true.into()
        }
        "request" => text(plan()?.request(args.text(2)?)?),
        "documents" => text(plan()?.documents(args.text(2)?)?),
        "toolName" => text(tool::name(args.text(0)?, args.optional(1))?),
        "toolText" => text(tool::description(args.text(0)?, args.optional(1))?),
        "toolParameters" => text(tool::parameters(args.has(0))),
        // [query, filters]
        "toolArguments" => {
            let (query, filters) = tool::arguments(args.text(0)?, args.has(1), args.optional(2))?;
            row([text(query), optional(filters)])
        }
        _ => return Ok(None),
    }))
}

fn filter(args: &Args) -> Result<Filter> {
    Filter::of(Raw::parse(args.text(0)?).map_err(|_| invalid("The filter is not valid JSON."))?)
}

/// The places that maximal marginal relevance picks, in their order; `vectors` are rows as long as the query.
///
/// # Errors
/// As `mmr::pick`.
#[wasm_bindgen]
pub fn mmr_pick(query: &[f32], vectors: &[f32], k: u32, lambda: f64) -> std::result::Result<Vec<u32>, JsValue> {
    match mmr::pick(query, vectors, k as usize, lambda) {
        Ok(picked) => Ok(picked.into_iter().map(|place| place as u32).collect()),
        Err(error) => Err(to_js(&error)),
    }
}
