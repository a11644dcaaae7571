//! Traces on a server: kept, found, read back, tagged, judged.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::types::{Assessment, TraceInfo};
use super::{Server, Span, Trace, otlp_json, read_spans, trace_info, traces_json};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::mlflow::tracking::calls;
use crate::mlflow::tracking::place::Place;
use crate::mlflow::tracking::types::ArtifactCredentialInfo;
use crate::pages::Pages;
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Where the calls of schema 3 are.
const ROOT: &str = "/api/3.0/mlflow/";
/// Where older ones stayed.
const OLD: &str = "/api/2.0/mlflow/";
/// The tag that says where the spans lie.
const LOCATION: &str = "mlflow.artifactLocation";

/// A trace as a server gives it back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredTrace {
    /// What is kept besides the spans.
    pub info: TraceInfo,
    /// The spans.
    pub spans: Vec<Span>,
}

/// Which traces to find.
///
/// ```
/// use lakewire::mlflow::tracing::TraceSearch;
/// let search = TraceSearch::in_experiments(["3"]).filter("attributes.status = 'ERROR'").order_by("timestamp_ms DESC").max_results(50);
/// # let _ = search;
/// ```
#[derive(Clone, Debug, Default)]
pub struct TraceSearch {
    experiment_ids: Vec<String>,
    filter: Option<String>,
    order_by: Vec<String>,
    max_results: Option<u32>,
}

impl TraceSearch {
    /// All traces of these experiments.
    #[must_use]
    pub fn in_experiments<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Self {
        Self { experiment_ids: ids.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Only those that fit, such as `tags.k = 'v'` or `attributes.timestamp_ms > 1`.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Sorted by this, such as `timestamp_ms DESC`; said again for what is equal.
    #[must_use]
    pub fn order_by(mut self, order: impl Into<String>) -> Self {
        self.order_by.push(order.into());
        self
    }

    /// How many come in one page; the server's 100 unless set.
    #[must_use]
    pub fn max_results(self, max_results: u32) -> Self {
        Self { max_results: Some(max_results), ..self }
    }

    fn body(&self) -> Value {
        let place = |id: &String| json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": id}});
        let mut body = Map::new();
        body.insert("locations".into(), self.experiment_ids.iter().map(place).collect());
        if let Some(filter) = &self.filter {
            body.insert("filter".into(), json!(filter));
        }
        if !self.order_by.is_empty() {
            body.insert("order_by".into(), json!(self.order_by));
        }
        if let Some(most) = self.max_results {
            body.insert("max_results".into(), json!(most));
        }
        Value::Object(body)
    }
}

/// The path of one trace.
fn at(root: &str, trace_id: &str, rest: &str) -> Result<String> {
    Ok(Path::literal(root).then("traces/").segment("trace", trace_id)?.then(rest).finish())
}

/// A call with a JSON body.
fn with_body<T>(method: Method, path: String, body: &Value, repeat: Repeat) -> Call<Json<T>> {
    Call::new(Request::new(method, path).json(body.to_string()), repeat, answer::json).explained_by(calls::explain)
}

impl MlflowClient {
    /// Keeps a trace's info, and gives what the server keeps. The same trace again takes the place of what was kept, so a trace can
    /// be told as `IN_PROGRESS` first.
    ///
    /// # Errors
    /// `InvalidInput` for ids of another form; as the server answers.
    ///
    /// `POST /api/3.0/mlflow/traces`
    pub async fn start_trace(&self, trace: &Trace) -> Result<TraceInfo> {
        Json::from_checked(self.posted(trace, Server::MlFlow).await?).read()
    }

    /// The info as the server keeps it, as JSON text.
    async fn posted(&self, trace: &Trace, server: Server) -> Result<String> {
        trace.check()?;
        let request = Request::new(Method::Post, [ROOT, "traces"].concat()).json(trace_info(trace, server));
        let call = Call::<Json<()>>::new(request, Repeat::Safe, answer::json).explained_by(calls::explain);
        let json = self.sender.send(&call, &self.options).await?.0;
        let info = json.root().get_some("trace").and_then(|trace| trace.get_some("trace_info"));
        match info {
            Some(info) => Ok(info.text().to_owned()),
            None => Err(Error::new(ErrorKind::Decode, "The server's answer to a trace has no `trace_info`.")),
        }
    }

    /// Keeps a whole trace: its info, then its spans as the artifact `traces.json`, through the server or by the signed address
    /// that a workspace gives.
    ///
    /// # Errors
    /// `InvalidInput` for ids of another form, and for a store that nobody passes on; as the server answers.
    ///
    /// `POST /api/3.0/mlflow/traces`, then `PUT /api/2.0/mlflow-artifacts/artifacts/…/traces.json` or
    /// `GET /api/2.0/mlflow/traces/{id}/credentials-for-data-upload`
    pub async fn log_trace(&self, trace: &Trace) -> Result<TraceInfo> {
        let mut info: TraceInfo = Json::from_checked(self.posted(trace, Server::MlFlow).await?).read()?;
        let place = place(&info)?;
        if place == Place::Signed {
            // a workspace shows longer previews
            let body = trace_info(trace, Server::Databricks);
            if body != trace_info(trace, Server::MlFlow) {
                info = Json::from_checked(self.posted(trace, Server::Databricks).await?).read()?;
            }
        }
        let bytes: Arc<[u8]> = Arc::from(traces_json(trace).into_bytes());
        match place {
            Place::Proxied(path) => {
                let call = calls::put_artifact(&[&path, "/traces.json"].concat(), "application/json", bytes);
                self.sender.send(&call, &self.options).await?;
            }
            Place::Signed => {
                let leave = self.leave(&trace.trace_id, "upload").await?;
                self.put_signed(&leave, bytes).await?;
            }
        }
        Ok(info)
    }

    /// Keeps a trace's spans by OTLP, and its info, which the server would make of the root span otherwise. A trace that goes on from
    /// another service's (whose root is a part of that one's) brings its spans alone.
    ///
    /// # Errors
    /// As the server answers; `NotImplemented` from one that keeps its data in files.
    ///
    /// `POST /v1/traces`, then `POST /api/3.0/mlflow/traces`
    pub async fn log_trace_otlp(&self, trace: &Trace, resource: &[(String, String)]) -> Result<()> {
        trace.check()?;
        let request = Request::new(Method::Post, "/v1/traces")
            .json(otlp_json(trace, resource))
            .header("x-mlflow-experiment-id", trace.experiment_id.as_str());
        // spans are kept by their ids: twice is once
        let call = Call::new(request, Repeat::Safe, |_| Ok(())).explained_by(calls::explain);
        self.sender.send(&call, &self.options).await?;
        if trace.root().is_some_and(|root| root.parent_id.is_none()) {
            self.posted(trace, Server::MlFlow).await?;
        }
        Ok(())
    }

    /// Keeps a trace's spans in a table of Unity Catalog, by OTLP.
    ///
    /// # Errors
    /// As the workspace answers.
    ///
    /// `POST /api/2.0/otel/v1/traces`
    pub async fn log_trace_to_table(&self, trace: &Trace, table: &str, resource: &[(String, String)]) -> Result<()> {
        trace.check()?;
        let request = Request::new(Method::Post, "/api/2.0/otel/v1/traces")
            .json(otlp_json(trace, resource))
            .header("x-databricks-uc-table-name", table);
        let call = Call::new(request, Repeat::Safe, |_| Ok(()));
        self.sender.send(&call, &self.options).await.map(drop)
    }

    /// A trace's info.
    ///
    /// # Errors
    /// `NotFound` when there is no such trace.
    ///
    /// `GET /api/3.0/mlflow/traces/{id}`
    pub async fn get_trace_info(&self, trace_id: &str) -> Result<TraceInfo> {
        let call = calls::get::<Value>("", &at(ROOT, trace_id, "")?, &[]);
        let json = self.sender.send(&call, &self.options).await?.0;
        let info = json.root().get_some("trace").and_then(|trace| trace.get_some("trace_info"));
        Json::from_checked(info.map_or("{}", crate::wire::json::Raw::text).to_owned()).read()
    }

    /// A trace with its spans, wherever these lie: in the server's database, among its artifacts, or in the workspace's store.
    ///
    /// # Errors
    /// `NotFound` when there is no such trace, or when its spans have not come yet.
    ///
    /// `GET /api/3.0/mlflow/traces/{id}`, then `GET /api/3.0/mlflow/traces/get`, the artifact `traces.json`, or
    /// `GET /api/2.0/mlflow/traces/{id}/credentials-for-data-download`
    pub async fn get_trace(&self, trace_id: &str) -> Result<StoredTrace> {
        let info = self.get_trace_info(trace_id).await?;
        let spans = if info.tag("mlflow.trace.spansLocation") == Some("TRACKING_STORE") {
            let call = calls::get::<()>(ROOT, "traces/get", &[("trace_id", trace_id)]);
            read_spans(self.sender.send(&call, &self.options).await?.0.as_str())?
        } else {
            let bytes = match place(&info)? {
                Place::Proxied(path) => {
                    let call = calls::get_artifact(&[&path, "/traces.json"].concat());
                    self.sender.send(&call, &self.options).await?.0
                }
                Place::Signed => {
                    let leave = self.leave(trace_id, "download").await?;
                    self.get_signed(&leave).await?
                }
            };
            read_spans(Json::<()>::from_bytes(bytes)?.as_str())?
        };
        Ok(StoredTrace { info, spans })
    }

    /// Finds traces, page by page; their spans come with [`get_trace`](Self::get_trace).
    ///
    /// `POST /api/3.0/mlflow/traces/search`
    #[must_use]
    pub fn search_traces(&self, search: &TraceSearch) -> Pages<TraceInfo> {
        let call = with_body(Method::Post, [ROOT, "traces/search"].concat(), &search.body(), Repeat::Safe);
        self.pages(Ok(call), "traces")
    }

    /// Sets a tag of a trace.
    ///
    /// # Errors
    /// `NotFound` when there is no such trace.
    ///
    /// `PATCH /api/2.0/mlflow/traces/{id}/tags`
    pub async fn set_trace_tag(&self, trace_id: &str, key: &str, value: &str) -> Result<()> {
        let path = at(OLD, trace_id, "/tags")?;
        let call = with_body::<()>(Method::Patch, path, &json!({"key": key, "value": value}), Repeat::Safe);
        self.sender.send(&call, &self.options).await.map(drop)
    }

    /// Deletes a tag of a trace.
    ///
    /// # Errors
    /// `NotFound` when there is no such trace or tag.
    ///
    /// `DELETE /api/2.0/mlflow/traces/{id}/tags`
    pub async fn delete_trace_tag(&self, trace_id: &str, key: &str) -> Result<()> {
        let call = with_body::<()>(Method::Delete, at(OLD, trace_id, "/tags")?, &json!({"key": key}), Repeat::Never);
        self.sender.send(&call, &self.options).await.map(drop)
    }

    /// Deletes traces of an experiment, and gives how many there were.
    ///
    /// # Errors
    /// As the server answers.
    ///
    /// `POST /api/3.0/mlflow/traces/delete-traces`
    pub async fn delete_traces(&self, experiment_id: &str, trace_ids: &[&str]) -> Result<u64> {
        self.deleted(&json!({"experiment_id": experiment_id, "request_ids": trace_ids})).await
    }

    /// Deletes the traces of an experiment up to a moment, in milliseconds since 1970: the oldest, at most so many when a number is
    /// given. Gives how many there were.
    ///
    /// # Errors
    /// As the server answers.
    ///
    /// `POST /api/3.0/mlflow/traces/delete-traces`
    pub async fn delete_traces_before(&self, experiment_id: &str, until_ms: i64, most: Option<u32>) -> Result<u64> {
        let mut body = json!({"experiment_id": experiment_id, "max_timestamp_millis": until_ms});
        if let (Some(most), Some(fields)) = (most, body.as_object_mut()) {
            fields.insert("max_traces".into(), json!(most));
        }
        self.deleted(&body).await
    }

    async fn deleted(&self, body: &Value) -> Result<u64> {
        let call = with_body::<()>(Method::Post, [ROOT, "traces/delete-traces"].concat(), body, Repeat::Never);
        let json = self.sender.send(&call, &self.options).await?.0;
        let count = json.root().get_some("traces_deleted").and_then(crate::wire::json::Raw::as_i64);
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// Says that traces belong to a run. A server takes the id of a run that does not exist, too.
    ///
    /// # Errors
    /// As the server answers.
    ///
    /// `POST /api/2.0/mlflow/traces/link-to-run`
    pub async fn link_traces_to_run(&self, trace_ids: &[&str], run_id: &str) -> Result<()> {
        self.change("traces/link-to-run", &json!({"trace_ids": trace_ids, "run_id": run_id}), Repeat::Safe).await
    }

    /// Says something of a trace: see [`Assessment::feedback`] and [`Assessment::expectation`].
    ///
    /// ```no_run
    /// # async fn example(mlflow: lakewire::mlflow::MlflowClient) -> lakewire::Result<()> {
    /// use lakewire::mlflow::tracing::{Assessment, AssessmentSource};
    /// let judged = Assessment::feedback("correct", true).source(AssessmentSource::human("me@example.com")).rationale("It is 4.");
    /// mlflow.create_assessment("tr-0123456789abcdef0123456789abcdef", &judged).await?;
    /// # Ok(())
    /// # }
    /// ```
    /// # Errors
    /// `InvalidInput` without a name, or with neither or both of feedback and expectation; `NotFound` when there is no such trace.
    ///
    /// `POST /api/3.0/mlflow/traces/{id}/assessments`
    pub async fn create_assessment(&self, trace_id: &str, assessment: &Assessment) -> Result<Assessment> {
        let invalid = |sentence| Err(Error::new(ErrorKind::InvalidInput, sentence));
        if assessment.assessment_name.as_deref().unwrap_or("").is_empty() {
            return invalid("The assessment has no name: give it one, such as `correct`.");
        }
        if assessment.feedback.is_some() == assessment.expectation.is_some() {
            return invalid("An assessment is either a feedback or an expectation: give one of the two.");
        }
        let mut own = assessment.clone();
        own.trace_id = Some(trace_id.to_owned());
        let call =
            with_body(Method::Post, at(ROOT, trace_id, "/assessments")?, &json!({"assessment": own}), Repeat::Never);
        self.field(Ok(call), "assessment").await
    }

    /// Says what somebody thinks of a trace.
    ///
    /// # Errors
    /// As [`create_assessment`](Self::create_assessment).
    pub async fn log_feedback(&self, trace_id: &str, name: &str, value: impl Into<Value>) -> Result<Assessment> {
        self.create_assessment(trace_id, &Assessment::feedback(name, value)).await
    }

    /// Says what the answer of a trace should have been.
    ///
    /// # Errors
    /// As [`create_assessment`](Self::create_assessment).
    pub async fn log_expectation(&self, trace_id: &str, name: &str, value: impl Into<Value>) -> Result<Assessment> {
        self.create_assessment(trace_id, &Assessment::expectation(name, value)).await
    }

    /// One assessment of a trace.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    ///
    /// `GET /api/3.0/mlflow/traces/{id}/assessments/{assessment_id}`
    pub async fn get_assessment(&self, trace_id: &str, assessment_id: &str) -> Result<Assessment> {
        self.field(Ok(calls::get("", &one(trace_id, assessment_id)?, &[])), "assessment").await
    }

    /// Changes an assessment: the fields that are set take the place of those that were.
    ///
    /// # Errors
    /// `InvalidInput` when none is set; `NotFound` when there is no such assessment.
    ///
    /// `PATCH /api/3.0/mlflow/traces/{id}/assessments/{assessment_id}`
    pub async fn update_assessment(
        &self,
        trace_id: &str,
        assessment_id: &str,
        change: &Assessment,
    ) -> Result<Assessment> {
        let set = [
            ("assessmentName", change.assessment_name.is_some()),
            ("feedback", change.feedback.is_some()),
            ("expectation", change.expectation.is_some()),
            ("rationale", change.rationale.is_some()),
            ("metadata", change.metadata.is_some()),
        ];
        let mask: Vec<&str> = set.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect();
        if mask.is_empty() {
            let sentence = "Nothing of the assessment is to change: set its name, value, rationale or metadata.";
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
        let mut own = change.clone();
        (own.trace_id, own.assessment_id) = (Some(trace_id.to_owned()), Some(assessment_id.to_owned()));
        let body = json!({"assessment": own, "update_mask": mask.join(",")});
        let call = with_body(Method::Patch, one(trace_id, assessment_id)?, &body, Repeat::Safe);
        self.field(Ok(call), "assessment").await
    }

    /// Deletes an assessment.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    ///
    /// `DELETE /api/3.0/mlflow/traces/{id}/assessments/{assessment_id}`
    pub async fn delete_assessment(&self, trace_id: &str, assessment_id: &str) -> Result<()> {
        let body = json!({"trace_id": trace_id, "assessment_id": assessment_id});
        let call = with_body::<()>(Method::Delete, one(trace_id, assessment_id)?, &body, Repeat::Never);
        self.sender.send(&call, &self.options).await.map(drop)
    }

    /// Leave to move a trace's data.
    async fn leave(&self, trace_id: &str, what: &str) -> Result<ArtifactCredentialInfo> {
        let path = at(OLD, trace_id, &["/credentials-for-data-", what].concat())?;
        self.field(Ok(calls::get("", &path, &[])), "credential_info").await
    }
}

fn one(trace_id: &str, assessment_id: &str) -> Result<String> {
    let path = Path::literal(ROOT).then("traces/").segment("trace", trace_id)?;
    Ok(path.then("/assessments/").segment("assessment", assessment_id)?.finish())
}

fn place(info: &TraceInfo) -> Result<Place> {
    match info.tag(LOCATION) {
        Some(location) => Place::of(location),
        None => Err(Error::new(ErrorKind::Decode, "The server does not say where the trace's spans lie.")),
    }
}

#[cfg(test)]
mod tests;
