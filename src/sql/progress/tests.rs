use super::*;
use proptest::prelude::*;

fn of(text: &str) -> Result<Look> {
    judge(Raw::parse(text).unwrap())
}

#[test]
fn n2_bad_ends_are_typed_and_carry_the_sqlstate() {
    let error = of(r#"{"statement_id":"01ef","status":{"state":"FAILED","sql_state":"42P01","error":{"error_code":"BAD_REQUEST","message":"\n[TABLE_OR_VIEW_NOT_FOUND] no `x`. SQLSTATE: 42P01; line 1 pos 14"}}}"#).unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::StatementFailed, Some("BAD_REQUEST")));
    assert!(error.message().starts_with("The statement failed: [TABLE_OR_VIEW_NOT_FOUND]"), "{error}");
    let failure = StatementFailure::of(&error).unwrap();
    assert_eq!((failure.statement_id.as_deref(), failure.sql_state.as_deref()), (Some("01ef"), Some("42P01")));
    // recordings have it in the message alone
    let error = of(r#"{"status":{"state":"FAILED","error":{"message":"[PARSE_SYNTAX_ERROR] x. SQLSTATE: 42601 (line 1, pos 0)"}}}"#).unwrap_err();
    assert_eq!(StatementFailure::of(&error).unwrap().sql_state.as_deref(), Some("42601"));
    let error = of(r#"{"statement_id":"1","status":{"state":"CANCELED"}}"#).unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::StatementFailed, Some("CANCELED")));
    let error = of(r#"{"statement_id":"1","status":{"state":"CLOSED"}}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultExpired);
    assert!(error.message().contains("no longer kept"), "{error}");
    assert_eq!(of(r#"{"statement_id":"1"}"#).unwrap_err().kind(), ErrorKind::Decode);
}

#[test]
fn n3_an_unknown_state_is_waited_for() {
    for state in ["PENDING", "RUNNING", "SOMETHING_NEW"] {
        let look = of(&format!(r#"{{"statement_id":"1","status":{{"state":"{state}"}}}}"#)).unwrap();
        assert!(!look.done && look.state == state);
    }
    let look = Look { state: "SOMETHING_NEW".into(), ..Look::default() };
    assert!(late(&look, "").message().contains("SOMETHING_NEW"));
}

fn step(text: &str, index: u64, total: Option<u64>) -> Result<Step> {
    follow(Raw::parse(text).unwrap(), index, total)
}

#[test]
fn n12_chunks_that_loop_or_skip_are_errors() {
    for (text, index, total) in [
        (r#"{"chunk_index":0}"#, 1, Some(3)),
        (r#"{"chunk_index":1,"next_chunk_index":1}"#, 1, None),
        (r#"{"chunk_index":1,"next_chunk_index":0}"#, 1, Some(3)),
        (r#"{"chunk_index":1,"next_chunk_index":3}"#, 1, Some(5)),
        (r#"{"chunk_index":1,"next_chunk_index":2}"#, 1, Some(2)),
        (r#"{"chunk_index":1}"#, 1, Some(3)),
        (r#"{"external_links":[{"chunk_index":2,"next_chunk_index":3}]}"#, 1, Some(5)),
    ] {
        assert_eq!(step(text, index, total).unwrap_err().kind(), ErrorKind::ResultCorrupt, "{text}");
    }
    let link = r#"{"external_links":[{"chunk_index":1,"row_count":5,"byte_count":9,"next_chunk_index":2}]}"#;
    assert_eq!(step(link, 1, Some(3)).unwrap(), Step { more: true, rows: Some(5), bytes: Some(9) });
    assert!(!step(r#"{"chunk_index":2}"#, 2, Some(3)).unwrap().more && !step("{}", 0, None).unwrap().more);
    let listed = |text: &str| check_manifest(Raw::parse(text).unwrap());
    for text in [
        r#"{"chunks":[{"chunk_index":0},{"chunk_index":0}]}"#,
        r#"{"chunks":[{"chunk_index":0}],"total_chunk_count":2}"#,
        r#"{"chunks":[{"chunk_index":0,"row_offset":0,"row_count":3},{"chunk_index":1,"row_offset":4,"row_count":1}]}"#,
        r#"{"chunks":[{"chunk_index":0,"row_count":3}],"total_row_count":4}"#,
    ] {
        assert_eq!(listed(text).unwrap_err().kind(), ErrorKind::ResultCorrupt, "{text}");
    }
    assert!(listed(r#"{"schema":{"column_count":0},"total_chunk_count":0}"#).is_ok());
}

#[test]
fn n18_a_next_chunk_elsewhere_is_refused() {
    for link in ["https://evil.example/x", "//evil.example/x", "\\\\\\\\evil", "/\\\\evil", "x", "/a\\u000ab"] {
        let text = format!(r#"{{"chunk_index":0,"next_chunk_index":1,"next_chunk_internal_link":"{link}"}}"#);
        assert_eq!(step(&text, 0, Some(2)).unwrap_err().kind(), ErrorKind::Protocol, "{link}");
    }
    let text =
        r#"{"next_chunk_index":1,"next_chunk_internal_link":"/api/2.0/sql/statements/1/result/chunks/1?row_offset=7"}"#;
    assert!(step(text, 0, Some(2)).unwrap().more);
}

#[test]
fn heads_are_answers_without_their_rows() {
    let text = r#"{"a":1,"result":{"chunk_index":0,"data_array":[["]"],[null]],"x":{}}}"#;
    assert_eq!(head(text), r#"{"a":1,"result":{"chunk_index":0,"data_array":[],"x":{}}}"#);
    assert_eq!(rows_of(text), Some(r#"[["]"],[null]]"#));
    assert_eq!(rows_of(r#"{"data_array":[]}"#), Some("[]"));
    assert_eq!(head(r#"{"status":{}}"#), r#"{"status":{}}"#);
}

#[test]
fn a_warehouse_is_chosen_as_lsql_does() {
    let of = |text: &str| choose(Raw::parse(text).unwrap());
    let two = r#"[{"id":"a","state":"STOPPED"},{"id":"b","state":"RUNNING"}]"#;
    assert_eq!(of(two).as_deref(), Some("b"));
    let gone = r#"[{"id":"a","state":"DELETED"},{"id":"b","state":"STOPPING"},{"id":"c","state":"STOPPED"}]"#;
    assert_eq!(of(gone).as_deref(), Some("b"));
    assert_eq!(of(r#"[{"id":"a","state":"DELETING"}]"#), None);
    let judged = |state: &str| judge_warehouse(Raw::parse(&format!(r#"{{"state":"{state}"}}"#)).unwrap());
    assert!(judged("RUNNING").unwrap() && !judged("STARTING").unwrap() && !judged("STOPPING").unwrap());
    assert_eq!(judged("STOPPED").unwrap_err().error_code(), Some("STOPPED"));
}

proptest! {
    #[test]
    fn n1_pauses_grow_to_five_seconds(looks: u32, random in 0.0..1.0_f64) {
        let wait = pause(looks, random);
        prop_assert!((75..=5000).contains(&wait));
        prop_assert!(pause(looks.saturating_add(1), 1.0) >= pause(looks, 1.0));
    }

    #[test]
    fn judging_strange_answers_never_panics(text in r#"\{("status":\{"state":"[A-Z]{0,6}"\})?,?"result":\{[a-z":,\[\]]{0,20}\}\}"#) {
        let raw = Raw::trusted(&text);
        let _ = (judge(raw), follow(raw, 0, None), check_manifest(raw), head(&text), rows_of(&text), choose(raw));
    }
}
