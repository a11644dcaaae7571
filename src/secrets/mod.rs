//! Secrets of the workspace: scopes, the secrets in them, and who may use them.
//!
//! Serving endpoints read secrets themselves, by references such as `{{secrets/llm/openai}}`
//! ([`SecretText::reference`](crate::serving_endpoints::SecretText::reference)): so a key is put
//! once and never stands in an endpoint's configuration.

pub mod calls;
pub mod types;
mod value;

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::wire::base64;
use crate::wire::call::Call;
use crate::wire::json::{Json, Raw};

pub use types::*;
pub use value::SecretValue;

/// Secrets of a workspace. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::secrets::CreateScopeRequest;
/// let secrets = client.secrets();
/// secrets.create_scope(&CreateScopeRequest::new("llm")).await?;
/// secrets.put("llm", "openai", &std::env::var("OPENAI_API_KEY").unwrap_or_default()).await?;
/// for secret in secrets.list("llm").await? {
///     println!("{}", secret.key);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Secrets {
    sender: Sender,
    options: CallOptions,
}

impl Secrets {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default() }
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    async fn send<T>(&self, call: Result<Call<T>>) -> Result<T> {
        Ok(self.sender.send(&call?, &self.options).await?.0)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: Result<Call<Json<T>>>) -> Result<T> {
        self.send(call).await?.read()
    }

    /// Creates a scope.
    ///
    /// # Errors
    /// `InvalidInput` when no scope can have this name; `ResourceConflict` when the name is taken.
    pub async fn create_scope(&self, request: &CreateScopeRequest) -> Result<()> {
        let body = serde_json::to_string(request).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
        })?;
        self.send(calls::create_scope(body)).await
    }

    /// Lists the scopes the caller may see.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn list_scopes(&self) -> Result<Vec<SecretScope>> {
        Ok(self.read(Ok(calls::list_scopes())).await?.scopes.unwrap_or_default())
    }

    /// Deletes a scope with its secrets.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn delete_scope(&self, scope: &str) -> Result<()> {
        self.send(calls::delete_scope(scope)).await
    }

    /// Puts a secret, over one of the same name.
    ///
    /// # Errors
    /// `InvalidInput` when the value is longer than 128 KB; `NotFound` when there is no such scope.
    /// No error repeats the value.
    pub async fn put(&self, scope: &str, key: &str, value: &str) -> Result<()> {
        self.send(calls::put_text(scope, key, value)).await
    }

    /// Puts a secret of bytes, over one of the same name.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_bytes(&self, scope: &str, key: &str, value: &[u8]) -> Result<()> {
        self.send(calls::put_bytes(scope, key, value)).await
    }

    /// Reads a secret. The service gives values inside Databricks compute.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope or secret.
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// let key = client.secrets().get("llm", "openai").await?;
    /// println!("{key} is shown so, and {} bytes long", key.expose()?.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, scope: &str, key: &str) -> Result<SecretValue> {
        let json = self.send(calls::get(scope, key)).await?;
        let missing =
            || Error::new(ErrorKind::Decode, "The answer has no `value` of base64 where the secret should be.");
        let value = json.root().get_some("value").and_then(Raw::as_str).ok_or_else(missing)?;
        base64::decode(&value).map(SecretValue::from_bytes).map_err(|_| missing())
    }

    /// Lists the names of a scope's secrets, never their values.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope.
    pub async fn list(&self, scope: &str) -> Result<Vec<SecretMetadata>> {
        Ok(self.read(calls::list(scope)).await?.secrets.unwrap_or_default())
    }

    /// Deletes a secret.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope or secret.
    pub async fn delete(&self, scope: &str, key: &str) -> Result<()> {
        self.send(calls::delete(scope, key)).await
    }

    /// Says what a user, group or service principal may do with a scope.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope.
    pub async fn put_acl(&self, scope: &str, principal: &str, permission: &AclPermission) -> Result<()> {
        self.send(calls::put_acl(scope, principal, permission.as_str())).await
    }

    /// Says what somebody may do with a scope.
    ///
    /// # Errors
    /// `NotFound` when nothing was said of them.
    pub async fn get_acl(&self, scope: &str, principal: &str) -> Result<AclItem> {
        self.read(calls::get_acl(scope, principal)).await
    }

    /// Lists who may do what with a scope.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope.
    pub async fn list_acls(&self, scope: &str) -> Result<Vec<AclItem>> {
        Ok(self.read(calls::list_acls(scope)).await?.items.unwrap_or_default())
    }

    /// Takes somebody's permission on a scope away.
    ///
    /// # Errors
    /// `NotFound` when there is no such scope or nothing was said of them.
    pub async fn delete_acl(&self, scope: &str, principal: &str) -> Result<()> {
        self.send(calls::delete_acl(scope, principal)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;
    use crate::config::Config;
    use crate::transport::scripted::{Reply, Scripted};
    use std::sync::Arc;

    const CANARY: &str = "hunter2 \"canary\"";

    fn at(network: &Scripted) -> Secrets {
        let config = Config::new("x.example").unwrap();
        Secrets::new(Sender::new(config, Credentials::token("t"), Arc::new(network.clone())).unwrap())
    }

    #[test]
    fn l11_a_value_is_shown_only_when_asked() {
        let network = Scripted::new();
        let value = base64::encode(CANARY.as_bytes());
        network.push(Reply::json(&format!(r#"{{"key":"k","value":"{value}"}}"#)));
        let got = network.run(at(&network).get("s", "k")).unwrap().unwrap();
        assert_eq!(got.expose().unwrap(), CANARY);
        assert_eq!(got.expose_bytes(), CANARY.as_bytes());
        assert_eq!(
            format!("{got} {got:?} {got:#?} {:?}", Some(&got)),
            "[redacted] [redacted] [redacted] Some([redacted])"
        );
        let bytes = SecretValue::from_bytes(vec![0xff, 0xfe]);
        assert_eq!(bytes.expose().unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(format!("{bytes:?}"), "[redacted]");
        assert_eq!(bytes.expose_bytes(), [0xff, 0xfe]);
    }

    #[test]
    fn l11_no_error_repeats_what_was_put() {
        let quoted = crate::wire::json::string(CANARY);
        let written = base64::encode(CANARY.as_bytes());
        for reply in [
            Reply::status(400).bytes(format!(r#"{{"error_code":"MALFORMED_REQUEST","message":{quoted}}}"#)),
            Reply::status(400).bytes(format!(r#"{{"message":"bad: {written}"}}"#)),
            Reply::status(500).bytes(format!("INTERNAL_ERROR: could not store {CANARY}")),
            Reply::json(&format!(r#"{{"error":{{"message":{quoted},"code":{quoted}}}}}"#)),
            Reply::failure(ErrorKind::Connect, true),
        ] {
            let network = Scripted::new();
            network.push(reply.clone());
            network.push(reply);
            let secrets = at(&network);
            let text = network.run(secrets.put("s", "k", CANARY)).unwrap();
            let bytes = network.run(secrets.put_bytes("s", "k", CANARY.as_bytes())).unwrap();
            for error in [text, bytes].into_iter().filter_map(Result::err) {
                let all = format!("{error} {error:?}");
                assert!(!all.contains("canary") && !all.contains(&written), "{all}");
            }
            assert!(!format!("{:?} {secrets:?}", network.requests()).contains("canary"));
        }
    }

    #[test]
    fn l11_an_answer_without_a_value_tells_no_more_than_that() {
        for body in [r#"{"key":"k"}"#, r#"{"key":"k","value":"canary!"}"#, r#"{"key":"k","value":7}"#] {
            let network = Scripted::new();
            network.push(Reply::json(body));
            let error = network.run(at(&network).get("s", "k")).unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn missing_lists_are_empty_and_answers_may_be() {
        let network = Scripted::new();
        network.always(Reply::json("{}"));
        let secrets = at(&network);
        assert!(network.run(secrets.list_scopes()).unwrap().unwrap().is_empty());
        assert!(network.run(secrets.list("s")).unwrap().unwrap().is_empty());
        assert!(network.run(secrets.list_acls("s")).unwrap().unwrap().is_empty());
        network.always(Reply::status(200));
        network.run(secrets.create_scope(&CreateScopeRequest::new("s"))).unwrap().unwrap();
        network.run(secrets.delete_scope("s")).unwrap().unwrap();
        network.run(secrets.put_acl("s", "users", &AclPermission::Read)).unwrap().unwrap();
    }
}
