use serde_json::{Value, json};

use super::*;
use crate::serving_endpoints::types::*;

fn said(body: &Value) -> String {
    create(&body.to_string()).unwrap_err().message().to_owned()
}

fn endpoint(model: Value) -> Value {
    json!({"name": "x", "config": {"served_entities": [{"name": "e", "external_model": model}]}})
}

fn openai(config: Value) -> Value {
    endpoint(json!({"provider": "openai", "name": "gpt-4", "task": "llm/v1/chat", "openai_config": config}))
}

const REF: &str = "{{secrets/llm/openai}}";

/// One good model for each provider, by the constructors.
fn every_provider() -> Vec<ExternalModel> {
    let chat = || ExternalTask::Chat;
    let secret = || SecretText::reference("s", "k");
    vec![
        OpenAiModel::new("gpt-4", chat(), OpenAiConfig::default().openai_api_key(secret())).into(),
        OpenAiModel::new(
            "gpt-4",
            chat(),
            OpenAiConfig::default()
                .openai_api_type("azure")
                .openai_api_base("https://x")
                .openai_deployment_name("d")
                .openai_api_version("v")
                .openai_api_key_plaintext("sk-canary"),
        )
        .into(),
        OpenAiModel::new(
            "gpt-4",
            chat(),
            OpenAiConfig::default()
                .openai_api_type("azuread")
                .openai_api_base("https://x")
                .openai_deployment_name("d")
                .openai_api_version("v")
                .microsoft_entra_tenant_id("t")
                .microsoft_entra_client_id("c")
                .microsoft_entra_client_secret(secret()),
        )
        .into(),
        AnthropicModel::new("claude", chat(), AnthropicConfig::default().anthropic_api_key(secret())).into(),
        CohereModel::new("command", chat(), CohereConfig::default().cohere_api_key(secret())).into(),
        Ai21LabsModel::new("j2", chat(), Ai21LabsConfig::default().ai21labs_api_key(secret())).into(),
        PalmModel::new("bison", chat(), PalmConfig::default().palm_api_key(secret())).into(),
        AmazonBedrockModel::new(
            "claude",
            chat(),
            AmazonBedrockConfig::default()
                .aws_region("r")
                .bedrock_provider("anthropic")
                .aws_access_key_id(secret())
                .aws_secret_access_key(secret()),
        )
        .into(),
        AmazonBedrockModel::new(
            "claude",
            chat(),
            AmazonBedrockConfig::default().aws_region("r").bedrock_provider("amazon").instance_profile_arn("arn:x"),
        )
        .into(),
        GoogleCloudVertexAiModel::new(
            "gemini",
            chat(),
            GoogleCloudVertexAiConfig::default().project_id("p").region("r").private_key(secret()),
        )
        .into(),
        DatabricksModelServingModel::new(
            "e",
            chat(),
            DatabricksModelServingConfig::default()
                .databricks_workspace_url("https://x")
                .databricks_api_token(secret()),
        )
        .into(),
        CustomModel::new(
            "m",
            chat(),
            CustomProviderConfig::default()
                .custom_provider_url("https://x")
                .bearer_token_auth(BearerTokenAuth::default().token(secret())),
        )
        .into(),
        CustomModel::new(
            "m",
            chat(),
            CustomProviderConfig::default()
                .custom_provider_url("https://x")
                .api_key_auth(ApiKeyAuth::default().key("x-key").value(secret())),
        )
        .into(),
    ]
}

#[test]
fn every_provider_s_constructor_makes_what_passes() {
    for model in every_provider() {
        let entity = ServedEntityInput::external(model.clone());
        let request = CreateEndpointRequest::new("x", EndpointConfigInput::new([entity]));
        let body = serde_json::to_string(&request).unwrap();
        create(&body).unwrap();
        let back: Value = serde_json::from_str(&body).unwrap();
        let back: ExternalModel =
            serde_json::from_value(back["config"]["served_entities"][0]["external_model"].clone()).unwrap();
        assert_eq!(back, model);
        assert!(!format!("{request:?}").contains("canary"));
    }
}

#[test]
fn every_required_field_is_missed_when_it_is_not_there() {
    for model in every_provider() {
        let whole = serde_json::to_value(&model).unwrap();
        let key = whole.as_object().unwrap().keys().find(|key| key.ends_with("_config")).unwrap().clone();
        for field in whole[&key].as_object().unwrap().keys().filter(|field| !field.contains("api_type")) {
            // the way a custom provider signs in is its own choice
            if field.ends_with("_auth") {
                continue;
            }
            let mut less = whole.clone();
            less[&key].as_object_mut().unwrap().remove(field);
            let sentence = said(&endpoint(less));
            assert!(
                sentence.contains(field.trim_end_matches("_plaintext")) || sentence.contains("sign in"),
                "{sentence}"
            );
        }
        for field in ["name", "task", "provider", key.as_str()] {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(said(&endpoint(less)).contains(field), "{field}");
        }
    }
}

#[test]
fn l11_a_key_in_a_reference_s_place_is_refused_and_not_repeated() {
    let canary = "sk-canary-0123456789";
    for model in every_provider() {
        let whole = serde_json::to_value(&model).unwrap();
        let places: Vec<String> =
            pointers(&whole, "").into_iter().filter(|(_, text)| text == "{{secrets/s/k}}").map(|(at, _)| at).collect();
        for at in places {
            let mut bad = whole.clone();
            *bad.pointer_mut(&at).unwrap() = json!(canary);
            let error = create(&endpoint(bad).to_string()).unwrap_err();
            let field = at.rsplit('/').next().unwrap();
            assert!(error.message().contains(&format!("{field}` must be a reference")), "{error}");
            assert!(error.message().contains(&format!("{field}_plaintext")), "{error}");
            assert!(!format!("{error:?} {error}").contains("canary"));
        }
    }
}

#[test]
fn l1_what_this_version_does_not_know_is_shown_by_name_only() {
    let of = |model: Value| -> CreateEndpointRequest { serde_json::from_value(endpoint(model)).unwrap() };
    let unknown = of(json!({"provider": "brandnew", "brandnew_config": {"brandnew_api_key_plaintext": "sk-canary"}}));
    let shown = format!("{unknown:?}");
    assert!(shown.contains("brandnew_config") && !shown.contains("canary"), "{shown}");
    let field = of(
        json!({"provider": "openai", "name": "m", "task": "llm/v1/chat", "openai_config": {"new_plaintext": "sk-canary"}}),
    );
    let shown = format!("{field:#?}");
    assert!(shown.contains("new_plaintext") && !shown.contains("canary"), "{shown}");
}

fn pointers(value: &Value, at: &str) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| pointers(value, &format!("{at}/{key}"))).collect()
        }
        Value::String(text) => vec![(at.to_owned(), text.clone())],
        _ => Vec::new(),
    }
}

#[test]
fn l11_plain_secrets_are_collected_so_that_errors_hide_them() {
    let body = json!({"name": "x", "config": {"served_entities": [{
        "environment_vars": {"HF_TOKEN": "hf_canary", "MODE": "fast", "REF": REF},
        "external_model": {"provider": "openai", "name": "m", "task": "llm/v1/chat", "openai_config": {"openai_api_key_plaintext": "sk-1"}},
    }]}});
    assert_eq!(create(&body.to_string()).unwrap(), ["hf_canary", "fast", "sk-1"]);
    let vars = json!({"DATABASE_URL": "postgres://u:canary@x", "REF": REF});
    let model = json!({"name": "m", "model_name": "c.s.m", "model_version": "1", "environment_vars": vars});
    let body = json!({"name": "x", "config": {"served_models": [model]}});
    assert_eq!(create(&body.to_string()).unwrap(), ["postgres://u:canary@x"]);
    assert_eq!(config(&body["config"].to_string()).unwrap(), ["postgres://u:canary@x"]);
    let entity = json!({"entity_name": "m", "provisioned_model_units": 50, "environment_vars": vars});
    let body = json!({"name": "x", "config": {"served_entities": [entity]}}).to_string();
    for call in [
        super::super::calls::create_provisioned_throughput(body.clone()),
        super::super::calls::update_provisioned_throughput("x", body),
    ] {
        assert_eq!(call.unwrap().request().conceal("no host postgres://u:canary@x".into()), "no host [redacted]");
    }
}

#[test]
fn the_rules_of_external_models() {
    let good = json!({"openai_api_key": REF});
    for (body, words) in [
        (openai(json!({"openai_api_key": REF, "openai_api_key_plaintext": "sk-x"})), "exactly one of the two"),
        (openai(json!({})), "openai_api_key` is missing"),
        (openai(json!({"openai_api_key": 7})), "must be a reference"),
        (openai(json!({"openai_api_key_plaintext": 7})), "must be text"),
        (openai(json!({"openai_api_key": REF, "openai_api_type": "azure"})), "openai_api_base` is missing"),
        (
            endpoint(json!({"provider": "openai", "name": "m", "task": "llm/v1/chat", "anthropic_config": good})),
            "this one takes `openai_config`",
        ),
        (endpoint(json!({"provider": "openai", "name": "m", "task": "chat", "openai_config": good})), "task` must be"),
        (
            endpoint(
                json!({"provider": "custom", "name": "m", "task": "llm/v1/chat", "custom_provider_config": {"custom_provider_url": "http://x"}}),
            ),
            "https",
        ),
        (
            endpoint(json!({"provider": "amazon-bedrock", "name": "m", "task": "llm/v1/chat",
                "amazon_bedrock_config": {"aws_region": "r", "bedrock_provider": "amazon", "instance_profile_arn": "a", "uc_service_credential_name": "u"}})),
            "exactly one way",
        ),
        (
            endpoint(
                json!({"provider": "brandnew", "name": "m", "task": "llm/v1/chat", "brandnew_config": {"brandnew_api_key": "sk-x"}}),
            ),
            "brandnew_api_key` must be a reference",
        ),
    ] {
        let sentence = said(&body);
        assert!(sentence.contains(words), "{sentence}");
        assert!(!sentence.contains("sk-x"));
    }
    let new = endpoint(
        json!({"provider": "brandnew", "name": "m", "task": "llm/v1/chat", "brandnew_config": {"brandnew_api_key": REF, "url": "x"}}),
    );
    create(&new.to_string()).unwrap();
}

#[test]
fn the_rules_of_configurations() {
    let model =
        |task: &str| json!({"provider": "openai", "name": "m", "task": task, "openai_config": {"openai_api_key": REF}});
    let own = json!({"name": "b", "entity_name": "c.s.m", "entity_version": "1"});
    let with = |entities: Value, more: Value| {
        let mut config = json!({"served_entities": entities});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"name": "x", "config": config})
    };
    let routes = |routes: Value| json!({"traffic_config": {"routes": routes}});
    for (body, words) in [
        (json!([]), "must be an object"),
        (json!({"name": "a b", "config": {}}), "`name` must be made of"),
        (json!({"name": "", "config": {}}), "`name` must be made of"),
        (json!({"name": "a", "config": []}), "`config` must be an object"),
        (json!({"name": "a", "config": {}}), "at least one entity"),
        (with(json!({}), json!({})), "must be a list"),
        (with(json!([7]), json!({})), "served_entities[0]` must be an object"),
        (with(json!([{}]), json!({})), "entity_name` is missing"),
        (with(json!([{"entity_name": "m", "external_model": model("llm/v1/chat")}]), json!({})), "give one of the two"),
        (with(json!([{"external_model": model("llm/v1/chat")}, own]), json!({})), "mixes"),
        (
            with(
                json!([{"external_model": model("llm/v1/chat")}, {"external_model": model("llm/v1/embeddings")}]),
                json!({}),
            ),
            "served_entities[1].external_model.task` differs",
        ),
        (with(json!([{"entity_name": "m", "entity_version": 1}]), json!({})), "must be text, such as"),
        (
            with(json!([{"entity_name": "m", "workload_size": "Small", "min_provisioned_concurrency": 4}]), json!({})),
            "give one of the two",
        ),
        (
            with(json!([{"entity_name": "m", "environment_vars": {"A": 1}}]), json!({})),
            "environment_vars.A` must be text",
        ),
        (
            with(json!([{"entity_name": "m", "environment_vars": {"A": "{{secrets/a}}"}}]), json!({})),
            "must be a reference",
        ),
        (with(json!([own]), routes(json!([{"traffic_percentage": 100}]))), "served_entity_name` is missing"),
        (with(json!([own]), routes(json!([{"served_entity_name": "c", "traffic_percentage": 100}]))), "names none"),
        (with(json!([own]), routes(json!([{"served_entity_name": "b", "traffic_percentage": 101}]))), "from 0 to 100"),
        (with(json!([own]), routes(json!([{"served_entity_name": "b", "traffic_percentage": 60}]))), "sum to 100"),
        (json!({"name": "x", "tags": {}}), "`tags` must be a list"),
        (json!({"name": "x", "tags": [{"value": "v"}]}), "tags[0].key` is missing"),
        (
            json!({"name": "x", "ai_gateway": {"rate_limits": [{"renewal_period": "minute"}]}}),
            "needs `calls` or `tokens`",
        ),
        (json!({"name": "x", "ai_gateway": {"rate_limits": [{"calls": 1}]}}), "must be \"minute\""),
        (
            json!({"name": "x", "ai_gateway": {"rate_limits": [{"calls": 1, "renewal_period": "minute", "key": "user_group"}]}}),
            "principal` is missing",
        ),
    ] {
        assert!(said(&body).contains(words), "{words}: {}", said(&body));
    }
    for good in [
        json!({"name": "draft"}),
        with(json!([own]), routes(json!([{"served_entity_name": "b", "traffic_percentage": "100"}]))),
        // the service names what has no name
        with(
            json!([{"entity_name": "c.s.m", "entity_version": "1"}]),
            routes(json!([{"served_entity_name": "c-s-m-1", "traffic_percentage": 100}])),
        ),
        with(json!([{"external_model": model("llm/v1/chat")}, {"external_model": model("llm/v1/chat")}]), json!({})),
    ] {
        create(&good.to_string()).unwrap();
    }
}

#[test]
fn the_other_bodies() {
    assert!(config(r#"{"config":{}}"#).unwrap_err().message().contains("at the top"));
    assert!(config(r#"{"auto_capture_config":{"enabled":true}}"#).is_ok());
    assert!(update_tags("{}").is_err() && update_tags(r#"{"delete_tags":[1]}"#).is_err());
    assert!(update_tags(r#"{"delete_tags":["a"],"add_tags":[{"key":"b"}]}"#).is_ok());
    assert!(rate_limits(r#"{"rate_limits":[{"calls":-1,"renewal_period":"minute"}]}"#).is_err());
    assert!(rate_limits(r#"{"rate_limits":[{"calls":1,"renewal_period":"minute"}]}"#).is_ok());
    assert!(ai_gateway("{}").is_ok() && ai_gateway("[]").is_err());
    assert!(provisioned(r#"{"name":"x"}"#, true).unwrap_err().message().contains("`config` is missing"));
    let units = |units: &str| {
        format!(
            r#"{{"name":"x","config":{{"served_entities":[{{"entity_name":"m","provisioned_model_units":{units}}}]}}}}"#
        )
    };
    assert!(provisioned(&units("50"), true).is_ok());
    assert!(provisioned(&units("0"), true).is_err() && provisioned(&units("\"50\""), false).is_err());
}

proptest::proptest! {
    #[test]
    fn no_body_panics(body in r#"\{("name"|"config"|"served_entities"|"external_model"|"provider"):(\{\}|\[\{\}\]|"openai"|7|null|\{"served_entities":\[(\{"external_model":\{\}\}|7|null)\]\})\}"#) {
        let _ = (create(&body), config(&body), provisioned(&body, true), update_tags(&body), rate_limits(&body), ai_gateway(&body));
    }
}
