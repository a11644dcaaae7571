//! A prompt that is a list of messages.

use crate::chat::types::{ContentPart, Message};
use crate::error::Result;
use crate::prompts::PromptValues;
use crate::prompts::messages::Messages;
use crate::prompts::template::invalid;
use crate::wire::json::{push_string, string};

/// Messages with named variables; see the [module](crate::prompts) for an example.
#[derive(Clone, Debug)]
pub struct ChatPromptTemplate {
    /// As `Messages::parse` reads it.
    spec: String,
    messages: Messages,
    partial: PromptValues,
}

impl ChatPromptTemplate {
    /// Takes what each message is made of: [`MessageTemplate`]s, `(role, text)` pairs, texts (what
    /// the user says), [`MessagesPlaceholder`]s, or [`Message`]s, which are sent as they are.
    ///
    /// ```
    /// use lakewire::prompts::ChatPromptTemplate;
    /// let prompt = ChatPromptTemplate::from_messages([("system", "Be brief."), ("human", "{question}")])?;
    /// assert_eq!(prompt.format_messages("Why?")?.len(), 2);
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a text with unbalanced braces, saying in which message and where.
    pub fn from_messages<M: Into<MessageTemplate>>(messages: impl IntoIterator<Item = M>) -> Result<Self> {
        let mut spec = String::from("[");
        for message in messages {
            if spec.len() > 1 {
                spec.push(',');
            }
            spec.push_str(&message.into().spec);
        }
        spec.push(']');
        Ok(Self { messages: Messages::parse(&spec)?, spec, partial: PromptValues::new() })
    }

    /// The messages as JSON text, and the values that they have: names with JSON texts.
    pub(crate) fn parts(&self) -> (String, Vec<(String, String)>) {
        (self.spec.clone(), self.partial.texts())
    }

    /// A prompt that has these values already; values given later win.
    #[must_use]
    pub fn partial(mut self, values: impl Into<PromptValues>) -> Self {
        self.partial = self.partial.and(values.into());
        self
    }

    /// The names that still need a value, each once, in order; optional placeholders are not among them.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut names = self.messages.variables();
        names.retain(|name| self.partial.get(name).is_none());
        names
    }

    /// The placeholders that may be left out.
    #[must_use]
    pub fn optional_variables(&self) -> Vec<String> {
        self.messages.optional().map(str::to_owned).collect()
    }

    /// The messages with the values in place; give them to a chat.
    ///
    /// # Errors
    /// `InvalidInput` when a value is missing (it is named) or does not fit.
    pub fn format_messages(&self, values: impl Into<PromptValues>) -> Result<Vec<Message>> {
        let variables = self.variables();
        let values = values.into().over(&self.partial, &variables)?;
        serde_json::from_str(&self.messages.render(&values)?).map_err(|fault| {
            invalid("The prompt's messages do not have the shape of chat messages: look at its content parts.")
                .with_source(fault)
        })
    }
}

/// What one message of a [`ChatPromptTemplate`] is made of.
#[derive(Clone, Debug)]
pub struct MessageTemplate {
    /// As `Messages::parse` reads it.
    spec: String,
}

impl MessageTemplate {
    /// A message of this role with a text that is a template.
    #[must_use]
    pub fn new(role: &str, text: &str) -> Self {
        Self::pair(role, &string(text))
    }

    /// Instructions.
    #[must_use]
    pub fn system(text: &str) -> Self {
        Self::new("system", text)
    }

    /// What the user says.
    #[must_use]
    pub fn human(text: &str) -> Self {
        Self::new("user", text)
    }

    /// What the model said before.
    #[must_use]
    pub fn ai(text: &str) -> Self {
        Self::new("assistant", text)
    }

    /// A message of typed parts whose texts and addresses are templates.
    ///
    /// ```
    /// use lakewire::chat::ContentPart;
    /// use lakewire::prompts::{ChatPromptTemplate, MessageTemplate};
    /// let part = |json| serde_json::from_value::<ContentPart>(json).unwrap();
    /// let prompt = ChatPromptTemplate::from_messages([MessageTemplate::parts("human", &[
    ///     part(serde_json::json!({"type": "text", "text": "What is on this {kind}?"})),
    ///     part(serde_json::json!({"type": "image_url", "image_url": {"url": "{image}"}})),
    /// ])])?;
    /// assert_eq!(prompt.variables(), ["kind", "image"]);
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    #[must_use]
    pub fn parts(role: &str, parts: &[ContentPart]) -> Self {
        // parts hold text and JSON values: writing them cannot fail
        Self::pair(role, &serde_json::to_string(parts).unwrap_or_else(|_| "[]".to_owned()))
    }

    fn pair(role: &str, content: &str) -> Self {
        let mut spec = String::from("[");
        push_string(&mut spec, role);
        spec.push(',');
        spec.push_str(content);
        spec.push(']');
        Self { spec }
    }
}

impl From<(&str, &str)> for MessageTemplate {
    fn from((role, text): (&str, &str)) -> Self {
        Self::new(role, text)
    }
}

impl From<&str> for MessageTemplate {
    fn from(text: &str) -> Self {
        Self::human(text)
    }
}

impl From<Message> for MessageTemplate {
    fn from(message: Message) -> Self {
        // messages hold text and JSON values: writing them cannot fail
        Self { spec: serde_json::to_string(&message).unwrap_or_else(|_| "null".to_owned()) }
    }
}

impl From<MessagesPlaceholder> for MessageTemplate {
    fn from(place: MessagesPlaceholder) -> Self {
        let mut spec = String::from("{\"placeholder\":");
        push_string(&mut spec, &place.name);
        spec.push_str(if place.optional { ",\"optional\":true" } else { ",\"optional\":false" });
        if let Some(last) = place.last {
            spec.push_str(",\"last\":");
            spec.push_str(&last.to_string());
        }
        spec.push('}');
        Self { spec }
    }
}

/// A place in a prompt for a list of messages, such as the conversation so far.
#[derive(Clone, Debug)]
pub struct MessagesPlaceholder {
    name: String,
    optional: bool,
    last: Option<usize>,
}

impl MessagesPlaceholder {
    /// A place for the messages of this name, which must be given.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), optional: false, last: None }
    }

    /// The messages may be left out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Keeps the last messages of those that are given, at most this many (1 or more).
    #[must_use]
    pub fn n_messages(mut self, most: usize) -> Self {
        self.last = Some(most);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::types::{Content, Role};

    #[test]
    fn every_kind_of_entry_becomes_messages() {
        let echoed: Message =
            serde_json::from_str(r#"{"role":"assistant","content":"{x} {","tool_calls":[],"mood":1}"#).unwrap();
        let prompt = ChatPromptTemplate::from_messages([
            MessageTemplate::system("{a}"),
            echoed.clone().into(),
            MessagesPlaceholder::new("history").n_messages(1).into(),
            ("ai", "{b}").into(),
            "{{{a}}}".into(),
        ])
        .unwrap()
        .partial([("b", "of before")]);
        assert_eq!(prompt.variables(), ["a", "history"]);
        assert!(prompt.optional_variables().is_empty());
        let history = vec![Message::user("first"), Message::tool("id", "{last}")];
        let messages = prompt.format_messages(PromptValues::new().with("a", 1).with("history", history)).unwrap();
        assert_eq!(
            messages,
            [
                Message::system("1"),
                echoed,
                Message::tool("id", "{last}"),
                Message::assistant("of before"),
                Message::user("{1}"),
            ]
        );
    }

    #[test]
    fn one_value_may_stand_for_the_only_variable() {
        let prompt = ChatPromptTemplate::from_messages([MessagesPlaceholder::new("messages")]).unwrap();
        assert_eq!(prompt.format_messages(vec![Message::user("Hi")]).unwrap(), [Message::user("Hi")]);
        assert!(prompt.format_messages("Hi").unwrap_err().message().contains("list of messages"));
    }

    #[test]
    fn the_messages_are_what_a_chat_takes() {
        let prompt = ChatPromptTemplate::from_messages(["{a}"]).unwrap();
        let request: crate::chat::ChatRequest = prompt.format_messages("Hi").unwrap().into();
        assert_eq!(request.messages().first().map(|message| &message.role), Some(&Role::User));
        assert_eq!(
            request.messages().first().and_then(|message| message.content.clone()),
            Some(Content::Text("Hi".into()))
        );
    }

    #[test]
    fn what_may_be_left_out_is_listed_apart() {
        let place = MessagesPlaceholder::new("history").optional();
        let prompt = ChatPromptTemplate::from_messages([MessageTemplate::from(place), "{a}".into()]).unwrap();
        assert_eq!((prompt.variables(), prompt.optional_variables()), (vec!["a".into()], vec!["history".into()]));
        assert_eq!(prompt.format_messages("x").unwrap(), [Message::user("x")]);
    }

    #[test]
    fn faults_name_the_message() {
        let error = ChatPromptTemplate::from_messages([("system", "ok"), ("human", "a\n}")]).unwrap_err();
        assert!(error.message().starts_with("Message 1 of the prompt: "));
        assert!(error.message().contains("line 2, column 1"));
        let error = ChatPromptTemplate::from_messages([MessagesPlaceholder::new("a b")]).unwrap_err();
        assert!(error.message().contains("name"));
    }
}
