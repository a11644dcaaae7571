//! Both forms of filters against an evaluation of their own.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn refused(outcome: Result<String>, part: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::InvalidInput);
    assert!(error.message().contains(part), "{error}");
}

#[test]
fn the_documented_example_is_written_as_it_stands() {
    let filter = Filter::is_in("lang", ["en", "de"]).and(Filter::gte("year", 2021)).and(Filter::ne("status", "draft"));
    assert_eq!(filter.to_filters_json().unwrap(), r#"{"lang":["en","de"],"year >=":2021,"status NOT":"draft"}"#);
    assert_eq!(filter.to_filter_string().unwrap(), "lang IN ('en', 'de') AND year >= 2021 AND status != 'draft'");
}

#[test]
fn repeated_keys_become_a_list_of_dictionaries() {
    let filter = Filter::token("body", "pump").and(Filter::token("body", "valve")).and(Filter::eq("ok", true));
    assert_eq!(filter.to_filters_json().unwrap(), r#"[{"body LIKE":"pump","ok":true},{"body LIKE":"valve"}]"#);
}

#[test]
fn or_is_matched_by_place_and_refused_where_it_cannot_be() {
    let or = Filter::eq("a", 1).or(Filter::eq("b", "x"));
    assert_eq!(or.to_filters_json().unwrap(), r#"{"a OR b":[1,"x"]}"#);
    assert_eq!(Filter::lte("a", 1).or(Filter::lte("b", 2)).to_filters_json().unwrap(), r#"{"a OR b <=":[1,2]}"#);
    assert_eq!(Filter::eq("a", 1).or(Filter::is_in("a", [2, 3])).to_filters_json().unwrap(), r#"{"a":[1,2,3]}"#);
    for bad in [
        Filter::eq("a", 1).or(Filter::lt("b", 2)),
        Filter::eq("a", 1).or(Filter::is_in("b", [2, 3])),
        Filter::ne("a", 1).or(Filter::ne("b", 2)),
        Filter::eq("a", 1).or(Filter::eq("b", 2).and(Filter::eq("c", 3))),
    ] {
        refused(bad.to_filters_json(), "`or`");
        assert!(bad.to_filter_string().unwrap().contains(" OR "));
    }
}

#[test]
fn not_goes_inwards() {
    let filter = Filter::eq("a", 1).and(Filter::gt("b", 2)).not();
    assert_eq!(filter.to_filter_string().unwrap(), "a != 1 OR b <= 2");
    assert_eq!(filter.clone().not().to_filter_string().unwrap(), "a = 1 AND b > 2");
    refused(Filter::token("a", "x").not().to_filters_json(), "`not`");
}

#[test]
fn n14_values_cannot_leave_their_quotes() {
    let hostile = "x' OR 1=1 --";
    assert_eq!(Filter::eq("a", hostile).to_filter_string().unwrap(), "a = 'x'' OR 1=1 --'");
    assert_eq!(Filter::eq("a", "\"}, {\"b").to_filters_json().unwrap(), r#"{"a":"\"}, {\"b"}"#);
    refused(Filter::eq("a", "x\\").to_filter_string(), "backslash");
    refused(Filter::eq("a", "x\0").to_filter_string(), "NUL");
    refused(Filter::eq("a = 1 OR b", 1).to_filter_string(), "quotes");
    refused(Filter::eq("a OR b", 1).to_filters_json(), "space");
    refused(Filter::eq("a NOT", 1).to_filters_json(), "space");
}

#[test]
fn what_a_form_cannot_say_is_refused() {
    refused(Filter::like("a", "x%").to_filters_json(), "Filter.token");
    refused(Filter::token("a", "x").to_filter_string(), "Filter.like");
    refused(Filter::not_in("a", [1]).to_filter_string(), "NOT IN");
    refused(Filter::eq("a", false).to_filter_string(), "IS TRUE");
    assert_eq!(Filter::eq("a", true).to_filter_string().unwrap(), "a IS TRUE");
    refused(Filter::is_in("a", Vec::<i64>::new()).to_filters_json(), "no values");
    refused(Filter::lt("a", f64::NAN).to_filters_json(), "NaN");
    refused(Filter::eq("", 1).to_filters_json(), "name");
    let time = Filter::lt("t", FilterValue::timestamp("2024-05-01"));
    refused(time.to_filters_json(), "UTC");
}

#[test]
fn expressions_read_back() {
    let filter = Filter::eq("a", 1)
        .or(Filter::like("b", "x%"))
        .and(Filter::lt("t", FilterValue::timestamp("2024-05-01T00:00:00Z")).not());
    let text = serde_json::to_string(&filter).unwrap();
    let raw = Raw::parse(&text).unwrap().get_some(MARK).unwrap();
    assert_eq!(Filter::of(raw).unwrap(), filter);
    for bad in ["7", "[]", r#"["eq"]"#, r#"["drop","a",1]"#, r#"["eq","a",null]"#, r#"["eq","a",[1]]"#, r#"["not"]"#] {
        assert!(Filter::of(Raw::parse(bad).unwrap()).is_err(), "{bad}");
    }
}

type Row = [i64; 2];
const COLUMNS: [&str; 2] = ["a", "b"];

fn leaf() -> impl Strategy<Value = Filter> {
    (0..6_usize, 0..2_usize, 0..4_i64, 0..4_i64).prop_map(|(op, column, one, two)| {
        let column = COLUMNS[column];
        match op {
            0 => Filter::eq(column, one),
            1 => Filter::ne(column, one),
            2 => Filter::lt(column, one),
            3 => Filter::gte(column, one),
            4 => Filter::is_in(column, [one, two]),
            _ => Filter::not_in(column, [one, two]),
        }
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(Filter::not),
        ]
    })
}

fn compare(cell: i64, operator: &str, value: i64) -> bool {
    match operator {
        "" | "=" => cell == value,
        "NOT" | "!=" => cell != value,
        "<" => cell < value,
        "<=" => cell <= value,
        ">" => cell > value,
        ">=" => cell >= value,
        other => panic!("{other}"),
    }
}

fn holds(node: &Node, row: Row) -> bool {
    match node {
        Node::Not(inner) => !holds(inner, row),
        Node::All(all) => all.iter().all(|one| holds(one, row)),
        Node::Any(any) => any.iter().any(|one| holds(one, row)),
        Node::Test(op, column, values) => {
            let cell = row[usize::from(column == "b")];
            let mut values = values.iter().map(|value| value.json.parse::<i64>().unwrap());
            match op {
                Op::In => values.any(|value| value == cell),
                Op::NotIn => values.all(|value| value != cell),
                op => compare(cell, op.written().1.trim(), values.next().unwrap()),
            }
        }
    }
}

/// What the wire file says a dictionary means.
fn dictionary_holds(dictionary: &Value, row: Row) -> bool {
    if let Some(list) = dictionary.as_array() {
        return list.iter().all(|one| dictionary_holds(one, row));
    }
    let cell = |column: &str| row[usize::from(column == "b")];
    dictionary.as_object().unwrap().iter().all(|(key, value)| {
        let (columns, operator) = match key.rsplit_once(' ') {
            Some((columns, operator)) if !COLUMNS.contains(&operator) => (columns, operator),
            _ => (key.as_str(), ""),
        };
        let columns: Vec<&str> = columns.split(" OR ").collect();
        match (columns.as_slice(), value.as_array()) {
            ([column], Some(values)) => {
                values.iter().any(|value| value.as_i64() == Some(cell(column))) != (operator == "NOT")
            }
            ([column], None) => compare(cell(column), operator, value.as_i64().unwrap()),
            (columns, Some(values)) => {
                assert_eq!(columns.len(), values.len());
                columns
                    .iter()
                    .zip(values)
                    .any(|(column, value)| compare(cell(column), operator, value.as_i64().unwrap()))
            }
            _ => panic!("{key}: {value}"),
        }
    })
}

/// SQL of comparisons, `AND`, `OR` and parentheses, read by its own rules.
fn sql_holds(text: &str, row: Row) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ").replace(',', " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let all = or(&words, &mut at, row);
    assert_eq!(at, words.len(), "{text}");
    all
}

fn or(words: &[&str], at: &mut usize, row: Row) -> bool {
    let mut any = and(words, at, row);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        any |= and(words, at, row);
    }
    any
}

fn and(words: &[&str], at: &mut usize, row: Row) -> bool {
    let mut all = one(words, at, row);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        all &= one(words, at, row);
    }
    all
}

fn one(words: &[&str], at: &mut usize, row: Row) -> bool {
    if words[*at] == "(" {
        *at += 1;
        let inner = or(words, at, row);
        assert_eq!(words[*at], ")");
        *at += 1;
        return inner;
    }
    let cell = row[usize::from(words[*at] == "b")];
    let operator = words[*at + 1];
    *at += 2;
    if operator == "IN" {
        let mut any = false;
        *at += 1;
        while words[*at] != ")" {
            any |= words[*at].parse::<i64>().unwrap() == cell;
            *at += 1;
        }
        *at += 1;
        return any;
    }
    *at += 1;
    compare(cell, operator, words[*at - 1].parse().unwrap())
}

proptest! {
    #[test]
    fn what_is_rendered_means_what_was_built(filter in filters()) {
        let text = serde_json::to_string(&filter).unwrap();
        let again = Filter::of(Raw::parse(&text).unwrap().get_some(MARK).unwrap()).unwrap();
        prop_assert_eq!(&again, &filter);
        let dictionary = filter.to_filters_json().ok().map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let sql = filter.to_filter_string().ok();
        for a in 0..4 {
            for b in 0..4 {
                let expected = holds(&filter.0, [a, b]);
                if let Some(dictionary) = &dictionary {
                    prop_assert_eq!(dictionary_holds(dictionary, [a, b]), expected, "{}", dictionary);
                }
                if let Some(sql) = &sql {
                    prop_assert_eq!(sql_holds(sql, [a, b]), expected, "{}", sql);
                }
            }
        }
    }

    #[test]
    fn n14_texts_survive_both_forms(value: String) {
        let json: Value = serde_json::from_str(&Filter::eq("a", value.as_str()).to_filters_json().unwrap()).unwrap();
        prop_assert_eq!(&json, &json!({"a": value}));
        if let Ok(text) = Filter::eq("a", value.as_str()).to_filter_string() {
            let inner = text.strip_prefix("a = '").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert_eq!(inner.replace("''", "'"), value);
        }
    }
}
