//! Serving endpoints as the workspace describes them, and what creates and changes them.
//!
//! Reading types take whatever comes: nearly every field is optional and what is new is kept.
//! Writing types end in `Input` or `Request`; what the service requires goes in `new(…)`.

mod config;
mod endpoint;
mod external;
mod gateway;
mod permissions;
mod requests;
mod secret;

pub use config::*;
pub use endpoint::*;
pub use external::*;
pub use gateway::*;
pub use permissions::*;
pub use requests::*;
pub use secret::SecretText;
pub(crate) use secret::is_reference;
