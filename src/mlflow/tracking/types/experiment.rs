//! Experiments and what they share with runs.

use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// An experiment: a named folder of runs.
    pub struct Experiment {
        /// Its id.
        pub experiment_id: String,
        /// Its name; in a workspace an absolute path such as `/Users/me@example.com/my-experiment`.
        pub name: String,
        /// Where its artifacts lie.
        pub artifact_location: Option<String>,
        /// Whether it is active or deleted.
        pub lifecycle_stage: Option<LifecycleStage>,
        /// When it was made, in milliseconds since 1970.
        pub creation_time: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub last_update_time: Option<i64>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
    }
}

impl Experiment {
    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        value_of(self.tags.as_deref(), key)
    }
}

wire_struct! {
    /// A tag of an experiment, a run or a model.
    pub struct MlflowTag {
        /// Its name.
        pub key: String,
        /// Its value.
        pub value: Option<String>,
    }
}

impl MlflowTag {
    /// A tag.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(value.into()), extra: serde_json::Map::new() }
    }
}

pub(super) fn value_of<'a>(tags: Option<&'a [MlflowTag]>, key: &str) -> Option<&'a str> {
    tags?.iter().find(|tag| tag.key == key)?.value.as_deref()
}

open_enum! {
    /// Whether an experiment or a run is there or in the bin.
    pub enum LifecycleStage {
        /// It is there.
        Active = "active",
        /// It was deleted, and can be restored.
        Deleted = "deleted",
    }
}

open_enum! {
    /// Which experiments or runs a search shows.
    pub enum ViewType {
        /// Those that are there.
        ActiveOnly = "ACTIVE_ONLY",
        /// Those that were deleted.
        DeletedOnly = "DELETED_ONLY",
        /// All of them.
        All = "ALL",
    }
}
