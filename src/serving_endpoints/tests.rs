//! The handle over a scripted network.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::auth::Credentials;
use crate::config::Config;
use crate::transport::scripted::{Reply, Scripted};

fn at(network: &Scripted) -> ServingEndpoints {
    let config = Config::new("x.example").unwrap();
    ServingEndpoints::new(Sender::new(config, Credentials::token("t"), Arc::new(network.clone())).unwrap())
}

fn sent(network: &Scripted) -> Vec<String> {
    let one = |request: &crate::transport::HttpRequest| {
        let body = request.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        format!("{} {} {body}", request.method.as_str(), request.url.trim_start_matches("https://x.example"))
            .trim()
            .to_owned()
    };
    network.requests().iter().map(one).collect()
}

fn own() -> EndpointConfigInput {
    EndpointConfigInput::new([ServedEntityInput::model("c.s.m", "1").name("a")]).traffic([("a", 100)])
}

#[test]
fn every_operation_has_its_route_and_body() {
    let network = Scripted::new();
    network.always(Reply::json(r#"{"name":"e","id":"9f"}"#));
    let endpoints = at(&network);
    let run = |future: std::pin::Pin<Box<dyn Future<Output = Result<()>>>>| network.run(future).unwrap().unwrap();
    macro_rules! all {
        ($($call:expr),* $(,)?) => { $( { let endpoints = endpoints.clone(); run(Box::pin(async move { $call(endpoints).await.map(|_| ()) })); } )* };
    }
    all!(
        async |e: ServingEndpoints| e.create(&CreateEndpointRequest::new("e", own())).await,
        async |e: ServingEndpoints| e.update_config("e", &own()).await,
        async |e: ServingEndpoints| e
            .update_tags("e", &UpdateTagsRequest::add([EndpointTag::new("k", "v")]).delete(["o"]))
            .await,
        async |e: ServingEndpoints| e.update_rate_limits("e", vec![RateLimit::new(5).key(RateLimitKey::User)]).await,
        async |e: ServingEndpoints| e
            .update_ai_gateway(
                "e",
                &AiGatewayConfig::default().usage_tracking(true).rate_limits(vec![AiGatewayRateLimit::tokens(9)])
            )
            .await,
        async |e: ServingEndpoints| e.delete("e").await,
        async |e: ServingEndpoints| e
            .create_provisioned_throughput(&CreatePtEndpointRequest::new(
                "p",
                PtEndpointConfigInput::new([PtServedEntityInput::new("system.ai.m", 50)])
            ))
            .await,
        async |e: ServingEndpoints| e
            .update_provisioned_throughput("p", &PtEndpointConfigInput::new([PtServedEntityInput::new("m", 2)]))
            .await,
        async |e: ServingEndpoints| e.optimization_info("c.s.m", "1").await,
        async |e: ServingEndpoints| e.build_logs("e", "a").await,
        async |e: ServingEndpoints| e.logs("e", "a").await,
        async |e: ServingEndpoints| e.open_api("e").await,
        async |e: ServingEndpoints| e.metrics("e").await,
        async |e: ServingEndpoints| e.query("e", &json!({"inputs": [1]})).await,
        async |e: ServingEndpoints| e
            .permissions("e")
            .await?
            .set(&[AccessControlRequest::user("ann", EndpointPermissionLevel::CanQuery)])
            .await,
    );
    let root = "/api/2.0/serving-endpoints";
    let config = r#"{"served_entities":[{"name":"a","entity_name":"c.s.m","entity_version":"1"}],"traffic_config":{"routes":[{"served_entity_name":"a","traffic_percentage":100}]}}"#;
    assert_eq!(
        sent(&network),
        [
            format!(r#"POST {root} {{"name":"e","config":{config}}}"#),
            format!("PUT {root}/e/config {config}"),
            format!(r#"PATCH {root}/e/tags {{"add_tags":[{{"key":"k","value":"v"}}],"delete_tags":["o"]}}"#),
            format!(r#"PUT {root}/e/rate-limits {{"rate_limits":[{{"calls":5,"renewal_period":"minute","key":"user"}}]}}"#),
            format!(r#"PUT {root}/e/ai-gateway {{"usage_tracking_config":{{"enabled":true}},"rate_limits":[{{"renewal_period":"minute","tokens":9}}]}}"#),
            format!("DELETE {root}/e"),
            format!(r#"POST {root}/pt {{"name":"p","config":{{"served_entities":[{{"entity_name":"system.ai.m","provisioned_model_units":50}}]}}}}"#),
            format!(r#"PUT {root}/pt/p/config {{"config":{{"served_entities":[{{"entity_name":"m","provisioned_model_units":2}}]}}}}"#),
            format!("GET {root}/get-model-optimization-info/c.s.m/1"),
            format!("GET {root}/e/served-models/a/build-logs"),
            format!("GET {root}/e/served-models/a/logs"),
            format!("GET {root}/e/openapi"),
            format!("GET {root}/e/metrics"),
            r#"POST /serving-endpoints/e/invocations {"inputs":[1]}"#.to_owned(),
            format!("GET {root}/e"),
            r#"PUT /api/2.0/permissions/serving-endpoints/9f {"access_control_list":[{"user_name":"ann","permission_level":"CAN_QUERY"}]}"#.to_owned(),
        ]
    );
}

#[test]
fn what_would_be_refused_is_not_sent() {
    let network = Scripted::new();
    let bad = CreateEndpointRequest::new("a b", own());
    let error = network.run(at(&network).create(&bad)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(network.requests().is_empty());
}

#[test]
fn changes_are_not_repeated_and_missing_lists_are_empty() {
    let network = Scripted::new();
    network.push(Reply::status(500));
    assert!(network.run(at(&network).create(&CreateEndpointRequest::new("e", own()))).unwrap().is_err());
    assert_eq!(network.requests().len(), 1);
    network.push(Reply::json("{}"));
    assert!(network.run(at(&network).list()).unwrap().unwrap().is_empty());
    network.push(Reply::status(200));
    network.run(at(&network).delete("e")).unwrap().unwrap();
}

#[test]
fn l11_a_service_that_repeats_a_key_does_not_get_it_into_the_error() {
    let key = "sk-or-whatever canary";
    let config = AnthropicConfig::default().anthropic_api_key_plaintext(key);
    let model = AnthropicModel::new("claude", ExternalTask::Chat, config);
    let request = CreateEndpointRequest::new("e", EndpointConfigInput::new([ServedEntityInput::external(model)]));
    for reply in [
        Reply::status(400)
            .bytes(format!(r#"{{"error_code":"X","message":"Invalid key {key}","details":[{{"k":"{key}"}}]}}"#)),
        Reply::status(500).bytes(format!("INTERNAL_ERROR: {key}")),
        Reply::json(&format!(r#"{{"error_code":"X","message":"{key}"}}"#)),
    ] {
        let network = Scripted::new();
        network.push(reply);
        let error = network.run(at(&network).create(&request)).unwrap().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        assert!(error.message().contains("[redacted]"));
    }
}

#[test]
fn a_stream_of_any_json_ends_with_its_mark() {
    let network = Scripted::new();
    network.push(Reply::events(["data: {\"a\":1}\n\n", "data: {\"b\":[2]}\n\ndata: [DONE]\n\n"]));
    let body = json!({"messages": []});
    let endpoints = at(&network);
    let got = network.run(async {
        let mut stream = endpoints.query_stream("e", &body).await.unwrap();
        let mut got = Vec::new();
        while let Some(event) =
            std::future::poll_fn(|cx| futures_core::Stream::poll_next(std::pin::Pin::new(&mut stream), cx)).await
        {
            got.push(event.unwrap());
        }
        got
    });
    assert_eq!(got.unwrap(), [json!({"a": 1}), json!({"b": [2]})]);
}
