//! What happens to a question: its states one after the other, the query, its rows, the answer.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Outcome, Space, words};
use crate::chat::request;
use crate::model::conversation::{Message as Said, Role};
use crate::model::{self, ResponseFormat, ToolChoice};
use crate::sql::Engine;
use crate::state::{Emulator, now_ms};
use crate::{ids, upstream};

/// How long a question waits for the engine.
const ENGINE_TIME: Duration = Duration::from_secs(300);
/// How often the engine is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(200);
/// Largest result that is kept, in bytes of one chunk.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// Rows of a result that the answer is written from.
const ROWS_TOLD: usize = 20;

/// Why a question failed: the error's type and a sentence.
type Failure = (&'static str, String);

/// A question on its way.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) emulator: Emulator,
    pub(super) space: &'static Space,
    pub(super) conversation: String,
    pub(super) message: String,
    pub(super) content: String,
    /// The question before it.
    pub(super) before: Option<String>,
}

impl Question {
    /// Brings the message to its end.
    pub(super) async fn run(self) {
        let failure = self.answered().await.err();
        if let Some((kind, sentence)) = failure {
            self.change(|message| {
                message.status = "FAILED";
                message.error = Some(json!({ "error": sentence, "type": kind }));
            });
        }
    }

    fn change(&self, change: impl FnOnce(&mut super::Message)) {
        let mut store = self.emulator.genie();
        if let Some(message) = store.message(self.space.id, &self.conversation, &self.message) {
            change(message);
            message.updated_ms = now_ms();
        }
    }

    async fn state(&self, status: &'static str) {
        self.change(|message| message.status = status);
        // long enough to be seen by a client that polls, in step with how fast the stand-in writes
        let pause = self.emulator.config().token_delay_ms.saturating_mul(20).min(2000);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    async fn answered(&self) -> Result<(), Failure> {
        self.state("FILTERING_CONTEXT").await;
        let engine = self.emulator.sql().engine().map_err(|error| {
            let sentence = error.body().get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            ("WAREHOUSE_NOT_FOUND_EXCEPTION", sentence)
        })?;
        if !engine.ready().await {
            self.state("PENDING_WAREHOUSE").await;
            let waiting = async {
                while !engine.ready().await {
                    tokio::time::sleep(LOOK).await;
                }
            };
            let late = |_| ("GENERIC_SQL_EXEC_API_CALL_EXCEPTION", "The SQL engine did not answer in time.".to_owned());
            tokio::time::timeout(ENGINE_TIME, waiting).await.map_err(late)?;
        }
        self.state("FETCHING_METADATA").await;
        let tables = self.tables(engine).await?;
        self.state("ASKING_AI").await;
        let asked = words::going_on(words::asked(&self.content), self.before.as_deref());
        let said = |role: Role, text: &str| Said { role, text: text.to_owned(), ..Said::default() };
        let answer = self.ask(vec![said(Role::System, &words::to_write(&tables)), said(Role::User, &asked)]).await?;
        let sql = match words::query(&answer) {
            Ok(sql) => sql,
            Err(sentence) => {
                self.finish(vec![json!({ "text": { "content": sentence } })], None);
                return Ok(());
            }
        };
        self.state("EXECUTING_QUERY").await;
        let response = execute(&self.emulator, self.space, &sql).await?;
        let rows = told(&response);
        let text = self.ask(vec![said(Role::User, &words::to_answer(&asked, &sql, &rows))]).await?;
        let count = response.pointer("/manifest/total_row_count").cloned().unwrap_or(json!(0));
        let truncated = response.pointer("/manifest/truncated").cloned().unwrap_or(json!(false));
        let query = json!({
            "query": sql,
            "title": asked,
            "description": format!("Answers “{}” with a query over {}.{}.", asked.trim(), self.space.catalog, self.space.schema),
            "statement_id": response.get("statement_id"),
            "query_result_metadata": { "row_count": count, "is_truncated": truncated },
            "last_updated_timestamp": now_ms(),
        });
        self.finish(vec![json!({ "query": query }), json!({ "text": { "content": text } })], Some((sql, response)));
        Ok(())
    }

    /// Completes the message with these attachments and questions to go on with.
    fn finish(&self, mut attachments: Vec<Value>, result: Option<(String, Value)>) {
        let asked = words::asked(&self.content);
        let more: Vec<&str> = self.space.questions.iter().copied().filter(|other| *other != asked).take(3).collect();
        attachments.push(json!({ "suggested_questions": { "questions": more } }));
        let seed = self.emulator.config().seed;
        let named: Vec<(String, Value)> = {
            let mut store = self.emulator.genie();
            attachments.into_iter().map(|attachment| (store.id(seed, b"attachment"), attachment)).collect()
        };
        self.change(|message| {
            message.attachments = named
                .iter()
                .map(|(id, attachment)| {
                    let mut attachment = attachment.clone();
                    crate::json::set(&mut attachment, "attachment_id", id.as_str());
                    attachment
                })
                .collect();
            let query = named.iter().find(|(_, attachment)| attachment.get("query").is_some());
            message.result =
                query.zip(result).map(|((id, _), (sql, response))| Outcome { attachment: id.clone(), sql, response });
            message.status = "COMPLETED";
        });
    }

    /// An answer of whoever answers chat here.
    async fn ask(&self, messages: Vec<Said>) -> Result<String, Failure> {
        let request = request::plain(messages, false, ResponseFormat::Text, ToolChoice::None);
        if let Some(server) = &self.emulator.config().upstream {
            let failed = |error: crate::errors::ApiError| {
                ("GENERIC_CHAT_COMPLETION_SERVICE_EXCEPTION", error.body().to_string())
            };
            return upstream::ask(server, &request).await.map(|choice| choice.text).map_err(failed);
        }
        Ok(model::answer(&request, false, false, self.emulator.config().seed, 0).text)
    }

    /// The tables of the space as a prompt shows them, from the engine; kept once read.
    async fn tables(&self, engine: &Engine) -> Result<String, Failure> {
        let known =
            self.emulator.genie().tables.iter().find(|(id, _)| *id == self.space.id).map(|(_, text)| text.clone());
        if let Some(text) = known {
            return Ok(text);
        }
        let failed = |why: String| ("GENERIC_SQL_EXEC_API_CALL_EXCEPTION", why);
        let path = format!(
            "/api/2.1/unity-catalog/tables?catalog_name={}&schema_name={}",
            self.space.catalog, self.space.schema
        );
        let (status, body) = engine.send(Method::GET, &path, Bytes::new()).await.map_err(failed)?;
        let listed: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some(tables) = listed.get("tables").and_then(Value::as_array).filter(|_| status == StatusCode::OK) else {
            return Err(failed(format!(
                "The SQL engine could not list the tables of {}.{}.",
                self.space.catalog, self.space.schema
            )));
        };
        let mut texts = Vec::new();
        for table in tables {
            let Some(name) = table.get("full_name").and_then(Value::as_str) else { continue };
            let sample = execute(&self.emulator, self.space, &format!("SELECT * FROM {name} LIMIT 3")).await;
            texts.push(definition(name, table, sample.ok().as_ref()));
        }
        let text = texts.join("\n\n");
        self.emulator.genie().tables.push((self.space.id, text.clone()));
        Ok(text)
    }
}

/// `CREATE TABLE` with types and comments, and sample rows.
fn definition(name: &str, table: &Value, sample: Option<&Value>) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let columns = table.get("columns").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = columns.clone().map(|column| text(column.get("name"))).collect();
    let columns: Vec<String> = columns
        .map(|column| {
            let comment = text(column.get("comment"));
            let comment =
                if comment.is_empty() { comment } else { format!(" COMMENT '{}'", comment.replace('\'', "\\'")) };
            format!("\t{} {}{comment}", text(column.get("name")), text(column.get("type_text")).to_uppercase())
        })
        .collect();
    let mut out = format!("CREATE TABLE {name} (\n{}\n)", columns.join(", \n"));
    let rows = sample.and_then(|sample| sample.pointer("/result/data_array")).and_then(Value::as_array);
    if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
        let cell = |cell: &Value| {
            cell.as_str().unwrap_or("None").replace(['\t', '\n'], " ").chars().take(100).collect::<String>()
        };
        let line = |row: &Value| row.as_array().into_iter().flatten().map(cell).collect::<Vec<_>>().join("\t");
        let lines: Vec<String> = rows.iter().map(line).collect();
        out.push_str(&format!("\n\n/*\n3 rows from {name} table:\n{}\n{}\n*/", names.join("\t"), lines.join("\n")));
    }
    out
}

/// Runs a query and gives the result in the form of statement answers, with its first chunk.
pub(super) async fn execute(emulator: &Emulator, space: &Space, sql: &str) -> Result<Value, Failure> {
    let failed = |why: String| ("GENERIC_SQL_EXEC_API_CALL_EXCEPTION", why);
    let engine = emulator.sql().engine().map_err(|error| failed(error.body().to_string()))?;
    let id = {
        let seed = emulator.config().seed;
        let made = emulator.genie().id(seed, b"statement");
        ids::uuid(ids::hash(seed, &[made.as_bytes()]))
    };
    let request = json!({ "id": id, "statement": sql, "catalog": space.catalog, "schema": space.schema, "row_limit": 5000,
        "format": "JSON_ARRAY", "chunk_bytes": CHUNK_BYTES });
    let answer = engine.execute(&request).await.map_err(failed)?;
    if answer.get("state").and_then(Value::as_str) != Some("SUCCEEDED") {
        let message = answer.pointer("/error/message").and_then(Value::as_str).unwrap_or("The query was canceled.");
        return Err(("SQL_EXECUTION_EXCEPTION", message.to_owned()));
    }
    let manifest = answer.get("manifest").cloned().unwrap_or(json!({}));
    let chunks = manifest.get("total_chunk_count").and_then(Value::as_u64).unwrap_or(0);
    let bytes = if chunks > 0 { engine.chunk(&id, 0).await.map_err(failed)? } else { None };
    engine.forget(&id).await;
    let rows: Value = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(json!([]));
    let count = rows.as_array().map_or(0, Vec::len);
    let mut result = json!({ "chunk_index": 0, "row_offset": 0, "row_count": count, "data_array": rows });
    if chunks > 1 {
        // the other chunks are not kept, but a client must see that there are some
        crate::json::set(&mut result, "next_chunk_index", 1);
        crate::json::set(&mut result, "next_row_offset", count);
    }
    Ok(json!({ "statement_id": id, "status": { "state": "SUCCEEDED" }, "manifest": manifest, "result": result }))
}

/// The first rows as JSON with the columns' names.
fn told(response: &Value) -> String {
    let columns = response.pointer("/manifest/schema/columns").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&Value> = columns.filter_map(|column| column.get("name")).collect();
    let rows = response.pointer("/result/data_array").and_then(Value::as_array).into_iter().flatten();
    let rows: Vec<&Value> = rows.take(ROWS_TOLD).collect();
    json!({ "columns": names, "rows": rows }).to_string()
}
