//! Names in a query settled: tables become scans of their own names, views and SQL functions become their bodies.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function as Call, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, SelectItem,
    SetExpr, Spanned, TableAlias, TableFactor, VisitMut, VisitorMut,
};

use crate::ast::{
    bare, cast, derived, fill, first_factor, json_path, named, narrow, replace, structure, substitute, words,
};
use crate::error::{Result, SqlError};
use crate::metastore::{Argument, Function, Metastore, Name, Returns, Rows, Table};
use crate::spark::{self, Place};
use crate::types::SqlType;
use crate::{information_schema, parse};

/// Views and functions may stand inside each other this deep.
const DEEPEST: usize = 24;

/// What a query turned out to read.
#[derive(Debug, Default)]
pub struct Used {
    /// The tables, the first registered as `__t0`.
    pub tables: Vec<(Name, Arc<Table>)>,
    /// Columns of views and table functions, as they are spelled.
    pub names: Vec<String>,
}

/// Settles names.
pub(crate) struct Resolver<'a> {
    pub(crate) store: &'a Metastore,
    pub(crate) place: &'a Place,
    /// Functions that DataFusion knows.
    pub(crate) known: &'a HashSet<String>,
    pub(crate) used: &'a mut Used,
    pub(crate) depth: usize,
    pub(crate) ctes: Vec<Vec<String>>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(store: &'a Metastore, place: &'a Place, known: &'a HashSet<String>, used: &'a mut Used) -> Self {
        Self { store, place, known, used, depth: 0, ctes: Vec::new() }
    }

    /// Settles everything in a query or an expression.
    pub(crate) fn settle<T: VisitMut>(&mut self, node: &mut T) -> Result<()> {
        match node.visit(self) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    /// Settles a body in the place where it was made.
    fn inside<T: VisitMut>(&mut self, catalog: &str, schema: &str, node: &mut T) -> Result<()> {
        if self.depth >= DEEPEST {
            return Err(SqlError::new("RECURSIVE_VIEW", "42K0H", "Views or functions call each other too deeply."));
        }
        let place = Place { catalog: catalog.to_owned(), schema: schema.to_owned(), user: self.place.user.clone() };
        let mut inner = Resolver {
            store: self.store,
            place: &place,
            known: self.known,
            used: self.used,
            depth: self.depth + 1,
            ctes: Vec::new(),
        };
        inner.settle(node)
    }

    fn table(&mut self, factor: &mut TableFactor) -> Result<()> {
        let (name, alias, args) = match factor {
            TableFactor::Table { name, alias, args, .. } => (name, alias, args.as_ref().map(|args| args.args.clone())),
            TableFactor::Function { name, alias, args, .. } => (name, alias, Some(args.clone())),
            _ => return Ok(()),
        };
        let parts = words(name);
        let place = parse::place(name.span());
        let alias = alias.clone();
        if let Some(args) = args {
            return self.table_function(&parts, &args, alias, factor);
        }
        if let [single] = parts.as_slice()
            && (single.starts_with("__t") || self.ctes.iter().flatten().any(|cte| cte.eq_ignore_ascii_case(single)))
        {
            return Ok(());
        }
        let ticked = || parts.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(".");
        let full = Name::complete(&parts, &self.place.catalog, &self.place.schema)
            .ok_or_else(|| SqlError::no_table(&ticked(), place))?;
        let table = match information_schema::table(self.store, &full)? {
            Some(table) => table,
            None => self.store.table(&full).cloned().ok_or_else(|| SqlError::no_table(&ticked(), place))?,
        };
        let alias = alias.unwrap_or_else(|| named(&full.name));
        if let Rows::View { query, catalog, schema } = &table.rows {
            let mut body = parse::query(query)?;
            self.inside(catalog, schema, &mut body)?;
            self.used.names.extend(table.columns.iter().map(|column| column.name.clone()));
            // the columns by the names the view gives them
            let columns: Vec<String> =
                table.columns.iter().map(|column| parse::tick(&column.name.to_lowercase())).collect();
            *factor = derived(body, &columns, &columns, alias)?;
            return Ok(());
        }
        let index = match self.used.tables.iter().position(|(known, _)| *known == full) {
            Some(index) => index,
            None => {
                self.used.tables.push((full, table));
                self.used.tables.len() - 1
            }
        };
        let mut fresh = parse::query(&format!("SELECT * FROM __t{index}"))?;
        let mut made = first_factor(&mut fresh)?;
        if let TableFactor::Table { alias: slot, .. } = &mut made {
            *slot = Some(alias);
        }
        *factor = made;
        Ok(())
    }

    fn table_function(
        &mut self,
        parts: &[String],
        args: &[FunctionArg],
        alias: Option<TableAlias>,
        factor: &mut TableFactor,
    ) -> Result<()> {
        let plain: Vec<Expr> = args
            .iter()
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            })
            .collect();
        let name = parts.last().map(|last| last.to_lowercase()).unwrap_or_default();
        if parts.len() == 1 && name == "range" && !plain.is_empty() {
            // DataFusion wants plain numbers here
            let numbers: Vec<String> = plain.iter().take(3).map(bare).collect::<Result<_>>()?;
            let call = if numbers.len() == 1 {
                format!("range(0, {})", numbers.join(""))
            } else {
                format!("range({})", numbers.join(", "))
            };
            let mut query = parse::query(&format!("SELECT * FROM (SELECT value AS id FROM {call}) AS range"))?;
            return replace(factor, &mut query, alias);
        }
        if parts.len() == 1 && matches!(name.as_str(), "explode" | "inline") {
            let [list] = plain.as_slice() else {
                return Err(SqlError::new(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                    "42605",
                    format!("The `{name}` requires 1 parameter."),
                ));
            };
            let mut query = parse::query("SELECT * FROM (SELECT unnest(__1) AS col) AS explode")?;
            substitute(&mut query, &|ident| (ident == "__1").then(|| list.clone()));
            return replace(factor, &mut query, alias);
        }
        if parts.len() == 1 && matches!(name.as_str(), "generate_series" | "unnest") {
            return Ok(());
        }
        let full = Name::complete(parts, &self.place.catalog, &self.place.schema);
        let function = full.as_ref().and_then(|full| self.store.function(full)).cloned();
        let (Some(full), Some(function)) = (full, function) else {
            return Err(SqlError::new(
                "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                "42883",
                format!(
                    "Could not resolve `{}` to a table-valued function. Please make sure that it is defined as a table-valued \
                     function and that all required parameters are provided correctly.",
                    parts.join("`.`")
                ),
            ));
        };
        let Returns::Table(columns) = &function.returns else {
            return Err(SqlError::new(
                "NOT_A_TABLE_FUNCTION",
                "42887",
                format!("'{}' is not a table function. Call it in an expression.", full.dotted()),
            ));
        };
        let bound = bind(&full, &function, args)?;
        let mut body = parse::query(&function.body)?;
        let before = self.used.tables.len();
        self.inside(&full.catalog, &full.schema, &mut body)?;
        self.put(&mut body, &function, &bound, before);
        let names: Vec<String> = columns.iter().map(|column| parse::tick(&column.name.to_lowercase())).collect();
        let casts: Vec<String> = columns
            .iter()
            .zip(&names)
            .map(|(column, name)| match &column.ty {
                SqlType::Map(..) | SqlType::Interval(_) | SqlType::Void | SqlType::Struct(_) => name.clone(),
                ty => format!("CAST({name} AS {}) AS {name}", ty.text()),
            })
            .collect();
        self.used.names.extend(columns.iter().map(|column| column.name.clone()));
        *factor = derived(body, &names, &casts, alias.unwrap_or_else(|| named(&full.name)))?;
        Ok(())
    }

    /// Puts arguments in the place of parameters; a column of the body's own tables goes before a parameter of its name.
    fn put<T: VisitMut>(&self, body: &mut T, function: &Function, bound: &BTreeMap<String, Expr>, before: usize) {
        let columns: BTreeSet<String> = self
            .used
            .tables
            .iter()
            .skip(before)
            .flat_map(|(_, table)| table.columns.iter().map(|column| column.name.to_lowercase()))
            .collect();
        let prefix = format!("{}.", function.name);
        substitute(body, &|ident| match ident.strip_prefix(&prefix) {
            Some(name) => bound.get(name).cloned(),
            None if columns.contains(ident) => None,
            None => bound.get(ident).cloned(),
        });
    }

    fn call(&mut self, call: &Call) -> Result<Option<Expr>> {
        let parts = words(&call.name);
        let last = parts.last().map(|last| last.to_lowercase()).unwrap_or_default();
        if parts.len() == 1 {
            if let Some(expr) = spark::call(&last, call, self.place)? {
                return Ok(Some(expr));
            }
            if self.known.contains(&last) {
                return Ok(None);
            }
        }
        let full = Name::complete(&parts, &self.place.catalog, &self.place.schema);
        let function = full.as_ref().and_then(|full| self.store.function(full)).cloned();
        let (Some(full), Some(function)) = (full, function) else {
            return Err(SqlError::no_function(&parts.join("`.`"), &self.place.catalog, &self.place.schema));
        };
        let Returns::Scalar(ty) = &function.returns else {
            return Err(SqlError::new(
                "NOT_A_SCALAR_FUNCTION",
                "42887",
                format!("'{}' is not a scalar function. Call it in FROM.", full.dotted()),
            ));
        };
        let args: &[FunctionArg] = match &call.args {
            FunctionArguments::List(list) => &list.args,
            _ => &[],
        };
        let bound = bind(&full, &function, args)?;
        let mut body = body_expression(&function.body)?;
        let before = self.used.tables.len();
        self.inside(&full.catalog, &full.schema, &mut body)?;
        self.put(&mut body, &function, &bound, before);
        cast(body, ty).map(Some)
    }
}

/// The body of a scalar function: an expression, or a query of one value.
pub(crate) fn body_expression(body: &str) -> Result<Expr> {
    let first = body.trim_start().get(..6).unwrap_or_default().to_uppercase();
    if first == "SELECT" || first.starts_with("WITH") {
        return Ok(Expr::Subquery(Box::new(parse::query(body)?)));
    }
    parse::expression(body)
}

/// Each parameter with its argument: by place, by name, or its default.
fn bind(full: &Name, function: &Function, args: &[FunctionArg]) -> Result<BTreeMap<String, Expr>> {
    let wrong = |text: String| SqlError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", text);
    let mut bound = BTreeMap::new();
    let mut parameters = function.arguments.iter();
    for arg in args {
        let (parameter, expr): (&Argument, &Expr) = match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                let parameter = parameters.next().ok_or_else(|| {
                    let count = function.arguments.len();
                    wrong(format!(
                        "The `{}` requires {count} parameters but the actual number is {}.",
                        full.dotted(),
                        args.len()
                    ))
                })?;
                (parameter, expr)
            }
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                (named_parameter(full, function, &name.value)?, expr)
            }
            FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(expr), .. } => {
                (named_parameter(full, function, &name.value)?, expr)
            }
            _ => return Err(wrong(format!("The `{}` takes values as its arguments.", full.dotted()))),
        };
        if bound.insert(parameter.name.to_lowercase(), cast(expr.clone(), &parameter.ty)?).is_some() {
            return Err(SqlError::new(
                "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE",
                "4274K",
                format!(
                    "Call to routine `{}` is invalid because it has two values for `{}`.",
                    full.dotted(),
                    parameter.name
                ),
            ));
        }
    }
    for parameter in &function.arguments {
        let key = parameter.name.to_lowercase();
        if bound.contains_key(&key) {
            continue;
        }
        let Some(default) = &parameter.default else {
            return Err(SqlError::new(
                "REQUIRED_PARAMETER_NOT_FOUND",
                "4274K",
                format!(
                    "Cannot invoke routine `{}` because the parameter named `{}` is required, but the routine call did not \
                     supply a value.",
                    full.dotted(),
                    parameter.name
                ),
            ));
        };
        bound.insert(key, cast(parse::expression(default)?, &parameter.ty)?);
    }
    Ok(bound)
}

fn named_parameter<'f>(full: &Name, function: &'f Function, name: &str) -> Result<&'f Argument> {
    function.arguments.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        SqlError::new(
            "UNRECOGNIZED_PARAMETER_NAME",
            "4274K",
            format!("Cannot invoke routine `{}` because it has no parameter named `{name}`.", full.dotted()),
        )
    })
}

impl VisitorMut for Resolver<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        let names = query.with.iter().flat_map(|with| with.cte_tables.iter().map(|cte| cte.alias.name.value.clone()));
        self.ctes.push(names.collect());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        self.ctes.pop();
        if let SetExpr::Values(values) = query.body.as_mut() {
            values.rows.iter_mut().flat_map(|row| row.iter_mut()).for_each(narrow);
        }
        if let SetExpr::Select(select) = query.body.as_mut() {
            // DataFusion wants its columns named apart
            let mut seen = HashSet::new();
            for (index, item) in select.projection.iter_mut().enumerate() {
                if let SelectItem::UnnamedExpr(expr) = item {
                    let again = !seen.insert(expr.to_string());
                    let bare = matches!(expr, Expr::Value(_) | Expr::Cast { .. } | Expr::Subquery(_) | Expr::Nested(_));
                    if bare || (again && !matches!(expr, Expr::CompoundIdentifier(_))) {
                        let alias = Ident::new(format!("__c{index}"));
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                    }
                }
                if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                    narrow(expr);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        match self.table(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        let new = match expr {
            Expr::Function(call) => self.call(call),
            Expr::RLike { negated, expr, pattern, .. } => {
                let template = if *negated { "(NOT regexp_like(__1, __2))" } else { "regexp_like(__1, __2)" };
                fill(template, &[expr.as_ref().clone(), pattern.as_ref().clone()]).map(Some)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Spaceship, right } => {
                Ok(Some(Expr::IsNotDistinctFrom(left.clone(), right.clone())))
            }
            Expr::Struct { values, .. } => structure(values).map(Some),
            Expr::JsonAccess { value, path } => {
                let path = parse::quote(&json_path(&path.path));
                fill(&format!("__get_json_object(__1, {path})"), &[value.as_ref().clone()]).map(Some)
            }
            Expr::CompoundIdentifier(parts) if parts.len() > 2 => {
                let is_table = self.used.tables.iter().any(|(name, _)| {
                    let texts: Vec<String> = parts.iter().map(|part| part.value.to_lowercase()).collect();
                    texts.ends_with(&[]) && texts.iter().rev().nth(1) == Some(&name.name)
                });
                if is_table { Ok(Some(Expr::CompoundIdentifier(parts.split_off(parts.len() - 2)))) } else { Ok(None) }
            }
            _ => Ok(None),
        };
        match new {
            Ok(Some(new)) => *expr = new,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}
