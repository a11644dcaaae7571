//! The twin of `observe` for builds in which nobody can watch: the same functions, and nothing in them.

#![allow(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    dead_code,
    reason = "the signatures are those of the twin"
)]

use std::future::Future;

use crate::error::{Error, Result};

/// What kind of call it is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    ChatModel,
    Llm,
    Embedding,
    Agent,
    Tool,
    Retriever,
    Chain,
    Task,
}

/// Who watches the calls of a client: nobody.
#[derive(Clone, Debug, Default)]
pub struct Watch(());

impl Watch {
    pub(crate) fn or(self, _: impl FnOnce() -> Self) -> Self {
        self
    }

    pub(crate) fn current() -> Self {
        Self(())
    }

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn start(&self, _: Kind, _: &str, _: impl Fn() -> String) -> Observation {
        Observation(())
    }
}

/// A call that nobody is told of.
#[derive(Debug, Default)]
pub(crate) struct Observation(());

impl Observation {
    pub(crate) fn step(_: Kind, _: impl FnOnce() -> String, _: bool, _: impl Fn() -> String) -> Self {
        Self(())
    }

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn run<T, F: Future<Output = Result<T>>>(self, future: F, _: impl Fn(&T) -> String) -> F {
        future
    }

    pub(crate) fn within<F: Future>(&self, future: F) -> F {
        future
    }

    pub(crate) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        run()
    }

    pub(crate) fn token(&mut self, _: impl FnOnce() -> String) {}

    pub(crate) fn traceparent(&self) -> Option<String> {
        None
    }

    pub(crate) fn end(self, _: impl Fn() -> String) {}

    pub(crate) fn fail(self, _: &Error) {}

    pub(crate) fn answered(&mut self, _: &[u8]) {}

    pub(crate) fn finish<T>(self, _: &Result<T>) {}

    pub(crate) fn ended(&mut self, _: impl FnOnce() -> Option<String>) {}

    pub(crate) fn failed(&mut self, _: &Error) {}

    pub(crate) fn settle<T>(self, _: &Result<T>, _: impl Fn(&T) -> String) {}
}

pub(crate) fn inputs(_: impl Fn() -> String) {}
