use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::auth::Credentials;
use crate::chat::ToolLimits;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::sender::CallOptions;
use crate::transport::scripted::{Reply, Scripted};
use crate::transport::{BoxFuture, HttpRequest, Response, Transport};
use crate::wire::json::Raw;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/functions/langchain.json")).unwrap()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn parameter(name: &str, type_name: &str, type_text: &str, spark: Value, more: Value) -> Value {
    let described = json!({"name": name, "type": spark, "nullable": true, "metadata": {}}).to_string();
    let mut one =
        json!({"name": name, "type_text": type_text, "type_name": type_name, "position": 0, "type_json": described});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn function(parameters: &[Value]) -> Value {
    json!({"name": "f", "full_name": "main.tools.f", "data_type": "DOUBLE", "comment": "Does it", "input_params": {"parameters": parameters}})
}

fn add_tax() -> Value {
    function(&[
        parameter("net", "DOUBLE", "double", json!("double"), json!({"comment": "Net price"})),
        parameter("rate", "DOUBLE", "double", json!("double"), json!({"parameter_default": "0.2"})),
    ])
}

fn checked(function: &Value, arguments: Value) -> Result<(), String> {
    let (function, arguments) = (function.to_string(), arguments.to_string());
    check_arguments(Raw::parse(&function).unwrap(), Raw::parse(&arguments).unwrap())
        .map_err(|error| error.message().to_owned())
}

fn made(function: &Value, arguments: &Value) -> (String, Value) {
    let (function, arguments) = (function.to_string(), arguments.to_string());
    let made = statement(Raw::parse(&function).unwrap(), Raw::parse(&arguments).unwrap()).unwrap();
    (made.text, parse(&made.parameters))
}

#[test]
fn schemas_are_those_of_the_python_toolkit() {
    let fixture = fixture();
    let function = fixture["function"].to_string();
    let ours = parse(&parameters_schema(Raw::parse(&function).unwrap(), Form::Full).unwrap());
    assert_eq!(ours, fixture["schema"]);
}

#[test]
fn statements_are_those_of_the_python_toolkit() {
    let fixture = fixture();
    for case in fixture["cases"].as_array().unwrap() {
        let mut function = fixture["function"].clone();
        if case["table"] == true {
            function["data_type"] = "TABLE_TYPE".into();
        }
        let (sql, mut parameters) = made(&function, &case["arguments"]);
        assert_eq!(sql, case["statement"].as_str().unwrap());
        let mut theirs = case["parameters"].clone();
        // nested values are JSON text, which Python writes with spaces
        for list in [&mut parameters, &mut theirs] {
            for one in list.as_array_mut().unwrap() {
                if let Some(nested) = one["value"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
                    one["value"] = nested;
                }
            }
        }
        assert_eq!(parameters, theirs);
    }
}

#[test]
fn a_plain_schema_stays_within_what_databricks_promises() {
    let fixture = fixture();
    let text = parameters_schema(Raw::parse(&fixture["function"].to_string()).unwrap(), Form::Plain).unwrap();
    for word in ["anyOf", "pattern", "$ref", "null"] {
        assert!(!text.replace("\"default\":null", "").contains(word), "{word} in {text}");
    }
    let schema = parse(&text);
    assert_eq!(schema["properties"]["dec"], json!({"type": "number"}));
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(required.contains(&"net") && !required.contains(&"rate") && !required.contains(&"n"));
}

#[test]
fn what_no_schema_can_say_is_said_by_name() {
    for (spark, words) in [
        (json!({"type": "map", "keyType": "integer", "valueType": "string"}), "keys"),
        (json!("interval year to month"), "interval year to month"),
        (json!("variant"), "variant"),
        (json!({"type": "udt"}), "describe"),
    ] {
        let text = function(&[parameter("odd", "MAP", "x", spark, json!({}))]).to_string();
        let error = parameters_schema(Raw::parse(&text).unwrap(), Form::Full).unwrap_err();
        assert!(error.message().contains("'odd'") && error.message().contains(words), "{error}");
    }
    let text = function(&[json!({"name": "odd", "type_text": "int", "type_name": "INT", "position": 0})]).to_string();
    assert!(parameters_schema(Raw::parse(&text).unwrap(), Form::Full).is_err());
    assert_eq!(
        parameters_schema(Raw::parse("{}").unwrap(), Form::Full).unwrap(),
        r#"{"type":"object","properties":{}}"#
    );
}

#[test]
fn arguments_are_checked_by_type() {
    let of = |type_name: &str| function(&[parameter("p", type_name, "x", json!("string"), json!({}))]);
    for (type_name, good, bad) in [
        ("INT", vec![json!(5), json!(-7)], vec![json!(5.5), json!("5"), json!(true), json!(null)]),
        (
            "LONG",
            vec![json!(9_007_199_254_740_993_i64), json!("9223372036854775807")],
            vec![json!("x"), json!(1.5), json!("")],
        ),
        ("DOUBLE", vec![json!(5), json!(5.5)], vec![json!("5"), json!(false)]),
        (
            "DECIMAL",
            vec![json!(1), json!("-12.50"), json!(".5")],
            vec![json!("1e5"), json!("."), json!("a"), json!("1.2.3")],
        ),
        ("STRING", vec![json!("x"), json!("")], vec![json!(5), json!({})]),
        ("BOOLEAN", vec![json!(true)], vec![json!("true"), json!(1)]),
        (
            "DATE",
            vec![json!("2024-05-01"), json!("2024-05-01T00:00:00Z")],
            vec![json!("May"), json!(20240501), json!("2024-05-01x")],
        ),
        ("INTERVAL", vec![json!("INTERVAL '1 0:0:5.0' DAY TO SECOND")], vec![json!("P1D"), json!(5)]),
        ("BINARY", vec![json!("aGk=")], vec![json!("hi!"), json!(5)]),
        ("ARRAY", vec![json!([])], vec![json!({}), json!("[]")]),
        ("STRUCT", vec![json!({})], vec![json!([])]),
        ("VARIANT", vec![json!([1]), json!("x")], vec![json!(null)]),
    ] {
        for value in good {
            assert_eq!(checked(&of(type_name), json!({"p": value})), Ok(()), "{type_name} {value}");
        }
        for value in bad {
            let said = checked(&of(type_name), json!({"p": value})).unwrap_err();
            assert!(said.starts_with("Invalid parameters provided: 'p'") && said.contains(type_name), "{said}");
        }
    }
}

#[test]
fn what_is_missing_wrong_or_not_declared_is_named() {
    let tax = add_tax();
    assert_eq!(checked(&tax, json!({"net": 1})), Ok(()));
    assert_eq!(checked(&tax, json!({"rate": 1})).unwrap_err(), "Parameter net is required but not provided.");
    assert!(checked(&tax, json!({"net": 1, "gross": 2})).unwrap_err().contains("'gross'"));
    let both = checked(&tax, json!({"net": "a", "rate": null})).unwrap_err();
    assert!(both.contains("'net'") && both.contains("'rate'"), "{both}");
    let null = function(&[parameter("n", "STRING", "string", json!("string"), json!({"parameter_default": "NULL"}))]);
    assert_eq!(checked(&null, json!({"n": null})), Ok(()));
    assert!(checked(&function(&[]), json!({"x": 1})).unwrap_err().contains("takes no parameters"));
    assert!(checked(&tax, json!([])).is_err());
}

#[test]
fn n14_values_go_as_named_parameters_and_the_text_stays() {
    let text = parameter("t", "STRING", "string", json!("string"), json!({}));
    let list = parameter("l", "ARRAY", "array<string>", json!({"type": "array", "elementType": "string"}), json!({}));
    let function = function(&[text, list]);
    for value in ["'; DROP TABLE t; --", "\"quoted\"", "nul\u{0}", "back\\slash", ":t and :l", &"x".repeat(1 << 20)] {
        let (sql, parameters) = made(&function, &json!({"t": value, "l": [value]}));
        assert_eq!(sql, "SELECT IDENTIFIER(:function_name)(:t,from_json(:l, :l_type))");
        assert_eq!(parameters[1], json!({"name": "t", "value": value, "type": "string"}));
        assert_eq!(parse(parameters[2]["value"].as_str().unwrap()), json!([value]));
    }
}

#[test]
fn n15_names_that_are_not_plain_are_quoted_or_refused() {
    let mut table = function(&[]);
    table["data_type"] = "TABLE_TYPE".into();
    table["full_name"] = "main.my-schema.f`x".into();
    assert_eq!(made(&table, &json!({})).0, "SELECT * FROM main.`my-schema`.`f``x`()");
    for bad in ["main.f", "main..f", "main.a.f\u{0}", ""] {
        table["full_name"] = bad.into();
        assert!(statement(Raw::parse(&table.to_string()).unwrap(), Raw::trusted("{}")).is_err(), "{bad}");
    }
    let odd = function(&[parameter("a b", "INT", "int", json!("integer"), json!({}))]).to_string();
    let error = statement(Raw::parse(&odd).unwrap(), Raw::trusted(r#"{"a b":1}"#)).unwrap_err();
    assert!(error.message().contains("a b"));
    // a parameter with the name of one of ours
    let array = |name: &str| {
        parameter(name, "ARRAY", "array<int>", json!({"type": "array", "elementType": "integer"}), json!({}))
    };
    let clash = function(&[array("a"), array("a_type"), array("function_name")]);
    let (sql, parameters) = made(&clash, &json!({"a": [], "a_type": [], "function_name": []}));
    assert!(sql.contains("IDENTIFIER(:function_name_)") && sql.contains("from_json(:a, :a_type_)"), "{sql}");
    let mut names: Vec<&str> = parameters.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

proptest! {
    #[test]
    fn checking_and_writing_never_panic_and_never_put_a_value_in_the_text(value in "\\PC{0,12}", name in "[a-z_]{1,8}") {
        let function = function(&[parameter(&name, "STRING", "string", json!("string"), json!({}))]);
        let mut arguments = serde_json::Map::new();
        arguments.insert(name.clone(), value.clone().into());
        let arguments = Value::Object(arguments);
        prop_assert!(checked(&function, arguments.clone()).is_ok());
        let (sql, parameters) = made(&function, &arguments);
        let marker = if name == "function_name" { "function_name_" } else { "function_name" };
        prop_assert_eq!(sql, format!("SELECT IDENTIFIER(:{marker})(:{name})"));
        prop_assert_eq!(parameters[1]["value"].as_str().unwrap(), value.as_str());
    }

    #[test]
    fn odd_descriptions_never_panic(text in r#"[\[\]{},:"a-z0-9_]{0,40}"#) {
        let description = json!({"full_name": text, "input_params": {"parameters": [{"name": text, "type_json": text, "type_name": text, "parameter_default": text}]}}).to_string();
        let root = Raw::parse(&description).unwrap();
        let _ = (parameters_schema(root, Form::Full), parameters_schema(root, Form::Plain));
        let _ = (check_arguments(root, Raw::trusted(&text)), statement(root, Raw::trusted(&text)), judge(true, Raw::trusted(&text)));
    }
}

fn judged(table: bool, response: Value) -> Seen {
    judge(table, Raw::parse(&response.to_string()).unwrap())
}

fn done(table: bool, response: Value) -> Value {
    match judged(table, response) {
        Seen::Done(result) => parse(&result),
        Seen::Waiting { .. } => panic!("it waits"),
    }
}

fn succeeded(columns: Value, rows: Value, truncated: bool) -> Value {
    json!({"statement_id": "st1", "status": {"state": "SUCCEEDED"}, "manifest": {"schema": {"columns": columns}, "truncated": truncated}, "result": {"data_array": rows}})
}

#[test]
fn results_are_a_value_or_a_table_and_nothing_is_cut_in_silence() {
    assert_eq!(
        done(false, succeeded(json!([{"name": "x"}]), json!([["12.6"]]), false)),
        json!({"format": "SCALAR", "value": "12.6", "truncated": false})
    );
    assert_eq!(
        done(false, succeeded(json!([{"name": "x"}]), json!([[null]]), false)),
        json!({"format": "SCALAR", "truncated": false})
    );
    let columns = json!([{"name": "a,b"}, {"name": "n"}]);
    let table = done(true, succeeded(columns.clone(), json!([["x \"y\"", null], ["line\nbreak", "2"]]), true));
    assert_eq!(table["value"], "\"a,b\",n\n\"x \"\"y\"\"\",\n\"line\nbreak\",2\n");
    assert_eq!((&table["format"], &table["truncated"]), (&json!("CSV"), &json!(true)));
    let mut more = succeeded(columns, json!([]), false);
    more["result"]["next_chunk_index"] = 1.into();
    assert_eq!(done(true, more)["truncated"], json!(true), "a chunk that is not read counts as cut");
    assert_eq!(done(true, succeeded(json!([{"name": "v"}]), json!([[null]]), false))["value"], "v\n\"\"\n");
}

#[test]
fn n2_n3_bad_ends_are_told_and_states_not_known_are_waited_for() {
    let failed = json!({"status": {"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": "\n[DIVIDE_BY_ZERO] no"}}});
    assert_eq!(done(false, failed), json!({"error": "BAD_REQUEST: [DIVIDE_BY_ZERO] no"}));
    for state in ["CANCELED", "CLOSED"] {
        assert!(done(false, json!({"status": {"state": state}}))["error"].as_str().unwrap().contains(state));
    }
    for broken in [json!({}), json!({"status": {"state": "SUCCEEDED"}}), json!({"status": {"state": "PENDING"}})] {
        assert!(done(false, broken)["error"].is_string());
    }
    for state in ["PENDING", "RUNNING", "DREAMING"] {
        let seen = judged(false, json!({"statement_id": "s", "status": {"state": state}}));
        assert_eq!(seen, Seen::Waiting { id: "s".into(), state: state.into() });
    }
}

#[test]
fn pauses_double_and_end() {
    let (mut waited, mut pauses) = (0, Vec::new());
    while let Some(next) = pause(pauses.len() as u32, waited, 120) {
        pauses.push(next);
        waited += next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 57]);
    assert_eq!((pause(40, 0, 120), pause(0, 0, 0)), (Some(120), None));
}

fn client(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap()
}

fn options(names: &[&str]) -> UcFunctionToolkitOptions {
    UcFunctionToolkitOptions::new(names.iter().copied(), "wh-1")
}

fn body(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap_or_default()).unwrap()
}

#[test]
fn a_star_is_the_schema_s_functions_and_each_is_read_once() {
    let network = Scripted::new();
    network.push(Reply::json(r#"{"functions":[{"name":"a"}],"next_page_token":"p"}"#));
    network.push(Reply::json(r#"{"functions":[{"name":"b","full_name":"main.tools.b"}]}"#));
    network.push(Reply::json(r#"{"full_name":"main.tools.a"}"#));
    network.push(Reply::json(r#"{"full_name":"main.tools.b"}"#));
    let toolkit = network
        .run(UcFunctionToolkit::load(&client(&network), options(&["main.tools.*", "main.tools.a"])))
        .unwrap()
        .unwrap();
    let names: Vec<&str> = toolkit.functions().iter().map(UcFunction::full_name).collect();
    assert_eq!(names, ["main.tools.a", "main.tools.b"]);
    assert!(network.requests()[0].url.ends_with("/functions?catalog_name=main&schema_name=tools&max_results=100"));
    assert_eq!(network.requests().len(), 4);
    assert_eq!(toolkit.tools().unwrap()[1].name(), "main__tools__b");
}

#[test]
fn functions_one_may_not_use_are_an_error_or_left_out() {
    let forbidden = || Reply::status(403).bytes(r#"{"error_code":"PERMISSION_DENIED","message":"no"}"#);
    let network = Scripted::new();
    let client = client(&network);
    network.push(forbidden());
    let load = UcFunctionToolkit::load(&client, options(&["a.b.c"]));
    assert_eq!(network.run(load).unwrap().unwrap_err().kind(), ErrorKind::PermissionDenied);
    network.push(forbidden());
    network.push(Reply::json(r#"{"full_name":"a.b.d"}"#));
    let chosen = options(&["a.b.c", "a.b.d"]).filter_accessible_functions();
    let toolkit = network.run(UcFunctionToolkit::load(&client, chosen)).unwrap().unwrap();
    assert_eq!(toolkit.functions().len(), 1);
    let load = UcFunctionToolkit::load(&client, options(&["add_tax"]));
    assert_eq!(network.run(load).unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
}

fn loaded(network: &Scripted) -> UcFunctionToolkit {
    network.push(Reply::json(&add_tax().to_string()));
    network.run(UcFunctionToolkit::load(&client(network), options(&["main.tools.f"]))).unwrap().unwrap()
}

#[test]
fn a_function_runs_is_polled_and_gives_its_result() {
    let network = Scripted::new();
    let toolkit = loaded(&network);
    for state in ["PENDING", "RUNNING", "RUNNING"] {
        network.push(Reply::json(&json!({"statement_id": "st1", "status": {"state": state}}).to_string()));
    }
    network.push(Reply::json(&succeeded(json!([{"name": "x"}]), json!([["12.6"]]), false).to_string()));
    let result = network.run(toolkit.execute("main.tools.f", r#"{"net":10.5}"#)).unwrap().unwrap();
    assert_eq!((result.value.as_deref(), result.truncated, result.error), (Some("12.6"), Some(false), None));
    assert_eq!(network.now().as_secs(), 1 + 2 + 4);
    assert_eq!(
        body(&network, 1),
        json!({"statement": "SELECT IDENTIFIER(:function_name)(:net)", "warehouse_id": "wh-1",
            "parameters": [{"name": "function_name", "value": "main.tools.f"}, {"name": "net", "value": 10.5, "type": "double"}],
            "wait_timeout": "30s", "row_limit": 100, "byte_limit": 1_048_576})
    );
}

#[test]
fn a_statement_that_takes_too_long_is_told_to_stop() {
    let network = Scripted::new();
    let toolkit = loaded(&network);
    network.always(Reply::json(r#"{"statement_id":"st1","status":{"state":"RUNNING"}}"#));
    let result = network.run(toolkit.execute("main.tools.f", r#"{"net":1}"#)).unwrap().unwrap();
    assert!(result.error.unwrap().contains("still running after 120 seconds"));
    assert!(network.requests().last().unwrap().url.ends_with("/st1/cancel"));
    assert_eq!(network.now().as_secs(), 120);
}

#[test]
fn n4_a_submit_whose_fate_is_open_is_not_sent_again() {
    let network = Scripted::new();
    let toolkit = loaded(&network);
    network.push(Reply::failure(ErrorKind::Connect, true));
    let error = network.run(toolkit.execute("main.tools.f", r#"{"net":1}"#)).unwrap().unwrap_err();
    assert!(error.maybe_processed());
    assert!(error.to_string().contains("the statement may be running"), "{error}");
    assert_eq!(network.requests().len(), 2);
}

#[test]
fn n1_looks_that_fail_in_passing_are_borne_and_the_statement_is_stopped_when_they_go_on() {
    let running = || Reply::json(r#"{"statement_id":"st1","status":{"state":"RUNNING"}}"#);
    let once = |network: &Scripted| {
        loaded(network).with_options(CallOptions { max_attempts: Some(1), ..CallOptions::default() })
    };
    let network = Scripted::new();
    let toolkit = once(&network);
    network.push(running());
    for reply in [Reply::status(503), Reply::failure(ErrorKind::Connect, true), running(), Reply::status(503)] {
        network.push(reply);
    }
    network.push(Reply::json(&succeeded(json!([{"name": "x"}]), json!([["1"]]), false).to_string()));
    let result = network.run(toolkit.execute("main.tools.f", r#"{"net":1}"#)).unwrap().unwrap();
    assert_eq!(result.value.as_deref(), Some("1"));

    let network = Scripted::new();
    let toolkit = once(&network);
    network.push(running());
    network.always(Reply::status(503));
    let error = network.run(toolkit.execute("main.tools.f", r#"{"net":1}"#)).unwrap().unwrap_err();
    assert_eq!(error.status(), Some(503));
    let requests = network.requests();
    assert_eq!(requests.iter().filter(|request| request.url.ends_with("/st1")).count(), 6);
    assert!(requests.last().unwrap().url.ends_with("/st1/cancel"));
}

#[test]
fn n5_a_statement_nobody_waits_for_is_stopped_even_while_it_is_sent() {
    use std::future::Future as _;
    use std::task::{Context, Waker};
    // a runtime that goes on: what is spawned runs to its end here
    #[derive(Debug)]
    struct Runtime(Scripted);
    impl Transport for Runtime {
        fn send(&self, request: HttpRequest) -> BoxFuture<'static, crate::error::Result<Response>> {
            self.0.send(request)
        }
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            self.0.sleep(duration)
        }
        fn now(&self) -> Duration {
            self.0.now()
        }
        fn wall_clock(&self) -> Duration {
            self.0.wall_clock()
        }
        fn random(&self) -> f64 {
            self.0.random()
        }
        fn spawn(&self, future: BoxFuture<'static, ()>) -> bool {
            self.0.run(future).is_some()
        }
    }
    for delay in [0, 20] {
        let network = Scripted::new();
        network.push(Reply::json(&add_tax().to_string()));
        let config = Config::new("https://x.example").unwrap();
        let client =
            WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(Runtime(network.clone())))
                .unwrap();
        let toolkit = network.run(UcFunctionToolkit::load(&client, options(&["main.tools.f"]))).unwrap().unwrap();
        let sent = Reply::json(r#"{"statement_id":"st1","status":{"state":"RUNNING"}}"#);
        network.push(sent.after(Duration::from_secs(delay)));
        network.always(Reply::json("{}"));
        let mut running = Box::pin(toolkit.execute("main.tools.f", r#"{"net":1}"#));
        assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(network.requests().len(), 2);
        drop(running);
        assert!(network.requests().last().unwrap().url.ends_with("/st1/cancel"), "{delay}");
        assert_eq!(network.requests().len(), 3);
    }
}

#[test]
fn the_tools_run_in_a_chat_and_errors_are_told_to_the_model() {
    let network = Scripted::new();
    let toolkit = loaded(&network);
    let asks = |arguments: &str| {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "main__tools__f", "arguments": arguments}});
        Reply::json(
            &json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": null, "tool_calls": [call]}}]})
                .to_string(),
        )
    };
    network.push(asks(r#"{"gross":1}"#));
    network.push(asks(r#"{"net":100}"#));
    network.push(Reply::json(&succeeded(json!([{"name": "x"}]), json!([["120.0"]]), false).to_string()));
    network.push(Reply::json(r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"120"}}]}"#));
    let tools = toolkit.tools().unwrap();
    let chat = client(&network).chat("c");
    let run = network.run(chat.run_tools("With tax?", &tools, ToolLimits::default())).unwrap().unwrap();
    assert_eq!((run.answer.text(), run.steps), ("120".into(), 3));
    let told = |at: usize| parse(&run.messages[at])["content"].as_str().unwrap().to_owned();
    assert!(told(2).contains("Parameter net is required"), "{}", told(2));
    assert_eq!(parse(&told(4)), json!({"format": "SCALAR", "value": "120.0", "truncated": false}));
    let offered = &body(&network, 1)["tools"][0]["function"];
    assert_eq!((&offered["name"], &offered["description"]), (&json!("main__tools__f"), &json!("Does it")));
}
