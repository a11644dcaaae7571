//! The workspace's serving endpoints: which exist, how each behaves, and the two read operations (wire: serving-endpoints §1, §4).

use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::gate::RequestId;
use crate::ids;
use crate::json::{set, set_in};
use crate::state::Emulator;

/// One serving endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its name, the one in paths.
    pub name: String,
    /// Its task, such as `llm/v1/chat`.
    pub task: &'static str,
    /// Whether it takes queries.
    pub ready: bool,
    /// What it is, shown to people.
    pub description: String,
    /// Names of its served entities; the first takes the traffic.
    pub served: Vec<String>,
    /// What kind of model is served.
    pub kind: Kind,
    /// How its chat behaves.
    pub chat: ChatTraits,
}

/// What kind of model an endpoint serves.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A Databricks-hosted model.
    Foundation {
        /// The model's Unity Catalog name.
        entity: &'static str,
        /// The model's display name.
        display: &'static str,
    },
    /// A provider's model behind the gateway.
    External {
        /// The provider's name.
        provider: &'static str,
        /// The provider's model.
        model: &'static str,
    },
}

/// When an endpoint answers with reasoning parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// Never.
    Never,
    /// When the request has `thinking`.
    WhenThinking,
    /// Always.
    Always,
}

/// How usage travels in a stream (wire: serving-query §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUsage {
    /// On every chunk; completion counts are null until the last.
    NullUntilLast,
    /// On every chunk, counting up.
    Running,
    /// In a last chunk with empty `choices`, if `stream_options.include_usage` asks for it.
    OnRequest,
}

/// How the chat of an endpoint differs from that of others.
#[derive(Debug, Clone)]
pub struct ChatTraits {
    /// Refuses fields it does not know; otherwise they go to the provider.
    pub strict: bool,
    /// Fields it knows beyond the common ones.
    pub extra_fields: &'static [&'static str],
    /// Refuses schema constructs the function-calling page rules out.
    pub limits_tool_schemas: bool,
    /// Takes `n` above 1.
    pub several_choices: bool,
    /// When it reasons aloud.
    pub reasoning: Reasoning,
    /// Sends `role` on every chunk.
    pub repeats_role: bool,
    /// How usage travels in its streams.
    pub usage: StreamUsage,
    /// Sends each tool call whole, in one delta.
    pub whole_tool_calls: bool,
    /// Content of an answer that only calls tools: `""` where true, null otherwise.
    pub empty_content_with_tools: bool,
    /// Refuses empty text in assistant messages (Claude).
    pub refuses_empty_text: bool,
    /// Signs its reasoning, wants it back signed, and refuses `reasoning_content` (Claude).
    pub signs_reasoning: bool,
    /// What completion ids begin with.
    pub id_prefix: &'static str,
}

const OPEN_WEIGHT: ChatTraits = ChatTraits {
    strict: true,
    extra_fields: &[],
    limits_tool_schemas: true,
    several_choices: false,
    reasoning: Reasoning::Never,
    repeats_role: false,
    usage: StreamUsage::NullUntilLast,
    whole_tool_calls: false,
    empty_content_with_tools: false,
    refuses_empty_text: false,
    signs_reasoning: false,
    id_prefix: "chatcmpl_",
};

/// The endpoints a fresh workspace has.
#[must_use]
pub fn seeded(has_upstream: bool) -> Vec<Endpoint> {
    let who = if has_upstream {
        "The emulator passes chat to the server given with --upstream; the model named here does not answer."
    } else {
        "A deterministic stand-in of the emulator answers; the model named here does not."
    };
    let external = |provider, model| Kind::External { provider, model };
    let endpoint = |name: &str, task, kind, served: &[&str], chat, about: &str| Endpoint {
        name: name.to_owned(),
        task,
        ready: true,
        description: format!("{about} {who}"),
        served: served.iter().map(|&served| served.to_owned()).collect(),
        kind,
        chat,
    };
    let claude = ChatTraits {
        extra_fields: &["thinking"],
        limits_tool_schemas: false,
        reasoning: Reasoning::WhenThinking,
        repeats_role: true,
        usage: StreamUsage::Running,
        empty_content_with_tools: true,
        refuses_empty_text: true,
        signs_reasoning: true,
        id_prefix: "msg_bdrk_",
        ..OPEN_WEIGHT
    };
    let provider = ChatTraits {
        strict: false,
        limits_tool_schemas: false,
        several_choices: true,
        usage: StreamUsage::OnRequest,
        whole_tool_calls: true,
        id_prefix: "chatcmpl-",
        ..OPEN_WEIGHT
    };
    let gpt_oss = ChatTraits { extra_fields: &["reasoning_effort"], reasoning: Reasoning::Always, ..OPEN_WEIGHT };
    let mut endpoints = vec![
        endpoint(
            "databricks-meta-llama-3-3-70b-instruct",
            "llm/v1/chat",
            Kind::Foundation { entity: "system.ai.llama_v3_3_70b_instruct", display: "Meta Llama 3.3 70B Instruct" },
            &["databricks-meta-llama-3-3-70b-instruct"],
            OPEN_WEIGHT,
            "Behaves like an open-weight pay-per-token endpoint: refuses fields it does not know.",
        ),
        endpoint(
            "databricks-gpt-oss-20b",
            "llm/v1/chat",
            Kind::Foundation { entity: "system.ai.gpt-oss-20b", display: "GPT OSS 20B" },
            &["databricks-gpt-oss-20b"],
            gpt_oss,
            "Behaves like an open-weight reasoning endpoint: content is a list of parts, reasoning first.",
        ),
        endpoint(
            "databricks-claude-sonnet-4",
            "llm/v1/chat",
            Kind::Foundation { entity: "system.ai.databricks-claude-sonnet-4", display: "Claude Sonnet 4" },
            &["databricks-claude-sonnet-4"],
            claude,
            "Behaves like a Claude endpoint: reasons in signed parts when thinking is enabled.",
        ),
        endpoint(
            "team-chat",
            "llm/v1/chat",
            external("openai", "gpt-4o-mini"),
            &["gpt-main", "gpt-canary"],
            provider,
            "Behaves like an external model behind the gateway: passes every field on, and takes n.",
        ),
        endpoint(
            "databricks-gte-large-en",
            "llm/v1/embeddings",
            Kind::Foundation { entity: "system.ai.gte_large_en_v1_5", display: "GTE Large (En)" },
            &["databricks-gte-large-en"],
            OPEN_WEIGHT,
            "An embeddings endpoint; listed, not yet answered by the emulator.",
        ),
        endpoint(
            "chat-starting",
            "llm/v1/chat",
            Kind::Foundation { entity: "main.models.chat_starting", display: "A model being deployed" },
            &["chat_starting-1"],
            OPEN_WEIGHT,
            "An endpoint that never gets ready.",
        ),
    ];
    if let Some(last) = endpoints.last_mut() {
        last.ready = false;
    }
    endpoints
}

/// When the workspace was made, in milliseconds; fixed, so that listings are the same in every run.
const CREATED_MS: u64 = 1_764_000_000_000;

impl Endpoint {
    fn entity(&self, name: &str, full: bool) -> Value {
        let mut entity = json!({ "name": name });
        match self.kind {
            Kind::Foundation { entity: model, display } => {
                set(&mut entity, "entity_name", json!(model));
                set(&mut entity, "entity_version", json!("1"));
                set(
                    &mut entity,
                    "foundation_model",
                    json!({ "name": model, "display_name": display, "description": self.description, "docs": "" }),
                );
            }
            Kind::External { provider, model } => {
                set(&mut entity, "external_model", json!({ "provider": provider, "name": model, "task": self.task }));
                if full {
                    set_in(
                        &mut entity,
                        "external_model",
                        "openai_config",
                        json!({ "openai_api_key": "{{secrets/llm/openai}}" }),
                    );
                }
            }
        }
        if full {
            let (deployment, message) =
                if self.ready { ("DEPLOYMENT_READY", "") } else { ("DEPLOYMENT_CREATING", "Creating resources.") };
            set(&mut entity, "creator", json!("emulator@example.com"));
            set(&mut entity, "creation_timestamp", json!(CREATED_MS));
            set(&mut entity, "state", json!({ "deployment": deployment, "deployment_state_message": message }));
        }
        entity
    }

    /// The endpoint as the API shows it: `full` for one endpoint, otherwise as in the list.
    #[must_use]
    pub fn to_json(&self, full: bool) -> Value {
        let entities: Vec<Value> = self.served.iter().map(|name| self.entity(name, full)).collect();
        let mut config = json!({ "served_entities": entities });
        if full {
            let routes: Vec<Value> = self
                .served
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let percentage = if index == 0 { 100 } else { 0 };
                    json!({ "served_entity_name": name, "served_model_name": name, "traffic_percentage": percentage })
                })
                .collect();
            set(&mut config, "config_version", json!(1));
            set(&mut config, "traffic_config", json!({ "routes": routes }));
        }
        let endpoint_type = match self.kind {
            Kind::Foundation { .. } => "FOUNDATION_MODEL_API",
            Kind::External { .. } => "EXTERNAL_MODEL",
        };
        let mut endpoint = json!({
            "name": self.name,
            "id": format!("{:016x}{:016x}", ids::hash(0, &[self.name.as_bytes()]), ids::hash(1, &[self.name.as_bytes()])),
            "creator": "emulator@example.com",
            "creation_timestamp": CREATED_MS,
            "last_updated_timestamp": CREATED_MS,
            "state": {
                "ready": if self.ready { "READY" } else { "NOT_READY" },
                "config_update": if self.ready { "NOT_UPDATING" } else { "IN_PROGRESS" },
            },
            "config": config,
            "tags": [],
            "task": self.task,
            "endpoint_type": endpoint_type,
            "description": self.description,
        });
        if full {
            set(&mut endpoint, "permission_level", json!("CAN_QUERY"));
            set(&mut endpoint, "route_optimized", json!(false));
        }
        endpoint
    }
}

/// `GET /api/2.0/serving-endpoints`
pub async fn list(State(emulator): State<Emulator>) -> Response {
    let endpoints: Vec<Value> = emulator.endpoints().iter().map(|endpoint| endpoint.to_json(false)).collect();
    json_response(StatusCode::OK, &json!({ "endpoints": endpoints }))
}

/// `GET /api/2.0/serving-endpoints/{name}`
pub async fn get(
    State(emulator): State<Emulator>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(name): Path<String>,
) -> Response {
    match emulator.endpoint(&name) {
        Some(endpoint) => json_response(StatusCode::OK, &endpoint.to_json(true)),
        None => ApiError::no_such_endpoint(&name, &request_id).into_response(),
    }
}
