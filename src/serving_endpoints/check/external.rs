//! The rules of external models, provider by provider.

use std::borrow::Cow;

use super::super::types::is_reference;
use super::{fault, required};
use crate::error::Result;
use crate::wire::find::find;
use crate::wire::json::Raw;

pub(super) const REFERENCE: &str = "must be a reference such as {{secrets/scope/key}}";

/// What a provider asks for.
struct Provider {
    name: &'static str,
    config: &'static str,
    required: &'static [&'static str],
    secrets: &'static [&'static str],
}

const PROVIDERS: &[Provider] = &[
    // what OpenAI needs depends on its type, see `openai`
    Provider { name: "openai", config: "openai_config", required: &[], secrets: &[] },
    Provider { name: "anthropic", config: "anthropic_config", required: &[], secrets: &["anthropic_api_key"] },
    Provider { name: "cohere", config: "cohere_config", required: &[], secrets: &["cohere_api_key"] },
    Provider { name: "ai21labs", config: "ai21labs_config", required: &[], secrets: &["ai21labs_api_key"] },
    Provider { name: "palm", config: "palm_config", required: &[], secrets: &["palm_api_key"] },
    Provider {
        name: "amazon-bedrock",
        config: "amazon_bedrock_config",
        required: &["aws_region", "bedrock_provider"],
        secrets: &[],
    },
    Provider {
        name: "google-cloud-vertex-ai",
        config: "google_cloud_vertex_ai_config",
        required: &["project_id", "region"],
        secrets: &["private_key"],
    },
    Provider {
        name: "databricks-model-serving",
        config: "databricks_model_serving_config",
        required: &["databricks_workspace_url"],
        secrets: &["databricks_api_token"],
    },
    Provider { name: "custom", config: "custom_provider_config", required: &["custom_provider_url"], secrets: &[] },
];

/// Secret fields that are looked at wherever they stand, whether their provider needs them or not.
const SECRETS: &[&str] = &[
    "openai_api_key",
    "microsoft_entra_client_secret",
    "anthropic_api_key",
    "cohere_api_key",
    "ai21labs_api_key",
    "palm_api_key",
    "aws_access_key_id",
    "aws_secret_access_key",
    "private_key",
    "databricks_api_token",
];

/// Checks one external model; gives its task and collects the secrets it holds as plain text.
pub(super) fn model<'a>(model: Raw<'a>, place: &str, secrets: &mut Vec<String>) -> Result<Cow<'a, str>> {
    for name in ["provider", "name", "task"] {
        required(model, place, name)?;
    }
    let task = model.get_some("task").and_then(Raw::as_str).unwrap_or_default();
    if !matches!(&*task, "llm/v1/chat" | "llm/v1/completions" | "llm/v1/embeddings") {
        return Err(fault(&[place, ".task"].concat(), "must be llm/v1/chat, llm/v1/completions or llm/v1/embeddings"));
    }
    let named = model.get_some("provider").and_then(Raw::as_str).unwrap_or_default();
    let provider = PROVIDERS.iter().find(|provider| provider.name == named);
    for (key, config) in model.fields() {
        if !key.ends_with("_config") || config.is_null() {
            continue;
        }
        let place = [place, ".", &key].concat();
        if let Some(provider) = provider.filter(|provider| provider.config != key) {
            return Err(fault(
                &place,
                &["belongs to another provider: this one takes `", provider.config, "`"].concat(),
            ));
        }
        if !config.is_object() {
            return Err(fault(&place, "must be an object"));
        }
        fields(config, &place, secrets)?;
    }
    let Some(provider) = provider else { return Ok(task) };
    let place = [place, ".", provider.config].concat();
    let Some(config) = model.get_some(provider.config) else {
        return Err(fault(&place, "is missing"));
    };
    for name in provider.required {
        required(config, &place, name)?;
    }
    for name in provider.secrets {
        needs(config, &place, name)?;
    }
    match provider.name {
        "openai" => openai(config, &place)?,
        "amazon-bedrock" => bedrock(config, &place)?,
        "custom" => custom(config, &place)?,
        _ => {}
    }
    Ok(task)
}

/// Every secret field of an object: a reference in the field itself, and not both it and its twin.
fn fields(config: Raw<'_>, place: &str, secrets: &mut Vec<String>) -> Result<()> {
    for (key, value) in config.fields() {
        if value.is_object() {
            fields(value, &[place, ".", &key].concat(), secrets)?;
        }
        if let Some(field) = key.strip_suffix("_plaintext") {
            let Some(text) = value.as_str() else {
                if value.is_null() {
                    continue;
                }
                return Err(fault(&[place, ".", &key].concat(), "must be text"));
            };
            secrets.push(text.into_owned());
            if config.get_some(field).is_some() {
                return Err(fault(
                    place,
                    &["has both `", field, "` and `", &key, "`: give exactly one of the two"].concat(),
                ));
            }
        } else if (is_secret(&key) || (place.ends_with("_auth") && matches!(&*key, "token" | "value")))
            && !value.is_null()
        {
            if value.as_str().is_some_and(|text| is_reference(&text)) {
                continue;
            }
            let advice = [
                REFERENCE,
                ": put the secret into a scope of the workspace first, or give it as `",
                &key,
                "_plaintext` (this field's value is not shown here)",
            ];
            return Err(fault(&[place, ".", &key].concat(), &advice.concat()));
        }
    }
    Ok(())
}

/// Known names, and what a provider that is not known yet would call its own.
fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key) || ["_api_key", "_token", "_secret", "password"].iter().any(|end| key.ends_with(end))
}

/// A secret that must be there in one of its two forms.
fn needs(config: Raw<'_>, place: &str, name: &str) -> Result<()> {
    let twin = [name, "_plaintext"].concat();
    let there = |key: &str| config.get_some(key).and_then(Raw::as_str).is_some_and(|text| !text.is_empty());
    if there(name) || there(&twin) {
        return Ok(());
    }
    Err(fault(
        &[place, ".", name].concat(),
        &["is missing: give it, as {{secrets/scope/key}}, or `", &twin, "`"].concat(),
    ))
}

fn openai(config: Raw<'_>, place: &str) -> Result<()> {
    let kind = config.get_some("openai_api_type").and_then(Raw::as_str).unwrap_or_default();
    let azure = matches!(&*kind, "azure" | "azuread");
    if azure {
        for name in ["openai_api_base", "openai_deployment_name", "openai_api_version"] {
            required(config, place, name)?;
        }
    }
    if kind == "azuread" {
        for name in ["microsoft_entra_tenant_id", "microsoft_entra_client_id"] {
            required(config, place, name)?;
        }
        return needs(config, place, "microsoft_entra_client_secret");
    }
    needs(config, place, "openai_api_key")
}

fn bedrock(config: Raw<'_>, place: &str) -> Result<()> {
    let there = |key: &str| usize::from(config.get_some(key).is_some());
    let keys = [
        "aws_access_key_id",
        "aws_access_key_id_plaintext",
        "aws_secret_access_key",
        "aws_secret_access_key_plaintext",
    ];
    let by_keys = keys.iter().any(|key| there(key) == 1);
    let ways = usize::from(by_keys) + there("instance_profile_arn") + there("uc_service_credential_name");
    if ways != 1 {
        return Err(fault(
            place,
            "needs exactly one way to sign in: `aws_access_key_id` with `aws_secret_access_key`, `instance_profile_arn`, or `uc_service_credential_name`",
        ));
    }
    if by_keys {
        needs(config, place, "aws_access_key_id")?;
        needs(config, place, "aws_secret_access_key")?;
    }
    Ok(())
}

fn custom(config: Raw<'_>, place: &str) -> Result<()> {
    let url = config.get_some("custom_provider_url").and_then(Raw::as_str).unwrap_or_default();
    if !url.starts_with("https://") || find(&url, "@").is_some() {
        return Err(fault(
            &[place, ".custom_provider_url"].concat(),
            "must be an https address without a user name in it",
        ));
    }
    match (config.get_some("bearer_token_auth"), config.get_some("api_key_auth")) {
        (Some(_), Some(_)) => {
            Err(fault(place, "has both `bearer_token_auth` and `api_key_auth`: give one of the two at most"))
        }
        (Some(auth), None) => needs(auth, &[place, ".bearer_token_auth"].concat(), "token"),
        (None, Some(auth)) => {
            let place = [place, ".api_key_auth"].concat();
            required(auth, &place, "key")?;
            needs(auth, &place, "value")
        }
        (None, None) => Ok(()),
    }
}
