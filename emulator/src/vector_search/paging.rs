//! Pages: of lists, of answers, and the ways they can go wrong (fault-matrix O10).

use std::sync::Arc;

use serde_json::{Value, json};

use super::Asked;
use crate::errors::ApiError;
use crate::faults::{PagesFault, VectorFault};
use crate::json::{invalid, set};
use crate::state::Emulator;

/// Entries of one page of a list.
const LIST_PAGE: usize = 100;
/// Rows of one page of an answer.
pub(super) const ANSWER_PAGE: usize = 1000;
/// The token that a fault gives again and again.
const REPEATED: &str = "repeated";
/// How the tokens of a fault begin that never end.
const ENDLESS: &str = "endless-";

fn bad_token() -> ApiError {
    invalid("The page token is not one that this emulator gave, or it is too old.")
}

/// The number in a token of the endless fault.
fn endless(token: Option<&str>) -> u64 {
    token.and_then(|token| token.strip_prefix(ENDLESS)).and_then(|rest| rest.parse().ok()).unwrap_or(0)
}

/// A page of a list, under its name.
pub(super) fn list(asked: &Asked, name: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let fault = asked.vector_fault();
    let token = asked.parameter("page_token").or_else(|| asked.parameter("pageToken"));
    let size = fault.page_rows.unwrap_or(LIST_PAGE).max(1);
    let made_up = token.is_some_and(|token| token == REPEATED || token.starts_with(ENDLESS));
    let start = match token {
        None => 0,
        Some(_) if made_up => 0,
        Some(token) => {
            let start = token.strip_prefix("at-").and_then(|rest| rest.parse::<usize>().ok());
            start.ok_or_else(bad_token)?
        }
    };
    let mut page: Vec<Value> = all.iter().skip(start).take(size).cloned().collect();
    let end = start + page.len();
    let mut next = (end < all.len()).then(|| format!("at-{end}"));
    match fault.pages {
        Some(PagesFault::RepeatedToken) => next = Some(REPEATED.to_owned()),
        Some(PagesFault::Endless) => next = Some(format!("{ENDLESS}{}", endless(token) + 1)),
        Some(PagesFault::Empty) => {
            page.clear();
            next = Some(format!("at-{start}"));
        }
        None => {}
    }
    let mut body = json!({ name: page });
    if let Some(next) = next {
        set(&mut body, "next_page_token", next);
    }
    Ok(body)
}

/// The first page of an answer's rows, and the token of the next one.
pub(super) fn first(emulator: &Emulator, index: &str, rows: Vec<Value>, fault: &VectorFault) -> (Vec<Value>, String) {
    let size = fault.page_rows.unwrap_or(ANSWER_PAGE).max(1);
    let held = |rows: Arc<Vec<Value>>, size| emulator.vectors().hold(index, rows, size);
    match fault.pages {
        // a token for the very first row, for the pages after the empty one to bring everything
        Some(PagesFault::Empty) => {
            let token = held(Arc::new(rows), size);
            let from_start = token.split_once('.').map_or(token.clone(), |(id, _)| format!("{id}.0"));
            return (Vec::new(), from_start);
        }
        Some(PagesFault::RepeatedToken) => return (rows.into_iter().take(size).collect(), REPEATED.to_owned()),
        Some(PagesFault::Endless) => return (rows.into_iter().take(size).collect(), format!("{ENDLESS}1")),
        None => {}
    }
    if rows.len() <= size {
        return (rows, String::new());
    }
    let rows = Arc::new(rows);
    let token = held(Arc::clone(&rows), size);
    (rows.iter().take(size).cloned().collect(), token)
}

/// The page behind a token.
pub(super) fn next(
    emulator: &Emulator,
    index: &str,
    token: &str,
    fault: &VectorFault,
) -> Result<(Vec<Value>, String), ApiError> {
    match fault.pages {
        Some(PagesFault::RepeatedToken) => return Ok((Vec::new(), token.to_owned())),
        Some(PagesFault::Empty) => return Ok((Vec::new(), token.to_owned())),
        Some(PagesFault::Endless) => return Ok((Vec::new(), format!("{ENDLESS}{}", endless(Some(token)) + 1))),
        None => {}
    }
    if token == REPEATED {
        return Ok((Vec::new(), REPEATED.to_owned()));
    }
    if token.starts_with(ENDLESS) {
        return Ok((Vec::new(), format!("{ENDLESS}{}", endless(Some(token)) + 1)));
    }
    let (rows, next) = emulator.vectors().page(index, token).ok_or_else(bad_token)?;
    Ok((rows, next.unwrap_or_default()))
}
