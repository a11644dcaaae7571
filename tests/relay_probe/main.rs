//! The open relay probe: requests out of a grammar of hostile and of valid pieces, and an oracle that knows nothing of the
//! router. It holds the regular shapes of what the policy allows, and says of each forwarded request whether it is one.
//!
//! `RELAY_REQUESTS=1000000 cargo test --release -p lakewire --features relay --test relay_probe -- --nocapture` is the long run, which
//! `npm run release` makes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod generator;
mod routes;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};

use generator::{Generator, Made};
use lakewire::relay::{Decision, RawRequest, Refusal, RelayPolicy, Route, Upstream};

const APP: &str = "https://app.example.com";
const HOST: &str = "https://ws.cloud.databricks.com";

/// Names alone, no wider switch.
const NARROW: &str = r#"{"host":"https://ws.cloud.databricks.com","origins":["https://app.example.com"],"authorize":true,
    "allow":{"chat":["claude"],"completions":["writer"],"embeddings":["gte"],"responses":["agent"],"models":["custom"],
      "serving_endpoints":{"list":true,"get":["claude"]},
      "vector_search":{"indexes":["main.docs.manual"],"columns":{"main.docs.manual":["id","text"]},"max_results":20,"write":true},
      "sql":{"warehouse_id":"w1","reading":true,"row_limit":500,"statements":{"top":{"statement":"SELECT * FROM nations WHERE p > :least","parameters":{"least":"BIGINT"}}}},
      "functions":["main.tools"],"tables":["main.shop"],
      "mlflow":{"experiments":["7","/Shared/app"],"write":true}},
    "limits":{"max_tokens":100,"tools":4,"messages":8,"inputs":8,"body_bytes":4096}}"#;

/// Every switch that is wider than names.
const WIDE: &str = r#"{"host":"https://ws.cloud.databricks.com","origins":["https://app.example.com"],"authorize":true,
    "allow":{"chat":["claude"],"completions":["writer"],"embeddings":["gte"],"responses":["agent"],"models":["custom"],"urls":true,
      "serving_endpoints":{"list":true,"get":["claude"],"manage":true},
      "vector_search":{"indexes":["main.docs.manual"],"columns":{"main.docs.manual":["id","text"]},"max_results":20,"write":true,"list":true,"manage":true},
      "sql":{"warehouse_id":"w1","list":true,"start":true,"reading":true,"long_running":true,"external_links":true,"row_limit":500,"statements":{"top":{"statement":"SELECT * FROM nations WHERE p > :least","parameters":{"least":"BIGINT"}}}},
      "functions":{"names":["main.tools"],"delete":true},"tables":["main.shop"],
      "mlflow":{"experiments":["7","/Shared/app"],"write":true,"storage":true,"by_id":true}},
    "limits":{"max_tokens":100,"tools":4,"messages":8,"inputs":8,"body_bytes":4096}}"#;

fn outcome(policy: &RelayPolicy, made: &Made) -> Result<Upstream, Refusal> {
    let lent: Vec<(&str, &str)> = made.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let own_origin = made.own_origin.as_deref();
    let request = RawRequest { method: &made.method, target: &made.target, headers: &lent, own_origin };
    match policy.admit(&request) {
        Decision::Refuse(refusal) => Err(refusal),
        Decision::Preflight(answer) => {
            shapes::check_preflight(made, &answer);
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
    }
}

/// The routes that the narrow or the wide policy allows.
fn allowed(wide: bool) -> BTreeSet<&'static str> {
    routes::ROUTES.iter().filter(|(_, narrow)| wide || *narrow).map(|(name, _)| *name).collect()
}

#[test]
fn p33_every_route_has_a_request_that_is_valid() {
    assert!(routes::ROUTES.iter().all(|(name, _)| Route::parse(name).is_some()));
    for (wide, text) in [(false, NARROW), (true, WIDE)] {
        let policy = RelayPolicy::from_json(text).unwrap();
        let mut reached = BTreeSet::new();
        for (only_wide, list) in [(false, generator::VALID), (true, generator::WIDE)] {
            for (method, target, body) in list {
                let made = Made::valid(method, target, body, only_wide);
                match outcome(&policy, &made) {
                    Ok(sent) => {
                        assert!(wide || !only_wide, "the narrow policy lets through {made:?}");
                        shapes::check(&made, &sent, wide).unwrap();
                        reached.insert(sent.route.as_str());
                    }
                    Err(refusal) => assert!(only_wide && !wide, "{made:?} is refused: {refusal:?}"),
                }
            }
        }
        assert_eq!(reached, allowed(wide), "each route of the policy has a valid request");
    }
}

#[test]
fn p33_no_request_leads_to_a_call_that_is_not_allowed() {
    let wanted: u64 = std::env::var("RELAY_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let policies = [NARROW, WIDE].map(|text| RelayPolicy::from_json(text).unwrap());
    let mut generator = Generator::new(0x6c61_6b65_7769_7265);
    let (mut forwarded, mut untouched) = (0_u64, 0_u64);
    let mut refused: BTreeMap<u16, u64> = BTreeMap::new();
    let mut reached: [BTreeMap<&'static str, u64>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for at in 0..wanted {
        let made = generator.next();
        let wide = at % 2 == 1;
        match outcome(&policies[usize::from(wide)], &made) {
            Ok(upstream) => {
                forwarded += 1;
                let shape = shapes::check(&made, &upstream, wide);
                assert!(
                    shape.is_ok(),
                    "request {at}: {} led to {upstream:?} {:?}\n{made:?}",
                    shape.unwrap_err(),
                    upstream.body
                );
                *reached[usize::from(wide)].entry(upstream.route.as_str()).or_default() += 1;
                untouched += u64::from(made.changes == 0);
            }
            Err(refusal) => {
                assert!(
                    made.changes > 0 || made.wide && !wide,
                    "request {at}, which is valid, was refused: {refusal:?}\n{made:?}"
                );
                shapes::check_refusal(&made, &refusal);
                *refused.entry(refusal.status).or_default() += 1;
            }
        }
    }
    println!(
        "{wanted} requests, {forwarded} forwarded ({untouched} of them as made, the others changed), refused by status {refused:?}"
    );
    println!("forwarded by route: narrow {:?}, wide {:?}", reached[0], reached[1]);
    assert!(forwarded * 20 > wanted, "hardly anything was forwarded: the test proves nothing");
    assert!(
        (forwarded - untouched) * 50 > wanted,
        "hardly anything that was changed was forwarded: the test proves little"
    );
    assert!(refused.values().sum::<u64>() * 5 > wanted, "hardly anything was refused");
    for (wide, reached) in reached.iter().enumerate() {
        let reached: BTreeSet<_> = reached.keys().copied().collect();
        assert_eq!(reached, allowed(wide == 1), "every route of the policy is reached");
    }
    assert!(policies.iter().all(|policy| policy.host() == HOST));
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
