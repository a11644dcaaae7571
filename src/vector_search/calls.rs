//! The requests on vector search as values.
//!
//! Bodies are JSON text, checked before anything is sent. Reads and queries may be repeated, and so may upserts and
//! deletions of rows: both say by key what shall be. What creates, changes or starts something is never repeated.

use crate::error::Result;
use crate::vector_search::text::{Object, given, invalid, list};
use crate::vector_search::types::{BudgetPolicy, CustomTags, Endpoint, EndpointList, Index, IndexList, WriteAnswer};
use crate::vector_search::{check, query as request};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, string};
use crate::wire::request::{Method, Path, Request};
use serde_json::Value;

const ROOT: &str = "/api/2.0/vector-search";

/// Creates an endpoint. It answers at once; the endpoint gets ready later.
///
/// # Errors
/// `InvalidInput`, see [`check::endpoint`].
///
/// ```
/// use lakewire::vector_search::calls;
/// let call = calls::create_endpoint(r#"{"name":"vs1","endpoint_type":"STANDARD"}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/vector-search/endpoints");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/vector-search/endpoints`
pub fn create_endpoint(body: String) -> Result<Call<Json<Endpoint>>> {
    check::endpoint(&body)?;
    Ok(change(Method::Post, endpoints().finish(), body))
}

/// Describes an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `GET /api/2.0/vector-search/endpoints/{name}`
pub fn get_endpoint(name: &str) -> Result<Call<Json<Endpoint>>> {
    Ok(read(at_endpoint(name)?.finish()))
}

/// Lists the endpoints, one page.
///
/// ```
/// let call = lakewire::vector_search::calls::list_endpoints(Some("next"));
/// assert_eq!(call.request().path, "/api/2.0/vector-search/endpoints?page_token=next");
/// ```
/// `GET /api/2.0/vector-search/endpoints`
#[must_use]
pub fn list_endpoints(page_token: Option<&str>) -> Call<Json<EndpointList>> {
    read(paged(endpoints(), page_token))
}

/// Changes how much a standard endpoint shall bear, in queries per second.
///
/// # Errors
/// `InvalidInput` when it is 0, or no endpoint can have this name.
///
/// `PATCH /api/2.0/vector-search/endpoints/{name}`
pub fn update_endpoint(name: &str, target_qps: u64) -> Result<Call<Json<Endpoint>>> {
    if target_qps == 0 {
        return Err(invalid("`target_qps` must be a whole number above 0."));
    }
    let body = ["{\"target_qps\":", &target_qps.to_string(), "}"].concat();
    Ok(change(Method::Patch, at_endpoint(name)?.finish(), body))
}

/// Sets an endpoint's budget policy.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `PATCH /api/2.0/vector-search/endpoints/{name}/budget-policy`
pub fn update_budget_policy(name: &str, policy_id: &str) -> Result<Call<Json<BudgetPolicy>>> {
    let body = ["{\"budget_policy_id\":", &string(policy_id), "}"].concat();
    Ok(change(Method::Patch, at_endpoint(name)?.then("/budget-policy").finish(), body))
}

/// Replaces an endpoint's tags; `tags` is the JSON text of a list of `{key, value}`.
///
/// # Errors
/// `InvalidInput` when the text is no JSON, or no endpoint can have this name.
///
/// `PATCH /api/2.0/vector-search/endpoints/{name}/tags`
pub fn update_tags(name: &str, tags: &str) -> Result<Call<Json<CustomTags>>> {
    let body = ["{\"custom_tags\":", tags, "}"].concat();
    given(&body, "The list of tags")?;
    Ok(change(Method::Patch, at_endpoint(name)?.then("/tags").finish(), body))
}

/// Deletes an endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// `DELETE /api/2.0/vector-search/endpoints/{name}`
pub fn delete_endpoint(name: &str) -> Result<Call<()>> {
    Ok(Call::new(Request::new(Method::Delete, at_endpoint(name)?.finish()), Repeat::Never, answer::nothing))
}

/// Creates an index. It answers at once; the index gets ready later.
///
/// # Errors
/// `InvalidInput`, see [`check::index`].
///
/// `POST /api/2.0/vector-search/indexes`
pub fn create_index(body: String) -> Result<Call<Json<Index>>> {
    check::index(&body)?;
    Ok(change(Method::Post, [ROOT, "/indexes"].concat(), body))
}

/// Describes an index. `reranker` asks for an `index_url` that a query with a reranker may go to.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// ```
/// let call = lakewire::vector_search::calls::get_index("main.docs.idx", false)?;
/// assert_eq!(call.request().path, "/api/2.0/vector-search/indexes/main.docs.idx");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/vector-search/indexes/{index_name}`
pub fn get_index(name: &str, reranker: bool) -> Result<Call<Json<Index>>> {
    let path = at_index(name)?;
    Ok(read(if reranker { path.query("ensure_reranker_compatible", "true") } else { path }.finish()))
}

/// Lists the indexes of an endpoint, one page.
///
/// ```
/// let call = lakewire::vector_search::calls::list_indexes("vs1", None);
/// assert_eq!(call.request().path, "/api/2.0/vector-search/indexes?endpoint_name=vs1");
/// ```
/// `GET /api/2.0/vector-search/indexes`
#[must_use]
pub fn list_indexes(endpoint_name: &str, page_token: Option<&str>) -> Call<Json<IndexList>> {
    read(paged(Path::literal(ROOT).then("/indexes").query("endpoint_name", endpoint_name), page_token))
}

/// Deletes an index.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// `DELETE /api/2.0/vector-search/indexes/{index_name}`
pub fn delete_index(name: &str) -> Result<Call<()>> {
    Ok(Call::new(Request::new(Method::Delete, at_index(name)?.finish()), Repeat::Never, answer::nothing))
}

/// Starts bringing a Delta Sync index with a `TRIGGERED` pipeline up to its source table.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// `POST /api/2.0/vector-search/indexes/{index_name}/sync`
pub fn sync_index(name: &str) -> Result<Call<()>> {
    let request = Request::new(Method::Post, at_index(name)?.then("/sync").finish()).json("{}");
    Ok(Call::new(request, Repeat::Never, answer::nothing))
}

/// Finds the rows of an index nearest to a query, best first. `body` is the request's JSON text, see [`request::body`].
///
/// # Errors
/// `InvalidInput`, see [`request::body`].
///
/// ```
/// use lakewire::vector_search::calls;
/// let call = calls::query("main.docs.idx", r#"{"columns":["id"],"query_text":"reset"}"#, false)?;
/// assert_eq!(call.request().path, "/api/2.0/vector-search/indexes/main.docs.idx/query");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/vector-search/indexes/{index_name}/query`
pub fn query(index: &str, body: &str, storage_optimized: bool) -> Result<Call<Json<Value>>> {
    ask(index, "/query", request::body(body, storage_optimized)?, Repeat::Billed)
}

/// The next page of a query's rows.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// `POST /api/2.0/vector-search/indexes/{index_name}/query-next-page`
pub fn query_next_page(index: &str, page_token: &str, endpoint_name: Option<&str>) -> Result<Call<Json<Value>>> {
    let mut body = Object::new();
    body.text("page_token", page_token);
    if let Some(endpoint_name) = endpoint_name {
        body.text("endpoint_name", endpoint_name);
    }
    ask(index, "/query-next-page", body.finish(), Repeat::Billed)
}

/// One page of an index's rows, by primary key.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// ```
/// use lakewire::vector_search::calls;
/// let call = calls::scan("main.docs.idx", Some(100), Some("a7"))?;
/// assert_eq!(call.request().body_text(), r#"{"num_results":100,"last_primary_key":"a7"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/vector-search/indexes/{index_name}/scan`
pub fn scan(index: &str, num_results: Option<u64>, last_primary_key: Option<&str>) -> Result<Call<Json<Value>>> {
    let mut body = Object::new();
    if let Some(num_results) = num_results {
        body.raw("num_results", &num_results.to_string());
    }
    if let Some(key) = last_primary_key {
        body.text("last_primary_key", key);
    }
    ask(index, "/scan", body.finish(), Repeat::Safe)
}

/// Writes rows into a Direct Access index, over those of the same primary key. `rows` are JSON texts of objects.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// ```
/// use lakewire::vector_search::calls;
/// let call = calls::upsert("main.docs.idx", &[r#"{"id":"a1","vec":[0.1]}"#])?;
/// assert_eq!(call.request().body_text(), r#"{"inputs_json":"[{\"id\":\"a1\",\"vec\":[0.1]}]"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/vector-search/indexes/{index_name}/upsert-data`
pub fn upsert<T: AsRef<str>>(index: &str, rows: &[T]) -> Result<Call<Json<WriteAnswer>>> {
    let mut body = Object::new();
    body.text("inputs_json", &list(rows));
    ask(index, "/upsert-data", body.finish(), Repeat::Safe)
}

/// Deletes rows of a Direct Access index by their primary keys.
///
/// The keys go in the body, as the service's own vector search client sends them: a list of any length fits.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// ```
/// use lakewire::vector_search::calls;
/// let call = calls::delete_rows("main.docs.idx", &["a1"])?;
/// assert_eq!(call.request().body_text(), r#"{"primary_keys":["a1"]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE /api/2.0/vector-search/indexes/{index_name}/delete-data`
pub fn delete_rows<T: AsRef<str>>(index: &str, keys: &[T]) -> Result<Call<Json<WriteAnswer>>> {
    let mut body = Object::new();
    body.raw("primary_keys", &list(keys.iter().map(|key| string(key.as_ref()))));
    let path = at_index(index)?.then("/delete-data").finish();
    Ok(Call::new(Request::new(Method::Delete, path).json(body.finish()), Repeat::Safe, answer::json))
}

/// Describes the Unity Catalog table under an index, for the columns' types and comments.
///
/// # Errors
/// `InvalidInput` when the name has not three parts.
///
/// `GET /api/2.1/unity-catalog/tables/{index_name}`
pub fn table(index: &str) -> Result<Call<Json<Value>>> {
    check::full_name("The index", index)?;
    Ok(read(Path::literal("/api/2.1/unity-catalog/tables/").segment("index", index)?.finish()))
}

fn endpoints() -> Path {
    Path::literal(ROOT).then("/endpoints")
}

fn at_endpoint(name: &str) -> Result<Path> {
    endpoints().then("/").segment("endpoint", name)
}

fn at_index(name: &str) -> Result<Path> {
    check::full_name("The index", name)?;
    Path::literal(ROOT).then("/indexes/").segment("index", name)
}

fn paged(path: Path, token: Option<&str>) -> String {
    match token {
        Some(token) => path.query("page_token", token).finish(),
        None => path.finish(),
    }
}

fn read<T>(path: String) -> Call<Json<T>> {
    Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json)
}

fn ask<T>(index: &str, what: &str, body: String, repeat: Repeat) -> Result<Call<Json<T>>> {
    let path = at_index(index)?.then(what).finish();
    Ok(Call::new(Request::new(Method::Post, path).json(body), repeat, answer::json))
}

fn change<T>(method: Method, path: String, body: String) -> Call<Json<T>> {
    Call::new(Request::new(method, path).json(body), Repeat::Never, answer::json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_have_three_parts() {
        assert_eq!(
            get_index("a.b.c d", true).unwrap().request().path,
            "/api/2.0/vector-search/indexes/a.b.c%20d?ensure_reranker_compatible=true"
        );
        for bad in ["", "a.b", "a.b.c.d", "../x.y", "a..c"] {
            assert!(get_index(bad, false).is_err() && table(bad).is_err(), "{bad}");
        }
        assert!(get_endpoint("..").is_err() && delete_endpoint("").is_err());
        assert!(update_endpoint("vs", 0).is_err());
        assert!(update_tags("vs", "[}").is_err());
    }

    #[test]
    fn o3_o9_what_may_be_sent_twice_says_so() {
        let index = r#"{"name":"a.b.c","endpoint_name":"vs","primary_key":"id","index_type":"DELTA_SYNC","delta_sync_index_spec":{"source_table":"a.b.t","pipeline_type":"TRIGGERED","embedding_vector_columns":[{"name":"v","embedding_dimension":3}]}}"#;
        assert_eq!(create_index(index.into()).unwrap().repeat(), Repeat::Never);
        assert_eq!(
            create_endpoint(r#"{"name":"v","endpoint_type":"STANDARD"}"#.into()).unwrap().repeat(),
            Repeat::Never
        );
        assert_eq!(sync_index("a.b.c").unwrap().repeat(), Repeat::Never);
        assert_eq!(upsert("a.b.c", &["{}"]).unwrap().repeat(), Repeat::Safe);
        assert_eq!(delete_rows("a.b.c", &["k"]).unwrap().repeat(), Repeat::Safe);
    }
}
