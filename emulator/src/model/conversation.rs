//! The conversation as the stand-in reads it: roles, text, tool calls and their results.

/// Who says something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Instructions (system, developer).
    System,
    /// The person.
    #[default]
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Its id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments, the text of a JSON object.
    pub arguments: String,
}

/// One message.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// Its text; parts joined by line ends.
    pub text: String,
    /// Tools the assistant calls in it.
    pub tool_calls: Vec<ToolCall>,
    /// The call this is the result of.
    pub tool_call_id: Option<String>,
    /// Types of parts that are not text.
    pub attachments: Vec<String>,
}

/// A tool result with the call it belongs to.
#[derive(Debug, Clone)]
pub struct ToolResult<'m> {
    /// The call.
    pub call: &'m ToolCall,
    /// What the tool said.
    pub text: &'m str,
}

/// The last thing the person said.
#[must_use]
pub fn question(messages: &[Message]) -> &str {
    messages.iter().rev().find(|message| message.role == Role::User).map_or("", |message| message.text.as_str())
}

/// Messages since the person last spoke.
#[must_use]
pub fn since_question(messages: &[Message]) -> &[Message] {
    let start = messages.iter().rposition(|message| message.role == Role::User).map_or(0, |index| index + 1);
    messages.get(start..).unwrap_or_default()
}

/// Calls made since the person last spoke.
pub fn calls_made(messages: &[Message]) -> impl Iterator<Item = &ToolCall> {
    since_question(messages).iter().flat_map(|message| &message.tool_calls)
}

/// Results that came since the person last spoke, each with its call.
#[must_use]
pub fn results(messages: &[Message]) -> Vec<ToolResult<'_>> {
    let recent = since_question(messages);
    recent
        .iter()
        .filter_map(|message| {
            let id = message.tool_call_id.as_deref()?;
            let call = calls_made(messages).find(|call| call.id == id)?;
            Some(ToolResult { call, text: &message.text })
        })
        .collect()
}
