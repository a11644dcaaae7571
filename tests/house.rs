//! The rules of ARCHITECTURE.md that a machine can check: who may use whom, where platform code
//! stands, and what no source file may hold.

#![allow(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder, with its path relative to it, unit tests cut off.
fn sources(folder: &str) -> BTreeMap<String, String> {
    fn visit(base: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(base, &path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs")
                && !path.file_stem().is_some_and(|n| n.to_string_lossy().ends_with("tests"))
                && !path.parent().is_some_and(|folder| folder.ends_with("tests"))
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.insert(path.strip_prefix(base).unwrap().to_string_lossy().replace('\\', "/"), code);
            }
        }
    }
    let base = root().join(folder);
    let mut found = BTreeMap::new();
    visit(&base, &base, &mut found);
    assert!(found.len() > 10, "the sources under {folder} were not found");
    found
}

/// The rooms of this crate that a file uses: `crate::room` in code, not in comments.
fn rooms_used(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for piece in line.split("crate::").skip(1) {
            let room: String = piece.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            // macros expand where they are used
            if !room.is_empty() {
                rooms.push(room);
            }
        }
    }
    rooms
}

fn code_lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// What traces are: pure, for it goes into the small wasm.
const TRACES: &[&str] = &[
    "mlflow/tracing/ids.rs",
    "mlflow/tracing/info.rs",
    "mlflow/tracing/limits.rs",
    "mlflow/tracing/model.rs",
    "mlflow/tracing/otlp.rs",
    "mlflow/tracing/preview.rs",
    "mlflow/tracing/read.rs",
    "mlflow/tracing/spans.rs",
    "mlflow/tracing/stored.rs",
    "mlflow/tracing/usage.rs",
    "mlflow/tracing/write.rs",
];

/// Which rooms a file may use: the first line whose beginning fits the file decides.
const ROOMS: &[(&[&str], &[&str])] = &[
    (&["error.rs", "error/"], &[]),
    // `order` is a leaf: it sorts what it is given
    (&["wire/"], &["error", "macros", "order", "typescript", "wire"]),
    // scripted transports and fetch speak in the wire's requests and answers
    (&["transport/"], &["error", "wire", "transport"]),
    (&["join.rs"], &["transport"]),
    (&["auth/"], &["auth", "config", "error", "order", "transport", "wire"]),
    (&["config.rs", "config/"], &["auth", "config", "error", "transport", "wire"]),
    (
        &["sender.rs", "stream.rs"],
        &["auth", "config", "error", "macros", "observe", "sender", "stream", "transport", "wire"],
    ),
    (&["sender/"], &["auth", "config", "error", "observe", "sender", "transport", "wire"]),
    (
        &[
            "chat/types",
            "agents/types",
            "embeddings/types",
            "serving_endpoints/types",
            "secrets/types",
            "gateway/types",
            "vector_search/types",
            "vector_search/request.rs",
            "functions/types",
            "genie/types",
            "mcp/types",
            "unity_catalog/types",
        ],
        &["error", "macros", "typescript"],
    ),
    (
        &["chat/calls.rs", "chat/body.rs", "chat/structured.rs", "chat/tool_calls.rs"],
        &["error", "order", "wire", "chat"],
    ),
    (&["chat/"], &["chat", "error", "join", "macros", "order", "observe", "sender", "stream", "transport", "wire"]),
    // pure: `chat` for the shape of a tool call alone
    (
        &["agents/calls.rs", "agents/body.rs", "agents/fields.rs", "agents/items.rs", "agents/verdict.rs"],
        &["agents", "chat", "error", "wire"],
    ),
    (&["agents/fold"], &["agents", "error", "order", "wire"]),
    (&["agents/"], &["agents", "chat", "error", "join", "macros", "observe", "sender", "stream", "transport", "wire"]),
    (
        &["embeddings/number.rs", "embeddings/base64.rs", "embeddings/vectors.rs", "embeddings/scan.rs"],
        &["error", "wire"],
    ),
    (&["embeddings/calls.rs"], &["error", "wire", "embeddings"]),
    // the endpoint's description says which encoding it gives
    (
        &["embeddings/"],
        &["embeddings", "error", "join", "order", "observe", "sender", "serving_endpoints", "transport", "wire"],
    ),
    (&["completions/types.rs", "hugging_face/types.rs"], &["chat", "error", "macros", "typescript", "wire"]),
    (
        &["completions/calls.rs", "completions/body.rs", "completions/answer.rs", "completions/kind.rs"],
        &["completions", "error", "serving_endpoints", "wire"],
    ),
    (&["completions/"], &["chat", "completions", "error", "join", "observe", "sender", "stream", "transport", "wire"]),
    (&["hugging_face/calls.rs", "hugging_face/dolly.rs"], &["error", "hugging_face", "wire"]),
    (&["hugging_face/"], &["auth", "chat", "config", "error", "hugging_face", "sender", "stream", "transport", "wire"]),
    (
        &["serving_endpoints/calls.rs", "serving_endpoints/progress.rs", "serving_endpoints/check"],
        &["error", "wire", "serving_endpoints"],
    ),
    (&["serving_endpoints/"], &["error", "sender", "serving_endpoints", "stream", "wire"]),
    (&["secrets/calls.rs"], &["error", "secrets", "wire"]),
    (&["secrets/"], &["auth", "error", "secrets", "sender", "wire"]),
    (&["sql/column.rs", "sql/identifier.rs", "sql/number.rs", "sql/progress", "sql/scan"], &["error", "sql", "wire"]),
    (&["sql/types/"], &["error", "macros", "typescript"]),
    (&["sql/calls.rs", "sql/param.rs", "sql/value.rs", "sql/types.rs"], &["error", "sql", "wire"]),
    (&["sql/"], &["auth", "config", "error", "observe", "sender", "sql", "transport", "wire"]),
    (&["gateway/calls.rs"], &["error", "gateway", "serving_endpoints", "wire"]),
    (&["gateway/"], &["auth", "chat", "config", "error", "gateway", "sender", "stream", "transport", "wire"]),
    (&["pages.rs"], &["error", "sender", "wire"]),
    (&["unity_catalog/calls.rs"], &["error", "unity_catalog", "wire"]),
    (&["unity_catalog/"], &["error", "pages", "sender", "unity_catalog", "wire"]),
    // the toolkit's tools are chat's
    (
        &["functions/toolkit.rs"],
        &["chat", "client", "error", "functions", "join", "observe", "sender", "transport", "unity_catalog", "wire"],
    ),
    (&["functions/calls.rs"], &["error", "functions", "sql", "wire"]),
    (&["functions/"], &["error", "functions", "wire"]),
    (&["genie/calls.rs", "genie/outcome.rs", "genie/table.rs"], &["error", "genie", "wire"]),
    (&["genie/"], &["error", "genie", "pages", "observe", "sender", "wire"]),
    (&["mcp/client.rs"], &["chat", "client", "error", "functions", "mcp", "sender", "wire"]),
    (&["mcp/"], &["error", "mcp", "wire"]),
    (
        &[
            "sql_database/calls.rs",
            "sql_database/options.rs",
            "sql_database/python_text.rs",
            "sql_database/rows.rs",
            "sql_database/shape.rs",
            "sql_database/table_info.rs",
        ],
        &["error", "order", "sql", "sql_database", "wire"],
    ),
    (&["sql_database/"], &["client", "error", "join", "sender", "sql", "sql_database", "transport", "wire"]),
    (&["sql_chain/prompts.rs", "sql_chain/parse.rs"], &["error", "sql_chain", "wire"]),
    (
        &["sql_chain/"],
        &["chat", "error", "observe", "sender", "sql_chain", "sql_database", "sql_guard", "transport", "wire"],
    ),
    (&["sql_guard/"], &["error", "sql_guard", "wire"]),
    // the relay's decision: a host, a guard, and JSON text
    (&["relay_service/"], &["auth", "config", "error", "relay", "relay_service", "transport", "wire"]),
    (&["relay/"], &["config", "error", "order", "relay", "sql_guard", "wire"]),
    // maximal marginal relevance compares vectors as embeddings are compared
    (
        &[
            "vector_search/calls.rs",
            "vector_search/check.rs",
            "vector_search/filter",
            "vector_search/mmr.rs",
            "vector_search/page.rs",
            "vector_search/progress.rs",
            "vector_search/query.rs",
            "vector_search/store.rs",
            "vector_search/text.rs",
            "vector_search/tool.rs",
            "vector_search/write.rs",
        ],
        &["embeddings", "error", "order", "vector_search", "wire"],
    ),
    // an index is also a tool of a chat, and embeds its questions
    (
        &["vector_search/"],
        &["chat", "embeddings", "error", "macros", "observe", "sender", "transport", "vector_search", "wire"],
    ),
    // the formatter knows messages as JSON text and as the typed face's Message
    (&["prompts/mod.rs"], &["prompts"]),
    (&["prompts/"], &["chat", "error", "prompts", "wire"]),
    // what calls of ours tell whoever watches
    (&["observe/client.rs"], &["client", "observe"]),
    (&["observe/"], &["error", "observe", "transport", "wire"]),
    (&["mlflow/tracking/types", "mlflow/tracing/types.rs"], &["error", "macros", "typescript"]),
    (
        &["mlflow/tracking/batch.rs", "mlflow/tracking/calls.rs", "mlflow/tracking/place.rs"],
        &["error", "mlflow", "order", "wire"],
    ),
    // the environment says which server, and how to sign in there
    (&["mlflow/tracking/connect.rs"], &["auth", "client", "config", "error", "mlflow", "wire"]),
    // what a callback handler logs is pure; it goes into the small wasm
    (&["mlflow/callback/log/"], &["error", "mlflow", "order", "wire"]),
    // what traces are is pure; it goes into the small wasm
    (TRACES, &["error", "mlflow", "order", "wire"]),
    (
        &[
            "mlflow/models/files.rs",
            "mlflow/models/model.rs",
            "mlflow/models/python.rs",
            "mlflow/models/source.rs",
            "mlflow/scoring/advice.rs",
            "mlflow/scoring/calls.rs",
        ],
        &["error", "mlflow", "prompts", "wire"],
    ),
    // flows over the tracking calls; models are described by what they are made of
    (
        &["mlflow/"],
        &[
            "chain",
            "chat",
            "client",
            "config",
            "error",
            "join",
            "macros",
            "mlflow",
            "observe",
            "order",
            "pages",
            "prompts",
            "sender",
            "serving_endpoints",
            "transport",
            "wire",
        ],
    ),
    (
        &["chain/"],
        &[
            "agents",
            "chain",
            "chat",
            "completions",
            "error",
            "join",
            "observe",
            "prompts",
            "sender",
            "transport",
            "wire",
        ],
    ),
];

/// Rooms without a rule: the crate's own list of rooms, the client that opens them all, and the JavaScript face over them.
const FREE: &[&str] = &["lib.rs", "client.rs", "macros.rs", "typescript.rs", "js/", "order.rs"];

/// Files that neither wait nor look at the world, besides every `types.rs` and `calls.rs`.
const PURE: &[&str] = &[
    "wire/",
    "agents/body.rs",
    "agents/fields.rs",
    "agents/fold",
    "agents/items.rs",
    "agents/types/",
    "agents/verdict.rs",
    "auth/encode.rs",
    "auth/oauth.rs",
    "auth/profile.rs",
    "auth/settings.rs",
    "chat/accumulate",
    "chat/body.rs",
    "chat/columns",
    "chat/structured.rs",
    "chat/tool_calls.rs",
    "chat/types/",
    "completions/answer.rs",
    "completions/body.rs",
    "completions/kind.rs",
    "embeddings/base64.rs",
    "embeddings/number.rs",
    "embeddings/scan.rs",
    "embeddings/vectors.rs",
    "functions/check.rs",
    "functions/name.rs",
    "functions/outcome.rs",
    "functions/schema.rs",
    "functions/statement.rs",
    "genie/outcome.rs",
    "genie/table.rs",
    "genie/types/",
    "hugging_face/dolly.rs",
    "mlflow/models/files.rs",
    "mlflow/models/model.rs",
    "mlflow/models/python.rs",
    "mlflow/models/source.rs",
    "mlflow/scoring/advice.rs",
    "mlflow/scoring/calls.rs",
    "mcp/paths.rs",
    "mcp/rpc.rs",
    "mlflow/callback/log/",
    "mlflow/tracking/batch.rs",
    "mlflow/tracking/place.rs",
    "mlflow/tracking/types/",
    "prompts/",
    "relay/",
    "serving_endpoints/check",
    "serving_endpoints/progress.rs",
    "serving_endpoints/types/",
    "vector_search/check.rs",
    "vector_search/filter",
    "vector_search/mmr.rs",
    "vector_search/page.rs",
    "vector_search/progress.rs",
    "vector_search/query.rs",
    "vector_search/request.rs",
    "vector_search/store.rs",
    "vector_search/text.rs",
    "vector_search/tool.rs",
    "vector_search/types/",
    "vector_search/write.rs",
    "sql/column.rs",
    "sql/identifier.rs",
    "sql/number.rs",
    "sql/param.rs",
    "sql/progress",
    "sql/scan",
    "sql/types/",
    "sql/value.rs",
    "unity_catalog/types/",
    "sql_chain/parse.rs",
    "sql_chain/prompts.rs",
    "sql_database/options.rs",
    "sql_database/python_text.rs",
    "sql_database/rows.rs",
    "sql_database/shape.rs",
    "sql_database/table_info.rs",
    "sql_guard/",
];

fn fits(file: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| file.starts_with(beginning))
}

/// Which rooms a file may use; `None` when it is free.
fn allowed(file: &str) -> Option<&'static [&'static str]> {
    if fits(file, FREE) {
        return None;
    }
    let rule = ROOMS.iter().find(|(files, _)| fits(file, files));
    assert!(rule.is_some(), "src/{file} has no line in tests/house.rs: say which rooms it may use");
    rule.map(|(_, rooms)| *rooms)
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut broken = Vec::new();
    for (file, code) in sources("src") {
        let Some(allowed) = allowed(&file) else { continue };
        for room in rooms_used(&code) {
            if !allowed.contains(&room.as_str()) {
                broken.push(format!("src/{file} uses crate::{room}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn nothing_imports_the_javascript_face() {
    for (file, code) in sources("src") {
        if !file.starts_with("js/") {
            assert!(!rooms_used(&code).contains(&"js".to_owned()), "src/{file} uses crate::js");
        }
    }
}

#[test]
fn the_wire_neither_waits_nor_looks_at_the_world() {
    for (file, code) in sources("src") {
        let pure = fits(&file, PURE)
            || fits(&file, TRACES)
            || ["/types.rs", "/calls.rs"].iter().any(|name| file.ends_with(name));
        if pure {
            for line in code_lines(&code) {
                for banned in
                    [".await", "async ", "Instant", "SystemTime", "std::net", "std::fs", "std::env", "Transport"]
                {
                    assert!(!line.contains(banned), "src/{file} is pure but has `{banned}`: {line}");
                }
            }
        }
    }
}

#[test]
fn platform_code_stands_in_the_transports_and_where_modules_are_named() {
    for (file, code) in sources("src") {
        let may = ["lib.rs", "transport/mod.rs", "auth/mod.rs", "chat/mod.rs", "chain/mod.rs"].contains(&file.as_str());
        for line in code_lines(&code) {
            if line.contains("target_arch") || line.contains("target_os") || line.contains("feature = \"native\"") {
                assert!(may, "src/{file} has a platform switch: {line}");
            }
        }
        if !file.starts_with("js/") && file != "transport/fetch.rs" {
            for name in ["wasm_bindgen", "js_sys", "web_sys", "gloo_"] {
                assert!(!code_lines(&code).any(|line| line.contains(name)), "src/{file} names {name}");
            }
        }
        if file != "transport/reqwest.rs"
            && !file.starts_with("transport/reqwest/")
            && file != "transport/mod.rs"
            && file != "lib.rs"
        {
            for name in ["reqwest::", "tokio::"] {
                assert!(!code_lines(&code).any(|line| line.contains(name)), "src/{file} names {name}");
            }
        }
    }
}

#[test]
fn the_emulator_shares_no_code_with_the_sdk() {
    let manifest = fs::read_to_string(root().join("emulator/Cargo.toml")).unwrap();
    assert!(
        !manifest
            .lines()
            .any(|line| line.trim_start().starts_with("lakewire ") || line.trim_start().starts_with("lakewire="))
    );
    for (file, code) in sources("emulator/src") {
        assert!(!code_lines(&code).any(|line| line.contains("lakewire::")), "emulator/src/{file} uses the SDK");
    }
}

#[test]
fn files_stay_small() {
    for folder in ["src", "emulator/src"] {
        for (file, code) in sources(folder) {
            let lines = code.lines().count();
            assert!(lines <= 450, "{folder}/{file} has {lines} lines of code: split it");
        }
    }
}

/// Clippy denies them too; this names the row of the fault matrix and also covers the emulator's way of saying "never".
#[test]
fn m11_m12_library_code_drops_included_has_no_call_that_panics() {
    for (file, code) in sources("src") {
        // the panic on purpose is behind a feature of its own
        for line in code_lines(&code)
            .filter(|_| !["js/panic.rs", "typescript.rs"].contains(&file.as_str()) && !file.contains("tests"))
        {
            for banned in [".unwrap()", ".expect(", "panic!(", "unreachable!("] {
                assert!(!line.contains(banned), "src/{file} holds {banned}: {line}");
            }
        }
    }
}

#[test]
fn no_source_holds_a_leftover() {
    for folder in ["src", "emulator/src"] {
        for (file, code) in sources(folder) {
            for banned in ["todo!(", "unimplemented!(", "TODO", "FIXME", "dbg!("] {
                assert!(!code.contains(banned), "{folder}/{file} holds {banned}");
            }
        }
    }
}
