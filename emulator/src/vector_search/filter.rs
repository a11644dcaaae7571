//! Which rows a query may find: the meaning of a filter, and `filters_json` of standard endpoints (wire: vector-search §4).

use std::cmp::Ordering;

use serde_json::Value;

use super::columns::{Column, Kind, Scalar};

/// Most conditions of one filter, however they are nested.
pub(super) const MAX_CONDITIONS: usize = 1000;

/// A condition on a row. A cell without a value meets no test.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    /// All of them hold.
    All(Vec<Filter>),
    /// One of them holds.
    Any(Vec<Filter>),
    /// A test of one column.
    Test {
        /// The column's name.
        column: String,
        /// What its values are.
        kind: Kind,
        /// What is asked of it.
        test: Test,
    },
}

/// What is asked of a value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// It is one of these.
    In(Vec<Scalar>),
    /// It is none of these.
    NotIn(Vec<Scalar>),
    /// It stands so to this.
    Compare(Sign, Scalar),
    /// One of its words is this.
    Word(String),
    /// It looks like this pattern of SQL.
    Like(String),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Sign {
    /// The sign as it is written.
    #[must_use]
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

impl Filter {
    /// Whether a row meets it; `cell` gives the row's value of a column.
    pub(super) fn holds(&self, cell: &dyn Fn(&str) -> Option<Value>) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(cell)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(cell)),
            Self::Test { column, kind, test } => match cell(column) {
                None | Some(Value::Null) => false,
                // an array is found by any of its elements, and kept out by any of them
                Some(Value::Array(items)) => {
                    let mut met = items.iter().map(|item| test.holds(kind, item));
                    if matches!(test, Test::NotIn(_)) { met.all(|met| met) } else { met.any(|met| met) }
                }
                Some(value) => test.holds(kind, &value),
            },
        }
    }
}

impl Test {
    fn holds(&self, kind: &Kind, value: &Value) -> bool {
        let Some(cell) = Scalar::read(kind, value) else { return false };
        let equals = |wanted: &Scalar| cell.against(wanted) == Some(Ordering::Equal);
        match (self, &cell) {
            (Self::In(list), _) => list.iter().any(equals),
            (Self::NotIn(list), _) => !list.iter().any(equals),
            (Self::Compare(sign, wanted), _) => cell.against(wanted).is_some_and(|order| sign.holds(order)),
            (Self::Word(word), Scalar::Text(text)) => text.split_whitespace().any(|piece| piece == word),
            (Self::Like(pattern), Scalar::Text(text)) => like(pattern, text),
            (Self::Word(_) | Self::Like(_), _) => false,
        }
    }
}

/// `LIKE` of SQL: `%` is any text, `_` any one character.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut on, mut star, mut tried) = (0, 0, None, 0);
    while on < text.len() {
        match pattern.get(at) {
            Some('%') => {
                star = Some(at);
                tried = on;
                at += 1;
            }
            Some(c) if *c == '_' || text.get(on) == Some(c) => {
                at += 1;
                on += 1;
            }
            _ => {
                let Some(from) = star else { return false };
                tried += 1;
                at = from + 1;
                on = tried;
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '%')
}

/// The column of that name.
pub(super) fn column<'c>(columns: &'c [Column], name: &str) -> Result<&'c Column, String> {
    let found = columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        format!("The filter names the column '{name}', which the index does not have. It has: {}.", names.join(", "))
    })
}

/// A value of a filter, typed by its column.
pub(super) fn scalar(column: &Column, value: &Value) -> Result<Scalar, String> {
    Scalar::read(&column.kind(), value).ok_or_else(|| {
        format!("The filter compares the column '{}' of type {} with {value}.", column.name, column.type_text)
    })
}

/// Reads the text of `filters_json`: an object, or a list of objects that must all hold.
///
/// # Errors
/// A sentence saying what in it is wrong.
pub(super) fn read(text: &str, columns: &[Column]) -> Result<Filter, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("'filters_json' is not valid JSON: {error}."))?;
    let objects = match value {
        Value::Object(_) => vec![value],
        Value::Array(items) => items,
        _ => return Err("'filters_json' must hold a JSON object or a list of objects.".to_owned()),
    };
    let mut all = Vec::new();
    for object in &objects {
        let Some(entries) = object.as_object() else {
            return Err("Every element of a 'filters_json' list must be a JSON object.".to_owned());
        };
        for (key, value) in entries {
            all.push(entry(key, value, columns)?);
        }
    }
    if all.len() > MAX_CONDITIONS {
        return Err(format!("A filter has at most {MAX_CONDITIONS} conditions."));
    }
    Ok(Filter::All(all))
}

fn entry(key: &str, value: &Value, columns: &[Column]) -> Result<Filter, String> {
    let parts: Vec<&str> = key.split(" OR ").collect();
    if let [_] = parts.as_slice() {
        return condition(key, value, columns);
    }
    let values = value.as_array().filter(|values| values.len() == parts.len());
    let values = values.ok_or_else(|| {
        format!("The filter '{key}' needs a list of {} values, one for each of its columns.", parts.len())
    })?;
    let any = parts.iter().zip(values).map(|(part, value)| condition(part, value, columns));
    Ok(Filter::Any(any.collect::<Result<_, _>>()?))
}

fn condition(key: &str, value: &Value, columns: &[Column]) -> Result<Filter, String> {
    let key = key.trim();
    let (name, operator) = match key.rsplit_once(' ') {
        Some((name, operator @ ("NOT" | "LIKE" | "<" | "<=" | ">" | ">="))) => (name.trim(), operator),
        _ => (key, ""),
    };
    let column = column(columns, name)?;
    let kind = column.kind();
    let one = || match value {
        Value::Array(_) | Value::Object(_) | Value::Null => {
            Err(format!("The filter '{key}' needs one value, not {value}."))
        }
        value => scalar(column, value),
    };
    let some = || match value {
        Value::Array(items) => items.iter().map(|item| scalar(column, item)).collect::<Result<Vec<_>, _>>(),
        _ => one().map(|one| vec![one]),
    };
    let test = match operator {
        "" => Test::In(some()?),
        "NOT" => Test::NotIn(some()?),
        "LIKE" => match (value, one()?) {
            (Value::String(word), Scalar::Text(_)) => Test::Word(word.clone()),
            _ => return Err(format!("The filter '{key}' is for a column of text and needs a text.")),
        },
        sign => {
            let sign = Sign::read(sign).ok_or_else(|| format!("The filter '{key}' has an unknown operator."))?;
            if kind == Kind::Boolean {
                return Err(format!("The filter '{key}' cannot order a column of type boolean."));
            }
            Test::Compare(sign, one()?)
        }
    };
    Ok(Filter::Test { column: name.to_owned(), kind, test })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Map, json};

    pub(crate) fn columns() -> Vec<Column> {
        [
            ("id", "string"),
            ("lang", "string"),
            ("year", "integer"),
            ("price", "double"),
            ("draft", "boolean"),
            ("made", "timestamp"),
            ("tags", "array<string>"),
        ]
        .map(|(name, kind)| Column { name: name.to_owned(), type_text: kind.to_owned(), comment: None })
        .to_vec()
    }

    pub(crate) fn rows() -> Vec<Map<String, Value>> {
        let rows = json!([
            {"id":"a","lang":"en","year":2020,"price":1.5,"draft":true,"made":"2020-01-01T00:00:00Z","tags":["x","y"]},
            {"id":"b","lang":"de","year":2021,"price":2.0,"draft":false,"made":"2021-06-01T00:00:00Z","tags":["y"]},
            {"id":"c","lang":"new york","year":2022,"price":null,"draft":false,"made":"2022-01-01T00:00:00+01:00","tags":[]}
        ]);
        rows.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone()).collect()
    }

    pub(crate) fn found(filter: &Filter) -> String {
        let holds = |row: &&Map<String, Value>| filter.holds(&|name| row.get(name).cloned());
        rows().iter().filter(holds).map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_whole_table_of_operators() {
        for (filter, ids) in [
            (json!({"lang":"en"}), "a"),
            (json!({"lang":["en","de"]}), "ab"),
            (json!({"lang NOT":"en"}), "bc"),
            (json!({"lang NOT":["en","de"]}), "c"),
            (json!({"year >":2020}), "bc"),
            (json!({"year >=":2021,"year <":2022}), "b"),
            (json!({"year <=":2020.5}), "a"),
            (json!({"price <":5}), "ab"),
            (json!({"price NOT":2}), "a"),
            (json!({"lang LIKE":"york"}), "c"),
            (json!({"lang LIKE":"yor%"}), ""),
            (json!({"lang OR year":["en",2022]}), "ac"),
            (json!({"year < OR price >=":[2021,2]}), "ab"),
            (json!({"draft":false}), "bc"),
            (json!({"made >":"2021-06-01T00:00:00Z"}), "c"),
            (json!({"made <=":"2021-12-31T23:00:00Z"}), "abc"),
            (json!({"tags":"y"}), "ab"),
            (json!({"tags NOT":"x"}), "bc"),
            (json!([{"year >":2020},{"year <":2022}]), "b"),
            (json!({}), "abc"),
        ] {
            let read = read(&filter.to_string(), &columns()).unwrap();
            assert_eq!(found(&read), ids, "{filter}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (filter, part) in [
            (json!({"nope":1}), "'nope'"),
            (json!({"year":"x"}), "integer"),
            (json!({"year >":[1]}), "one value"),
            (json!({"lang OR year":["en"]}), "2 values"),
            (json!({"draft <":true}), "boolean"),
            (json!({"year LIKE":"x"}), "integer"),
            (json!({"made":"soon"}), "timestamp"),
            (json!(5), "object"),
            (json!([5]), "object"),
        ] {
            let said = read(&filter.to_string(), &columns()).unwrap_err();
            assert!(said.contains(part), "{filter}: {said}");
        }
        assert!(read("{", &columns()).unwrap_err().contains("JSON"));
    }

    #[test]
    fn like_has_the_wildcards_of_sql() {
        for (pattern, text, fits) in [
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("a_c", "abc", true),
            ("a_c", "abbc", false),
            ("%b%", "abc", true),
            ("", "", true),
            ("%", "", true),
            ("_", "", false),
            ("%ab%ab", "abxab", true),
            ("é_", "éx", true),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }
}
