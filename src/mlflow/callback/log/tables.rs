//! The files of a flush.

use super::cells::escaped;
use super::fields::python;
use super::frame::Frame;
use super::readability::TEXT_METRICS;
use crate::error::Result;
use crate::wire::json::{Raw, string};

/// Names and texts of the files that a flush logs, out of all records (a JSON list): the table of actions and, once a model was
/// asked, the table of prompts and answers and the page of both.
///
/// In that page texts are escaped, where LangChain's handler lets them be markup; a start without an end has an empty answer,
/// where it throws.
///
/// # Errors
/// `Decode` for a text that is no JSON.
pub fn tables(records: &str) -> Result<Vec<(&'static str, String)>> {
    let all: Vec<Raw<'_>> = Raw::parse(records)?.items().collect();
    let of = |action: &str| -> Vec<Raw<'_>> {
        let is = |record: &Raw<'_>| record.get("action").and_then(Raw::as_str).is_some_and(|own| own == action);
        all.iter().copied().filter(is).collect()
    };
    let mut files = vec![("table_action_records.html", Frame::of(&all).to_html())];
    let starts = of("on_llm_start");
    if starts.is_empty() {
        return Ok(files);
    }
    let (starts, ends) = (Frame::of(&starts), Frame::of(&of("on_llm_end")));
    // the last part of a path is its name
    let ids: Vec<String> = match (starts.column("name"), starts.column("id")) {
        (None, Some(cells)) => {
            let last = |cell: &Option<Raw<'_>>| cell.and_then(|list| list.items().last()).map(python);
            cells.iter().map(|cell| last(cell).map_or_else(|| "null".to_owned(), |name| string(&name))).collect()
        }
        _ => Vec::new(),
    };
    let mut session = Frame::default();
    session.columns.extend(starts.full("step", "prompt_step"));
    session.columns.extend(starts.full("prompt", "prompt"));
    if starts.column("name").is_some() {
        session.columns.extend(starts.full("name", "name"));
    } else if !ids.is_empty() && ids.iter().all(|id| id != "null") {
        session.columns.push(("name".to_owned(), ids.iter().map(|id| Raw::parse(id).ok()).collect()));
    }
    session.columns.extend(ends.full("step", "output_step"));
    session.columns.extend(ends.full("text", "output"));
    for name in ["token_usage_total_tokens", "token_usage_prompt_tokens", "token_usage_completion_tokens"] {
        session.columns.extend(ends.full(name, name));
    }
    for name in TEXT_METRICS {
        session.columns.extend(ends.full(name, name));
    }
    let session = session.aligned();
    files.push(("table_session_analysis.html", session.to_html()));
    let (prompts, answers) = (session.column("prompt"), session.column("output"));
    let mut chat = String::new();
    for row in 0..session.rows {
        let text = |cells: Option<&[Option<Raw<'_>>]>| {
            let cell = cells.and_then(|cells| cells.get(row).copied().flatten());
            broken(&cell.map(python).unwrap_or_default())
        };
        for piece in [
            "    <p style=\"color:black;\">",
            &text(prompts),
            ":</p>    <blockquote>      <p style=\"color:green;\">        ",
            &text(answers),
            "      </p>    </blockquote>    ",
        ] {
            chat.push_str(piece);
        }
    }
    files.push(("chat_html.html", chat));
    Ok(files)
}

/// A text as markup: its lines kept.
fn broken(text: &str) -> String {
    let mut out = String::new();
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("<br>");
        }
        out.push_str(&escaped(line));
    }
    out
}
