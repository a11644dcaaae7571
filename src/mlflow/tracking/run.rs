//! A run under way.

use std::fmt;
use std::future::Future;

use super::types::{CreateRun, Metric, MlflowTag, Param, Run, RunStatus};
use crate::error::Result;
use crate::mlflow::MlflowClient;

/// A run under way, with the calls that log into it. [`finish`](Self::finish) or [`fail`](Self::fail) ends it; one that is
/// dropped before that stays `RUNNING`, since nothing can be sent while dropping. [`MlflowClient::with_run`] ends it in any case.
#[derive(Clone)]
pub struct ActiveRun {
    client: MlflowClient,
    run: Run,
}

impl MlflowClient {
    /// Creates a run and gives it with the calls that log into it.
    ///
    /// # Errors
    /// As [`create_run`](Self::create_run).
    pub async fn start_run(&self, experiment_id: &str, run: &CreateRun) -> Result<ActiveRun> {
        Ok(ActiveRun { client: self.clone(), run: self.create_run(experiment_id, run).await? })
    }

    /// Does something inside a run, which then ends: as `FINISHED` when it went well, else as `FAILED`.
    ///
    /// # Errors
    /// What the work ended with; else what starting or ending the run ended with. A run that cannot be ended after work
    /// that failed stays `RUNNING`, and the work's error is given.
    ///
    /// ```no_run
    /// # async fn example(mlflow: lakewire::mlflow::MlflowClient) -> lakewire::Result<()> {
    /// use lakewire::mlflow::tracking::CreateRun;
    /// let loss = mlflow
    ///     .with_run("0", &CreateRun::new().run_name("try-1"), |run| async move {
    ///         run.log_metric("loss", 0.5, 0).await?;
    ///         Ok::<_, lakewire::Error>(0.5)
    ///     })
    ///     .await?;
    /// # let _ = loss;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_run<T, E, F>(
        &self,
        experiment_id: &str,
        run: &CreateRun,
        work: impl FnOnce(ActiveRun) -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: From<crate::error::Error>,
    {
        let run = self.start_run(experiment_id, run).await?;
        match work(run.clone()).await {
            Ok(value) => {
                run.finish().await?;
                Ok(value)
            }
            Err(error) => {
                let _ = run.fail().await;
                Err(error)
            }
        }
    }
}

impl ActiveRun {
    /// The run as it was when it began.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.run.info.run_id
    }

    /// Logs a value of a metric, now.
    ///
    /// # Errors
    /// As [`MlflowClient::log_metric`].
    pub async fn log_metric(&self, key: &str, value: f64, step: i64) -> Result<()> {
        self.client.log_metric(self.id(), key, value, step).await
    }

    /// Logs a parameter.
    ///
    /// # Errors
    /// As [`MlflowClient::log_param`].
    pub async fn log_param(&self, key: &str, value: impl ToString) -> Result<()> {
        self.client.log_param(self.id(), key, value).await
    }

    /// Sets a tag.
    ///
    /// # Errors
    /// As [`MlflowClient::set_tag`].
    pub async fn set_tag(&self, key: &str, value: &str) -> Result<()> {
        self.client.set_tag(self.id(), key, value).await
    }

    /// Logs metrics, parameters and tags, any number of them.
    ///
    /// # Errors
    /// As [`MlflowClient::log_batch`].
    pub async fn log_batch(&self, metrics: &[Metric], params: &[Param], tags: &[MlflowTag]) -> Result<()> {
        self.client.log_batch(self.id(), metrics, params, tags).await
    }

    /// The run's files.
    ///
    /// # Errors
    /// As [`MlflowClient::artifacts_of`].
    pub fn artifacts(&self) -> Result<super::Artifacts> {
        self.client.artifacts_of(&self.run.info)
    }

    /// Ends it as `FINISHED`.
    ///
    /// # Errors
    /// As [`MlflowClient::set_terminated`].
    pub async fn finish(&self) -> Result<()> {
        self.client.set_terminated(self.id(), RunStatus::Finished).await
    }

    /// Ends it as `FAILED`.
    ///
    /// # Errors
    /// As [`MlflowClient::set_terminated`].
    pub async fn fail(&self) -> Result<()> {
        self.client.set_terminated(self.id(), RunStatus::Failed).await
    }
}

impl fmt::Debug for ActiveRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveRun").field("run_id", &self.run.info.run_id).finish_non_exhaustive()
    }
}
