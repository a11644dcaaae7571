//! What is read of a result: its chunks, their links, and what its cells hold.

use super::*;

#[test]
fn n7_only_the_chunk_that_failed_is_fetched_again() {
    let network = Scripted::new();
    network.push(Reply::json(&linked("")));
    network.push(chunk(0));
    for at in 1..10 {
        network.push(Reply::json(&link(at, "")));
        if at == 3 {
            network.push(Reply::status(500));
        }
        network.push(chunk(at));
    }
    let ids = network.run(read(&at(&network).with_settings(alone()), &select())).unwrap().unwrap();
    assert_eq!(ids, (0..50).collect::<Vec<_>>());
    let asked = paths(&network);
    for at in 0..10 {
        let times = asked.iter().filter(|path| path.starts_with(&format!("GET store/{at}?"))).count();
        assert_eq!(times, if at == 3 { 2 } else { 1 });
    }
}

#[test]
fn n8_an_expired_link_is_renewed() {
    for refusal in [403, 400, 404] {
        let network = Scripted::new();
        network.push(Reply::json(&linked("")));
        network.push(Reply::status(refusal));
        network.push(Reply::json(&link(0, "")));
        network.push(chunk(0));
        let sql = at(&network).with_settings(alone());
        let batch = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap();
        assert_eq!(batch.unwrap().len(), 5);
        assert!(paths(&network).contains(&format!("GET /{ID}/result/chunks/0")));
    }
    // the clock says so
    let network = Scripted::new();
    network.set_wall_clock(Duration::from_secs(1_800_000_000));
    let old = linked("").replace("?sig=CANARY\"", "?sig=old\",\"expiration\":\"2027-01-15T08:00:04Z\"");
    network.push(Reply::json(&old));
    network.push(Reply::json(&link(0, "")));
    network.push(chunk(0));
    let sql = at(&network).with_settings(alone());
    let batch = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap();
    assert_eq!(batch.unwrap().len(), 5);
    assert!(!paths(&network).iter().any(|path| path.contains("sig=old")));
    // not for ever
    let network = Scripted::new();
    network.push(Reply::json(&linked("")));
    for _ in 0..4 {
        network.push(Reply::status(403));
        network.push(Reply::json(&link(0, "")));
    }
    let sql = at(&network).with_settings(alone());
    let error = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap_err();
    assert_eq!(error.status(), Some(403));
    assert!(!format!("{error:?}").contains("CANARY"));
}

#[test]
fn n9_a_download_that_breaks_off_is_begun_again_with_a_fresh_link() {
    let network = Scripted::new();
    network.push(Reply::json(&linked("")));
    for _ in 0..3 {
        network.push(Reply::status(200).bytes("[[\"0\",").fail(ErrorKind::Truncated));
    }
    network.push(Reply::json(&link(0, "")));
    network.push(chunk(0));
    let sql = at(&network).with_settings(alone());
    let batch = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap().unwrap();
    assert_eq!(batch.column("id").unwrap().longs(), [0, 1, 2, 3, 4]);
}

#[test]
fn n10_missing_rows_and_bytes_are_corrupt() {
    for (from, to, body) in [
        ("\"byte_count\":", "\"byte_count\":9", rows(0, 5)),
        ("x", "x", rows(0, 4)),
        ("\"row_count\":5,\"byte_count\":", "\"row_count\":6,\"x\":", rows(0, 5)),
    ] {
        let network = Scripted::new();
        let (head, tail) =
            linked("").split_once("\"result\"").map(|(a, b)| (a.to_owned(), b.replace(from, to))).unwrap();
        network.push(Reply::json(&[head, "\"result\"".into(), tail].concat()));
        network.always(Reply::status(200).bytes(&body));
        let sql = at(&network).with_settings(alone());
        let error = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResultCorrupt, "{error}");
    }
}

fn inline(more: &str) -> Reply {
    Reply::json(&format!(
        r#"{{"statement_id":"{ID}","status":{{"state":"SUCCEEDED"}},"manifest":{{"format":"JSON_ARRAY","schema":{SCHEMA},"total_chunk_count":1,"total_row_count":3{more}}},"result":{{"chunk_index":0,"row_count":3,"data_array":{}}}}}"#,
        rows(0, 3)
    ))
}

#[test]
fn n11_a_truncated_result_cannot_be_missed() {
    let run = |request: &ExecuteStatementRequest, settings: StatementSettings| {
        let network = Scripted::new();
        network.push(inline(",\"truncated\":true"));
        network.run(async { at(&network).with_settings(settings).execute(request).await?.collect().await }).unwrap()
    };
    let error = run(&select(), StatementSettings::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultTruncated);
    // three rows came of four: it was not the caller's limit that cut them
    let error = run(&select().row_limit(4), StatementSettings::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultTruncated);
    for table in [
        run(&select().row_limit(3), StatementSettings::default()).unwrap(),
        run(&select().row_limit(4).byte_limit(9), StatementSettings::default()).unwrap(),
        run(&select(), StatementSettings { allow_truncated: true, ..StatementSettings::default() }).unwrap(),
    ] {
        assert!(table.truncated && table.len() == 3);
    }
}

#[test]
fn n12_a_loop_of_chunks_ends_with_an_error() {
    let network = Scripted::new();
    network.push(Reply::json(&linked("").replace("\"next_chunk_index\":1", "\"next_chunk_index\":0")));
    network.always(chunk(0));
    let error = network.run(read(&at(&network), &select())).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResultCorrupt);
}

#[test]
fn n13_extra_headers_go_to_the_store_alone() {
    let network = Scripted::new();
    let text =
        linked("").replace("\"next_chunk_index\":1", r#""next_chunk_index":1,"http_headers":{"X-Key":"CANARY-key"}"#);
    network.push(Reply::json(&text));
    network.push(Reply::status(500));
    network.push(Reply::status(500));
    network.push(Reply::status(500));
    let sql = at(&network).with_settings(alone());
    let error = network.run(async { sql.execute(&select()).await?.next_batch().await }).unwrap().unwrap_err();
    let sent = network.requests();
    assert_eq!(sent[1].headers, [("x-key".to_owned(), "CANARY-key".to_owned())]);
    assert!(!sent[0].headers.iter().any(|(name, _)| name == "x-key"));
    assert!(!format!("{error:?} {sent:?}").contains("CANARY"));
}

#[test]
fn n14_the_statement_s_text_goes_out_as_it_was_given() {
    let network = Scripted::new();
    network.push(inline(""));
    let table = network.run(async { at(&network).execute(&select()).await?.collect().await }).unwrap().unwrap();
    assert_eq!(table.rows().next().unwrap().values().unwrap(), [Value::Long(0), Value::Text("r0")]);
    let body: serde_json::Value = serde_json::from_slice(network.requests()[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(body["statement"], "SELECT * FROM t WHERE s = :s");
    assert_eq!(body["parameters"][0]["value"], "'; DROP TABLE t; --");
    assert_eq!((&body["warehouse_id"], &body["wait_timeout"]), (&"w".into(), &"10s".into()));
}

#[test]
fn n16_every_type_comes_without_loss() {
    use crate::sql::Decimal;
    let types =
        ["LONG", "DECIMAL", "TIMESTAMP", "BINARY", "INTERVAL", "STRUCT", "DATE", "BOOLEAN", "SHORT", "DOUBLE", "NEW"];
    let cells = [
        "9007199254740993",
        "12345678901234567890123456789012345678",
        "2021-01-01T10:00:00.000-08:00",
        "AP8Q",
        "1 02:03:04.5",
        r#"{\"a\":12345678901234567890}"#,
        "2024-03-09",
        "true",
        "-7",
        "0.1",
        "x",
    ];
    let columns: Vec<_> = types.iter().map(|name| format!(r#"{{"name":"{name}","type_name":"{name}"}}"#)).collect();
    let cells: Vec<_> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
    let network = Scripted::new();
    network.push(Reply::json(&format!(
        r#"{{"statement_id":"1","status":{{"state":"SUCCEEDED"}},"manifest":{{"schema":{{"columns":[{}]}},"total_chunk_count":1}},"result":{{"data_array":[[{}]]}}}}"#,
        columns.join(","), cells.join(",")
    )));
    let table = network.run(async { at(&network).execute(&select()).await?.collect().await }).unwrap().unwrap();
    let row = table.rows().next().unwrap();
    let expected = vec![
        Value::Long(9_007_199_254_740_993),
        Value::Decimal(Decimal::parse("12345678901234567890123456789012345678").unwrap()),
        Value::Timestamp("2021-01-01T10:00:00.000-08:00"),
        Value::Binary(vec![0, 255, 16]),
        Value::Text("1 02:03:04.5"),
        Value::Json(r#"{"a":12345678901234567890}"#),
        Value::Date("2024-03-09"),
        Value::Bool(true),
        Value::Int(-7),
        Value::Double(0.1),
        Value::Text("x"),
    ];
    assert_eq!(row.values().unwrap(), expected);
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    struct Some {
        long: i64,
        decimal: String,
        boolean: bool,
    }
    let some: Some = row.read().unwrap();
    assert_eq!((some.long, some.decimal.len(), some.boolean), (9_007_199_254_740_993, 38, true));
}

#[test]
fn n17_a_statement_that_is_gone_says_so() {
    let network = Scripted::new();
    network.push(state("RUNNING"));
    network.push(Reply::status(404).bytes(r#"{"error_code":"NOT_FOUND","message":"no"}"#));
    let error = network.run(at(&network).execute(&select())).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::ResultExpired, Some(404)));
}

#[test]
fn n18_a_chunk_on_another_host_is_not_fetched() {
    let network = Scripted::new();
    network.push(Reply::json(&linked("").replace(
        "\"next_chunk_index\":1",
        r#""next_chunk_index":1,"next_chunk_internal_link":"https://evil.example/1""#,
    )));
    let error = network.run(read(&at(&network).with_settings(alone()), &select())).unwrap().unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::Protocol, 1));
}

#[test]
fn statements_without_a_result_have_no_rows() {
    let network = Scripted::new();
    network.push(Reply::json(r#"{"statement_id":"1","status":{"state":"SUCCEEDED"},"manifest":{"format":"ARROW_STREAM","schema":{"column_count":0},"total_chunk_count":0,"total_row_count":0},"result":{}}"#));
    let mut result = network.run(at(&network).execute(&select())).unwrap().unwrap();
    assert!(network.run(result.next_chunk()).unwrap().unwrap().is_none());
    let arrow = select().format(ResultFormat::ArrowStream);
    let error = network.run(at(&network).execute(&arrow)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn chunks_ahead_are_bounded_by_number_and_by_bytes() {
    for (prefetch, limit, most) in [(0, u64::MAX, 1), (2, u64::MAX, 3), (5, 0, 1)] {
        let network = Scripted::new();
        network.push(Reply::json(&linked("")));
        network.always(Reply::silence());
        let settings = StatementSettings { prefetch, prefetch_bytes: limit, ..StatementSettings::default() };
        let sql = at(&network).with_settings(settings);
        let mut result = network.run(sql.execute(&select())).unwrap().unwrap();
        let mut next = Box::pin(result.next_batch());
        assert!(next.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        assert_eq!(network.requests().len(), 1 + most);
    }
}

/// Statements run on any thread of a runtime.
#[test]
fn running_statements_can_be_sent_between_threads() {
    fn sent<T: Send>(_: T) {}
    let network = Scripted::new();
    let sql = at(&network);
    let request = select();
    sent(sql.execute(&request));
    sent(async { sql.execute(&request).await?.next_batch().await });
}
