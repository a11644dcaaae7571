//! Pages of lists: a token holds where the next one begins.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Asked, invalid};
use crate::errors::ApiError;
use crate::faults::PagesFault;

/// How many rows of a list a page holds.
pub(super) struct Limits {
    /// Without a wish; `None` when a wish must be given.
    pub(super) unless_said: Option<i64>,
    /// At most.
    pub(super) most: i64,
    /// What a wish above that is told: MLflow has two ways.
    pub(super) hint: bool,
}

/// The page that is asked for: where it begins and how long it may be.
pub(super) fn wanted(asked: &Asked, fields: &Fields, limits: &Limits) -> Result<(usize, usize), ApiError> {
    let most = limits.most;
    let said = fields.int("max_results")?;
    if let (true, Some(value)) = (limits.hint, fields.get("max_results").filter(|_| said.is_some_and(|n| n > most))) {
        return Err(super::fields::wrong("max_results", value));
    }
    let size = said.or(limits.unless_said).unwrap_or(0);
    if size <= 0 {
        return Err(invalid(format!(
            "Invalid value {size} for parameter 'max_results' supplied. It must be a positive integer"
        )));
    }
    if size > most {
        return Err(invalid(format!(
            "Invalid value {size} for parameter 'max_results' supplied. It must be at most {most}"
        )));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let size = asked.fault.page_rows.unwrap_or(size).min(size);
    Ok((offset(fields)?, size))
}

/// Where the page of a token begins.
pub(super) fn offset(fields: &Fields) -> Result<usize, ApiError> {
    let Some(token) = fields.text("page_token")?.filter(|token| !token.is_empty()) else { return Ok(0) };
    let bytes = STANDARD.decode(token).map_err(|_| invalid("Invalid page token, could not base64-decode"))?;
    let read: Option<Value> = serde_json::from_slice(&bytes).ok();
    let offset = read.and_then(|value| value.get("offset").and_then(Value::as_u64));
    let offset = offset.and_then(|offset| usize::try_from(offset).ok());
    offset.ok_or_else(|| invalid(format!("Invalid page token, decoded value={}", String::from_utf8_lossy(&bytes))))
}

/// The token of the page that begins there.
pub(super) fn token(offset: usize) -> String {
    STANDARD.encode(format!(r#"{{"offset": {offset}}}"#))
}

/// The answer with one page of rows; an empty list is left out, and so is the token of a last page.
pub(super) fn page(asked: &Asked, name: &str, rows: Vec<Value>, (from, size): (usize, usize)) -> Value {
    let all = rows.len();
    let mut rows: Vec<Value> = rows.into_iter().skip(from).take(size).collect();
    let mut next = (from.saturating_add(size) < all).then(|| token(from.saturating_add(size)));
    match asked.fault.pages {
        Some(PagesFault::RepeatedToken) => next = Some(token(from)),
        Some(PagesFault::Endless) => next = Some(token(from.saturating_add(size))),
        // a page without rows, with a token that leads to the same place
        Some(PagesFault::Empty) => {
            rows.clear();
            next = Some(token(from));
        }
        None => {}
    }
    let mut answer = Map::new();
    if !rows.is_empty() {
        answer.insert(name.to_owned(), Value::Array(rows));
    }
    if let Some(token) = next {
        answer.insert("next_page_token".to_owned(), json!(token));
    }
    Value::Object(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_where_it_says() {
        assert_eq!(token(2), "eyJvZmZzZXQiOiAyfQ==");
        let at = |token: &str| offset(&Fields::inner(&json!({ "page_token": token })));
        assert_eq!(at(&token(17)).unwrap(), 17);
        assert_eq!(at("").unwrap(), 0);
        assert!(at("x").is_err() && at("bm9uc2Vuc2U=").is_err());
    }
}
