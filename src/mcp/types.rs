//! Tools of MCP servers and what they give, in the protocol's words.

use serde_json::Value;

use crate::macros::wire_struct;

wire_struct! {
    /// A tool of an MCP server.
    pub struct McpTool {
        /// Its name; `__` stands for the dots of a name in Unity Catalog.
        pub name: String,
        /// A title for people.
        pub title: Option<String>,
        /// What it does and when to use it.
        pub description: Option<String>,
        /// JSON Schema of its arguments.
        pub input_schema as "inputSchema": Option<Value>,
        /// JSON Schema of its structured content.
        pub output_schema as "outputSchema": Option<Value>,
    }
}

wire_struct! {
    /// What a tool gave.
    pub struct McpToolResult {
        /// Parts for the model: texts, pictures and others, told apart by `type`.
        pub content: Option<Vec<Value>>,
        /// The same as one JSON value.
        pub structured_content as "structuredContent": Option<Value>,
        /// Whether the tool failed; the content says why.
        pub is_error as "isError": Option<bool>,
    }
}
