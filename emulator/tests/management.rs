//! Managing serving endpoints: created, updated, described and deleted as the service does it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use lakewire_emulator::Config;
use serde_json::{Value, json};
use support::{Answer, Server, start, start_with};

const P: &str = "/api/2.0/serving-endpoints";

fn external(name: &str) -> Value {
    json!({"name": name, "config": {"served_entities": [{"external_model": {"name": "gpt-4o-mini", "provider": "openai",
        "task": "llm/v1/chat", "openai_config": {"openai_api_key_plaintext": "sk-hush"}}}]}})
}

fn custom(name: &str) -> Value {
    json!({"name": name, "config": {"served_entities": [{"entity_name": "main.models.rank", "entity_version": "3",
        "workload_size": "Small", "scale_to_zero_enabled": true}]}})
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn refused(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!((answer.status, answer.json()["error_code"].as_str().unwrap()), (status, code), "{}", answer.text());
    answer.json()["message"].as_str().unwrap().to_owned()
}

async fn state(server: &Server, name: &str) -> (String, String) {
    let shown = server.get(&format!("{P}/{name}")).await.json();
    (shown["state"]["ready"].as_str().unwrap().to_owned(), shown["state"]["config_update"].as_str().unwrap().to_owned())
}

fn words(pair: (&str, &str)) -> (String, String) {
    (pair.0.to_owned(), pair.1.to_owned())
}

#[tokio::test]
async fn an_external_endpoint_lives_from_create_to_delete() {
    let server = start().await;
    // with the slash, as mlflow posts it
    let created = server.post(&format!("{P}/"), &external("own-chat")).await;
    assert_eq!(created.status, 200, "{}", created.text());
    let shown = created.json();
    assert_eq!(shown["state"], json!({"ready": "NOT_READY", "config_update": "IN_PROGRESS"}));
    assert_eq!(shown["description"], "");
    assert_eq!(shown["pending_config"]["config_version"], 1);
    assert!(shown["pending_config"]["start_time"].is_u64());
    let entity = &shown["config"]["served_entities"][0];
    assert_eq!(
        (&entity["name"], &entity["state"]["deployment"]),
        (&json!("gpt-4o-mini"), &json!("DEPLOYMENT_CREATING"))
    );
    assert!(!created.text().contains("hush") && !created.text().contains("plaintext"));
    let settled = server.get(&format!("{P}/own-chat")).await.json();
    assert_eq!(settled["state"], json!({"ready": "READY", "config_update": "NOT_UPDATING"}));
    assert_eq!(settled.get("pending_config"), None);
    assert_eq!((&settled["endpoint_type"], &settled["task"]), (&json!("EXTERNAL_MODEL"), &json!("llm/v1/chat")));
    assert_eq!(
        settled["config"]["traffic_config"]["routes"],
        json!([{"served_entity_name": "gpt-4o-mini", "served_model_name": "gpt-4o-mini", "traffic_percentage": 100}])
    );
    let said = server
        .post(
            "/serving-endpoints/own-chat/invocations",
            &json!({"messages": [{"role": "user", "content": "Say pong"}]}),
        )
        .await;
    assert_eq!(said.json()["choices"][0]["message"]["content"], "pong");
    assert_eq!(said.header("served-model-name").unwrap(), "gpt-4o-mini");
    refused(&server.post(P, &external("own-chat")).await, 409, "RESOURCE_ALREADY_EXISTS");
    let names = server.get(P).await.json()["endpoints"].as_array().unwrap().len();
    let deleted = server.send("DELETE", &format!("{P}/own-chat"), &json!({})).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({})));
    refused(&server.get(&format!("{P}/own-chat")).await, 404, "RESOURCE_DOES_NOT_EXIST");
    refused(&server.send("DELETE", &format!("{P}/own-chat"), &json!({})).await, 404, "RESOURCE_DOES_NOT_EXIST");
    assert_eq!(server.get(P).await.json()["endpoints"].as_array().unwrap().len(), names - 1);
}

#[tokio::test]
async fn plain_text_secrets_are_nowhere() {
    let server = start().await;
    server.post(P, &external("own-chat")).await;
    for path in [P.to_owned(), format!("{P}/own-chat"), "/_emulator/history".to_owned()] {
        assert!(!server.get(&path).await.text().contains("hush"), "{path}");
    }
    assert!(!format!("{:?}", server.emulator).contains("hush"));
}

#[tokio::test]
async fn create_refuses_what_the_service_refuses() {
    let server = start().await;
    let entity = "/config/served_entities/0";
    let model = "/config/served_entities/0/external_model";
    let cases = [
        (with(custom("x"), "/name", json!("no space")), "letters, digits"),
        (with(custom("x"), "/name", json!("databricks-mine")), "databricks-"),
        (with(custom("x"), "/config", Value::Null), "config"),
        (with(custom("x"), "/config/served_entities", json!([])), "at least one"),
        (with(custom("x"), entity, json!({"name": "a"})), "entity_name"),
        (with(custom("x"), entity, json!({"entity_name": "a.b.c", "entity_version": 3})), "entity_version"),
        (with(custom("x"), entity, json!({"entity_name": "a.b.c", "workload_size": "Tiny"})), "workload_size"),
        (
            with(
                custom("x"),
                entity,
                json!({"entity_name": "a.b.c", "workload_size": "Small", "min_provisioned_concurrency": 4}),
            ),
            "not both",
        ),
        (
            with(
                custom("x"),
                entity,
                json!({"entity_name": "a.b.c", "environment_vars": {"K": "{{secrets/none/none}}"}}),
            ),
            "does not exist",
        ),
        (with(external("x"), &format!("{model}/task"), json!("llm/v1/speech")), "task"),
        (with(external("x"), &format!("{model}/provider"), json!("nobody")), "provider"),
        (with(external("x"), &format!("{model}/openai_config"), json!({})), "openai_api_key"),
        (with(external("x"), &format!("{model}/openai_config"), json!({"openai_api_key": "sk-hush"})), "reference"),
        (
            with(external("x"), &format!("{model}/openai_config"), json!({"openai_api_key": "{{secrets/llm/openai}}"})),
            "does not exist",
        ),
        (
            with(
                external("x"),
                &format!("{model}/openai_config"),
                json!({"openai_api_type": "azure", "openai_api_key_plaintext": "k"}),
            ),
            "openai_api_base",
        ),
        (
            with(
                external("x"),
                model,
                json!({"name": "c", "provider": "custom", "task": "llm/v1/chat",
                "custom_provider_config": {"custom_provider_url": "http://x", "bearer_token_auth": {"token_plaintext": "t"}}}),
            ),
            "https://",
        ),
        (
            with(
                external("x"),
                model,
                json!({"name": "c", "provider": "amazon-bedrock", "task": "llm/v1/chat",
                "amazon_bedrock_config": {"aws_region": "us", "bedrock_provider": "anthropic"}}),
            ),
            "access keys",
        ),
    ];
    for (body, part) in cases {
        let message = refused(&server.post(P, &body).await, 400, "INVALID_PARAMETER_VALUE");
        assert!(message.contains(part) && !message.contains("hush"), "{message} / {part}");
    }
    let broken = server.raw("POST", P, "authorization: Bearer dapi-emulator\r\n", "{").await.unwrap();
    refused(&broken, 400, "MALFORMED_REQUEST");
}

#[tokio::test]
async fn entities_of_one_endpoint_fit_together() {
    let server = start().await;
    let chat = external("x")["config"]["served_entities"][0].clone();
    let other_task = with(
        with(chat.clone(), "/external_model/task", json!("llm/v1/completions")),
        "/external_model/name",
        json!("b"),
    );
    let own = json!({"entity_name": "main.models.rank", "entity_version": "1"});
    let half = |name: &str, share: Value| json!({"served_entity_name": name, "traffic_percentage": share});
    let cases = [
        (json!([chat, own]), json!(null), "mixed"),
        (json!([chat, other_task]), json!(null), "same task"),
        (json!([own, own]), json!(null), "the name"),
        (json!([own, {"entity_name": "main.models.other"}]), json!(null), "traffic_config"),
        (json!([own]), json!([half("nobody", json!(100))]), "no served entity"),
        (json!([own]), json!([half("main-models-rank-1", json!(90))]), "add up to 100"),
        (json!([own]), json!([half("main-models-rank-1", json!(101))]), "between 0 and 100"),
    ];
    for (entities, routes, part) in cases {
        let body = json!({"name": "x", "config": {"served_entities": entities, "traffic_config": {"routes": routes}}});
        let message = refused(&server.post(P, &body).await, 400, "INVALID_PARAMETER_VALUE");
        assert!(message.contains(part), "{message} / {part}");
    }
    // a docs page writes the percentages as strings
    let split = json!({"name": "x", "config": {"served_entities": [own, {"name": "b", "entity_name": "main.models.other"}],
        "traffic_config": {"routes": [half("main-models-rank-1", json!("30")), half("b", json!("70"))]}}});
    assert_eq!(server.post(P, &split).await.status, 200);
    server.get(&format!("{P}/x")).await;
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..40 {
        let answer = server.post("/serving-endpoints/x/invocations", &json!({"inputs": [number]})).await;
        seen.insert(answer.header("served-model-name").unwrap());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["b", "main-models-rank-1"]);
}

#[tokio::test]
async fn an_update_takes_its_time_and_conflicts_with_another() {
    let server = start().await;
    server.post(P, &custom("rank")).await;
    assert_eq!(state(&server, "rank").await, words(("READY", "NOT_UPDATING")));
    let config = json!({"served_entities": [{"entity_name": "main.models.rank", "entity_version": "4"}]});
    let fault = "x-lakewire-fault: {\"deployment\":{\"after_ms\":600000}}\r\nauthorization: Bearer dapi-emulator\r\n";
    let path = format!("{P}/rank/config");
    let started = server.raw("PUT", &path, fault, &config.to_string()).await.unwrap().json();
    assert_eq!(started["state"], json!({"ready": "READY", "config_update": "IN_PROGRESS"}));
    assert_eq!(started["config"]["served_entities"][0]["entity_version"], "3", "the old one serves on");
    assert_eq!(started["pending_config"]["config_version"], 2);
    refused(&server.send("PUT", &path, &config).await, 409, "RESOURCE_CONFLICT");
    assert_eq!(state(&server, "rank").await, words(("READY", "IN_PROGRESS")));
    refused(&server.send("PUT", &format!("{P}/nope/config"), &config).await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn an_update_that_ends_well_serves() {
    let server = start().await;
    server.post(P, &custom("rank")).await;
    let config = json!({"served_models": [{"model_name": "main.models.rank", "model_version": "4", "name": "four"}]});
    let started = server.send("PUT", &format!("{P}/rank/config"), &config).await.json();
    assert_eq!(started["state"]["config_update"], "IN_PROGRESS");
    let settled = server.get(&format!("{P}/rank")).await.json();
    assert_eq!(
        (&settled["config"]["config_version"], &settled["config"]["served_entities"][0]["name"]),
        (&json!(2), &json!("four"))
    );
    let turned = json!({"served_entities": external("x")["config"]["served_entities"]});
    let message =
        refused(&server.send("PUT", &format!("{P}/rank/config"), &turned).await, 400, "INVALID_PARAMETER_VALUE");
    assert!(message.contains("cannot change"), "{message}");
}

#[tokio::test]
async fn a_deployment_fails_when_a_script_says_so() {
    let server = start().await;
    let script = json!([
        {"match": {"path": "/serving-endpoints", "method": "POST"}, "fault": {"deployment": {"outcome": "UPDATE_FAILED", "message": "no GPU left"}}},
        {"match": {"path": "/config", "method": "PUT"}, "fault": {"deployment": {"outcome": "UPDATE_CANCELED"}}}]);
    assert_eq!(server.post("/_emulator/faults", &script).await.status, 200);
    server.post(P, &custom("rank")).await;
    let failed = server.get(&format!("{P}/rank")).await.json();
    assert_eq!(failed["state"], json!({"ready": "NOT_READY", "config_update": "UPDATE_FAILED"}));
    assert_eq!(
        failed["config"]["served_entities"][0]["state"],
        json!({"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": "no GPU left"})
    );
    let logs = server.get(&format!("{P}/rank/served-models/main-models-rank-3/build-logs")).await.json();
    assert!(logs["logs"].as_str().unwrap().contains("no GPU left"));
    assert_eq!(server.post("/serving-endpoints/rank/invocations", &json!({"inputs": [1]})).await.status, 400);
    let config = custom("x")["config"].clone();
    server.send("PUT", &format!("{P}/rank/config"), &config).await;
    assert_eq!(state(&server, "rank").await, words(("NOT_READY", "UPDATE_CANCELED")));
    server.send("PUT", &format!("{P}/rank/config"), &config).await;
    assert_eq!(state(&server, "rank").await, words(("READY", "NOT_UPDATING")));
    // what serves goes on serving when the next update fails
    server.post("/_emulator/faults", &json!([{"fault": {"deployment": {"outcome": "UPDATE_FAILED"}}}])).await;
    server.send("PUT", &format!("{P}/rank/config"), &config).await;
    assert_eq!(state(&server, "rank").await, words(("READY", "UPDATE_FAILED")));
    assert_eq!(server.post("/serving-endpoints/rank/invocations", &json!({"inputs": [1]})).await.status, 200);
}

#[tokio::test]
async fn a_new_endpoint_is_not_ready_at_once() {
    let server = start_with(Config { endpoint_delay_ms: 600_000, ..Config::default() }).await;
    server.post(P, &custom("rank")).await;
    assert_eq!(state(&server, "rank").await, words(("NOT_READY", "IN_PROGRESS")));
    assert_eq!(server.post("/serving-endpoints/rank/invocations", &json!({"inputs": [1]})).await.status, 400);
}

#[tokio::test]
async fn settings_are_kept_and_shown() {
    let server = start().await;
    let e = format!("{P}/team-chat");
    let tags = server
        .send("PATCH", &format!("{e}/tags"), &json!({"add_tags": [{"key": "a", "value": "1"}, {"key": "b"}]}))
        .await;
    assert_eq!(tags.json(), json!({"tags": [{"key": "a", "value": "1"}, {"key": "b"}]}));
    let tags = json!({"add_tags": [{"key": "b", "value": "2"}], "delete_tags": ["a", "none"]});
    assert_eq!(
        server.send("PATCH", &format!("{e}/tags"), &tags).await.json(),
        json!({"tags": [{"key": "b", "value": "2"}]})
    );
    let gateway = json!({"usage_tracking_config": {"enabled": true}, "rate_limits": [{"calls": 5, "renewal_period": "minute", "key": "user"}],
        "guardrails": {"input": {"safety": true, "pii": {"behavior": "BLOCK"}}}});
    assert_eq!(server.send("PUT", &format!("{e}/ai-gateway"), &gateway).await.json(), gateway);
    let limits = json!({"rate_limits": [{"calls": 1000, "renewal_period": "minute"}]});
    assert_eq!(server.send("PUT", &format!("{e}/rate-limits"), &limits).await.json(), limits);
    let mail = json!({"email_notifications": {"on_update_failure": ["ann@example.com"]}});
    let answer = server.send("PATCH", &format!("{e}/notifications"), &mail).await.json();
    assert_eq!((&answer["name"], &answer["email_notifications"]), (&json!("team-chat"), &mail["email_notifications"]));
    let shown = server.get(&e).await.json();
    assert_eq!(
        (&shown["ai_gateway"], &shown["rate_limits"], &shown["email_notifications"]),
        (&gateway, &limits["rate_limits"], &mail["email_notifications"])
    );
    let listed = server.get(P).await.json();
    let listed = listed["endpoints"].as_array().unwrap().iter().find(|e| e["name"] == "team-chat").unwrap().clone();
    assert_eq!((&listed["tags"], listed.get("email_notifications")), (&json!([{"key": "b", "value": "2"}]), None));
    assert_eq!(server.send("PUT", &format!("{e}/ai-gateway"), &json!({})).await.json(), json!({}));
    assert_eq!(server.get(&e).await.json().get("ai_gateway"), None);
    let wrong = [
        ("PATCH", "tags", json!({"add_tags": [{"value": "x"}]})),
        ("PUT", "rate-limits", json!({"rate_limits": [{"calls": 1, "renewal_period": "hour"}]})),
        ("PUT", "rate-limits", json!({"rate_limits": [{"calls": 1, "renewal_period": "minute", "key": "user_group"}]})),
        ("PUT", "ai-gateway", json!({"guardrails": {"input": {"pii": {"behavior": "HIDE"}}}})),
        ("PUT", "ai-gateway", json!({"nonsense": {}})),
        ("PATCH", "notifications", json!({"email_notifications": {"on_update_failure": ["nobody"]}})),
    ];
    for (method, what, body) in wrong {
        refused(&server.send(method, &format!("{e}/{what}"), &body).await, 400, "INVALID_PARAMETER_VALUE");
    }
}

#[tokio::test]
async fn databricks_own_models_can_only_be_queried() {
    let server = start().await;
    let llama = format!("{P}/databricks-meta-llama-3-3-70b-instruct");
    assert_eq!(server.get(&llama).await.json()["permission_level"], "CAN_QUERY");
    refused(&server.send("DELETE", &llama, &json!({})).await, 403, "PERMISSION_DENIED");
    refused(&server.send("PATCH", &format!("{llama}/tags"), &json!({})).await, 403, "PERMISSION_DENIED");
}

#[tokio::test]
async fn permissions_go_by_id() {
    let server = start().await;
    let id = server.get(&format!("{P}/team-chat")).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/2.0/permissions/serving-endpoints/{id}");
    let fresh = server.get(&path).await.json();
    assert_eq!(
        (&fresh["object_id"], &fresh["object_type"]),
        (&json!(format!("/serving-endpoints/{id}")), &json!("serving-endpoint"))
    );
    assert_eq!(fresh["access_control_list"][0]["user_name"], "emulator@example.com");
    let entry =
        |group: &str, level: &str| json!({"access_control_list": [{"group_name": group, "permission_level": level}]});
    let merged = server.send("PATCH", &path, &entry("users", "CAN_QUERY")).await.json();
    let users = merged["access_control_list"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["group_name"] == "users")
        .unwrap()
        .clone();
    assert_eq!(users["all_permissions"], json!([{"permission_level": "CAN_QUERY", "inherited": false}]));
    server.send("PATCH", &path, &entry("users", "CAN_VIEW")).await;
    let replaced = server.send("PUT", &path, &entry("data", "CAN_MANAGE")).await.json();
    let names: Vec<&str> = replaced["access_control_list"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["group_name"].as_str())
        .collect();
    assert_eq!(names, ["data", "admins"]);
    let levels = server.get(&format!("{path}/permissionLevels")).await.json();
    assert_eq!(levels["permission_levels"].as_array().unwrap().len(), 3);
    refused(&server.send("PATCH", &path, &entry("users", "CAN_RUN")).await, 400, "INVALID_PARAMETER_VALUE");
    refused(&server.get("/api/2.0/permissions/serving-endpoints/team-chat").await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn an_endpoint_describes_itself() {
    let server = start().await;
    let openapi = server.get(&format!("{P}/team-chat/openapi")).await.json();
    assert_eq!((&openapi["info"]["title"], openapi["servers"].as_array().unwrap().len()), (&json!("team-chat"), 1));
    assert!(openapi["paths"]["/served-models/gpt-canary/invocations"]["post"]["requestBody"].is_object());
    assert_eq!(server.get(&format!("{P}/chat-starting/openapi")).await.status, 400);
    server.post(support::EXTERNAL, &json!({"messages": [{"role": "user", "content": "x"}]})).await;
    server.post(support::EXTERNAL, &json!({})).await;
    let metrics = server.get(&format!("{P}/team-chat/metrics")).await;
    assert!(metrics.header("content-type").unwrap().contains("openmetrics"));
    assert!(metrics.text().contains("request_count_total{endpoint_name=\"team-chat\"} 2\n"), "{}", metrics.text());
    assert!(metrics.text().contains("request_4xx_count_total{endpoint_name=\"team-chat\"} 1\n"));
    assert!(server.get(&format!("{P}/team-chat/served-models/gpt-main/logs")).await.json()["logs"].is_string());
    refused(&server.get(&format!("{P}/team-chat/served-models/nope/logs")).await, 404, "RESOURCE_DOES_NOT_EXIST");
    assert_eq!(
        server.get(&format!("{P}/get-model-optimization-info/system.ai.llama_v3/1")).await.json()["optimizable"],
        true
    );
}

#[tokio::test]
async fn provisioned_throughput_has_paths_of_its_own() {
    let server = start().await;
    let entity = json!({"entity_name": "system.ai.llama_v3_3_70b_instruct", "entity_version": "1", "provisioned_model_units": 50});
    let body = json!({"name": "pt-llama", "config": {"served_entities": [entity]}});
    let created = server.post(&format!("{P}/pt"), &body).await;
    assert_eq!((created.status, &created.json()["task"]), (200, &json!("llm/v1/chat")), "{}", created.text());
    server.get(&format!("{P}/pt-llama")).await;
    let ask = json!({"messages": [{"role": "user", "content": "Say pong"}], "n": 2});
    assert_eq!(
        server.post("/serving-endpoints/pt-llama/invocations", &ask).await.json()["choices"].as_array().unwrap().len(),
        2
    );
    let path = format!("{P}/pt/pt-llama/config");
    refused(&server.send("PUT", &path, &json!({"served_entities": [entity]})).await, 400, "INVALID_PARAMETER_VALUE");
    let updated = server.send("PUT", &path, &json!({"config": {"served_entities": [entity]}})).await;
    assert_eq!(updated.json()["pending_config"]["config_version"], 2, "{}", updated.text());
    let none = json!({"name": "pt-2", "config": {"served_entities": [{"entity_name": "system.ai.x"}]}});
    refused(&server.post(&format!("{P}/pt"), &none).await, 400, "INVALID_PARAMETER_VALUE");
}
