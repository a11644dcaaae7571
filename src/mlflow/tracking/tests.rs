use std::sync::Arc;

use serde_json::{Value, json};

use super::connect::server;
use super::*;
use crate::auth::Credentials;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::mlflow::MlflowClient;
use crate::sender::Sender;
use crate::transport::scripted::{Reply, Scripted};

fn at(network: &Scripted) -> MlflowClient {
    let config = Config::new("x.example").unwrap();
    MlflowClient::new(Sender::new(config, Credentials::token("CANARY-token"), Arc::new(network.clone())).unwrap())
}

fn routes(network: &Scripted) -> Vec<String> {
    let path = |url: &str| url.strip_prefix("https://x.example/api/2.0/").unwrap_or(url).to_owned();
    network.requests().iter().map(|request| format!("{} {}", request.method.as_str(), path(&request.url))).collect()
}

fn body(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap()).unwrap()
}

const RUN: &str = r#"{"run":{"info":{"run_id":"r1","experiment_id":"7","status":"RUNNING","start_time":9007199254740993,"artifact_uri":"mlflow-artifacts:/7/r1/artifacts","lifecycle_stage":"active","run_uuid":"r1"},
  "data":{"metrics":[{"key":"loss","value":"NaN","timestamp":9223372036854775807,"step":-9007199254740993},{"key":"acc","value":0.5,"timestamp":1,"step":0}],"params":[{"key":"k","value":"4"}],"tags":[{"key":"mlflow.runName","value":"try-1"}]}}}"#;
const DBFS: &str = r#"{"run":{"info":{"run_id":"r1","experiment_id":"7","artifact_uri":"dbfs:/databricks/mlflow-tracking/7/r1/artifacts"}}}"#;

#[test]
fn every_operation_of_experiments_and_runs_has_its_route() {
    let network = Scripted::new();
    let mlflow = at(&network);
    network.always(Reply::json(&[r#"{"experiment_id":"7","experiment":{"experiment_id":"7","name":"/e"},"run_info":{"run_id":"r1","experiment_id":"7"},"#, &RUN[1..]].concat()));
    network
        .run(async {
            assert_eq!(mlflow.create_experiment("/e", &[MlflowTag::new("a", "b")]).await.unwrap(), "7");
            mlflow.get_experiment("7").await.unwrap();
            assert!(mlflow.get_experiment_by_name("/e x").await.unwrap().is_some());
            mlflow.rename_experiment("7", "/f").await.unwrap();
            mlflow.set_experiment_tag("7", "k", "v").await.unwrap();
            mlflow.delete_experiment("7").await.unwrap();
            mlflow.restore_experiment("7").await.unwrap();
            let run =
                mlflow.create_run("7", &CreateRun::new().run_name("n").start_time(5).tag("a", "b")).await.unwrap();
            assert_eq!(run.info.start_time, Some(9_007_199_254_740_993));
            assert!(run.metric("loss").unwrap().is_nan() && run.metric("acc") == Some(0.5));
            assert_eq!((run.param("k"), run.tag("mlflow.runName")), (Some("4"), Some("try-1")));
            mlflow.get_run("r1").await.unwrap();
            mlflow.update_run("r1", Some(RunStatus::Killed), Some("m")).await.unwrap();
            mlflow.set_terminated("r1", RunStatus::Failed).await.unwrap();
            mlflow.log_param("r1", "k", 4).await.unwrap();
            mlflow.set_tag("r1", "k", "v").await.unwrap();
            mlflow.delete_tag("r1", "k").await.unwrap();
            mlflow.delete_run("r1").await.unwrap();
            mlflow.restore_run("r1").await.unwrap();
            mlflow.log_outputs("r1", &[("m-1", 3)]).await.unwrap();
            assert!(mlflow.log_param("r1", "a?", 4).await.is_err());
            assert!(mlflow.set_tag("r1", "", "v").await.is_err());
        })
        .unwrap();
    assert_eq!(
        routes(&network),
        [
            "POST mlflow/experiments/create",
            "GET mlflow/experiments/get?experiment_id=7",
            "GET mlflow/experiments/get-by-name?experiment_name=%2Fe%20x",
            "POST mlflow/experiments/update",
            "POST mlflow/experiments/set-experiment-tag",
            "POST mlflow/experiments/delete",
            "POST mlflow/experiments/restore",
            "POST mlflow/runs/create",
            "GET mlflow/runs/get?run_id=r1",
            "POST mlflow/runs/update",
            "POST mlflow/runs/update",
            "POST mlflow/runs/log-parameter",
            "POST mlflow/runs/set-tag",
            "POST mlflow/runs/delete-tag",
            "POST mlflow/runs/delete",
            "POST mlflow/runs/restore",
            "POST mlflow/runs/outputs",
        ]
    );
    assert_eq!(body(&network, 0), json!({"name":"/e","tags":[{"key":"a","value":"b"}]}));
    let made = json!({"experiment_id":"7","start_time":5,"run_name":"n","tags":[{"key":"a","value":"b"}]});
    assert_eq!(body(&network, 7), made);
    assert_eq!(body(&network, 9), json!({"run_id":"r1","status":"KILLED","run_name":"m"}));
    assert_eq!(body(&network, 11)["value"], "4");
    assert_eq!(body(&network, 16), json!({"run_id":"r1","models":[{"model_id":"m-1","step":3}]}));
}

#[test]
fn searches_go_on_by_their_tokens_and_history_is_exact() {
    let network = Scripted::new();
    let mlflow = at(&network);
    let run = r#"{"info":{"run_id":"r1","experiment_id":"7"}}"#;
    network.push(Reply::json(&format!(r#"{{"runs":[{run}],"next_page_token":"t 1"}}"#)));
    network.push(Reply::json("{}"));
    network.push(Reply::json(r#"{"metrics":[{"key":"m","value":1.7976931348623157e308,"timestamp":9007199254740993,"step":-9007199254740995}],"next_page_token":"u"}"#));
    network.push(Reply::json("{}"));
    network.push(Reply::json(r#"{"experiments":[{"experiment_id":"1","name":"x"}]}"#));
    network
        .run(async {
            let search =
                RunSearch::in_experiments(["7"]).filter("metrics.m > 1").order_by("metrics.m DESC").view(ViewType::All);
            assert_eq!(mlflow.search_runs(&search.max_results(1)).all().await.unwrap().len(), 1);
            let history = mlflow.get_metric_history("r1", "m").all().await.unwrap();
            assert_eq!(
                (history[0].timestamp, history[0].step),
                (Some(9_007_199_254_740_993), Some(-9_007_199_254_740_995))
            );
            assert_eq!(
                mlflow.search_experiments("name LIKE 'x%'", &ViewType::ActiveOnly).all().await.unwrap().len(),
                1
            );
        })
        .unwrap();
    let asked = json!({"experiment_ids":["7"],"max_results":1,"filter":"metrics.m > 1","run_view_type":"ALL","order_by":["metrics.m DESC"]});
    assert_eq!(body(&network, 0), asked);
    assert_eq!(body(&network, 1)["page_token"], "t 1");
    assert!(network.requests()[3].url.ends_with("&page_token=u"));
}

#[test]
fn a_batch_that_breaks_says_what_arrived_and_is_repeated_before() {
    let network = Scripted::new();
    let mlflow = at(&network);
    for reply in [Reply::json("{}"), Reply::status(503), Reply::json("{}"), Reply::status(400)] {
        network.push(reply);
    }
    let metrics: Vec<Metric> = (0..2500).map(|step| Metric::new("m", f64::from(step)).step(step)).collect();
    let error = network.run(mlflow.log_batch("r1", &metrics, &[], &[])).unwrap().unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::BadRequest, 4));
    assert_eq!(error.partial(), Some(r#"{"metrics":2000,"params":0,"tags":0}"#));
    assert_eq!(body(&network, 1), body(&network, 2));
    assert_eq!(body(&network, 3)["metrics"][0]["step"], 2000);
}

#[test]
fn values_that_json_has_no_number_for_are_texts() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let mlflow = at(&network);
    network
        .run(async {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                mlflow.log_metric("r1", "m", value, 0).await.unwrap();
            }
        })
        .unwrap();
    let sent: Vec<_> = (0..3).map(|at| body(&network, at)["metrics"][0]["value"].clone()).collect();
    assert_eq!(sent, ["NaN", "Infinity", "-Infinity"]);
}

#[test]
fn refusals_of_mlflow_have_our_kinds() {
    let cases = [
        (
            400,
            r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"Experiment(name=x) already exists."}"#,
            ErrorKind::ResourceConflict,
        ),
        (
            404,
            r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No Experiment with id=9 exists"}"#,
            ErrorKind::NotFound,
        ),
        (
            400,
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Registered model alias champion not found."}"#,
            ErrorKind::NotFound,
        ),
        (
            400,
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid clause(s) in filter string: x"}"#,
            ErrorKind::BadRequest,
        ),
        (501, r#"{"error_code":"NOT_IMPLEMENTED","message":"no"}"#, ErrorKind::NotImplemented),
    ];
    for (status, text, kind) in cases {
        let network = Scripted::new();
        network.push(Reply::status(status).header("content-type", "application/json").bytes(text));
        let error = network.run(at(&network).create_experiment("x", &[])).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{error}");
    }
    let network = Scripted::new();
    network.push(
        Reply::status(404).header("content-type", "text/html").bytes("<!doctype html><title>404 Not Found</title>"),
    );
    let error = network.run(at(&network).get_experiment_by_name("x")).unwrap().unwrap_err();
    assert!(error.message().contains("check that the host is the root address of an MLflow"), "{error}");
    let network = Scripted::new();
    network.push(Reply::status(403).bytes("Cross-origin request blocked"));
    let error = network.run(at(&network).create_experiment("x", &[])).unwrap().unwrap_err();
    assert!(error.message().contains("--cors-allowed-origins"), "{error}");
}

#[test]
fn an_experiment_is_found_or_made_even_when_somebody_else_is_faster() {
    let missing = || {
        Reply::status(404)
            .header("content-type", "application/json")
            .bytes(r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}"#)
    };
    let one = |stage: &str| {
        Reply::json(&format!(r#"{{"experiment":{{"experiment_id":"7","name":"x","lifecycle_stage":"{stage}"}}}}"#))
    };
    let network = Scripted::new();
    network.push(missing());
    network.push(
        Reply::status(400)
            .header("content-type", "application/json")
            .bytes(r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"taken"}"#),
    );
    network.push(one("active"));
    assert_eq!(network.run(at(&network).experiment("x")).unwrap().unwrap().experiment_id, "7");
    let network = Scripted::new();
    network.push(one("deleted"));
    let error = network.run(at(&network).experiment("x")).unwrap().unwrap_err();
    assert!(error.message().contains("restore_experiment"), "{error}");
}

#[test]
fn a_run_ends_well_or_failed() {
    for (good, status) in [(true, "FINISHED"), (false, "FAILED")] {
        let network = Scripted::new();
        network.always(Reply::json(RUN));
        let mlflow = at(&network);
        let wanted = CreateRun::new();
        let work = |run: ActiveRun| async move {
            run.log_metric("m", 1.0, 0).await?;
            if good { Ok(run.id().to_owned()) } else { Err(Error::new(ErrorKind::Closed, "Mine.")) }
        };
        let ended = network.run(mlflow.with_run("7", &wanted, work)).unwrap();
        assert_eq!(
            ended.map_err(|error| error.kind()),
            if good { Ok("r1".to_owned()) } else { Err(ErrorKind::Closed) }
        );
        assert_eq!(body(&network, 2)["status"], status);
    }
}

#[test]
fn artifacts_go_through_the_server() {
    let network = Scripted::new();
    let mlflow = at(&network);
    network.push(Reply::json(RUN));
    network.push(Reply::status(200));
    network.push(Reply::status(200).bytes("<p>\u{ff}"));
    network
        .push(Reply::json(r#"{"files":[{"path":"a","is_dir":true},{"path":"t.txt","is_dir":false,"file_size":3}]}"#));
    network.push(Reply::json(r#"{"files":[{"path":"a/u.txt","is_dir":false}]}"#));
    network.push(Reply::status(204));
    network
        .run(async {
            let files = mlflow.artifacts("r1").await.unwrap();
            files.log_dict("a b/c.json", &json!({"x":[1]})).await.unwrap();
            assert_eq!(files.download("p.html").await.unwrap(), "<p>\u{ff}".as_bytes());
            let names: Vec<_> = files.walk("").await.unwrap().into_iter().map(|file| file.path).collect();
            assert_eq!(names, ["t.txt", "a/u.txt"]);
            files.delete("a").await.unwrap();
            for bad in ["", "../x", "/x", "a\\b"] {
                assert_eq!(files.log_text(bad, "x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(mlflow.log_text("r1", bad, "x").await.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
        })
        .unwrap();
    assert_eq!(
        routes(&network),
        [
            "GET mlflow/runs/get?run_id=r1",
            "PUT mlflow-artifacts/artifacts/7/r1/artifacts/a%20b/c.json",
            "GET mlflow-artifacts/artifacts/7/r1/artifacts/p.html",
            "GET mlflow/artifacts/list?run_id=r1",
            "GET mlflow/artifacts/list?run_id=r1&path=a",
            "DELETE mlflow-artifacts/artifacts/7/r1/artifacts/a",
        ]
    );
    let put = &network.requests()[1];
    assert_eq!(put.body.as_deref(), Some(&b"{\n  \"x\": [\n    1\n  ]\n}"[..]));
    assert!(put.headers.contains(&("content-type".into(), "text/plain".into())));
}

fn leave(kind: &str) -> Reply {
    Reply::json(&format!(
        r#"{{"credential_infos":[{{"run_id":"r1","path":"a.bin","signed_uri":"https://store.example/a.bin?sig=CANARY","headers":[{{"name":"x-ms-x","value":"CANARY-h"}}],"type":"{kind}"}}]}}"#
    ))
}

#[test]
fn k15_artifacts_of_a_workspace_go_by_signed_addresses_with_nothing_of_the_clients() {
    for (kind, expected) in [
        ("AWS_PRESIGNED_URL", vec!["PUT sig=CANARY 3"]),
        ("AZURE_SAS_URI", vec!["PUT sig=CANARY 3"]),
        (
            "AZURE_ADLS_GEN2_SAS_URI",
            vec![
                "PUT sig=CANARY&resource=file 0",
                "PATCH sig=CANARY&action=append&position=0 3",
                "PATCH sig=CANARY&action=flush&position=3 0",
            ],
        ),
    ] {
        let network = Scripted::new();
        network.push(Reply::json(DBFS));
        network.push(leave(kind));
        for _ in &expected {
            network.push(Reply::status(201));
        }
        network.run(at(&network).log_artifact("r1", "a.bin", &b"\0\xff1"[..])).unwrap().unwrap();
        let requests = network.requests();
        assert_eq!(body(&network, 1), json!({"run_id":"r1","path":["a.bin"]}));
        let sent: Vec<_> = requests[2..]
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one.method.as_str(),
                    one.url.split('?').nth(1).unwrap(),
                    one.body.as_ref().unwrap().len()
                )
            })
            .collect();
        assert_eq!(sent, expected);
        for one in &requests[2..] {
            assert!(one.headers.contains(&("x-ms-x".into(), "CANARY-h".into())));
            assert!(!one.headers.iter().any(|(name, _)| name == "authorization"));
            assert_eq!(one.headers.iter().any(|(name, _)| name == "x-ms-blob-type"), kind == "AZURE_SAS_URI");
        }
    }
}

#[test]
fn l8_an_expired_address_is_asked_anew_once_and_no_error_shows_it() {
    let network = Scripted::new();
    network.push(Reply::json(DBFS));
    network.push(leave("AWS_PRESIGNED_URL"));
    network.push(Reply::status(403).bytes("sig=CANARY expired"));
    network.push(leave("AWS_PRESIGNED_URL"));
    network.push(Reply::status(200).bytes("abc"));
    assert_eq!(network.run(at(&network).download_artifact("r1", "a.bin")).unwrap().unwrap(), b"abc");
    let network = Scripted::new();
    network.push(Reply::json(DBFS));
    for _ in 0..2 {
        network.push(leave("AWS_PRESIGNED_URL"));
        network.push(Reply::status(403).bytes("sig=CANARY expired"));
    }
    let error = network.run(at(&network).log_text("r1", "a.bin", "x")).unwrap().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
    let info: ArtifactCredentialInfo =
        serde_json::from_str(r#"{"signed_uri":"CANARY","headers":[{"name":"n","value":"CANARY"}]}"#).unwrap();
    assert!(!format!("{info:?}").contains("CANARY"));
}

#[test]
fn models_have_their_routes_and_unity_catalog_its_prefix() {
    let network = Scripted::new();
    let mlflow = at(&network);
    let answer = r#"{"registered_model":{"name":"m"},"model_version":{"name":"m","version":"1"},"artifact_uri":"x","registered_models":[],"model_versions":[{"name":"m","version":"2"}],"model":{"info":{"model_id":"m-1"}},"models":[]}"#;
    network.always(Reply::json(answer));
    network
        .run(async {
            mlflow.create_registered_model("main.a.m", "About", &[MlflowTag::new("a", "b")]).await.unwrap();
            mlflow.get_registered_model("m").await.unwrap();
            mlflow.rename_registered_model("m", "n").await.unwrap();
            mlflow.update_registered_model("m", "d").await.unwrap();
            mlflow.delete_registered_model("m").await.unwrap();
            mlflow.search_registered_models("name = 'm'").all().await.unwrap();
            mlflow.set_registered_model_alias("m", "champion", "1").await.unwrap();
            mlflow.get_model_version_by_alias("m", "champion").await.unwrap();
            mlflow.delete_registered_model_alias("m", "champion").await.unwrap();
            mlflow.create_model_version(&CreateModelVersion::new("m", "models:/m-1").run_id("r1")).await.unwrap();
            mlflow.get_model_version("m", "1").await.unwrap();
            assert_eq!(mlflow.get_model_version_download_uri("m", "1").await.unwrap(), "x");
            let catalog = mlflow.clone().in_unity_catalog();
            assert_eq!(catalog.search_model_versions("").all().await.unwrap()[0].version, "2");
            mlflow.create_logged_model(&CreateLoggedModel::new("7").name("n")).await.unwrap();
            mlflow.finalize_logged_model("m-1", LoggedModelStatus::Ready).await.unwrap();
            mlflow.get_logged_model("m-1").await.unwrap();
            mlflow.search_logged_models(&["7"], "name = 'n'").all().await.unwrap();
        })
        .unwrap();
    assert_eq!(
        routes(&network),
        [
            "POST mlflow/unity-catalog/registered-models/create",
            "GET mlflow/registered-models/get?name=m",
            "POST mlflow/registered-models/rename",
            "PATCH mlflow/registered-models/update",
            "DELETE mlflow/registered-models/delete",
            "GET mlflow/registered-models/search?filter=name%20%3D%20%27m%27",
            "POST mlflow/registered-models/alias",
            "GET mlflow/registered-models/alias?name=m&alias=champion",
            "DELETE mlflow/registered-models/alias",
            "POST mlflow/model-versions/create",
            "GET mlflow/model-versions/get?name=m&version=1",
            "GET mlflow/model-versions/get-download-uri?name=m&version=1",
            "GET mlflow/unity-catalog/model-versions/search",
            "POST mlflow/logged-models",
            "PATCH mlflow/logged-models/m-1",
            "GET mlflow/logged-models/m-1",
            "POST mlflow/logged-models/search",
        ]
    );
    assert_eq!(body(&network, 14), json!({"model_id":"m-1","status":"LOGGED_MODEL_READY"}));
}

#[test]
fn a_server_without_unity_catalog_is_asked_for_it_once() {
    let network = Scripted::new();
    let mlflow = at(&network);
    network.push(Reply::status(404).header("content-type", "text/html").bytes("<title>404 Not Found</title>"));
    network.always(Reply::json(r#"{"registered_model":{"name":"a.b.c"}}"#));
    network
        .run(async {
            mlflow.get_registered_model("a.b.c").await.unwrap();
            mlflow.clone().get_registered_model("a.b.c").await.unwrap();
        })
        .unwrap();
    let plain = "GET mlflow/registered-models/get?name=a.b.c";
    assert_eq!(routes(&network), ["GET mlflow/unity-catalog/registered-models/get?name=a.b.c", plain, plain]);
}

#[test]
fn tracking_uris_lead_to_their_servers_with_what_the_environment_has() {
    let env = |pairs: &'static [(&str, &str)]| {
        move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let (config, credentials) = server("http://10.0.0.5:5000/", env(&[("MLFLOW_WORKSPACE", "team")])).unwrap();
    assert_eq!((config.host.as_str(), config.headers[0].1.as_str()), ("http://10.0.0.5:5000", "team"));
    assert!(credentials.is_none());
    let (config, _) =
        server("https://m.example", env(&[("MLFLOW_TRACKING_USERNAME", "ann"), ("MLFLOW_TRACKING_PASSWORD", "pw")]))
            .unwrap();
    assert_eq!(config.headers[0].1, "Basic YW5uOnB3");
    assert!(!format!("{config:?}").contains("YW5u"));
    let (_, credentials) = server("https://m.example", env(&[("MLFLOW_TRACKING_TOKEN", "CANARY")])).unwrap();
    assert!(!credentials.is_none() && !format!("{credentials:?}").contains("CANARY"));
    for bad in ["", "sqlite:///x.db", "./mlruns", "file:///x", "https://m.example/prefix", "http://u:p@m.example"] {
        assert_eq!(server(bad, env(&[])).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
    }
    assert!(server("https://m.example", env(&[("MLFLOW_TRACKING_USERNAME", "ann")])).is_err());
    let lone = server("http://10.0.0.5", env(&[("MLFLOW_TRACKING_TOKEN", "CANARY")])).unwrap();
    let error = Sender::new(lone.0, lone.1, Arc::new(Scripted::new())).unwrap_err();
    assert!(error.message().contains("plain http"), "{error}");
}
