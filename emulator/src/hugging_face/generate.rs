//! A generation: the prompt read, the stand-in's answer cut as the parameters want it, and its tokens.

use serde_json::{Value, json};

use super::Model;
use super::errors::Refusal;
use super::parameters::{MAX_INPUT, MAX_TOTAL, Parameters};
use crate::chat::request;
use crate::ids;
use crate::json::set;
use crate::model::conversation::{Message, Role};
use crate::model::{self, ToolChoice, tokens};

/// Why a generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Length,
    EosToken,
    StopSequence,
}

impl Finish {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::EosToken => "eos_token",
            Self::StopSequence => "stop_sequence",
        }
    }
}

/// One generation.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    pub(super) prompt: String,
    pub(super) text: String,
    pub(super) finish: Finish,
    pub(super) model: Model,
    pub(super) draw: u64,
    pub(super) input_tokens: usize,
    seed: Option<u64>,
    prefill: bool,
    top_n_tokens: usize,
}

/// Lets the stand-in answer a prompt.
pub(super) fn run(model: Model, prompt: &str, parameters: &Parameters, seed: u64) -> Result<Generation, Refusal> {
    let mut words: Vec<&str> = tokens::split(prompt).collect();
    if let Some(last) = parameters.truncate {
        let skipped = words.len().saturating_sub(last);
        words.drain(..skipped);
    }
    if words.is_empty() {
        return Err(Refusal::validation("`inputs` cannot be empty"));
    }
    if words.len() > MAX_INPUT {
        let message = format!("`inputs` must have less than {MAX_INPUT} tokens. Given: {}", words.len());
        return Err(Refusal::validation(&message));
    }
    if words.len().saturating_add(parameters.max_new_tokens) > MAX_TOTAL {
        let message = format!(
            "`inputs` tokens + `max_new_tokens` must be <= {MAX_TOTAL}. Given: {} `inputs` tokens and {} `max_new_tokens`",
            words.len(),
            parameters.max_new_tokens
        );
        return Err(Refusal::validation(&message));
    }
    let input_tokens = words.len();
    let kept = words.concat();
    let draw = ids::hash(seed, &[model.id.as_bytes(), kept.as_bytes(), &parameters.seed.unwrap_or(0).to_le_bytes()]);
    let asked = request::plain(conversation(&kept), false, parameters.format.clone(), ToolChoice::None);
    let mut text = model::answer(&asked, false, false, draw, 0).text;
    let mut finish = Finish::EosToken;
    if let Some(at) = parameters.stop.iter().filter_map(|stop| text.find(stop.as_str())).min() {
        text.truncate(at);
        finish = Finish::StopSequence;
    }
    if tokens::count(&text) > parameters.max_new_tokens {
        let bytes: usize = tokens::split(&text).take(parameters.max_new_tokens).map(str::len).sum();
        text.truncate(bytes);
        finish = Finish::Length;
    }
    let seed = parameters.sampled.then(|| parameters.seed.unwrap_or(draw));
    Ok(Generation {
        prompt: prompt.to_owned(),
        text,
        finish,
        model,
        draw,
        input_tokens,
        seed,
        prefill: parameters.prefill,
        top_n_tokens: parameters.top_n_tokens,
    })
}

/// What a prompt asks: in Dolly's form the instruction and its input, otherwise all of it.
fn conversation(prompt: &str) -> Vec<Message> {
    let message = |role, text: &str| Message { role, text: text.trim().to_owned(), ..Message::default() };
    let Some((_, asked)) = prompt.split_once("### Instruction:") else { return vec![message(Role::User, prompt)] };
    let asked = asked.split("### Response:").next().unwrap_or(asked);
    match asked.split_once("\nInput:\n") {
        Some((instruction, context)) => vec![message(Role::System, context), message(Role::User, instruction)],
        None => vec![message(Role::User, asked)],
    }
}

impl Generation {
    /// A token with a made-up id and probability: always the same for the same token.
    pub(super) fn token(&self, text: &str, special: bool) -> Value {
        let number = ids::hash(self.draw, &[text.as_bytes()]);
        let id = if special { 0 } else { 1 + ids::hash(0, &[text.as_bytes()]) % 50_000 };
        let logprob = if special { 0.0 } else { -(f64::from((number % 1000) as u16) + 1.0) / 2000.0 };
        json!({ "id": id, "text": text, "logprob": logprob, "special": special })
    }

    /// Alternatives to a token, if they were asked for.
    pub(super) fn alternatives(&self, text: &str) -> Option<Value> {
        let more = (1..self.top_n_tokens.min(10)).map(|rank| self.token(&format!("{text}{rank}"), false));
        (self.top_n_tokens > 0).then(|| std::iter::once(self.token(text, false)).chain(more).collect())
    }

    /// Every token of the answer, the special one at its end included.
    pub(super) fn tokens(&self) -> Vec<(String, bool)> {
        let mut all: Vec<(String, bool)> = tokens::split(&self.text).map(|token| (token.to_owned(), false)).collect();
        if self.finish == Finish::EosToken {
            all.push((self.model.end.to_owned(), true));
        }
        all
    }

    /// The text, after the prompt if that is wanted too.
    pub(super) fn said(&self, full: bool) -> String {
        if full { format!("{}{}", self.prompt, self.text) } else { self.text.clone() }
    }

    /// `details` of a whole answer.
    pub(super) fn details(&self) -> Value {
        let list = self.tokens();
        let prefill: Vec<Value> = tokens::split(&self.prompt)
            .filter(|_| self.prefill)
            .map(|token| json!({ "id": 1, "text": token, "logprob": null }))
            .collect();
        let mut details = json!({
            "finish_reason": self.finish.name(),
            "generated_tokens": list.len(),
            "seed": self.seed,
            "prefill": prefill,
            "tokens": list.iter().map(|(text, special)| self.token(text, *special)).collect::<Vec<_>>(),
        });
        if self.top_n_tokens > 0 {
            let rows: Vec<Value> = list.iter().filter_map(|(text, _)| self.alternatives(text)).collect();
            set(&mut details, "top_tokens", rows);
        }
        details
    }

    /// `details` of a stream's last event.
    pub(super) fn stream_details(&self) -> Value {
        json!({
            "finish_reason": self.finish.name(),
            "generated_tokens": self.tokens().len(),
            "input_length": self.input_tokens,
            "seed": self.seed,
        })
    }
}
