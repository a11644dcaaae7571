//! The open relay probe: requests out of a grammar of hostile and of valid pieces, and an oracle that knows nothing of the
//! router. It holds the regular shapes of what the policy allows, and says of each forwarded request whether it is one.
//!
//! `RELAY_REQUESTS=1000000 cargo test --release --lib --features native relay::tests::oracle -- --nocapture` is the long run.

use std::collections::BTreeMap;

use super::generator::{Generator, Made};
use super::shapes;
use crate::relay::{Decision, RawRequest, RelayPolicy, Route};
use proptest::prelude::*;

pub(super) const APP: &str = "https://app.example.com";
pub(super) const HOST: &str = "https://ws.cloud.databricks.com";

pub(super) const POLICY: &str = r#"{"host":"https://ws.cloud.databricks.com","origins":["https://app.example.com"],"authorize":true,
    "allow":{"chat":["claude"],"completions":["writer"],"embeddings":["gte"],"responses":["agent"],"models":["custom"],
      "serving_endpoints":{"list":true,"get":["claude"]},
      "vector_search":{"indexes":["main.docs.manual"],"columns":{"main.docs.manual":["id","text"]},"max_results":20,"write":true},
      "sql":{"warehouse_id":"w1","reading":true,"row_limit":500,"statements":{"top":{"statement":"SELECT * FROM nations WHERE p > :least","parameters":{"least":"BIGINT"}}}},
      "functions":["main.tools"],"tables":["main.shop"],
      "mlflow":{"experiments":["7","/Shared/app"],"write":true}},
    "limits":{"max_tokens":100,"tools":4,"messages":8,"inputs":8,"body_bytes":4096}}"#;

#[test]
fn p33_no_request_leads_to_a_call_that_is_not_allowed() {
    let wanted: u64 = std::env::var("RELAY_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let policy = RelayPolicy::from_json(POLICY).unwrap();
    let mut generator = Generator::new(0x6c61_6b65_7769_7265);
    let (mut forwarded, mut untouched) = (0_u64, 0_u64);
    let mut refused: BTreeMap<u16, u64> = BTreeMap::new();
    let mut reached: BTreeMap<&'static str, u64> = BTreeMap::new();
    for at in 0..wanted {
        let made = generator.next();
        let lent: Vec<(&str, &str)> =
            made.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let own_origin = made.own_origin.as_deref();
        let request = RawRequest { method: &made.method, target: &made.target, headers: &lent, own_origin };
        let outcome = match policy.admit(&request) {
            Decision::Refuse(refusal) => Err(refusal),
            Decision::Preflight(answer) => {
                shapes::check_preflight(&made, &answer);
                Err(answer)
            }
            Decision::NeedsBody { max_bytes, .. } => {
                assert_eq!(max_bytes, 4096);
                policy.upstream(&request, &made.body)
            }
            Decision::Forward(upstream) => {
                assert_eq!(upstream.body, None, "only bodies that were read go upstream");
                Ok(upstream)
            }
        };
        match outcome {
            Ok(upstream) => {
                forwarded += 1;
                let shape = shapes::check(&made, &upstream);
                assert!(
                    shape.is_ok(),
                    "request {at}: {} led to {upstream:?} {:?}\n{made:?}",
                    shape.unwrap_err(),
                    upstream.body
                );
                *reached.entry(shape.unwrap()).or_default() += 1;
                untouched += u64::from(made.changes == 0);
            }
            Err(refusal) => {
                assert!(made.changes > 0, "request {at}, which is valid, was refused: {refusal:?}\n{made:?}");
                shapes::check_refusal(&made, &refusal);
                *refused.entry(refusal.status).or_default() += 1;
            }
        }
    }
    println!(
        "{wanted} requests, {forwarded} forwarded ({untouched} of them as made, the others changed), refused by status {refused:?}"
    );
    println!("forwarded by shape {reached:?}");
    assert!(forwarded * 20 > wanted, "hardly anything was forwarded: the test proves nothing");
    assert!(
        (forwarded - untouched) * 50 > wanted,
        "hardly anything that was changed was forwarded: the test proves little"
    );
    assert!(refused.values().sum::<u64>() * 5 > wanted, "hardly anything was refused");
    assert_eq!(reached.len(), shapes::NAMES.len(), "every shape is reached: {reached:?}");
    assert_eq!(policy.host(), HOST);
}

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

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} {:?} {:?} own {:?} body {}",
            self.method,
            self.target,
            self.headers,
            self.own_origin,
            String::from_utf8_lossy(&self.body)
        )
    }
}
