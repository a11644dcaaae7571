//! Who may do what with one endpoint.

use super::{AccessControlRequest, EndpointPermissionLevelInfo, EndpointPermissions, ServingEndpoints, calls, text};
use crate::error::Result;

/// The permissions of one endpoint; made by [`ServingEndpoints::permissions`]. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::serving_endpoints::{AccessControlRequest, EndpointPermissionLevel};
/// let permissions = client.serving_endpoints().permissions("team-gpt4").await?;
/// permissions.update(&[AccessControlRequest::group("users", EndpointPermissionLevel::CanQuery)]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Permissions {
    endpoints: ServingEndpoints,
    id: String,
}

impl Permissions {
    pub(super) fn new(endpoints: ServingEndpoints, id: String) -> Self {
        Self { endpoints, id }
    }

    /// The endpoint's id.
    #[must_use]
    pub fn endpoint_id(&self) -> &str {
        &self.id
    }

    /// Who may do what.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn get(&self) -> Result<EndpointPermissions> {
        self.endpoints.read(calls::permissions(&self.id)).await
    }

    /// Replaces who may do what.
    ///
    /// # Errors
    /// `BadRequest` for a list the service refuses.
    pub async fn set(&self, list: &[AccessControlRequest]) -> Result<EndpointPermissions> {
        self.endpoints.read(calls::set_permissions(&self.id, body(list)?)).await
    }

    /// Adds to who may do what.
    ///
    /// # Errors
    /// `BadRequest` for a list the service refuses.
    pub async fn update(&self, list: &[AccessControlRequest]) -> Result<EndpointPermissions> {
        self.endpoints.read(calls::update_permissions(&self.id, body(list)?)).await
    }

    /// The permissions there are.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn levels(&self) -> Result<Vec<EndpointPermissionLevelInfo>> {
        let levels = self.endpoints.read(calls::permission_levels(&self.id)).await?;
        Ok(levels.permission_levels.unwrap_or_default())
    }
}

fn body(list: &[AccessControlRequest]) -> Result<String> {
    Ok(["{\"access_control_list\":", &text(&list)?, "}"].concat())
}
