//! Vector search: endpoints, Direct Access indexes and queries.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;
#[path = "support/vector.rs"]
mod vector;

use lakewire_emulator::Config;
use serde_json::{Value, json};
use support::{start, start_with};
use vector::*;

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_deleted() {
    let server = start_with(Config { endpoint_delay_ms: 300, ..Config::default() }).await;
    let made = good(
        &server,
        "POST",
        &format!("{V}/endpoints"),
        json!({"name":"vs1","endpoint_type":"STANDARD","target_qps":5}),
    )
    .await;
    assert_eq!(made["endpoint_status"]["state"], "PROVISIONING");
    assert_eq!(made["scaling_info"], json!({"requested_target_qps":5,"state":"SCALING_CHANGE_IN_PROGRESS"}));
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        loop {
            let shown = good(&server, "GET", &format!("{V}/endpoints/vs1"), json!({})).await;
            match shown["endpoint_status"]["state"].as_str().unwrap() {
                "ONLINE" => break,
                state => assert_eq!(state, "PROVISIONING"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    let listed = good(&server, "GET", &format!("{V}/endpoints"), json!({})).await;
    assert_eq!(listed["endpoints"].as_array().unwrap().len(), 2, "the seeded one and this");
    assert!(listed.get("next_page_token").is_none());
    assert_eq!(
        good(&server, "PATCH", &format!("{V}/endpoints/vs1"), json!({"target_qps":9})).await["scaling_info"]["requested_target_qps"],
        9
    );
    assert_eq!(
        good(&server, "PATCH", &format!("{V}/endpoints/vs1/budget-policy"), json!({"budget_policy_id":"p"})).await,
        json!({"budget_policy_id":"p","effective_budget_policy_id":"p"})
    );
    let tags = json!([{"key":"team","value":"docs"}]);
    assert_eq!(
        good(&server, "PATCH", &format!("{V}/endpoints/vs1/tags"), json!({"custom_tags": tags})).await,
        json!({"name":"vs1","custom_tags": tags})
    );
    let shown = good(&server, "GET", &format!("{V}/endpoints/vs1"), json!({})).await;
    assert_eq!((&shown["custom_tags"], &shown["budget_policy_id"]), (&tags, &json!("p")));
    refused(
        &server.post(&format!("{V}/endpoints"), &json!({"name":"vs1","endpoint_type":"STANDARD"})).await,
        409,
        "RESOURCE_ALREADY_EXISTS",
    );
    for body in [
        json!({"name":"x"}),
        json!({"name":"x","endpoint_type":"FAST"}),
        json!({"name":"a b","endpoint_type":"STANDARD"}),
        json!({"name":"x","endpoint_type":"STORAGE_OPTIMIZED","target_qps":5}),
        json!({"name":"x","endpoint_type":"STANDARD","target_qps":0}),
    ] {
        refused(&server.post(&format!("{V}/endpoints"), &body).await, 400, "INVALID_PARAMETER_VALUE");
    }
    assert_eq!(good(&server, "DELETE", &format!("{V}/endpoints/vs1"), json!({})).await, json!({}));
    refused(&server.get(&format!("{V}/endpoints/vs1")).await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn an_index_is_shown_on_both_families_of_paths() {
    let server = filled().await;
    let shown = good(&server, "GET", INDEX, json!({})).await;
    assert_eq!(shown["status"]["ready"], true);
    assert_eq!(shown["status"]["detailed_state"], "ONLINE_DIRECT_ACCESS");
    assert_eq!(shown["status"]["indexed_row_count"], 3);
    assert!(shown["status"]["index_url"].as_str().unwrap().ends_with(INDEX));
    assert_eq!(shown["direct_access_index_spec"]["embedding_vector_columns"][0]["embedding_dimension"], 2);
    assert_eq!(
        good(&server, "GET", &format!("{V}/endpoints/emulator-vs/indexes/main.docs.idx"), json!({})).await,
        shown
    );
    refused(&server.get(&format!("{V}/endpoints/none/indexes/main.docs.idx")).await, 404, "RESOURCE_DOES_NOT_EXIST");
    for path in [format!("{V}/indexes?endpoint_name=emulator-vs"), format!("{V}/endpoints/emulator-vs/indexes")] {
        let listed = good(&server, "GET", &path, json!({})).await;
        assert_eq!(
            listed["vector_indexes"],
            json!([{"name":"main.docs.idx","endpoint_name":"emulator-vs","primary_key":"id","index_type":"DIRECT_ACCESS",
                "index_subtype":"HYBRID","creator":"emulator@example.com"}])
        );
    }
    refused(
        &server.post(&format!("{V}/indexes"), &spec("main.docs.idx", "emulator-vs")).await,
        409,
        "RESOURCE_ALREADY_EXISTS",
    );
    refused(&server.send("DELETE", &format!("{V}/endpoints/emulator-vs"), &json!({})).await, 400, "BAD_REQUEST");
    let table = good(&server, "GET", "/api/2.1/unity-catalog/tables/main.docs.idx", json!({})).await;
    assert_eq!((&table["full_name"], &table["columns"][2]["type_name"]), (&json!("main.docs.idx"), &json!("INT")));
    refused(&server.post(&format!("{INDEX}/sync"), &json!({})).await, 400, "BAD_REQUEST");
    good(&server, "DELETE", INDEX, json!({})).await;
    refused(&server.get(INDEX).await, 404, "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn a_wrong_index_is_refused() {
    let server = start().await;
    let mut cases = Vec::new();
    let mut case = |code: u16, change: &dyn Fn(&mut Value)| {
        let mut body = spec("main.docs.idx", "emulator-vs");
        change(&mut body);
        cases.push((code, body));
    };
    case(400, &|body| body["name"] = json!("docs.idx"));
    case(400, &|body| body["name"] = json!("a.b.c/../d"));
    case(404, &|body| body["endpoint_name"] = json!("none"));
    case(400, &|body| body["primary_key"] = json!("nope"));
    case(400, &|body| body["primary_key"] = json!("vec"));
    case(400, &|body| body["index_type"] = json!("OTHER"));
    case(400, &|body| body["index_subtype"] = json!("FULL_TEXT"));
    case(400, &|body| body["direct_access_index_spec"]["schema_json"] = json!("{"));
    case(400, &|body| body["direct_access_index_spec"]["schema_json"] = json!(r#"{"id":"string","vec":"vector"}"#));
    case(400, &|body| body["direct_access_index_spec"]["embedding_vector_columns"] = json!([]));
    case(400, &|body| body["direct_access_index_spec"]["embedding_vector_columns"][0]["name"] = json!("text"));
    case(400, &|body| {
        body["direct_access_index_spec"]["embedding_vector_columns"][0]["embedding_dimension"] = json!(0)
    });
    case(404, &|body| {
        body["direct_access_index_spec"] = json!({"schema_json": r#"{"id":"string","text":"string"}"#,
            "embedding_source_columns": [{"name":"text","embedding_model_endpoint_name":"none"}]});
    });
    for (status, body) in cases {
        let answer = server.post(&format!("{V}/indexes"), &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    // without an engine there is no table to sync with, and the refusal says how to start one
    let delta = json!({"name":"main.docs.idx","endpoint_name":"emulator-vs","primary_key":"id","index_type":"DELTA_SYNC",
        "delta_sync_index_spec":{"source_table":"main.docs.t","pipeline_type":"TRIGGERED",
            "embedding_source_columns":[{"name":"text","embedding_model_endpoint_name":"databricks-gte-large-en"}]}});
    let answer = server.post(&format!("{V}/indexes"), &delta).await;
    assert!(answer.text().contains("--engine"), "{}", answer.text());
}

#[tokio::test]
async fn vectors_are_compared_and_scored() {
    let server = filled().await;
    let answer = query(&server, json!({"columns":["id","text","vec"],"query_vector":[1.0,0.0],"num_results":2})).await;
    assert_eq!(
        answer["manifest"],
        json!({"column_count":4,"columns":[{"name":"id"},{"name":"text"},{"name":"vec"},{"name":"score"}]})
    );
    assert_eq!(answer["result"]["row_count"], 2);
    assert_eq!(answer["result"]["data_array"][0], json!(["a", "Reset the unit with the red button", [1.0, 0.0], 1.0]));
    // the squared distance of (0.6, 0.8) is 0.8
    let score = answer["result"]["data_array"][1][3].as_f64().unwrap();
    assert!((score - 1.0 / 1.8).abs() < 1e-6, "{score}");
    assert_eq!(answer["next_page_token"], "");
    let by_get = server
        .send(
            "GET",
            &format!("{INDEX}/query"),
            &json!({"columns":["id"],"query_vector":[1.0,0.0],"filters_json":null,"filter_string":null}),
        )
        .await;
    assert_eq!(ids(&by_get.json()), "abc");
    assert_eq!(ids(&query(&server, json!({"columns":["id"],"query_vector":[1,0],"score_threshold":0.5})).await), "ab");
    assert_eq!(
        ids(&query(
            &server,
            json!({"columns":["id"],"query_vector":[1,0],"filters_json":"{\"year >\":2020,\"draft\":false}"})
        )
        .await),
        "c"
    );
    assert_eq!(
        ids(&query(&server, json!({"columns":["id"],"query_vector":[1,0],"sort_columns":["year DESC"]})).await),
        "cba"
    );
    assert_eq!(
        ids(&query(
            &server,
            json!({"columns":["id"],"query_vector":[1,0],"query_text":"battery","columns_to_rerank":["text"]})
        )
        .await),
        "bca"
    );
    let counted = query(&server, json!({"columns":["id"],"query_vector":[1,0],"facets":["draft","year BUCKETS [[2020,2021],[2022,2030]]"],"debug_level":1})).await;
    assert_eq!(
        counted["facet_result"],
        json!({"facet_row_count":4,"facet_array":[["draft",false,2],["draft",true,1],
        ["year",[2020.0,2021.0],2],["year",[2022.0,2030.0],1]]})
    );
    assert!(counted["debug_info"].is_object());
}

#[tokio::test]
async fn words_are_searched_and_both_are_fused() {
    let server = filled().await;
    let words = query(&server, json!({"columns":["id"],"query_text":"red button","query_type":"full_text"})).await;
    assert_eq!(ids(&words), "ac", "what has no word of the question is no hit");
    let both = query(
        &server,
        json!({"columns":["id"],"query_text":"red battery","query_vector":[0.0,1.0],"query_type":"HYBRID"}),
    )
    .await;
    assert!(ids(&both).starts_with('c'), "first by both: {both}");
    let scores: Vec<f64> =
        both["result"]["data_array"].as_array().unwrap().iter().map(|row| row[1].as_f64().unwrap()).collect();
    assert!(
        scores[0] <= 2.0 / 61.0 + 1e-12 && scores[2] > 0.0 && scores.is_sorted_by(|one, other| one >= other),
        "{scores:?}"
    );
    assert_eq!(
        ids(&query(
            &server,
            json!({"columns":["id"],"query_text":"red","query_type":"FULL_TEXT","query_columns":["text"]})
        )
        .await),
        "ac"
    );
}

#[tokio::test]
async fn a_wrong_query_is_refused() {
    let server = filled().await;
    for body in [
        json!({"query_vector":[1,0]}),
        json!({"columns":["nope"],"query_vector":[1,0]}),
        json!({"columns":["id"]}),
        json!({"columns":["id"],"query_vector":[1,0,0]}),
        json!({"columns":["id"],"query_vector":["x",0]}),
        json!({"columns":["id"],"query_text":"words for vectors that are the caller's own"}),
        json!({"columns":["id"],"query_vector":[1,0],"query_type":"HYBRID"}),
        json!({"columns":["id"],"query_text":"x","query_vector":[1,0],"query_type":"HYBRID","num_results":201}),
        json!({"columns":["id"],"query_vector":[1,0],"num_results":0}),
        json!({"columns":["id"],"query_vector":[1,0],"filter_string":"year = 1"}),
        json!({"columns":["id"],"query_vector":[1,0],"filters_json":"{"}),
        json!({"columns":["id"],"query_vector":[1,0],"query_type":"NEAR"}),
        json!({"columns":["id"],"query_vector":[1,0],"sort_columns":["year"]}),
        json!({"columns":["id"],"query_vector":[1,0],"facets":["year TOP 0"]}),
        json!({"columns":["id"],"query_vector":[1,0],"query_text":"x","columns_to_rerank":["text"],"reranker":{}}),
    ] {
        refused(&server.post(&format!("{INDEX}/query"), &body).await, 400, "INVALID_PARAMETER_VALUE");
    }
}

#[tokio::test]
async fn storage_optimised_endpoints_take_filter_strings_and_full_text_indexes() {
    let server = start().await;
    good(&server, "POST", &format!("{V}/endpoints"), json!({"name":"so","endpoint_type":"STORAGE_OPTIMIZED"})).await;
    good(&server, "POST", &format!("{V}/endpoints/so/indexes"), spec("main.docs.idx", "so")).await;
    upsert(&server, &rows()).await;
    let found = query(
        &server,
        json!({"columns":["id"],"query_vector":[1,0],
        "filter_string":"(year = 2020 OR draft IS TRUE) AND made < TO_TIMESTAMP('2021-06-01T00:00:00')"}),
    )
    .await;
    assert_eq!(ids(&found), "ab");
    let refusal = server
        .post(&format!("{INDEX}/query"), &json!({"columns":["id"],"query_vector":[1,0],"filters_json":"{}"}))
        .await;
    refused(&refusal, 400, "INVALID_PARAMETER_VALUE");
    let text = json!({"name":"main.docs.words","primary_key":"id","index_type":"DIRECT_ACCESS","index_subtype":"FULL_TEXT",
        "direct_access_index_spec":{"schema_json": r#"{"id":"integer","text":"string"}"#}});
    good(&server, "POST", &format!("{V}/endpoints/so/indexes"), text).await;
    let path = format!("{V}/indexes/main.docs.words");
    let inputs = json!([{"id":10,"text":"ten"},{"id":9,"text":"nine"}]).to_string();
    good(&server, "POST", &format!("{path}/upsert-data"), json!({"inputs_json": inputs})).await;
    let found = good(&server, "POST", &format!("{path}/query"), json!({"columns":["text"],"query_text":"nine"})).await;
    assert_eq!(ids(&found), "nine");
    let scanned = good(&server, "POST", &format!("{path}/scan"), json!({"num_results":1})).await;
    assert_eq!(scanned["last_primary_key"], "9", "numbers are in the order of numbers");
    refused(
        &server.post(&format!("{path}/query"), &json!({"columns":["id"],"query_text":"x","query_type":"ANN"})).await,
        400,
        "INVALID_PARAMETER_VALUE",
    );
}

#[tokio::test]
async fn managed_embeddings_are_asked_in_words() {
    let server = start().await;
    good(
        &server,
        "POST",
        &format!("{V}/indexes"),
        json!({"name":"main.docs.idx","endpoint_name":"emulator-vs","primary_key":"id",
        "index_type":"DIRECT_ACCESS","direct_access_index_spec":{"schema_json": r#"{"id":"string","text":"string"}"#,
            "embedding_source_columns":[{"name":"text","embedding_model_endpoint_name":"databricks-gte-large-en"}]}}),
    )
    .await;
    upsert(
        &server,
        &json!([{"id":"a","text":"How to reset a lost password"},{"id":"b","text":"A recipe for banana bread"}]),
    )
    .await;
    let found =
        query(&server, json!({"columns":["id","__db_text_vector"],"query_text":"recover my login credential"})).await;
    assert_eq!(ids(&found), "ab");
    assert_eq!(found["result"]["data_array"][0][1].as_array().unwrap().len(), 1024);
    let both = query(&server, json!({"columns":["id"],"query_text":"banana","query_type":"HYBRID"})).await;
    assert_eq!(ids(&both), "ba");
    refused(
        &server.post(&format!("{INDEX}/upsert-data"), &json!({"inputs_json":"[{\"text\":\"no key\"}]"})).await,
        400,
        "INVALID_PARAMETER_VALUE",
    );
}

#[tokio::test]
async fn a_folder_keeps_endpoints_and_rows() {
    let folder = std::env::temp_dir().join(format!("lakewire-vector-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let config = || Config { endpoint_delay_ms: 0, data: Some(folder.clone()), ..Config::default() };
    let before = {
        let server = start_with(config()).await;
        good(&server, "POST", &format!("{V}/endpoints"), json!({"name":"vs1","endpoint_type":"STANDARD"})).await;
        good(&server, "DELETE", &format!("{V}/endpoints/emulator-vs"), json!({})).await;
        good(&server, "POST", &format!("{V}/indexes"), spec("main.docs.idx", "vs1")).await;
        upsert(&server, &rows()).await;
        query(&server, json!({"columns":["id","vec","year"],"query_vector":[0.6,0.8]})).await
    };
    let server = start_with(config()).await;
    assert_eq!(query(&server, json!({"columns":["id","vec","year"],"query_vector":[0.6,0.8]})).await, before);
    refused(&server.get(&format!("{V}/endpoints/emulator-vs")).await, 404, "RESOURCE_DOES_NOT_EXIST");
    good(&server, "DELETE", INDEX, json!({})).await;
    let server = start_with(config()).await;
    refused(&server.get(INDEX).await, 404, "RESOURCE_DOES_NOT_EXIST");
    std::fs::remove_dir_all(&folder).unwrap();
}
