//! What a page may ask a model: by the form of the body and the lists the endpoint stands in, with what it may cost.

use crate::relay::body::canonical::{Fields, Writer};
use crate::relay::body::{Written, at_most, get, inside, models, only, positive, positive_of};
use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::wire::json::Raw;

/// Fields that every form has.
const ANY: &[&str] = &["model", "client_request_id", "usage_context"];
/// Those of a chat, besides what it costs.
const CHAT: &[&str] = &[
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "n",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "response_format",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "thinking",
    "user",
    "presence_penalty",
    "frequency_penalty",
    "seed",
];
/// Those of a `ChatAgent`.
const AGENT: &[&str] = &["messages", "stream", "custom_inputs"];
const COMPLETIONS: &[&str] = &[
    "prompt",
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
];
const EMBEDDINGS: &[&str] = &["input", "instruction", "user", "dimensions", "encoding_format"];
/// Those of the Responses API; what would reach into the conversations of others (`previous_response_id`, `store` …) is not.
const RESPONSES: &[&str] = &[
    "input",
    "instructions",
    "stream",
    "temperature",
    "top_p",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "tools",
    "tool_choice",
    "reasoning",
    "text",
    "truncation",
    "user",
    "custom_inputs",
];

/// Writes a body of `/serving-endpoints/{endpoint}/invocations` anew.
pub(super) fn rewrite(rules: &Rules, endpoint: &str, given: &Fields<'_>) -> Result<Written, Fault> {
    if get(given, "model").is_some_and(|model| model.as_str().as_deref() != Some(endpoint)) {
        return Err(Fault::body(&["`model` is not the endpoint of the address: leave it out."]));
    }
    let has = |key| get(given, key).is_some();
    let limits = &rules.limits;
    let form = form_of(rules, endpoint, given)?;
    let (known, cap) = match form {
        Form::Chat => (CHAT, Some(if has("max_completion_tokens") { "max_completion_tokens" } else { "max_tokens" })),
        Form::Agent => (AGENT, None),
        Form::Completions => (COMPLETIONS, Some("max_tokens")),
        Form::Embeddings => (EMBEDDINGS, None),
        Form::Responses => (RESPONSES, Some("max_output_tokens")),
        Form::Model => (models::FIELDS, None),
    };
    let all: Vec<&str> = [ANY, known].concat().into_iter().chain(rules.fields.iter().map(String::as_str)).collect();
    only(given, &all)?;
    match form {
        Form::Chat | Form::Agent => at_most_of(given, "messages", limits.messages)?,
        Form::Responses if get(given, "input").is_some_and(Raw::is_array) => {
            at_most_of(given, "input", limits.messages)?
        }
        Form::Responses => {}
        Form::Completions => texts(given, "prompt", limits.inputs)?,
        Form::Embeddings => texts(given, "input", limits.inputs)?,
        Form::Model => models::check(limits, given)?,
    }
    if matches!(form, Form::Chat | Form::Agent | Form::Responses) {
        inside::brought_along(rules, given)?;
    }
    if let Some(own) = get(given, "custom_inputs") {
        models::lengths(limits, own, "custom_inputs")?;
    }
    costs(rules, given)?;
    let stream = match get(given, "stream").map(Raw::text) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Fault::body(&["`stream` is not true or false."])),
    };
    let mut out = Writer::new();
    for (key, value) in given {
        // what is said by the address, what says nothing, and what is written below
        if key == "model" || value.is_null() || is_cap(key) {
            continue;
        }
        out.value(key, *value)?;
    }
    // a list of prompts is as many answers, which are no longer together than one
    let answers = if form == Form::Completions {
        get(given, "prompt").map_or(1, |prompt| prompt.items().count().max(1))
    } else {
        1
    };
    let most = (limits.max_tokens / u64::try_from(answers).unwrap_or(u64::MAX)).max(1);
    cap_tokens(&mut out, most, given, cap)?;
    Ok(Written { text: out.finish(), stream })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Chat,
    Agent,
    Completions,
    Embeddings,
    Responses,
    Model,
}

fn form_of(rules: &Rules, endpoint: &str, given: &Fields<'_>) -> Result<Form, Fault> {
    let has = |key| get(given, key).is_some();
    let texts = |value: Raw<'_>| value.is_string() || value.items().next().is_some_and(Raw::is_string);
    let form = if has("messages") {
        if rules.chat.allow(endpoint) {
            Some(Form::Chat)
        } else {
            rules.responses.allow(endpoint).then_some(Form::Agent)
        }
    } else if has("prompt") {
        rules.completions.allow(endpoint).then_some(Form::Completions)
    } else if let Some(input) = get(given, "input") {
        if rules.embeddings.allow(endpoint) && texts(input) {
            Some(Form::Embeddings)
        } else {
            rules.responses.allow(endpoint).then_some(Form::Responses)
        }
    } else {
        (rules.models.allow(endpoint) && models::INPUTS.iter().any(|key| has(key))).then_some(Form::Model)
    };
    form.ok_or_else(|| Fault::body(&["The endpoint may not be asked in this form."]))
}

fn at_most_of(given: &Fields<'_>, key: &str, most: u64) -> Result<(), Fault> {
    get(given, key).map_or(Ok(()), |value| at_most(value, key, most))
}

/// A text, or a list of texts.
fn texts(given: &Fields<'_>, key: &str, most: u64) -> Result<(), Fault> {
    let Some(value) = get(given, key) else { return Ok(()) };
    if value.is_string() {
        return Ok(());
    }
    at_most(value, key, most)?;
    if value.items().all(Raw::is_string) {
        Ok(())
    } else {
        Err(Fault::body(&["`", key, "` is not a text or a list of texts."]))
    }
}

/// What makes an answer dear: how many, and the tools.
fn costs(rules: &Rules, given: &Fields<'_>) -> Result<(), Fault> {
    let limits = &rules.limits;
    if positive(given, "n")?.is_some_and(|n| n > limits.n) {
        return Err(Fault::body(&["`n` is more than ", &limits.n.to_string(), "."]));
    }
    if let Some(tools) = get(given, "tools") {
        at_most(tools, "tools", limits.tools)?;
    }
    inside::tools(rules, given)?;
    if let Some(thinking) = get(given, "thinking") {
        let budget = thinking.get_some("budget_tokens").map(|value| positive_of(value, "budget_tokens")).transpose()?;
        if !thinking.is_object() || budget.is_some_and(|budget| budget > limits.max_tokens) {
            return Err(Fault::body(&["`thinking.budget_tokens` is more than ", &limits.max_tokens.to_string(), "."]));
        }
    }
    Ok(())
}

fn is_cap(key: &str) -> bool {
    matches!(key, "max_tokens" | "max_completion_tokens" | "max_output_tokens")
}

/// Writes how long the answer may be: never longer than the limit, and the limit when nothing was said.
fn cap_tokens(out: &mut Writer, most: u64, given: &Fields<'_>, cap: Option<&str>) -> Result<(), Fault> {
    for key in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
        if let Some(asked) = positive(given, key)? {
            out.number(key, asked.min(most));
        } else if cap == Some(key) {
            out.number(key, most);
        }
    }
    Ok(())
}
