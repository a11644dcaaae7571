//! Serving endpoints of the workspace: which there are, and what state they are in.
//!
//! Creating and changing them comes with the deployments client.

pub mod calls;
pub mod types;

use crate::error::Result;
use crate::sender::{CallOptions, Sender};

pub use types::{ServingEndpoint, ServingEndpointList};

/// Serving endpoints of a workspace. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServingEndpoints {
    sender: Sender,
}

impl ServingEndpoints {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender }
    }

    /// Lists the serving endpoints the caller may see.
    ///
    /// # Errors
    /// `Unauthenticated`, `PermissionDenied` and the like as the service answers.
    pub async fn list(&self) -> Result<Vec<ServingEndpoint>> {
        let (json, _) = self.sender.send(&calls::list(), &CallOptions::default()).await?;
        Ok(json.read()?.endpoints.unwrap_or_default())
    }

    /// Describes one serving endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn get(&self, name: &str) -> Result<ServingEndpoint> {
        let (json, _) = self.sender.send(&calls::get(name)?, &CallOptions::default()).await?;
        json.read()
    }
}
