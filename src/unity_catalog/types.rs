//! What Unity Catalog says of catalogs, schemas, tables, volumes and functions, in its words.

mod functions;
mod tables;

pub use functions::*;
pub use tables::*;
