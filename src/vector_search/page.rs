//! What comes back: pages of rows, scanned rows, and whether there is a next page. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::vector_search::text::{Object, answer, either, key_text, list, unreadable, word};
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// One page of rows, as JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The names of the cells, the score last.
    pub columns: Vec<String>,
    /// The rows as the JSON text of a list of objects.
    pub rows: String,
    /// How many rows there are.
    pub count: usize,
    /// What asks for the next page; nothing at the end.
    pub next: Option<String>,
    /// The facets as the JSON text of a list of objects, when some were asked for.
    pub facets: Option<String>,
    /// What the service says of the query's course, with `debug_level`, as JSON text.
    pub debug_info: Option<String>,
}

/// Reads the answer of a query. `known` are the columns of an earlier page: later ones may not repeat them.
///
/// Keys in snake_case and in camelCase are both read. The score is the last cell; where it comes as text it is made a
/// number.
///
/// # Errors
/// `Decode` when rows and columns do not fit together; the service's own error when the answer is one.
///
/// ```
/// let answer = r#"{"manifest":{"columns":[{"name":"id"},{"name":"score"}]},"result":{"data_array":[["a1","0.5"]]}}"#;
/// assert_eq!(lakewire::vector_search::page::read(answer, &[])?.rows, r#"[{"id":"a1","score":0.5}]"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn read(text: &str, known: &[&str]) -> Result<Page> {
    let root = answer(text)?;
    let manifest = either(root, "manifest");
    let columns = match manifest.and_then(|manifest| either(manifest, "columns")) {
        Some(columns) => names(columns),
        None => known.iter().map(|name| (*name).to_owned()).collect(),
    };
    let result = either(root, "result");
    let data = result.and_then(|result| either(result, "data_array"));
    let rows: Vec<String> =
        data.into_iter().flat_map(Raw::items).map(|row| object(row, &columns, true)).collect::<Result<_>>()?;
    let told = result.and_then(|result| either(result, "row_count")).and_then(|count| whole(count.text()));
    if told.is_some_and(|told| told != rows.len() as u64) {
        return Err(unreadable(
            "The answer does not hold as many rows as it says: part of it is missing, so none of it is given.",
        ));
    }
    let facets = match either(root, "facet_result").and_then(|facets| either(facets, "facet_array")) {
        Some(cells) => {
            let columns =
                manifest.and_then(|manifest| either(manifest, "facet_columns")).map(names).unwrap_or_default();
            let rows: Vec<String> = cells.items().map(|row| object(row, &columns, false)).collect::<Result<_>>()?;
            Some(list(rows))
        }
        None => None,
    };
    let token = word(root, "next_page_token");
    Ok(Page {
        count: rows.len(),
        rows: list(rows),
        columns,
        next: (!token.is_empty()).then_some(token),
        facets,
        debug_info: either(root, "debug_info").map(|info| info.text().to_owned()),
    })
}

fn names(columns: Raw<'_>) -> Vec<String> {
    columns.items().map(|column| word(column, "name")).collect()
}

/// A row of cells as an object.
fn object(row: Raw<'_>, columns: &[String], scored: bool) -> Result<String> {
    let mut out = Object::new();
    let mut cells = row.items();
    for (at, name) in columns.iter().enumerate() {
        let Some(cell) = cells.next() else { return Err(ragged()) };
        let last = scored && at + 1 == columns.len();
        // a column of that name gives way: the service's score is what the row was found by
        if name == "score" && !last && scored && columns.last().is_some_and(|last| last == "score") {
            continue;
        }
        let written = if last { number(cell) } else { None };
        out.raw(name, written.as_deref().unwrap_or(cell.text()));
    }
    if cells.next().is_some() {
        return Err(ragged());
    }
    Ok(out.finish())
}

fn ragged() -> Error {
    unreadable("A row of the answer does not have as many cells as there are columns.")
}

/// A number that comes as text.
fn number(cell: Raw<'_>) -> Option<String> {
    let text = cell.as_str()?;
    let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    (starts && Raw::parse(&text).is_ok_and(|number| number.text().len() == text.len())).then(|| text.into_owned())
}

/// One page of a scan, as JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The rows as the JSON text of a list of objects.
    pub rows: String,
    /// How many rows there are.
    pub count: usize,
    /// The key after which the next page begins; nothing at the end.
    pub next: Option<String>,
}

/// Reads a page of a scan: its lists of keys and values as plain rows.
///
/// # Errors
/// `Decode` when there are no rows to read; the service's own error when the answer is one.
///
/// ```
/// let answer = r#"{"data":[{"fields":[{"key":"id","value":{"number_value":7}}]}],"last_primary_key":"7"}"#;
/// assert_eq!(lakewire::vector_search::page::scanned(answer)?.rows, r#"[{"id":7}]"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn scanned(text: &str) -> Result<Scanned> {
    let root = answer(text)?;
    let mut rows = Vec::new();
    for row in either(root, "data").into_iter().flat_map(Raw::items) {
        rows.push(fields(row)?);
    }
    let next = either(root, "last_primary_key").and_then(key_text).filter(|key| !key.is_empty() && !rows.is_empty());
    Ok(Scanned { count: rows.len(), rows: list(rows), next })
}

fn fields(holder: Raw<'_>) -> Result<String> {
    let mut out = Object::new();
    for field in either(holder, "fields").into_iter().flat_map(Raw::items) {
        let key = either(field, "key")
            .and_then(Raw::as_str)
            .ok_or_else(|| unreadable("A field of a scanned row has no name where the `key` should be."))?;
        out.raw(&key, &either(field, "value").map_or(Ok("null".to_owned()), plain)?);
    }
    Ok(out.finish())
}

/// A value with its kind for a key, as plain JSON. The text was checked: it nests no deeper than JSON may.
fn plain(value: Raw<'_>) -> Result<String> {
    for kind in ["string_value", "number_value", "bool_value"] {
        if let Some(value) = either(value, kind) {
            return Ok(value.text().to_owned());
        }
    }
    if let Some(values) = either(value, "list_value") {
        let values: Vec<String> =
            either(values, "values").into_iter().flat_map(Raw::items).map(plain).collect::<Result<_>>()?;
        return Ok(list(values));
    }
    match either(value, "struct_value") {
        Some(inner) => fields(inner),
        None => Ok("null".to_owned()),
    }
}

/// How many pages in a row may be empty and still name a next one.
const PATIENCE: u64 = 20;

/// How far a walk over pages has come. It ends what would go on for ever: a token that comes again, and empty pages
/// without end. One token is remembered at a time, for twice as long each time (after R. P. Brent), so that a circle of
/// any length is found with the memory of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    anchor: String,
    steps: u64,
    limit: u64,
    empty: u64,
}

impl Walk {
    /// Takes a page's token and number of rows: the token to go on with, or nothing at the end.
    ///
    /// # Errors
    /// `Protocol` when the pages go round in a circle or stay empty.
    ///
    /// ```
    /// use lakewire::vector_search::page::Walk;
    /// let mut walk = Walk::default();
    /// assert_eq!(walk.turn(Some("a"), 10)?, Some("a"));
    /// assert!(walk.turn(Some("a"), 10).is_err());
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    pub fn turn<'a>(&mut self, token: Option<&'a str>, rows: usize) -> Result<Option<&'a str>> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        self.empty = if rows == 0 { self.empty + 1 } else { 0 };
        if token == self.anchor || self.empty > PATIENCE {
            let what = if self.empty > PATIENCE {
                "The service keeps sending empty pages that name a next one"
            } else {
                "The service named a page that it had sent already"
            };
            return Err(Error::new(
                ErrorKind::Protocol,
                [what, ": the list would never end, so reading it stops here."].concat(),
            ));
        }
        if self.steps == self.limit {
            self.anchor = token.to_owned();
            self.limit = (self.limit * 2).max(1);
            self.steps = 0;
        }
        self.steps += 1;
        Ok(Some(token))
    }

    /// The walk as text, to be kept between calls by who cannot hold it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for number in [self.steps, self.limit, self.empty] {
            out.push_str(&number.to_string());
            out.push(' ');
        }
        out.push_str(&self.anchor);
        out
    }

    /// The walk of a text; a new one when it is none.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut parts = text.splitn(4, ' ');
        let mut number = || parts.next().and_then(whole).unwrap_or(0);
        let [steps, limit, empty] = [number(), number(), number()];
        Self { anchor: parts.next().unwrap_or("").to_owned(), steps, limit, empty }
    }
}

/// The lists of endpoints and indexes: the items under `name` as JSON text, their number and the next page's token.
///
/// # Errors
/// The service's own error when the answer is one.
pub(crate) fn listed(text: &str, name: &str) -> Result<Scanned> {
    let root = answer(text)?;
    let items: Vec<&str> = either(root, name).into_iter().flat_map(Raw::items).map(Raw::text).collect();
    let token = word(root, "next_page_token");
    Ok(Scanned { count: items.len(), rows: list(items), next: (!token.is_empty()).then_some(token) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn rows(text: &str) -> Value {
        serde_json::from_str(&read(text, &[]).unwrap().rows).unwrap()
    }

    #[test]
    fn rows_are_objects_in_both_spellings() {
        let answer = r#"{"manifest":{"column_count":3,"columns":[{"name":"id"},{"name":"body","type_text":"string"},{"name":"score"}]},
            "result":{"row_count":2,"data_array":[["a1","Reset the unit",0.0231],[9007199254740993,null,"1e-3"]]},"next_page_token":""}"#;
        let page = read(answer, &[]).unwrap();
        assert_eq!(
            page.rows,
            r#"[{"id":"a1","body":"Reset the unit","score":0.0231},{"id":9007199254740993,"body":null,"score":1e-3}]"#
        );
        assert_eq!((page.count, page.next), (2, None));
        let camel = r#"{"manifest":{"columnCount":1,"columns":[{"name":"score"}]},"result":{"rowCount":1,"dataArray":[[1]]},"nextPageToken":"t","debugInfo":{"warnings":[]}}"#;
        let page = read(camel, &[]).unwrap();
        assert_eq!(
            (page.rows.as_str(), page.next.as_deref(), page.debug_info.as_deref()),
            (r#"[{"score":1}]"#, Some("t"), Some(r#"{"warnings":[]}"#))
        );
    }

    #[test]
    fn later_pages_have_the_columns_of_the_first() {
        let page = read(r#"{"result":{"data_array":[["x",0.5]]}}"#, &["id", "score"]).unwrap();
        assert_eq!(page.rows, r#"[{"id":"x","score":0.5}]"#);
        assert_eq!(page.columns, ["id", "score"]);
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        for bad in [
            r#"{"manifest":{"columns":[{"name":"id"}]},"result":{"data_array":[[1,2]]}}"#,
            r#"{"manifest":{"columns":[{"name":"id"},{"name":"score"}]},"result":{"data_array":[[1]]}}"#,
            r#"{"manifest":{"columns":[{"name":"id"}]},"result":{"row_count":2,"data_array":[[1]]}}"#,
        ] {
            assert_eq!(read(bad, &[]).unwrap_err().kind(), ErrorKind::Decode, "{bad}");
        }
        assert_eq!(read(r#"{"result":{"row_count":0}}"#, &[]).unwrap().count, 0);
        assert_eq!(
            read(r#"{"error_code":"BAD_REQUEST","message":"no"}"#, &[]).unwrap_err().kind(),
            ErrorKind::BadRequest
        );
    }

    #[test]
    fn a_column_called_score_gives_way_and_text_that_is_no_number_stays() {
        let text = r#"{"manifest":{"columns":[{"name":"score"},{"name":"score"}]},"result":{"data_array":[["mine",0.5],["x","high"]]}}"#;
        assert_eq!(rows(text), json!([{"score": 0.5}, {"score": "high"}]));
    }

    #[test]
    fn facets_are_rows_of_their_own() {
        let text = r#"{"manifest":{"columns":[{"name":"score"}],"facet_columns":[{"name":"facet"},{"name":"value"},{"name":"count"}],"facet_column_count":3},
            "result":{"data_array":[]},"facet_result":{"facet_array":[["lang","en",3]],"facet_row_count":1}}"#;
        assert_eq!(read(text, &[]).unwrap().facets.as_deref(), Some(r#"[{"facet":"lang","value":"en","count":3}]"#));
    }

    #[test]
    fn scanned_rows_are_plain() {
        let text = r#"{"data":[{"fields":[{"key":"id","value":{"string_value":"a"}},{"key":"n","value":{"numberValue":1.5}},{"key":"ok","value":{"bool_value":false}},
            {"key":"l","value":{"list_value":{"values":[{"number_value":1},{}]}}},{"key":"s","value":{"struct_value":{"fields":[{"key":"x","value":{"string_value":"y"}}]}}},{"key":"z","value":null}]}],"lastPrimaryKey":"a"}"#;
        let page = scanned(text).unwrap();
        assert_eq!(page.rows, r#"[{"id":"a","n":1.5,"ok":false,"l":[1,null],"s":{"x":"y"},"z":null}]"#);
        assert_eq!(page.next.as_deref(), Some("a"));
        assert_eq!(scanned(r#"{"data":[],"last_primary_key":"a"}"#).unwrap().next, None);
        assert!(scanned(r#"{"data":[{"fields":[{"value":{"bool_value":true}}]}]}"#).is_err());
    }

    #[test]
    fn o10_empty_pages_with_a_token_are_walked_but_not_for_ever() {
        let mut walk = Walk::default();
        let mut turns = 0;
        let error = loop {
            turns += 1;
            match walk.turn(Some(&turns.to_string()), 0) {
                Ok(token) => assert!(token.is_some()),
                Err(error) => break error,
            }
        };
        assert_eq!((turns, error.kind()), (PATIENCE + 1, ErrorKind::Protocol));
        assert_eq!(Walk::default().turn(Some(""), 3).unwrap(), None);
        assert_eq!(Walk::default().turn(None, 3).unwrap(), None);
    }

    proptest! {
        #[test]
        fn o10_a_circle_of_any_length_ends(lead in 0..40_usize, circle in 1..40_usize) {
            let mut text = String::new();
            let mut turns = 0;
            loop {
                let at = if turns < lead { turns } else { lead + (turns - lead) % circle };
                let token = format!("t {at}");
                let mut walk = Walk::from_text(&text);
                let Ok(next) = walk.turn(Some(&token), 1) else { break };
                prop_assert_eq!(next, Some(token.as_str()));
                text = walk.to_text();
                turns += 1;
                prop_assert!(turns <= 4 * (lead + circle) + 4);
            }
            prop_assert!(turns >= circle);
        }

        #[test]
        fn o10_pages_that_all_differ_are_never_taken_for_a_circle(count in 0..300_usize) {
            let mut walk = Walk::default();
            for at in 0..count {
                prop_assert!(walk.turn(Some(&at.to_string()), 1).is_ok());
            }
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = read(&text, &["a"]);
            let _ = scanned(&text);
            let _ = Walk::from_text(&text);
        }
    }
}
