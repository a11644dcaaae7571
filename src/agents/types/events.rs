//! The events of a streamed Responses answer.

use serde_json::{Map, Value};

use super::items::{Annotation, ResponseItem, ResponsePart, ResponseStatus};
use super::responses::ResponseUsage;
use crate::macros::{wire_struct, wire_union};

wire_union! {
    /// One event of a streamed answer. An event of a type this version does not know (such as `response.web_search_call.*`), of none, or not of the documented shape is kept as it came. `response.failed`, `response.error` and `error` are no events but the error the stream ends with.
    pub enum ResponseEvent by "type" or kept {
        /// The answer begins.
        Created(ResponseStateEvent) = "response.created",
        /// The answer is being made.
        InProgress(ResponseStateEvent) = "response.in_progress",
        /// The answer is whole.
        Completed(ResponseStateEvent) = "response.completed",
        /// The answer was cut off.
        Incomplete(ResponseStateEvent) = "response.incomplete",
        /// An item begins.
        OutputItemAdded(OutputItemEvent) = "response.output_item.added",
        /// An item is whole; what it says here is what counts.
        OutputItemDone(OutputItemEvent) = "response.output_item.done",
        /// A part of a message begins.
        ContentPartAdded(ContentPartEvent) = "response.content_part.added",
        /// A part of a message is whole.
        ContentPartDone(ContentPartEvent) = "response.content_part.done",
        /// New text.
        OutputTextDelta(TextDeltaEvent) = "response.output_text.delta",
        /// All text of a part.
        OutputTextDone(TextDoneEvent) = "response.output_text.done",
        /// A new reference of a text.
        AnnotationAdded(AnnotationAddedEvent) = "response.output_text.annotation.added",
        /// New text of a refusal.
        RefusalDelta(TextDeltaEvent) = "response.refusal.delta",
        /// All of a refusal.
        RefusalDone(RefusalDoneEvent) = "response.refusal.done",
        /// New text of a readable thought.
        ReasoningSummaryTextDelta(SummaryDeltaEvent) = "response.reasoning_summary_text.delta",
        /// New text of a call's arguments.
        FunctionCallArgumentsDelta(TextDeltaEvent) = "response.function_call_arguments.delta",
        /// All of a call's arguments.
        FunctionCallArgumentsDone(ArgumentsDoneEvent) = "response.function_call_arguments.done",
    }
}

wire_struct! {
    /// How far the whole answer has come.
    pub struct ResponseStateEvent {
        /// The answer; its `output` may be empty before the end.
        pub response: ResponseState,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
    }
}

wire_struct! {
    /// As much of a whole answer as an event tells.
    pub struct ResponseState {
        /// The answer's id.
        pub id: Option<String>,
        /// How far it has come.
        pub status: Option<ResponseStatus>,
        /// The model.
        pub model: Option<String>,
        /// What came out; empty or missing before the end.
        pub output: Option<Vec<ResponseItem>>,
        /// Tokens used.
        pub usage: Option<ResponseUsage>,
    }
}

wire_struct! {
    /// An item that begins or is whole.
    pub struct OutputItemEvent {
        /// The item.
        pub item: ResponseItem,
        /// Its place in the output.
        pub output_index: Option<i64>,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
    }
}

wire_struct! {
    /// A part of a message that begins or is whole.
    pub struct ContentPartEvent {
        /// The part.
        pub part: ResponsePart,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// The item's place in the output.
        pub output_index: Option<i64>,
        /// The part's place in the message.
        pub content_index: Option<i64>,
    }
}

wire_struct! {
    /// New text.
    pub struct TextDeltaEvent {
        /// The text.
        pub delta: String,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// The item's place in the output.
        pub output_index: Option<i64>,
        /// The part's place in the message.
        pub content_index: Option<i64>,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
    }
}

wire_struct! {
    /// All text of a part.
    pub struct TextDoneEvent {
        /// The text.
        pub text: String,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// The item's place in the output.
        pub output_index: Option<i64>,
        /// The part's place in the message.
        pub content_index: Option<i64>,
    }
}

wire_struct! {
    /// All of a refusal.
    pub struct RefusalDoneEvent {
        /// The model's words.
        pub refusal: String,
        /// Which item it belongs to.
        pub item_id: Option<String>,
    }
}

wire_struct! {
    /// A new reference of a text.
    pub struct AnnotationAddedEvent {
        /// The reference.
        pub annotation: Annotation,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// Its place among the references.
        pub annotation_index: Option<i64>,
    }
}

wire_struct! {
    /// New text of a readable thought.
    pub struct SummaryDeltaEvent {
        /// The text.
        pub delta: String,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// The item's place in the output.
        pub output_index: Option<i64>,
        /// The piece's place in the summary.
        pub summary_index: Option<i64>,
    }
}

wire_struct! {
    /// All of a call's arguments.
    pub struct ArgumentsDoneEvent {
        /// The arguments as JSON text.
        pub arguments: String,
        /// Which item it belongs to.
        pub item_id: Option<String>,
        /// The item's place in the output.
        pub output_index: Option<i64>,
    }
}

impl ResponseEvent {
    /// What the event adds to the text, when it is one that does.
    #[must_use]
    pub fn delta(&self) -> Option<&str> {
        match self {
            Self::OutputTextDelta(event) => Some(&event.delta),
            _ => None,
        }
    }
}
