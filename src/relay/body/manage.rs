//! What makes and changes endpoints and indexes: let through whole, for those whom the policy lets manage.

use crate::relay::body::canonical::Fields;
use crate::relay::body::{plain, text_of};
use crate::relay::grammar;
use crate::relay::reply::Fault;
use crate::relay::route::Matched;

/// A new serving endpoint, or a new configuration of one.
pub(super) fn endpoint(matched: &Matched<'_>, given: &Fields<'_>) -> Result<String, Fault> {
    if matched.name().is_empty() {
        text_of(given, "name", grammar::endpoint)?;
        let known = [
            "name",
            "config",
            "ai_gateway",
            "tags",
            "rate_limits",
            "route_optimized",
            "budget_policy_id",
            "description",
            "email_notifications",
        ];
        return plain(given, &known);
    }
    plain(given, &["served_entities", "served_models", "traffic_config", "auto_capture_config"])
}

/// A new vector index.
pub(super) fn index(given: &Fields<'_>) -> Result<String, Fault> {
    text_of(given, "name", |name| grammar::parts(name, 3))?;
    text_of(given, "endpoint_name", grammar::endpoint)?;
    let known = [
        "name",
        "endpoint_name",
        "primary_key",
        "index_type",
        "index_subtype",
        "delta_sync_index_spec",
        "direct_access_index_spec",
    ];
    plain(given, &known)
}
