//! Questions over tables: SQL from words, sentences from results. Tables and rules alone; no language model.

pub mod agent;
mod filters;
mod graph;
pub mod outcome;
pub mod prompts;
mod read;
pub mod schema;
mod tokens;
mod words;
mod write;

pub use write::write;

#[cfg(test)]
mod tests;
