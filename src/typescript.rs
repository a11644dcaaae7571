//! The TypeScript of the wire types, written by a test run: `cargo test --lib typescript` checks
//! that `pkg-template/types.d.ts` is what the Rust types say, and rewrites it when
//! `LAKEWIRE_WRITE_TYPES` is set. Nothing of this is in a shipped build.

use std::fmt::Write;

/// A type with a TypeScript name.
pub(crate) trait Typescript {
    /// How the type is referred to.
    fn reference() -> String;

    /// Whether the field may be missing or `null`.
    const OPTIONAL: bool = false;

    /// Adds the declarations this type needs.
    fn declare(_to: &mut Declarations) {}
}

/// Declarations in the order they were asked for, each once.
#[derive(Default)]
pub(crate) struct Declarations {
    names: Vec<&'static str>,
    texts: Vec<String>,
}

impl Declarations {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    pub(crate) fn add(&mut self, name: &'static str, doc: &[&str], declaration: &str) {
        if !self.has(name) {
            self.names.push(name);
            self.texts.push(format!("{}export {declaration}\n", comment(doc, "")));
        }
    }

    pub(crate) fn text(&self) -> String {
        self.texts.join("\n")
    }
}

fn comment(doc: &[&str], indent: &str) -> String {
    match doc {
        [] => String::new(),
        [line] => format!("{indent}/**{line} */\n"),
        lines => {
            let mut out = format!("{indent}/**\n");
            for line in lines {
                let _ = writeln!(out, "{indent} *{line}");
            }
            out + indent + " */\n"
        }
    }
}

/// One field of an interface.
pub(crate) fn field<T: Typescript>(name: &str, doc: &[&str]) -> String {
    let (mark, null) = if T::OPTIONAL { ("?", " | null") } else { ("", "") };
    format!("{}  {name}{mark}: {}{null};\n", comment(doc, "  "), T::reference())
}

/// What follows the known fields of an interface.
pub(crate) fn rest(closed: &str) -> &'static str {
    if closed == "closed" { "" } else { "  [key: string]: unknown;\n" }
}

macro_rules! plain {
    ($($ty:ty => $ts:literal),* $(,)?) => {
        $(impl Typescript for $ty {
            fn reference() -> String {
                $ts.to_owned()
            }
        })*
    };
}
plain! {
    String => "string", bool => "boolean", u64 => "number", i64 => "number", f64 => "number", f32 => "number",
    serde_json::Value => "unknown", serde_json::Map<String, serde_json::Value> => "Record<string, unknown>",
}

impl<T: Typescript> Typescript for Option<T> {
    fn reference() -> String {
        T::reference()
    }

    const OPTIONAL: bool = true;

    fn declare(to: &mut Declarations) {
        T::declare(to);
    }
}

impl<T: Typescript> Typescript for Vec<T> {
    fn reference() -> String {
        let item = T::reference();
        if item.contains([' ', '|']) { format!("({item})[]") } else { format!("{item}[]") }
    }

    fn declare(to: &mut Declarations) {
        T::declare(to);
    }
}

const HEAD: &str = "// Written from the Rust types by `npm run types`; change them there.\n\n";

#[test]
fn the_declarations_are_what_the_rust_types_say() {
    use crate::{agents, chat, completions, embeddings, functions, gateway, genie, hugging_face, mcp, mlflow};
    use crate::{secrets, serving_endpoints, unity_catalog, vector_search};
    let mut to = Declarations::default();
    chat::types::ChatCompletion::declare(&mut to);
    chat::types::ChatCompletionChunk::declare(&mut to);
    chat::types::ChatParams::declare(&mut to);
    chat::types::Message::declare(&mut to);
    embeddings::types::EmbeddingParams::declare(&mut to);
    serving_endpoints::types::ServingEndpointList::declare(&mut to);
    serving_endpoints::types::ServingEndpoint::declare(&mut to);
    completions::types::CompletionParams::declare(&mut to);
    hugging_face::types::TextGenerationParameters::declare(&mut to);
    hugging_face::types::TextGenerationEvent::declare(&mut to);
    agents::types::ResponseObject::declare(&mut to);
    agents::types::ResponseEvent::declare(&mut to);
    agents::types::ResponsesParams::declare(&mut to);
    agents::types::ChatAgentResponse::declare(&mut to);
    agents::types::ChatAgentChunk::declare(&mut to);
    agents::types::ChatAgentParams::declare(&mut to);
    serving_endpoints::types::CreateEndpointRequest::declare(&mut to);
    serving_endpoints::types::CreatePtEndpointRequest::declare(&mut to);
    serving_endpoints::types::UpdateTagsRequest::declare(&mut to);
    serving_endpoints::types::RateLimits::declare(&mut to);
    serving_endpoints::types::EndpointNotifications::declare(&mut to);
    serving_endpoints::types::AccessControlRequest::declare(&mut to);
    serving_endpoints::types::EndpointPermissions::declare(&mut to);
    serving_endpoints::types::EndpointPermissionLevels::declare(&mut to);
    serving_endpoints::types::ModelOptimizationInfo::declare(&mut to);
    secrets::types::CreateScopeRequest::declare(&mut to);
    secrets::types::SecretScopes::declare(&mut to);
    secrets::types::SecretList::declare(&mut to);
    secrets::types::Acls::declare(&mut to);
    gateway::types::GatewayEndpointList::declare(&mut to);
    vector_search::types::CreateVectorEndpointRequest::declare(&mut to);
    vector_search::types::VectorEndpointList::declare(&mut to);
    vector_search::types::BudgetPolicy::declare(&mut to);
    vector_search::types::CustomTags::declare(&mut to);
    vector_search::types::CreateIndexRequest::declare(&mut to);
    vector_search::types::VectorIndexList::declare(&mut to);
    vector_search::QueryRequest::declare(&mut to);
    vector_search::Document::declare(&mut to);
    mlflow::tracking::types::Experiment::declare(&mut to);
    mlflow::tracking::types::ViewType::declare(&mut to);
    mlflow::tracking::types::Run::declare(&mut to);
    mlflow::tracking::types::FileInfo::declare(&mut to);
    mlflow::tracking::types::RegisteredModel::declare(&mut to);
    mlflow::tracking::types::CreateModelVersion::declare(&mut to);
    mlflow::tracking::types::LoggedModel::declare(&mut to);
    mlflow::tracking::types::CreateLoggedModel::declare(&mut to);
    mlflow::tracing::types::TraceInfo::declare(&mut to);
    unity_catalog::types::CatalogInfo::declare(&mut to);
    unity_catalog::types::SchemaInfo::declare(&mut to);
    unity_catalog::types::TableInfo::declare(&mut to);
    unity_catalog::types::TableSummary::declare(&mut to);
    unity_catalog::types::VolumeInfo::declare(&mut to);
    unity_catalog::types::FunctionInfo::declare(&mut to);
    unity_catalog::types::CreateFunction::declare(&mut to);
    functions::types::FunctionResult::declare(&mut to);
    genie::types::GenieSpace::declare(&mut to);
    genie::types::GenieConversation::declare(&mut to);
    genie::types::GenieMessage::declare(&mut to);
    genie::types::GenieAnswer::declare(&mut to);
    genie::types::GenieRating::declare(&mut to);
    mcp::types::McpTool::declare(&mut to);
    mcp::types::McpToolResult::declare(&mut to);
    let text = format!("{HEAD}{}", to.text());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/pkg-template/types.d.ts");
    if std::env::var_os("LAKEWIRE_WRITE_TYPES").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text, "pkg-template/types.d.ts is behind the Rust types: run `npm run types`");
}
