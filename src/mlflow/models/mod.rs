//! Chains as MLflow models: the files of MLflow's LangChain flavour, written from what a chain of this crate is.

pub mod files;
mod model;
pub mod python;
mod source;
#[cfg(test)]
mod tests;

pub use files::Facts;
pub use model::{ChainModel, Output, Retriever};
