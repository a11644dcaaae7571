//! Spark's functions in terms of DataFusion's: each a template over its arguments.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value as SqlValue,
};

use crate::ast::fill;
use crate::error::{Result, SqlError};
use crate::from_json;
use crate::parse;

/// A name, how many arguments it takes, and the expression that stands for it (`__1` is the first argument).
type Template = (&'static str, usize, &'static str);

const TEMPLATES: &[Template] = &[
    ("year", 1, "CAST(date_part('year', __1) AS INT)"),
    ("quarter", 1, "CAST(date_part('quarter', __1) AS INT)"),
    ("month", 1, "CAST(date_part('month', __1) AS INT)"),
    ("weekofyear", 1, "CAST(date_part('week', __1) AS INT)"),
    ("day", 1, "CAST(date_part('day', __1) AS INT)"),
    ("dayofmonth", 1, "CAST(date_part('day', __1) AS INT)"),
    ("dayofyear", 1, "CAST(date_part('doy', __1) AS INT)"),
    ("dayofweek", 1, "CAST(date_part('dow', __1) + 1 AS INT)"),
    ("weekday", 1, "CAST((date_part('dow', __1) + 6) % 7 AS INT)"),
    ("hour", 1, "CAST(date_part('hour', __1) AS INT)"),
    ("minute", 1, "CAST(date_part('minute', __1) AS INT)"),
    ("second", 1, "CAST(date_part('second', __1) AS INT)"),
    ("date_add", 2, "__date_add(CAST(__1 AS DATE), CAST(__2 AS INT))"),
    ("dateadd", 2, "__date_add(CAST(__1 AS DATE), CAST(__2 AS INT))"),
    ("date_sub", 2, "__date_add(CAST(__1 AS DATE), CAST(0 - __2 AS INT))"),
    ("datediff", 2, "__date_diff(CAST(__1 AS DATE), CAST(__2 AS DATE))"),
    ("date_diff", 2, "__date_diff(CAST(__1 AS DATE), CAST(__2 AS DATE))"),
    ("trunc", 2, "__trunc(CAST(__1 AS DATE), __2)"),
    ("curdate", 0, "current_date()"),
    ("getdate", 0, "now()"),
    ("unix_timestamp", 0, "CAST(date_part('epoch', now()) AS BIGINT)"),
    ("unix_timestamp", 1, "CAST(date_part('epoch', CAST(__1 AS TIMESTAMP)) AS BIGINT)"),
    ("to_date", 1, "CAST(__1 AS DATE)"),
    ("date", 1, "CAST(__1 AS DATE)"),
    ("to_timestamp", 1, "CAST(__1 AS TIMESTAMP)"),
    ("timestamp", 1, "CAST(__1 AS TIMESTAMP)"),
    ("int", 1, "CAST(__1 AS INT)"),
    ("bigint", 1, "CAST(__1 AS BIGINT)"),
    ("double", 1, "CAST(__1 AS DOUBLE)"),
    ("float", 1, "CAST(__1 AS FLOAT)"),
    ("string", 1, "CAST(__1 AS STRING)"),
    ("boolean", 1, "CAST(__1 AS BOOLEAN)"),
    ("decimal", 1, "CAST(__1 AS DECIMAL(10,0))"),
    ("if", 3, "CASE WHEN __1 THEN __2 ELSE __3 END"),
    ("iff", 3, "CASE WHEN __1 THEN __2 ELSE __3 END"),
    ("ifnull", 2, "coalesce(__1, __2)"),
    ("nvl", 2, "coalesce(__1, __2)"),
    ("nvl2", 3, "CASE WHEN __1 IS NOT NULL THEN __2 ELSE __3 END"),
    ("isnull", 1, "(__1 IS NULL)"),
    ("isnotnull", 1, "(__1 IS NOT NULL)"),
    ("try_divide", 2, "CASE WHEN __2 = 0 THEN NULL ELSE __1 / __2 END"),
    ("pmod", 2, "(((__1 % __2) + __2) % __2)"),
    ("mod", 2, "(__1 % __2)"),
    ("ceil", 1, "CAST(ceil(__1) AS BIGINT)"),
    ("ceiling", 1, "CAST(ceil(__1) AS BIGINT)"),
    ("floor", 1, "CAST(floor(__1) AS BIGINT)"),
    ("sign", 1, "signum(__1)"),
    ("rand", 0, "random()"),
    ("len", 1, "length(__1)"),
    ("lcase", 1, "lower(__1)"),
    ("ucase", 1, "upper(__1)"),
    ("instr", 2, "strpos(__1, __2)"),
    ("locate", 2, "strpos(__2, __1)"),
    ("charindex", 2, "strpos(__2, __1)"),
    ("startswith", 2, "starts_with(__1, __2)"),
    ("endswith", 2, "ends_with(__1, __2)"),
    ("space", 1, "repeat(' ', __1)"),
    ("rlike", 2, "regexp_like(__1, __2)"),
    ("regexp", 2, "regexp_like(__1, __2)"),
    ("regexp_replace", 3, "regexp_replace(__1, __2, __3, 'g')"),
    ("regexp_extract", 2, "coalesce(regexp_match(__1, __2)[1], '')"),
    ("regexp_extract", 3, "coalesce(regexp_match(__1, __2)[__3], '')"),
    ("split", 2, "string_to_array(__1, __2)"),
    ("base64", 1, "__base64(CAST(__1 AS BINARY))"),
    ("unbase64", 1, "__unbase64(__1)"),
    ("get_json_object", 2, "__get_json_object(__1, __2)"),
    ("date_format", 2, "__date_format(CAST(__1 AS TIMESTAMP), __2)"),
    ("add_months", 2, "__add_months(CAST(__1 AS DATE), CAST(__2 AS INT))"),
    ("last_day", 1, "__last_day(CAST(__1 AS DATE))"),
    ("count_if", 1, "count(CASE WHEN __1 THEN 1 END)"),
    ("mean", 1, "avg(__1)"),
    ("std", 1, "stddev(__1)"),
    ("variance", 1, "var_samp(__1)"),
    ("every", 1, "bool_and(__1)"),
    ("some", 1, "bool_or(__1)"),
    ("any", 1, "bool_or(__1)"),
    ("max_by", 2, "last_value(__1 ORDER BY __2)"),
    ("min_by", 2, "first_value(__1 ORDER BY __2)"),
    ("approx_count_distinct", 1, "approx_distinct(__1)"),
    ("percentile", 2, "percentile_cont(__1, __2)"),
    ("collect_list", 1, "array_agg(__1) FILTER (WHERE __1 IS NOT NULL)"),
    ("collect_set", 1, "array_agg(DISTINCT __1) FILTER (WHERE __1 IS NOT NULL)"),
    ("size", 1, "CAST(cardinality(__1) AS INT)"),
    ("cardinality", 1, "CAST(cardinality(__1) AS INT)"),
    ("array_size", 1, "CAST(array_length(__1) AS INT)"),
    ("array_contains", 2, "array_has(__1, __2)"),
    ("sort_array", 1, "array_sort(__1)"),
    ("array_join", 2, "array_to_string(__1, __2)"),
    ("sequence", 2, "generate_series(__1, __2)"),
    ("sequence", 3, "generate_series(__1, __2, __3)"),
    ("explode", 1, "unnest(__1)"),
    ("current_timezone", 0, "'Etc/UTC'"),
];

/// Names that only change, their arguments and clauses kept.
const RENAMED: &[(&str, &str)] = &[
    ("array", "make_array"),
    ("first", "first_value"),
    ("any_value", "first_value"),
    ("last", "last_value"),
    ("listagg", "string_agg"),
    ("stddev_samp", "stddev"),
];

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Place {
    /// The current catalog.
    pub catalog: String,
    /// The current schema.
    pub schema: String,
    /// The user's name.
    pub user: String,
}

/// The plain positional arguments of a call; `None` when it has others.
pub(crate) fn positional(function: &Function) -> Option<Vec<Expr>> {
    let list = match &function.args {
        FunctionArguments::None => return Some(Vec::new()),
        FunctionArguments::List(list) => list,
        FunctionArguments::Subquery(_) => return None,
    };
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect()
}

/// What a call of Spark's stands for; `None` when DataFusion knows it by this name with this meaning.
pub(crate) fn call(name: &str, function: &Function, place: &Place) -> Result<Option<Expr>> {
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == name) {
        let Expr::Function(template) = parse::expression(&format!("{new}()"))? else { return Ok(None) };
        return Ok(Some(Expr::Function(Function { name: template.name, ..function.clone() })));
    }
    let Some(args) = positional(function) else { return Ok(None) };
    let constant = match name {
        "current_user" | "session_user" | "user" => Some(&place.user),
        "current_catalog" => Some(&place.catalog),
        "current_schema" | "current_database" => Some(&place.schema),
        _ => None,
    };
    if let (Some(text), true) = (constant, args.is_empty()) {
        return parse::expression(&parse::quote(text)).map(Some);
    }
    match (name, args.as_slice()) {
        ("version", []) => return parse::expression("'lakewire-engine, a stand-in on DataFusion'").map(Some),
        ("current_version", []) => return parse::expression("'lakewire-engine, a stand-in on DataFusion'").map(Some),
        ("element_at", [collection, key]) => {
            let template = match string(key) {
                Some(_) => "map_extract(__1, __2)[1]",
                None => "array_element(__1, __2)",
            };
            return fill(template, &[collection.clone(), key.clone()]).map(Some);
        }
        ("map", pairs) if !pairs.is_empty() && pairs.len() % 2 == 0 => {
            let side = |odd: usize| -> Vec<Expr> { pairs.iter().skip(odd).step_by(2).cloned().collect() };
            let list = |from: usize, count: usize| {
                (from..from + count).map(|index| format!("__{}", index + 1)).collect::<Vec<_>>().join(", ")
            };
            let half = pairs.len() / 2;
            let template = format!("map(make_array({}), make_array({}))", list(0, half), list(half, half));
            let mut all = side(0);
            all.extend(side(1));
            return fill(&template, &all).map(Some);
        }
        ("struct", fields) if !fields.is_empty() => {
            let parts: Vec<String> = fields
                .iter()
                .enumerate()
                .map(|(index, field)| {
                    let name = match field {
                        Expr::Identifier(ident) => ident.value.clone(),
                        Expr::CompoundIdentifier(parts) => {
                            parts.last().map_or_else(String::new, |ident| ident.value.clone())
                        }
                        _ => format!("col{}", index + 1),
                    };
                    format!("{}, __{}", parse::quote(&name), index + 1)
                })
                .collect();
            return fill(&format!("named_struct({})", parts.join(", ")), fields).map(Some);
        }
        ("from_json", [text, ty, ..]) => {
            let (Some(text), Some(ty)) = (text_or_null(text), string(ty)) else {
                return Err(SqlError::unsupported(
                    "from_json of this engine takes constant texts; give the JSON as a parameter.",
                ));
            };
            return from_json::expression(text.as_deref(), &ty).map(Some);
        }
        ("to_date" | "to_timestamp", [text, pattern]) => {
            let Some(pattern) = string(pattern) else { return Ok(None) };
            let chrono = parse::quote(&crate::udf::java_pattern(&pattern));
            return fill(&format!("{name}(__1, {chrono})"), std::slice::from_ref(text)).map(Some);
        }
        ("concat", args) if !args.is_empty() => {
            // unlike DataFusion's, Spark's is NULL as soon as one part is
            let casts: Vec<String> = (1..=args.len()).map(|index| format!("__{index}")).collect();
            return fill(&format!("({})", casts.join(" || ")), args).map(Some);
        }
        ("range", _) => return Ok(None),
        _ => {}
    }
    match TEMPLATES.iter().find(|(known, count, _)| *known == name && *count == args.len()) {
        Some((_, _, template)) => {
            let mut expr = fill(template, &args)?;
            if let Expr::Function(made) = &mut expr {
                made.over.clone_from(&function.over);
                if made.filter.is_none() {
                    made.filter.clone_from(&function.filter);
                }
                if let (FunctionArguments::List(new), FunctionArguments::List(old)) = (&mut made.args, &function.args)
                    && new.duplicate_treatment.is_none()
                {
                    new.duplicate_treatment = old.duplicate_treatment;
                }
            }
            Ok(Some(expr))
        }
        None => Ok(None),
    }
}

/// The text of a string literal, or of a cast of one to STRING.
pub(crate) fn string(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            SqlValue::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        Expr::Nested(inner) => string(inner),
        _ => None,
    }
}

fn text_or_null(expr: &Expr) -> Option<Option<String>> {
    match expr {
        Expr::Value(value) if value.value == SqlValue::Null => Some(None),
        Expr::Cast { expr, .. } => text_or_null(expr),
        other => string(other).map(Some),
    }
}
