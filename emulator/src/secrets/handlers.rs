//! The operations of the secrets API (wire: secrets §1).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Scope, check_name, missing_secret};
use crate::errors::{ApiError, json_response};
use crate::json::{invalid, object, query, set};
use crate::serving_endpoints::CREATOR;
use crate::state::{Emulator, now_ms};
use crate::workspace::Workspace;

/// The routes of the secrets API.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/secrets/scopes/create", post(create_scope))
        .route("/api/2.0/secrets/scopes/list", get(list_scopes))
        .route("/api/2.0/secrets/scopes/delete", post(delete_scope))
        .route("/api/2.0/secrets/put", post(put))
        .route("/api/2.0/secrets/list", get(list))
        .route("/api/2.0/secrets/get", get(read))
        .route("/api/2.0/secrets/delete", post(delete))
        .route("/api/2.0/secrets/acls/put", post(put_acl))
        .route("/api/2.0/secrets/acls/get", get(get_acl))
        .route("/api/2.0/secrets/acls/list", get(list_acls))
        .route("/api/2.0/secrets/acls/delete", post(delete_acl))
}

type Body = Map<String, Value>;

/// Reads the body, changes the workspace, and answers `{}`.
fn change(
    emulator: &Emulator,
    body: &Bytes,
    change: impl FnOnce(&mut Workspace, &Body) -> Result<(), ApiError>,
) -> Response {
    let changed = object(body).and_then(|body| emulator.edit(|workspace| change(workspace, &body)));
    changed.map_or_else(IntoResponse::into_response, |()| json_response(StatusCode::OK, &json!({})))
}

/// Reads the query and answers from the workspace.
fn answer(
    emulator: &Emulator,
    query_text: Option<String>,
    read: impl FnOnce(&Workspace, &dyn Fn(&str) -> Result<String, ApiError>) -> Result<Value, ApiError>,
) -> Response {
    let pairs = query(query_text.as_deref().unwrap_or_default());
    let field = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        found.filter(|value| !value.is_empty()).ok_or_else(|| invalid(&format!("Missing required field: {name}")))
    };
    let answered = emulator.read(|workspace| read(workspace, &field));
    answered.map_or_else(IntoResponse::into_response, |body| json_response(StatusCode::OK, &body))
}

fn text<'b>(body: &'b Body, name: &str) -> Result<&'b str, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null | Value::String(_)) => Err(invalid(&format!("Missing required field: {name}"))),
        Some(_) => Err(invalid(&format!("'{name}' must be a string."))),
    }
}

/// A list under its name; without entries the name is left out too, as the service does.
fn listed(name: &str, items: Vec<Value>) -> Value {
    if items.is_empty() { json!({}) } else { json!({ name: items }) }
}

async fn create_scope(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| {
        let name = text(body, "scope")?;
        let principal = match body.get("initial_manage_principal") {
            None | Some(Value::Null) => CREATOR,
            Some(Value::String(text)) if text == "users" => "users",
            Some(_) => return Err(invalid("'initial_manage_principal' can only be 'users'.")),
        };
        let backend_type = body.get("scope_backend_type").and_then(Value::as_str).unwrap_or("DATABRICKS");
        let keyvault = body.get("backend_azure_keyvault").filter(|vault| !vault.is_null());
        match (backend_type, keyvault) {
            ("DATABRICKS", None) => {}
            ("DATABRICKS", Some(_)) => {
                return Err(invalid("'backend_azure_keyvault' needs the scope_backend_type AZURE_KEYVAULT."));
            }
            ("AZURE_KEYVAULT", Some(vault))
                if ["resource_id", "dns_name"].iter().all(|key| vault.get(key).is_some_and(Value::is_string)) => {}
            ("AZURE_KEYVAULT", _) => {
                return Err(invalid(
                    "A key vault scope needs 'backend_azure_keyvault' with 'resource_id' and 'dns_name'.",
                ));
            }
            (other, _) => {
                return Err(invalid(&format!("'scope_backend_type' is DATABRICKS or AZURE_KEYVAULT, not '{other}'.")));
            }
        }
        let scope = Scope {
            backend_type: backend_type.to_owned(),
            keyvault: keyvault.cloned(),
            secrets: std::collections::BTreeMap::new(),
            acls: [(principal.to_owned(), "MANAGE".to_owned())].into(),
        };
        workspace.scopes.create(name, scope)
    })
}

async fn list_scopes(State(emulator): State<Emulator>) -> Response {
    answer(&emulator, None, |workspace, _| {
        let scopes = workspace.scopes.0.iter().map(|(name, scope)| {
            let mut shown = json!({ "name": name, "backend_type": scope.backend_type });
            if let Some(keyvault) = &scope.keyvault {
                set(&mut shown, "keyvault_metadata", keyvault.clone());
            }
            shown
        });
        Ok(listed("scopes", scopes.collect()))
    })
}

async fn delete_scope(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| workspace.scopes.remove(text(body, "scope")?))
}

async fn put(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| {
        let (scope, key) = (text(body, "scope")?, text(body, "key")?);
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        let bytes = match (given("string_value"), given("bytes_value")) {
            (Some(Value::String(text)), None) => text.as_bytes().to_vec(),
            (None, Some(Value::String(encoded))) => STANDARD
                .decode(encoded)
                .map_err(|_| invalid("'bytes_value' must be base64 with padding, of the bytes to store."))?,
            (None, None) | (Some(_), Some(_)) => {
                return Err(invalid("Give exactly one of 'string_value' and 'bytes_value'."));
            }
            _ => return Err(invalid("'string_value' and 'bytes_value' are strings.")),
        };
        let scope = workspace.scopes.scope_mut(scope)?;
        scope.writable()?;
        scope.put(key, &bytes, now_ms())
    })
}

async fn list(State(emulator): State<Emulator>, RawQuery(query): RawQuery) -> Response {
    answer(&emulator, query, |workspace, field| {
        let scope = workspace.scopes.scope(&field("scope")?)?;
        let secrets = scope
            .secrets
            .iter()
            .map(|(key, secret)| json!({ "key": key, "last_updated_timestamp": secret.updated_ms }));
        Ok(listed("secrets", secrets.collect()))
    })
}

async fn read(State(emulator): State<Emulator>, RawQuery(query): RawQuery) -> Response {
    answer(&emulator, query, |workspace, field| {
        let (scope, key) = (field("scope")?, field("key")?);
        let found = workspace.scopes.scope(&scope)?.secrets.get(&key);
        let secret = found.ok_or_else(|| missing_secret(&scope, &key))?;
        Ok(json!({ "key": key, "value": secret.value }))
    })
}

async fn delete(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| {
        let (name, key) = (text(body, "scope")?, text(body, "key")?);
        let scope = workspace.scopes.scope_mut(name)?;
        scope.writable()?;
        scope.secrets.remove(key).map(|_| ()).ok_or_else(|| missing_secret(name, key))
    })
}

async fn put_acl(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| {
        let (scope, principal) = (text(body, "scope")?, text(body, "principal")?);
        let permission = text(body, "permission")?;
        if !matches!(permission, "READ" | "WRITE" | "MANAGE") {
            return Err(invalid(&format!("'permission' is READ, WRITE or MANAGE, not '{permission}'.")));
        }
        // principals are user names, group names and application ids
        if !principal.contains('@') {
            check_name("principal", &principal.replace(' ', "-"))?;
        }
        let scope = workspace.scopes.scope_mut(scope)?;
        scope.acls.insert(principal.to_owned(), permission.to_owned());
        Ok(())
    })
}

fn no_acl(principal: &str) -> ApiError {
    let message = format!("No ACL of {principal} exists for this scope.");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

async fn get_acl(State(emulator): State<Emulator>, RawQuery(query): RawQuery) -> Response {
    answer(&emulator, query, |workspace, field| {
        let (scope, principal) = (field("scope")?, field("principal")?);
        let permission = workspace.scopes.scope(&scope)?.acls.get(&principal).ok_or_else(|| no_acl(&principal))?;
        Ok(json!({ "principal": principal, "permission": permission }))
    })
}

async fn list_acls(State(emulator): State<Emulator>, RawQuery(query): RawQuery) -> Response {
    answer(&emulator, query, |workspace, field| {
        let acls = workspace.scopes.scope(&field("scope")?)?.acls.iter();
        let items = acls.map(|(principal, permission)| json!({ "principal": principal, "permission": permission }));
        Ok(listed("items", items.collect()))
    })
}

async fn delete_acl(State(emulator): State<Emulator>, body: Bytes) -> Response {
    change(&emulator, &body, |workspace, body| {
        let (scope, principal) = (text(body, "scope")?, text(body, "principal")?);
        let removed = workspace.scopes.scope_mut(scope)?.acls.remove(principal);
        removed.map(|_| ()).ok_or_else(|| no_acl(principal))
    })
}
