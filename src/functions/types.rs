//! What running a function gave.

use crate::macros::wire_struct;

wire_struct! {
    /// What running a function gave: `format`, `value` and `truncated`, or `error` alone.
    pub struct FunctionResult {
        /// Why it failed; the other fields are absent then.
        pub error: Option<String>,
        /// `SCALAR` for one value, `CSV` for a table.
        pub format: Option<String>,
        /// The value as text, or the table as CSV with a header line; absent for NULL.
        pub value: Option<String>,
        /// Whether the table is longer than what is here.
        pub truncated: Option<bool>,
    }
}
