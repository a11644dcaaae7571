//! The rows of the fault matrix that the decision itself answers.

mod fuzz;
mod inside;

use super::*;
use crate::error::Error;
use serde_json::Value;

const APP: &str = "https://app.example.com";

fn builder() -> RelayPolicyBuilder {
    RelayPolicy::builder("https://ws.cloud.databricks.com")
        .origin(APP)
        .authorized()
        .chat(["claude"])
        .completions(["writer"])
        .embeddings(["gte"])
        .responses(["agent"])
        .models(["custom"])
        .indexes(["main.docs.manual"])
        .columns("main.docs.manual", ["id", "text"])
        .warehouse("w1")
        .statement(
            NamedStatement::new("top", "SELECT * FROM nations WHERE population > :least AND name = :name")
                .parameter("least", "BIGINT")
                .parameter("name", "STRING"),
        )
}

fn policy() -> RelayPolicy {
    builder().build().unwrap()
}

const HEADERS: &[(&str, &str)] = &[("origin", APP), ("content-type", "application/json"), ("x-lakewire-relay", "1")];
const INVOKE: &str = "/api/lakewire/serving-endpoints/claude/invocations";

fn ask<'a>(method: &'a str, target: &'a str, headers: &'a [(&'a str, &'a str)]) -> RawRequest<'a> {
    RawRequest { method, target, headers, own_origin: None }
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = HEADERS.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.copied().chain(more.iter().copied().filter(|(_, value)| *value != "(none)")).collect()
}

/// The refusal's status, or 0 when it is none.
fn status(policy: &RelayPolicy, request: &RawRequest<'_>) -> u16 {
    match policy.admit(request) {
        Decision::Refuse(refusal) => {
            let again = policy.upstream(request, br#"{"messages":[]}"#);
            assert_eq!(again.as_ref().err(), Some(&refusal), "both looks agree");
            refusal.status
        }
        _ => 0,
    }
}

fn sent(policy: &RelayPolicy, target: &str, body: &str) -> Result<Value, String> {
    let target = ["/api/lakewire", target].concat();
    match policy.upstream(&ask("POST", &target, HEADERS), body.as_bytes()) {
        Ok(upstream) => Ok(serde_json::from_str(&upstream.body.unwrap()).unwrap()),
        Err(refusal) => {
            let said: Value = serde_json::from_str(&refusal.body).unwrap();
            Err(format!("{} {}", refusal.status, said["message"].as_str().unwrap()))
        }
    }
}

fn chat(body: &str) -> Result<Value, String> {
    sent(&policy(), "/serving-endpoints/claude/invocations", body)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn p1_only_an_exact_origin_is_let_in() {
    let policy = policy();
    for origin in [
        "(none)",
        "null",
        "",
        "https://other.example.com",
        "https://app.example.com.evil",
        "https://evil-app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com:443",
        "http://app.example.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app.example.com, https://evil",
        "https://appXexample.com",
        "*",
    ] {
        assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("origin", origin)]))), 403, "{origin}");
    }
    assert_eq!(status(&policy, &ask("POST", INVOKE, HEADERS)), 0);
    let twice = [&[("origin", "https://evil")], HEADERS].concat();
    assert_eq!(status(&policy, &ask("POST", INVOKE, &twice)), 400);
}

#[test]
fn p1_the_relays_own_origin_is_let_in_when_the_policy_says_so() {
    let policy = builder().same_origin().build().unwrap();
    let own = |origin: &'static str, own_origin, site| {
        let headers = with(&[("origin", origin), ("sec-fetch-site", site)]);
        status(&policy, &RawRequest { method: "POST", target: INVOKE, headers: &headers, own_origin })
    };
    assert_eq!(own("https://self.example", Some("https://self.example"), "same-origin"), 0);
    assert_eq!(own("https://self.example", Some("https://self.example"), "(none)"), 0);
    assert_eq!(own("https://self.example", Some("https://self.example"), "cross-site"), 403);
    assert_eq!(own("https://self.example", None, "same-origin"), 403);
    assert_eq!(own("null", Some("null"), "same-origin"), 403);
    assert_eq!(own("(none)", None, "same-origin"), 0);
    assert_eq!(own("(none)", None, "(none)"), 403);
    assert_eq!(own("(none)", None, "same-site"), 403);
}

#[test]
fn p2_a_preflight_names_the_exact_origin_or_nobody() {
    let asks =
        |origin| with(&[("origin", origin), ("access-control-request-method", "POST"), ("content-type", "(none)")]);
    let Decision::Preflight(answer) = policy().admit(&ask("OPTIONS", INVOKE, &asks(APP))) else {
        panic!("no preflight")
    };
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(header(&answer.headers, "access-control-allow-origin"), Some(APP));
    assert!(header(&answer.headers, "vary").unwrap().starts_with("origin"));
    assert_eq!(header(&answer.headers, "access-control-allow-credentials"), None);
    assert!(answer.headers.iter().all(|(_, value)| value != "*"));
    let Decision::Refuse(other) = policy().admit(&ask("OPTIONS", INVOKE, &asks("https://evil.example"))) else {
        panic!("let in")
    };
    assert_eq!(other.status, 403);
    assert!(other.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
    let with_cookies = builder().with_credentials().build().unwrap();
    let Decision::Preflight(answer) = with_cookies.admit(&ask("OPTIONS", INVOKE, &asks(APP))) else {
        panic!("no preflight")
    };
    assert_eq!(header(&answer.headers, "access-control-allow-credentials"), Some("true"));
    assert_eq!(header(&answer.headers, "access-control-allow-origin"), Some(APP));
    // what no browser asks
    let strange = with(&[("access-control-request-method", "TRACE")]);
    assert_eq!(status(&policy(), &ask("OPTIONS", INVOKE, &strange)), 405);
}

#[test]
fn p3_forms_and_images_send_nothing() {
    let policy = policy();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "(none)",
        "application/jsonp",
        "text/plain; application/json",
        "application/json; x=y",
    ] {
        assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("content-type", kind)]))), 415, "{kind}");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("content-type", kind)]))), 0, "{kind}");
    }
    assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("x-lakewire-relay", "(none)")]))), 403);
    let image = with(&[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]);
    let target = "/api/lakewire/api/2.0/vector-search/indexes/main.docs.manual";
    assert_eq!(status(&policy, &ask("GET", target, &image)), 403);
    assert_eq!(status(&policy, &ask("GET", target, HEADERS)), 0);
}

#[test]
fn p4_what_comes_cross_site_without_an_allowed_origin_is_refused() {
    let policy = builder().same_origin().build().unwrap();
    for site in ["cross-site", "same-site", "none", "x"] {
        let headers = with(&[("origin", "(none)"), ("sec-fetch-site", site)]);
        assert_eq!(status(&policy, &ask("POST", INVOKE, &headers)), 403, "{site}");
    }
    // a named origin is another site by its nature
    let named = with(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]);
    assert_eq!(status(&policy, &ask("POST", INVOKE, &named)), 0);
}

#[test]
fn p5_a_cookie_of_a_login_has_the_strict_form_alone() {
    for name in ["session", "__Host-session"] {
        let cookie = session_cookie(name, "a.b-c", 60).unwrap();
        assert_eq!(cookie, "__Host-session=a.b-c; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60");
    }
    for (name, value) in [
        ("", "v"),
        ("a b", "v"),
        ("a=b", "v"),
        ("s", "x; Domain=evil"),
        ("s", "x\r\nset-cookie: y"),
        ("s", "ü"),
        ("s", "\"x\""),
    ] {
        let error = session_cookie(name, value, 1).unwrap_err();
        assert!(!error.message().contains("evil"), "{error}");
    }
    assert!(session_cookie("s", &"x".repeat(4_096), 1).is_err());
}

#[test]
fn p6_only_listed_headers_go_upstream() {
    let more = [
        ("authorization", "Bearer CANARY"),
        ("cookie", "CANARY"),
        ("x-databricks-workspace-id", "CANARY"),
        ("x-forwarded-for", "CANARY"),
        ("x-forwarded-host", "CANARY"),
        ("host", "CANARY.example"),
        ("x-http-method-override", "DELETE"),
        ("accept", "text/html"),
        ("x-request-id", "page-1"),
        ("x-app", "blue"),
    ];
    let headers = with(&more);
    let request = ask("POST", INVOKE, &headers);
    let upstream = policy().upstream(&request, br#"{"messages":[]}"#).unwrap();
    let names: Vec<_> = upstream.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "content-type", "x-request-id"]);
    assert!(!format!("{upstream:?} {request:?}").contains("CANARY"));
    // an app's own header, named by the policy
    let upstream =
        builder().request_header("x-app").build().unwrap().upstream(&request, br#"{"messages":[]}"#).unwrap();
    assert_eq!(header(&upstream.headers, "x-app"), Some("blue"));
    for never in [
        "authorization",
        "Cookie",
        "x-databricks-org-id",
        "x-forwarded-for",
        "host",
        "content-length",
        "proxy-authorization",
        "x y",
        "",
    ] {
        assert!(builder().request_header(never).build().is_err(), "{never}");
    }
    // an id that is none of ours to pass on
    let headers = with(&[("x-request-id", "a b\u{1b}")]);
    assert_eq!(status(&policy(), &ask("POST", INVOKE, &headers)), 400);
    let long = "x".repeat(65);
    let headers = with(&[("x-request-id", &long)]);
    let upstream = policy().upstream(&ask("POST", INVOKE, &headers), br#"{"messages":[]}"#).unwrap();
    assert_eq!(header(&upstream.headers, "x-request-id"), None);
}

#[test]
fn p7_only_listed_headers_come_back() {
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("set-cookie", "CANARY"),
        ("www-authenticate", "CANARY"),
        ("server", "CANARY"),
        ("location", "CANARY"),
        ("x-databricks-org-id", "CANARY"),
        ("content-length", "12"),
        ("content-encoding", "gzip"),
        ("x-request-id", "ws-1"),
        ("served-model-name", "claude-1"),
    ];
    let route = Route::parse("invoke").unwrap();
    let head = policy().answer(route, 200, &headers);
    assert_eq!((head.status, head.body), (200, AnswerBody::Pass));
    let mut names: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "content-type", "served-model-name", "x-content-type-options", "x-request-id"]);
    assert!(!format!("{head:?}").contains("CANARY"));
    let page = policy().answer(route, 200, &[("content-type", "text/html")]);
    assert_eq!((page.status, page.body), (502, AnswerBody::Error));
    // a stream is none of the other routes' answers
    let stream = [("content-type", "text/event-stream")];
    assert_eq!(policy().answer(route, 200, &stream).body, AnswerBody::Stream);
    assert_eq!(policy().answer(Route::parse("runs.get").unwrap(), 200, &stream).body, AnswerBody::Error);
}

#[test]
fn p8_no_spelling_of_a_path_leads_elsewhere() {
    let policy = policy();
    let long = format!("/api/lakewire/serving-endpoints/{}/invocations", "a".repeat(16_384));
    for target in [
        "/api/lakewire/serving-endpoints/claude/../../api/2.0/secrets/get",
        "/api/lakewire/../serving-endpoints/claude/invocations",
        "/api/lakewire/serving-endpoints/%2e%2e/invocations",
        "/api/lakewire/serving-endpoints/.%2e/invocations",
        "/api/lakewire/serving-endpoints/%252e%252e/invocations",
        "/api/lakewire/serving-endpoints/..%2f/invocations",
        "/api/lakewire/serving-endpoints/..%5c/invocations",
        "/api/lakewire/serving-endpoints/\\..\\/invocations",
        "/api/lakewire/serving-endpoints/claude;/../invocations",
        "/api/lakewire//serving-endpoints/claude/invocations",
        "/api/lakewire/./serving-endpoints/claude/invocations",
        "/api/lakewire/serving-endpoints/claude/./invocations",
        "/api/lakewire/serving-endpoints/claude\0/invocations",
        "/api/lakewire/serving-endpoints/claude%00/invocations",
        "/api/lakewire/serving-endpoints/%c0%ae%c0%ae/invocations",
        "/api/lakewire/serving-endpoints/\u{ff0e}\u{ff0e}/invocations",
        "/api/lakewire/serving-endpoints/claude./invocations",
        "/api/lakewire/serving-endpoints/claude /invocations",
        "/api/lakewire/serving-endpoints/claude/invocations/",
        "/api/lakewire/serving-endpoints/claude/invocations.",
        "/api/lakewire/serving-endpoints/claude/invocations?",
        "/api/lakewire/serving-endpoints/claude/invocations?x=1",
        "/api/lakewire/serving-endpoints/%63laude/invocations",
        "/api/lakewire/serving-endpoints/CLAUDE/invocations",
        "/API/lakewire/serving-endpoints/claude/invocations",
        "/api/lakewire",
        "/api/lakewire/",
        "/api/lakewireX/serving-endpoints/claude/invocations",
        "",
        "/",
    ] {
        let expected = if target.ends_with('?') { 0 } else { 404 };
        assert_eq!(status(&policy, &ask("POST", target, HEADERS)), expected, "{target:?}");
    }
    assert_eq!(status(&policy, &ask("POST", &long, HEADERS)), 414);
    // even with an empty query the path is the route's own
    let upstream = policy.upstream(&ask("POST", &[INVOKE, "?"].concat(), HEADERS), br#"{"messages":[]}"#).unwrap();
    assert_eq!(upstream.path, "/serving-endpoints/claude/invocations");
}

#[test]
fn p9_the_host_comes_from_the_policy_alone() {
    let policy = policy();
    assert_eq!(policy.host(), "https://ws.cloud.databricks.com");
    for target in [
        "http://evil.example/api/lakewire/serving-endpoints/claude/invocations",
        "https://ws.cloud.databricks.com/api/lakewire/serving-endpoints/claude/invocations",
        "//evil.example/api/lakewire/serving-endpoints/claude/invocations",
        "/api/lakewire@evil.example/serving-endpoints/claude/invocations",
        "/api/lakewire/serving-endpoints/@evil.example/invocations",
        "/api/lakewire/serving-endpoints/claude#/invocations",
        "/api/lakewire/serving-endpoints/claude%3fx/invocations",
        "/api/lakewire/serving-endpoints/http:/invocations",
        "/api/lakewire/http://evil.example",
        "evil.example:443",
        "*",
    ] {
        assert_eq!(status(&policy, &ask("POST", target, HEADERS)), 404, "{target}");
    }
}

#[test]
fn p10_names_have_a_grammar() {
    let everything = RelayPolicy::from_json(
        r#"{"host":"https://ws.example.com","origins":["https://app.example.com"],"authorize":true,"allow":{"chat":true,"serving_endpoints":{"get":true}}}"#,
    )
    .unwrap();
    let long = "a".repeat(10_240);
    for name in [
        "../../2.0/secrets/get",
        "",
        "..",
        ".",
        "a..b",
        ".a",
        "a.",
        "é",
        "a b",
        "a%20b",
        "a/b",
        "a\\b",
        "a:b",
        "a@b",
        &long[..129],
    ] {
        let target = format!("/api/lakewire/serving-endpoints/{name}/invocations");
        assert_eq!(status(&everything, &ask("POST", &target, HEADERS)), 404, "{name}");
    }
    assert_eq!(
        status(&everything, &ask("POST", &format!("/api/lakewire/serving-endpoints/{long}/invocations"), HEADERS)),
        414
    );
    for name in ["a", "databricks-claude-3.7_x", "A.b-c"] {
        let target = format!("/api/lakewire/serving-endpoints/{name}/invocations");
        assert_eq!(status(&everything, &ask("POST", &target, HEADERS)), 0, "{name}");
    }
    for name in ["../x", "", "a b", "a."] {
        assert!(builder().chat([name]).build().is_err(), "{name}");
    }
}

#[test]
fn p11_a_method_is_one_of_the_routes() {
    let policy = policy();
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "CONNECT", "post", "Post", "POST ", "", "PROPFIND"]
    {
        let Decision::Refuse(refusal) = policy.admit(&ask(method, INVOKE, HEADERS)) else { panic!("{method} let in") };
        assert_eq!((refusal.status, header(&refusal.headers, "allow")), (405, Some("POST")), "{method}");
    }
    let overriding = with(&[("x-http-method-override", "POST"), ("x-method-override", "POST")]);
    assert_eq!(status(&policy, &ask("GET", INVOKE, &overriding)), 405);
}

#[test]
fn p12_what_is_not_allowed_does_not_exist() {
    let policy = policy();
    let unknown = policy.admit(&ask("GET", "/api/lakewire/no/such/thing", HEADERS));
    for target in [
        "/api/2.0/secrets/get",
        "/api/2.0/secrets/scopes/list",
        "/api/2.0/token/list",
        "/api/2.0/preview/scim/v2/Me",
        "/api/2.1/jobs/list",
        "/api/2.0/dbfs/list",
        "/api/2.0/workspace/list",
        "/api/2.0/serving-endpoints",
        "/api/2.0/serving-endpoints/claude",
        "/api/2.0/serving-endpoints/claude/openapi",
        "/api/2.0/sql/statements/01ef-aaaa",
        "/api/2.0/sql/warehouses",
        "/api/2.1/unity-catalog/tables?catalog_name=main&schema_name=docs",
        "/api/2.0/vector-search/indexes/main.docs.secret",
        "/api/2.0/mlflow/experiments/get?experiment_id=1",
        "/api/2.0/mlflow/runs/get?run_id=abc",
        "/oidc/v1/token",
    ] {
        let target = ["/api/lakewire", target].concat();
        assert_eq!(policy.admit(&ask("GET", &target, HEADERS)), unknown, "{target}");
    }
    let other = "/api/lakewire/serving-endpoints/other/invocations";
    assert_eq!(policy.admit(&ask("POST", other, HEADERS)), unknown);
}

#[test]
fn p13_nothing_inside_a_network_is_reached() {
    let everything = everything();
    for target in [
        "/driver-proxy-api/o/1/0123-456789-abcdefgh/22/ssh",
        "/driver-proxy/o/1/cluster/7777/",
        "/169.254.169.254/latest/meta-data",
        "/http://169.254.169.254/",
        "/127.0.0.1:8080/",
        "/[::ffff:127.0.0.1]/",
        "/2130706433/",
        "/localhost/",
        "/:8443/serving-endpoints/claude/invocations",
        "/api/2.0/external-function",
    ] {
        for method in ["GET", "POST"] {
            let target = ["/api/lakewire", target].concat();
            assert_eq!(status(&everything, &ask(method, &target, HEADERS)), 404, "{target}");
        }
    }
    for host in ["http://169.254.169.254", "http://10.0.0.1", "https://user@ws.example.com", "ftp://ws.example.com"] {
        assert!(RelayPolicy::builder(host).origin(APP).authorized().chat(["c"]).build().is_err(), "{host}");
    }
}

#[test]
fn p14_a_redirect_is_an_error_of_the_relay() {
    let route = Route::parse("invoke").unwrap();
    for status in [300, 301, 302, 303, 304, 307, 308, 100, 101, 0, 999] {
        let head = policy().answer(
            route,
            status,
            &[("location", "https://evil.example"), ("content-type", "application/json")],
        );
        assert_eq!((head.status, head.body), (502, AnswerBody::Error), "{status}");
        assert_eq!(header(&head.headers, "location"), None);
    }
}

#[test]
fn p15_signed_links_come_only_by_routes_that_may_have_them() {
    let links =
        r#"{"warehouse_id":"w1","statement":"SELECT 1","disposition":"EXTERNAL_LINKS","format":"ARROW_STREAM"}"#;
    let reading = builder().free_reading().build().unwrap();
    assert!(sent(&reading, "/api/2.0/sql/statements", links).unwrap_err().contains("`disposition`"));
    let linked = builder().free_reading().external_links().build().unwrap();
    assert_eq!(sent(&linked, "/api/2.0/sql/statements", links).unwrap()["disposition"], "EXTERNAL_LINKS");
    let target = "/api/lakewire/api/2.0/mlflow/traces/tr-1/credentials-for-data-download";
    assert_eq!(status(&builder().any_experiment().write_mlflow().build().unwrap(), &ask("GET", target, HEADERS)), 404);
    assert_eq!(status(&builder().any_experiment().mlflow_storage().build().unwrap(), &ask("GET", target, HEADERS)), 0);
}

#[test]
fn p16_p28_requests_that_could_be_read_in_two_ways_are_refused() {
    let policy = policy();
    for (more, expected) in [
        (&[("content-length", "2"), ("transfer-encoding", "chunked")][..], 400),
        (&[("content-length", "+5")], 400),
        (&[("content-length", "5, 5")], 400),
        (&[("content-length", "05")], 400),
        (&[("content-length", "-1")], 400),
        (&[("content-length", "")], 400),
        (&[("transfer-encoding", "xchunked")], 400),
        (&[("transfer-encoding", "chunked, identity")], 400),
        (&[("content_length", "5")], 400),
        (&[("transfer_encoding", "chunked")], 400),
        (&[("x-a", "b\r\nx-b: c")], 400),
        (&[("x-a", "b\0")], 400),
        (&[("x a", "b")], 400),
        (&[("x-a ", "b")], 400),
        (&[("", "b")], 400),
        (&[("X-A", "b")], 400),
        (&[("upgrade", "websocket"), ("connection", "Upgrade")], 400),
        (&[("connection", "Upgrade")], 400),
        (&[("connection", "keep-alive, x-lakewire-relay")], 400),
        (&[("upgrade", "h2c"), ("http2-settings", "AAMA")], 400),
        (&[("sec-websocket-key", "x")], 400),
        (&[("expect", "100-continue")], 417),
        (&[("content-encoding", "gzip")], 415),
        (&[("connection", "keep-alive"), ("content-length", "5")], 0),
        (&[("transfer-encoding", "chunked")], 0),
    ] {
        assert_eq!(status(&policy, &ask("POST", INVOKE, &with(more))), expected, "{more:?}");
    }
    let twice = [HEADERS, &[("content-length", "5"), ("content-length", "5")]].concat();
    assert_eq!(status(&policy, &ask("POST", INVOKE, &twice)), 400);
    let long = "x".repeat(20_000);
    assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("x-a", &long)]))), 431);
    let get = "/api/lakewire/api/2.0/vector-search/indexes/main.docs.manual";
    assert_eq!(status(&policy, &ask("GET", get, &with(&[("content-length", "5")]))), 400);
    assert_eq!(status(&policy, &ask("GET", get, &with(&[("content-length", "0")]))), 0);
}

#[test]
fn p17_a_body_over_the_limit_is_refused_before_and_after_it_came() {
    let policy = builder().limits(|limits| limits.body_bytes = 64).build().unwrap();
    assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("content-length", "65")]))), 413);
    assert_eq!(status(&policy, &ask("POST", INVOKE, &with(&[("content-length", "64")]))), 0);
    let body = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(64));
    assert_eq!(policy.upstream(&ask("POST", INVOKE, HEADERS), body.as_bytes()).unwrap_err().status, 413);
    let Decision::NeedsBody { max_bytes, .. } = policy.admit(&ask("POST", INVOKE, HEADERS)) else { panic!("no body") };
    assert_eq!(max_bytes, 64);
}

#[test]
fn p18_p21_a_cut_stream_ends_with_an_event_that_clients_know() {
    let policy = policy();
    for (word, code) in [
        ("upstream", "TEMPORARILY_UNAVAILABLE"),
        ("size", "RESOURCE_EXHAUSTED"),
        ("time", "DEADLINE_EXCEEDED"),
        ("idle", "DEADLINE_EXCEEDED"),
        ("?", "TEMPORARILY_UNAVAILABLE"),
    ] {
        let event = policy.cut_event(Cut::parse(word));
        let data = event.strip_prefix("\n\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        let error = crate::wire::failure::in_body(crate::wire::json::Raw::parse(data).unwrap()).unwrap();
        assert_eq!(error.error_code(), Some(code));
    }
}

#[test]
fn p24_shares_are_kept_apart_in_bounded_memory() {
    let mut limiter = RateLimiter::new(10, 1_000, 1_000).seeded(7);
    let allowed = |limiter: &mut RateLimiter, key: &str, now| limiter.take(key, now) == RateVerdict::Allowed;
    // one client at a hundred times its share
    let passed = (0..1_000).filter(|at| allowed(&mut limiter, "greedy", *at)).count();
    assert!((10..=20).contains(&passed), "{passed}");
    while allowed(&mut limiter, "greedy", 1_000) {}
    let RateVerdict::RetryAfter(wait) = limiter.take("greedy", 1_000) else { panic!("not limited") };
    assert!((1..=100).contains(&wait), "{wait}");
    assert!(allowed(&mut limiter, "greedy", 1_000 + wait));
    // a thousand clients, each within its share
    let mut limiter = RateLimiter::new(10, 1_000, 10_000);
    for client in 0..1_000 {
        assert!((0..10).all(|_| allowed(&mut limiter, &format!("client-{client}"), 0)), "{client}");
    }
    // a million keys: memory stays, and nobody gets a share back by them
    let before = limiter.bytes();
    let mut let_in = 0_u32;
    for key in 0..1_000_000_u32 {
        let_in += u32::from(allowed(&mut limiter, &key.to_string(), 0));
    }
    assert_eq!(limiter.bytes(), before);
    assert!(let_in <= 110_000, "{let_in}");
    assert!(!allowed(&mut limiter, "client-1", 0));
    assert!(allowed(&mut limiter, "client-1", 2_000));
    // a clock that goes back, or to its end, locks nobody out for good
    assert!(allowed(&mut limiter, "clock", u64::MAX));
    assert!((0..20).any(|at| allowed(&mut limiter, "clock", at * 1_000)));
    let refusal = policy().too_many(1_500, Some("id-1"));
    assert_eq!((refusal.status, header(&refusal.headers, "retry-after")), (429, Some("2")));
}

#[test]
fn p25_what_an_answer_costs_is_bounded() {
    assert_eq!(chat(r#"{"messages":[],"max_tokens":1000000000}"#).unwrap()["max_tokens"], 4096);
    assert_eq!(chat(r#"{"messages":[],"max_tokens":7}"#).unwrap()["max_tokens"], 7);
    assert_eq!(chat(r#"{"messages":[]}"#).unwrap()["max_tokens"], 4096);
    assert_eq!(chat(r#"{"messages":[],"max_tokens":null}"#).unwrap()["max_tokens"], 4096);
    let completion = chat(r#"{"messages":[],"max_completion_tokens":9000}"#).unwrap();
    assert_eq!((&completion["max_completion_tokens"], completion.get("max_tokens")), (&4096.into(), None));
    for body in [
        r#"{"messages":[],"max_tokens":1e9}"#,
        r#"{"messages":[],"max_tokens":0}"#,
        r#"{"messages":[],"max_tokens":-5}"#,
        r#"{"messages":[],"max_tokens":"9999999"}"#,
        r#"{"messages":[],"max_tokens":99999999999999999999999}"#,
        r#"{"messages":[],"max_tokens":[1]}"#,
        r#"{"messages":[],"n":128}"#,
        r#"{"messages":[],"n":2}"#,
        r#"{"messages":[],"n":1.5}"#,
        r#"{"messages":[],"thinking":{"type":"enabled","budget_tokens":100000}}"#,
        r#"{"messages":[],"thinking":true}"#,
        r#"{"messages":[],"tools":{"type":"function"}}"#,
        r#"{"messages":[],"tools":[{"type":"mcp","server_url":"http://evil"}]}"#,
        r#"{"messages":[],"tools":[{"function":{"name":"x"}}]}"#,
        r#"{"messages":{"0":1}}"#,
        r#"{"messages":[],"extra_params":{"max_tokens":"99999"}}"#,
        r#"{"messages":[],"stream":"true"}"#,
    ] {
        assert!(chat(body).unwrap_err().starts_with("400"), "{body}");
    }
    let tools = format!(
        r#"{{"messages":[],"tools":[{}]}}"#,
        vec![r#"{"type":"function","function":{"name":"f"}}"#; 10_000].join(",")
    );
    assert!(chat(&tools).unwrap_err().contains("more than 64"));
    let messages = format!(r#"{{"messages":[{}]}}"#, vec!["1"; 1_001].join(","));
    assert!(chat(&messages).unwrap_err().contains("more than 1000"));
    let prompt = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(4 << 20));
    assert!(chat(&prompt).unwrap_err().starts_with("413"));
    let policy = policy();
    let one = |target, body| sent(&policy, target, body);
    assert_eq!(one("/serving-endpoints/writer/invocations", r#"{"prompt":"x"}"#).unwrap()["max_tokens"], 4096);
    assert_eq!(
        one("/serving-endpoints/agent/invocations", r#"{"input":[],"max_output_tokens":5000}"#).unwrap()["max_output_tokens"],
        4096
    );
    assert!(one("/serving-endpoints/custom/invocations", r#"{"inputs":["x"],"params":{"max_tokens":5000}}"#).is_err());
    let many = format!(r#"{{"input":[{}]}}"#, vec!["\"x\""; 257].join(","));
    assert!(one("/serving-endpoints/gte/invocations", &many).unwrap_err().contains("more than 256"));
    let found =
        one("/api/2.0/vector-search/indexes/main.docs.manual/query", r#"{"columns":["id"],"num_results":10000}"#)
            .unwrap();
    assert_eq!(found["num_results"], 100);
}

#[test]
fn p26_what_was_checked_is_what_is_sent() {
    for body in [
        r#"{"messages":[],"model":"gpt-secret"}"#,
        r#"{"messages":[],"model":"claude","model":"gpt-secret"}"#,
        r#"{"messages":[],"max_tokens":5,"max_tokens":1000000}"#,
        r#"{"messages":[],"max_tokens":5,"max_\u0074okens":1000000}"#,
        r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#,
        r#"{"messages":[],"tools":[{"type":"function","type":"mcp"}]}"#,
        r#"{"messages":[],"unknown":1}"#,
        r#"{"messages":[]} {"messages":[]}"#,
        r#"[{"messages":[]}]"#,
        "{\"messages\":[],}",
        "\u{feff}{\"messages\":[]}",
        "",
        "null",
        r#"{"prompt":"x"}"#,
        r#"{"input":"x"}"#,
        r#"{"inputs":["x"]}"#,
    ] {
        assert!(chat(body).unwrap_err().starts_with("400"), "{body}");
    }
    let request = ask("POST", INVOKE, HEADERS);
    assert_eq!(policy().upstream(&request, b"{\"messages\":[\"\xff\"]}").unwrap_err().status, 400);
    // written anew: escapes, order, digits
    let body = r#" { "messages" : [ {"role":"us\u0065r","content":"\u00fc\/"} ] , "seed" : 12345678901234567890123, "temperature": 1.50, "model":"claude", "user":null } "#;
    let upstream = policy().upstream(&request, body.as_bytes()).unwrap();
    let expected = r#"{"messages":[{"role":"user","content":"ü/"}],"seed":12345678901234567890123,"temperature":1.50,"max_tokens":4096}"#;
    assert_eq!(upstream.body.as_deref(), Some(expected));
    // a warehouse smuggled in
    let reading = builder().free_reading().build().unwrap();
    let statement = |body| sent(&reading, "/api/2.0/sql/statements", body);
    assert!(statement(r#"{"warehouse_id":"other","statement":"SELECT 1"}"#).unwrap_err().starts_with("400"));
    assert!(
        statement(r#"{"warehouse_id":"w1","warehouse_id":"other","statement":"SELECT 1"}"#)
            .unwrap_err()
            .contains("twice")
    );
    // columns of an index
    let search = |body| sent(&policy(), "/api/2.0/vector-search/indexes/main.docs.manual/query", body);
    assert!(
        search(r#"{"columns":["id","text"],"filters_json":"{\"text LIKE\":\"x\"}","debug_level":0}"#)
            .unwrap()
            .get("debug_level")
            .is_none()
    );
    for body in [
        r#"{"columns":["salary"]}"#,
        r#"{"query_text":"x"}"#,
        r#"{"columns":["id"],"filters_json":"{\"salary >\":1}"}"#,
        r#"{"columns":["id"],"filters_json":"{\"id OR salary >\":[1,2]}"}"#,
        r#"{"columns":["id"],"filters_json":"{\"id\":1,\"id\":2,\"salary\":1}"}"#,
        r#"{"columns":["id"],"filter_string":"salary > 1"}"#,
        r#"{"columns":["id"],"sort_columns":["salary DESC"]}"#,
        r#"{"columns":["id"],"facets":["salary TOP 3"]}"#,
        r#"{"columns":["id"],"columns_to_rerank":["salary"]}"#,
        r#"{"columns":["id"],"reranker":{"model":"databricks_reranker","parameters":{"columns_to_rerank":["salary"]}}}"#,
        r#"{"columns":["id"],"reranker":{"model":"gpt-secret"}}"#,
        r#"{"columns":["id"],"endpoint_name":"x"}"#,
    ] {
        assert!(search(body).unwrap_err().starts_with("400"), "{body}");
    }
    // traces of another experiment
    let mlflow = builder().experiments(["7", "/Shared/app"]).write_mlflow().build().unwrap();
    let start = |place: &str| {
        sent(
            &mlflow,
            "/api/3.0/mlflow/traces",
            &format!(r#"{{"trace":{{"trace_info":{{"trace_location":{place}}}}}}}"#),
        )
    };
    assert!(start(r#"{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"7"}}"#).is_ok());
    assert!(start(r#"{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"8"}}"#).is_err());
    assert!(start(r#"{"type":"UC_SCHEMA","uc_schema":{"catalog_name":"a","schema_name":"b"},"mlflow_experiment":{"experiment_id":"7"}}"#).is_err());
    assert!(sent(&mlflow, "/api/2.0/mlflow/runs/search", r#"{"experiment_ids":["7","8"]}"#).is_err());
    assert!(sent(&mlflow, "/api/2.0/mlflow/runs/search", r#"{"filter":"x"}"#).is_err());
    assert!(sent(&mlflow, "/api/2.0/mlflow/runs/search", r#"{"experiment_ids":["7"]}"#).is_ok());
    assert!(sent(&mlflow, "/api/2.0/mlflow/experiments/create", r#"{"name":"/Shared/app"}"#).is_ok());
    assert!(
        sent(
            &mlflow,
            "/api/2.0/mlflow/experiments/create",
            r#"{"name":"/Shared/app","artifact_location":"s3://evil"}"#
        )
        .is_err()
    );
}

#[test]
fn p27_sql_is_named_and_typed() {
    let policy = policy();
    let top = |body| sent(&policy, "/statements/top", body);
    let body = top(r#"{"parameters":{"least":5,"name":"'; DROP TABLE nations; --"}}"#).unwrap();
    assert_eq!(body["statement"], "SELECT * FROM nations WHERE population > :least AND name = :name");
    assert_eq!(body["warehouse_id"], "w1");
    assert_eq!(body["parameters"][0], serde_json::json!({"name":"least","value":"5","type":"BIGINT"}));
    assert_eq!(
        body["parameters"][1],
        serde_json::json!({"name":"name","value":"'; DROP TABLE nations; --","type":"STRING"})
    );
    assert_eq!(
        (&body["row_limit"], &body["disposition"], &body["on_wait_timeout"]),
        (&1000.into(), &"INLINE".into(), &"CANCEL".into())
    );
    let upstream = policy
        .upstream(&ask("POST", "/api/lakewire/statements/top", HEADERS), br#"{"parameters":{"least":5,"name":null}}"#)
        .unwrap();
    assert_eq!(upstream.path, "/api/2.0/sql/statements");
    assert!(upstream.body.unwrap().contains(r#"{"name":"name","type":"STRING"}"#));
    for body in [
        "{}",
        r#"{"parameters":{"least":5}}"#,
        r#"{"parameters":{"least":5,"name":"x","more":1}}"#,
        r#"{"parameters":{"least":"1; DROP","name":"x"}}"#,
        r#"{"parameters":{"least":1.5,"name":"x"}}"#,
        r#"{"parameters":{"least":9223372036854775808,"name":"x"}}"#,
        r#"{"parameters":{"least":5,"name":["x"]}}"#,
        r#"{"parameters":{"least":5,"name":5}}"#,
        r#"{"parameters":[{"name":"least","value":5}]}"#,
        r#"{"parameters":{"least":5,"name":"x"},"statement":"DROP TABLE x"}"#,
        r#"{"parameters":{"least":5,"name":"x"},"warehouse_id":"other"}"#,
    ] {
        assert!(top(body).unwrap_err().starts_with("400"), "{body}");
    }
    let free = r#"{"warehouse_id":"w1","statement":"SELECT 1"}"#;
    assert!(sent(&policy, "/api/2.0/sql/statements", free).unwrap_err().starts_with("404"));
    assert!(sent(&policy, "/statements/other", "{}").unwrap_err().starts_with("404"));
    // the wider switch
    let reading = builder().free_reading().row_limit(50).build().unwrap();
    assert_eq!(sent(&reading, "/api/2.0/sql/statements", free).unwrap()["row_limit"], 50);
    let drop = r#"{"warehouse_id":"w1","statement":"DROP TABLE x"}"#;
    assert!(sent(&reading, "/api/2.0/sql/statements", drop).unwrap_err().starts_with("403"));
    let writing = builder().free_writing().build().unwrap();
    assert_eq!(sent(&writing, "/api/2.0/sql/statements", drop).unwrap()["statement"], "DROP TABLE x");
}

#[test]
fn p27_reading_calls_the_functions_that_are_named() {
    let policy = builder().free_reading().functions(["main.tools"]).build().unwrap();
    let call = |statement: &str, function: &str| {
        let body = serde_json::json!({"warehouse_id": "w1", "statement": statement,
            "parameters": [{"name": "function_name", "value": function}, {"name": "a", "value": 1, "type": "int"}]});
        sent(&policy, "/api/2.0/sql/statements", &body.to_string()).is_ok()
    };
    for arguments in ["", ":a", ":a,b => :b", "from_json(:a, :a_type),:b", "x => unbase64(:a)"] {
        let statement = format!("SELECT IDENTIFIER(:function_name)({arguments})");
        assert!(call(&statement, "main.tools.add"), "{statement}");
        for function in ["main.other.add", "main.tools", "main.tools.a.b", "main.tools.add)(", "add", ""] {
            assert!(!call(&statement, function), "{function}");
        }
    }
    for statement in [
        "SELECT IDENTIFIER(:other)(:a)",
        "SELECT IDENTIFIER(:function_name)(:a), IDENTIFIER(:b)(:a)",
        "SELECT IDENTIFIER(:function_name)(:a) FROM t",
        "SELECT IDENTIFIER(:function_name)(:a));DROP TABLE t--)",
        "SELECT IDENTIFIER(:function_name)(IDENTIFIER(:b)(:a))",
        "SELECT IDENTIFIER(:function_name)(:a,)",
        "SELECT IDENTIFIER(:function_name)(from_json(:a))",
        "SELECT IDENTIFIER(:function_name)(: )",
        "select identifier(:function_name)(:a)",
    ] {
        assert!(!call(statement, "main.tools.add"), "{statement}");
    }
    let twice = r#"{"warehouse_id":"w1","statement":"SELECT IDENTIFIER(:f)()","parameters":[{"name":"f","value":"main.tools.add"},{"name":"f","value":"main.other.add"}]}"#;
    assert!(sent(&policy, "/api/2.0/sql/statements", twice).is_err());
}

#[test]
fn p27_values_are_of_their_types() {
    use super::body::param::Type;
    use crate::wire::json::Raw;
    let fits = |sql_type: &str, value: &str| Type::parse(sql_type).unwrap().read(Raw::parse(value).unwrap()).is_some();
    for (sql_type, good, bad) in [
        (
            "TINYINT",
            &["127", "-128", "\"5\""][..],
            &["128", "-129", "1.0", "\"\"", "\"-\"", "\"+5\"", "\" 5\"", "\"05\"", "true"][..],
        ),
        ("INT", &["2147483647"], &["2147483648", "1e3"]),
        ("BIGINT", &["9223372036854775807", "\"-9223372036854775808\""], &["9223372036854775808"]),
        ("DOUBLE", &["1.5", "-1e300"], &["\"NaN\"", "\"1\"", "true"]),
        ("DECIMAL(5,2)", &["999.99", "\"-1.5\"", "0"], &["1000", "1.234", "1e2", "\"1.\"", "\".5\"", "\"x\""]),
        ("BOOLEAN", &["true", "false"], &["\"true\"", "1"]),
        (
            "DATE",
            &["\"2024-03-09\""],
            &["\"2024-13-09\"", "\"2024-3-9\"", "20240309", "\"2024-03-09T00\"", "\"2024-03-0é\""],
        ),
        (
            "TIMESTAMP",
            &["\"2024-03-09T10:11:12.5+01:00\"", "\"2024-03-09 10:11:12\"", "\"2024-03-09\""],
            &["\"now()\"", "\"2024-03-09'\"", "1"],
        ),
        ("STRING", &["\"x\"", "\"\""], &["1", "{}", "[]", "true"]),
    ] {
        assert!(good.iter().all(|value| fits(sql_type, value)), "{sql_type} takes {good:?}");
        for value in bad {
            assert!(!fits(sql_type, value), "{sql_type} refuses {value}");
        }
    }
    for sql_type in
        ["", "int", "ARRAY<INT>", "DECIMAL", "DECIMAL(39,0)", "DECIMAL(5,6)", "DECIMAL(5, 2)", "STRING; DROP"]
    {
        assert!(Type::parse(sql_type).is_none(), "{sql_type}");
    }
}

#[test]
fn p29_p36_errors_tell_nothing_of_the_workspace() {
    let policy = policy();
    let internals = br#"{"error_code":"PERMISSION_DENIED","message":"User sp-CANARY cannot read main.hr.salaries, token dapi0123456789abcdef","details":[{"stack":"CANARY"}]}"#;
    for (status, shown) in [
        (400, 400),
        (401, 502),
        (403, 502),
        (404, 404),
        (408, 504),
        (409, 409),
        (413, 413),
        (422, 400),
        (429, 429),
        (500, 502),
        (501, 502),
        (503, 503),
        (504, 504),
        (302, 502),
        (599, 502),
    ] {
        let refusal = policy.public_error(status, internals, Some("id-7"));
        assert_eq!(refusal.status, shown, "{status}");
        assert!(!refusal.body.contains("CANARY") && !refusal.body.contains("PERMISSION_DENIED"), "{}", refusal.body);
        let said: Value = serde_json::from_str(&refusal.body).unwrap();
        assert_eq!(said["request_id"], "id-7");
        assert!(said["message"].as_str().unwrap().ends_with('.') && said["error_code"].is_string());
        let head = policy.answer(Route::parse("invoke").unwrap(), status, &[("content-type", "application/json")]);
        assert_eq!((head.status, head.body), (shown, AnswerBody::Error));
    }
    // a code of the documentation tells a kind
    let known = policy.public_error(400, br#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"CANARY"}"#, None);
    assert_eq!(
        known.body,
        r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"The workspace does not take this request."}"#
    );
    for bytes in [&b"<html>CANARY"[..], b"", b"\xff", b"[]"] {
        assert!(!policy.public_error(500, bytes, Some("bad id\r\n")).body.contains("CANARY"));
    }
    let develops = builder().errors(ErrorDetail::Workspace).build().unwrap();
    let told = develops.public_error(403, internals, None).body;
    assert!(told.contains("main.hr.salaries") && !told.contains("dapi0123456789abcdef"), "{told}");
}

#[test]
fn p30_p23_no_answer_is_kept_or_changed_on_its_way() {
    let policy = policy();
    let Decision::Refuse(refusal) = policy.admit(&ask("POST", "/x", HEADERS)) else { panic!("let in") };
    let Decision::NeedsBody { cors, .. } = policy.admit(&ask("POST", INVOKE, HEADERS)) else { panic!("no body") };
    assert_eq!(header(&refusal.headers, "vary"), Some("origin"));
    assert_eq!(header(&cors, "vary"), Some("origin"));
    let head = policy.answer(
        Route::parse("invoke").unwrap(),
        200,
        &[("content-type", "text/event-stream"), ("cache-control", "public")],
    );
    for headers in [&refusal.headers, &head.headers, &policy.public_error(500, b"", None).headers] {
        assert_eq!(header(headers, "cache-control"), Some("no-store, no-transform"));
    }
}

#[test]
fn p31_a_policy_that_is_not_safe_does_not_start() {
    let problem = |text: &str| {
        RelayPolicy::from_json(text).map(|_| ()).map_err(|error: Error| error.message().to_owned()).unwrap_err()
    };
    let base = r#""host":"https://ws.example.com","origins":["https://app.example.com"],"authorize":true,"allow":{"chat":["c"]}"#;
    assert!(RelayPolicy::from_json(&format!("{{{base}}}")).is_ok());
    for (text, word) in [
        ("[]", "not a JSON object"),
        ("", "not a JSON object"),
        (r#"{"host":"https://x.example","authorize":true,"allow":{"chat":["c"]}}"#, "`origins`"),
        (r#"{"host":"https://x.example","origins":["*"],"authorize":true,"allow":{"chat":["c"]}}"#, "`*`"),
        (
            r#"{"host":"http://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]}}"#,
            "unencrypted",
        ),
        (r#"{"origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]}}"#, "host"),
        (r#"{"host":"/databricks","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]}}"#, "host"),
        (r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{}}"#, "nothing"),
        (r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true}"#, "nothing"),
        (r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":[]}}"#, "empty"),
        (r#"{"host":"https://x.example","origins":["https://a.b"],"allow":{"chat":["c"]}}"#, "authorize"),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"public":true,"authorize":true,"allow":{"chat":["c"]}}"#,
            "choose one",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]},"limit":{}}"#,
            "`limit`",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chatt":["c"]}}"#,
            "allow.chatt",
        ),
        (r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":"c"}}"#, "list"),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":"no","allow":{"chat":["c"]}}"#,
            "`authorize`",
        ),
        (
            r#"{"host":"https://x.example","host":"https://y.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]}}"#,
            "twice",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"sql":{"statements":{"a":"SELECT 1"}}}}"#,
            "warehouse",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"sql":{"warehouse_id":"w","statements":{"a b":"SELECT 1"}}}}"#,
            "name for a statement",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"sql":{"warehouse_id":"w","statements":{"a":{"statement":"SELECT :p","parameters":{"p":"ANY"}}}}}}"#,
            "type",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"vector_search":{"indexes":["x"]}}}"#,
            "index",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]},"limits":{"max_tokens":0}}"#,
            "max_tokens",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]},"limits":{"rate":{"requests":-1}}}"#,
            "requests",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]},"path":"api"}"#,
            "path",
        ),
        (
            r#"{"host":"https://x.example","origins":["https://a.b"],"authorize":true,"allow":{"chat":["c"]},"errors":"all"}"#,
            "errors",
        ),
    ] {
        let said = problem(text);
        assert!(said.contains(word), "{text} says {said}");
    }
    for origin in [
        "https://a.b/",
        "https://a.b/x",
        "HTTPS://a.b",
        "https://A.b",
        "a.b",
        "https://*.b",
        "https://a.b:443",
        "http://a.b:80",
        "https://a.b:0",
        "https://a.b:99999",
        "https://u@a.b",
        "https://a.b?x",
        "https://",
        "null",
        "https://a..b",
        "https://é.b",
    ] {
        assert!(builder().origin(origin).build().is_err(), "{origin}");
    }
    for origin in ["http://localhost:5173", "https://a.b:8443", "http://[::1]:3000", "http://127.0.0.1"] {
        assert!(builder().origin(origin).build().is_ok(), "{origin}");
    }
}

#[test]
fn p34_no_text_of_a_request_can_write_its_own_log_line() {
    for text in ["/x\r\n2026 ERROR fake", "\u{1b}[31mred", "a\0b", "\u{202e}txt", "\u{2028}", "ü", "\\x"] {
        let safe = log_safe(text);
        assert!(safe.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{safe:?}");
    }
    assert_ne!(log_safe("a\\nb"), log_safe("a\nb"));
    assert!(log_safe(&"x".repeat(10_000)).len() < 300);
    let said = builder().origin("https://a\r\nb").build().unwrap_err();
    assert!(!said.message().contains('\n'), "{said}");
    let target = "/api/lakewire/x\r\ny";
    let Decision::Refuse(refusal) = policy().admit(&ask("GET\r\n", target, HEADERS)) else { panic!("let in") };
    assert!(!refusal.body.contains("\\r") && !refusal.body.contains('\n'));
}

#[test]
fn p35_secrets_are_compared_whole() {
    let key = b"0123456789abcdef";
    assert!(same_secret(key, key) && same_secret(b"", b""));
    for at in 0..key.len() {
        let mut other = *key;
        other[at] ^= 1;
        assert!(!same_secret(key, &other), "{at}");
        assert!(!same_secret(key, &key[..at]) && !same_secret(&key[..at], key));
    }
}

#[test]
fn p37_one_switch_stops_everything() {
    let off = builder().enabled(false).build().unwrap();
    let asks = with(&[("access-control-request-method", "POST")]);
    for request in [ask("POST", INVOKE, HEADERS), ask("OPTIONS", INVOKE, &asks), ask("GET", "/x", &[])] {
        assert_eq!(status(&off, &request), 503);
    }
}

/// A policy that allows all there is.
fn everything() -> RelayPolicy {
    RelayPolicy::from_json(
        r#"{"host":"https://ws.example.com","origins":["https://app.example.com"],"authorize":true,"allow":{
            "chat":true,"completions":true,"embeddings":true,"responses":true,"models":true,
            "serving_endpoints":{"list":true,"get":true,"manage":true},
            "vector_search":{"indexes":true,"write":true,"list":true,"manage":true},
            "sql":{"warehouse_id":["w1"],"list":true,"start":true,"reading":true,"long_running":true,"statements":{"top":"SELECT 1"}},
            "functions":{"names":true,"delete":true},"tables":true,
            "mlflow":{"experiments":true,"write":true,"storage":true}}}"#,
    )
    .unwrap()
}

#[test]
fn every_route_is_reached_as_it_is_written() {
    let policy = everything();
    for route in Route::all() {
        let (pattern, query) = route.pattern();
        let path = pattern
            .replace("{endpoint}", "gte")
            .replace("{name3}", "main.docs.manual")
            .replace("{number}", "3")
            .replace("/statements/{id}", "/statements/top")
            .replace("{id}", "w1");
        let needed: Vec<String> = query
            .iter()
            .filter(|key| {
                [
                    "catalog_name",
                    "schema_name",
                    "experiment_name",
                    "experiment_id",
                    "run_id",
                    "trace_id",
                    "primary_keys",
                ]
                .contains(key)
            })
            .map(|key| format!("{key}=a"))
            .collect();
        let target = if needed.is_empty() { path } else { format!("{path}?{}", needed.join("&")) };
        let asked = ["/api/lakewire", &target].concat();
        match policy.admit(&ask(route.method(), &asked, HEADERS)) {
            Decision::NeedsBody { route: found, .. } => assert_eq!(found, route),
            Decision::Forward(upstream) => {
                assert_eq!(
                    (upstream.route, upstream.path.as_str(), upstream.method),
                    (route, target.as_str(), route.method())
                );
            }
            other => panic!("{} is {other:?}", route.as_str()),
        }
        assert_eq!(Route::parse(route.as_str()), Some(route));
    }
}
