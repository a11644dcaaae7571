//! Secret scopes, the secrets' names, and who may use them.

use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// A new scope.
    pub struct CreateScopeRequest closed {
        /// Its name: letters, digits, `-`, `_`, `.` and `@`, at most 128.
        pub scope: String,
        /// `users` gives everybody `MANAGE`; only the creator has it when absent.
        pub initial_manage_principal: Option<String>,
        /// Where its secrets stand; `DATABRICKS` unless set.
        pub scope_backend_type: Option<ScopeBackendType>,
        /// The vault, for `AZURE_KEYVAULT`.
        pub backend_azure_keyvault: Option<AzureKeyVault>,
    }
}

impl CreateScopeRequest {
    /// A scope of this name that its creator manages.
    #[must_use]
    pub fn new(scope: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            initial_manage_principal: None,
            scope_backend_type: None,
            backend_azure_keyvault: None,
            extra: serde_json::Map::new(),
        }
    }

    setters! {
        /// `users` gives everybody `MANAGE`.
        initial_manage_principal: String,
        /// Where its secrets stand.
        scope_backend_type: ScopeBackendType,
        /// The vault.
        backend_azure_keyvault: AzureKeyVault,
    }
}

open_enum! {
    /// Where a scope's secrets stand.
    pub enum ScopeBackendType {
        /// In the workspace.
        Databricks = "DATABRICKS",
        /// In an Azure Key Vault, which the workspace reads.
        AzureKeyvault = "AZURE_KEYVAULT",
    }
}

wire_struct! {
    /// An Azure Key Vault.
    pub struct AzureKeyVault {
        /// Its resource id.
        pub resource_id: String,
        /// Its DNS name.
        pub dns_name: String,
    }
}

wire_struct! {
    /// The scopes the caller may see.
    pub struct SecretScopes {
        /// The scopes; absent when there are none.
        pub scopes: Option<Vec<SecretScope>>,
    }
}

wire_struct! {
    /// A scope.
    pub struct SecretScope {
        /// Its name.
        pub name: String,
        /// Where its secrets stand.
        pub backend_type: Option<ScopeBackendType>,
        /// The vault, when they stand in one.
        pub keyvault_metadata: Option<AzureKeyVault>,
    }
}

wire_struct! {
    /// The names of a scope's secrets.
    pub struct SecretList {
        /// The names; absent when there are none.
        pub secrets: Option<Vec<SecretMetadata>>,
    }
}

wire_struct! {
    /// A secret without its value.
    pub struct SecretMetadata {
        /// Its name.
        pub key: String,
        /// When it was put last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
    }
}

open_enum! {
    /// What a user, group or service principal may do with a scope. Each includes those before it.
    pub enum AclPermission {
        /// Read its secrets.
        Read = "READ",
        /// Put and delete secrets.
        Write = "WRITE",
        /// Change who may do what.
        Manage = "MANAGE",
    }
}

wire_struct! {
    /// What somebody may do with a scope.
    pub struct AclItem {
        /// The user, group or service principal.
        pub principal: String,
        /// What.
        pub permission: AclPermission,
    }
}

wire_struct! {
    /// Who may do what with a scope.
    pub struct Acls {
        /// One item for each user, group or service principal; absent when there are none.
        pub items: Option<Vec<AclItem>>,
    }
}
