//! MCP servers of a workspace, and a small client for their tools.
//!
//! Databricks serves functions, vector search, Genie and SQL over the Model Context Protocol; the
//! addresses are [`functions`], [`vector_search`], [`genie`], [`sql`] and [`external`]. The client
//! speaks streamable HTTP and knows tools alone: it shakes hands, lists them, calls them, and makes
//! them tools of a chat. It does not have resources, prompts, sampling, or a stream of the server's own messages.
//!
//! A server of one's own on Databricks Apps stands on another host and takes OAuth alone: make a
//! [`WorkspaceClient`](crate::WorkspaceClient) whose host is the app's, with OAuth credentials, and give the path `/mcp`.

pub mod calls;
mod client;
mod paths;
mod rpc;
pub mod types;

pub use client::McpClient;
pub use paths::{external, functions, genie, sql, vector_search};
pub use rpc::{PROTOCOL_VERSION, call_tool, initialize, initialized, list_tools, result, split, told, version};
pub use types::*;

#[allow(unused_imports)] // for the JavaScript face
pub(crate) use paths::check;
#[allow(unused_imports)] // for the JavaScript face
pub(crate) use rpc::refusal;

#[cfg(test)]
mod tests;
