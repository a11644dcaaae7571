//! What a server says of traces.

use serde_json::{Map, Value};

use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// What a server keeps of a trace besides its spans.
    pub struct TraceInfo {
        /// `tr-` and 32 hex digits.
        pub trace_id: String,
        /// The caller's own id of the request.
        pub client_request_id: Option<String>,
        /// Where it is kept: `{type, mlflow_experiment: {experiment_id}}`.
        pub trace_location: Option<Map<String, Value>>,
        /// What lists show of the request.
        pub request_preview: Option<String>,
        /// What lists show of the answer.
        pub response_preview: Option<String>,
        /// When it began, as RFC 3339.
        pub request_time: Option<String>,
        /// How long it took, such as `0.412s`.
        pub execution_duration: Option<String>,
        /// How it ended.
        pub state: Option<TraceState>,
        /// What stays as it is; all values are texts.
        pub trace_metadata: Option<Map<String, Value>>,
        /// What may be changed; all values are texts.
        pub tags: Option<Map<String, Value>>,
        /// What people and judges say of it.
        pub assessments: Option<Vec<Assessment>>,
    }
}

impl TraceInfo {
    /// A tag's value.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.as_ref()?.get(key)?.as_str()
    }

    /// A metadata key's value.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.trace_metadata.as_ref()?.get(key)?.as_str()
    }

    /// The experiment that keeps it.
    #[must_use]
    pub fn experiment_id(&self) -> Option<&str> {
        self.trace_location.as_ref()?.get("mlflow_experiment")?.get("experiment_id")?.as_str()
    }
}

open_enum! {
    /// How a trace ended.
    pub enum TraceState {
        /// Not said.
        Unspecified = "STATE_UNSPECIFIED",
        /// Well.
        Ok = "OK",
        /// With an error.
        Error = "ERROR",
        /// It goes on.
        InProgress = "IN_PROGRESS",
    }
}

wire_struct! {
    /// What somebody says of a trace: a feedback, or what the answer should have been.
    pub struct Assessment {
        /// Its id: `a-` and 32 hex digits; the server gives it.
        pub assessment_id: Option<String>,
        /// Its name, such as `correct`.
        pub assessment_name: Option<String>,
        /// The trace.
        pub trace_id: Option<String>,
        /// The span, when it is about one.
        pub span_id: Option<String>,
        /// Who says it.
        pub source: Option<AssessmentSource>,
        /// When it was made, as RFC 3339.
        pub create_time: Option<String>,
        /// When it was changed last, as RFC 3339.
        pub last_update_time: Option<String>,
        /// The feedback: `{value, error}`.
        pub feedback: Option<Map<String, Value>>,
        /// What was expected: `{value}`, or `{serialized_value}` of a list or object.
        pub expectation: Option<Map<String, Value>>,
        /// Why.
        pub rationale: Option<String>,
        /// Facts; all values are texts.
        pub metadata: Option<Map<String, Value>>,
        /// The assessment it stands in place of.
        pub overrides: Option<String>,
        /// Whether it holds; false once another stands in its place.
        pub valid: Option<bool>,
    }
}

impl Assessment {
    fn named(name: String) -> Self {
        Self {
            assessment_id: None,
            assessment_name: Some(name),
            trace_id: None,
            span_id: None,
            source: None,
            create_time: None,
            last_update_time: None,
            feedback: None,
            expectation: None,
            rationale: None,
            metadata: None,
            overrides: None,
            valid: None,
            extra: Map::new(),
        }
    }

    /// A feedback, which may be any JSON value.
    #[must_use]
    pub fn feedback(name: impl Into<String>, value: impl Into<Value>) -> Self {
        let feedback = Map::from_iter([("value".to_owned(), value.into())]);
        Self { feedback: Some(feedback), ..Self::named(name.into()) }
    }

    /// What the answer should have been. Lists and objects go as a text, as servers want them.
    #[must_use]
    pub fn expectation(name: impl Into<String>, value: impl Into<Value>) -> Self {
        let value = value.into();
        let expectation = if value.is_array() || value.is_object() {
            let text = serde_json::json!({"serialization_format": "JSON_FORMAT", "value": value.to_string()});
            Map::from_iter([("serialized_value".to_owned(), text)])
        } else {
            Map::from_iter([("value".to_owned(), value)])
        };
        Self { expectation: Some(expectation), ..Self::named(name.into()) }
    }

    setters! {
        /// Says who says it.
        source: AssessmentSource,
        /// Says why.
        rationale: String,
        /// Says which span it is about.
        span_id: String,
        /// Sets facts.
        metadata: Map<String, Value>,
        /// Says which assessment it stands in place of.
        overrides: String,
    }

    /// The value, wherever it stands.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        let of = |map: &Option<Map<String, Value>>| map.as_ref()?.get("value").cloned();
        of(&self.feedback).or_else(|| of(&self.expectation)).or_else(|| {
            let text = self.expectation.as_ref()?.get("serialized_value")?.get("value")?.as_str()?;
            serde_json::from_str(text).ok()
        })
    }
}

wire_struct! {
    /// Who says it.
    pub struct AssessmentSource {
        /// What kind of source it is.
        pub source_type: SourceType,
        /// Who: a person's name, a judge's model, a check's name.
        pub source_id: Option<String>,
    }
}

impl AssessmentSource {
    /// A person.
    #[must_use]
    pub fn human(id: impl Into<String>) -> Self {
        Self { source_type: SourceType::Human, source_id: Some(id.into()), extra: Map::new() }
    }

    /// A model that judges.
    #[must_use]
    pub fn judge(id: impl Into<String>) -> Self {
        Self { source_type: SourceType::LlmJudge, source_id: Some(id.into()), extra: Map::new() }
    }

    /// A program.
    #[must_use]
    pub fn code(id: impl Into<String>) -> Self {
        Self { source_type: SourceType::Code, source_id: Some(id.into()), extra: Map::new() }
    }
}

open_enum! {
    /// What kind of source says something of a trace.
    pub enum SourceType {
        /// A person.
        Human = "HUMAN",
        /// A model that judges.
        LlmJudge = "LLM_JUDGE",
        /// A program.
        Code = "CODE",
        /// Not said.
        Unspecified = "SOURCE_TYPE_UNSPECIFIED",
    }
}
