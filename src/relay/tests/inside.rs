//! What stands inside a request that a capability names: addresses, ids of others, costs, columns.

use super::{HEADERS, ask, builder, chat, everything, policy, sent, status};
use crate::relay::{NamedStatement, RelayPolicy, Route};

const AGENT: &str = "/serving-endpoints/agent/invocations";
const MODEL: &str = "/serving-endpoints/custom/invocations";
const STATEMENTS: &str = "/api/2.0/sql/statements";

fn with(allow: &str) -> Result<RelayPolicy, String> {
    let text = format!(
        r#"{{"host":"https://ws.example.com","origins":["https://app.example.com"],"authorize":true,"allow":{allow}}}"#
    );
    RelayPolicy::from_json(&text).map_err(|error| error.message().to_owned())
}

#[test]
fn p10_ids_of_runs_and_traces_need_a_switch_of_their_own() {
    let named = with(r#"{"mlflow":{"experiments":["7"],"write":true}}"#).unwrap();
    let by_id = with(r#"{"mlflow":{"experiments":["7"],"write":true,"storage":true,"by_id":true}}"#).unwrap();
    for (method, target) in [
        ("GET", "/api/2.0/mlflow/runs/get?run_id=other"),
        ("GET", "/api/2.0/mlflow/metrics/get-history?run_id=other&metric_key=loss"),
        ("POST", "/api/2.0/mlflow/runs/update"),
        ("POST", "/api/2.0/mlflow/runs/log-batch"),
        ("POST", "/api/2.0/mlflow/traces/link-to-run"),
        ("GET", "/api/3.0/mlflow/traces/tr-1"),
        ("GET", "/api/3.0/mlflow/traces/get?trace_id=tr-1"),
        ("POST", "/api/3.0/mlflow/traces/tr-1/assessments"),
        ("GET", "/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload"),
        ("GET", "/api/2.0/mlflow/traces/tr-1/credentials-for-data-download"),
    ] {
        let target = ["/api/lakewire", target].concat();
        assert_eq!(status(&named, &ask(method, &target, HEADERS)), 404, "{target}");
        assert!(!matches!(by_id.admit(&ask(method, &target, HEADERS)), super::Decision::Refuse(_)), "{target}");
        assert!(!matches!(everything().admit(&ask(method, &target, HEADERS)), super::Decision::Refuse(_)), "{target}");
    }
    for target in ["/api/2.0/mlflow/runs/create", "/api/2.0/mlflow/runs/search", "/api/3.0/mlflow/traces"] {
        assert_eq!(status(&named, &ask("POST", &["/api/lakewire", target].concat(), HEADERS)), 0, "{target}");
    }
    let assess = |trace: &str| {
        let body = format!(r#"{{"assessment":{{"assessment_name":"good","trace_id":{trace}}}}}"#);
        sent(&by_id, "/api/3.0/mlflow/traces/tr-1/assessments", &body)
    };
    assert!(assess("\"tr-1\"").is_ok() && assess("null").is_ok());
    assert!(assess("\"tr-2\"").is_err() && assess("5").is_err());
    let start = |more: &str| {
        let place = r#"{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"7"}}"#;
        sent(
            &named,
            "/api/3.0/mlflow/traces",
            &format!(r#"{{"trace":{{"trace_info":{{"trace_location":{place},{more}}}}}}}"#),
        )
    };
    assert!(start(r#""tags":{"mlflow.traceName":"x"}"#).is_ok());
    assert!(start(r#""tags":{"mlflow.artifactLocation":"s3://evil"}"#).is_err());
    assert!(start(r#""tags":[{"key":"mlflow.artifactLocation","value":"s3://evil"}]"#).is_err());
    assert!(start(r#""trace_metadata":{"mlflow.artifact\u004cocation":"s3://evil"}"#).is_err());
}

#[test]
fn p13_no_address_in_a_body_is_called() {
    let meta = "http://169.254.169.254/latest/meta-data";
    let parts = |part: &str| format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#);
    let items = |part: &str| format!(r#"{{"input":[{{"role":"user","content":[{part}]}}]}}"#);
    let urls = builder().urls().build().unwrap();
    for part in [
        format!(r#"{{"type":"image_url","image_url":{{"url":"{meta}"}}}}"#),
        format!(r#"{{"type":"image_url","image_url":"{meta}"}}"#),
        r#"{"type":"image_url","image_url":{"url":" data:image/png;base64,AA"}}"#.to_owned(),
        r#"{"type":"image_url","image_\u0075rl":{"url":"//10.0.0.1/"}}"#.to_owned(),
        r#"{"type":"input_file","file_url":"http://10.0.0.1/"}"#.to_owned(),
        r#"{"type":"document","source":{"type":"url","url":"file:///etc/passwd"}}"#.to_owned(),
        r#"{"type":"x","urls":["http://10.0.0.1/"]}"#.to_owned(),
    ] {
        assert!(chat(&parts(&part)).unwrap_err().contains("data:"), "{part}");
        assert!(sent(&policy(), AGENT, &items(&part)).unwrap_err().contains("data:"), "{part}");
        assert!(sent(&policy(), AGENT, &parts(&part)).unwrap_err().contains("data:"), "{part}");
        assert!(sent(&urls, AGENT, &items(&part)).is_ok(), "{part}");
    }
    for part in [
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA","detail":"low"}}"#,
        r#"{"type":"text","text":"see http://10.0.0.1/"}"#,
        r#"{"type":"output_text","text":"x","annotations":[{"type":"url_citation","url":"https://a.example/"}]}"#,
    ] {
        assert!(chat(&parts(part)).is_ok() && sent(&policy(), AGENT, &items(part)).is_ok(), "{part}");
    }
    // what is kept at the service, whatever the policy says of addresses
    for item in [
        r#"{"type":"item_reference","id":"msg_of_other"}"#,
        r#"{"id":"msg_of_other"}"#,
        r#"{"type":null,"id":"msg_of_other"}"#,
        r#"{"role":"user","content":[{"type":"input_file","file_id":"file-other"}]}"#,
        r#"{"role":"user","content":[{"type":"file","file":{"file_id":"file-other"}}]}"#,
    ] {
        for policy in [&policy(), &urls] {
            assert!(sent(policy, AGENT, &format!(r#"{{"input":[{item}]}}"#)).unwrap_err().starts_with("400"), "{item}");
        }
    }
    // tools
    for more in [
        r#""tools":[{"type":"function","function":{"name":"f"},"server_url":"http://10.0.0.1/"}]"#,
        r#""tools":[{"type":"mcp","server_url":"http://10.0.0.1/"}]"#,
        r#""tool_choice":{"type":"mcp","server_label":"x"}"#,
        r#""tool_choice":{"type":"function","server_url":"http://10.0.0.1/"}"#,
        r#""tool_choice":[]"#,
        r#""tool_choice":5"#,
    ] {
        assert!(chat(&format!(r#"{{"messages":[],{more}}}"#)).unwrap_err().starts_with("400"), "{more}");
    }
    for more in [
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"url":{"type":"string"}}}},"cache_control":{"type":"ephemeral"}}],"tool_choice":"required""#,
        r#""tool_choice":{"type":"function","function":{"name":"f"}}"#,
        r#""tools":[{"type":"custom","name":"f","format":{"type":"text"}}]"#,
    ] {
        assert!(chat(&format!(r#"{{"messages":[],{more}}}"#)).is_ok(), "{more}");
    }
}

#[test]
fn p25_costs_that_stand_deeper_are_bounded() {
    let prompt = |body| sent(&policy(), "/serving-endpoints/writer/invocations", body).unwrap();
    assert_eq!(prompt(r#"{"prompt":["a","b","c","d"],"max_tokens":4096}"#)["max_tokens"], 1024);
    assert_eq!(prompt(r#"{"prompt":["a","b"]}"#)["max_tokens"], 2048);
    assert_eq!(prompt(r#"{"prompt":["a"],"max_tokens":5}"#)["max_tokens"], 5);
    for body in [
        r#"{"inputs":{"messages":[],"max_tokens":1000000000}}"#,
        r#"{"inputs":{"messages":[[]],"max_tokens":[1000000000]}}"#,
        r#"{"inputs":[{"max_new_tokens":1000000000}]}"#,
        r#"{"instances":[{"maxTokens":"1000000000"}]}"#,
        r#"{"dataframe_records":[{"a":1},{"max_tokens":1000000000}]}"#,
        r#"{"dataframe_split":{"columns":["a","max_tokens"],"data":[[1,5],[1,1000000000]]}}"#,
        r#"{"inputs":["x"],"params":{"maxTokens":5000}}"#,
        r#"{"inputs":["x"],"params":{"max_gen_len":5000}}"#,
        r#"{"inputs":["x"],"params":{"best_of":99}}"#,
        r#"{"inputs":["x"],"params":{"n":2}}"#,
    ] {
        assert!(sent(&policy(), MODEL, body).unwrap_err().starts_with("400"), "{body}");
    }
    for body in [
        r#"{"inputs":["x"],"params":{"max_tokens":null,"n":1,"temperature":0.1}}"#,
        r#"{"dataframe_records":[{"n":500,"max_length":9000,"max_tokens":5}]}"#,
        r#"{"dataframe_split":{"columns":["max_tokens","n"],"data":[[5,500]]}}"#,
    ] {
        assert!(sent(&policy(), MODEL, body).is_ok(), "{body}");
    }
    for form in ["input", "messages"] {
        let body = format!(r#"{{"{form}":[],"custom_inputs":{{"max_tokens":1000000000}}}}"#);
        assert!(sent(&policy(), AGENT, &body).unwrap_err().contains("custom_inputs"), "{body}");
    }
}

#[test]
fn p26_columns_that_may_not_be_read_are_not_searched() {
    let search = |body: &str| sent(&policy(), "/api/2.0/vector-search/indexes/main.docs.manual/query", body);
    for body in [
        r#"{"columns":["id"],"query_type":"FULL_TEXT","query_text":"salary 100"}"#,
        r#"{"columns":["id"],"query_type":"HYBRID","query_text":"salary 100","query_columns":[]}"#,
        r#"{"columns":["id"],"query_type":"FULL_TEXT","query_columns":["salary"]}"#,
        r#"{"columns":["id"],"query_type":"full_text"}"#,
        r#"{"columns":["id"],"query_type":"other"}"#,
        r#"{"columns":["id"],"query_type":["FULL_TEXT"]}"#,
        r#"{"columns":["id"],"filters_json":"{\"id or salary >\":1}"}"#,
        r#"{"columns":["id"],"filters_json":"{\"id OR\\tsalary\":[1,2]}"}"#,
        r#"{"columns":["id"],"filters_json":"{\"id  OR salary\":[1,2]}"}"#,
        r#"{"columns":["id"],"filters_json":"{\" id\":1}"}"#,
        r#"{"columns":["id"],"sort_columns":["id ASC,salary DESC"]}"#,
        r#"{"columns":["id"],"sort_columns":["id ASC, salary"]}"#,
        r#"{"columns":["id"],"facets":["id TOP 3 salary"]}"#,
        r#"{"columns":["id"],"facets":["id BUCKETS [[1,2]],salary[[]]"]}"#,
    ] {
        assert!(search(body).unwrap_err().starts_with("400"), "{body}");
    }
    for body in [
        r#"{"columns":["id"],"query_text":"x","query_type":"ANN"}"#,
        r#"{"columns":["id"],"query_text":"x","query_type":"hybrid","query_columns":["text"]}"#,
        r#"{"columns":["id"],"filters_json":"{\"id OR text LIKE\":[1,2],\"id >=\":3,\"text NOT\":\"x\"}"}"#,
        r#"{"columns":["id"],"sort_columns":["id","text DESC"],"facets":["id","text TOP 3","id BUCKETS [[1,2],[3,4.5]]"]}"#,
    ] {
        assert!(search(body).is_ok(), "{body}");
    }
}

#[test]
fn p15_p25_free_statements_end_with_their_request() {
    let reading = builder().free_reading().build().unwrap();
    let long = builder().free_reading().long_running().build().unwrap();
    let body = r#"{"warehouse_id":"w1","statement":"SELECT 1","wait_timeout":"0s","on_wait_timeout":"CONTINUE"}"#;
    let written = sent(&reading, STATEMENTS, body).unwrap();
    assert_eq!((&written["wait_timeout"], &written["on_wait_timeout"]), (&"50s".into(), &"CANCEL".into()));
    assert_eq!(sent(&long, STATEMENTS, body).unwrap()["on_wait_timeout"], "CONTINUE");
    let linked = builder().free_reading().external_links().build().unwrap();
    let writing = builder().free_writing().build().unwrap();
    for (method, rest, needs) in [
        ("GET", "", [404, 0, 404, 0]),
        ("POST", "/cancel", [404, 0, 404, 0]),
        ("GET", "/result/chunks/0", [404, 0, 0, 0]),
    ] {
        let target = ["/api/lakewire/api/2.0/sql/statements/01-of-other", rest].concat();
        for (policy, wanted) in [&reading, &long, &linked, &writing].into_iter().zip(needs) {
            assert_eq!(status(policy, &ask(method, &target, HEADERS)), wanted, "{target} {wanted}");
        }
    }
    for more in [
        r#""parameters":"x""#,
        r#""parameters":{"a":1}"#,
        r#""parameters":[{"name":"a","value":[1]}]"#,
        r#""parameters":[{"name":"a","type":5}]"#,
        r#""parameters":[{"name":"a","more":5}]"#,
        r#""catalog":{"a":1}"#,
        r#""schema":"""#,
    ] {
        let body = format!(r#"{{"warehouse_id":"w1","statement":"SELECT 1",{more}}}"#);
        assert!(sent(&long, STATEMENTS, &body).unwrap_err().starts_with("400"), "{more}");
    }
}

#[test]
fn p31_options_that_would_do_nothing_do_not_start() {
    for (allow, word) in [
        (r#"{"chat":["c"],"vector_search":{"write":true}}"#, "vector_search.indexes"),
        (r#"{"chat":["c"],"mlflow":{"write":true}}"#, "mlflow.experiments"),
        (r#"{"chat":["c"],"mlflow":{"by_id":true}}"#, "mlflow.experiments"),
        (r#"{"mlflow":{"experiments":["7"],"storage":true}}"#, "mlflow.by_id"),
        (r#"{"chat":["c"],"functions":{"delete":true}}"#, "functions.names"),
        (r#"{"sql":{"warehouse_id":"w"}}"#, "allows nothing"),
        (r#"{"sql":{"warehouse_id":"w","list":true,"external_links":true}}"#, "sql.reading"),
        (r#"{"sql":{"warehouse_id":"w","list":true,"long_running":true}}"#, "sql.reading"),
        (r#"{"sql":{"warehouse_id":"w","statements":{"a":"SELECT * FROM t WHERE x > :x"}}}"#, "`:x`"),
        (
            r#"{"sql":{"warehouse_id":"w","statements":{"a":{"statement":"SELECT 1","row_limit":1000000000000000}}}}"#,
            "row_limit",
        ),
        (r#"{"chat":["c"]},"limits":{"messages":0}"#, "messages"),
    ] {
        let said = with(allow).unwrap_err();
        assert!(said.contains(word), "{allow} says {said}");
    }
    for statement in ["SELECT ':x', a:b, a::INT FROM t", "SELECT a:b.c, d::INT FROM t", "SELECT 1 -- :x"] {
        assert!(builder().statement(NamedStatement::new("a", statement)).build().is_ok(), "{statement}");
    }
}

#[test]
fn p33_the_probe_names_every_route() {
    let probe = include_str!("../../../tests/relay_probe/routes.rs");
    for route in Route::all() {
        assert!(probe.contains(&format!("(\"{}\", ", route.as_str())), "the probe has no {}", route.as_str());
    }
}
