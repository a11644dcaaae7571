//! SQL: statements on a warehouse, their results without loss, and the warehouses themselves.
//!
//! Values travel beside a statement's text as named parameters ([`Param`]); names from outside are quoted by
//! [`quote_identifier`]. A result comes as [`Batch`]es of typed columns while it is downloaded, or as the bytes of an Arrow
//! stream for a reader of Arrow.

pub mod calls;
mod column;
mod fetch;
mod identifier;
mod number;
mod param;
pub mod progress;
mod result;
mod scan;
mod statement;
pub mod types;
mod value;
mod warehouses;

pub use column::{Column, Kind};
pub use identifier::{quote_identifier, quote_path};
pub use param::Param;
pub use progress::StatementFailure;
pub use result::{StatementResult, Table};
pub use scan::{Scanner, Slow};
pub use statement::{StatementExecution, StatementSettings};
pub use types::*;
pub use value::{Batch, Decimal, Row, Value, bytes, epoch_days, epoch_micros};
pub use warehouses::Warehouses;
