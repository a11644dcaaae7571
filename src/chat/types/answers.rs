//! Whole answers and the chunks of streamed ones.

use serde_json::Value;

use super::messages::{Content, Message, Role};
use crate::macros::{open_enum, wire_struct};

open_enum! {
    /// Why a choice ended.
    pub enum FinishReason {
        /// A natural end or a stop sequence.
        Stop = "stop",
        /// `max_tokens` was reached.
        Length = "length",
        /// The model asks for tools to be run.
        ToolCalls = "tool_calls",
        /// A guardrail or filter cut the answer.
        ContentFilter = "content_filter",
        /// The old form of `tool_calls`.
        FunctionCall = "function_call",
    }
}

wire_struct! {
    /// A whole answer.
    pub struct ChatCompletion {
        /// The answer's id; `null` from some models.
        pub id: Option<String>,
        /// `chat.completion`.
        pub object: Option<String>,
        /// Seconds since 1970.
        pub created: Option<i64>,
        /// The served model, not always the endpoint's name.
        pub model: Option<String>,
        /// The choices, one unless `n` asked for more.
        pub choices: Vec<Choice>,
        /// Tokens used.
        pub usage: Option<Usage>,
        /// What agent endpoints add, such as a trace.
        pub databricks_output: Option<Value>,
    }
}

wire_struct! {
    /// One choice of an answer.
    pub struct Choice {
        /// Its place.
        pub index: u64,
        /// What the model says.
        pub message: Message,
        /// Why it ended; absent when the service did not say.
        pub finish_reason: Option<FinishReason>,
        /// Log probabilities, when asked for.
        pub logprobs: Option<Value>,
    }
}

wire_struct! {
    /// Tokens used.
    pub struct Usage {
        /// Tokens of the prompt; without cached ones in the Claude class.
        pub prompt_tokens: Option<u64>,
        /// Tokens of the answer.
        pub completion_tokens: Option<u64>,
        /// Both.
        pub total_tokens: Option<u64>,
        /// Tokens of thought.
        pub reasoning_tokens: Option<u64>,
        /// More on the prompt, such as `cached_tokens`.
        pub prompt_tokens_details: Option<Value>,
        /// More on the answer, such as `reasoning_tokens`.
        pub completion_tokens_details: Option<Value>,
        /// Prompt tokens read from the cache (Claude class).
        pub cache_read_input_tokens: Option<u64>,
        /// Prompt tokens written to the cache (Claude class).
        pub cache_creation_input_tokens: Option<u64>,
    }
}

wire_struct! {
    /// One event of a streamed answer.
    pub struct ChatCompletionChunk {
        /// The answer's id.
        pub id: Option<String>,
        /// `chat.completion.chunk`.
        pub object: Option<String>,
        /// Seconds since 1970.
        pub created: Option<i64>,
        /// The served model.
        pub model: Option<String>,
        /// What is new; empty in a last chunk that only holds usage.
        pub choices: Vec<ChunkChoice>,
        /// Tokens used so far; counts may be `null` at first. Take the last, never the sum.
        pub usage: Option<Usage>,
    }
}

wire_struct! {
    /// What is new in one choice.
    pub struct ChunkChoice {
        /// Which choice.
        pub index: u64,
        /// What is new.
        pub delta: Delta,
        /// Why it ended; `null` until it does.
        pub finish_reason: Option<FinishReason>,
        /// Log probabilities of the new tokens.
        pub logprobs: Option<Value>,
    }
}

wire_struct! {
    /// The new piece of a message.
    pub struct Delta {
        /// Who speaks; on the first chunk, sometimes on all.
        pub role: Option<Role>,
        /// New text, or new parts.
        pub content: Option<Content>,
        /// New pieces of tool calls.
        pub tool_calls: Option<Vec<ToolCallDelta>>,
    }
}

wire_struct! {
    /// A new piece of a tool call.
    pub struct ToolCallDelta {
        /// Which call of the message; some providers leave it out.
        pub index: Option<i64>,
        /// Which call it is, in its first piece.
        pub id: Option<String>,
        /// Always `function` so far.
        pub kind as "type": Option<String>,
        /// Name and argument text.
        pub function: Option<FunctionCallDelta>,
    }
}

wire_struct! {
    /// A new piece of a function call.
    pub struct FunctionCallDelta {
        /// The name, in the first piece.
        pub name: Option<String>,
        /// Argument text to append.
        pub arguments: Option<String>,
    }
}
