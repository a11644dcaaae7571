//! Secrets that come with an endpoint are shown by no answer and not by the history.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::start;

const P: &str = "/api/2.0/serving-endpoints";

fn serving(name: &str, entity: &Value) -> Value {
    json!({"name": name, "config": {"served_entities": [entity]}})
}

/// A body for each secret that a create call can hold.
fn with_secrets() -> Vec<(String, Value)> {
    let configs = [
        ("openai", "openai_config", json!({}), vec!["openai_api_key"]),
        (
            "openai",
            "openai_config",
            json!({"openai_api_type": "azuread", "openai_api_base": "https://x", "openai_deployment_name": "d",
                "openai_api_version": "1", "microsoft_entra_tenant_id": "t", "microsoft_entra_client_id": "c"}),
            vec!["microsoft_entra_client_secret"],
        ),
        ("anthropic", "anthropic_config", json!({}), vec!["anthropic_api_key"]),
        ("cohere", "cohere_config", json!({}), vec!["cohere_api_key"]),
        ("ai21labs", "ai21labs_config", json!({}), vec!["ai21labs_api_key"]),
        ("palm", "palm_config", json!({}), vec!["palm_api_key"]),
        (
            "amazon-bedrock",
            "amazon_bedrock_config",
            json!({"aws_region": "eu", "bedrock_provider": "amazon"}),
            vec!["aws_access_key_id", "aws_secret_access_key"],
        ),
        (
            "google-cloud-vertex-ai",
            "google_cloud_vertex_ai_config",
            json!({"project_id": "p", "region": "r"}),
            vec!["private_key"],
        ),
        (
            "databricks-model-serving",
            "databricks_model_serving_config",
            json!({"databricks_workspace_url": "https://x"}),
            vec!["databricks_api_token"],
        ),
        (
            "custom",
            "custom_provider_config",
            json!({"custom_provider_url": "https://x", "bearer_token_auth": {}}),
            vec!["bearer_token_auth/token"],
        ),
        (
            "custom",
            "custom_provider_config",
            json!({"custom_provider_url": "https://x", "api_key_auth": {"key": "x-key"}}),
            vec!["api_key_auth/value"],
        ),
    ];
    let mut bodies = Vec::new();
    for (provider, config, fields, secrets) in configs {
        for twin in ["", "_plaintext"] {
            let mut fields = fields.clone();
            for secret in &secrets {
                let (inner, name) = match secret.split_once('/') {
                    Some((auth, name)) => (fields.get_mut(auth).unwrap(), name),
                    None => (&mut fields, *secret),
                };
                inner[format!("{name}{twin}")] = json!("hush");
            }
            let number = bodies.len();
            let model = json!({"name": "m", "provider": provider, "task": "llm/v1/chat", (config): fields});
            let body = serving(&format!("own-{number}"), &json!({"external_model": model}));
            bodies.push((format!("{provider} {secrets:?}{twin}"), body));
        }
    }
    bodies
}

#[tokio::test]
async fn l7_no_secret_of_any_provider_is_shown() {
    let server = start().await;
    for (what, body) in with_secrets() {
        let answer = server.post(P, &body).await;
        assert_eq!(answer.status, if what.ends_with("_plaintext") { 200 } else { 400 }, "{what}: {}", answer.text());
        assert!(!answer.text().contains("hush"), "{what}: {}", answer.text());
        let name = body["name"].as_str().unwrap();
        assert!(!server.get(&format!("{P}/{name}")).await.text().contains("hush"), "{what}");
        let history = server.get("/_emulator/history").await.text();
        assert!(history.contains(name) && !history.contains("hush"), "{what}: {history}");
    }
    let variables = json!({"HF_TOKEN": "hush", "DATABASE_URL": "postgres://u:hush@h"});
    let body = serving("variables", &json!({"entity_name": "a.b.c", "environment_vars": variables}));
    assert_eq!(server.post(P, &body).await.status, 200);
    let history = server.get("/_emulator/history").await.text();
    assert!(history.contains("HF_TOKEN") && !history.contains("hush"), "{history}");
}

#[tokio::test]
async fn l7_a_secret_in_a_field_of_no_use_is_refused_or_dropped() {
    let server = start().await;
    server.post("/api/2.0/secrets/scopes/create", &json!({"scope": "llm"})).await;
    server.post("/api/2.0/secrets/put", &json!({"scope": "llm", "key": "k", "string_value": "v"})).await;
    let entra = json!({"openai_api_type": "azuread", "openai_api_base": "https://x", "openai_deployment_name": "d",
        "openai_api_version": "1", "microsoft_entra_tenant_id": "t", "microsoft_entra_client_id": "c",
        "microsoft_entra_client_secret": "{{secrets/llm/k}}"});
    let openai =
        |config: &Value| json!({"name": "m", "provider": "openai", "task": "llm/v1/chat", "openai_config": config});
    let with_more = |key: &str, value: Value| {
        let mut fields = entra.clone();
        fields[key] = value;
        openai(&fields)
    };
    let mut beside = openai(&entra);
    beside["api_key"] = json!("sk-hush");
    let custom = json!({"name": "c", "provider": "custom", "task": "llm/v1/chat", "custom_provider_config": {
        "custom_provider_url": "https://x", "bearer_token_auth": {"token": "{{secrets/llm/k}}", "value": "sk-hush"}}});
    let create = |model: Value| serving("own", &json!({"external_model": model}));
    for (model, part) in [
        (with_more("openai_api_key", json!("sk-hush")), "openai_api_key' must be a reference"),
        (with_more("new_access_token", json!("sk-hush")), "new_access_token' must be a reference"),
        (with_more("anthropic_api_key", json!("sk-hush")), "another provider"),
        (with_more("cohere_api_base", json!("https://x")), "another provider"),
        (beside, "api_key' must be a reference"),
        (custom, "value' must be a reference"),
    ] {
        let answer = server.post(P, &create(model)).await;
        assert_eq!((answer.status, &answer.json()["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")), "{part}");
        assert!(answer.text().contains(part) && !answer.text().contains("hush"), "{} / {part}", answer.text());
    }
    let dropped = server.post(P, &create(with_more("openai_api_key_plaintext", json!("sk-hush")))).await;
    assert!(dropped.status == 200 && !dropped.text().contains("plaintext"), "{}", dropped.text());
    assert!(!server.get("/_emulator/history").await.text().contains("hush"));
}
