//! What kind of endpoint answers, which decides how it is asked and read.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// How an endpoint is asked and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `llm/v1/chat`: the prompt becomes one user message.
    Chat,
    /// `llm/v1/completions`: the prompt is `prompt`.
    Completions,
    /// A custom model: the request is a row of its input, the answer stands in `predictions`.
    Custom,
    /// An app behind the driver proxy: request and answer are as they are.
    App,
}

impl Kind {
    /// The kind of an endpoint with this task; no task, or one that says nothing of text, means a
    /// custom model.
    ///
    /// # Errors
    /// `InvalidInput` when the task is one that another part of this crate serves.
    pub fn of_task(task: Option<&str>) -> Result<Self> {
        let elsewhere = match task {
            Some("llm/v1/chat" | "agent/v1/chat") => return Ok(Self::Chat),
            Some("llm/v1/completions") => return Ok(Self::Completions),
            Some("llm/v1/embeddings") => "makes embeddings: use embeddings() for it.",
            Some("agent/v1/responses") => "speaks the Responses form: use responses() for it.",
            Some("agent/v2/chat") => "speaks the ChatAgent form: use chatAgent() (chat_agent() in Rust) for it.",
            _ => return Ok(Self::Custom),
        };
        let mut sentence = String::from("The endpoint's task is ");
        sentence.push_str(task.unwrap_or(""));
        sentence.push_str(": it ");
        sentence.push_str(elsewhere);
        Err(Error::new(ErrorKind::InvalidInput, sentence))
    }

    /// The kind of an endpoint as `GET /api/2.0/serving-endpoints/{name}` describes it.
    ///
    /// # Errors
    /// As [`of_task`](Self::of_task).
    pub fn of_endpoint(described: Raw<'_>) -> Result<Self> {
        Self::of_task(described.get_some("task").and_then(Raw::as_str).as_deref())
    }

    /// Whether the endpoint streams its answers.
    #[must_use]
    pub fn streams(self) -> bool {
        matches!(self, Self::Chat | Self::Completions)
    }

    /// Its name, for JavaScript.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Custom => "custom",
            Self::App => "app",
        }
    }

    /// The kind of this name.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn from_str(name: &str) -> Self {
        match name {
            "chat" => Self::Chat,
            "completions" => Self::Completions,
            "app" => Self::App,
            _ => Self::Custom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_decides() {
        let of = |text: &str| Kind::of_endpoint(Raw::parse(text).unwrap());
        assert_eq!(of(r#"{"task":"llm/v1/chat"}"#).unwrap(), Kind::Chat);
        assert_eq!(of(r#"{"task":"llm/v1/completions"}"#).unwrap(), Kind::Completions);
        for custom in
            [r#"{"task":null}"#, "{}", r#"{"task":""}"#, r#"{"task":"llama2/chat"}"#, r#"{"task":"text-generation"}"#]
        {
            assert_eq!(of(custom).unwrap(), Kind::Custom, "{custom}");
        }
        for (task, room) in [
            ("llm/v1/embeddings", "embeddings()"),
            ("agent/v1/responses", "responses()"),
            ("agent/v2/chat", "chatAgent()"),
        ] {
            let error = Kind::of_task(Some(task)).unwrap_err();
            assert!(error.message().contains(room) && error.message().contains(task), "{error}");
        }
    }

    #[test]
    fn names_come_back() {
        for kind in [Kind::Chat, Kind::Completions, Kind::Custom, Kind::App] {
            assert_eq!(Kind::from_str(kind.as_str()), kind);
        }
    }
}
