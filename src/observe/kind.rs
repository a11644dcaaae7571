//! The kinds of calls that are told to whoever watches.

/// What kind of call it is. MLflow's types of spans have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A chat model.
    ChatModel,
    /// A model that takes and gives text.
    Llm,
    /// An embedding model.
    Embedding,
    /// An agent, or a loop in which a model uses tools.
    Agent,
    /// A tool.
    Tool,
    /// A search for documents.
    Retriever,
    /// A chain, or a step of one.
    Chain,
    /// A piece of work, such as an SQL statement.
    Task,
    /// What reads a model's text.
    Parser,
}

impl Kind {
    /// The name of MLflow's type of span.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatModel => "CHAT_MODEL",
            Self::Llm => "LLM",
            Self::Embedding => "EMBEDDING",
            Self::Agent => "AGENT",
            Self::Tool => "TOOL",
            Self::Retriever => "RETRIEVER",
            Self::Chain => "CHAIN",
            Self::Task => "TASK",
            Self::Parser => "PARSER",
        }
    }
}
