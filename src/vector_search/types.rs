//! Endpoints and indexes as the service describes them, and what creates and asks them.

mod endpoint;
mod index;

pub use endpoint::*;
pub use index::*;
