//! Calls are values; bytes are input. Everything here is pure: no socket, no clock, no await.

pub mod answer;
pub mod base64;
pub mod call;
pub mod failure;
pub(crate) mod fault;
pub(crate) mod find;
pub mod form;
pub mod json;
mod kind;
pub(crate) mod python;
pub mod redact;
pub mod request;
pub mod retry;
pub(crate) mod skeleton;
pub(crate) mod spelled;
pub mod sse;
