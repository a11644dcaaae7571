//! Completions: `llm/v1/completions`, text in and text out, whole or streamed (wire: serving-query §6).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::chat::request::{ChatRequest, boolean, number_between, positive, present, stop};
use crate::errors::{ApiError, json_response};
use crate::events::{self, Chunks};
use crate::invocations::Query;
use crate::json::set;
use crate::model::conversation::{Message, Role};
use crate::model::{self, ResponseFormat, ToolChoice, tokens};
use crate::serving_endpoints::StreamUsage;
use crate::{ids, upstream};

/// Fields an endpoint that refuses strangers knows.
const KNOWN_FIELDS: &[&str] = &[
    "prompt",
    "model",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "n",
    "stop",
    "stream",
    "suffix",
    "echo",
    "error_behavior",
    "use_raw_prompt",
    "user",
    "extra_params",
    "client_request_id",
    "usage_context",
];
/// Most prompts of one request, and most choices of one prompt.
const MAX_PROMPTS: usize = 150;
const MAX_CHOICES: usize = 16;

/// A request that passed.
#[derive(Debug)]
pub struct CompletionRequest {
    prompts: Vec<String>,
    n: usize,
    max_tokens: Option<usize>,
    stop: Vec<String>,
    suffix: String,
    echo: bool,
    /// Whether to stream.
    pub stream: bool,
    include_usage: bool,
}

/// Answers a completions query.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let request = read(&query)?;
    let config = query.emulator.config();
    if let Some(server) = &config.upstream {
        return upstream::complete(server, &query, request.stream).await;
    }
    let body = serde_json::to_vec(&query.body).unwrap_or_default();
    let draw = ids::hash(config.seed, &[query.endpoint.name.as_bytes(), &body]);
    let reply = Reply {
        id: format!("cmpl-{}", ids::uuid(draw)),
        created: 1_764_000_000 + draw % 1_000_000,
        model: query.served.to_owned(),
        prompt_tokens: request.prompts.iter().map(|prompt| tokens::count(prompt)).sum(),
        choices: choices(&request, draw, query.fault.repeat_text.unwrap_or(1)),
        usage: query.endpoint.chat.usage,
        include_usage: request.include_usage,
    };
    if request.stream {
        let pause = Duration::from_millis(config.token_delay_ms);
        return Ok(events::response(chunks(reply, pause), Arc::clone(&query.fault)));
    }
    Ok(json_response(StatusCode::OK, &reply.whole()))
}

fn read(query: &Query<'_>) -> Result<CompletionRequest, ApiError> {
    let (body, traits) = (&query.body, &query.endpoint.chat);
    if traits.strict {
        if let Some(name) = body.keys().find(|key| !KNOWN_FIELDS.contains(&key.as_str())) {
            return Err(ApiError::unknown_field(name));
        }
    }
    let prompts = prompts(body)?;
    number_between(body, "temperature", 0.0, 2.0)?;
    number_between(body, "top_p", 0.0, 1.0)?;
    positive(body, "top_k")?;
    boolean(body, "use_raw_prompt")?;
    let n = positive(body, "n")?.unwrap_or(1);
    if n > MAX_CHOICES {
        return Err(ApiError::bad_request("n is too large"));
    }
    if n > 1 && !traits.several_choices {
        return Err(ApiError::bad_request("n must be 1: several choices need a provisioned throughput endpoint"));
    }
    match present(body, "error_behavior").map(Value::as_str) {
        None | Some(Some("error" | "truncate")) => {}
        Some(_) => return Err(ApiError::invalid_parameter("'error_behavior' must be 'error' or 'truncate'")),
    }
    let suffix = match present(body, "suffix") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(ApiError::invalid_parameter("'suffix' must be a string")),
    };
    Ok(CompletionRequest {
        prompts,
        n,
        max_tokens: positive(body, "max_tokens")?,
        stop: stop(body)?,
        suffix,
        echo: boolean(body, "echo")?,
        stream: boolean(body, "stream")?,
        include_usage: body.get("stream_options").and_then(|options| options.get("include_usage"))
            == Some(&Value::Bool(true)),
    })
}

fn prompts(body: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    let refused = || ApiError::invalid_parameter("'prompt' must be a string or a list of strings that is not empty");
    match present(body, "prompt") {
        None => Err(ApiError::invalid_parameter("Missing required Completions parameter: 'prompt'")),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) if list.len() > MAX_PROMPTS => {
            let message = format!("'prompt' holds {} prompts; at most {MAX_PROMPTS} are supported", list.len());
            Err(ApiError::invalid_parameter(&message))
        }
        Some(Value::Array(list)) if !list.is_empty() => {
            list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().ok_or_else(refused)
        }
        Some(_) => Err(refused()),
    }
}

/// What the stand-in says to a prompt.
#[must_use]
pub fn complete(prompt: &str, stop: &[String], max_tokens: Option<usize>, draw: u64, index: usize) -> model::Choice {
    let request = ChatRequest {
        messages: vec![Message { role: Role::User, text: prompt.to_owned(), ..Message::default() }],
        max_tokens,
        stop: stop.to_vec(),
        n: 1,
        stream: false,
        tools: Vec::new(),
        tool_choice: ToolChoice::None,
        response_format: ResponseFormat::Text,
        logprobs: None,
        thinking: false,
        include_usage: false,
    };
    model::answer(&request, false, false, draw, index)
}

/// One choice: what is sent before the answer, the answer, and what is sent after it.
#[derive(Debug)]
struct Choice {
    before: String,
    text: String,
    after: String,
    finish_reason: &'static str,
    repeat: usize,
}

impl Choice {
    fn tokens(&self) -> usize {
        tokens::count(&self.text) * self.repeat
    }

    /// The pieces of a stream.
    fn pieces(&self) -> impl Iterator<Item = &str> + Send {
        let whole = |text| std::iter::once(text).filter(|text: &&str| !text.is_empty());
        let said = std::iter::repeat_n(self.text.as_str(), self.repeat).flat_map(tokens::split);
        whole(self.before.as_str()).chain(said).chain(whole(self.after.as_str()))
    }
}

/// One choice for each prompt, times n, in the order of the prompts.
fn choices(request: &CompletionRequest, draw: u64, repeat: u64) -> Vec<Choice> {
    let repeat = usize::try_from(repeat).unwrap_or(usize::MAX).min(1_000_000);
    let each = request.prompts.iter().flat_map(|prompt| (0..request.n).map(move |index| (prompt, index)));
    each.map(|(prompt, index)| {
        let choice = complete(prompt, &request.stop, request.max_tokens, draw, index);
        Choice {
            before: if request.echo { prompt.clone() } else { String::new() },
            text: choice.text,
            after: request.suffix.clone(),
            finish_reason: choice.finish_reason,
            repeat,
        }
    })
    .collect()
}

#[derive(Debug)]
struct Reply {
    id: String,
    created: u64,
    model: String,
    prompt_tokens: usize,
    choices: Vec<Choice>,
    usage: StreamUsage,
    include_usage: bool,
}

impl Reply {
    fn frame(&self, choices: Value, usage: Option<Value>) -> Value {
        let mut frame = json!({
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            set(&mut frame, "usage", usage);
        }
        frame
    }

    fn usage(&self, completion: usize) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        })
    }

    fn whole(&self) -> Value {
        let choices = self.choices.iter().enumerate().map(|(index, choice)| {
            let text: String = choice.pieces().collect();
            json!({ "index": index, "text": text, "finish_reason": choice.finish_reason, "logprobs": null })
        });
        let completion = self.choices.iter().map(Choice::tokens).sum();
        self.frame(choices.collect(), Some(self.usage(completion)))
    }
}

/// The answer as chunks, `pause` apart, the choices one after the other.
fn chunks(reply: Reply, pause: Duration) -> Chunks {
    Box::pin(async_stream::stream! {
        let mut done = 0;
        for (index, choice) in reply.choices.iter().enumerate() {
            let piece = |text: &str, finish: Option<&str>| {
                json!([{ "index": index, "text": text, "finish_reason": finish, "logprobs": null }])
            };
            let usage = |done: usize| (reply.usage != StreamUsage::OnRequest).then(|| reply.usage(done));
            for text in choice.pieces() {
                done += 1;
                yield Ok(reply.frame(piece(text, None), usage(done)));
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
            yield Ok(reply.frame(piece("", Some(choice.finish_reason)), usage(done)));
        }
        if reply.usage == StreamUsage::OnRequest && reply.include_usage {
            let completion = reply.choices.iter().map(Choice::tokens).sum();
            yield Ok(reply.frame(json!([]), Some(reply.usage(completion))));
        }
    })
}
