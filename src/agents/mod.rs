//! Agents.
pub mod body;
pub mod calls;
mod fields;
pub mod fold;
mod items;
pub mod types;
mod verdict;
