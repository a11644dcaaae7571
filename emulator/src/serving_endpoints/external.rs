//! The rules of `external_model`, one line for each provider (wire: serving-endpoints §5).

use serde_json::{Map, Value, json};

use crate::errors::ApiError;
use crate::json::invalid;
use crate::secrets::Scopes;

const TASKS: &[&str] = &["llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"];

/// What the config of a provider holds.
struct Provider {
    name: &'static str,
    /// The field that holds the config.
    config: &'static str,
    /// Fields that must be there.
    required: &'static [&'static str],
    /// Secrets that must be there, as a reference or under `<name>_plaintext`.
    secrets: &'static [&'static str],
    /// Secrets that may be there.
    optional_secrets: &'static [&'static str],
    /// Other fields that may be there.
    optional: &'static [&'static str],
}

const PROVIDERS: &[Provider] = &[
    provider("anthropic", "anthropic_config", &[], &["anthropic_api_key"]),
    Provider { optional: &["cohere_api_base"], ..provider("cohere", "cohere_config", &[], &["cohere_api_key"]) },
    provider("ai21labs", "ai21labs_config", &[], &["ai21labs_api_key"]),
    provider("palm", "palm_config", &[], &["palm_api_key"]),
    Provider {
        optional_secrets: &["aws_access_key_id", "aws_secret_access_key"],
        optional: &["instance_profile_arn", "uc_service_credential_name"],
        ..provider("amazon-bedrock", "amazon_bedrock_config", &["aws_region", "bedrock_provider"], &[])
    },
    provider("google-cloud-vertex-ai", "google_cloud_vertex_ai_config", &["project_id", "region"], &["private_key"]),
    provider(
        "databricks-model-serving",
        "databricks_model_serving_config",
        &["databricks_workspace_url"],
        &["databricks_api_token"],
    ),
    Provider {
        optional: &["bearer_token_auth", "api_key_auth"],
        ..provider("custom", "custom_provider_config", &["custom_provider_url"], &[])
    },
];

const fn provider(
    name: &'static str,
    config: &'static str,
    required: &'static [&'static str],
    secrets: &'static [&'static str],
) -> Provider {
    Provider { name, config, required, secrets, optional_secrets: &[], optional: &[] }
}

/// The three forms of `openai`, by `openai_api_type`. Each may also hold what another form needs.
const OPENAI: Provider = Provider {
    optional: OPENAI_FIELDS,
    optional_secrets: OPENAI_SECRETS,
    ..provider("openai", "openai_config", &[], &["openai_api_key"])
};
const OPENAI_SECRETS: &[&str] = &["openai_api_key", "microsoft_entra_client_secret"];
const OPENAI_FIELDS: &[&str] = &[
    "openai_organization",
    "openai_api_type",
    "openai_api_base",
    "openai_deployment_name",
    "openai_api_version",
    "microsoft_entra_tenant_id",
    "microsoft_entra_client_id",
];
const AZURE_FIELDS: &[&str] = &["openai_api_base", "openai_deployment_name", "openai_api_version"];
const AZURE: Provider = Provider { required: AZURE_FIELDS, ..OPENAI };
const AZURE_ENTRA: Provider = Provider {
    required: &[
        "openai_api_base",
        "openai_deployment_name",
        "openai_api_version",
        "microsoft_entra_tenant_id",
        "microsoft_entra_client_id",
    ],
    secrets: &["microsoft_entra_client_secret"],
    ..OPENAI
};

impl Provider {
    /// Whether a field is one of this provider's.
    fn knows(&self, field: &str) -> bool {
        [self.required, self.secrets, self.optional_secrets, self.optional].iter().any(|fields| fields.contains(&field))
    }
}

/// Checks an external model; gives it as it is kept, without secrets in plain text, and its task.
///
/// # Errors
/// 400 with a sentence naming the field.
pub(super) fn check(model: &Value, scopes: &Scopes) -> Result<(Value, String), ApiError> {
    let Some(object) = model.as_object() else { return Err(invalid("'external_model' must be an object.")) };
    let text = |key: &str| {
        let found = object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.ok_or_else(|| invalid(&format!("'external_model' needs '{key}'.")))
    };
    let (_, provider_name, task) = (text("name")?, text("provider")?, text("task")?);
    if !TASKS.contains(&task) {
        return Err(invalid(&format!(
            "The task of an external model must be one of {}, not '{task}'.",
            TASKS.join(", ")
        )));
    }
    let config_of = |key: &str| object.get(key).and_then(Value::as_object);
    let provider = if provider_name == "openai" {
        openai_form(config_of("openai_config"))?
    } else {
        PROVIDERS.iter().find(|known| known.name == provider_name).ok_or_else(|| {
            let known: Vec<&str> = PROVIDERS.iter().map(|known| known.name).collect();
            invalid(&format!("The provider '{provider_name}' is not one of openai, {}.", known.join(", ")))
        })?
    };
    let Some(config) = config_of(provider.config) else {
        return Err(invalid(&format!("The provider '{provider_name}' needs '{}'.", provider.config)));
    };
    if let Some(other) = object.keys().find(|key| key.ends_with("_config") && *key != provider.config) {
        return Err(invalid(&format!("The provider '{provider_name}' takes '{}', not '{other}'.", provider.config)));
    }
    let config = check_config(config, provider, scopes)?;
    let mut kept = object.clone();
    kept.insert(provider.config.to_owned(), Value::Object(config));
    no_plain_text(&mut kept, "external_model", scopes)?;
    Ok((Value::Object(kept), task.to_owned()))
}

fn openai_form(config: Option<&Map<String, Value>>) -> Result<&'static Provider, ApiError> {
    match config.and_then(|config| config.get("openai_api_type")).and_then(Value::as_str) {
        None | Some("openai") => Ok(&OPENAI),
        Some("azure") => Ok(&AZURE),
        Some("azuread") => Ok(&AZURE_ENTRA),
        Some(other) => Err(invalid(&format!("'openai_api_type' must be openai, azure or azuread, not '{other}'."))),
    }
}

fn check_config(
    config: &Map<String, Value>,
    provider: &Provider,
    scopes: &Scopes,
) -> Result<Map<String, Value>, ApiError> {
    let mut kept = config.clone();
    kept.retain(|_, value| !value.is_null());
    let stranger = |key: &&String| {
        let field = key.strip_suffix("_plaintext").unwrap_or(key);
        !provider.knows(field) && PROVIDERS.iter().chain([&OPENAI]).any(|other| other.knows(field))
    };
    if let Some(key) = kept.keys().find(stranger) {
        return Err(invalid(&format!("'{}' does not take '{key}', a field of another provider.", provider.config)));
    }
    for key in provider.required {
        if kept.get(*key).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(invalid(&format!("'{}' needs '{key}'.", provider.config)));
        }
    }
    for key in provider.secrets {
        secret(&mut kept, provider.config, key, true, scopes)?;
    }
    for key in provider.optional_secrets {
        secret(&mut kept, provider.config, key, false, scopes)?;
    }
    match provider.name {
        "amazon-bedrock" => bedrock(config)?,
        "custom" => custom(&mut kept, scopes)?,
        _ => {}
    }
    Ok(kept)
}

/// Whatever came in plain text must not come back: twins are dropped, and a secret anywhere else is a reference or refused.
fn no_plain_text(object: &mut Map<String, Value>, place: &str, scopes: &Scopes) -> Result<(), ApiError> {
    object.retain(|key, _| !key.ends_with("_plaintext"));
    for (key, value) in object.iter_mut() {
        let below = format!("{place}.{key}");
        if is_secret(key) || (place.ends_with("_auth") && key == "value") {
            if !value.is_null() {
                scopes.check_reference(&below, value.as_str().unwrap_or_default())?;
            }
        } else if let Some(inner) = value.as_object_mut() {
            no_plain_text(inner, &below, scopes)?;
        } else if let Some(items) = value.as_array_mut() {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                no_plain_text(item, &below, scopes)?;
            }
        }
    }
    Ok(())
}

/// The documented names of secrets, and what a provider would call one of its own.
fn is_secret(key: &str) -> bool {
    let ends = ["_api_key", "_access_key", "_key_id", "private_key", "token", "secret", "password"];
    key == "api_key" || ends.iter().any(|end| key.ends_with(end))
}

/// A secret comes as a reference or in plain text, not as both; what came in plain text is not kept.
fn secret(
    config: &mut Map<String, Value>,
    place: &str,
    key: &str,
    required: bool,
    scopes: &Scopes,
) -> Result<(), ApiError> {
    let plain = config.shift_remove(&format!("{key}_plaintext"));
    match (config.get(key), plain) {
        (Some(_), Some(_)) => Err(invalid(&format!("'{place}' has both '{key}' and '{key}_plaintext': give one."))),
        (None, None) if required => {
            Err(invalid(&format!("'{place}' needs '{key}', a reference such as {{{{secrets/scope/key}}}}.")))
        }
        (None, Some(plain)) if plain.as_str().is_none_or(str::is_empty) => {
            Err(invalid(&format!("'{place}.{key}_plaintext' must be a string that is not empty.")))
        }
        (None, _) => Ok(()),
        (Some(reference), None) => {
            // the value is not repeated in the error: someone may have put the key itself here
            let Some(reference) = reference.as_str() else {
                return Err(invalid(&format!("'{place}.{key}' must be a string.")));
            };
            scopes.check_reference(&format!("{place}.{key}"), reference)
        }
    }
}

fn bedrock(config: &Map<String, Value>) -> Result<(), ApiError> {
    const KNOWN: &[&str] = &["anthropic", "cohere", "ai21labs", "amazon"];
    let inner = config.get("bedrock_provider").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if !KNOWN.contains(&inner.as_str()) {
        return Err(invalid(&format!("'bedrock_provider' must be one of {}.", KNOWN.join(", "))));
    }
    let has = |key: &str| config.contains_key(key) || config.contains_key(&format!("{key}_plaintext"));
    let keys = has("aws_access_key_id") && has("aws_secret_access_key");
    if !keys && !has("instance_profile_arn") && !has("uc_service_credential_name") {
        return Err(invalid(
            "'amazon_bedrock_config' needs access keys, 'instance_profile_arn' or 'uc_service_credential_name'.",
        ));
    }
    Ok(())
}

fn custom(config: &mut Map<String, Value>, scopes: &Scopes) -> Result<(), ApiError> {
    let url = config.get("custom_provider_url").and_then(Value::as_str).unwrap_or_default();
    if !url.starts_with("https://") {
        return Err(invalid("'custom_provider_url' must begin with https://."));
    }
    let auths = [("bearer_token_auth", "token"), ("api_key_auth", "value")];
    let given: Vec<_> = auths.into_iter().filter(|(name, _)| config.contains_key(*name)).collect();
    let (name, key) = match given.as_slice() {
        // a server may ask for nothing
        [] => return Ok(()),
        [one] => one,
        _ => return Err(invalid("'custom_provider_config' takes 'bearer_token_auth' or 'api_key_auth', not both.")),
    };
    let Some(mut auth) = config.get(*name).and_then(Value::as_object).cloned() else {
        return Err(invalid(&format!("'{name}' must be an object.")));
    };
    if *name == "api_key_auth" && auth.get("key").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(invalid("'api_key_auth' needs 'key', the name of the header or parameter."));
    }
    secret(&mut auth, name, key, true, scopes)?;
    config.insert((*name).to_owned(), json!(auth));
    Ok(())
}
