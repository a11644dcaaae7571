//! The exports of the entries that plan: what to send, by name, and the pure steps. Nothing here waits or sends: the client
//! of `lakewire` or `lakewire/chat` does, through its core's `send`.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::js::args::Args;
use crate::js::error::to_js;
use crate::wire::call::{Call, Repeat};
use crate::wire::request::{Method, Path};

/// A room that builds a call by name: nothing for a name it does not know.
pub(super) type Calls = fn(&str, &Args) -> Option<Result<Call<String>>>;
/// A room that answers by name at once: nothing for a name it does not know.
pub(super) type Steps = fn(&str, &Args) -> Result<Option<JsValue>>;

#[cfg(not(feature = "js_mlflow"))]
use super::data as rooms;
/// The rooms of the entry this build is for.
#[cfg(feature = "js_mlflow")]
use super::mlflow as rooms;

/// What an operation sends: `[method, path, body or nothing, repeat]`, as `CoreClient.send` takes it.
///
/// # Errors
/// As the operation's own method in Rust, when what it is given cannot be sent.
#[wasm_bindgen]
pub fn plan(operation: &str, args: &Array) -> std::result::Result<Array, JsValue> {
    let args = Args::read(args);
    let call = rooms::CALLS.iter().find_map(|room| room(operation, &args)).unwrap_or_else(|| Err(unknown()));
    call.map(|call| parts(&call)).map_err(|error| to_js(&error))
}

fn parts(call: &Call<String>) -> Array {
    let request = call.request();
    let method = match request.method {
        Method::Get => 0,
        Method::Put => 1,
        Method::Patch => 2,
        Method::Delete => 3,
        Method::Post => 4,
    };
    let repeat = match call.repeat() {
        Repeat::Safe => 0,
        Repeat::Billed => 1,
        Repeat::Never => 2,
    };
    let body = request.body.as_ref().map_or(JsValue::UNDEFINED, |_| JsValue::from_str(request.body_text()));
    [JsValue::from(method), JsValue::from_str(&request.path), body, JsValue::from(repeat)].into_iter().collect()
}

/// A pure step by name.
///
/// # Errors
/// Those of the step, see its room.
#[wasm_bindgen]
pub fn step(name: &str, args: &Array) -> std::result::Result<JsValue, JsValue> {
    let args = Args::read(args);
    if cfg!(any(feature = "js_data", feature = "js_mlflow")) && name == "path" {
        return path(&args).map_err(|error| to_js(&error));
    }
    let outcome = rooms::STEPS.iter().find_map(|room| room(name, &args).transpose()).unwrap_or_else(|| Err(unknown()));
    outcome.map_err(|error| to_js(&error))
}

/// `path`: a literal, then by threes what a name is, the name, and the next literal. After `?`, it is a query's key, and its value.
fn path(args: &Args) -> Result<JsValue> {
    let mut path = Path::literal(args.text(0)?);
    let mut at = 1;
    while let Some(what) = args.optional(at) {
        let value = args.text(at + 1)?;
        path = match what.strip_prefix('?') {
            Some(key) => path.query(key, value),
            None => path.segment(what, value)?,
        };
        path = path.then(args.optional(at + 2).unwrap_or(""));
        at += 3;
    }
    Ok(path.finish().into())
}

fn unknown() -> Error {
    Error::new(ErrorKind::InvalidInput, "This build of lakewire does not know the operation.")
}
