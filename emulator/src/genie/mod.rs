//! Genie spaces: conversations whose questions are answered by a query over the tables of a space (wire: genie-and-mcp §1).
//!
//! Who writes the query is whoever answers chat: the stand-in, or the real model of `--upstream`. The SQL engine runs it.

mod handlers;
mod run;
mod words;

use serde_json::{Value, json};

use crate::ids;
use crate::json::set;

pub use handlers::routes;

/// The id of the user who asks.
const USER: u64 = 4_200_000_000_000_001;

/// A space: what its tables are and what it is called.
#[derive(Debug)]
struct Space {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    catalog: &'static str,
    schema: &'static str,
    questions: &'static [&'static str],
}

/// The spaces of the emulator.
const SPACES: &[Space] = &[
    Space {
        id: "emulator-genie",
        title: "Wholesale orders",
        description: "Customers, orders, parts and suppliers of a wholesaler: the TPC-H tables in samples.tpch.",
        catalog: "samples",
        schema: "tpch",
        questions: &[
            "How many orders are there per year?",
            "What is the total revenue per nation?",
            "Who are the top 10 customers by revenue?",
            "What is the average discount per ship mode?",
        ],
    },
    Space {
        id: "emulator-genie-taxi",
        title: "Taxi trips",
        description: "Taxi trips with times, distances and fares: samples.nyctaxi.trips, generated for the emulator.",
        catalog: "samples",
        schema: "nyctaxi",
        questions: &[
            "What is the average fare per pickup zip?",
            "What is the longest trip?",
            "How many trips were there per hour?",
        ],
    },
];

impl Space {
    fn shown(&self) -> Value {
        json!({
            "space_id": self.id,
            "title": self.title,
            "description": self.description,
            "warehouse_id": "emulator-warehouse",
        })
    }
}

/// The conversations of all spaces, in memory.
#[derive(Debug, Default)]
pub struct Store {
    conversations: Vec<Conversation>,
    /// What the tables of a space are, as a prompt shows them; read from the engine once.
    tables: Vec<(&'static str, String)>,
    made: u64,
}

/// One conversation.
#[derive(Debug)]
struct Conversation {
    id: String,
    space: &'static Space,
    title: String,
    created_ms: u64,
    updated_ms: u64,
    messages: Vec<Message>,
}

/// One question and what came of it.
#[derive(Debug)]
struct Message {
    id: String,
    content: String,
    status: &'static str,
    created_ms: u64,
    updated_ms: u64,
    attachments: Vec<Value>,
    error: Option<Value>,
    feedback: Option<Value>,
    /// The query's attachment id, its SQL and the result in the form of statement answers.
    result: Option<Outcome>,
}

/// What a query gave.
#[derive(Debug, Clone)]
struct Outcome {
    attachment: String,
    sql: String,
    response: Value,
}

impl Store {
    fn id(&mut self, seed: u64, what: &[u8]) -> String {
        self.made += 1;
        ids::uuid(ids::hash(seed, &[b"genie", what, &self.made.to_le_bytes()])).replace('-', "")
    }

    fn conversation(&mut self, space: &str, id: &str) -> Option<&mut Conversation> {
        self.conversations.iter_mut().find(|conversation| conversation.id == id && conversation.space.id == space)
    }

    fn message(&mut self, space: &str, conversation: &str, id: &str) -> Option<&mut Message> {
        self.conversation(space, conversation)?.messages.iter_mut().find(|message| message.id == id)
    }
}

impl Conversation {
    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "conversation_id": self.id,
            "space_id": self.space.id,
            "title": self.title,
            "user_id": USER,
            "created_timestamp": self.created_ms,
            "last_updated_timestamp": self.updated_ms,
        })
    }
}

impl Message {
    fn new(id: String, content: &str, now_ms: u64) -> Self {
        Self {
            id,
            content: content.to_owned(),
            status: "SUBMITTED",
            created_ms: now_ms,
            updated_ms: now_ms,
            attachments: Vec::new(),
            error: None,
            feedback: None,
            result: None,
        }
    }

    fn shown(&self, space: &str, conversation: &str) -> Value {
        let mut shown = json!({
            "id": self.id,
            "message_id": self.id,
            "space_id": space,
            "conversation_id": conversation,
            "content": self.content,
            "status": self.status,
            "user_id": USER,
            "created_timestamp": self.created_ms,
            "last_updated_timestamp": self.updated_ms,
        });
        if !self.attachments.is_empty() {
            set(&mut shown, "attachments", self.attachments.clone());
        }
        for (name, value) in [("error", &self.error), ("feedback", &self.feedback)] {
            if let Some(value) = value {
                set(&mut shown, name, value.clone());
            }
        }
        shown
    }
}
