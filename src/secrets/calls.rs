//! The requests on secrets as values.
//!
//! Names and sizes are checked before anything is sent. Calls that change something are `POST`s,
//! deletions included, and none of them is repeated after a failure that leaves its fate open.

use crate::error::{Error, ErrorKind, Result};
use crate::secrets::types::{AclItem, Acls, SecretList, SecretScopes};
use crate::wire::answer;
use crate::wire::base64;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw, push_string};
use crate::wire::request::{Method, Path, Request};

/// The longest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 128 * 1024;
const MAX_NAME: usize = 128;

/// Creates a scope; `body` is the JSON text of a [`CreateScopeRequest`](crate::secrets::CreateScopeRequest).
///
/// # Errors
/// `InvalidInput` when no scope can have this name, or a vault is missing or not expected.
///
/// ```
/// let call = lakewire::secrets::calls::create_scope(r#"{"scope":"llm"}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/scopes/create");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/scopes/create`
pub fn create_scope(body: String) -> Result<Call<()>> {
    let root = Raw::parse(&body).map_err(|_| invalid("The body is not valid JSON."))?;
    let text = |key| root.get_some(key).and_then(Raw::as_str).unwrap_or_default();
    name("scope", &text("scope"))?;
    let in_vault = text("scope_backend_type") == "AZURE_KEYVAULT";
    if in_vault != root.get_some("backend_azure_keyvault").is_some() {
        return Err(invalid(
            "`backend_azure_keyvault` is given exactly when `scope_backend_type` is AZURE_KEYVAULT: { resource_id, dns_name }.",
        ));
    }
    if root.get_some("initial_manage_principal").is_some() && text("initial_manage_principal") != "users" {
        return Err(invalid("`initial_manage_principal` can only be `users`: leave it out to be the only manager."));
    }
    Ok(post("scopes/create", body))
}

/// Lists the scopes the caller may see.
///
/// ```
/// assert_eq!(lakewire::secrets::calls::list_scopes().request().path, "/api/2.0/secrets/scopes/list");
/// ```
/// `GET /api/2.0/secrets/scopes/list`
#[must_use]
pub fn list_scopes() -> Call<Json<SecretScopes>> {
    read(Path::literal("/api/2.0/secrets/scopes/list"))
}

/// Deletes a scope with its secrets.
///
/// # Errors
/// `InvalidInput` when no scope can have this name.
///
/// ```
/// let call = lakewire::secrets::calls::delete_scope("llm")?;
/// assert_eq!(call.request().body_text(), r#"{"scope":"llm"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/scopes/delete`
pub fn delete_scope(scope: &str) -> Result<Call<()>> {
    name("scope", scope)?;
    Ok(post("scopes/delete", object(&[("scope", scope)])))
}

/// Puts a secret, over one of the same name.
///
/// # Errors
/// `InvalidInput` when no scope or secret can have this name, or the value is longer than 128 KB.
///
/// ```
/// let call = lakewire::secrets::calls::put_text("llm", "openai", "sk-sample")?;
/// assert_eq!(call.request().body_text(), r#"{"scope":"llm","key":"openai","string_value":"sk-sample"}"#);
/// assert!(!format!("{call:?}").contains("sk-sample"));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/put`
pub fn put_text(scope: &str, key: &str, value: &str) -> Result<Call<()>> {
    let call = put(scope, key, "string_value", value, value.len())?;
    Ok(hiding(hiding(call, value), &base64::encode(value.as_bytes())))
}

/// Puts a secret of bytes, over one of the same name.
///
/// # Errors
/// As [`put_text`].
///
/// ```
/// let call = lakewire::secrets::calls::put_bytes("llm", "openai", b"sk-sample")?;
/// assert_eq!(call.request().body_text(), r#"{"scope":"llm","key":"openai","bytes_value":"c2stc2FtcGxl"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/put`
pub fn put_bytes(scope: &str, key: &str, value: &[u8]) -> Result<Call<()>> {
    put_written(scope, key, &base64::encode(value), value)
}

/// [`put_bytes`] of bytes that are base64 already, as JavaScript gives them.
#[allow(dead_code)] // for the JavaScript face
pub(crate) fn put_base64(scope: &str, key: &str, written: &str) -> Result<Call<()>> {
    let value = base64::decode(written).map_err(|_| invalid("The secret's value is not base64."))?;
    put_written(scope, key, written, &value)
}

fn put_written(scope: &str, key: &str, written: &str, value: &[u8]) -> Result<Call<()>> {
    let call = hiding(put(scope, key, "bytes_value", written, value.len())?, written);
    // a service may quote what it decoded
    Ok(match std::str::from_utf8(value) {
        Ok(text) => hiding(call, text),
        Err(_) => call,
    })
}

fn put(scope: &str, key: &str, field: &str, value: &str, bytes: usize) -> Result<Call<()>> {
    name("scope", scope)?;
    name("secret", key)?;
    if bytes > MAX_VALUE_BYTES {
        return Err(invalid(
            "The secret's value is longer than 128 KB, which is the most a scope keeps: store a smaller one.",
        ));
    }
    Ok(post("put", object(&[("scope", scope), ("key", key), (field, value)])))
}

fn hiding(mut call: Call<()>, secret: &str) -> Call<()> {
    let request = call.request_mut();
    *request = request.clone().hide(secret);
    call
}

/// Reads a secret; the answer's `value` is base64. The service gives values inside Databricks compute.
///
/// # Errors
/// `InvalidInput` when no scope or secret can have this name.
///
/// ```
/// let call = lakewire::secrets::calls::get("llm", "openai")?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/get?scope=llm&key=openai");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/secrets/get`
pub fn get(scope: &str, key: &str) -> Result<Call<Json<()>>> {
    name("scope", scope)?;
    name("secret", key)?;
    Ok(read(Path::literal("/api/2.0/secrets/get").query("scope", scope).query("key", key)))
}

/// Lists the names of a scope's secrets, never their values.
///
/// # Errors
/// `InvalidInput` when no scope can have this name.
///
/// ```
/// let call = lakewire::secrets::calls::list("llm")?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/list?scope=llm");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/secrets/list`
pub fn list(scope: &str) -> Result<Call<Json<SecretList>>> {
    name("scope", scope)?;
    Ok(read(Path::literal("/api/2.0/secrets/list").query("scope", scope)))
}

/// Deletes a secret.
///
/// # Errors
/// `InvalidInput` when no scope or secret can have this name.
///
/// ```
/// let call = lakewire::secrets::calls::delete("llm", "openai")?;
/// assert_eq!(call.request().method.as_str(), "POST");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/delete`
pub fn delete(scope: &str, key: &str) -> Result<Call<()>> {
    name("scope", scope)?;
    name("secret", key)?;
    Ok(post("delete", object(&[("scope", scope), ("key", key)])))
}

/// Says what a user, group or service principal may do with a scope, over what was said before.
///
/// # Errors
/// `InvalidInput` when no scope can have this name, or nobody is named.
///
/// ```
/// let call = lakewire::secrets::calls::put_acl("llm", "users", "READ")?;
/// assert_eq!(call.request().body_text(), r#"{"scope":"llm","principal":"users","permission":"READ"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/acls/put`
pub fn put_acl(scope: &str, principal: &str, permission: &str) -> Result<Call<()>> {
    name("scope", scope)?;
    named(principal)?;
    if permission.is_empty() {
        return Err(invalid("The permission is missing: READ, WRITE or MANAGE."));
    }
    Ok(post("acls/put", object(&[("scope", scope), ("principal", principal), ("permission", permission)])))
}

/// Says what somebody may do with a scope.
///
/// # Errors
/// `InvalidInput` when no scope can have this name, or nobody is named.
///
/// ```
/// let call = lakewire::secrets::calls::get_acl("llm", "ann@example.com")?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/acls/get?scope=llm&principal=ann%40example.com");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/secrets/acls/get`
pub fn get_acl(scope: &str, principal: &str) -> Result<Call<Json<AclItem>>> {
    name("scope", scope)?;
    named(principal)?;
    Ok(read(Path::literal("/api/2.0/secrets/acls/get").query("scope", scope).query("principal", principal)))
}

/// Lists who may do what with a scope.
///
/// # Errors
/// `InvalidInput` when no scope can have this name.
///
/// ```
/// let call = lakewire::secrets::calls::list_acls("llm")?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/acls/list?scope=llm");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/secrets/acls/list`
pub fn list_acls(scope: &str) -> Result<Call<Json<Acls>>> {
    name("scope", scope)?;
    Ok(read(Path::literal("/api/2.0/secrets/acls/list").query("scope", scope)))
}

/// Takes somebody's permission on a scope away.
///
/// # Errors
/// `InvalidInput` when no scope can have this name, or nobody is named.
///
/// ```
/// let call = lakewire::secrets::calls::delete_acl("llm", "users")?;
/// assert_eq!(call.request().path, "/api/2.0/secrets/acls/delete");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/secrets/acls/delete`
pub fn delete_acl(scope: &str, principal: &str) -> Result<Call<()>> {
    name("scope", scope)?;
    named(principal)?;
    Ok(post("acls/delete", object(&[("scope", scope), ("principal", principal)])))
}

fn name(what: &str, name: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
    if !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(fits) {
        return Ok(());
    }
    // the name itself stays out: somebody may have put a secret in its place
    Err(invalid(&["The name of the ", what, " must be 1 to 128 letters, digits, `-`, `_`, `.` or `@`."].concat()))
}

fn named(principal: &str) -> Result<()> {
    if principal.is_empty() {
        return Err(invalid("The principal is missing: a user, a group or a service principal."));
    }
    Ok(())
}

fn object(fields: &[(&str, &str)]) -> String {
    let mut out = String::from("{");
    for (key, value) in fields {
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, key);
        out.push(':');
        push_string(&mut out, value);
    }
    out.push('}');
    out
}

fn post(path: &str, body: String) -> Call<()> {
    let request = Request::new(Method::Post, ["/api/2.0/secrets/", path].concat()).json(body);
    Call::new(request, Repeat::Never, answer::nothing)
}

fn read<T>(path: Path) -> Call<Json<T>> {
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json)
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sizes_are_checked_and_not_repeated() {
        for bad in ["", "a b", "a/b", "ü", &"x".repeat(129), "sk-canary{}"] {
            for error in
                [delete_scope(bad).unwrap_err(), get("s", bad).unwrap_err(), put_text(bad, "k", "v").unwrap_err()]
            {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(!error.message().contains("canary"));
            }
        }
        assert!(list(&"x".repeat(128)).is_ok() && list("a-b_c.d@e").is_ok());
        let largest = "v".repeat(MAX_VALUE_BYTES);
        assert!(put_text("s", "k", &largest).is_ok() && put_bytes("s", "k", largest.as_bytes()).is_ok());
        let more = [largest, "v".into()].concat();
        assert!(put_text("s", "k", &more).is_err() && put_bytes("s", "k", more.as_bytes()).is_err());
        assert!(put_acl("s", "", "READ").is_err() && put_acl("s", "u", "").is_err());
    }

    #[test]
    fn base64_goes_out_as_it_came() {
        let (ours, theirs) =
            (put_bytes("s", "k", b"sk-sample").unwrap(), put_base64("s", "k", "c2stc2FtcGxl").unwrap());
        assert_eq!(ours.request(), theirs.request());
        assert_eq!(theirs.request().conceal("sk-sample c2stc2FtcGxl".into()), "[redacted] [redacted]");
        let error = put_base64("s", "k", "canary!").unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.message().contains("canary"));
    }

    #[test]
    fn the_rules_of_new_scopes() {
        for bad in [
            "[]",
            "{",
            r#"{"scope":""}"#,
            r#"{"scope":"a","scope_backend_type":"AZURE_KEYVAULT"}"#,
            r#"{"scope":"a","backend_azure_keyvault":{}}"#,
            r#"{"scope":"a","initial_manage_principal":"admins"}"#,
        ] {
            assert!(create_scope(bad.into()).is_err(), "{bad}");
        }
        assert!(create_scope(r#"{"scope":"a","initial_manage_principal":"users"}"#.into()).is_ok());
    }
}
