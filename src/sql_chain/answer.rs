//! What a chain gives and tells on the way.

use crate::sql_database::SqlRows;

/// A step that a chain has done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SqlChainEvent {
    /// The tables picked for the question.
    Tables(Vec<String>),
    /// The statement the model wrote.
    Sql(String),
    /// The statement after the check.
    Checked(String),
    /// The result, as the model sees it and as rows.
    Rows {
        /// The rows as Python prints them.
        text: String,
        /// The columns and rows.
        rows: SqlRows,
    },
    /// Words of the answer, as they come; they are told, not kept.
    Words(String),
    /// The answer, or the result's text when that is asked for.
    Answer(String),
}

/// What a chain gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlChainAnswer {
    /// The answer; with `return_direct` the result's text, with `return_sql` the statement.
    pub result: String,
    /// The statement.
    pub sql: String,
    /// Its columns and rows; nothing when it was not run. [`SqlRows::truncated`] says whether a limit cut them.
    pub rows: Option<SqlRows>,
    /// The steps in order.
    pub steps: Vec<SqlChainEvent>,
}
