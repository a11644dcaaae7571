//! What the chain and the tools let through.

use crate::error::Result;
use crate::sql_guard::{GuardOptions, check_with};

/// The guard with the functions that an app refuses and allows.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    pub(super) off: bool,
    pub(super) denied: Vec<String>,
    pub(super) allowed: Vec<String>,
}

impl Guard {
    pub(super) fn check(&self, statement: &str) -> Result<()> {
        if self.off {
            return Ok(());
        }
        let denied: Vec<&str> = self.denied.iter().map(String::as_str).collect();
        let allowed: Vec<&str> = self.allowed.iter().map(String::as_str).collect();
        check_with(statement, GuardOptions { denied_functions: &denied, allowed_functions: &allowed }).map(drop)
    }
}
