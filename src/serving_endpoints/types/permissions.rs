//! Who may do what with an endpoint.

use serde_json::Map;

use crate::macros::{open_enum, wire_struct};

open_enum! {
    /// What somebody may do.
    pub enum EndpointPermissionLevel {
        /// See it.
        CanView = "CAN_VIEW",
        /// Ask it.
        CanQuery = "CAN_QUERY",
        /// Change it.
        CanManage = "CAN_MANAGE",
    }
}

wire_struct! {
    /// What one user, group or service principal shall be allowed.
    pub struct AccessControlRequest closed {
        /// The user.
        pub user_name: Option<String>,
        /// Or the group.
        pub group_name: Option<String>,
        /// Or the service principal's application id.
        pub service_principal_name: Option<String>,
        /// What.
        pub permission_level: EndpointPermissionLevel,
    }
}

impl AccessControlRequest {
    fn of(level: EndpointPermissionLevel) -> Self {
        Self {
            user_name: None,
            group_name: None,
            service_principal_name: None,
            permission_level: level,
            extra: Map::new(),
        }
    }

    /// What a user shall be allowed.
    #[must_use]
    pub fn user(name: impl Into<String>, level: EndpointPermissionLevel) -> Self {
        Self { user_name: Some(name.into()), ..Self::of(level) }
    }

    /// What a group shall be allowed.
    #[must_use]
    pub fn group(name: impl Into<String>, level: EndpointPermissionLevel) -> Self {
        Self { group_name: Some(name.into()), ..Self::of(level) }
    }

    /// What a service principal shall be allowed.
    #[must_use]
    pub fn service_principal(name: impl Into<String>, level: EndpointPermissionLevel) -> Self {
        Self { service_principal_name: Some(name.into()), ..Self::of(level) }
    }
}

wire_struct! {
    /// Who may do what with an endpoint.
    pub struct EndpointPermissions {
        /// `/serving-endpoints/<id>`.
        pub object_id: Option<String>,
        /// `serving-endpoint`.
        pub object_type: Option<String>,
        /// One item for each user, group or service principal.
        pub access_control_list: Option<Vec<AccessControl>>,
    }
}

wire_struct! {
    /// What one user, group or service principal is allowed.
    pub struct AccessControl {
        /// The user.
        pub user_name: Option<String>,
        /// Or the group.
        pub group_name: Option<String>,
        /// Or the service principal.
        pub service_principal_name: Option<String>,
        /// The name to show.
        pub display_name: Option<String>,
        /// What, and from where it comes.
        pub all_permissions: Option<Vec<EndpointPermission>>,
    }
}

wire_struct! {
    /// One permission.
    pub struct EndpointPermission {
        /// What.
        pub permission_level: Option<EndpointPermissionLevel>,
        /// Whether it comes from elsewhere.
        pub inherited: Option<bool>,
        /// From where.
        pub inherited_from_object: Option<Vec<String>>,
    }
}

wire_struct! {
    /// The permissions there are.
    pub struct EndpointPermissionLevels {
        /// Each with what it means.
        pub permission_levels: Option<Vec<EndpointPermissionLevelInfo>>,
    }
}

wire_struct! {
    /// A permission and what it means.
    pub struct EndpointPermissionLevelInfo {
        /// The permission.
        pub permission_level: Option<EndpointPermissionLevel>,
        /// What it means.
        pub description: Option<String>,
    }
}
