use super::*;
use crate::auth::Credentials;
use crate::config::Config;
use crate::sql::{Param, StatementFailure, Value};
use crate::transport::Transport as _;
use crate::transport::scripted::{Reply, Scripted};
use std::sync::Arc;

mod results;

const ID: &str = "01ef";
const STORE: &str = "https://store.example";

fn at(network: &Scripted) -> StatementExecution {
    let config = Config::new("x.example").unwrap();
    let sender = Sender::new(config, Credentials::token("CANARY-token"), Arc::new(network.clone())).unwrap();
    StatementExecution::new(sender, "w".into())
}

fn state(state: &str) -> Reply {
    Reply::json(&format!(r#"{{"statement_id":"{ID}","status":{{"state":"{state}"}}}}"#))
}

const SCHEMA: &str =
    r#"{"column_count":2,"columns":[{"name":"id","type_name":"LONG"},{"name":"s","type_name":"STRING"}]}"#;

/// Rows `from..to` as the service writes them.
fn rows(from: u64, to: u64) -> String {
    let rows: Vec<_> = (from..to).map(|row| format!(r#"["{row}","r{row}"]"#)).collect();
    format!("[{}]", rows.join(","))
}

/// Ten chunks of five rows behind links; the first is in the answer.
fn linked(more: &str) -> String {
    let chunks: Vec<_> = (0..10)
        .map(|at| format!(r#"{{"chunk_index":{at},"row_offset":{},"row_count":5,"byte_count":{}}}"#, at * 5, bytes(at)))
        .collect();
    format!(
        r#"{{"statement_id":"{ID}","status":{{"state":"SUCCEEDED"}},"manifest":{{"format":"JSON_ARRAY","schema":{SCHEMA},"total_chunk_count":10,"chunks":[{}],"total_row_count":50{more}}},"result":{}}}"#,
        chunks.join(","),
        link(0, "")
    )
}

fn bytes(at: u64) -> usize {
    rows(at * 5, at * 5 + 5).len()
}

fn link(at: u64, more: &str) -> String {
    let next = if at < 9 { format!(r#","next_chunk_index":{}"#, at + 1) } else { String::new() };
    format!(
        r#"{{"external_links":[{{"chunk_index":{at},"row_offset":{},"row_count":5,"byte_count":{},"external_link":"{STORE}/{at}?sig=CANARY"{next}{more}}}]}}"#,
        at * 5,
        bytes(at)
    )
}

fn chunk(at: u64) -> Reply {
    Reply::status(200).bytes(rows(at * 5, at * 5 + 5))
}

fn alone() -> StatementSettings {
    StatementSettings { prefetch: 0, ..StatementSettings::default() }
}

/// The ids of all rows.
async fn read(sql: &StatementExecution, request: &ExecuteStatementRequest) -> Result<Vec<i64>> {
    let table = sql.execute(request).await?.collect().await?;
    table
        .rows()
        .map(|row| match row.get("id")? {
            Some(Value::Long(id)) => Ok(id),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn select() -> ExecuteStatementRequest {
    ExecuteStatementRequest::new("SELECT * FROM t WHERE s = :s")
        .parameter(Param::from("'; DROP TABLE t; --").named("s"))
}

fn paths(network: &Scripted) -> Vec<String> {
    let short = |url: &str| url.replace("https://x.example/api/2.0/sql/statements", "").replace(STORE, "store");
    network.requests().iter().map(|one| format!("{} {}", one.method.as_str(), short(&one.url))).collect()
}

#[test]
fn n1_waits_by_growing_steps_and_goes_on_over_passing_errors() {
    let network = Scripted::new();
    network.set_random(0.999_999);
    for _ in 0..4 {
        network.push(state("PENDING"));
    }
    network.push(Reply::status(400).bytes("{}"));
    let error = network.run(at(&network).execute(&select())).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    let network = Scripted::new();
    network.push(state("PENDING"));
    network.push(state("RUNNING"));
    for _ in 0..9 {
        network.push(Reply::status(503));
    }
    for _ in 0..8 {
        network.push(state("RUNNING"));
    }
    network.push(Reply::json(&linked("")));
    let result = network.run(at(&network).execute(&select())).unwrap().unwrap();
    assert_eq!((result.statement_id(), result.total_rows(), result.schema().len()), (ID, Some(50), 2));
    let sent = network.sent_at();
    assert!(sent.windows(2).all(|two| two[1] - two[0] <= Duration::from_secs(5)));
    assert_eq!(network.requests().iter().filter(|one| one.method.as_str() == "POST").count(), 1);
}

#[test]
fn n2_failed_statements_are_typed() {
    let network = Scripted::new();
    network.push(state("PENDING"));
    network.push(Reply::json(&format!(r#"{{"statement_id":"{ID}","status":{{"state":"FAILED","sql_state":"42P01","error":{{"error_code":"BAD_REQUEST","message":"no table"}}}}}}"#)));
    let error = network.run(at(&network).execute(&select())).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementFailed);
    assert_eq!(StatementFailure::of(&error).unwrap().sql_state.as_deref(), Some("42P01"));
    for (word, kind) in [("CANCELED", ErrorKind::StatementFailed), ("CLOSED", ErrorKind::ResultExpired)] {
        let network = Scripted::new();
        network.push(state(word));
        assert_eq!(network.run(at(&network).execute(&select())).unwrap().unwrap_err().kind(), kind);
    }
}

#[test]
fn n3_an_unknown_state_is_waited_for_until_the_deadline_and_named() {
    let network = Scripted::new();
    network.always(state("BREWING"));
    let settings = StatementSettings { timeout: Duration::from_secs(30), ..StatementSettings::default() };
    let error = network.run(at(&network).with_settings(settings).execute(&select())).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
    assert!(error.message().contains("BREWING") && error.message().contains("may still be running"), "{error}");
    assert!(paths(&network).contains(&format!("POST /{ID}/cancel")));
    assert!(network.now() <= Duration::from_secs(50));
}

#[test]
fn n4_an_ambiguous_submit_is_not_repeated() {
    for reply in [Reply::failure(ErrorKind::Connect, true), Reply::silence(), Reply::status(502)] {
        let network = Scripted::new();
        network.always(reply);
        let error = network.run(at(&network).execute(&select())).unwrap().unwrap_err();
        assert_eq!(network.requests().len(), 1);
        assert!(error.maybe_processed() && error.message().contains("may be running"), "{error}");
    }
    let network = Scripted::new();
    network.always(Reply::status(403).bytes(r#"{"error_code":"PERMISSION_DENIED","message":"no"}"#));
    let error = network.run(at(&network).execute(&select())).unwrap().unwrap_err();
    assert!(!error.message().contains("may be running"), "{error}");
}

#[test]
fn n5_an_abort_cancels_and_tells_what_became_of_the_statement() {
    for (word, told) in
        [("CANCELED", "It was cancelled"), ("SUCCEEDED", "already finished"), ("RUNNING", "may still be")]
    {
        let network = Scripted::new();
        network.push(state("PENDING"));
        network.push(state("RUNNING"));
        network.always(state(word));
        let sql = at(&network);
        let stop = network.sleep(Duration::from_millis(150));
        let error = network.run(sql.execute_until(&select(), stop)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(error.message().contains(told), "{error}");
        assert_eq!(StatementFailure::of(&error).unwrap().state.as_deref(), Some(word));
        assert!(paths(&network).contains(&format!("POST /{ID}/cancel")));
        assert!(network.now() < Duration::from_secs(20));
    }
}

#[test]
fn n5_an_abort_while_it_is_sent_waits_for_the_id_to_cancel_it() {
    let network = Scripted::new();
    network.push(state("PENDING").after(Duration::from_secs(2)));
    network.push(Reply::json("{}"));
    network.push(state("CANCELED"));
    // an async block panics when it is asked after its end
    let wait = network.sleep(Duration::from_secs(1));
    let stop = async {
        wait.await;
    };
    let error = network.run(at(&network).execute_until(&select(), stop)).unwrap().unwrap_err();
    assert!(error.message().contains("It was cancelled"), "{error}");
    let network = Scripted::new();
    network.always(Reply::silence());
    let stop = network.sleep(Duration::from_secs(1));
    let error = network.run(at(&network).execute_until(&select(), stop)).unwrap().unwrap_err();
    assert!(error.message().contains("may be running"), "{error}");
    assert_eq!((network.now(), network.requests().len()), (Duration::from_secs(16), 1));
}

#[test]
fn n6_a_dropped_future_cancels_only_when_asked() {
    use std::sync::Mutex;
    use std::task::Waker;
    /// A scripted network with a runtime: what is spawned is kept.
    #[derive(Debug)]
    struct Runtime(Scripted, Mutex<Vec<String>>);
    impl crate::transport::Transport for Runtime {
        fn send(
            &self,
            request: crate::transport::HttpRequest,
        ) -> BoxFuture<'static, Result<crate::transport::Response>> {
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
            0.0
        }
        fn spawn(&self, future: BoxFuture<'static, ()>) -> bool {
            self.0.run(future);
            self.1.lock().unwrap().push("spawned".into());
            true
        }
    }
    for (asked, cancels, delay) in [(false, 0, 0), (true, 1, 0), (false, 0, 2), (true, 1, 2)] {
        let network = Scripted::new();
        // with a delay, the future is dropped while the statement is being sent
        network.push(state("PENDING").after(Duration::from_secs(delay)));
        network.always(Reply::json("{}"));
        let runtime = Arc::new(Runtime(network.clone(), Mutex::default()));
        let config = Config::new("x.example").unwrap();
        let sender = Sender::new(config, Credentials::token("t"), runtime.clone()).unwrap();
        let settings = StatementSettings { cancel_on_drop: asked, ..StatementSettings::default() };
        let sql = StatementExecution::new(sender, "w".into()).with_settings(settings);
        let request = select();
        let mut running = Box::pin(sql.execute(&request));
        assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(running);
        assert_eq!(paths(&network).iter().filter(|path| path.ends_with("/cancel")).count(), cancels);
        assert_eq!(runtime.1.lock().unwrap().len(), cancels);
    }
}
