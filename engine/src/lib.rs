//! Real SQL in Databricks' dialect, on loopback: what the emulator's warehouse runs its statements on.
//!
//! It is a program of its own and the emulator speaks HTTP with it, so that nobody who only chats builds DataFusion.
//! A stand-in for a warehouse: same answers, other engine. `README.md` beside this crate says where things are.

mod ast;
mod cells;
pub mod cli;
pub mod commands;
pub mod engine;
pub mod error;
mod from_json;
pub mod information_schema;
pub mod journal;
pub mod metastore;
pub mod parse;
pub mod resolve;
pub mod results;
pub mod seed;
pub mod server;
pub mod session;
pub mod spark;
pub mod types;
mod udf;
mod unity;
mod unity_shapes;
