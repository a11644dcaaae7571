//! Secrets by name. Values cross as texts and leave no copy in an error.

use crate::error::{Error, ErrorKind, Result};
use crate::js::args::Args;
use crate::secrets::calls;
use crate::wire::call::Call;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    Some(
        find(name.strip_prefix("secrets.")?, args)
            .unwrap_or_else(|| Err(Error::new(ErrorKind::InvalidInput, "Secrets have no such operation."))),
    )
}

fn find(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let one = |call: fn(&str) -> Result<Call<String>>| args.text(0).and_then(call);
    let two = |call: fn(&str, &str) -> Result<Call<String>>| call(args.text(0)?, args.text(1)?);
    let three = |call: fn(&str, &str, &str) -> Result<Call<String>>| call(args.text(0)?, args.text(1)?, args.text(2)?);
    Some(match name {
        "createScope" => one(|body| calls::create_scope(body.to_owned()).map(Call::into_done)),
        "listScopes" => Ok(calls::list_scopes().into_text()),
        "deleteScope" => one(|scope| calls::delete_scope(scope).map(Call::into_done)),
        "putText" => three(|scope, key, value| calls::put_text(scope, key, value).map(Call::into_done)),
        "putBytes" => three(|scope, key, value| calls::put_base64(scope, key, value).map(Call::into_done)),
        "get" => two(|scope, key| calls::get(scope, key).map(Call::into_text)),
        "list" => one(|scope| calls::list(scope).map(Call::into_text)),
        "delete" => two(|scope, key| calls::delete(scope, key).map(Call::into_done)),
        "putAcl" => three(|scope, who, what| calls::put_acl(scope, who, what).map(Call::into_done)),
        "getAcl" => two(|scope, who| calls::get_acl(scope, who).map(Call::into_text)),
        "listAcls" => one(|scope| calls::list_acls(scope).map(Call::into_text)),
        "deleteAcl" => two(|scope, who| calls::delete_acl(scope, who).map(Call::into_done)),
        _ => return None,
    })
}
