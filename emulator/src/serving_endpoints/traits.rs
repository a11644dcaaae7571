//! How the chat of one endpoint differs from that of another (wire: serving-query §3 to §5).

/// When an endpoint answers with reasoning parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// Never.
    Never,
    /// When the request has `thinking`.
    WhenThinking,
    /// Always.
    Always,
}

/// How usage travels in a stream (wire: serving-query §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUsage {
    /// On every chunk; completion counts are null until the last.
    NullUntilLast,
    /// On every chunk, counting up.
    Running,
    /// In a last chunk with empty `choices`, if `stream_options.include_usage` asks for it.
    OnRequest,
}

/// How the chat of an endpoint differs from that of others.
#[derive(Debug, Clone)]
pub struct ChatTraits {
    /// Refuses fields it does not know; otherwise they go to the provider.
    pub strict: bool,
    /// Fields it knows beyond the common ones.
    pub extra_fields: &'static [&'static str],
    /// Refuses schema constructs the function-calling page rules out.
    pub limits_tool_schemas: bool,
    /// Takes `n` above 1.
    pub several_choices: bool,
    /// When it reasons aloud.
    pub reasoning: Reasoning,
    /// Sends `role` on every chunk.
    pub repeats_role: bool,
    /// How usage travels in its streams.
    pub usage: StreamUsage,
    /// Sends each tool call whole, in one delta.
    pub whole_tool_calls: bool,
    /// Content of an answer that only calls tools: `""` where true, null otherwise.
    pub empty_content_with_tools: bool,
    /// Refuses empty text in assistant messages (Claude).
    pub refuses_empty_text: bool,
    /// Signs its reasoning, wants it back signed, and refuses `reasoning_content` (Claude).
    pub signs_reasoning: bool,
    /// What completion ids begin with.
    pub id_prefix: &'static str,
    /// Answers the Responses form too (OpenAI models).
    pub answers_responses: bool,
}

/// An open-weight pay-per-token endpoint.
pub const OPEN_WEIGHT: ChatTraits = ChatTraits {
    strict: true,
    extra_fields: &[],
    limits_tool_schemas: true,
    several_choices: false,
    reasoning: Reasoning::Never,
    repeats_role: false,
    usage: StreamUsage::NullUntilLast,
    whole_tool_calls: false,
    empty_content_with_tools: false,
    refuses_empty_text: false,
    signs_reasoning: false,
    id_prefix: "chatcmpl_",
    answers_responses: false,
};

/// Claude on the platform.
pub const CLAUDE: ChatTraits = ChatTraits {
    extra_fields: &["thinking"],
    limits_tool_schemas: false,
    reasoning: Reasoning::WhenThinking,
    repeats_role: true,
    usage: StreamUsage::Running,
    empty_content_with_tools: true,
    refuses_empty_text: true,
    signs_reasoning: true,
    id_prefix: "msg_bdrk_",
    ..OPEN_WEIGHT
};

/// A provider's model behind the gateway.
pub const PROVIDER: ChatTraits = ChatTraits {
    strict: false,
    limits_tool_schemas: false,
    several_choices: true,
    usage: StreamUsage::OnRequest,
    whole_tool_calls: true,
    id_prefix: "chatcmpl-",
    answers_responses: true,
    ..OPEN_WEIGHT
};

/// An OpenAI model hosted by Databricks: chat and Responses.
pub const GPT_5: ChatTraits = ChatTraits {
    extra_fields: &["reasoning_effort", "max_completion_tokens", "parallel_tool_calls", "stream_options", "verbosity"],
    limits_tool_schemas: false,
    usage: StreamUsage::Running,
    id_prefix: "chatcmpl-",
    answers_responses: true,
    ..OPEN_WEIGHT
};

/// A deployed agent in chat's own form: it takes custom inputs.
pub const CHAT_MODEL: ChatTraits = ChatTraits { strict: false, limits_tool_schemas: false, ..OPEN_WEIGHT };

/// An open-weight model that always reasons.
pub const GPT_OSS: ChatTraits =
    ChatTraits { extra_fields: &["reasoning_effort"], reasoning: Reasoning::Always, ..OPEN_WEIGHT };

/// One of Databricks' own models with provisioned throughput.
pub const PROVISIONED: ChatTraits = ChatTraits { several_choices: true, ..OPEN_WEIGHT };

/// What an endpoint has before [`super::Endpoint::derive`].
pub(super) fn open_weight() -> ChatTraits {
    OPEN_WEIGHT
}
