//! Serving endpoints of the workspace: which there are, making and changing them, waiting until
//! they are ready, and asking those of any task.
//!
//! For who comes from MLflow: `get_deploy_client("databricks")` and this room do the same.
//!
//! | `mlflow.deployments` | here |
//! |---|---|
//! | `create_endpoint(config={…})` | [`create`](ServingEndpoints::create) |
//! | `update_endpoint_config` (and the older `update_endpoint`) | [`update_config`](ServingEndpoints::update_config) |
//! | `update_endpoint_tags` | [`update_tags`](ServingEndpoints::update_tags) |
//! | `update_endpoint_rate_limits` | [`update_rate_limits`](ServingEndpoints::update_rate_limits) |
//! | `update_endpoint_ai_gateway` | [`update_ai_gateway`](ServingEndpoints::update_ai_gateway) |
//! | `delete_endpoint`, `get_endpoint`, `list_endpoints` | [`delete`](ServingEndpoints::delete), [`get`](ServingEndpoints::get), [`list`](ServingEndpoints::list) |
//! | `predict`, `predict_stream` | [`query`](ServingEndpoints::query), [`query_stream`](ServingEndpoints::query_stream) |
//! | target `http://host:port` (a self-hosted gateway) | [`GatewayClient`](crate::gateway::GatewayClient) |
//!
//! What MLflow has not: [`wait_until_ready`](ServingEndpoints::wait_until_ready), permissions, logs,
//! metrics, and a check of every body before it is sent. Typed questions have rooms of their own:
//! [`chat`](crate::chat) and its neighbours.

pub mod calls;
pub mod check;
mod permissions;
pub mod progress;
pub mod types;
mod wait;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::stream::EventStream;
use crate::wire::call::Call;
use crate::wire::json::Json;

pub use permissions::Permissions;
pub use progress::Progress;
pub use types::*;
pub use wait::DEFAULT_TIMEOUT;

/// Serving endpoints of a workspace. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::serving_endpoints::{
///     CreateEndpointRequest, EndpointConfigInput, ExternalTask, OpenAiConfig, OpenAiModel, SecretText, ServedEntityInput,
/// };
/// let key = OpenAiConfig::default().openai_api_key(SecretText::reference("llm", "openai"));
/// let model = OpenAiModel::new("gpt-4", ExternalTask::Chat, key);
/// let config = EndpointConfigInput::new([ServedEntityInput::external(model)]);
/// let endpoint = client.serving_endpoints().create_and_wait(&CreateEndpointRequest::new("team-gpt4", config)).await?;
/// println!("{} is ready: {}", endpoint.name, endpoint.is_ready());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ServingEndpoints {
    sender: Sender,
    options: CallOptions,
}

impl ServingEndpoints {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default() }
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    async fn send<T>(&self, call: Call<T>) -> Result<T> {
        Ok(self.sender.send(&call, &self.options).await?.0)
    }

    async fn read<T: DeserializeOwned>(&self, call: Result<Call<Json<T>>>) -> Result<T> {
        self.send(call?).await?.read()
    }

    /// Lists the serving endpoints the caller may see.
    ///
    /// # Errors
    /// `Unauthenticated`, `PermissionDenied` and the like as the service answers.
    pub async fn list(&self) -> Result<Vec<ServingEndpoint>> {
        Ok(self.read(Ok(calls::list())).await?.endpoints.unwrap_or_default())
    }

    /// Describes one serving endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn get(&self, name: &str) -> Result<ServingEndpoint> {
        self.read(calls::get(name)).await
    }

    /// Creates an endpoint. It answers at once; the endpoint gets ready later.
    ///
    /// # Errors
    /// `InvalidInput` for what the service would refuse, see [`check::create`]; `ResourceConflict`
    /// when the name is taken.
    pub async fn create(&self, request: &CreateEndpointRequest) -> Result<ServingEndpoint> {
        self.read(text(request).and_then(calls::create)).await
    }

    /// Creates an endpoint and waits until it is ready.
    ///
    /// # Errors
    /// As [`create`](Self::create) and [`wait_until_ready`](Self::wait_until_ready).
    pub async fn create_and_wait(&self, request: &CreateEndpointRequest) -> Result<ServingEndpoint> {
        self.create(request).await?;
        self.wait_until_ready(&request.name).await
    }

    /// Changes what an endpoint serves; what serves now goes on until the update has succeeded.
    ///
    /// # Errors
    /// `InvalidInput`, see [`check::config`]; `ResourceConflict` while another update is under way.
    pub async fn update_config(&self, name: &str, config: &EndpointConfigInput) -> Result<ServingEndpoint> {
        self.read(text(config).and_then(|body| calls::update_config(name, body))).await
    }

    /// Changes what an endpoint serves and waits until that is ready.
    ///
    /// # Errors
    /// As [`update_config`](Self::update_config) and [`wait_until_ready`](Self::wait_until_ready).
    pub async fn update_config_and_wait(&self, name: &str, config: &EndpointConfigInput) -> Result<ServingEndpoint> {
        self.update_config(name, config).await?;
        self.wait_until_ready(name).await
    }

    /// Sets and takes away labels; gives those it has now.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_tags(&self, name: &str, tags: &UpdateTagsRequest) -> Result<Vec<EndpointTag>> {
        let tags = self.read(text(tags).and_then(|body| calls::update_tags(name, body))).await?;
        Ok(tags.tags.unwrap_or_default())
    }

    /// Replaces the older rate limits; newer endpoints set them by [`update_ai_gateway`](Self::update_ai_gateway).
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_rate_limits(&self, name: &str, limits: Vec<RateLimit>) -> Result<Vec<RateLimit>> {
        let limits = RateLimits { rate_limits: Some(limits), extra: serde_json::Map::new() };
        let limits = self.read(text(&limits).and_then(|body| calls::update_rate_limits(name, body))).await?;
        Ok(limits.rate_limits.unwrap_or_default())
    }

    /// Replaces what the AI Gateway in front of an endpoint does; an empty one clears it.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_ai_gateway(&self, name: &str, gateway: &AiGatewayConfig) -> Result<AiGatewayConfig> {
        self.read(text(gateway).and_then(|body| calls::update_ai_gateway(name, body))).await
    }

    /// Sets who is told when an update ends.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_notifications(&self, name: &str, who: &EmailNotifications) -> Result<EndpointNotifications> {
        let body =
            EndpointNotifications { name: None, email_notifications: Some(who.clone()), extra: serde_json::Map::new() };
        self.read(text(&body).and_then(|body| calls::update_notifications(name, body))).await
    }

    /// Sets what telemetry of the served models goes where.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_telemetry(&self, name: &str, telemetry: &TelemetryConfig) -> Result<ServingEndpoint> {
        self.read(text(telemetry).and_then(|body| calls::update_telemetry(name, body))).await
    }

    /// Deletes an endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn delete(&self, name: &str) -> Result<()> {
        self.send(calls::delete(name)?).await
    }

    /// Creates an endpoint with provisioned throughput.
    ///
    /// # Errors
    /// `InvalidInput`, see [`check::provisioned`]; `ResourceConflict` when the name is taken.
    pub async fn create_provisioned_throughput(&self, request: &CreatePtEndpointRequest) -> Result<ServingEndpoint> {
        self.read(text(request).and_then(calls::create_provisioned_throughput)).await
    }

    /// Changes what an endpoint with provisioned throughput serves.
    ///
    /// # Errors
    /// As [`update_config`](Self::update_config).
    pub async fn update_provisioned_throughput(
        &self,
        name: &str,
        config: &PtEndpointConfigInput,
    ) -> Result<ServingEndpoint> {
        let body = ["{\"config\":", &text(config)?, "}"].concat();
        self.read(calls::update_provisioned_throughput(name, body)).await
    }

    /// Says whether a model can be served with provisioned throughput, and in which steps.
    ///
    /// # Errors
    /// `NotFound` when there is no such model.
    pub async fn optimization_info(&self, model: &str, version: &str) -> Result<ModelOptimizationInfo> {
        self.read(calls::optimization_info(model, version)).await
    }

    /// The log of how a served entity was built.
    ///
    /// # Errors
    /// `NotFound` when there is no such endpoint or entity.
    pub async fn build_logs(&self, name: &str, entity: &str) -> Result<String> {
        Ok(self.read(calls::build_logs(name, entity)).await?.logs.unwrap_or_default())
    }

    /// The latest log of a served entity.
    ///
    /// # Errors
    /// `NotFound` when there is no such endpoint or entity.
    pub async fn logs(&self, name: &str, entity: &str) -> Result<String> {
        Ok(self.read(calls::logs(name, entity)).await?.logs.unwrap_or_default())
    }

    /// The OpenAPI description of an endpoint, as the service wrote it.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn open_api(&self, name: &str) -> Result<Value> {
        self.read(calls::open_api(name)).await
    }

    /// The metrics of an endpoint as Prometheus text.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn metrics(&self, name: &str) -> Result<String> {
        self.send(calls::metrics(name)?).await
    }

    /// Asks an endpoint of any task; body and answer are whatever it speaks. MLflow's `predict`.
    ///
    /// # Errors
    /// As the service answers.
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// let body = serde_json::json!({"dataframe_records": [{"width": 1.4}]});
    /// let answer = client.serving_endpoints().query("iris", &body).await?;
    /// println!("{}", answer["predictions"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn query(&self, name: &str, body: &Value) -> Result<Value> {
        self.read(text(body).and_then(|body| calls::query(name, body))).await
    }

    /// Asks an endpoint for a streamed answer; gives its events as they come. MLflow's `predict_stream`.
    ///
    /// # Errors
    /// As the service answers. Errors after the first event come out of the stream.
    pub async fn query_stream(&self, name: &str, body: &Value) -> Result<EventStream<Value>> {
        let call = calls::query_stream(name, text(body)?)?;
        let opened = self.sender.open(&call, &self.options).await?;
        Ok(EventStream::new(self.sender.transport().clone(), opened))
    }

    /// Who may do what with an endpoint. Permissions stand on an endpoint's id, which is looked up here.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn permissions(&self, name: &str) -> Result<Permissions> {
        let endpoint = self.get(name).await?;
        match endpoint.id {
            Some(id) => Ok(Permissions::new(self.clone(), id)),
            None => Err(Error::new(
                ErrorKind::Decode,
                "The service did not say the endpoint's id, on which permissions stand: endpoints of the platform itself have none.",
            )),
        }
    }
}

/// A body as JSON text.
fn text<T: Serialize>(body: &T) -> Result<String> {
    serde_json::to_string(body).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
    })
}

#[cfg(test)]
mod tests;
