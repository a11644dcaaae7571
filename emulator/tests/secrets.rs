//! The secrets API, and what of the workspace a folder keeps.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use lakewire_emulator::{Config, Emulator};
use serde_json::{Value, json};
use support::{Answer, Server, start, start_with};

const S: &str = "/api/2.0/secrets";

async fn good(server: &Server, path: &str, body: Value) {
    let answer = server.post(&format!("{S}/{path}"), &body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})), "{path} {body}");
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["error_code"].as_str().unwrap()), (status, code), "{}", answer.text());
}

async fn read(server: &Server, path: &str) -> Value {
    let answer = server.get(&format!("{S}/{path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn scopes_and_secrets() {
    let server = start().await;
    assert_eq!(read(&server, "scopes/list").await, json!({}), "an empty list has no key");
    good(&server, "scopes/create", json!({"scope": "llm", "initial_manage_principal": "users"})).await;
    assert_eq!(read(&server, "scopes/list").await, json!({"scopes": [{"name": "llm", "backend_type": "DATABRICKS"}]}));
    assert_eq!(read(&server, "list?scope=llm").await, json!({}));
    good(&server, "put", json!({"scope": "llm", "key": "text", "string_value": "canary é"})).await;
    good(&server, "put", json!({"scope": "llm", "key": "bytes", "bytes_value": "AP/+"})).await;
    assert_eq!(read(&server, "get?scope=llm&key=text").await, json!({"key": "text", "value": "Y2FuYXJ5IMOp"}));
    assert_eq!(read(&server, "get?scope=llm&key=bytes").await["value"], "AP/+");
    good(&server, "put", json!({"scope": "llm", "key": "text", "string_value": "other"})).await;
    assert_eq!(read(&server, "get?scope=llm&key=text").await["value"], "b3RoZXI=");
    let listed = read(&server, "list?scope=llm").await;
    assert_eq!(listed["secrets"].as_array().unwrap().len(), 2);
    assert!(listed["secrets"][0]["last_updated_timestamp"].as_u64().unwrap() > 1_600_000_000_000);
    assert!(!format!("{:?}", server.emulator).contains("b3RoZXI"));
    assert!(!server.get("/_emulator/history").await.text().contains("canary"));
    good(&server, "delete", json!({"scope": "llm", "key": "text"})).await;
    refused(&server.get(&format!("{S}/get?scope=llm&key=text")).await, 404, "RESOURCE_DOES_NOT_EXIST");
    good(&server, "scopes/delete", json!({"scope": "llm"})).await;
    refused(&server.get(&format!("{S}/list?scope=llm")).await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn refusals() {
    let server = start().await;
    good(&server, "scopes/create", json!({"scope": "llm"})).await;
    let big = "x".repeat(128 * 1024);
    good(&server, "put", json!({"scope": "llm", "key": "big", "string_value": big})).await;
    let cases = [
        ("scopes/create", json!({"scope": "LLM"}), 400, "RESOURCE_ALREADY_EXISTS"),
        ("scopes/create", json!({"scope": "no space"}), 400, "INVALID_PARAMETER_VALUE"),
        ("scopes/create", json!({"scope": "x".repeat(129)}), 400, "INVALID_PARAMETER_VALUE"),
        ("scopes/create", json!({"scope": "b", "initial_manage_principal": "ann"}), 400, "INVALID_PARAMETER_VALUE"),
        (
            "scopes/create",
            json!({"scope": "b", "scope_backend_type": "AZURE_KEYVAULT"}),
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        ("scopes/delete", json!({"scope": "none"}), 404, "RESOURCE_DOES_NOT_EXIST"),
        ("put", json!({"scope": "none", "key": "k", "string_value": "v"}), 404, "RESOURCE_DOES_NOT_EXIST"),
        ("put", json!({"scope": "llm", "key": "k"}), 400, "INVALID_PARAMETER_VALUE"),
        (
            "put",
            json!({"scope": "llm", "key": "k", "string_value": "v", "bytes_value": "dg=="}),
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        ("put", json!({"scope": "llm", "key": "k", "bytes_value": "%"}), 400, "INVALID_PARAMETER_VALUE"),
        ("put", json!({"scope": "llm", "key": "a/b", "string_value": "v"}), 400, "INVALID_PARAMETER_VALUE"),
        ("put", json!({"scope": "llm", "key": "k", "string_value": format!("{big}x")}), 400, "INVALID_PARAMETER_VALUE"),
        ("delete", json!({"scope": "llm", "key": "none"}), 404, "RESOURCE_DOES_NOT_EXIST"),
        ("acls/put", json!({"scope": "llm", "principal": "data", "permission": "OWN"}), 400, "INVALID_PARAMETER_VALUE"),
        ("acls/delete", json!({"scope": "llm", "principal": "data"}), 404, "RESOURCE_DOES_NOT_EXIST"),
    ];
    for (path, body, status, code) in cases {
        refused(&server.post(&format!("{S}/{path}"), &body).await, status, code);
    }
    refused(&server.get(&format!("{S}/get?scope=llm")).await, 400, "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn acls() {
    let server = start().await;
    good(&server, "scopes/create", json!({"scope": "llm"})).await;
    let owner = json!({"principal": "emulator@example.com", "permission": "MANAGE"});
    assert_eq!(read(&server, "acls/list?scope=llm").await, json!({"items": [owner]}));
    good(&server, "acls/put", json!({"scope": "llm", "principal": "data team", "permission": "READ"})).await;
    good(&server, "acls/put", json!({"scope": "llm", "principal": "data team", "permission": "WRITE"})).await;
    let one = read(&server, "acls/get?scope=llm&principal=data%20team").await;
    assert_eq!(one, json!({"principal": "data team", "permission": "WRITE"}));
    good(&server, "acls/delete", json!({"scope": "llm", "principal": "data team"})).await;
    refused(&server.get(&format!("{S}/acls/get?scope=llm&principal=data+team")).await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn a_scope_holds_a_thousand_secrets_and_no_more() {
    let server = start().await;
    good(&server, "scopes/create", json!({"scope": "llm"})).await;
    for number in 0..1000 {
        good(&server, "put", json!({"scope": "llm", "key": format!("k{number}"), "string_value": "v"})).await;
    }
    let one_more = json!({"scope": "llm", "key": "more", "string_value": "v"});
    refused(&server.post(&format!("{S}/put"), &one_more).await, 400, "RESOURCE_LIMIT_EXCEEDED");
    good(&server, "put", json!({"scope": "llm", "key": "k1", "string_value": "again"})).await;
}

#[tokio::test]
async fn a_key_vault_scope_is_read_only() {
    let server = start().await;
    let vault = json!({"resource_id": "/subscriptions/1", "dns_name": "https://v.vault.azure.net/"});
    let body = json!({"scope": "kv", "scope_backend_type": "AZURE_KEYVAULT", "backend_azure_keyvault": vault});
    good(&server, "scopes/create", body).await;
    assert_eq!(read(&server, "scopes/list").await["scopes"][0]["keyvault_metadata"], vault);
    refused(
        &server.post(&format!("{S}/put"), &json!({"scope": "kv", "key": "k", "string_value": "v"})).await,
        400,
        "BAD_REQUEST",
    );
}

fn folder(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("lakewire-emulator-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn kept(path: &std::path::Path) -> Config {
    Config { data: Some(path.to_owned()), endpoint_delay_ms: 0, ..Config::default() }
}

#[tokio::test]
async fn a_folder_keeps_the_workspace_over_a_restart() {
    let path = folder("keeps");
    let first = start_with(kept(&path)).await;
    good(&first, "scopes/create", json!({"scope": "llm"})).await;
    good(&first, "put", json!({"scope": "llm", "key": "openai", "string_value": "sk-canary"})).await;
    let e = "/api/2.0/serving-endpoints";
    let entity = json!({"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/completions",
        "openai_config": {"openai_api_key": "{{secrets/llm/openai}}"}}});
    first.post(e, &json!({"name": "own", "config": {"served_entities": [entity]}})).await;
    let id = first.get(&format!("{e}/own")).await.json()["id"].as_str().unwrap().to_owned();
    let permissions = format!("/api/2.0/permissions/serving-endpoints/{id}");
    first
        .send(
            "PUT",
            &permissions,
            &json!({"access_control_list": [{"group_name": "data", "permission_level": "CAN_QUERY"}]}),
        )
        .await;
    first.send("PATCH", &format!("{e}/team-chat/tags"), &json!({"add_tags": [{"key": "k"}]})).await;
    first.send("DELETE", &format!("{e}/dolly-v2-12b"), &json!({})).await;
    let before = first.get(&format!("{e}/own")).await.json();
    drop(first);
    let second = start_with(kept(&path)).await;
    assert_eq!(second.get(&format!("{e}/own")).await.json(), before);
    assert_eq!(
        before["config"]["served_entities"][0]["external_model"]["openai_config"]["openai_api_key"],
        "{{secrets/llm/openai}}"
    );
    assert_eq!(second.get(&permissions).await.json()["access_control_list"][0]["group_name"], "data");
    assert_eq!(second.get(&format!("{e}/team-chat")).await.json()["tags"], json!([{"key": "k"}]));
    assert_eq!(second.get(&format!("{e}/dolly-v2-12b")).await.status, 404);
    assert_eq!(read(&second, "get?scope=llm&key=openai").await["value"], "c2stY2FuYXJ5");
    let answer = second.post("/serving-endpoints/own/invocations", &json!({"prompt": "Say pong"})).await;
    assert_eq!(answer.json()["choices"][0]["text"], "pong", "{}", answer.text());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path.join("secrets.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let names: Vec<String> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| !name.ends_with(".new")), "{names:?}");
    std::fs::remove_dir_all(&path).unwrap();
}

#[tokio::test]
async fn a_broken_file_is_a_sentence_and_stays_as_it_is() {
    let path = folder("broken");
    std::fs::create_dir_all(&path).unwrap();
    for (file, text) in [
        ("secrets.json", "{\"version\": 1, \"scopes\": {\"llm\": sk-canary"),
        ("endpoints.json", "{\"version\": 1}"),
        ("endpoints.json", "{\"version\": 2, \"endpoints\": []}"),
    ] {
        std::fs::write(path.join(file), text).unwrap();
        let sentence = Emulator::new(kept(&path)).unwrap_err();
        assert!(
            sentence.contains(file) && sentence.contains("Nothing was changed") && !sentence.contains("canary"),
            "{sentence}"
        );
        assert_eq!(std::fs::read_to_string(path.join(file)).unwrap(), text);
        std::fs::remove_file(path.join(file)).unwrap();
    }
    std::fs::remove_dir_all(&path).unwrap();
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_done() {
    let path = folder("readonly");
    let server = start_with(kept(&path)).await;
    good(&server, "scopes/create", json!({"scope": "llm"})).await;
    // a folder in the place of the file that is written first
    std::fs::create_dir_all(path.join("secrets.json.new")).unwrap();
    let answer = server.post(&format!("{S}/put"), &json!({"scope": "llm", "key": "k", "string_value": "v"})).await;
    refused(&answer, 500, "INTERNAL_ERROR");
    assert_eq!(read(&server, "list?scope=llm").await, json!({}));
    std::fs::remove_dir(path.join("secrets.json.new")).unwrap();
    good(&server, "put", json!({"scope": "llm", "key": "k", "string_value": "v"})).await;
    std::fs::remove_dir_all(&path).unwrap();
}
