//! Runs and what they log.

use serde::Serialize;
use serde_json::{Value, json};

use super::batch::{self, check_key};
use super::calls::{self, ROOT};
use super::experiments::{raw, set};
use super::types::{CreateRun, Metric, MlflowTag, Param, Run, RunInfo, RunStatus, ViewType};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::pages::Pages;
use crate::wire::call::Repeat;
use crate::wire::request::Method;

/// What a search of runs asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSearch {
    experiment_ids: Vec<String>,
    filter: Option<String>,
    order_by: Vec<String>,
    view: Option<ViewType>,
    max_results: Option<u32>,
}

impl RunSearch {
    /// All active runs of these experiments.
    #[must_use]
    pub fn in_experiments<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Self {
        Self { experiment_ids: ids.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Only those that fit, such as `metrics.loss < 1 and params.k = 'v'`.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Sorted by this, such as `metrics.loss DESC`; said again for what is equal.
    #[must_use]
    pub fn order_by(mut self, item: impl Into<String>) -> Self {
        self.order_by.push(item.into());
        self
    }

    /// Deleted ones too, or only those.
    #[must_use]
    pub fn view(mut self, view: ViewType) -> Self {
        self.view = Some(view);
        self
    }

    /// At most so many runs on a page; 1000 unless set.
    #[must_use]
    pub fn max_results(mut self, most: u32) -> Self {
        self.max_results = Some(most);
        self
    }

    fn body(&self) -> Value {
        let mut body = json!({"experiment_ids": self.experiment_ids, "max_results": self.max_results.unwrap_or(1000)});
        if let Some(filter) = &self.filter {
            set(&mut body, "filter", json!(filter));
        }
        if let Some(view) = &self.view {
            set(&mut body, "run_view_type", json!(view));
        }
        if !self.order_by.is_empty() {
            set(&mut body, "order_by", json!(self.order_by));
        }
        body
    }
}

impl MlflowClient {
    /// The time now, in milliseconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.sender.transport().wall_clock().as_millis()).unwrap_or(u64::MAX)
    }

    /// Creates a run, which is `RUNNING` until it is ended. [`start_run`](Self::start_run) gives one that ends by itself.
    ///
    /// # Errors
    /// `NotFound` when there is no such experiment.
    ///
    /// `POST /api/2.0/mlflow/runs/create`
    pub async fn create_run(&self, experiment_id: &str, run: &CreateRun) -> Result<Run> {
        let mut body = json!({"experiment_id": experiment_id});
        set(&mut body, "start_time", json!(run.start_time.unwrap_or(i64::try_from(self.now()).unwrap_or(i64::MAX))));
        for (key, value) in [("run_name", &run.run_name), ("user_id", &run.user_id)] {
            if let Some(value) = value {
                set(&mut body, key, json!(value));
            }
        }
        for tag in &run.tags {
            check_key("tag", &tag.key)?;
        }
        if !run.tags.is_empty() {
            set(&mut body, "tags", json!(run.tags));
        }
        self.field(calls::send(Method::Post, ROOT, "runs/create", &body, Repeat::Never), "run").await
    }

    /// Reads a run.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `GET /api/2.0/mlflow/runs/get`
    pub async fn get_run(&self, run_id: &str) -> Result<Run> {
        self.field(Ok(calls::get(ROOT, "runs/get", &[("run_id", run_id)])), "run").await
    }

    /// Changes a run's status, its name or both.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `POST /api/2.0/mlflow/runs/update`
    pub async fn update_run(&self, run_id: &str, status: Option<RunStatus>, name: Option<&str>) -> Result<RunInfo> {
        let mut body = json!({"run_id": run_id});
        if let Some(status) = status {
            set(&mut body, "status", json!(status));
        }
        if let Some(name) = name {
            set(&mut body, "run_name", json!(name));
        }
        self.field(calls::send(Method::Post, ROOT, "runs/update", &body, Repeat::Safe), "run_info").await
    }

    /// Ends a run, now.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `POST /api/2.0/mlflow/runs/update`
    pub async fn set_terminated(&self, run_id: &str, status: RunStatus) -> Result<()> {
        self.change("runs/update", &json!({"run_id": run_id, "status": status, "end_time": self.now()}), Repeat::Safe)
            .await
    }

    /// Logs a value of a metric, now.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be one; `NotFound`.
    ///
    /// `POST /api/2.0/mlflow/runs/log-batch`
    pub async fn log_metric(&self, run_id: &str, key: &str, value: f64, step: i64) -> Result<()> {
        self.log_batch(run_id, &[Metric::new(key, value).step(step)], &[], &[]).await
    }

    /// Logs a parameter. A run's parameters never change: logging one again with another value is an error.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be one; `BadRequest` for another value; `NotFound`.
    ///
    /// `POST /api/2.0/mlflow/runs/log-parameter`
    pub async fn log_param(&self, run_id: &str, key: &str, value: impl ToString) -> Result<()> {
        check_key("parameter", key)?;
        let body = json!({"run_id": run_id, "key": key, "value": value.to_string()});
        self.change("runs/log-parameter", &body, Repeat::Safe).await
    }

    /// Sets a tag of a run.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be one; `NotFound`.
    ///
    /// `POST /api/2.0/mlflow/runs/set-tag`
    pub async fn set_tag(&self, run_id: &str, key: &str, value: &str) -> Result<()> {
        check_key("tag", key)?;
        self.change("runs/set-tag", &json!({"run_id": run_id, "key": key, "value": value}), Repeat::Safe).await
    }

    /// Deletes a tag of a run.
    ///
    /// # Errors
    /// `NotFound` when the run has none of this key.
    ///
    /// `POST /api/2.0/mlflow/runs/delete-tag`
    pub async fn delete_tag(&self, run_id: &str, key: &str) -> Result<()> {
        self.change("runs/delete-tag", &json!({"run_id": run_id, "key": key}), Repeat::Never).await
    }

    /// Logs metrics, parameters and tags, any number of them: they are sent in order, in requests of the size that MLflow
    /// takes. Metrics without a timestamp get the time of this call.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent, for keys and values that cannot be. When a later request fails, the error
    /// says how many of each arrived, and [`Error::partial`] holds the counts: `{"metrics":n,"params":n,"tags":n}`.
    ///
    /// `POST /api/2.0/mlflow/runs/log-batch`
    pub async fn log_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[Param],
        tags: &[MlflowTag],
    ) -> Result<()> {
        let (metric_text, param_text, tag_text) = (text(&metrics)?, text(&params)?, text(&tags)?);
        let parts = batch::split(run_id, raw(&metric_text), raw(&param_text), raw(&tag_text), self.now())?;
        let mut arrived = [0_usize; 3];
        for part in &parts {
            if let Err(error) = self.sender.send(&calls::log_batch(part), &self.options).await {
                return Err(batch::broken(error, arrived, [metrics.len(), params.len(), tags.len()]));
            }
            for (arrived, more) in arrived.iter_mut().zip(part.counts) {
                *arrived += more;
            }
        }
        Ok(())
    }

    /// Searches runs, page by page.
    ///
    /// `POST /api/2.0/mlflow/runs/search`
    #[must_use]
    pub fn search_runs(&self, search: &RunSearch) -> Pages<Run> {
        self.pages(calls::send(Method::Post, ROOT, "runs/search", &search.body(), Repeat::Safe), "runs")
    }

    /// All values a metric had, page by page; none for a metric the run does not have.
    ///
    /// `GET /api/2.0/mlflow/metrics/get-history`
    #[must_use]
    pub fn get_metric_history(&self, run_id: &str, key: &str) -> Pages<Metric> {
        let query = [("run_id", run_id), ("metric_key", key), ("max_results", "25000")];
        self.pages(Ok(calls::get(ROOT, "metrics/get-history", &query)), "metrics")
    }

    /// Deletes a run; it can be restored.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `POST /api/2.0/mlflow/runs/delete`
    pub async fn delete_run(&self, run_id: &str) -> Result<()> {
        self.change("runs/delete", &json!({"run_id": run_id}), Repeat::Never).await
    }

    /// Restores a deleted run.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    ///
    /// `POST /api/2.0/mlflow/runs/restore`
    pub async fn restore_run(&self, run_id: &str) -> Result<()> {
        self.change("runs/restore", &json!({"run_id": run_id}), Repeat::Never).await
    }

    /// Says which logged models a run wrote, and at which step.
    ///
    /// # Errors
    /// `NotFound` when there is no such run or model.
    ///
    /// `POST /api/2.0/mlflow/runs/outputs`
    pub async fn log_outputs(&self, run_id: &str, models: &[(&str, i64)]) -> Result<()> {
        let models: Vec<Value> = models.iter().map(|(id, step)| json!({"model_id": id, "step": step})).collect();
        self.change("runs/outputs", &json!({"run_id": run_id, "models": models}), Repeat::Safe).await
    }
}

pub(super) fn text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The values cannot be written as JSON.").with_source(fault)
    })
}
