//! Vector search: rows that are written, deleted, scanned and paged through, and faults of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;
#[path = "support/vector.rs"]
mod vector;

use serde_json::{Value, json};
use support::Server;
use vector::*;

#[tokio::test]
async fn o1_some_keys_fail_and_are_named() {
    let server = filled().await;
    // a row that does not fit fails alone
    let answer = upsert(
        &server,
        &json!([{"id":"d","text":"x","vec":[1]},{"id":"e","text":"x","vec":[1,1]},{"id":"f","text":5,"vec":[1,1]}]),
    )
    .await;
    assert_eq!(
        answer,
        json!({"status":"PARTIAL_SUCCESS","result":{"success_row_count":1,"failed_primary_keys":["d","f"]}})
    );
    let fault = json!({"vector":{"failed_keys":["b"]}});
    let inputs = json!({"inputs_json": json!([{"id":"a","text":"new","vec":[1,0]},{"id":"b","text":"new","vec":[1,0]}]).to_string()});
    let answer = server.faulty(&format!("{INDEX}/upsert-data"), &fault, &inputs).await.unwrap().json();
    assert_eq!(
        answer,
        json!({"status":"PARTIAL_SUCCESS","result":{"success_row_count":1,"failed_primary_keys":["b"]}})
    );
    let texts =
        query(&server, json!({"columns":["id","text"],"query_vector":[1,0],"filters_json":"{\"text\":\"new\"}"})).await;
    assert_eq!(ids(&texts), "a", "the failed row stays as it was");
}

#[tokio::test]
async fn o2_a_failure_comes_with_200() {
    let server = filled().await;
    let inputs = json!({"inputs_json": json!([{"id":"a","text":"new","vec":[1,0]}]).to_string()});
    let answer =
        server.faulty(&format!("{INDEX}/upsert-data"), &json!({"vector":{"failure":true}}), &inputs).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"status":"FAILURE","result":{"success_row_count":0,"failed_primary_keys":["a"]}}));
}

#[tokio::test]
async fn o4_a_429_halfway_changes_nothing() {
    let server = filled().await;
    let script =
        json!([{"match":{"path":"/upsert-data"},"skip":1,"fault":{"status":429,"headers":{"retry-after":"0"}}}]);
    assert_eq!(server.post("/_emulator/faults", &script).await.status, 200);
    for (key, status) in [("x", 200), ("y", 429), ("y", 200)] {
        let inputs = json!({"inputs_json": json!([{"id":key,"vec":[1,0]}]).to_string()});
        assert_eq!(server.post(&format!("{INDEX}/upsert-data"), &inputs).await.status, status, "{key}");
    }
    assert_eq!(good(&server, "GET", INDEX, json!({})).await["status"]["indexed_row_count"], 5);
}

#[tokio::test]
async fn o5_an_alien_key_and_a_wrong_count() {
    let server = filled().await;
    let inputs = json!({"inputs_json": json!([{"id":"a","text":"new","vec":[1,0]}]).to_string()});
    let fault = json!({"vector":{"alien_key":"stranger","success_row_count":7}});
    let answer = server.faulty(&format!("{INDEX}/upsert-data"), &fault, &inputs).await.unwrap().json();
    assert_eq!(
        answer,
        json!({"status":"PARTIAL_SUCCESS","result":{"success_row_count":7,"failed_primary_keys":["stranger"]}})
    );
}

#[tokio::test]
async fn rows_are_deleted_in_both_forms() {
    let server = filled().await;
    let gone =
        good(&server, "DELETE", &format!("{INDEX}/delete-data?primary_keys=a&primary_keys=none"), json!({})).await;
    assert_eq!(gone, json!({"status":"SUCCESS","result":{"success_row_count":2,"failed_primary_keys":[]}}));
    good(&server, "DELETE", &format!("{INDEX}/delete-data"), json!({"primary_keys":["b"]})).await;
    assert_eq!(ids(&query(&server, json!({"columns":["id"],"query_vector":[1,0]})).await), "c");
    refused(&server.send("DELETE", &format!("{INDEX}/delete-data"), &json!({})).await, 400, "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn a_scan_walks_through_the_keys() {
    let server = filled().await;
    let first = good(&server, "GET", &format!("{INDEX}/scan"), json!({"num_results":2})).await;
    assert_eq!(first["last_primary_key"], "b");
    assert_eq!(first["data"][0]["fields"][0], json!({"key":"id","value":{"string_value":"a"}}));
    assert_eq!(
        first["data"][0]["fields"][5],
        json!({"key":"vec","value":{"list_value":{"values":[{"number_value":1.0},{"number_value":0.0}]}}})
    );
    let second = good(&server, "POST", &format!("{INDEX}/scan"), json!({"num_results":2,"last_primary_key":"b"})).await;
    assert_eq!((second["data"].as_array().unwrap().len(), &second["last_primary_key"]), (1, &json!("c")));
    let end = good(&server, "POST", &format!("{INDEX}/scan"), json!({"last_primary_key":"c"})).await;
    assert_eq!(end, json!({"data":[]}));
}

async fn pages(server: &Server, fault: Value) -> (Vec<Value>, bool) {
    let body = json!({"columns":["id"],"query_vector":[1,0]});
    let mut answer = server.faulty(&format!("{INDEX}/query"), &fault, &body).await.unwrap().json();
    let mut tokens = vec![answer["next_page_token"].clone()];
    let mut rows = answer["result"]["row_count"].as_u64().unwrap();
    for _ in 0..6 {
        let token = answer["next_page_token"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return (tokens, rows == 3);
        }
        answer = good(server, "POST", &format!("{INDEX}/query-next-page"), json!({"page_token": token})).await;
        rows += answer["result"]["row_count"].as_u64().unwrap();
        tokens.push(answer["next_page_token"].clone());
    }
    (tokens, false)
}

#[tokio::test]
async fn o10_pages_end_and_in_three_faults_do_not_as_they_should() {
    let server = filled().await;
    let (tokens, whole) = pages(&server, json!({"vector":{"page_rows":1}})).await;
    assert!(whole && tokens.len() == 3, "{tokens:?}");
    let (tokens, whole) = pages(&server, json!({"vector":{"pages":"empty"}})).await;
    assert!(whole && tokens.len() == 2, "an empty page leads to the rows: {tokens:?}");
    let (tokens, whole) = pages(&server, json!({"vector":{"pages":"repeated_token"}})).await;
    assert!(!whole && tokens.windows(2).all(|two| two[0] == two[1]), "{tokens:?}");
    let (tokens, whole) = pages(&server, json!({"vector":{"pages":"endless"}})).await;
    assert!(!whole && tokens.windows(2).all(|two| two[0] != two[1]), "{tokens:?}");
    refused(
        &server.post(&format!("{INDEX}/query-next-page"), &json!({"page_token":"zz"})).await,
        400,
        "INVALID_PARAMETER_VALUE",
    );
    let listed = server
        .raw(
            "GET",
            &format!("{V}/endpoints"),
            "authorization: Bearer dapi-emulator\r\nx-lakewire-fault: {\"vector\":{\"pages\":\"repeated_token\"}}\r\n",
            "",
        )
        .await
        .unwrap();
    assert_eq!(listed.json()["next_page_token"], "repeated");
}

#[tokio::test]
async fn a_page_can_be_asked_for_again() {
    let server = filled().await;
    let body = json!({"columns":["id"],"query_vector":[1,0]});
    let first =
        server.faulty(&format!("{INDEX}/query"), &json!({"vector":{"page_rows":2}}), &body).await.unwrap().json();
    let next = json!({"page_token": first["next_page_token"], "endpoint_name": "emulator-vs"});
    let second = good(&server, "GET", &format!("{INDEX}/query-next-page"), next.clone()).await;
    assert_eq!(second["result"], json!({"row_count":1,"data_array":[["c", second["result"]["data_array"][0][1]]]}));
    assert_eq!(good(&server, "POST", &format!("{INDEX}/query-next-page"), next).await, second);
}
