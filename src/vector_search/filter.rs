//! Filters: one typed builder for both forms the service takes, pure.
//!
//! Standard endpoints take a JSON dictionary (`filters_json`), storage-optimised ones an SQL-like text (`filter_string`).
//! A [`Filter`] renders as either and refuses what a form cannot say, with a sentence, in place of sending something that
//! means something else.

mod render;

use crate::error::Result;
use crate::vector_search::text::{invalid, list};
use crate::wire::json::{Raw, string};

/// The key under which a [`Filter`] stands in a request's JSON, before it is rendered.
pub(crate) const MARK: &str = "$filter";

/// Which rows of an index a query looks at.
///
/// ```
/// use lakewire::vector_search::Filter;
/// let filter = Filter::eq("lang", "en").and(Filter::gte("year", 2021)).and(Filter::ne("status", "draft"));
/// assert_eq!(filter.to_filters_json()?, r#"{"lang":"en","year >=":2021,"status NOT":"draft"}"#);
/// assert_eq!(filter.to_filter_string()?, "lang = 'en' AND year >= 2021 AND status != 'draft'");
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Test(Op, String, Vec<FilterValue>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    In,
    NotIn,
    Lt,
    Lte,
    Gt,
    Gte,
    Like,
    Token,
}

/// Every operator: its name for JavaScript, what follows the column in JSON, and in SQL.
const OPS: [(Op, &str, &str, &str); 10] = [
    (Op::Eq, "eq", "", " = "),
    (Op::Ne, "ne", " NOT", " != "),
    (Op::In, "in", "", " IN "),
    (Op::NotIn, "notIn", " NOT", ""),
    (Op::Lt, "lt", " <", " < "),
    (Op::Lte, "lte", " <=", " <= "),
    (Op::Gt, "gt", " >", " > "),
    (Op::Gte, "gte", " >=", " >= "),
    (Op::Like, "like", "", " LIKE "),
    (Op::Token, "token", " LIKE", ""),
];

impl Op {
    /// What follows the column in JSON, and in SQL.
    fn written(self) -> (&'static str, &'static str) {
        OPS.iter().find(|(op, ..)| *op == self).map_or(("", ""), |(_, _, json, sql)| (json, sql))
    }

    fn named(name: &str) -> Option<Self> {
        OPS.iter().find(|(_, known, ..)| *known == name).map(|(op, ..)| *op)
    }

    fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Lt => Self::Gte,
            Self::Gte => Self::Lt,
            Self::Gt => Self::Lte,
            Self::Lte => Self::Gt,
            Self::Like | Self::Token => return None,
        })
    }
}

/// A value to compare a column with: text, a number, a boolean or a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterValue {
    json: String,
    is_time: bool,
}

impl FilterValue {
    /// A point in time as ISO 8601 text in UTC, such as `2024-05-01T00:00:00Z`.
    ///
    /// ```
    /// use lakewire::vector_search::{Filter, FilterValue};
    /// let since = Filter::gte("updated", FilterValue::timestamp("2024-05-01T00:00:00Z"));
    /// assert_eq!(since.to_filter_string()?, "updated >= TO_TIMESTAMP('2024-05-01T00:00:00Z')");
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    #[must_use]
    pub fn timestamp(text: &str) -> Self {
        Self { json: string(text), is_time: true }
    }

    fn of(value: Raw<'_>) -> Result<Self> {
        if let Some(time) = value.get_some("timestamp").and_then(Raw::as_str) {
            return Ok(Self::timestamp(&time));
        }
        if value.is_null() || value.is_object() || value.is_array() {
            return Err(invalid(
                "A filter compares a column with a text, a number, true, false or a point in time: null, lists and objects have no filter.",
            ));
        }
        Ok(Self { json: value.text().to_owned(), is_time: false })
    }
}

impl From<&str> for FilterValue {
    fn from(text: &str) -> Self {
        Self { json: string(text), is_time: false }
    }
}

impl From<String> for FilterValue {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

macro_rules! plain_values {
    ($($ty:ty),*) => { $(
        impl From<$ty> for FilterValue {
            fn from(value: $ty) -> Self {
                Self { json: value.to_string(), is_time: false }
            }
        }
    )* };
}
// what is no JSON number, such as NaN, is refused when the filter is rendered
plain_values!(bool, i32, i64, u32, f64);

fn test<V: Into<FilterValue>>(op: Op, column: &str, values: impl IntoIterator<Item = V>) -> Filter {
    Filter(Node::Test(op, column.to_owned(), values.into_iter().map(Into::into).collect()))
}

macro_rules! tests_of_one_value {
    ($( $(#[doc = $doc:literal])* $name:ident = $op:ident ),* $(,)?) => { $(
        $(#[doc = $doc])*
        #[must_use]
        pub fn $name(column: &str, value: impl Into<FilterValue>) -> Self {
            test(Op::$op, column, [value])
        }
    )* };
}

impl Filter {
    tests_of_one_value! {
        /// Rows whose column is this value; of a column of lists, those with an element that is.
        eq = Eq,
        /// Rows whose column is not this value.
        ne = Ne,
        /// Rows whose column is below this value.
        lt = Lt,
        /// Rows whose column is at most this value.
        lte = Lte,
        /// Rows whose column is above this value.
        gt = Gt,
        /// Rows whose column is at least this value.
        gte = Gte,
        /// Rows whose text fits an SQL pattern, where `%` is any text: for storage-optimised endpoints alone.
        like = Like,
        /// Rows whose text holds this word between spaces: for standard endpoints alone.
        token = Token,
    }

    /// Rows whose column is one of these values.
    #[must_use]
    pub fn is_in<V: Into<FilterValue>>(column: &str, values: impl IntoIterator<Item = V>) -> Self {
        test(Op::In, column, values)
    }

    /// Rows whose column is none of these values.
    #[must_use]
    pub fn not_in<V: Into<FilterValue>>(column: &str, values: impl IntoIterator<Item = V>) -> Self {
        test(Op::NotIn, column, values)
    }

    /// Rows that fit this filter and the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Node::All(vec![self.0, other.0]))
    }

    /// Rows that fit this filter or the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Node::Any(vec![self.0, other.0]))
    }

    /// Rows that do not fit this filter.
    #[allow(clippy::should_implement_trait, reason = "a builder's method, beside and() and or()")]
    #[must_use]
    pub fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }

    /// The filter of an expression as JavaScript builds it: `["eq", column, value]`, `["and", …]`.
    pub(crate) fn of(expression: Raw<'_>) -> Result<Self> {
        node(expression).map(Self)
    }

    /// The filter as standard endpoints take it: the JSON text of a dictionary, or of a list of them when a key repeats.
    ///
    /// # Errors
    /// `InvalidInput` for what this form cannot say: `or` of anything but comparisons with one operator, SQL patterns, and
    /// columns whose name holds a space.
    pub fn to_filters_json(&self) -> Result<String> {
        render::dictionary(&normal(&self.0, false)?)
    }

    /// The filter as storage-optimised endpoints take it: SQL-like text, with values quoted.
    ///
    /// # Errors
    /// `InvalidInput` for what this form is not documented to say: `NOT IN`, words of a text, booleans but by `IS TRUE`,
    /// columns whose name needs quotes and texts with a backslash.
    pub fn to_filter_string(&self) -> Result<String> {
        render::text(&normal(&self.0, false)?)
    }
}

fn empty() -> crate::error::Error {
    invalid("The filter is empty: leave it out to look at all rows.")
}

fn node(expression: Raw<'_>) -> Result<Node> {
    let wrong = || invalid("A filter is made by the functions of Filter, such as Filter.eq(column, value).");
    let mut items = expression.items();
    let name = items.next().and_then(Raw::as_str).ok_or_else(wrong)?;
    let nested = |items: crate::wire::json::Items<'_>| items.map(node).collect::<Result<Vec<_>>>();
    Ok(match &*name {
        "and" => Node::All(nested(items)?),
        "or" => Node::Any(nested(items)?),
        "not" => Node::Not(Box::new(node(items.next().ok_or_else(wrong)?)?)),
        name => {
            let op = Op::named(name).ok_or_else(wrong)?;
            let column = items.next().and_then(Raw::as_str).ok_or_else(wrong)?.into_owned();
            Node::Test(op, column, items.map(FilterValue::of).collect::<Result<_>>()?)
        }
    })
}

/// The same without `not` and without an `and` in an `and`; what no form can say is refused.
fn normal(from: &Node, negated: bool) -> Result<Node> {
    match from {
        Node::Not(inner) => normal(inner, !negated),
        Node::Test(op, column, values) => {
            let op = if negated {
                op.opposite().ok_or_else(|| {
                    invalid("No filter says `not` of a pattern or a word: neither form has a documented way to.")
                })?
            } else {
                *op
            };
            if column.is_empty() {
                return Err(invalid("A filter needs the column's name."));
            }
            if values.is_empty() {
                return Err(invalid(
                    ["The filter on `", column, "` has no values: a list of none has no filter."].concat(),
                ));
            }
            if values.iter().any(|value| Raw::parse(&value.json).is_err()) {
                return Err(invalid(
                    ["The filter on `", column, "` has a value that is no number: NaN and infinity have no filter."]
                        .concat(),
                ));
            }
            // ISO 8601 in UTC is what both forms take
            if values.iter().any(|value| value.is_time && !value.json.ends_with("Z\"")) {
                return Err(invalid(
                    [
                        "The filter on `",
                        column,
                        "` has a point in time that is not in UTC: write it as 2024-05-01T00:00:00Z.",
                    ]
                    .concat(),
                ));
            }
            Ok(Node::Test(op, column.clone(), values.clone()))
        }
        Node::All(inner) | Node::Any(inner) => {
            let all = matches!(from, Node::All(_)) != negated;
            let mut flat = Vec::new();
            for one in inner {
                match (normal(one, negated)?, all) {
                    (Node::All(inner), true) | (Node::Any(inner), false) => flat.extend(inner),
                    (other, _) => flat.push(other),
                }
            }
            match flat.len() {
                0 => Err(empty()),
                1 => flat.pop().ok_or_else(empty),
                _ => Ok(if all { Node::All(flat) } else { Node::Any(flat) }),
            }
        }
    }
}

impl serde::Serialize for Filter {
    /// An object that requests know as a filter that is still to be rendered.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::{Error as _, SerializeMap};
        let text = expression(&self.0);
        let value = serde_json::from_str::<serde_json::Value>(&text).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MARK, &value)?;
        map.end()
    }
}

/// The expression as JavaScript would have built it.
fn expression(node: &Node) -> String {
    let nested = |name: &str, inner: &[Node]| {
        list(std::iter::once(string(name)).chain(inner.iter().map(expression)).collect::<Vec<_>>())
    };
    match node {
        Node::All(inner) => nested("and", inner),
        Node::Any(inner) => nested("or", inner),
        Node::Not(inner) => nested("not", std::slice::from_ref(inner)),
        Node::Test(op, column, values) => {
            let name = OPS.iter().find(|(known, ..)| known == op).map_or("", |(_, name, ..)| name);
            let value = |value: &FilterValue| {
                if value.is_time {
                    ["{\"timestamp\":", &value.json, "}"].concat()
                } else if Raw::parse(&value.json).is_ok() {
                    value.json.clone()
                } else {
                    // refused when rendered
                    "null".to_owned()
                }
            };
            list([string(name), string(column)].into_iter().chain(values.iter().map(value)))
        }
    }
}

#[cfg(test)]
mod tests;
