//! Messages, their parts, and the tools they ask for.

use serde_json::{Map, Value};

use crate::macros::{open_enum, wire_struct, wire_union};

open_enum! {
    /// Who speaks.
    pub enum Role {
        /// Instructions; at most one, and first.
        System = "system",
        /// The person or program that asks.
        User = "user",
        /// The model.
        Assistant = "assistant",
        /// The result of a tool call.
        Tool = "tool",
        /// Instructions, for the GPT class of models.
        Developer = "developer",
    }
}

wire_struct! {
    /// One message of a conversation.
    pub struct Message {
        /// Who speaks.
        pub role: Role,
        /// Text, or typed parts; absent or `null` when the message only holds tool calls.
        pub content: Option<Content>,
        /// Who of several speakers; tolerated on user messages.
        pub name: Option<String>,
        /// The tools the assistant asks for.
        pub tool_calls: Option<Vec<ToolCall>>,
        /// Which call a tool message answers.
        pub tool_call_id: Option<String>,
    }
}

impl Message {
    /// A message of this role.
    #[must_use]
    pub fn new(role: Role, content: impl Into<Content>) -> Self {
        Self {
            role,
            content: Some(content.into()),
            name: None,
            tool_calls: None,
            tool_call_id: None,
            extra: Map::new(),
        }
    }

    /// Instructions.
    #[must_use]
    pub fn system(content: impl Into<Content>) -> Self {
        Self::new(Role::System, content)
    }

    /// What the user says.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// What the model said before.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// The result of a tool call.
    #[must_use]
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { tool_call_id: Some(tool_call_id.into()), ..Self::new(Role::Tool, content) }
    }

    /// The text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        self.content.as_ref().map(Content::text).unwrap_or_default()
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl<T: Into<Content>> From<(&str, T)> for Message {
    fn from((role, content): (&str, T)) -> Self {
        Self::new(Role::from(role), content)
    }
}

/// What a message holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Typed parts.
    Parts(Vec<ContentPart>),
}

impl Content {
    /// The text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    ContentPart::Text(part) => Some(part.text.as_str()),
                    _ => None,
                })
                .collect(),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<ContentPart>> for Content {
    fn from(parts: Vec<ContentPart>) -> Self {
        Self::Parts(parts)
    }
}

impl serde::Serialize for Content {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Parts(parts) => parts.serialize(serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;
        impl<'de> serde::de::Visitor<'de> for ContentVisitor {
            type Value = Content;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text or content parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }
        deserializer.deserialize_any(ContentVisitor)
    }
}

impl crate::macros::WireField for Content {}

#[cfg(test)]
impl crate::typescript::Typescript for Content {
    fn reference() -> String {
        "string | ContentPart[]".into()
    }

    fn declare(to: &mut crate::typescript::Declarations) {
        ContentPart::declare(to);
    }
}

wire_union! {
    /// One part of a message's content, told apart by `type`.
    pub enum ContentPart by "type" {
        /// Text.
        Text(TextPart) = "text",
        /// An image.
        ImageUrl(ImageUrlPart) = "image_url",
        /// Audio by address (Gemini class).
        AudioUrl(AudioUrlPart) = "audio_url",
        /// Video by address (Gemini class).
        VideoUrl(VideoUrlPart) = "video_url",
        /// Audio as data (external OpenAI class).
        InputAudio(InputAudioPart) = "input_audio",
        /// A document.
        Document(DocumentPart) = "document",
        /// A file.
        File(FilePart) = "file",
        /// What a reasoning model thought; echo it unchanged in the next turn.
        Reasoning(ReasoningPart) = "reasoning",
    }
}

wire_struct! {
    /// A text part.
    pub struct TextPart {
        /// The text.
        pub text: String,
        /// Where the text comes from, when the model cites.
        pub citations: Option<Value>,
        /// Marks the end of a prompt prefix to cache (Claude), e.g. `{"type": "ephemeral"}`.
        pub cache_control: Option<Value>,
    }
}

wire_struct! {
    /// An image part.
    pub struct ImageUrlPart {
        /// Where the image is.
        pub image_url: MediaUrl,
    }
}

wire_struct! {
    /// An audio part by address.
    pub struct AudioUrlPart {
        /// Where the audio is.
        pub audio_url: MediaUrl,
    }
}

wire_struct! {
    /// A video part by address.
    pub struct VideoUrlPart {
        /// Where the video is.
        pub video_url: MediaUrl,
    }
}

wire_struct! {
    /// An address of media. Some endpoints (Claude class) take `data:` addresses only.
    pub struct MediaUrl {
        /// An `https:` or `data:` address.
        pub url: String,
        /// How closely to look at an image.
        pub detail: Option<String>,
    }
}

wire_struct! {
    /// An audio part as data.
    pub struct InputAudioPart {
        /// The audio.
        pub input_audio: InputAudio,
    }
}

wire_struct! {
    /// Audio as data.
    pub struct InputAudio {
        /// Base64.
        pub data: String,
        /// `wav` or `mp3`.
        pub format: String,
    }
}

wire_struct! {
    /// A document part.
    pub struct DocumentPart {
        /// Where the document is, in the provider's words.
        pub source: Value,
    }
}

wire_struct! {
    /// A file part.
    pub struct FilePart {
        /// The file, in the provider's words (`filename`, `file_data`, `file_id`).
        pub file: Value,
    }
}

wire_struct! {
    /// What a reasoning model thought.
    pub struct ReasoningPart {
        /// The pieces.
        pub summary: Vec<ReasoningSummary>,
    }
}

wire_union! {
    /// One piece of reasoning, told apart by `type`.
    pub enum ReasoningSummary by "type" {
        /// Readable reasoning.
        SummaryText(SummaryText) = "summary_text",
        /// Reasoning the provider keeps closed.
        SummaryEncryptedText(SummaryEncryptedText) = "summary_encrypted_text",
    }
}

wire_struct! {
    /// Readable reasoning.
    pub struct SummaryText {
        /// The text.
        pub text: String,
        /// The provider's proof of origin; the next turn is refused without it.
        pub signature: Option<String>,
    }
}

wire_struct! {
    /// Reasoning the provider keeps closed.
    pub struct SummaryEncryptedText {
        /// The closed text.
        pub data: String,
    }
}

wire_struct! {
    /// A tool the model asks for.
    pub struct ToolCall {
        /// Which call it is; the tool message repeats it.
        pub id: Option<String>,
        /// Always `function` so far.
        pub kind as "type": Option<String>,
        /// What to call.
        pub function: FunctionCall,
    }
}

wire_struct! {
    /// A function's name and arguments.
    pub struct FunctionCall {
        /// The tool's name.
        pub name: String,
        /// The arguments: JSON text as the model wrote it, not yet checked.
        pub arguments: Option<String>,
    }
}
