//! Every body of refusal that is known, and some that only hostile machines send.

use super::*;
use crate::wire::answer::{self, Answer};
use crate::wire::request::Method;
use proptest::prelude::*;

fn request() -> Request {
    Request::new(Method::Post, "/serving-endpoints/m/invocations?sig=CANARY").json("{}")
}

fn error(status: u16, body: &str) -> Error {
    refusal(&request(), status, &Headers::default(), body.as_bytes(), Duration::ZERO, None)
}

fn facts(status: u16, body: &str) -> (ErrorKind, String, Option<String>) {
    let error = error(status, body);
    let message = error.message().split_once(" failed: ").map(|(_, rest)| rest.to_owned()).unwrap();
    (error.kind(), message, error.error_code().map(str::to_owned))
}

fn code(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn d27_the_shapes_of_refusals() {
    use ErrorKind::*;
    for (status, body, expected) in [
        (
            404,
            r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Endpoint with name 'n' does not exist.","details":[]}"#,
            (NotFound, "Endpoint with name 'n' does not exist.", code("RESOURCE_DOES_NOT_EXIST")),
        ),
        (400, r#"{"error_code":429,"message":"m"}"#, (BadRequest, "m.", code("429"))),
        (
            400,
            r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"m."}"#,
            (TooManyRequests, "m. Send less, or try again later.", code("REQUEST_LIMIT_EXCEEDED")),
        ),
        (
            400,
            r#"{"error":{"message":"no","type":"invalid_request_error","code":null,"param":"x"}}"#,
            (BadRequest, "no.", code("invalid_request_error")),
        ),
        (400, r#"{"error":"text","message":"other"}"#, (BadRequest, "text.", None)),
        (400, r#"{"detail":"field required"}"#, (BadRequest, "field required.", None)),
        (400, r#"{"detail":[{"loc":["x"]}]}"#, (BadRequest, r#"[{"loc":["x"]}]."#, None)),
        (
            422,
            r#"{"detail":[{"type":"x","loc":["body","stop",0],"msg":"must be text"},{"msg":"too short"}]}"#,
            (BadRequest, "body.stop.0: must be text; too short.", None),
        ),
        (
            501,
            r#"{"detail":{"error_code":"NOT_IMPLEMENTED","message":"m"}}"#,
            (NotImplemented, "m.", code("NOT_IMPLEMENTED")),
        ),
        (
            429,
            r#"{"error":"Rate limit exceeded: 3 per 1 minute"}"#,
            (TooManyRequests, "Rate limit exceeded: 3 per 1 minute. Send less, or try again later.", None),
        ),
        (
            409,
            r#"{"detail":"taken","scimType":"uniqueness","status":"409"}"#,
            (ResourceConflict, "uniqueness taken.", code("SCIM_409")),
        ),
        (400, "BAD_REQUEST: it is", (BadRequest, "it is.", code("BAD_REQUEST"))),
        (400, "it is", (BadRequest, "it is.", None)),
        (400, "\"it is\"", (BadRequest, "it is.", None)),
        (502, "<html><head><title>502 Bad Gateway</title></head>", (TemporarilyUnavailable, "502 Bad Gateway.", None)),
        (500, "<html><PRE class=x>trace\n</PRE>", (InternalError, "trace.", None)),
        (500, "", (InternalError, "the service gave no reason.", None)),
        (500, "[1]", (InternalError, "[1].", None)),
        (500, "{\"cut\":", (InternalError, "{\"cut\":.", None)),
        (500, "{}", (InternalError, "{}.", None)),
        (500, "{\"error_code\":\"X\"}", (InternalError, "the service gave no reason.", code("X"))),
        (415, "{\"message\":7}", (BadRequest, "7.", None)),
        (503, "{\"error\":{}}", (TemporarilyUnavailable, "{}.", None)),
    ] {
        assert_eq!(facts(status, body), (expected.0, expected.1.to_owned(), expected.2), "{body}");
    }
}

#[test]
fn d27_an_external_models_own_words_are_not_lost() {
    let body = r#"{"error":"Received error from openai","external_model_message":{"error":{"code":"insufficient_quota","message":"You exceeded your quota"}}}"#;
    assert_eq!(
        facts(429, body),
        (
            ErrorKind::TooManyRequests,
            "Received error from openai: You exceeded your quota. Send less, or try again later.".into(),
            code("insufficient_quota")
        )
    );
    let body = r#"{"error":"Received error from databricks","external_model_message":{"error_code":"PERMISSION_DENIED","message":"no"}}"#;
    assert_eq!(facts(400, body).2, code("PERMISSION_DENIED"));
    let body = r#"{"error":"Received error from x","external_model_message":"busy"}"#;
    assert_eq!(facts(500, body).1, "Received error from x: busy.");
    assert!(error(500, body).details().unwrap().contains("busy"));
    let mut deep = String::from("{\"error\":\"e\"}");
    for _ in 0..60 {
        deep = format!(r#"{{"error":"e","external_model_message":{deep}}}"#);
    }
    assert_eq!(facts(500, &deep).1, "e: e.");
}

#[test]
fn d6_the_documented_rate_limit_says_how_long() {
    let error =
        error(429, r#"{"error":{"message":"m","type":"rate_limit_exceeded","code":429,"limit":1,"retry_after":17}}"#);
    assert_eq!(error.error_code(), Some("rate_limit_exceeded"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert!(error.details().unwrap().contains("\"limit\":1"));
}

#[test]
fn d28_the_request_id_comes_from_the_header_or_the_details() {
    let body = r#"{"error_code":"X","message":"m","details":[{"@type":"junk"},7,{"@type":"type.googleapis.com/google.rpc.RequestInfo","request_id":"r-2","serving_data":""}]}"#;
    assert_eq!(error(500, body).request_id(), Some("r-2"));
    let headers = Headers::new([("X-Request-Id", "r-1"), ("x-databricks-org-id", "7")]);
    let error = refusal(&request(), 500, &headers, body.as_bytes(), Duration::ZERO, None);
    assert_eq!(error.request_id(), Some("r-1"));
    assert!(!error.to_string().contains("org"));
}

#[test]
fn d13_refused_is_not_processed_and_broken_may_be() {
    for (status, maybe) in [
        (400, false),
        (401, false),
        (409, false),
        (429, false),
        (501, false),
        (408, true),
        (500, true),
        (502, true),
        (503, true),
        (504, true),
    ] {
        assert_eq!(error(status, "").maybe_processed(), maybe, "{status}");
    }
}

#[test]
fn d26_error_bodies_are_cut_and_never_panic() {
    let long = format!("{{\"message\":\"{}\"}}", "é".repeat(100_000));
    let error = error(500, &long);
    assert!(error.message().len() < 4096 + 100);
    // cut in the middle of a character, gzip, and not UTF-8 at all
    for body in [&long.as_bytes()[..1001], &[0x1f, 0x8b, 8, 0, 0xff, 0xfe], &[0xff, 0x00]] {
        let error = refusal(&request(), 502, &Headers::default(), body, Duration::ZERO, None);
        assert_eq!(error.status(), Some(502));
    }
}

#[test]
fn l2_l5_no_token_and_no_query_gets_into_an_error() {
    let body = r#"{"message":"Invalid header 'Authorization: Bearer CANARYTOKEN1'","details":[{"echo":"CANARYTOKEN1"}],"error_code":"CANARYTOKEN1"}"#;
    let error = refusal(&request(), 403, &Headers::default(), body.as_bytes(), Duration::ZERO, Some("CANARYTOKEN1"));
    let all = format!("{error} {error:?}");
    assert!(!all.contains("CANARY"), "{all}");
}

#[test]
fn d30_an_error_with_a_good_status_is_an_error() {
    let read = |body: &str| answer::json::<()>(Answer { status: 200, headers: Headers::default(), body: body.into() });
    for (body, kind) in [
        (r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"m"}"#, ErrorKind::NotFound),
        (r#"{"error":{"message":"m","code":429}}"#, ErrorKind::TooManyRequests),
        (r#"{"error":"text"}"#, ErrorKind::InternalError),
        (r#"{"type":"error","code":"x","message":"m","param":null}"#, ErrorKind::InternalError),
        (r#"{"error":{"message":"m"},"error_code":null}"#, ErrorKind::InternalError),
    ] {
        assert_eq!(read(body).unwrap_err().kind(), kind, "{body}");
    }
    for body in [
        r#"{"choices":[],"error":null}"#,
        r#"{"metadata":{},"error":"a run's own failure"}"#,
        r#"{"error":null}"#,
        r#"{"message":"m"}"#,
        "{}",
        "[]",
        "7",
    ] {
        assert!(read(body).is_ok(), "{body}");
    }
}

#[test]
fn d24_h13_e29_answers_without_json() {
    let read = |body: &[u8]| answer::json::<()>(Answer { status: 200, headers: Headers::default(), body: body.into() });
    assert_eq!(read(b"").unwrap_err().kind(), ErrorKind::EmptyBody);
    assert_eq!(read(b" \n").unwrap_err().kind(), ErrorKind::EmptyBody);
    assert_eq!(read(b"\x1f\x8b\x08").unwrap_err().kind(), ErrorKind::UnsupportedEncoding);
    assert_eq!(read(b"nope").unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(read(b"{} {}").unwrap_err().kind(), ErrorKind::Decode);
    let page = read(b"<!doctype html><title>Sign in</title><body>long").unwrap_err();
    assert_eq!(page.kind(), ErrorKind::UnexpectedContentType);
    assert!(page.message().ends_with("It begins: Sign in"), "{page}");
    let nothing = |body: &str| answer::nothing(Answer { status: 200, headers: Headers::default(), body: body.into() });
    assert!(nothing("").is_ok() && nothing("{}").is_ok() && nothing("ok").is_ok());
    assert!(nothing(r#"{"error":"no"}"#).is_err());
}

#[test]
fn d23_a_redirect_names_only_the_origin() {
    let to = |location| redirect(&request(), 302, &Headers::new([("location", location)]));
    let error = to("https://u:CANARY@login.example/a?token=CANARY#CANARY");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Redirect, Some(302)));
    assert!(error.message().contains("https://login.example,") && !error.message().contains("CANARY"), "{error}");
    assert!(to("/login.html?error=private-link-validation-error").message().contains("private link"));
}

proptest! {
    #[test]
    fn d26_d27_no_body_panics(status in 400_u16..600, body: Vec<u8>) {
        let error = refusal(&request(), status, &Headers::default(), &body, Duration::ZERO, None);
        prop_assert_eq!(error.status(), Some(status));
    }

    #[test]
    fn d27_no_json_body_panics(body in r#"\{("error"|"error_code"|"message"|"detail"|"details"|"external_model_message"):(\{\}|\[\{\}\]|"x"|7|null|\{"error":"y"\})(,"error":(\{"message":1\}|"z"|null))?\}"#) {
        let _ = error(400, &body);
        let _ = Raw::parse(&body).ok().and_then(in_body);
    }
}

#[test]
fn l11_a_refusal_does_not_repeat_the_body_s_secrets() {
    let request = Request::new(Method::Post, "/api/2.0/secrets/put").hide("hunter2 \"quoted\"");
    let body = r#"{"error_code":"MALFORMED_REQUEST","message":"bad: hunter2 \"quoted\"","details":[{"v":"hunter2 \"quoted\""}]}"#;
    let error = refusal(&request, 400, &Headers::default(), body.as_bytes(), Duration::ZERO, None);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(error.message().contains("[redacted]"));
}
