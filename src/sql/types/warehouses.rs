//! Warehouses as they stand on the wire.

use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// A page of warehouses.
    pub struct WarehouseList {
        /// Those of the page.
        pub warehouses: Option<Vec<Warehouse>>,
        /// What the next page is asked for with; absent on the last.
        pub next_page_token: Option<String>,
    }
}

open_enum! {
    /// How far a warehouse is.
    pub enum WarehouseState {
        /// It runs statements.
        Running = "RUNNING",
        /// It starts.
        Starting = "STARTING",
        /// It is off; a statement sent to it starts it.
        Stopped = "STOPPED",
        /// It is being switched off.
        Stopping = "STOPPING",
        /// It is being deleted.
        Deleting = "DELETING",
        /// It is no more.
        Deleted = "DELETED",
    }
}

wire_struct! {
    /// A warehouse: what runs statements. Also what creates and edits one, with the fields that shall be set.
    pub struct Warehouse {
        /// Its id.
        pub id: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// How far it is.
        pub state: Option<WarehouseState>,
        /// `2X-Small` to `4X-Large`.
        pub cluster_size: Option<String>,
        /// Clusters at least.
        pub min_num_clusters: Option<i64>,
        /// Clusters at most.
        pub max_num_clusters: Option<i64>,
        /// Clusters now.
        pub num_clusters: Option<i64>,
        /// Minutes without work after which it is switched off.
        pub auto_stop_mins: Option<i64>,
        /// Sessions now.
        pub num_active_sessions: Option<i64>,
        /// Who made it.
        pub creator_name: Option<String>,
        /// Whether Photon is on.
        pub enable_photon: Option<bool>,
        /// Whether it is serverless.
        pub enable_serverless_compute: Option<bool>,
        /// `CLASSIC`, `PRO` or another kind.
        pub warehouse_type: Option<String>,
        /// Whether spot instances are used.
        pub spot_instance_policy: Option<String>,
        /// Its release channel.
        pub channel: Option<serde_json::Value>,
        /// Its labels.
        pub tags: Option<serde_json::Value>,
        /// Its health.
        pub health: Option<serde_json::Value>,
    }
}

wire_struct! {
    /// What a creation answers with.
    pub struct CreatedWarehouse {
        /// The new warehouse's id.
        pub id: String,
    }
}
