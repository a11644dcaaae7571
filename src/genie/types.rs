//! Genie's spaces, conversations and messages, in its words.

use serde_json::Value;

use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// A Genie space: tables and instructions that questions are answered from.
    pub struct GenieSpace {
        /// Its id.
        pub space_id: String,
        /// Its title.
        pub title: Option<String>,
        /// What it knows about.
        pub description: Option<String>,
        /// The SQL warehouse its queries run on.
        pub warehouse_id: Option<String>,
        /// The version, for changes.
        pub etag: Option<String>,
        /// The folder it is in.
        pub parent_path: Option<String>,
        /// The whole space as JSON text, when it was asked for.
        pub serialized_space: Option<String>,
    }
}

wire_struct! {
    /// A conversation in a space.
    pub struct GenieConversation {
        /// Its id.
        pub conversation_id: Option<String>,
        /// The same id.
        pub id: Option<String>,
        /// The space it is in.
        pub space_id: Option<String>,
        /// Its title.
        pub title: Option<String>,
        /// Who began it.
        pub user_id: Option<i64>,
        /// When it began, in milliseconds since 1970.
        pub created_timestamp: Option<i64>,
        /// When something was said last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
    }
}

open_enum! {
    /// How far the answer to a message is. The order is not strict.
    pub enum GenieStatus {
        /// It was taken.
        Submitted = "SUBMITTED",
        /// What matters is being picked.
        FilteringContext = "FILTERING_CONTEXT",
        /// Tables are being looked at.
        FetchingMetadata = "FETCHING_METADATA",
        /// The model is at work.
        AskingAi = "ASKING_AI",
        /// The warehouse is starting.
        PendingWarehouse = "PENDING_WAREHOUSE",
        /// The query is running.
        ExecutingQuery = "EXECUTING_QUERY",
        /// It is answered.
        Completed = "COMPLETED",
        /// It failed.
        Failed = "FAILED",
        /// It was cancelled.
        Cancelled = "CANCELLED",
        /// It is answered, but the rows are gone: run the query again.
        QueryResultExpired = "QUERY_RESULT_EXPIRED",
    }
}

wire_struct! {
    /// Why a message failed.
    pub struct GenieError {
        /// What happened, in words.
        pub error: Option<String>,
        /// What happened, such as `SQL_EXECUTION_EXCEPTION`.
        pub kind as "type": Option<String>,
    }
}

wire_struct! {
    /// How many rows a query gave.
    pub struct GenieResultMetadata {
        /// How many.
        pub row_count: Option<i64>,
        /// Whether there are more.
        pub is_truncated: Option<bool>,
    }
}

wire_struct! {
    /// The query Genie wrote.
    pub struct GenieQuery {
        /// The SQL.
        pub query: Option<String>,
        /// What it does, in words.
        pub description: Option<String>,
        /// Its title.
        pub title: Option<String>,
        /// Its id.
        pub id: Option<String>,
        /// The statement that ran it.
        pub statement_id: Option<String>,
        /// Its parameters.
        pub parameters: Option<Vec<Value>>,
        /// How Genie came to it.
        pub thoughts: Option<Vec<Value>>,
        /// How many rows it gave.
        pub query_result_metadata: Option<GenieResultMetadata>,
    }
}

wire_struct! {
    /// What Genie says in words.
    pub struct GenieText {
        /// The words.
        pub content: Option<String>,
        /// Its id.
        pub id: Option<String>,
        /// What it is for.
        pub purpose: Option<String>,
    }
}

wire_struct! {
    /// Questions that may be asked next.
    pub struct GenieSuggestedQuestions {
        /// The questions.
        pub questions: Option<Vec<String>>,
    }
}

wire_struct! {
    /// One part of an answer: a query, words or suggested questions.
    pub struct GenieAttachment {
        /// Its id, by which a query's rows are asked for.
        pub attachment_id: Option<String>,
        /// A query.
        pub query: Option<GenieQuery>,
        /// Words.
        pub text: Option<GenieText>,
        /// Questions that may be asked next.
        pub suggested_questions: Option<GenieSuggestedQuestions>,
        /// A picture of a query's rows.
        pub viz: Option<Value>,
    }
}

wire_struct! {
    /// A question and, when it is done, its answer.
    pub struct GenieMessage {
        /// Its id.
        pub message_id: Option<String>,
        /// The same id.
        pub id: Option<String>,
        /// The space it is in.
        pub space_id: Option<String>,
        /// The conversation it is in.
        pub conversation_id: Option<String>,
        /// The question.
        pub content: Option<String>,
        /// How far the answer is.
        pub status: Option<GenieStatus>,
        /// The parts of the answer.
        pub attachments: Option<Vec<GenieAttachment>>,
        /// Why it failed.
        pub error: Option<GenieError>,
        /// What was said of the answer.
        pub feedback: Option<Value>,
        /// Who asked.
        pub user_id: Option<i64>,
        /// When it was asked, in milliseconds since 1970.
        pub created_timestamp: Option<i64>,
        /// When it changed last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
    }
}

wire_struct! {
    /// An answer in short. What is absent was not part of it.
    pub struct GenieAnswer {
        /// The conversation, to ask on in.
        pub conversation_id: String,
        /// The message, to give feedback on.
        pub message_id: String,
        /// What Genie says in words.
        pub text: Option<String>,
        /// The SQL it wrote; the last one when there are more.
        pub query: Option<String>,
        /// What the query does, in words.
        pub description: Option<String>,
        /// The query's title.
        pub title: Option<String>,
        /// By which the query's rows are asked for.
        pub attachment_id: Option<String>,
        /// The statement that ran the query.
        pub statement_id: Option<String>,
        /// Questions that may be asked next.
        pub suggested_questions: Option<Vec<String>>,
    }
}

open_enum! {
    /// What is thought of an answer.
    pub enum GenieRating {
        /// It was good.
        Positive = "POSITIVE",
        /// It was not.
        Negative = "NEGATIVE",
        /// Nothing: takes back what was said.
        None = "NONE",
    }
}
