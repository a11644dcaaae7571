//! Text endpoints by name, and the pure steps around their calls.

use wasm_bindgen::JsValue;

use crate::completions::{Kind, answer, body, calls, types::DriverProxyApp, types::InputFormat};
use crate::error::Result;
use crate::js::args::Args;
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

/// `completions.route`: the path of a driver proxy app, checked. `completions.kind`: how an endpoint is asked, by its task
/// or by its description. `completions.request`: the JSON text of a prompt with options. `completions.body`: the body that
/// carries it. `completions.value` and `completions.texts`: what an answer of the kind says, as it stands or as texts.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let kind = || args.text(0).map(Kind::from_str);
    Ok(Some(match name {
        "completions.route" => {
            DriverProxyApp::from_texts(args.text(0)?, args.text(1)?, args.text(2)?, args.text(3)?).route()?.into()
        }
        "completions.kind" => {
            let kind = match args.optional(1) {
                Some(described) => Kind::of_endpoint(Raw::trusted(described.trim())),
                None => Kind::of_task(args.optional(0)),
            };
            kind?.as_str().into()
        }
        "completions.request" => body::request(args.text(0)?, args.text(1)?, args.text(2)?)?.into(),
        "completions.body" => {
            let format = args.optional(2).map_or(Ok(InputFormat::default()), InputFormat::from_name)?;
            body::body(kind()?, args.text(1)?, format, args.optional(3), args.has(4))?.into()
        }
        "completions.value" => answer::value(kind()?, Raw::trusted(args.text(1)?.trim())).text().into(),
        "completions.texts" => {
            let mut out = String::from("[");
            for text in &answer::texts(kind()?, Raw::trusted(args.text(1)?.trim()))? {
                if out.len() > 1 {
                    out.push(',');
                }
                push_string(&mut out, text);
            }
            out.push(']');
            out.into()
        }
        _ => return Ok(None),
    }))
}
