//! Operations by name: what JavaScript asks for in one line, with texts for arguments.
//!
//! A plain method of the REST surface needs no export of its own: its room turns the name and the
//! texts into a [`Call`], and one export sends whatever that is.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::js::args::Args;
use crate::js::client::CoreClient;
use crate::js::error::to_js;
use crate::js::options::{Scope, run};
use crate::js::outcome::source;
use crate::js::{agents, completions, dispatch, gateway, hugging_face, promise, prompts, secrets, serving_endpoints};
use crate::wire::call::{Call, StreamCall};

/// A room that answers by name: nothing for a name it does not know.
type Room<T> = fn(&str, &Args) -> Option<Result<T>>;

/// The rooms in turn; the first that knows the name builds the call.
const CALLS: &[Room<Call<String>>] =
    &[serving_endpoints::call, agents::call, completions::call, secrets::call, hugging_face::call, gateway::call];
/// The same for streams.
const STREAMS: &[Room<StreamCall<()>>] =
    &[agents::open, completions::open, serving_endpoints::open, hugging_face::open, gateway::open];

/// What answers by name at once, without a call: nothing for a name it does not know.
type Steps = fn(&str, &Args) -> Result<Option<JsValue>>;

const STEPS: &[Steps] = &[agents::step, completions::step, prompts::step, hugging_face::step, serving_endpoints::step];

fn find<T>(rooms: &[Room<T>], operation: &str, args: &Args) -> Result<T> {
    rooms.iter().find_map(|room| room(operation, args)).unwrap_or_else(|| Err(unknown()))
}

fn unknown() -> Error {
    let sentence = "This build of lakewire does not know the operation: import the whole package.";
    Error::new(ErrorKind::InvalidInput, sentence)
}

/// A pure step by name: what needs no client and no export of its own.
///
/// # Errors
/// Those of the step, see its room.
#[wasm_bindgen]
pub fn step(name: &str, args: &Array) -> std::result::Result<JsValue, JsValue> {
    let args = Args::read(args);
    let outcome = STEPS.iter().find_map(|room| room(name, &args).transpose()).unwrap_or_else(|| Err(unknown()));
    outcome.map_err(|error| to_js(&error))
}

#[wasm_bindgen]
impl CoreClient {
    /// Sends an operation; gives `[text, request id, served model, attempts]`.
    ///
    /// # Errors
    /// As the operation's own method in Rust.
    pub fn call(&self, operation: &str, args: &Array, options: JsValue) -> Promise {
        dispatch(self.sender(), find(CALLS, operation, &Args::read(args)), options)
    }

    /// Sends an operation that answers with a stream, and gives the stream's source.
    ///
    /// # Errors
    /// As the operation's own method in Rust.
    pub fn open(&self, operation: &str, args: &Array, options: JsValue) -> Promise {
        let sender = self.sender().clone();
        let call = find(STREAMS, operation, &Args::read(args));
        promise(Box::pin(async move {
            let (options, signals) = Scope::read(options)?.into_parts();
            let call = call?;
            let opened = run(signals, Box::pin(sender.open(&call, &options))).await?;
            source(sender.transport().now(), opened)
        }))
    }
}
