//! What a statement is refused with, worded as Databricks words it.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use serde_json::{Value, json};

/// A statement that failed: its message, the SQLSTATE beside it, and the service's error code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// `BAD_REQUEST`, `CANCELLED`, `INTERNAL_ERROR` …
    pub code: &'static str,
    /// Five characters, as `42P01`.
    pub state: &'static str,
    /// The whole text, class in brackets first.
    pub message: String,
}

/// The answer of everything that runs SQL.
pub type Result<T, E = SqlError> = std::result::Result<T, E>;

impl SqlError {
    /// An error of a class: `[CLASS] text SQLSTATE: state`.
    pub fn new(class: &str, state: &'static str, text: impl AsRef<str>) -> Self {
        Self { code: "BAD_REQUEST", state, message: format!("[{class}] {} SQLSTATE: {state}", text.as_ref()) }
    }

    /// Something this engine does not do, in a sentence.
    pub fn unsupported(text: impl AsRef<str>) -> Self {
        Self::new("UNSUPPORTED_FEATURE", "0A000", text)
    }

    /// A fault of the engine itself.
    pub fn internal(text: impl AsRef<str>) -> Self {
        Self {
            code: "INTERNAL_ERROR",
            state: "XX000",
            message: format!("[INTERNAL_ERROR] {} SQLSTATE: XX000", text.as_ref()),
        }
    }

    /// A table or view that is not there; `place` is its line and position in the text, when known.
    pub fn no_table(name: &str, place: Option<(u64, u64)>) -> Self {
        let mut error = Self::new(
            "TABLE_OR_VIEW_NOT_FOUND",
            "42P01",
            format!(
                "The table or view {name} cannot be found. Verify the spelling and correctness of the schema and catalog.\n\
                 If you did not qualify the name with a schema, verify the current_schema() output, or qualify the name with \
                 the correct schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS."
            ),
        );
        if let Some((line, column)) = place {
            error.message.push_str(&format!("; line {line} pos {}", column.saturating_sub(1)));
        }
        error
    }

    /// A schema that is not there.
    pub fn no_schema(name: &str) -> Self {
        Self::new(
            "SCHEMA_NOT_FOUND",
            "42704",
            format!(
                "The schema {name} cannot be found. Verify the spelling and correctness of the schema and catalog.\n\
                 If you did not qualify the name with a catalog, verify the current_schema() output, or qualify the name with \
                 the correct catalog.\nTo tolerate the error on drop use DROP SCHEMA IF EXISTS."
            ),
        )
    }

    /// A catalog that is not there.
    pub fn no_catalog(name: &str) -> Self {
        Self::new(
            "NO_SUCH_CATALOG_EXCEPTION",
            "42704",
            format!("Catalog '{}' was not found. Please verify that the catalog exists.", name.replace('`', "")),
        )
    }

    /// A function that is called and not known.
    pub fn no_function(name: &str, catalog: &str, schema: &str) -> Self {
        Self::new(
            "UNRESOLVED_ROUTINE",
            "42883",
            format!(
                "Cannot resolve routine `{name}` on search path [`system`.`builtin`, `system`.`session`, `{catalog}`.`{schema}`].\n\
                 Verify the spelling of `{name}`, check that the routine exists, and confirm you have `USE` privilege on the \
                 catalog and schema, and EXECUTE on the routine."
            ),
        )
    }

    /// A function that is named in DROP or DESCRIBE and not known.
    pub fn no_routine(name: &str) -> Self {
        Self::new(
            "ROUTINE_NOT_FOUND",
            "42883",
            format!(
                "The routine {name} cannot be found. Verify the spelling and correctness of the schema and catalog.\n\
                 If you did not qualify the name with a schema and catalog, verify the current_schema() output, or qualify \
                 the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP FUNCTION IF EXISTS."
            ),
        )
    }

    /// A parse error with the service's excerpt: the statement, and a caret under the place.
    pub fn syntax(found: &str, sql: &str, line: u64, column: u64) -> Self {
        let pos = column.saturating_sub(1);
        let near = if found == "EOF" { "end of input".to_owned() } else { format!("'{found}'") };
        let mut excerpt = String::new();
        for (number, text) in (1_u64..).zip(sql.lines()) {
            excerpt.push_str(text);
            excerpt.push('\n');
            if number == line {
                excerpt.push_str(&"-".repeat(usize::try_from(pos).unwrap_or(0)));
                excerpt.push_str("^^^\n");
            }
        }
        Self {
            code: "BAD_REQUEST",
            state: "42601",
            message: format!(
                "\n[PARSE_SYNTAX_ERROR] Syntax error at or near {near}. SQLSTATE: 42601 (line {line}, pos {pos})\n\n== SQL ==\n{excerpt}"
            ),
        }
    }

    /// The parser's own error, read for its place.
    pub fn from_parser(error: &str, sql: &str) -> Self {
        let error = error.trim_start_matches("sql parser error: ");
        let number = |after: &str| -> u64 {
            error
                .rsplit_once(after)
                .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(1)
        };
        let (line, column) = (number("Line: "), number("Column: "));
        let found = error
            .rsplit_once("found: ")
            .map(|(_, rest)| rest.split(" at Line:").next().unwrap_or(rest))
            .unwrap_or("EOF");
        Self::syntax(found, sql, line, column)
    }

    /// The body of a failed statement.
    pub fn to_json(&self) -> Value {
        json!({"state": "FAILED", "sql_state": self.state, "error": {"error_code": self.code, "message": self.message}})
    }
}

impl From<DataFusionError> for SqlError {
    fn from(error: DataFusionError) -> Self {
        let text = error.find_root().strip_backtrace();
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => return unresolved(schema),
            DataFusionError::ArrowError(arrow, _) => return from_arrow(arrow),
            DataFusionError::External(inner) => {
                if let Some(known) = inner.downcast_ref::<SqlErrorBox>() {
                    return known.0.clone();
                }
            }
            DataFusionError::ResourcesExhausted(_) => {
                return Self { code: "RESOURCE_EXHAUSTED", state: "53200", message: format!("[OUT_OF_MEMORY] {text}") };
            }
            _ => {}
        }
        from_text(&text)
    }
}

/// A [`SqlError`] that travels through DataFusion and comes out as it was.
#[derive(Debug)]
pub(crate) struct SqlErrorBox(pub(crate) SqlError);

impl std::fmt::Display for SqlErrorBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for SqlErrorBox {}

impl From<SqlError> for DataFusionError {
    fn from(error: SqlError) -> Self {
        Self::External(Box::new(SqlErrorBox(error)))
    }
}

fn unresolved(error: &SchemaError) -> SqlError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let name = match &field.relation {
                Some(relation) => format!("`{}`.`{}`", relation.table(), field.name),
                None => format!("`{}`", field.name),
            };
            let mut near: Vec<&str> = valid_fields.iter().map(|field| field.name.as_str()).collect();
            let wanted = field.name.to_lowercase();
            near.sort_by_key(|other| datafusion::common::utils::datafusion_strsim::levenshtein(&wanted, other));
            near.dedup();
            if near.is_empty() {
                return SqlError::new(
                    "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
                    "42703",
                    format!("A column, variable, or function parameter with name {name} cannot be resolved."),
                );
            }
            let near: Vec<String> = near.iter().take(5).map(|name| format!("`{name}`")).collect();
            SqlError::new(
                "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                "42703",
                format!(
                    "A column, variable, or function parameter with name {name} cannot be resolved. \
                     Did you mean one of the following? [{}].",
                    near.join(", ")
                ),
            )
        }
        SchemaError::AmbiguousReference { field } => SqlError::new(
            "AMBIGUOUS_REFERENCE",
            "42704",
            format!("Reference `{}` is ambiguous, because more than one table has a column of that name.", field.name),
        ),
        other => SqlError::new("COLUMN_ALREADY_EXISTS", "42711", other.to_string()),
    }
}

fn from_arrow(error: &ArrowError) -> SqlError {
    match error {
        ArrowError::DivideByZero => divide_by_zero(),
        ArrowError::ArithmeticOverflow(text) => SqlError::new("ARITHMETIC_OVERFLOW", "22003", format!("{text}.")),
        ArrowError::CastError(text) | ArrowError::ParseError(text) => cast(text),
        ArrowError::ExternalError(inner) => match inner.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::ArrowError(inner, _)) => from_arrow(inner),
            Some(DataFusionError::External(inner)) => match inner.downcast_ref::<SqlErrorBox>() {
                Some(known) => known.0.clone(),
                None => from_text(&error.to_string()),
            },
            Some(inner) => from_text(&inner.strip_backtrace()),
            None => from_text(&error.to_string()),
        },
        other => from_text(&other.to_string()),
    }
}

/// The error of a division by zero.
pub fn divide_by_zero() -> SqlError {
    SqlError::new(
        "DIVIDE_BY_ZERO",
        "22012",
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. \
         If necessary set \"ansi_mode\" to \"false\" to bypass this error.",
    )
}

/// The error of a value that is not of the type it is cast to.
pub fn bad_cast(value: &str, from: &str, to: &str) -> SqlError {
    SqlError::new(
        "CAST_INVALID_INPUT",
        "22018",
        format!(
            "The value '{value}' of the type \"{from}\" cannot be cast to \"{to}\" because it is malformed. Correct the \
             value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead."
        ),
    )
}

fn cast(text: &str) -> SqlError {
    let value = text.split('\'').nth(1).unwrap_or(text);
    let to = [
        ("Int64", "BIGINT"),
        ("Int32", "INT"),
        ("Int16", "SMALLINT"),
        ("Int8", "TINYINT"),
        ("Float64", "DOUBLE"),
        ("Float32", "FLOAT"),
        ("Boolean", "BOOLEAN"),
        ("Date", "DATE"),
        ("imestamp", "TIMESTAMP"),
        ("ecimal", "DECIMAL"),
    ];
    let to = to.iter().find(|(arrow, _)| text.contains(arrow)).map_or("TIMESTAMP", |(_, sql)| *sql);
    bad_cast(value, "STRING", to)
}

fn from_text(text: &str) -> SqlError {
    let first = text.lines().next().unwrap_or(text);
    if first.contains("Divide by zero") || first.contains("divide by zero") {
        divide_by_zero()
    } else if first.contains("Cannot cast string") || first.contains("Error parsing") {
        cast(first)
    } else if first.contains("Overflow") || first.contains("overflow") {
        SqlError::new("ARITHMETIC_OVERFLOW", "22003", format!("{first}."))
    } else if first.contains("Invalid function") {
        let name = first.split('\'').nth(1).unwrap_or("?");
        SqlError::no_function(name, "main", "default")
    } else if first.contains("could not be resolved from available columns")
        || first.contains("must appear in the GROUP BY")
    {
        SqlError::new("MISSING_AGGREGATION", "42803", first)
    } else if first.contains("coerce") || first.contains("does not support") || first.contains("Failed to coerce") {
        SqlError::new("DATATYPE_MISMATCH", "42K09", first)
    } else {
        SqlError::internal(text)
    }
}
