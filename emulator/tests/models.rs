//! Completions, custom models and the driver proxy.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use lakewire_emulator::loopback::Loopback;
use lakewire_emulator::upstream::Upstream;
use lakewire_emulator::{Config, cli};
use serde_json::{Value, json};
use support::{Answer, Server, start, start_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TEXT: &str = "/serving-endpoints/text-completions/invocations";
const DOLLY: &str = "/serving-endpoints/dolly-v2-12b/invocations";
const BEARER: &str = "authorization: Bearer dapi-emulator\r\n";

fn texts(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| choice["text"].as_str().unwrap().to_owned())
        .collect()
}

fn refused(answer: &Answer, code: &str) -> String {
    assert_eq!((answer.status, answer.json()["error_code"].as_str().unwrap()), (400, code), "{}", answer.text());
    answer.json()["message"].as_str().unwrap().to_owned()
}

async fn own(server: &Server, name: &str) -> String {
    let body = json!({"name": name, "config": {"served_entities": [{"entity_name": "main.models.own", "entity_version": "1"}]}});
    assert_eq!(server.post("/api/2.0/serving-endpoints", &body).await.status, 200);
    server.get(&format!("/api/2.0/serving-endpoints/{name}")).await;
    format!("/serving-endpoints/{name}/invocations")
}

#[tokio::test]
async fn completions_whole() {
    let server = start().await;
    let answer = server.post(TEXT, &json!({"prompt": "Say pong"})).await;
    let body = answer.json();
    assert_eq!(texts(&answer), ["pong"]);
    assert_eq!((&body["object"], &body["choices"][0]["finish_reason"]), (&json!("text_completion"), &json!("stop")));
    let usage = &body["usage"];
    assert_eq!(usage["total_tokens"].as_u64().unwrap(), usage["prompt_tokens"].as_u64().unwrap() + 1);
    // one choice for each prompt, times n, with a running index
    let several = server.post(TEXT, &json!({"prompt": ["Say ping", "Say pong"], "n": 2})).await;
    assert_eq!(texts(&several), ["ping", "ping", "pong", "pong"]);
    let indices: Vec<u64> =
        several.json()["choices"].as_array().unwrap().iter().map(|c| c["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 1, 2, 3]);
    assert_eq!(
        texts(&server.post(TEXT, &json!({"prompt": "Say pong", "echo": true, "suffix": "!"})).await),
        ["Say pongpong!"]
    );
    assert_eq!(
        texts(&server.post(TEXT, &json!({"prompt": "Say one two three", "stop": [" three"]})).await),
        ["one two"]
    );
    let short = server.post(TEXT, &json!({"prompt": "Say one two three", "max_tokens": 1})).await;
    assert_eq!(
        (texts(&short), &short.json()["choices"][0]["finish_reason"]),
        (vec!["one".to_owned()], &json!("length"))
    );
}

#[tokio::test]
async fn completions_by_the_openai_form() {
    let server = start().await;
    let path = "/serving-endpoints/completions";
    assert_eq!(texts(&server.post(path, &json!({"model": "text-completions", "prompt": "Say pong"})).await), ["pong"]);
    refused(&server.post(path, &json!({"prompt": "x"})).await, "INVALID_PARAMETER_VALUE");
    let chat = server.post(path, &json!({"model": "team-chat", "prompt": "x"})).await;
    assert!(refused(&chat, "BAD_REQUEST").contains("llm/v1/chat"));
    assert_eq!(server.post(path, &json!({"model": "nope", "prompt": "x"})).await.status, 404);
}

#[tokio::test]
async fn completions_streamed() {
    let server = start().await;
    let body =
        json!({"prompt": ["Say one two three", "Say pong"], "stream": true, "stream_options": {"include_usage": true}});
    let answer = server.post(TEXT, &body).await;
    assert_eq!(answer.header("content-type").unwrap(), "text/event-stream");
    let chunks = answer.chunk_values();
    let text_of = |index: u64| -> String {
        let pieces =
            chunks.iter().filter_map(|chunk| chunk["choices"].get(0)).filter(|choice| choice["index"] == index);
        pieces.map(|choice| choice["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((text_of(0), text_of(1)), ("one two three".to_owned(), "pong".to_owned()));
    assert!(chunks.iter().all(|chunk| chunk["object"] == "text_completion"));
    let last = chunks.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(4)));
    let finished: Vec<&Value> = chunks
        .iter()
        .filter_map(|c| c["choices"].get(0))
        .map(|c| &c["finish_reason"])
        .filter(|f| !f.is_null())
        .collect();
    assert_eq!(finished, [&json!("stop"), &json!("stop")]);
    assert_eq!(answer.events().last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn completions_refuse() {
    let server = start().await;
    for body in [
        json!({}),
        json!({"prompt": []}),
        json!({"prompt": [1]}),
        json!({"prompt": "x", "n": 0}),
        json!({"prompt": "x", "temperature": 3}),
        json!({"prompt": "x", "error_behavior": "ignore"}),
        json!({"prompt": "x", "echo": "yes"}),
        json!({"prompt": "x", "suffix": 1}),
    ] {
        refused(&server.post(TEXT, &body).await, "INVALID_PARAMETER_VALUE");
    }
}

#[tokio::test]
async fn completions_come_from_the_upstream() {
    let model = start().await;
    let url = format!("http://{}/serving-endpoints", model.address);
    let upstream = Upstream::new(&url, Some("text-completions".to_owned()), Some("dapi-emulator".to_owned())).unwrap();
    let front = start_with(Config { upstream: Some(upstream), ..Config::default() }).await;
    assert_eq!(texts(&front.post(TEXT, &json!({"prompt": "Say pong"})).await), ["pong"]);
    let stream = front.post(TEXT, &json!({"prompt": "Say pong", "stream": true})).await;
    let said: String = stream.chunk_values().iter().filter_map(|c| c["choices"][0]["text"].as_str()).collect();
    assert_eq!((said.as_str(), stream.events().last().unwrap().as_str()), ("pong", "[DONE]"));
    assert_eq!(model.get("/_emulator/history").await.json()["operations"][0]["path"], "/serving-endpoints/completions");
}

#[tokio::test]
async fn a_custom_model_takes_every_form() {
    let server = start().await;
    let pong = json!({"predictions": ["pong"]});
    for body in [
        json!({"dataframe_records": [{"prompt": "Say pong"}]}),
        json!({"dataframe_split": {"columns": ["prompt"], "data": [["Say pong"]], "index": [7]}}),
        json!({"instances": [{"prompt": "Say pong"}]}),
        json!({"inputs": [{"prompt": "Say pong", "extra": 1}]}),
        json!({"inputs": {"prompt": ["Say pong"]}}),
        json!({"inputs": {"prompt": "Say pong"}, "params": {"temperature": 0}}),
    ] {
        let answer = server.post(DOLLY, &body).await;
        assert_eq!((answer.status, answer.json()), (200, pong.clone()), "{body}");
        assert_eq!(answer.header("x-lakewire-answered-by").unwrap(), "stand-in");
    }
    let stopped =
        json!({"dataframe_records": [{"prompt": "Say one two three", "stop": [" three"]}, {"prompt": "Say pong"}]});
    assert_eq!(server.post(DOLLY, &stopped).await.json(), json!({"predictions": ["one two", "pong"]}));
    // the unified form is answered without a wrapper
    assert_eq!(server.post(DOLLY, &json!({"prompt": "Say pong"})).await.json(), json!(["pong"]));
    let csv = server
        .raw("POST", DOLLY, &format!("{BEARER}content-type: text/csv\r\n"), "prompt\n\"Say \"\"a, b\"\"\"\nSay pong\n")
        .await;
    let csv = csv.unwrap().json();
    assert_eq!((csv["predictions"].as_array().unwrap().len(), &csv["predictions"][1]), (2, &json!("pong")));
}

#[tokio::test]
async fn a_custom_model_without_a_signature_gives_a_bare_value() {
    let server = start().await;
    let path = own(&server, "own").await;
    assert_eq!(
        server.post(&path, &json!({"inputs": {"prompt": "Say pong"}})).await.json(),
        json!({"predictions": "pong"})
    );
    assert_eq!(server.post(&path, &json!({"prompt": "Say pong"})).await.json(), json!("pong"));
    let chat = server.post(&path, &json!({"messages": [{"role": "user", "content": "Say pong"}]})).await.json();
    assert_eq!(chat["choices"][0]["message"]["content"], "pong");
    // what is no prompt is not answered as if the model had run
    let row = server.post(&path, &json!({"dataframe_records": [{"a": 1, "b": 2}]})).await.json();
    let said = row["predictions"][0].as_str().unwrap();
    assert!(said.contains("does not run the model") && said.contains("a, b"), "{said}");
}

#[tokio::test]
async fn a_custom_model_refuses() {
    let server = start().await;
    let one_of = "exactly one of the input fields";
    for (body, part) in [
        (json!({}), one_of),
        (json!({"x": 1}), "input fields: []"),
        (json!({"inputs": [1], "instances": [1]}), one_of),
        (json!(["Say pong"]), "Received a list"),
        (json!({"dataframe_split": [{"columns": ["prompt"], "data": [["x"]]}]}), "must be a dictionary"),
        (json!({"dataframe_split": {"columns": ["a", "b"], "data": [["x"]]}}), "2 columns"),
        (json!({"dataframe_records": {"prompt": "x"}}), "must be a list of records"),
    ] {
        let message = refused(&server.post(DOLLY, &body).await, "BAD_REQUEST");
        assert!(message.contains(part), "{message} / {part}");
    }
    let missing = server.post(DOLLY, &json!({"dataframe_records": [{"question": "x"}]})).await;
    assert!(refused(&missing, "INVALID_PARAMETER_VALUE").contains("missing inputs ['prompt']"));
    let scalar = server.post(DOLLY, &json!({"inputs": ["x"]})).await;
    assert!(refused(&scalar, "INVALID_PARAMETER_VALUE").contains("extra inputs: [0]"));
    assert_eq!(missing.json()["error_class"], "SCHEMA_ENFORCEMENT_FAILED");
    let typed = async |kind: &str| {
        server
            .raw("POST", DOLLY, &format!("{BEARER}content-type: {kind}\r\n"), "{\"inputs\":{\"prompt\":\"x\"}}")
            .await
            .unwrap()
    };
    assert_eq!(typed("application/json; charset=utf-8").await.status, 200);
    for kind in ["application/xml", "application/json; format=pandas-split"] {
        let answer = typed(kind).await;
        assert_eq!(
            (answer.status, answer.header("content-type").unwrap().as_str()),
            (415, "text/plain; charset=utf-8"),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_custom_model_takes_sixteen_megabytes() {
    let server = start().await;
    let long = json!({"prompt": format!("Say pong. {}", "x".repeat(5 * 1024 * 1024))});
    assert_eq!(server.post(DOLLY, &long).await.status, 200);
    assert_eq!(server.post(TEXT, &json!({"prompt": "x".repeat(5 * 1024 * 1024)})).await.status, 413);
    assert_eq!(
        server.post(TEXT, &json!({"prompt": format!("Say pong. {}", "x".repeat(3 * 1024 * 1024))})).await.status,
        200
    );
}

/// A server that answers every request with the request's own head and body, until the test ends.
async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let mut buffer = [0_u8; 4096];
                loop {
                    let read = connection.read(&mut buffer).await.unwrap_or(0);
                    seen.extend_from_slice(&buffer[..read]);
                    let text = String::from_utf8_lossy(&seen).to_lowercase();
                    let length = text
                        .lines()
                        .find_map(|line| line.strip_prefix("content-length: "))
                        .map_or(0, |n| n.trim().parse().unwrap());
                    let whole = text.find("\r\n\r\n").is_some_and(|end| seen.len() >= end + 4 + length);
                    if whole || read == 0 {
                        break;
                    }
                }
                let status = if seen.starts_with(b"POST /refuse") { "422 Unprocessable Entity" } else { "200 OK" };
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nx-app: own\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    seen.len()
                );
                let _ = connection.write_all(head.as_bytes()).await;
                let _ = connection.write_all(&seen).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn the_driver_proxy_passes_requests_to_allowed_apps() {
    let port = echo().await;
    let server =
        start_with(Config { driver_proxy: vec![("1120-090000-abcd1234".to_owned(), port)], ..Config::default() }).await;
    let base = format!("/driver-proxy-api/o/0/1120-090000-abcd1234/{port}");
    let seen = server.post(&base, &json!({"prompt": "x"})).await;
    assert_eq!((seen.status, seen.header("x-app").unwrap().as_str()), (200, "own"));
    assert!(
        seen.text().starts_with("POST / HTTP/1.1\r\n") && seen.text().ends_with("{\"prompt\":\"x\"}"),
        "{}",
        seen.text()
    );
    assert!(!seen.text().contains("dapi-emulator") && !seen.text().to_lowercase().contains("authorization"));
    let named = "keep-alive: 5\r\nconnection: X-Hop, close\r\nx-hop: 1\r\nx-end: 2\r\nx-forwarded-access-token: hush\r\nx-databricks-azure-sp-management-token: hush\r\n";
    let seen = server.raw("POST", &base, &format!("{BEARER}{named}"), "{}").await.unwrap().text().to_lowercase();
    assert!(seen.contains("x-end: 2\r\n"), "{seen}");
    for gone in ["hush", "x-hop", "keep-alive"] {
        assert!(!seen.contains(gone), "{gone}: {seen}");
    }
    let below = server.send("PUT", &format!("{base}//v1/a%2Fb?x=1&y=%20"), &json!(1)).await;
    assert!(below.text().starts_with("PUT //v1/a%2Fb?x=1&y=%20 HTTP/1.1\r\n"), "{}", below.text());
    assert_eq!(server.post(&format!("{base}/refuse"), &json!({})).await.status, 422);
    let none = server.raw("POST", &base, "", "{}").await.unwrap();
    assert_eq!((none.status, &none.json()["error_code"]), (403, &json!("PERMISSION_DENIED")));
}

#[tokio::test]
async fn the_driver_proxy_reaches_nothing_else() {
    let port = echo().await;
    // bound and let go: nothing listens there now
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let server = start_with(Config { driver_proxy: vec![("c".to_owned(), gone)], ..Config::default() }).await;
    for path in [format!("c/{port}"), format!("other/{gone}"), format!("c/{gone}/sub")] {
        let answer = server.post(&format!("/driver-proxy-api/o/0/{path}"), &json!({})).await;
        assert_eq!((answer.status, answer.header("content-type").unwrap().as_str()), (502, "text/plain"), "{path}");
    }
    assert_eq!(server.post("/driver-proxy-api/o/0/c/http", &json!({})).await.status, 404);
}

#[tokio::test]
async fn a_real_scoring_server_answers_behind_custom() {
    let port = echo().await;
    let custom = vec![("scored".to_owned(), Loopback::new(&format!("http://127.0.0.1:{port}")).unwrap())];
    let server = start_with(Config { custom, ..Config::default() }).await;
    let path = "/serving-endpoints/scored/invocations";
    let seen = server
        .raw("POST", path, &format!("{BEARER}content-type: application/json\r\n"), "{\"inputs\": 1.50}")
        .await
        .unwrap();
    assert!(
        seen.text().starts_with("POST /invocations HTTP/1.1\r\n") && seen.text().ends_with("{\"inputs\": 1.50}"),
        "{}",
        seen.text()
    );
    assert!(!seen.text().contains("dapi-emulator"));
    assert_eq!(seen.header("served-model-name").unwrap(), "scored");
    let shown = server.get("/api/2.0/serving-endpoints/scored").await.json();
    assert_eq!(
        (shown.get("task"), shown.get("endpoint_type"), &shown["state"]["ready"]),
        (None, None, &json!("READY"))
    );
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let custom = vec![("scored".to_owned(), Loopback::at_port(gone).unwrap())];
    let server = start_with(Config { custom, ..Config::default() }).await;
    assert_eq!(server.post(path, &json!({"inputs": 1})).await.status, 503);
}

#[test]
fn the_help_names_every_option() {
    for option in ["--data", "--custom", "--driver-proxy", "--endpoint-delay-ms", "--token-ttl-s"] {
        assert!(cli::HELP.contains(option), "{option}");
    }
}
