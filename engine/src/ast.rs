//! Pieces of syntax trees: templates filled with expressions, and what Spark reads otherwise than DataFusion.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JsonPathElem,
    ObjectName, ObjectNamePart, Query, SetExpr, TableAlias, TableFactor, Value as SqlValue, VisitMut, VisitorMut,
};

use crate::error::{Result, SqlError};
use crate::parse;
use crate::types::SqlType;

/// `CAST(expr AS type)`, and the bare expression for types that have no text a cast reads.
pub(crate) fn cast(expr: Expr, ty: &SqlType) -> Result<Expr> {
    match ty {
        SqlType::Map(..) | SqlType::Interval(_) | SqlType::Void | SqlType::Struct(_) => fill("(__1)", &[expr]),
        ty => fill(&format!("CAST(__1 AS {})", ty.text()), &[expr]),
    }
}

/// A template with its arguments in it.
pub(crate) fn fill(template: &str, args: &[Expr]) -> Result<Expr> {
    let mut expr = parse::expression(template)?;
    substitute(&mut expr, &|ident| {
        let index: usize = ident.strip_prefix("__")?.parse().ok()?;
        args.get(index.checked_sub(1)?).cloned()
    });
    Ok(expr)
}

/// Replaces identifiers; a name of two parts is asked for as `a.b`.
pub(crate) fn substitute<T: VisitMut>(node: &mut T, find: &dyn Fn(&str) -> Option<Expr>) {
    struct Put<'f>(&'f dyn Fn(&str) -> Option<Expr>);
    impl VisitorMut for Put<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let new = match expr {
                Expr::Identifier(ident) => (self.0)(&ident.value.to_lowercase()),
                Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                    [first, second] => {
                        (self.0)(&format!("{}.{}", first.value.to_lowercase(), second.value.to_lowercase()))
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some(new) = new {
                *expr = match new {
                    plain @ (Expr::Identifier(_)
                    | Expr::Value(_)
                    | Expr::Function(_)
                    | Expr::Cast { .. }
                    | Expr::Nested(_)) => plain,
                    other => Expr::Nested(Box::new(other)),
                };
            }
            ControlFlow::Continue(())
        }
    }
    let _ = node.visit(&mut Put(find));
}

/// A constant whole number as plain digits.
pub(crate) fn bare(expr: &Expr) -> Result<String> {
    let digits: String = expr.to_string().chars().filter(|letter| letter.is_ascii_digit() || *letter == '-').collect();
    match expr {
        Expr::Cast { .. } | Expr::Value(_) | Expr::UnaryOp { .. } if digits.parse::<i64>().is_ok() => Ok(digits),
        _ => Err(SqlError::unsupported("range takes whole numbers that are written out.")),
    }
}

pub(crate) fn words(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.clone()).collect()
}

pub(crate) fn named(name: &str) -> TableAlias {
    TableAlias { explicit: true, name: Ident::with_quote('`', name), columns: Vec::new(), at: None }
}

/// `(SELECT casts FROM (body) AS __body(names)) AS alias`
pub(crate) fn derived(body: Query, names: &[String], casts: &[String], alias: TableAlias) -> Result<TableFactor> {
    let text = format!("SELECT * FROM (SELECT {} FROM (SELECT 1) AS __body({}))", casts.join(", "), names.join(", "));
    let mut query = parse::query(&text)?;
    let mut outer = first_factor(&mut query)?;
    if let TableFactor::Derived { subquery, alias: slot, .. } = &mut outer {
        *slot = Some(alias);
        if let SetExpr::Select(select) = subquery.body.as_mut()
            && let Some(TableFactor::Derived { subquery: inner, .. }) =
                select.from.first_mut().map(|from| &mut from.relation)
        {
            **inner = body;
        }
    }
    Ok(outer)
}

pub(crate) fn first_factor(query: &mut Query) -> Result<TableFactor> {
    match query.body.as_mut() {
        SetExpr::Select(select) => select.from.first().map(|from| from.relation.clone()),
        _ => None,
    }
    .ok_or_else(|| SqlError::internal("A template has no FROM."))
}

pub(crate) fn replace(factor: &mut TableFactor, query: &mut Query, alias: Option<TableAlias>) -> Result<()> {
    let mut made = first_factor(query)?;
    if let (TableFactor::Derived { alias: slot, .. }, Some(alias)) = (&mut made, alias) {
        *slot = Some(alias);
    }
    *factor = made;
    Ok(())
}

/// A whole number that fits is an INT in Spark, where DataFusion has BIGINT.
pub(crate) fn narrow(expr: &mut Expr) {
    match expr {
        Expr::Value(value) => {
            if let SqlValue::Number(digits, _) = &value.value
                && digits.parse::<i32>().is_ok()
            {
                *expr = Expr::Cast {
                    kind: CastKind::Cast,
                    data_type: DataType::Int(None),
                    expr: Box::new(expr.clone()),
                    array: false,
                    format: None,
                };
            }
        }
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => narrow(inner),
        Expr::BinaryOp { left, right, op } if !matches!(op, BinaryOperator::StringConcat) => {
            narrow(left);
            narrow(right);
        }
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter_mut().for_each(|when| narrow(&mut when.result));
            if let Some(other) = else_result {
                narrow(other);
            }
        }
        Expr::Function(call) => {
            let name = call.name.to_string().to_lowercase();
            let FunctionArguments::List(list) = &mut call.args else { return };
            if ["make_array", "coalesce", "named_struct", "max", "min", "map", "unnest", "greatest", "least", "abs"]
                .contains(&name.as_str())
            {
                for arg in &mut list.args {
                    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg {
                        narrow(expr);
                    }
                }
            }
        }
        _ => {}
    }
}

/// `struct(1 AS a, b)` with the names Spark gives.
pub(crate) fn structure(values: &[Expr]) -> Result<Expr> {
    let mut args = Vec::new();
    let mut parts = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let (name, value) = match value {
            Expr::Named { expr, name } => (name.value.clone(), expr.as_ref()),
            Expr::Identifier(name) => (name.value.clone(), value),
            Expr::CompoundIdentifier(names) => {
                (names.last().map_or_else(String::new, |name| name.value.clone()), value)
            }
            _ => (format!("col{}", index + 1), value),
        };
        args.push(value.clone());
        parts.push(format!("{}, __{}", parse::quote(&name), args.len()));
    }
    fill(&format!("named_struct({})", parts.join(", ")), &args)
}

pub(crate) fn json_path(path: &[JsonPathElem]) -> String {
    let mut text = "$".to_owned();
    for element in path {
        match element {
            JsonPathElem::Dot { key, .. } => text.push_str(&format!(".{key}")),
            JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } => text.push_str(&format!("[{key}]")),
        }
    }
    text
}
