//! Whatever bytes come: the decision is made, and nothing panics.

use proptest::prelude::*;

use crate::relay::{Decision, RawRequest, RelayPolicy, Route};

const APP: &str = "https://app.example.com";
const POLICY: &str = r#"{"host":"https://ws.cloud.databricks.com","origins":["https://app.example.com"],"authorize":true,
    "allow":{"chat":["claude"],"completions":["writer"],"embeddings":["gte"],"responses":["agent"],"models":["custom"],
      "serving_endpoints":{"list":true,"get":["claude"]},
      "vector_search":{"indexes":["main.docs.manual"],"columns":{"main.docs.manual":["id","text"]},"max_results":20,"write":true},
      "sql":{"warehouse_id":"w1","reading":true,"row_limit":500,"statements":{"top":{"statement":"SELECT * FROM nations WHERE p > :least","parameters":{"least":"BIGINT"}}}},
      "functions":["main.tools"],"tables":["main.shop"],
      "mlflow":{"experiments":["7","/Shared/app"],"write":true}},
    "limits":{"max_tokens":100,"tools":4,"messages":8,"inputs":8,"body_bytes":4096}}"#;

proptest! {
    #[test]
    fn p33_no_bytes_make_the_decision_panic(
        method: String,
        target: String,
        headers in prop::collection::vec((any::<String>(), any::<String>()), 0..8),
        own_origin: Option<String>,
        body: Vec<u8>,
        status: u16,
    ) {
        let policy = RelayPolicy::from_json(POLICY).unwrap();
        let mut lent: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = RawRequest { method: &method, target: &target, headers: &lent, own_origin: own_origin.as_deref() };
        prop_assert!(matches!(policy.admit(&request), Decision::Refuse(_)));
        prop_assert!(policy.upstream(&request, &body).is_err());
        let _ = policy.public_error(status, &body, Some(&target));
        for route in Route::all() {
            let _ = policy.answer(route, status, &lent);
        }
        // and behind the gate
        lent.truncate(0);
        lent.extend([("origin", APP), ("content-type", "application/json"), ("x-lakewire-relay", "1")]);
        for target in ["/api/lakewire/serving-endpoints/claude/invocations", "/api/lakewire/statements/top", &["/api/lakewire", &target].concat()] {
            let request = RawRequest { method: "POST", target, headers: &lent, own_origin: None };
            let _ = policy.upstream(&request, &body);
        }
        prop_assert!(RelayPolicy::from_json(&target).is_err());
    }

    #[test]
    fn p33_options_never_panic(text in r#"\{("(host|origins|allow|limits|public|path)":("x"|\[\]|\{\}|true|-1|null|"https://a\.b"),?){0,6}\}"#) {
        let _ = RelayPolicy::from_json(&text);
    }
}
