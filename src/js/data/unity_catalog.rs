//! Unity Catalog by name.

use crate::error::{Error, ErrorKind, Result};
use crate::js::args::Args;
use crate::unity_catalog::calls::{self, Kind};
use crate::wire::call::Call;
use crate::wire::json::Raw;

/// `uc.list` and `uc.get` of a kind with a query as JSON text, and what is done to functions.
pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let name = name.strip_prefix("uc.")?;
    Some(find(name, args))
}

fn find(name: &str, args: &Args) -> Result<Call<String>> {
    let kind = || Kind::named(args.text(0)?).ok_or_else(unknown);
    let query = |at| Raw::parse(args.text(at)?);
    match name {
        "list" => calls::list(kind()?, query(1)?).map(Call::into_text),
        "get" => calls::get(kind()?, args.text(1)?, query(2)?).map(Call::into_text),
        "tableExists" => calls::table_exists(args.text(0)?).map(Call::into_text),
        "createFunction" => calls::create_function(args.text(0)?).map(Call::into_text),
        "updateFunction" => calls::update_function(args.text(0)?, args.text(1)?).map(Call::into_text),
        "deleteFunction" => calls::delete_function(args.text(0)?, query(1)?).map(Call::into_done),
        _ => Err(unknown()),
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::InvalidInput, "Unity Catalog has no such operation.")
}
