//! A sentence from the rows of a query: Python's list of tuples, or JSON.

use super::schema::parted;

/// Most rows that are told one by one.
const MAX_ROWS: usize = 10;

/// One row: values, with their names where the text gives them.
type Row = Vec<(Option<String>, String)>;

/// Reads Python's or JSON's form of rows.
#[derive(Debug)]
struct Reader<'t> {
    rest: &'t str,
}

#[derive(Debug, Clone)]
enum Item {
    One(String),
    Many(Vec<Item>),
    Named(Vec<(String, Item)>),
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, c: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn item(&mut self, depth: usize) -> Option<Item> {
        self.space();
        if depth > 6 {
            return None;
        }
        for (open, close) in [('[', ']'), ('(', ')')] {
            if self.take(open) {
                let mut items = Vec::new();
                while !self.take(close) {
                    items.push(self.item(depth + 1)?);
                    if !self.take(',') && !self.rest.trim_start().starts_with(close) {
                        return None;
                    }
                }
                return Some(Item::Many(items));
            }
        }
        if self.take('{') {
            let mut fields = Vec::new();
            while !self.take('}') {
                let Item::One(key) = self.item(depth + 1)? else { return None };
                if !self.take(':') {
                    return None;
                }
                fields.push((key, self.item(depth + 1)?));
                if !self.take(',') && !self.rest.trim_start().starts_with('}') {
                    return None;
                }
            }
            return Some(Item::Named(fields));
        }
        if self.rest.starts_with(['\'', '"']) {
            return self.text().map(Item::One);
        }
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).filter(|(word, _)| !word.is_empty())?;
        self.rest = rest;
        if rest.starts_with('(') {
            let arguments = self.item(depth + 1)?;
            return Some(Item::One(called(word, &arguments)));
        }
        Some(Item::One(match word {
            "None" | "null" => "nothing".to_owned(),
            "True" | "true" => "true".to_owned(),
            "False" | "false" => "false".to_owned(),
            other => other.to_owned(),
        }))
    }

    fn text(&mut self) -> Option<String> {
        let mut chars = self.rest.char_indices();
        let (_, open) = chars.next()?;
        let mut out = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    other => out.push(other),
                },
                c if c == open => {
                    self.rest = self.rest.get(at + c.len_utf8()..)?;
                    return Some(out);
                }
                c => out.push(c),
            }
        }
        None
    }
}

/// `Decimal('1.50')` and `datetime.date(2024, 3, 9)` as they read.
fn called(name: &str, arguments: &Item) -> String {
    let Item::Many(items) = arguments else { return name.to_owned() };
    let parts: Vec<&str> =
        items.iter().filter_map(|item| if let Item::One(text) = item { Some(text.as_str()) } else { None }).collect();
    match (name, parts.as_slice()) {
        ("datetime.date" | "datetime.datetime", [year, month, day, rest @ ..]) => {
            let time: Vec<String> = rest
                .iter()
                .take(3)
                .filter(|part| part.chars().all(|c| c.is_ascii_digit()))
                .map(|part| format!("{part:0>2}"))
                .collect();
            let time = if time.is_empty() { String::new() } else { format!(" {}", time.join(":")) };
            format!("{year}-{month:0>2}-{day:0>2}{time}")
        }
        (_, [first, ..]) => (*first).to_owned(),
        _ => name.to_owned(),
    }
}

fn plain(item: &Item) -> String {
    match item {
        Item::One(text) => text.clone(),
        Item::Many(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Item::Named(fields) => {
            fields.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The rows of a text, where it holds nothing else.
fn rows(text: &str) -> Option<Vec<Row>> {
    let mut reader = Reader { rest: text.trim() };
    let item = reader.item(0)?;
    if !reader.rest.trim().is_empty() {
        return None;
    }
    let row = |item: &Item| match item {
        Item::Many(values) => values.iter().map(|value| (None, plain(value))).collect(),
        Item::Named(fields) => fields.iter().map(|(key, value)| (Some(key.clone()), plain(value))).collect(),
        Item::One(value) => vec![(None, value.clone())],
    };
    match &item {
        Item::Many(items) => Some(items.iter().map(row).collect()),
        Item::Named(fields) => {
            let find =
                |names: &[&str]| fields.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value);
            if let Some(Item::Many(items)) = find(&["rows", "data", "data_array", "result"]) {
                let named = match find(&["columns"]) {
                    Some(Item::Many(names)) => names
                        .iter()
                        .map(|name| match name {
                            Item::Named(fields) => fields
                                .iter()
                                .find(|(key, _)| key == "name")
                                .map_or_else(String::new, |(_, value)| plain(value)),
                            other => plain(other),
                        })
                        .collect(),
                    _ => Vec::new(),
                };
                let names = |row: Row| -> Row {
                    row.into_iter()
                        .enumerate()
                        .map(|(at, (name, value))| (name.or_else(|| named.get(at).cloned()), value))
                        .collect()
                };
                return Some(items.iter().map(|item| names(row(item))).collect());
            }
            Some(vec![row(&item)])
        }
        Item::One(_) => None,
    }
}

/// The names of a SELECT's columns.
fn names(sql: &str) -> Vec<String> {
    let upper = sql.to_ascii_uppercase();
    let Some(start) = upper.find("SELECT ").map(|at| at + "SELECT ".len()) else { return Vec::new() };
    let end = upper.find("\nFROM ").or_else(|| upper.find(" FROM ")).filter(|end| *end > start).unwrap_or(sql.len());
    // EXTRACT(YEAR FROM x) holds the word too: then the list is cut at the FROM behind the last bracket
    let list = sql.get(start..end).unwrap_or_default();
    let list = if list.matches('(').count() == list.matches(')').count() {
        list
    } else {
        sql.get(start..upper.rfind(" FROM ").unwrap_or(end)).unwrap_or(list)
    };
    parted(list.trim_start_matches("DISTINCT "))
        .into_iter()
        .map(|piece| {
            let name = piece.trim().rsplit([' ', '.']).next().unwrap_or(piece).trim_matches('`');
            name.to_owned()
        })
        .collect()
}

fn spaced(name: &str) -> String {
    if name.len() <= 3 {
        return name.to_owned();
    }
    let rest = name
        .split_once('_')
        .filter(|(first, rest)| first.len() <= 2 && !rest.is_empty())
        .map_or(name, |(_, rest)| rest);
    // prefixes of one or two letters, as in `l_tax` and `average_l_tax`, say nothing
    rest.split('_').filter(|word| word.len() > 2 || matches!(*word, "of" | "id" | "no")).collect::<Vec<_>>().join(" ")
}

/// A sentence or a short list that answers from the rows of a query.
#[must_use]
pub fn sentence(question: &str, sql: &str, result: &str) -> String {
    let result = result.trim();
    if super::super::results::failed(result) {
        return format!("The query failed, so I cannot answer. The warehouse said: {}", clipped(result));
    }
    if result.is_empty() {
        return "The query returned no rows.".to_owned();
    }
    let Some(rows) = rows(result) else { return format!("The query returned: {}", clipped(result)) };
    let names = names(sql);
    let name = |at: usize, own: &Option<String>| {
        spaced(own.as_deref().or(names.get(at).map(String::as_str)).unwrap_or("value"))
    };
    match rows.as_slice() {
        [] => "The query returned no rows.".to_owned(),
        [row] => match row.as_slice() {
            [(own, value)] => {
                let name = name(0, own);
                match name.strip_prefix("number of ") {
                    Some(_) if value == "1" => "There is **1**.".to_owned(),
                    Some(what) => {
                        format!("There are **{value}** {}{}.", what, if what.ends_with('s') { "" } else { "s" })
                    }
                    None if name == "value" => format!("The answer is **{value}**."),
                    None => format!("The {name} is **{value}**."),
                }
            }
            values => {
                let facts: Vec<String> = values
                    .iter()
                    .enumerate()
                    .map(|(at, (own, value))| format!("{} **{value}**", name(at, own)))
                    .collect();
                format!("The answer is: {}.", facts.join(", "))
            }
        },
        all => {
            let line = |row: &Row| {
                let facts: Vec<String> = row
                    .iter()
                    .enumerate()
                    .skip(1)
                    .map(|(at, (own, value))| format!("{} {value}", name(at, own)))
                    .collect();
                let first = row.first().map(|(_, value)| value.as_str()).unwrap_or_default();
                if facts.is_empty() { format!("- {first}") } else { format!("- **{first}**: {}", facts.join(", ")) }
            };
            let lines: Vec<String> = all.iter().take(MAX_ROWS).map(line).collect();
            let more = all.len().saturating_sub(MAX_ROWS);
            let more = if more == 0 { String::new() } else { format!("\n- … and {more} more rows") };
            let about = question.trim().trim_end_matches(['?', '.', '!']);
            let about =
                if about.is_empty() { "Your question".to_owned() } else { super::super::text::capitalised(about) };
            format!("{about}: the query returned {} rows.\n\n{}{more}", all.len(), lines.join("\n"))
        }
    }
}

fn clipped(text: &str) -> String {
    let short: String = text.chars().take(600).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_sentences() {
        let count = "SELECT COUNT(*) AS number_of_orders\nFROM orders";
        assert_eq!(sentence("How many orders?", count, "[(15000,)]"), "There are **15000** orders.");
        assert_eq!(sentence("How many orders?", count, r#"[{"number_of_orders": "7"}]"#), "There are **7** orders.");
        let sql = "SELECT EXTRACT(YEAR FROM o_orderdate) AS year, SUM(x) AS revenue FROM orders";
        let told = sentence("Revenue per year?", sql, "[(1995, Decimal('12.50')), (1996, None)]");
        assert_eq!(
            told,
            "Revenue per year: the query returned 2 rows.\n\n- **1995**: revenue 12.50\n- **1996**: revenue nothing"
        );
        assert_eq!(
            sentence("?", "SELECT MAX(d) AS latest FROM t", "[(datetime.date(2024, 3, 9),)]"),
            "The latest is **2024-03-09**."
        );
        assert_eq!(
            sentence("?", "SELECT a, b FROM t", r#"{"columns":["a","b"],"rows":[["it's",1]]}"#),
            "The answer is: a **it's**, b **1**."
        );
    }

    #[test]
    fn what_is_no_table_is_told_as_it_is() {
        assert_eq!(sentence("?", "SELECT 1", ""), "The query returned no rows.");
        assert_eq!(sentence("?", "SELECT 1", "[]"), "The query returned no rows.");
        assert!(sentence("?", "SELECT 1", "Error: no such table").contains("failed"));
        for odd in ["[(1,", "[('a", "plain words", "[1 2]", "{'a'}", &"[".repeat(5000)] {
            assert!(sentence("?", "", odd).starts_with("The query returned: "), "{odd}");
        }
    }
}
