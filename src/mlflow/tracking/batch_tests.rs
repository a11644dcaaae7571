use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn cut(metrics: &Value, params: &Value, tags: &Value) -> Result<Vec<Part>> {
    let texts = [metrics, params, tags].map(Value::to_string);
    let [metrics, params, tags] = [0, 1, 2].map(|at| Raw::parse(&texts[at]).unwrap());
    split("r\"1", metrics, params, tags, 7)
}

fn refused(metrics: Value, params: Value, tags: Value) -> String {
    let error = cut(&metrics, &params, &tags).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.message().to_owned()
}

#[test]
fn one_request_holds_what_fits() {
    let parts = cut(
        &json!([{"key":"m","value":"NaN","timestamp":"9007199254740993","step":-5_i64}]),
        &json!([{"key":"p/q","value":""}]),
        &json!([{"key":"é t","value":"x"}]),
    )
    .unwrap();
    assert_eq!(
        parts[0].body,
        r#"{"run_id":"r\"1","params":[{"key":"p/q","value":""}],"tags":[{"key":"é t","value":"x"}],"metrics":[{"key":"m","value":"NaN","timestamp":"9007199254740993","step":-5}]}"#
    );
    assert_eq!((parts.len(), parts[0].counts), (1, [1, 1, 1]));
    assert!(cut(&json!([]), &json!([]), &json!([])).unwrap().is_empty());
}

#[test]
fn what_cannot_be_logged_is_told_before_anything_is_sent() {
    let none = || json!([]);
    for metric in [
        json!({"key":"m"}),
        json!({"key":"m","value":null}),
        json!({"key":"m","value":"high"}),
        json!({"key":"m","value":true}),
        json!({"key":"m","value":1,"timestamp":-1}),
        json!({"key":"m","value":1,"timestamp":1.5}),
        json!({"key":"m","value":1,"step":"9223372036854775808"}),
        json!({"key":"m","value":1,"step":[1]}),
    ] {
        assert!(refused(json!([metric]), none(), none()).contains("The metric `m`"));
    }
    let long = "k".repeat(251);
    for key in ["", "a\"b", "a?b", "../b", "/a", "a//b", "a/", long.as_str()] {
        refused(none(), json!([{"key":key,"value":"1"}]), none());
        refused(none(), none(), json!([{"key":key,"value":"1"}]));
        refused(json!([{"key":key,"value":1}]), none(), none());
    }
    assert!(refused(none(), json!([{"key":"p","value":1}]), none()).contains("`p` has no text"));
    let twice = json!([{"key":"b","value":"1"},{"key":"a","value":"1"},{"key":"b","value":"1"}]);
    assert!(refused(none(), twice, none()).contains("`b` is given twice"));
    assert!(refused(none(), json!([{"key":"p","value":"v".repeat(MAX_BODY)}]), none()).contains("`p`"));
    assert!(check_key("tag", &"é".repeat(250)).is_ok());
    let empty = Raw::parse("[]").unwrap();
    assert_eq!(split("", empty, empty, empty, 0).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_broken_batch_says_what_arrived() {
    let error =
        broken(Error::new(ErrorKind::Connect, "Broken.").with_maybe_processed(true), [1000, 100, 0], [1500, 100, 0]);
    assert!(error.message().contains("1000 of 1500 metrics, 100 of 100 parameters, 0 of 0 tags"), "{error}");
    assert!(error.message().contains("may have arrived"));
    assert_eq!(error.partial(), Some(r#"{"metrics":1000,"params":100,"tags":0}"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn splitting_loses_nothing_keeps_order_and_fits(
        metrics in 0_usize..3500, params in 0_usize..350, tags in 0_usize..350, wide in prop::collection::vec(0_usize..60_000, 0..40),
    ) {
        let value = |at: usize| "v".repeat(wide.get(at % wide.len().max(1)).copied().unwrap_or(3) / (1 + at / 40));
        let metric_list: Vec<Value> = (0..metrics).map(|at| json!({"key": format!("m{}", at % 7), "value": at, "timestamp": at, "step": at})).collect();
        let param_list: Vec<Value> = (0..params).map(|at| json!({"key": format!("p{at}"), "value": value(at)})).collect();
        let tag_list: Vec<Value> = (0..tags).map(|at| json!({"key": format!("t{}", at % 50), "value": value(at)})).collect();
        let parts = cut(&json!(metric_list), &json!(param_list), &json!(tag_list)).unwrap();
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        for part in &parts {
            prop_assert!(part.body.len() <= MAX_BODY);
            let body: Value = serde_json::from_str(&part.body).unwrap();
            prop_assert_eq!(&body["run_id"], "r\"1");
            prop_assert!(part.counts.iter().sum::<usize>() <= MAX_ITEMS && part.counts.iter().sum::<usize>() > 0);
            for (at, (name, most)) in [("metrics", MAX_METRICS), ("params", MAX_PARAMS), ("tags", MAX_PARAMS)].into_iter().enumerate() {
                let items = body[name].as_array().cloned().unwrap_or_default();
                prop_assert!(items.len() <= most);
                prop_assert_eq!(items.len(), part.counts[at]);
                all[at].extend(items);
            }
        }
        prop_assert_eq!(all, [metric_list, param_list, tag_list]);
    }
}
