//! What a self-hosted gateway says of its endpoints.

use serde_json::Value;

use crate::macros::wire_struct;

wire_struct! {
    /// One page of a gateway's endpoints.
    pub struct GatewayEndpointList {
        /// The endpoints.
        pub endpoints: Option<Vec<GatewayEndpoint>>,
        /// Asks for the next page; absent on the last.
        pub next_page_token: Option<String>,
    }
}

wire_struct! {
    /// An endpoint of a gateway.
    pub struct GatewayEndpoint {
        /// The name calls are made with.
        pub name: String,
        /// What it does: `llm/v1/chat`, `llm/v1/completions` or `llm/v1/embeddings`. A workspace calls this `task`.
        pub endpoint_type: Option<String>,
        /// The model behind it.
        pub model: Option<GatewayModel>,
        /// Its path on the gateway.
        pub endpoint_url: Option<String>,
        /// How often it may be asked: `{ calls, key, renewal_period }`.
        pub limit: Option<Value>,
    }
}

wire_struct! {
    /// The model behind a gateway's endpoint.
    pub struct GatewayModel {
        /// Its name at the provider.
        pub name: Option<String>,
        /// The provider.
        pub provider: Option<String>,
    }
}
