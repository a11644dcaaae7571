//! Tables as prompts show them: `CREATE TABLE` texts with types, comments, keys, and rows as samples.

use super::words;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers of any kind.
    Number,
    /// Text.
    Text,
    /// Days.
    Date,
    /// Points in time.
    Time,
    /// Anything else.
    Other,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name as SQL writes it, in backticks where it needs them.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The words of its name in the one form, without the table's prefix.
    pub words: Vec<String>,
    /// Values seen in sample rows.
    pub samples: Vec<String>,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name as the text writes it.
    pub name: String,
    /// The last part of the name, without backticks.
    pub short: String,
    /// The words of that part in the one form.
    pub words: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Columns that refer to another table's: own column, table, its column.
    pub references: Vec<(String, String, String)>,
}

impl Column {
    /// Whether it is a key: a number or text that names a row rather than says something of it.
    pub(super) fn is_key(&self) -> bool {
        self.words.last().is_some_and(|word| word == "key" || word == "id")
    }

    /// Whether it holds days or points in time.
    pub(super) fn is_when(&self) -> bool {
        matches!(self.kind, Kind::Date | Kind::Time)
    }
}

impl Table {
    /// A table of these columns: name and type.
    #[must_use]
    pub fn new(name: &str, columns: &[(String, String)]) -> Self {
        let short = name.rsplit('.').next().unwrap_or(name).trim_matches('`').to_owned();
        let mut table = Self {
            name: name.to_owned(),
            words: words::of_name(&short),
            short,
            columns: columns
                .iter()
                .map(|(name, kind)| Column {
                    words: words::of_name(name.trim_matches('`')),
                    name: name.clone(),
                    kind: kind_of(kind),
                    samples: Vec::new(),
                })
                .collect(),
            references: Vec::new(),
        };
        table.without_prefix();
        table
    }

    /// Names such as `l_tax` and `l_quantity` share a prefix that says nothing.
    fn without_prefix(&mut self) {
        let first = self.columns.first().and_then(|column| column.words.first()).cloned().unwrap_or_default();
        let shared = self.columns.len() > 1
            && first.len() <= 2
            && self.columns.iter().all(|column| column.words.len() > 1 && column.words.first() == Some(&first));
        if shared {
            for column in &mut self.columns {
                column.words.remove(0);
            }
        }
    }

    /// The column that names a row: `c_name`, `title`.
    pub(super) fn label(&self) -> Option<&Column> {
        let named = |wanted: &[&str]| {
            self.columns.iter().find(|column| {
                column.kind == Kind::Text
                    && column.words.last().is_some_and(|word| wanted.iter().any(|name| words::canonical(name) == *word))
                    && column.words.iter().all(|word| {
                        self.words.contains(word) || wanted.iter().any(|name| words::canonical(name) == *word)
                    })
            })
        };
        named(&["name"]).or_else(|| named(&["title", "label"]))
    }

    /// The column that tells rows apart: `c_custkey` of customer, `id`.
    pub(super) fn key(&self) -> Option<&Column> {
        self.columns.iter().find(|column| {
            let base = column.words.len().saturating_sub(1);
            column.is_key() && (base == 0 || column.words.get(..base) == Some(self.words.as_slice()))
        })
    }
}

fn kind_of(text: &str) -> Kind {
    let word: String = text.trim().to_uppercase().chars().take_while(char::is_ascii_alphabetic).collect();
    match word.as_str() {
        "TINYINT" | "SMALLINT" | "INT" | "INTEGER" | "BIGINT" | "LONG" | "FLOAT" | "DOUBLE" | "REAL" | "DECIMAL"
        | "NUMERIC" | "SHORT" | "BYTE" => Kind::Number,
        "STRING" | "VARCHAR" | "CHAR" | "TEXT" => Kind::Text,
        "DATE" => Kind::Date,
        "TIMESTAMP" | "DATETIME" => Kind::Time,
        _ => Kind::Other,
    }
}

/// Every table that a text defines.
#[must_use]
pub fn tables(text: &str) -> Vec<Table> {
    let mut found: Vec<Table> = Vec::new();
    let upper = text.to_ascii_uppercase();
    let starts: Vec<usize> = upper.match_indices("CREATE TABLE ").map(|(at, mark)| at + mark.len()).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        if let Some(table) = text.get(*start..end).and_then(table) {
            if !found.iter().any(|known| known.name == table.name) {
                found.push(table);
            }
        }
    }
    found
}

/// One table from the text after `CREATE TABLE`.
fn table(text: &str) -> Option<Table> {
    let text = text.trim_start();
    let text = text
        .get(..14)
        .filter(|start| start.eq_ignore_ascii_case("IF NOT EXISTS "))
        .map_or(text, |start| text.get(start.len()..).unwrap_or_default());
    let (name, rest) = text.split_once('(')?;
    let name = name.trim();
    if name.is_empty() || name.contains(char::is_whitespace) && !name.contains('`') {
        return None;
    }
    let (inside, after) = inside(rest)?;
    let mut columns = Vec::new();
    let mut references = Vec::new();
    for piece in parted(inside) {
        let piece = piece.trim();
        let upper = piece.to_ascii_uppercase();
        if upper.starts_with("CONSTRAINT ") || upper.starts_with("PRIMARY KEY") || upper.starts_with("FOREIGN KEY") {
            references.extend(reference(piece, &upper));
            continue;
        }
        let (column, rest) = first_name(piece)?;
        columns.push((column.to_owned(), rest.trim().to_owned()));
    }
    if columns.is_empty() {
        return None;
    }
    let mut table = Table::new(name, &columns);
    table.references = references;
    samples(&mut table, after);
    Some(table)
}

/// A name, in backticks or not, and what follows.
fn first_name(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        let end = rest.find('`')? + 2;
        return text.split_at_checked(end);
    }
    text.split_once(char::is_whitespace)
}

/// What stands up to the closing bracket, and what follows it; brackets in quotes do not count.
fn inside(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1_usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some('\''), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some((text.get(..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
        escaped = false;
    }
    None
}

/// The pieces between commas that stand in no bracket and no quotes.
pub(super) fn parted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut quote, mut start, mut escaped) = (0_usize, None, 0, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some('\''), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`' | '"') => quote = Some(c),
            (None, '(' | '<') => depth += 1,
            (None, ')' | '>') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                found.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    found.extend(text.get(start..));
    found.retain(|piece| !piece.trim().is_empty());
    found
}

/// `FOREIGN KEY(x) REFERENCES other (y)` with one column on each side.
fn reference(piece: &str, upper: &str) -> Option<(String, String, String)> {
    let at = upper.find("FOREIGN KEY")?;
    let own = piece.get(at..)?.split_once('(')?.1.split_once(')')?.0.trim();
    let rest = piece.get(upper.find("REFERENCES")? + "REFERENCES".len()..)?;
    let (table, columns) = rest.split_once('(')?;
    let other = columns.split_once(')')?.0.trim();
    let short = table.trim().rsplit('.').next()?.trim_matches('`').to_owned();
    (!own.contains(',') && !other.contains(',')).then(|| (own.to_owned(), short, other.to_owned()))
}

/// Sample rows behind a table: a comment with a line of names, parted by tabs, and lines of values.
fn samples(table: &mut Table, after: &str) {
    let Some(at) = after.find(" rows from ") else { return };
    let block = after.get(at..).and_then(|rest| rest.split_once('\n')).map_or("", |(_, rest)| rest);
    let mut lines = block.split("*/").next().unwrap_or_default().lines();
    let Some(names) = lines.next() else { return };
    let names: Vec<&str> = names.split('\t').map(|name| name.trim().trim_matches('`')).collect();
    for line in lines {
        for (name, value) in names.iter().zip(line.split('\t')) {
            let column = table.columns.iter_mut().find(|column| column.name.trim_matches('`') == *name);
            if let Some(column) = column.filter(|_| !value.trim().is_empty() && value != "None") {
                column.samples.push(value.trim().to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_as_langchain_renders_them() {
        let text = "\nCREATE TABLE parts (\n\tid BIGINT NOT NULL COMMENT 'the key, (really)', \n\t`unit price` DECIMAL(10, 2), \n\t\
            maker_id INT COMMENT 'it\\'s a maker', \n\tCONSTRAINT pk PRIMARY KEY (id), \n\tCONSTRAINT f FOREIGN KEY(maker_id) REFERENCES \
            makers (id)\n) USING DELTA\nTBLPROPERTIES('a' = 'b')\n\n/*\n3 rows from parts table:\nid\tunit price\tmaker_id\n1\t2.50\t7\n2\tNone\t8\n*/\
            \n\nCREATE TABLE `main`.`shop`.`makers` (\n\tid INT, \n\tname STRING, \n\tfounded DATE\n)";
        let found = tables(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "parts");
        let names: Vec<&str> = found[0].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "`unit price`", "maker_id"]);
        assert_eq!(found[0].references, [("maker_id".to_owned(), "makers".to_owned(), "id".to_owned())]);
        assert_eq!(found[0].columns[0].samples, ["1", "2"]);
        assert_eq!(found[0].columns[1].samples, ["2.50"]);
        assert_eq!(found[1].short, "makers");
        assert_eq!(found[1].columns[2].kind, Kind::Date);
        assert_eq!(found[1].label().unwrap().name, "name");
        assert_eq!(found[1].key().unwrap().name, "id");
    }

    #[test]
    fn a_broken_text_defines_nothing() {
        for text in [
            "CREATE TABLE",
            "CREATE TABLE x",
            "CREATE TABLE x (",
            "CREATE TABLE x ()",
            "create table ((",
            "CREATE TABLE é ('",
        ] {
            assert!(tables(text).is_empty(), "{text}");
        }
    }
}
