//! Statements, their results and warehouses, as they stand on the wire.

mod statements;
mod warehouses;

pub use statements::*;
pub use warehouses::*;
