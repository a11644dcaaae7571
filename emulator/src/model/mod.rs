//! The stand-in: a deterministic reader that answers from the conversation and says what it is.
//!
//! It is no language model. It finds the sentences that answer, calls the tool whose words fit and fills its arguments from the
//! text by the schema, and writes JSON that follows a schema. With nothing to draw on it says so.

pub mod answers;
pub mod arguments;
pub mod arithmetic;
pub mod conversation;
pub mod mentions;
pub mod passages;
pub mod results;
mod schemas;
pub mod sql;
mod strings;
pub mod text;
pub mod tokens;
pub mod tools;
mod units;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::chat::request::ChatRequest;
use crate::ids;
use conversation::{Message, ToolCall, calls_made, question, results as tool_results};

/// A tool the model may call.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON schema of its arguments.
    pub parameters: Value,
}

/// Whether tools may or must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// No tool.
    None,
    /// As the model sees fit.
    Auto,
    /// At least one.
    Required,
    /// This one.
    Function(String),
}

/// The form of the answer.
#[derive(Debug, Clone)]
pub enum ResponseFormat {
    /// Words.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that follows this schema.
    JsonSchema(Value),
}

/// What the model thought before it answered.
#[derive(Debug, Clone)]
pub struct Thought {
    /// The words.
    pub text: String,
    /// What proves them to the model in the next turn.
    pub signature: Option<String>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The reasoning, where the endpoint shows it.
    pub thought: Option<Thought>,
    /// The text.
    pub text: String,
    /// The tools called.
    pub tool_calls: Vec<ToolCall>,
    /// `stop`, `length` or `tool_calls`.
    pub finish_reason: &'static str,
}

impl Choice {
    /// Tokens of the whole answer.
    #[must_use]
    pub fn tokens(&self) -> usize {
        let calls = self.tool_calls.iter().map(|call| tokens::count(&call.name) + tokens::count(&call.arguments));
        self.reasoning_tokens() + tokens::count(&self.text) + calls.sum::<usize>()
    }

    /// Tokens of the reasoning.
    #[must_use]
    pub fn reasoning_tokens(&self) -> usize {
        self.thought.as_ref().map_or(0, |thought| tokens::count(&thought.text))
    }
}

/// Tokens of the request: messages, tool calls in them, and tool definitions.
#[must_use]
pub fn prompt_tokens(request: &ChatRequest) -> usize {
    let message = |message: &Message| {
        let calls = message.tool_calls.iter().map(|call| tokens::count(&call.name) + tokens::count(&call.arguments));
        // 4 for the role and the marks around a message
        4 + tokens::count(&message.text) + calls.sum::<usize>() + 85 * message.attachments.len()
    };
    let tool = |tool: &Tool| tokens::count(&tool.description) + tokens::count(&tool.parameters.to_string());
    request.messages.iter().map(message).sum::<usize>() + request.tools.iter().map(tool).sum::<usize>()
}

/// The answer to a request: `draw` and `index` decide what is left open, such as ids.
#[must_use]
pub fn answer(request: &ChatRequest, reasons: bool, signs: bool, draw: u64, index: usize) -> Choice {
    let (text, tool_calls, why) = say(request, draw, index);
    let thought = reasons.then(|| Thought { signature: signs.then(|| signature(draw, &why)), text: why });
    let finish_reason = if tool_calls.is_empty() { "stop" } else { "tool_calls" };
    limited(Choice { thought, text, tool_calls, finish_reason }, request)
}

fn signature(draw: u64, why: &str) -> String {
    let mut bytes = Vec::with_capacity(48);
    for round in 0..6_u64 {
        bytes.extend_from_slice(&ids::hash(draw ^ round, &[b"signature", why.as_bytes()]).to_le_bytes());
    }
    STANDARD.encode(bytes)
}

/// What to say, which tools to call, and why.
fn say(request: &ChatRequest, draw: u64, index: usize) -> (String, Vec<ToolCall>, String) {
    let asked = question(&request.messages);
    let results = tool_results(&request.messages);
    let forced = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Function(_));
    let mut missing = None;
    let settled = forced && !results.is_empty();
    let words = matches!(request.response_format, ResponseFormat::Text);
    if words && matches!(request.tool_choice, ToolChoice::Auto | ToolChoice::Required) {
        match sql::agent::next(&request.messages, asked, &request.tools, &results) {
            Some(sql::agent::Next::Call(name, arguments)) if !settled => {
                let made = calls_made(&request.messages).count();
                let number = ids::hash(draw, &[b"sql", &index.to_le_bytes(), &made.to_le_bytes()]);
                let call = ToolCall { id: format!("call_{number:016x}"), name, arguments: arguments.to_string() };
                return (
                    String::new(),
                    vec![call],
                    "The question is about tables: they are listed, read and queried.".to_owned(),
                );
            }
            Some(sql::agent::Next::Say(text)) => {
                return (text, Vec::new(), "The SQL tools have said what there is to say.".to_owned());
            }
            _ => {}
        }
    }
    if words && results.is_empty() {
        if let Some((text, why)) = sql::prompts::answer(&request.messages) {
            return (text, Vec::new(), why.to_owned());
        }
    }
    if request.tool_choice != ToolChoice::None && !settled {
        let mut plan = tools::plan(asked, &request.tools, &request.tool_choice);
        if plan.calls.is_empty() && plan.missing.is_none() && results.is_empty() {
            plan.calls.extend(passages::retrieval(asked, &request.tools));
        }
        let made: Vec<&ToolCall> = calls_made(&request.messages).collect();
        let calls: Vec<ToolCall> = plan
            .calls
            .into_iter()
            .filter(|(tool, arguments)| {
                !made.iter().any(|call| call.name == *tool && same_json(&call.arguments, arguments))
            })
            .enumerate()
            .map(|(position, (name, arguments))| {
                let number = ids::hash(draw, &[b"call", &index.to_le_bytes(), &position.to_le_bytes()]);
                ToolCall { id: format!("call_{number:016x}"), name, arguments: arguments.to_string() }
            })
            .collect();
        // after the first results, further calls are made only if every result so far was good
        let go_on = results.is_empty() || results.iter().all(|result| !results::failed(result.text));
        if !calls.is_empty() && go_on {
            let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
            let why = format!("The request fits {}. Its arguments can be read from the text.", names.join(" and "));
            return (String::new(), calls, why);
        }
        missing = plan.missing;
    }
    match &request.response_format {
        ResponseFormat::JsonSchema(schema) => {
            let value = arguments::fill_all(schema, &everything_said(&request.messages));
            return (value.to_string(), Vec::new(), "The answer must be JSON that follows a schema.".to_owned());
        }
        ResponseFormat::JsonObject => {
            let value = answers::as_object(&request.messages);
            return (value.to_string(), Vec::new(), "The answer must be a JSON object.".to_owned());
        }
        ResponseFormat::Text => {}
    }
    if let Some(text) = passages::answer(&request.messages, &results) {
        return (
            text,
            Vec::new(),
            "There are passages to answer from; the sentences that meet the question do.".to_owned(),
        );
    }
    if !results.is_empty() {
        let why = format!("{} tool result(s) are there; the answer follows from them.", results.len());
        return (results::answer(asked, &results), Vec::new(), why);
    }
    if let Some(missing) = missing {
        let text = format!(
            "I can use `{}` for that, but I could not find **{}** in what you wrote. What should it be?",
            missing.tool, missing.parameter
        );
        return (text, Vec::new(), "A tool fits, but a required argument is missing.".to_owned());
    }
    answers::answer(&request.messages, ids::mix(draw ^ index as u64))
}

/// Everything people and tools said, the newest last.
fn everything_said(messages: &[Message]) -> String {
    let said =
        messages.iter().filter(|message| matches!(message.role, conversation::Role::User | conversation::Role::Tool));
    said.map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn same_json(text: &str, value: &Value) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|read| read == *value)
}

/// The answer cut at a stop text and at the token limit.
fn limited(mut choice: Choice, request: &ChatRequest) -> Choice {
    let first_stop = request.stop.iter().filter_map(|stop| choice.text.find(stop.as_str())).min();
    if let Some(at) = first_stop {
        choice.text.truncate(at);
        choice.finish_reason = "stop";
    }
    let Some(mut left) = request.max_tokens else { return choice };
    if choice.tokens() <= left {
        return choice;
    }
    choice.finish_reason = "length";
    if let Some(thought) = &mut choice.thought {
        left = take_tokens(&mut thought.text, left);
    }
    left = take_tokens(&mut choice.text, left);
    for call in &mut choice.tool_calls {
        left = left.saturating_sub(tokens::count(&call.name));
        left = take_tokens(&mut call.arguments, left);
    }
    choice
}

/// Cuts a text to at most `left` tokens and returns how many remain.
fn take_tokens(text: &mut String, left: usize) -> usize {
    let mut used = 0;
    let bytes: usize = tokens::split(text).take(left).inspect(|_| used += 1).map(str::len).sum();
    text.truncate(bytes);
    left - used
}
