//! Text endpoints by name, and the pure steps around their calls.

use wasm_bindgen::prelude::*;

use crate::completions::{Kind, answer, body, calls, types::DriverProxyApp, types::InputFormat};
use crate::error::Result;
use crate::js::error::to_js;
use crate::js::operations::Args;
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::json::{Raw, push_string};

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    Some(match name {
        "completions.describe" => args.text(0).and_then(calls::describe).map(Call::into_text),
        "completions.invoke" => invoke(args),
        "completions.app" => app(args),
        "completions.orgId" => Ok(calls::org_id()),
        _ => return None,
    })
}

pub(super) fn open(name: &str, args: &Args) -> Option<Result<StreamCall<()>>> {
    (name == "completions.stream").then(|| calls::stream(args.text(0)?, args.text(1)?.to_owned()))
}

fn invoke(args: &Args) -> Result<Call<String>> {
    Ok(calls::invoke(args.text(0)?, args.text(1)?.to_owned())?.into_text())
}

/// `cluster, port, workspace id, path, body`. Sent more than once only when the call's `maxAttempts`
/// says so, which JavaScript sees to.
fn app(args: &Args) -> Result<Call<String>> {
    let app = DriverProxyApp::from_texts(args.text(0)?, args.text(1)?, args.text(2)?, args.text(3)?);
    Ok(calls::app(&app, args.text(4)?.to_owned())?.with_repeat(Repeat::Billed).into_text())
}

/// Checks where an app is; gives its address.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = completionsRoute)]
pub fn route(cluster_id: &str, port: &str, org_id: &str, path: &str) -> Result<String, JsValue> {
    DriverProxyApp::from_texts(cluster_id, port, org_id, path).route().map_err(|error| to_js(&error))
}

/// The kind of an endpoint as the service describes it, or with the given task.
///
/// # Errors
/// `InvalidInput` when its task is not one of text.
#[wasm_bindgen(js_name = completionsKind)]
pub fn kind(task: Option<String>, described: Option<String>) -> Result<String, JsValue> {
    let kind = match &described {
        Some(described) => Kind::of_endpoint(Raw::trusted(described.trim())),
        None => Kind::of_task(task.as_deref()),
    };
    kind.map(|kind| kind.as_str().to_owned()).map_err(|error| to_js(&error))
}

/// The request of a prompt with the handle's defaults and the call's options.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = completionsRequest)]
pub fn request(prompt: &str, defaults: &str, options: &str) -> Result<String, JsValue> {
    body::request(prompt, defaults, options).map_err(|error| to_js(&error))
}

/// The body of a request.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = completionsBody)]
pub fn request_body(
    kind: &str,
    request: &str,
    format: Option<String>,
    params: Option<String>,
    stream: bool,
) -> Result<String, JsValue> {
    format
        .as_deref()
        .map_or(Ok(InputFormat::default()), InputFormat::from_name)
        .and_then(|format| body::body(Kind::from_str(kind), request, format, params.as_deref(), stream))
        .map_err(|error| to_js(&error))
}

/// What a function that reads answers is given, as JSON text.
#[wasm_bindgen(js_name = completionsValue)]
pub fn value(kind: &str, text: &str) -> String {
    answer::value(Kind::from_str(kind), Raw::trusted(text.trim())).text().to_owned()
}

/// The texts of an answer, as the JSON text of a list.
///
/// # Errors
/// `Decode`.
#[wasm_bindgen(js_name = completionsTexts)]
pub fn texts(kind: &str, text: &str) -> Result<String, JsValue> {
    let texts = answer::texts(Kind::from_str(kind), Raw::trusted(text.trim())).map_err(|error| to_js(&error))?;
    let mut out = String::from("[");
    for text in &texts {
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, text);
    }
    out.push(']');
    Ok(out)
}
