//! The oracle: what the policy of these tests allows, said once more, in another way and with other tools.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{APP, HOST};
use crate::generator::Made;
use lakewire::relay::{Answer, Upstream};

type Shape = Result<(), String>;

/// Whether a forwarded request has a shape that the narrow or the wide policy allows.
pub(super) fn check(made: &Made, sent: &Upstream, wide: bool) -> Shape {
    gate(made, sent)?;
    headers(made, sent)?;
    whole_address(sent)?;
    let (path, query) = sent.path.split_once('?').unwrap_or((&sent.path, ""));
    let pairs: Vec<(&str, &str)> = if query.is_empty() {
        Vec::new()
    } else {
        query.split('&').map(|pair| pair.split_once('=').unwrap()).collect()
    };
    let body = match &sent.body {
        None => Value::Null,
        Some(text) => {
            need(text.len() <= 4096 + 128, "a body over the limit")?;
            strict(text)?
        }
    };
    need(body.is_null() == matches!(sent.method, "GET" | "DELETE"), "a body with the wrong method")?;
    let asks = |known: &[&str]| need(pairs.iter().all(|(key, _)| known.contains(key)), "an unknown parameter");
    let once = pairs.iter().map(|(key, _)| key).collect::<BTreeSet<_>>().len() == pairs.len();
    need(once || path.ends_with("/delete-data"), "a parameter twice")?;
    let value = |key: &str| pairs.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| *value);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let id = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    match (sent.method, segments.as_slice()) {
        ("POST", ["serving-endpoints", name, "invocations"]) => {
            asks(&[])?;
            invoke(name, &body, sent.stream, wide)
        }
        ("GET", ["api", "2.0", "serving-endpoints"]) => asks(&[]),
        ("GET", ["api", "2.0", "serving-endpoints", "claude"]) => asks(&[]),
        ("GET", ["api", "2.0", "vector-search", "indexes", "main.docs.manual"]) => {
            asks(&["ensure_reranker_compatible"])
        }
        ("POST", ["api", "2.0", "vector-search", "indexes", "main.docs.manual", "query"]) => query_shape(&body),
        ("POST", ["api", "2.0", "vector-search", "indexes", "main.docs.manual", "query-next-page"]) => {
            keys(&body, &["page_token", "endpoint_name"])?;
            need(body["page_token"].is_string(), "no page token")
        }
        ("POST", ["api", "2.0", "vector-search", "indexes", "main.docs.manual", "upsert-data"]) => {
            keys(&body, &["inputs_json"])?;
            let rows: Value =
                serde_json::from_str(body["inputs_json"].as_str().unwrap_or("")).map_err(|error| error.to_string())?;
            need(rows.is_array(), "rows that are no list")
        }
        ("POST", ["api", "2.0", "vector-search", "indexes", "main.docs.manual", "sync"]) => keys(&body, &[]),
        ("DELETE", ["api", "2.0", "vector-search", "indexes", "main.docs.manual", "delete-data"]) => {
            asks(&["primary_keys"])
        }
        ("POST", ["api", "2.0", "sql", "statements"]) => {
            asks(&[])?;
            statement(&body, made.target.starts_with("/api/lakewire/statements/top"), wide)
        }
        ("GET", ["api", "2.0", "sql", "statements", one]) if wide && id(one) => asks(&[]),
        ("POST", ["api", "2.0", "sql", "statements", one, "cancel"]) if wide && id(one) => keys(&body, &[]),
        ("GET", ["api", "2.0", "sql", "statements", one, "result", "chunks", number])
            if wide && id(one) && number.parse::<u32>().is_ok() =>
        {
            asks(&[])
        }
        ("GET", ["api", "2.1", "unity-catalog", "tables"]) => {
            asks(&[
                "catalog_name",
                "schema_name",
                "max_results",
                "page_token",
                "include_browse",
                "omit_columns",
                "omit_properties",
                "omit_username",
            ])?;
            need((value("catalog_name"), value("schema_name")) == ("main", "shop"), "another schema")
        }
        ("GET", ["api", "2.1", "unity-catalog", "functions"]) => {
            asks(&[
                "catalog_name",
                "schema_name",
                "max_results",
                "page_token",
                "include_browse",
                "omit_columns",
                "omit_properties",
                "omit_username",
            ])?;
            need((value("catalog_name"), value("schema_name")) == ("main", "tools"), "another schema")
        }
        ("GET", ["api", "2.1", "unity-catalog", "tables", name]) if name.strip_prefix("main.shop.").is_some_and(id) => {
            asks(&["include_browse"])
        }
        ("GET", ["api", "2.1", "unity-catalog", "functions", name])
            if name.strip_prefix("main.tools.").is_some_and(id) =>
        {
            asks(&["include_browse"])
        }
        ("GET", ["api", "2.0", "mlflow", "experiments", "get-by-name"]) => {
            need(query == "experiment_name=%2FShared%2Fapp" || query == "experiment_name=7", "another experiment")
        }
        ("GET", ["api", "2.0", "mlflow", "experiments", "get"]) => {
            need(query == "experiment_id=7", "another experiment")
        }
        ("POST", ["api", "2.0", "mlflow", "runs", "create"]) => {
            keys(&body, &["experiment_id", "user_id", "run_name", "start_time", "tags"])?;
            need(body["experiment_id"] == "7", "another experiment")
        }
        ("POST", ["api", "2.0", "mlflow", "runs", "search"]) => {
            keys(&body, &["experiment_ids", "filter", "run_view_type", "max_results", "order_by", "page_token"])?;
            let ids = body["experiment_ids"].as_array().ok_or("no experiments")?;
            need(!ids.is_empty() && ids.iter().all(|id| id == "7"), "another experiment")
        }
        ("GET", ["api", "2.0", "mlflow", "runs", "get"]) if wide => {
            asks(&["run_id"])?;
            need(id(value("run_id")), "no run")
        }
        ("GET", ["api", "2.0", "mlflow", "metrics", "get-history"]) if wide => {
            asks(&["run_id", "metric_key", "max_results", "page_token"])
        }
        ("POST", ["api", "3.0", "mlflow", "traces"]) => {
            keys(&body, &["trace"])?;
            let info = &body["trace"]["trace_info"];
            let place = &info["trace_location"];
            for tags in [&info["tags"], &info["trace_metadata"]] {
                need(!tags.to_string().contains("mlflow.artifact"), "a place of files")?;
            }
            need(
                place["mlflow_experiment"]["experiment_id"] == "7" && place["type"] == "MLFLOW_EXPERIMENT",
                "another experiment",
            )
        }
        ("GET", ["api", "3.0", "mlflow", "traces", "get"]) if wide => {
            asks(&["trace_id", "allow_partial"])?;
            need(id(value("trace_id")), "no trace")
        }
        ("GET", ["api", "3.0", "mlflow", "traces", one]) if wide && id(one) && *one != "search" => asks(&[]),
        (
            "PUT" | "GET",
            ["api", "2.0", "mlflow-artifacts", "artifacts", "7", "traces", one, "artifacts", "traces.json"],
        ) if id(one) => {
            if sent.method == "PUT" {
                keys(&body, &["spans"])?;
            }
            asks(&[])
        }
        ("POST", ["api", "2.0", "mlflow", "experiments", "create"]) => {
            keys(&body, &["name", "tags"])?;
            need(body["name"] == "/Shared/app" || body["name"] == "7", "another experiment")
        }
        ("POST", ["api", "3.0", "mlflow", "traces", "search"]) => {
            keys(&body, &["locations", "filter", "max_results", "order_by", "page_token"])?;
            let places = body["locations"].as_array().ok_or("no experiments")?;
            let seven = |place: &Value| {
                place["mlflow_experiment"]["experiment_id"] == "7" && place["type"] == "MLFLOW_EXPERIMENT"
            };
            need(!places.is_empty() && places.iter().all(seven), "another experiment")
        }
        _ if wide => wider(sent.method, &segments, &body, &asks),
        _ => Err("no allowed path".to_owned()),
    }
}

/// What the switches of the wide policy add.
fn wider(method: &str, segments: &[&str], body: &Value, asks: &impl Fn(&[&str]) -> Result<(), String>) -> Shape {
    let id = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let name = |text: &str| text.split('.').all(id);
    match (method, segments) {
        ("POST", ["api", "2.0", "serving-endpoints"]) => {
            keys(
                body,
                &[
                    "name",
                    "config",
                    "ai_gateway",
                    "tags",
                    "rate_limits",
                    "route_optimized",
                    "budget_policy_id",
                    "description",
                    "email_notifications",
                ],
            )?;
            need(body["name"].as_str().is_some_and(name), "no name")
        }
        ("DELETE", ["api", "2.0", "serving-endpoints", one]) if name(one) => asks(&[]),
        ("PUT", ["api", "2.0", "serving-endpoints", one, "config"]) if name(one) => {
            keys(body, &["served_entities", "served_models", "traffic_config", "auto_capture_config"])
        }
        ("GET", ["api", "2.0", "vector-search", "endpoints"]) => asks(&["page_token"]),
        ("GET", ["api", "2.0", "vector-search", "endpoints", one]) if name(one) => asks(&[]),
        ("GET", ["api", "2.0", "vector-search", "indexes"]) => asks(&["endpoint_name", "page_token"]),
        ("POST", ["api", "2.0", "vector-search", "indexes"]) => {
            keys(
                body,
                &[
                    "name",
                    "endpoint_name",
                    "primary_key",
                    "index_type",
                    "index_subtype",
                    "delta_sync_index_spec",
                    "direct_access_index_spec",
                ],
            )?;
            need(body["name"].as_str().is_some_and(|text| name(text) && text.split('.').count() == 3), "no name")
        }
        ("DELETE", ["api", "2.0", "vector-search", "indexes", one]) if name(one) && one.split('.').count() == 3 => {
            asks(&[])
        }
        ("GET", ["api", "2.0", "sql", "warehouses"]) => asks(&["page_size", "page_token"]),
        ("GET", ["api", "2.0", "sql", "warehouses", "w1"]) => asks(&[]),
        ("POST", ["api", "2.0", "sql", "warehouses", "w1", "start"]) => keys(body, &[]),
        ("DELETE", ["api", "2.1", "unity-catalog", "functions", one])
            if one.strip_prefix("main.tools.").is_some_and(id) =>
        {
            asks(&["force"])
        }
        ("POST", ["api", "2.0", "mlflow", "runs", "update"]) => {
            keys(body, &["run_id", "run_uuid", "status", "end_time", "run_name"])
        }
        ("POST", ["api", "2.0", "mlflow", "runs", "log-batch"]) => {
            keys(body, &["run_id", "run_uuid", "metrics", "params", "tags"])
        }
        ("POST", ["api", "2.0", "mlflow", "traces", "link-to-run"]) => {
            keys(body, &["trace_ids", "run_id"])?;
            need(body["run_id"].as_str().is_some_and(id), "no run")
        }
        (
            "GET",
            ["api", "2.0", "mlflow", "traces", one, "credentials-for-data-upload" | "credentials-for-data-download"],
        ) if id(one) => asks(&[]),
        ("POST", ["api", "3.0", "mlflow", "traces", one, "assessments"]) if id(one) => {
            keys(body, &["assessment"])?;
            let other = &body["assessment"]["trace_id"];
            need(other.is_null() || other == one, "an assessment of another trace")
        }
        _ => Err("no allowed path".to_owned()),
    }
}

/// A request that was let in came from the one page, as only its code can send it.
fn gate(made: &Made, sent: &Upstream) -> Result<(), String> {
    let all = |name: &str| {
        made.headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.trim_matches([' ', '\t']))
            .collect::<Vec<_>>()
    };
    need(all("origin") == [APP], "another origin")?;
    need(all("x-lakewire-relay").first() == Some(&"1"), "no header of the relay")?;
    need(sent.method == made.method, "another method")?;
    need(made.target.starts_with("/api/lakewire/") && made.target.len() <= 2_048, "another mount")?;
    if sent.body.is_some() {
        need(
            all("content-type").len() == 1
                && all("content-type")[0].to_ascii_lowercase().starts_with("application/json"),
            "no JSON",
        )?;
    }
    for (name, value) in &made.headers {
        need(!value.contains(['\r', '\n', '\0']), "a line break in a header")?;
        need(!matches!(name.as_str(), "upgrade" | "expect" | "content_length"), "an upgrade")?;
    }
    need(all("sec-fetch-dest").iter().all(|dest| *dest == "empty"), "an image")?;
    let origin: Vec<_> = sent.cors.iter().filter(|(name, _)| name == "access-control-allow-origin").collect();
    need(origin.len() == 1 && origin[0].1 == APP, "an answer for another origin")
}

fn headers(made: &Made, sent: &Upstream) -> Result<(), String> {
    for (name, value) in &sent.headers {
        let fits = match name.as_str() {
            "accept" => value == if sent.stream { "text/event-stream" } else { "application/json" },
            "content-type" => value == "application/json" && sent.body.is_some(),
            "x-request-id" => {
                value == "page-1" && made.headers.iter().any(|(name, given)| name == "x-request-id" && given == value)
            }
            _ => false,
        };
        need(fits, "a header that is not listed")?;
    }
    let names: BTreeSet<_> = sent.headers.iter().map(|(name, _)| name).collect();
    need(names.len() == sent.headers.len(), "a header twice")
}

/// The address as a parser of addresses reads it: nothing of it is rewritten, and its host is the policy's.
fn whole_address(sent: &Upstream) -> Result<(), String> {
    need(sent.path.starts_with('/') && !sent.path.starts_with("//"), "a path of another host")?;
    need(
        sent.path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~?&=%".contains(&byte)),
        "a character that could mean something",
    )?;
    need(!sent.path.split(['/', '?']).any(|segment| segment == ".." || segment == "."), "a relative path")?;
    #[cfg(feature = "native")]
    {
        let url = reqwest::Url::parse(&[HOST, &sent.path].concat()).map_err(|error| error.to_string())?;
        need(
            url.host_str() == Some("ws.cloud.databricks.com") && url.port().is_none() && url.username().is_empty(),
            "another host",
        )?;
        let read = [url.path(), &url.query().map(|query| ["?", query].concat()).unwrap_or_default()].concat();
        need(read == sent.path && url.fragment().is_none(), "a path that is read in another way")?;
    }
    Ok(())
}

fn invoke(name: &str, body: &Value, stream: bool, wide: bool) -> Shape {
    let of = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
    let (known, cap): (&[&str], &[&str]) = match name {
        "claude" => (
            &[
                "messages",
                "max_tokens",
                "max_completion_tokens",
                "temperature",
                "top_p",
                "top_k",
                "stop",
                "n",
                "stream",
                "stream_options",
                "tools",
                "tool_choice",
                "response_format",
                "logprobs",
                "top_logprobs",
                "reasoning_effort",
                "thinking",
                "user",
                "presence_penalty",
                "frequency_penalty",
                "seed",
                "client_request_id",
                "usage_context",
            ],
            &["max_tokens", "max_completion_tokens"],
        ),
        "writer" => (
            &["prompt", "max_tokens", "temperature", "top_p", "top_k", "n", "stop", "stream", "suffix", "echo", "user"],
            &["max_tokens"],
        ),
        "gte" => (&["input", "instruction", "user", "dimensions", "encoding_format"], &[]),
        "agent" if body.get("messages").is_some() => (&["messages", "stream", "custom_inputs"], &[]),
        "agent" => (
            &["input", "stream", "temperature", "max_output_tokens", "tools", "tool_choice", "user", "custom_inputs"],
            &["max_output_tokens"],
        ),
        "custom" => (&["inputs", "instances", "dataframe_split", "dataframe_records", "params"], &[]),
        _ => return Err("an endpoint that is not allowed".to_owned()),
    };
    keys(body, known)?;
    need(cap.is_empty() || cap.iter().any(|key| of(key).as_u64().is_some()), "no limit of tokens")?;
    for key in ["max_tokens", "max_completion_tokens", "max_output_tokens"] {
        need(
            of(key).is_null() || of(key).as_u64().is_some_and(|tokens| (1..=100).contains(&tokens)),
            "too many tokens",
        )?;
    }
    need(of("n").is_null() || of("n") == 1, "too many answers")?;
    need(of("thinking")["budget_tokens"].as_u64().is_none_or(|budget| budget <= 100), "too much thinking")?;
    need(of("stream") == true || !stream, "a stream nobody asked for")?;
    need(of("stream").is_null() || of("stream").is_boolean(), "a stream that is no switch")?;
    for (key, most) in [
        ("tools", 4),
        ("messages", 8),
        ("input", 8),
        ("prompt", 8),
        ("inputs", 8),
        ("instances", 8),
        ("dataframe_records", 8),
    ] {
        need(of(key).as_array().is_none_or(|list| list.len() <= most), "a list that is too long")?;
    }
    need(
        of("tools").as_array().into_iter().flatten().all(|tool| tool["type"] == "function" || tool["type"] == "custom"),
        "a tool of the service",
    )?;
    let prompts = of("prompt").as_array().map_or(1, Vec::len).max(1) as u64;
    need(
        name != "writer" || of("max_tokens").as_u64().is_some_and(|tokens| tokens * prompts <= 100),
        "too many tokens for all prompts together",
    )?;
    for place in ["params", "inputs", "instances", "dataframe_records", "dataframe_split", "custom_inputs"] {
        need(cheap(&of(place)), "a length that is over the limit")?;
    }
    for key in ["n", "best_of", "num_return_sequences"] {
        need(of("params")[key].is_null() || of("params")[key] == 1, "too many answers")?;
    }
    for list in [of("messages"), of("input")] {
        for item in list.as_array().into_iter().flatten() {
            need(
                !item.is_object() || item["role"].is_string() || item["type"].is_string(),
                "a reference to what is kept at the service",
            )?;
        }
        brought_along(&list, wide)?;
    }
    for tool in of("tools").as_array().into_iter().flatten() {
        need(tool.get("server_url").is_none() && tool.get("url").is_none(), "a tool with an address")?;
    }
    let choice = of("tool_choice");
    need(
        choice.is_null()
            || choice.is_string()
            || (choice["type"] == "function" || choice["type"] == "custom") && choice.get("server_url").is_none(),
        "a choice of a tool of the service",
    )
}

/// No number of tokens within is over the limit: by its name, wherever it stands at most two levels deep.
fn cheap(value: &Value) -> bool {
    let names = ["max_tokens", "max_new_tokens", "max_gen_len", "maxTokens", "max_completion_tokens"];
    let fits = |value: &Value| value.is_null() || value.as_u64().is_some_and(|tokens| tokens <= 100);
    let column = |value: &Value| match value {
        Value::Array(items) => items.iter().all(fits),
        other => fits(other),
    };
    let own = |object: &Value| names.iter().all(|name| object.get(name).is_none_or(column));
    let split = value["columns"].as_array().into_iter().flatten().enumerate().all(|(at, name)| {
        !names.iter().any(|known| name == known)
            || value["data"].as_array().into_iter().flatten().all(|row| row.get(at).is_none_or(fits))
    });
    own(value) && split && value.as_array().into_iter().flatten().all(own)
}

/// Nothing within is an address to call, or is kept at the service.
fn brought_along(value: &Value, wide: bool) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| brought_along(item, wide)),
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            need(!(key == "type" && value == "item_reference"), "a stored item")?;
            need(key != "file_id" || value.is_null(), "a stored file")?;
            need(
                wide || !key.ends_with("url") || value.as_str().is_none_or(|text| text.starts_with("data:")),
                "an address that the service would call",
            )?;
            brought_along(value, wide)
        }),
        _ => Ok(()),
    }
}

fn query_shape(body: &Value) -> Shape {
    keys(
        body,
        &[
            "columns",
            "query_text",
            "num_results",
            "filters_json",
            "facets",
            "sort_columns",
            "query_type",
            "query_columns",
        ],
    )?;
    let kind = body["query_type"].as_str().unwrap_or("ANN");
    let columns = body["query_columns"].as_array();
    need(kind == "ANN" || columns.is_some_and(|columns| !columns.is_empty()), "a search through all columns")?;
    for text in ["sort_columns", "facets", "filters_json"].map(|key| body[key].to_string()) {
        need(!text.contains("salary"), "a column that may not be read")?;
    }
    need(body["num_results"].as_u64().is_some_and(|rows| (1..=20).contains(&rows)), "too many rows")?;
    let named = |key: &str| {
        body[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|column| column.as_str().unwrap_or("?").split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for column in [named("columns"), named("facets"), named("sort_columns"), named("query_columns")].concat() {
        need(column == "id" || column == "text", "a column that may not be read")?;
    }
    let filters = body["filters_json"].as_str().unwrap_or("{}");
    need(!filters.contains("salary") && body["columns"].is_array(), "a filter on a column that may not be read")?;
    Ok(())
}

fn statement(body: &Value, named: bool, wide: bool) -> Shape {
    need(body["warehouse_id"] == "w1", "another warehouse")?;
    if named {
        keys(
            body,
            &[
                "warehouse_id",
                "statement",
                "parameters",
                "row_limit",
                "wait_timeout",
                "on_wait_timeout",
                "disposition",
                "format",
            ],
        )?;
        need(
            body["statement"] == "SELECT * FROM nations WHERE p > :least" && body["row_limit"] == 1000,
            "another statement",
        )?;
        let parameters = body["parameters"].as_array().ok_or("no parameters")?;
        need(
            parameters.len() == 1 && parameters[0]["name"] == "least" && parameters[0]["type"] == "BIGINT",
            "another parameter",
        )?;
        let value = &parameters[0]["value"];
        need(
            value.is_null() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
            "a value of another type",
        )?;
        return Ok(());
    }
    keys(
        body,
        &[
            "warehouse_id",
            "statement",
            "parameters",
            "row_limit",
            "byte_limit",
            "wait_timeout",
            "on_wait_timeout",
            "disposition",
            "format",
            "catalog",
            "schema",
        ],
    )?;
    need(
        ["SELECT * FROM nations WHERE p > :p", "SELECT 1"].iter().any(|text| body["statement"] == *text),
        "a statement that writes",
    )?;
    need(body["row_limit"].as_u64().is_some_and(|rows| (1..=500).contains(&rows)), "too many rows")?;
    need(wide || body["disposition"].is_null() || body["disposition"] == "INLINE", "links")?;
    need(wide || body["format"].is_null() || body["format"] == "JSON_ARRAY", "a format of links")?;
    need(wide || body["wait_timeout"] == "50s" && body["on_wait_timeout"] == "CANCEL", "a statement that goes on")?;
    need(
        body["wait_timeout"].is_null() || body["wait_timeout"].as_str().is_some_and(|wait| wait != "3600s"),
        "a wait",
    )?;
    for key in ["catalog", "schema"] {
        need(body[key].is_null() || body[key].is_string(), "a name of another type")?;
    }
    for parameter in body["parameters"].as_array().into_iter().flatten() {
        need(parameter["name"].is_string() && !parameter["value"].is_array(), "a parameter of another type")?;
    }
    need(body["parameters"].is_null() || body["parameters"].is_array(), "parameters of another type")?;
    Ok(())
}

/// Every refusal is small, and readable by the one page alone.
pub(super) fn check_refusal(made: &Made, answer: &Answer) {
    assert!((204..=503).contains(&answer.status) && answer.body.len() < 400, "{answer:?}");
    let origins: Vec<_> = made.headers.iter().filter(|(name, _)| name == "origin").collect();
    for (name, value) in &answer.headers {
        assert!(!value.contains(['\r', '\n']) && value != "*", "{answer:?}");
        if name == "access-control-allow-origin" {
            assert!(
                value == APP && origins.len() == 1 && origins[0].1.trim_matches([' ', '\t']) == APP,
                "{answer:?}\n{made:?}"
            );
        }
    }
}

pub(super) fn check_preflight(made: &Made, answer: &Answer) {
    assert!(made.method == "OPTIONS" && answer.status == 204 && answer.body.is_empty(), "{answer:?}\n{made:?}");
}

fn need(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn keys(body: &Value, known: &[&str]) -> Result<(), String> {
    let object = body.as_object().ok_or("no object")?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("an unknown field {key}")),
        None => Ok(()),
    }
}

/// Reads JSON by `serde_json`, and refuses a key that stands twice.
fn strict(text: &str) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Strict)?;
            if object.insert(key, value).is_some() {
                return Err(de::Error::custom("a key stands twice"));
            }
        }
        Ok(object.into())
    }
}
