//! An answer of the model in the service's shapes: one completion, or chunks (wire: serving-query §4 and §5).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::events::Chunks;
use crate::json::set;
use crate::model::conversation::ToolCall;
use crate::model::{Choice, Thought, tokens};
use crate::serving_endpoints::{ChatTraits, StreamUsage};

/// Everything a completion or its chunks are made of.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The completion's id.
    pub id: String,
    /// When it was made, in seconds.
    pub created: u64,
    /// The served entity that answered.
    pub model: String,
    /// Tokens of the request.
    pub prompt_tokens: usize,
    /// The answers.
    pub choices: Vec<Choice>,
    /// How the endpoint shapes them.
    pub traits: ChatTraits,
    /// Whether log probabilities are wanted, and how many alternatives each.
    pub top_logprobs: Option<usize>,
    /// Whether a stream ends with usage in a chunk of its own.
    pub include_usage: bool,
    /// How often the text is said.
    pub repeat: u64,
    /// The number that decides log probabilities.
    pub draw: u64,
}

impl Reply {
    /// The whole completion.
    #[must_use]
    pub fn completion(&self) -> Value {
        let choices: Vec<Value> =
            self.choices.iter().enumerate().map(|(index, choice)| self.choice(index, choice)).collect();
        let completion: usize = self.choices.iter().map(Choice::tokens).sum();
        let mut usage = usage(self.prompt_tokens, Some(completion));
        let reasoning: usize = self.choices.iter().map(Choice::reasoning_tokens).sum();
        if reasoning > 0 {
            set(&mut usage, "completion_tokens_details", json!({ "reasoning_tokens": reasoning }));
        }
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "usage": usage,
        })
    }

    fn choice(&self, index: usize, choice: &Choice) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.content(choice) });
        if !choice.tool_calls.is_empty() {
            set(&mut message, "tool_calls", choice.tool_calls.iter().map(whole_call).collect::<Value>());
        }
        let logprobs = self.top_logprobs.filter(|_| !choice.text.is_empty()).map(|top| {
            let content: Vec<Value> =
                tokens::split(&choice.text).map(|token| tokens::logprob(token, top, self.draw)).collect();
            json!({ "content": content })
        });
        json!({ "index": index, "message": message, "finish_reason": choice.finish_reason, "logprobs": logprobs })
    }

    fn content(&self, choice: &Choice) -> Value {
        let text = if self.repeat == 1 {
            choice.text.clone()
        } else {
            choice.text.repeat(usize::try_from(self.repeat).unwrap_or(usize::MAX).min(1_000_000))
        };
        if let Some(thought) = &choice.thought {
            let mut parts = vec![reasoning_part(&thought.text, thought.signature.as_deref())];
            if !text.is_empty() {
                parts.push(json!({ "type": "text", "text": text }));
            }
            return Value::Array(parts);
        }
        if text.is_empty() && !choice.tool_calls.is_empty() {
            return if self.traits.empty_content_with_tools { json!("") } else { Value::Null };
        }
        Value::String(text)
    }
}

fn usage(prompt: usize, completion: Option<usize>) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": completion.map(|completion| prompt + completion),
    })
}

fn reasoning_part(text: &str, signature: Option<&str>) -> Value {
    let mut summary = json!({ "type": "summary_text", "text": text });
    if let Some(signature) = signature {
        set(&mut summary, "signature", json!(signature));
    }
    json!({ "type": "reasoning", "summary": [summary] })
}

fn whole_call(call: &ToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}

/// One delta of one choice.
struct Delta {
    choice: usize,
    delta: Map<String, Value>,
    finish_reason: Option<&'static str>,
    logprobs: Option<Value>,
    tokens: usize,
}

/// The answer as chunks, `pause` apart.
#[must_use]
pub fn chunks(reply: Reply, pause: Duration) -> Chunks {
    Box::pin(async_stream::stream! {
        let mut done = 0;
        let mut held: Option<Delta> = None;
        let mut deltas = deltas(&reply);
        loop {
            let following = deltas.next();
            let last = following.is_none();
            if let Some(delta) = std::mem::replace(&mut held, following) {
                done += delta.tokens;
                yield Ok(reply.chunk(delta, done, last));
                if !pause.is_zero() && !last {
                    tokio::time::sleep(pause).await;
                }
            }
            if last {
                break;
            }
        }
        if reply.traits.usage == StreamUsage::OnRequest && reply.include_usage {
            yield Ok(reply.frame(json!([]), Some(usage(reply.prompt_tokens, Some(done)))));
        }
    })
}

impl Reply {
    fn chunk(&self, delta: Delta, done: usize, last: bool) -> Value {
        let mut choice = json!({ "index": delta.choice, "delta": delta.delta, "finish_reason": delta.finish_reason });
        if let Some(logprobs) = delta.logprobs {
            set(&mut choice, "logprobs", logprobs);
        }
        let usage = match self.traits.usage {
            StreamUsage::NullUntilLast => Some(usage(self.prompt_tokens, last.then_some(done))),
            StreamUsage::Running => Some(usage(self.prompt_tokens, Some(done))),
            StreamUsage::OnRequest => None,
        };
        self.frame(json!([choice]), usage)
    }

    fn frame(&self, choices: Value, usage: Option<Value>) -> Value {
        let mut frame = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            set(&mut frame, "usage", usage);
        }
        frame
    }
}

/// The deltas of every choice; several choices come interleaved, as providers send them.
fn deltas(reply: &Reply) -> impl Iterator<Item = Delta> + Send + '_ {
    let mut sources: Vec<_> =
        reply.choices.iter().enumerate().map(|(index, choice)| Some(of_choice(reply, index, choice))).collect();
    let mut turn = 0;
    std::iter::from_fn(move || {
        let count = sources.len();
        for _ in 0..count {
            let slot = sources.get_mut(turn % count)?;
            turn += 1;
            if let Some(delta) = slot.as_mut().and_then(Iterator::next) {
                return Some(delta);
            }
            *slot = None;
        }
        None
    })
}

fn of_choice<'r>(reply: &'r Reply, index: usize, choice: &'r Choice) -> Box<dyn Iterator<Item = Delta> + Send + 'r> {
    let plain = move |delta: Value, tokens: usize| Delta {
        choice: index,
        delta: if let Value::Object(delta) = delta { delta } else { Map::new() },
        finish_reason: None,
        logprobs: None,
        tokens,
    };
    let reasoning = choice.thought.iter().flat_map(thought_deltas).map(move |(delta, tokens)| plain(delta, tokens));
    let repeat = usize::try_from(reply.repeat).unwrap_or(usize::MAX);
    let text = std::iter::repeat_n(choice.text.as_str(), repeat).flat_map(tokens::split).map(move |token| {
        let mut delta = plain(json!({ "content": token }), 1);
        delta.logprobs = reply.top_logprobs.map(|top| json!({ "content": [tokens::logprob(token, top, reply.draw)] }));
        delta
    });
    let calls = choice.tool_calls.iter().enumerate().flat_map(move |(position, call)| {
        call_deltas(position, call, reply.traits.whole_tool_calls)
            .into_iter()
            .map(move |(delta, tokens)| plain(delta, tokens))
    });
    let content =
        if choice.tool_calls.is_empty() || reply.traits.empty_content_with_tools { json!("") } else { Value::Null };
    let opening = std::iter::once(plain(json!({ "role": "assistant", "content": content }), 0));
    let mut closing = plain(json!({}), 0);
    closing.finish_reason = Some(choice.finish_reason);
    let repeats_role = reply.traits.repeats_role;
    let all = opening.chain(reasoning).chain(text).chain(calls).chain(std::iter::once(closing));
    Box::new(all.map(move |mut delta| {
        if repeats_role && !delta.delta.contains_key("role") {
            delta.delta.insert("role".to_owned(), json!("assistant"));
        }
        delta
    }))
}

fn thought_deltas(thought: &Thought) -> impl Iterator<Item = (Value, usize)> + '_ {
    let pieces = tokens::split(&thought.text).map(|token| (json!({ "content": [reasoning_part(token, None)] }), 1));
    let signature =
        thought.signature.as_deref().map(|signature| (json!({ "content": [reasoning_part("", Some(signature))] }), 0));
    pieces.chain(signature)
}

fn call_deltas(position: usize, call: &ToolCall, whole: bool) -> Vec<(Value, usize)> {
    let count = tokens::count(&call.name) + tokens::count(&call.arguments);
    let first = |arguments: &str| {
        json!({ "tool_calls": [{ "index": position, "id": call.id, "type": "function",
            "function": { "name": call.name, "arguments": arguments } }] })
    };
    if whole {
        return vec![(first(&call.arguments), count)];
    }
    let mut deltas = vec![(first(""), tokens::count(&call.name))];
    deltas.extend(
        tokens::split(&call.arguments)
            .map(|piece| (json!({ "tool_calls": [{ "index": position, "function": { "arguments": piece } }] }), 1)),
    );
    deltas
}
