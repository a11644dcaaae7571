//! A watched call, as events.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::handler::MlflowCallbackHandler;
use super::log::{begun, ended};
use crate::error::Error;
use crate::observe::{Observed, Start};

/// One call under way.
pub(super) struct Watched {
    handler: MlflowCallbackHandler,
    kind: &'static str,
    name: String,
    around: Option<Arc<dyn Observed>>,
    begun: AtomicBool,
}

impl Watched {
    pub(super) fn start(handler: MlflowCallbackHandler, start: &Start<'_>) -> Option<Arc<dyn Observed>> {
        let kind = start.kind().as_str();
        if handler.is_closed() || begun(kind, "", "null", None).is_empty() {
            return None;
        }
        let call = Self {
            handler,
            kind,
            name: start.name().to_owned(),
            around: start.parent().cloned(),
            begun: AtomicBool::new(false),
        };
        let inputs = start.inputs();
        // what goes in may become known later
        if !inputs.is_empty() {
            call.begin(&inputs, "null");
        }
        Some(Arc::new(call))
    }

    fn around(&self) -> Option<&Self> {
        self.around.as_ref()?.any().downcast_ref()
    }

    /// The start is told once, after that of the call around it.
    fn begin(&self, inputs: &str, around: &str) {
        if self.begun.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(parent) = self.around() {
            parent.begin(around, around);
        }
        for event in begun(self.kind, &self.name, inputs, self.around().map(|parent| parent.kind)) {
            self.handler.on_event(&event);
        }
    }
}

impl Observed for Watched {
    fn inputs(&self, json: &dyn Fn() -> String) {
        if !self.begun.load(Ordering::Relaxed) {
            // a call around it that has not begun begins with it
            let json = json();
            self.begin(&json, &json);
        }
    }

    fn token(&self, text: &str) {
        self.begin("null", "null");
        if !text.is_empty() && self.handler.watches_tokens() {
            self.handler.on_llm_new_token(text);
        }
    }

    fn end(&self, outputs: &dyn Fn() -> String) {
        self.begin("null", "null");
        for event in ended(self.kind, &outputs(), self.around().map(|parent| parent.kind)) {
            self.handler.on_event(&event);
        }
    }

    fn fail(&self, _: &Error) {
        self.begin("null", "null");
        self.handler.on_llm_error();
    }

    fn leave(&self, outputs: &dyn Fn() -> String) {
        self.end(outputs);
    }

    fn any(&self) -> &dyn Any {
        self
    }
}
