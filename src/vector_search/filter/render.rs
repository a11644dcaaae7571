//! The two forms of a filter, from comparisons that [`normal`](super::normal) has brought in order.

use super::{FilterValue, Node, Op, empty};
use crate::error::Result;
use crate::vector_search::text::{invalid, list};
use crate::wire::json::{Raw, push_string};

/// The JSON text of a dictionary, or of a list of them when a key repeats.
pub(super) fn dictionary(node: &Node) -> Result<String> {
    let alone = [node.clone()];
    let all: &[Node] = if let Node::All(all) = node { all } else { &alone };
    let mut groups: Vec<Vec<(String, String)>> = Vec::new();
    for one in all {
        let (key, value) = entry(one)?;
        match groups.iter_mut().find(|group| group.iter().all(|(known, _)| *known != key)) {
            Some(group) => group.push((key, value)),
            None => groups.push(vec![(key, value)]),
        }
    }
    let mut written = groups.iter().map(|group| {
        let mut out = String::from("{");
        for (key, value) in group {
            if out.len() > 1 {
                out.push(',');
            }
            push_string(&mut out, key);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    });
    match (written.next(), groups.len()) {
        (None, _) => Err(empty()),
        (Some(one), 1) => Ok(one),
        (Some(first), _) => Ok(list(std::iter::once(first).chain(written))),
    }
}

/// The SQL-like text.
pub(super) fn text(node: &Node) -> Result<String> {
    let mut out = String::new();
    sql(node, false, &mut out)?;
    Ok(out)
}

/// One entry of the JSON dictionary.
fn entry(node: &Node) -> Result<(String, String)> {
    match node {
        Node::Test(op, column, values) => {
            if *op == Op::Like {
                return Err(invalid(
                    "A standard endpoint has no patterns, it matches whole words: use Filter.token, or a storage-optimised endpoint.",
                ));
            }
            let json = values.iter().map(|value| value.json.as_str());
            let value = match (op, values.as_slice()) {
                (Op::In | Op::NotIn, _) => list(json),
                (_, values) => values.first().map(|value| value.json.clone()).unwrap_or_default(),
            };
            Ok(([plain(column)?, op.written().0].concat(), value))
        }
        Node::Any(any) => either_entry(any),
        Node::All(_) | Node::Not(_) => Err(too_deep()),
    }
}

fn too_deep() -> crate::error::Error {
    invalid(
        "A standard endpoint joins by `or` only comparisons with one and the same operator, one value each: write the filter in another way, or use a storage-optimised endpoint.",
    )
}

/// `a OR b`: its values stand in a list, matched by place.
fn either_entry(any: &[Node]) -> Result<(String, String)> {
    let mut columns: Vec<&str> = Vec::new();
    let mut all: Vec<&str> = Vec::new();
    let mut ops: Vec<Op> = Vec::new();
    let mut one_each = true;
    for node in any {
        let Node::Test(op, column, values) = node else { return Err(too_deep()) };
        columns.push(plain(column)?);
        one_each = one_each && *op != Op::In;
        ops.push(if *op == Op::In { Op::Eq } else { *op });
        all.extend(values.iter().map(|value| value.json.as_str()));
    }
    let op = ops.first().copied().unwrap_or(Op::Eq);
    if ops.iter().any(|other| *other != op) || !matches!(op, Op::Eq | Op::Lt | Op::Lte | Op::Gt | Op::Gte) {
        return Err(too_deep());
    }
    let column = columns.first().copied().unwrap_or_default();
    if op == Op::Eq && columns.iter().all(|other| *other == column) {
        return Ok((column.to_owned(), list(all)));
    }
    if !one_each {
        return Err(too_deep());
    }
    Ok(([columns.join(" OR ").as_str(), op.written().0].concat(), list(all)))
}

/// A column that can stand before an operator in a key.
fn plain(column: &str) -> Result<&str> {
    if column.chars().any(char::is_whitespace) {
        return Err(invalid(
            ["The column `", column, "` has a space in its name, after which a standard endpoint reads an operator: it cannot be filtered by."].concat(),
        ));
    }
    Ok(column)
}

fn sql(node: &Node, nested: bool, out: &mut String) -> Result<()> {
    match node {
        Node::Test(op, column, values) => sql_test(*op, column, values, out),
        Node::All(inner) | Node::Any(inner) => {
            let word = if matches!(node, Node::All(_)) { " AND " } else { " OR " };
            if nested {
                out.push('(');
            }
            for (at, one) in inner.iter().enumerate() {
                if at > 0 {
                    out.push_str(word);
                }
                sql(one, true, out)?;
            }
            if nested {
                out.push(')');
            }
            Ok(())
        }
        Node::Not(_) => Err(empty()),
    }
}

fn sql_test(op: Op, column: &str, values: &[FilterValue], out: &mut String) -> Result<()> {
    let identifier = column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !column.starts_with(|c: char| c.is_ascii_digit());
    if !identifier {
        return Err(invalid(
            [
                "The column `",
                column,
                "` needs quotes, which a filter string has no documented form of: give the filter as text.",
            ]
            .concat(),
        ));
    }
    let refusal = match op {
        Op::NotIn => {
            "A storage-optimised endpoint has no documented `NOT IN`: join the values by Filter.ne(…).and(…), or give the filter as text."
        }
        Op::Token => {
            "Only a standard endpoint matches whole words: use Filter.like with `%`, or give the filter as text."
        }
        _ => "",
    };
    if !refusal.is_empty() {
        return Err(invalid(refusal));
    }
    out.push_str(column);
    if let [FilterValue { json, .. }] = values {
        if matches!(json.as_str(), "true" | "false") && op != Op::In {
            if op == Op::Eq && json == "true" {
                out.push_str(" IS TRUE");
                return Ok(());
            }
            return Err(invalid(
                "A storage-optimised endpoint is documented to test booleans by `IS TRUE` alone, Filter.eq(column, true): give the filter as text for more.",
            ));
        }
    }
    out.push_str(op.written().1);
    let listed = op == Op::In;
    if listed {
        out.push('(');
    }
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        literal(value, out)?;
    }
    if listed {
        out.push(')');
    }
    Ok(())
}

fn literal(value: &FilterValue, out: &mut String) -> Result<()> {
    let Some(text) = Raw::trusted(&value.json).as_str() else {
        out.push_str(&value.json);
        return Ok(());
    };
    // whether a backslash escapes is not documented: where it does, it would end the quotes elsewhere
    if text.contains(['\\', '\0']) {
        return Err(invalid(
            "A filter string has no documented form of a backslash or a NUL in a text: use a standard endpoint, or another condition.",
        ));
    }
    if value.is_time {
        out.push_str("TO_TIMESTAMP(");
    }
    out.push('\'');
    for c in text.chars() {
        if c == '\'' {
            out.push('\'');
        }
        out.push(c);
    }
    out.push('\'');
    if value.is_time {
        out.push(')');
    }
    Ok(())
}
