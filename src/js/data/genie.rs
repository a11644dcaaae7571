//! Genie by name.

use wasm_bindgen::JsValue;

use super::functions::list;
use crate::error::{Error, ErrorKind, Result};
use crate::genie::calls::{self, MessageId};
use crate::genie::{Seen, finished, ids, is_truncated, judge, late, markdown};
use crate::js::args::Args;
use crate::js::error::to_js;
use crate::pages::with_token;
use crate::wire::call::Call;
use crate::wire::json::Raw;

/// The texts are space, conversation, message and attachment, as far as an operation needs them, then its own.
pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let name = name.strip_prefix("genie.")?;
    let call = find(name, args);
    // lists end in the token of their page
    Some(match args.optional(2).filter(|_| ["spaces", "conversations", "messages"].contains(&name)) {
        Some(token) => call.map(|call| with_token(&call, token)),
        None => call,
    })
}

fn find(name: &str, args: &Args) -> Result<Call<String>> {
    if name == "spaces" {
        return Ok(calls::spaces().into_text());
    }
    let space = args.text(0)?;
    let id = || Ok(MessageId { space, conversation: args.text(1)?, message: args.text(2)? });
    match name {
        "space" => calls::space(space, args.has(1)).map(Call::into_text),
        "ask" => calls::ask(space, args.optional(1), args.text(2)?).map(Call::into_text),
        "message" => calls::message(id()?).map(Call::into_text),
        "rows" => calls::query_result(id()?, args.text(3)?).map(Call::into_text),
        "execute" => calls::execute_query(id()?, args.text(3)?).map(Call::into_text),
        "feedback" => calls::feedback(id()?, args.text(3)?, args.optional(4)).map(Call::into_done),
        "conversations" => calls::conversations(space, args.has(1)).map(Call::into_text),
        "messages" => calls::messages(space, args.text(1)?).map(Call::into_text),
        "deleteConversation" => calls::delete_conversation(space, args.text(1)?).map(Call::into_done),
        "deleteMessage" => calls::delete_message(id()?).map(Call::into_done),
        _ => Err(Error::new(ErrorKind::InvalidInput, "Genie has no such operation.")),
    }
}

/// `genie.ids`: `[conversation, message]`. `genie.judge`: `[answer]`, or `[nothing, status]` while it goes on.
/// `genie.rows`: the statement's answer, or nothing while it goes on. `genie.late`: the error, as it is thrown.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "genie.ids" => {
            let (conversation, message) = ids(Raw::parse(args.text(0)?)?)?;
            list([conversation, message])
        }
        "genie.judge" => match judge(Raw::parse(args.text(0)?)?)? {
            Seen::Done(answer) => list([answer]),
            Seen::Waiting(status) => [JsValue::UNDEFINED, status.into()].into_iter().collect::<js_sys::Array>().into(),
        },
        "genie.rows" => match finished(Raw::parse(args.text(0)?)?)? {
            Some(response) => [JsValue::from_str(response.text()), JsValue::from_bool(is_truncated(response))]
                .into_iter()
                .collect::<js_sys::Array>()
                .into(),
            None => JsValue::UNDEFINED,
        },
        "genie.markdown" => markdown(Raw::trusted(args.text(0)?), args.has(1)).into(),
        "genie.late" => to_js(&late(args.text(0)?, args.text(1)?, args.text(2)?)),
        _ => return Ok(None),
    }))
}
