//! A self-hosted gateway by name.

use serde_json::Value;

use crate::error::Result;
use crate::gateway::calls;
use crate::js::args::Args;
use crate::wire::call::{Call, StreamCall};

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let two = |call: fn(&str, String) -> Result<Call<String>>| call(args.text(0)?, args.text(1)?.to_owned());
    Some(match name {
        "gateway.list" => Ok(calls::list(args.optional(0)).into_text()),
        "gateway.get" => args.text(0).and_then(calls::get).map(Call::into_text),
        "gateway.health" => Ok(calls::health().into_text()),
        "gateway.query" => two(|name, body| calls::query(name, body).map(Call::into_text)),
        "gateway.openai" => two(|form, body| calls::openai(form, body).map(Call::into_text)),
        _ => return None,
    })
}

pub(super) fn open(name: &str, args: &Args) -> Option<Result<StreamCall<()>>> {
    match name {
        "gateway.queryStream" => Some(
            args.text(0)
                .and_then(|name| calls::query_stream(name, args.text(1)?.to_owned()))
                .map(StreamCall::<Value>::untyped),
        ),
        _ => None,
    }
}
