//! The endpoints a fresh workspace has.

use serde_json::{Value, json};

use super::traits::{CHAT_MODEL, CLAUDE, ChatTraits, GPT_5, GPT_OSS, OPEN_WEIGHT, PROVIDER};
use super::{Endpoint, Kind, Pending};

/// When the workspace was made, in milliseconds; fixed, so that listings are the same in every run.
pub const CREATED_MS: u64 = 1_764_000_000_000;

struct Seed {
    name: &'static str,
    task: &'static str,
    kind: Kind,
    chat: ChatTraits,
    /// The Unity Catalog name and display name, or the provider and its model.
    model: (&'static str, &'static str),
    served: &'static [&'static str],
    about: &'static str,
}

const SEEDS: &[Seed] = &[
    Seed {
        name: "databricks-meta-llama-3-3-70b-instruct",
        task: "llm/v1/chat",
        kind: Kind::Foundation,
        chat: OPEN_WEIGHT,
        model: ("system.ai.llama_v3_3_70b_instruct", "Meta Llama 3.3 70B Instruct"),
        served: &["databricks-meta-llama-3-3-70b-instruct"],
        about: "Behaves like an open-weight pay-per-token endpoint: refuses fields it does not know.",
    },
    Seed {
        name: "databricks-gpt-oss-20b",
        task: "llm/v1/chat",
        kind: Kind::Foundation,
        chat: GPT_OSS,
        model: ("system.ai.gpt-oss-20b", "GPT OSS 20B"),
        served: &["databricks-gpt-oss-20b"],
        about: "Behaves like an open-weight reasoning endpoint: content is a list of parts, reasoning first.",
    },
    Seed {
        name: "databricks-claude-sonnet-4",
        task: "llm/v1/chat",
        kind: Kind::Foundation,
        chat: CLAUDE,
        model: ("system.ai.databricks-claude-sonnet-4", "Claude Sonnet 4"),
        served: &["databricks-claude-sonnet-4"],
        about: "Behaves like a Claude endpoint: reasons in signed parts when thinking is enabled.",
    },
    Seed {
        name: "team-chat",
        task: "llm/v1/chat",
        kind: Kind::External,
        chat: PROVIDER,
        model: ("openai", "gpt-4o-mini"),
        served: &["gpt-main", "gpt-canary"],
        about: "Behaves like an external model behind the gateway: passes every field on, and takes n.",
    },
    Seed {
        name: "databricks-gte-large-en",
        task: "llm/v1/embeddings",
        kind: Kind::Foundation,
        chat: OPEN_WEIGHT,
        model: ("system.ai.gte_large_en_v1_5", "GTE Large (En)"),
        served: &["databricks-gte-large-en"],
        about: "1024 numbers a text, written short.",
    },
    Seed {
        name: "databricks-bge-large-en",
        task: "llm/v1/embeddings",
        kind: Kind::Foundation,
        chat: OPEN_WEIGHT,
        model: ("system.ai.bge_large_en_v1_5", "BGE Large (En)"),
        served: &["databricks-bge-large-en"],
        about: "1024 numbers a text, written with all the digits of a double.",
    },
    Seed {
        name: "team-embeddings",
        task: "llm/v1/embeddings",
        kind: Kind::External,
        chat: PROVIDER,
        model: ("openai", "text-embedding-3-small"),
        served: &["embedding-3"],
        about: "Behaves like an external embeddings model: takes dimensions and encoding_format.",
    },
    Seed {
        name: "databricks-gpt-5",
        task: "llm/v1/chat",
        kind: Kind::Foundation,
        chat: GPT_5,
        model: ("system.ai.databricks-gpt-5", "GPT-5"),
        served: &["databricks-gpt-5"],
        about: "Behaves like an OpenAI model on the platform: chat, and the Responses form.",
    },
    Seed {
        name: "agent-responses",
        task: "agent/v1/responses",
        kind: Kind::Custom,
        chat: OPEN_WEIGHT,
        model: ("main.agents.responses", "1"),
        served: &["responses-1"],
        about: "Behaves like a ResponsesAgent with a calculator of its own.",
    },
    Seed {
        name: "chat-agent",
        task: "agent/v2/chat",
        kind: Kind::Custom,
        chat: OPEN_WEIGHT,
        model: ("main.agents.chat_agent", "1"),
        served: &["chat_agent-1"],
        about: "Behaves like a ChatAgent with a calculator of its own: messages, no choices.",
    },
    Seed {
        name: "chat-model",
        task: "agent/v1/chat",
        kind: Kind::Custom,
        chat: CHAT_MODEL,
        model: ("main.agents.chat_model", "1"),
        served: &["chat_model-1"],
        about: "Behaves like a ChatModel: a chat completion with custom inputs and outputs.",
    },
    Seed {
        name: "text-completions",
        task: "llm/v1/completions",
        kind: Kind::External,
        chat: PROVIDER,
        model: ("openai", "gpt-3.5-turbo-instruct"),
        served: &["instruct"],
        about: "Behaves like an external completions model: takes prompts, not messages.",
    },
    Seed {
        name: "dolly-v2-12b",
        task: "",
        kind: Kind::Custom,
        chat: OPEN_WEIGHT,
        model: ("main.models.dolly_v2_12b", "1"),
        served: &["dolly_v2_12b-1"],
        about: "Behaves like a custom model for LangChain: dataframe_records of prompt and stop give predictions.",
    },
    Seed {
        name: STARTING,
        task: "llm/v1/chat",
        kind: Kind::Foundation,
        chat: OPEN_WEIGHT,
        model: ("main.models.chat_starting", "A model being deployed"),
        served: &["chat_starting-1"],
        about: "An endpoint that never gets ready.",
    },
];

/// The endpoint that never gets ready.
const STARTING: &str = "chat-starting";

/// How the chat of a seeded endpoint behaves; `None` for a name no seed has.
#[must_use]
pub fn traits_of(name: &str) -> Option<ChatTraits> {
    SEEDS.iter().find(|seed| seed.name == name).map(|seed| seed.chat.clone())
}

/// The endpoints a fresh workspace has.
#[must_use]
pub fn seeded(has_upstream: bool) -> Vec<Endpoint> {
    let who = if has_upstream {
        "The emulator passes chat to the server given with --upstream; the model named here does not answer."
    } else {
        STAND_IN
    };
    SEEDS.iter().map(|seed| endpoint(seed, who, has_upstream)).collect()
}

/// An endpoint answered by the scoring server that `--custom` names.
#[must_use]
pub fn custom(name: &str) -> Endpoint {
    let entity = json!({
        "name": name, "entity_name": name, "entity_version": "1", "workload_size": "Small", "workload_type": "CPU",
        "scale_to_zero_enabled": false, "creator": super::CREATOR, "creation_timestamp": CREATED_MS,
    });
    let routes = json!([{ "served_entity_name": name, "served_model_name": name, "traffic_percentage": 100 }]);
    let config = json!({ "served_entities": [entity], "config_version": 1, "traffic_config": { "routes": routes } });
    let mut endpoint = Endpoint::new(name, Kind::Custom, "", config, CREATED_MS);
    endpoint.description = "A custom model, answered by the scoring server given with --custom.".to_owned();
    endpoint.seeded = true;
    endpoint
}

const STAND_IN: &str = "A deterministic stand-in of the emulator answers; the model named here does not.";

fn endpoint(seed: &Seed, who: &str, has_upstream: bool) -> Endpoint {
    let who = match (seed.task, seed.kind) {
        ("llm/v1/embeddings", _) if has_upstream => {
            "The emulator passes texts to the server given with --upstream; the model named here does not answer."
        }
        ("llm/v1/embeddings", _) => {
            "The emulator's own embedder answers, the model named here does not: it compares words, spelling and a short table of subjects."
        }
        // agents are the stand-in, whatever is behind chat
        (task, _) if task.starts_with("agent/") => STAND_IN,
        _ => who,
    };
    let description = format!("{} {who}", seed.about);
    let entities: Vec<Value> = seed.served.iter().map(|name| entity(seed, name, &description)).collect();
    let routes: Vec<Value> = seed
        .served
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let percentage = if index == 0 { 100 } else { 0 };
            json!({ "served_entity_name": name, "served_model_name": name, "traffic_percentage": percentage })
        })
        .collect();
    let config = json!({
        "served_entities": entities,
        "config_version": 1,
        "traffic_config": { "routes": routes },
    });
    let mut endpoint = Endpoint::new(seed.name, seed.kind, seed.task, config, CREATED_MS);
    endpoint.description = description;
    endpoint.chat = seed.chat.clone();
    endpoint.seeded = true;
    if seed.name == STARTING {
        endpoint.ready = false;
        endpoint.pending = Some(Pending::for_ever(endpoint.config.clone(), CREATED_MS));
    }
    endpoint
}

fn entity(seed: &Seed, name: &str, description: &str) -> Value {
    let (first, second) = seed.model;
    let mut entity = match seed.kind {
        Kind::Foundation => json!({
            "name": name,
            "entity_name": first,
            "entity_version": "1",
            "foundation_model": { "name": first, "display_name": second, "description": description, "docs": "" },
        }),
        Kind::External => json!({
            "name": name,
            "external_model": {
                "provider": first, "name": second, "task": seed.task,
                "openai_config": { "openai_api_key": "{{secrets/llm/openai}}" },
            },
        }),
        Kind::Custom => json!({
            "name": name, "entity_name": first, "entity_version": second,
            "workload_size": "Small", "workload_type": "CPU", "scale_to_zero_enabled": true,
        }),
    };
    crate::json::set(&mut entity, "creator", super::CREATOR);
    crate::json::set(&mut entity, "creation_timestamp", CREATED_MS);
    entity
}
