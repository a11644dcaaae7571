//! What the AI Gateway in front of an endpoint does.

use serde_json::{Map, Value};

use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// What the AI Gateway in front of an endpoint does. Setting it replaces all of it.
    pub struct AiGatewayConfig {
        /// Whether tokens are counted in a system table.
        pub usage_tracking_config: Option<UsageTrackingConfig>,
        /// Where calls and answers are logged.
        pub inference_table_config: Option<InferenceTableConfig>,
        /// How much may be asked.
        pub rate_limits: Option<Vec<AiGatewayRateLimit>>,
        /// What is let through.
        pub guardrails: Option<Guardrails>,
        /// Whether the next entity is tried when one fails.
        pub fallback_config: Option<FallbackConfig>,
    }
}

impl Default for AiGatewayConfig {
    fn default() -> Self {
        Self {
            usage_tracking_config: None,
            inference_table_config: None,
            rate_limits: None,
            guardrails: None,
            fallback_config: None,
            extra: Map::new(),
        }
    }
}

impl AiGatewayConfig {
    setters! {
        /// Where calls and answers are logged.
        inference_table_config: InferenceTableConfig,
        /// How much may be asked.
        rate_limits: Vec<AiGatewayRateLimit>,
        /// What is let through.
        guardrails: Guardrails,
    }

    /// Whether tokens are counted in a system table.
    #[must_use]
    pub fn usage_tracking(mut self, enabled: bool) -> Self {
        self.usage_tracking_config = Some(UsageTrackingConfig { enabled: Some(enabled), extra: Map::new() });
        self
    }

    /// Whether the next entity is tried when one answers 429 or 5xx.
    #[must_use]
    pub fn fallback(mut self, enabled: bool) -> Self {
        self.fallback_config = Some(FallbackConfig { enabled: Some(enabled), extra: Map::new() });
        self
    }
}

wire_struct! {
    /// Whether tokens are counted.
    pub struct UsageTrackingConfig {
        /// Whether they are.
        pub enabled: Option<bool>,
    }
}

wire_struct! {
    /// Where calls and answers are logged.
    pub struct InferenceTableConfig {
        /// Whether they are.
        pub enabled: Option<bool>,
        /// The catalog.
        pub catalog_name: Option<String>,
        /// The schema.
        pub schema_name: Option<String>,
        /// What the table's name begins with.
        pub table_name_prefix: Option<String>,
    }
}

wire_struct! {
    /// Whether the next entity is tried when one fails.
    pub struct FallbackConfig {
        /// Whether it is.
        pub enabled: Option<bool>,
    }
}

open_enum! {
    /// Over what a limit is counted.
    pub enum RenewalPeriod {
        /// One minute; the service knows no other.
        Minute = "minute",
    }
}

open_enum! {
    /// For whom a limit is counted.
    pub enum RateLimitKey {
        /// For everybody together.
        Endpoint = "endpoint",
        /// For each user.
        User = "user",
        /// For the group named as `principal`.
        UserGroup = "user_group",
        /// For the service principal named as `principal`.
        ServicePrincipal = "service_principal",
    }
}

wire_struct! {
    /// One limit of the AI Gateway.
    pub struct AiGatewayRateLimit {
        /// Over what it is counted.
        pub renewal_period: RenewalPeriod,
        /// The most calls.
        pub calls: Option<i64>,
        /// The most tokens.
        pub tokens: Option<i64>,
        /// For whom; `endpoint` unless set.
        pub key: Option<RateLimitKey>,
        /// Which group or service principal.
        pub principal: Option<String>,
    }
}

impl AiGatewayRateLimit {
    /// At most so many calls a minute.
    #[must_use]
    pub fn calls(calls: i64) -> Self {
        Self {
            renewal_period: RenewalPeriod::Minute,
            calls: Some(calls),
            tokens: None,
            key: None,
            principal: None,
            extra: Map::new(),
        }
    }

    /// At most so many tokens a minute.
    #[must_use]
    pub fn tokens(tokens: i64) -> Self {
        Self { tokens: Some(tokens), calls: None, ..Self::calls(0) }
    }

    setters! {
        /// For whom it is counted.
        key: RateLimitKey,
        /// Which group or service principal.
        principal: String,
    }
}

wire_struct! {
    /// What is let through.
    pub struct Guardrails {
        /// On the way in.
        pub input: Option<GuardrailParameters>,
        /// On the way out.
        pub output: Option<GuardrailParameters>,
    }
}

wire_struct! {
    /// What is looked for.
    pub struct GuardrailParameters {
        /// Whether unsafe content is blocked.
        pub safety: Option<bool>,
        /// What happens to personal data.
        pub pii: Option<PiiGuardrail>,
        /// Words that block (deprecated).
        pub invalid_keywords: Option<Vec<String>>,
        /// The topics allowed (deprecated).
        pub valid_topics: Option<Vec<String>>,
    }
}

wire_struct! {
    /// What happens to personal data.
    pub struct PiiGuardrail {
        /// What.
        pub behavior: Option<PiiBehavior>,
    }
}

open_enum! {
    /// What happens to personal data.
    pub enum PiiBehavior {
        /// Nothing.
        None = "NONE",
        /// The call is refused.
        Block = "BLOCK",
        /// The data is masked.
        Mask = "MASK",
    }
}

wire_struct! {
    /// One limit of the older kind; newer endpoints set limits in `ai_gateway`.
    pub struct RateLimit {
        /// The most calls.
        pub calls: i64,
        /// Over what they are counted.
        pub renewal_period: RenewalPeriod,
        /// For whom: `user` or `endpoint`.
        pub key: Option<RateLimitKey>,
    }
}

impl RateLimit {
    /// At most so many calls a minute.
    #[must_use]
    pub fn new(calls: i64) -> Self {
        Self { calls, renewal_period: RenewalPeriod::Minute, key: None, extra: Map::new() }
    }

    setters! {
        /// For whom it is counted.
        key: RateLimitKey,
    }
}

wire_struct! {
    /// The older limits of an endpoint.
    pub struct RateLimits {
        /// The limits.
        pub rate_limits: Option<Vec<RateLimit>>,
    }
}

wire_struct! {
    /// Who is told when an update ends.
    pub struct EmailNotifications {
        /// Told when it succeeded.
        pub on_update_success: Option<Vec<String>>,
        /// Told when it failed.
        pub on_update_failure: Option<Vec<String>>,
    }
}

wire_struct! {
    /// The answer to setting who is told.
    pub struct EndpointNotifications {
        /// The endpoint.
        pub name: Option<String>,
        /// Who is told.
        pub email_notifications: Option<EmailNotifications>,
    }
}

wire_struct! {
    /// What telemetry of the served models goes where; newest, so most of it is kept as it comes.
    pub struct TelemetryConfig {
        /// What is collected.
        pub enabled_telemetry_features: Option<Vec<String>>,
        /// The tables.
        pub table_names: Option<Value>,
        /// The inference table.
        pub inference_table_config: Option<Value>,
        /// A profile that says all of it.
        pub telemetry_profile_id: Option<String>,
    }
}
