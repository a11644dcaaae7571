//! Serving endpoints by name.

use crate::error::Result;
use crate::js::operations::Args;
use crate::serving_endpoints::calls;
use crate::wire::call::Call;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    Some(match name {
        "endpoints.list" => Ok(calls::list().into_text()),
        "endpoints.get" => args.text(0).and_then(calls::get).map(Call::into_text),
        _ => return None,
    })
}
