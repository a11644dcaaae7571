import type { CallOptions } from "./chat.js";
import type { EventStream } from "./events.js";
import type {
  AccessControlRequest, AiGatewayConfig, CreateEndpointRequest, CreatePtEndpointRequest, EmailNotifications, EndpointConfigInput,
  EndpointNotifications, EndpointPermissionLevelInfo, EndpointPermissions, EndpointTag, ModelOptimizationInfo, PtEndpointConfigInput, RateLimit,
  ServingEndpoint, TelemetryConfig, UpdateTagsRequest,
} from "./types.js";

/** How far an endpoint is. */
export interface EndpointProgress {
  /** The endpoint. */
  name: string;
  /** Whether the wait is over: it answers and nothing about it is changing. */
  done: boolean;
  /** `READY` or `NOT_READY`; empty when the service did not say. */
  ready: string;
  /** Such as `IN_PROGRESS`; empty when the service did not say. */
  configUpdate: string;
  /** What the service says of the first served entity that is not ready. */
  message: string;
  /** Which look it was, from 1. */
  attempt: number;
  /** How long the wait has lasted. */
  elapsedMs: number;
  /** The endpoint as it is. */
  endpoint: ServingEndpoint;
}

/** How to wait for an endpoint. `signal` ends the wait, not the endpoint's update; `timeouts` are those of each look. */
export interface WaitOptions extends CallOptions {
  /** The longest wait, looks included; 1,200,000 (20 minutes) unless set. The last look begins a second before its end. */
  timeoutMs?: number;
  /** Told of every look. */
  onProgress?: (progress: EndpointProgress) => void;
}

/** Who may do what with one endpoint; made by `servingEndpoints.permissions(name)`. */
export interface EndpointPermissionsHandle {
  /** The id permissions stand on. */
  readonly endpointId: string;
  /** Who may do what. */
  get(options?: CallOptions): Promise<EndpointPermissions>;
  /** Replaces who may do what. */
  set(entries: readonly AccessControlRequest[], options?: CallOptions): Promise<EndpointPermissions>;
  /** Adds to who may do what. */
  update(entries: readonly AccessControlRequest[], options?: CallOptions): Promise<EndpointPermissions>;
  /** The permissions there are. */
  levels(options?: CallOptions): Promise<EndpointPermissionLevelInfo[]>;
}

/**
 * The workspace's serving endpoints; made by `client.servingEndpoints()`. Bodies are checked before anything is sent; no
 * error repeats a secret of theirs.
 *
 * | `mlflow.deployments` | here |
 * |---|---|
 * | `create_endpoint` | `create` |
 * | `update_endpoint_config` (and `update_endpoint`) | `updateConfig` |
 * | `update_endpoint_tags`, `_rate_limits`, `_ai_gateway` | `updateTags`, `updateRateLimits`, `updateAiGateway` |
 * | `delete_endpoint`, `get_endpoint`, `list_endpoints` | `delete`, `get`, `list` |
 * | `predict`, `predict_stream` | `query`, `queryStream` |
 */
export class ServingEndpoints {
  private constructor();
  /** Lists the endpoints the caller may see. */
  list(options?: CallOptions): Promise<ServingEndpoint[]>;
  /** Describes one endpoint; fails with kind `NotFound` when there is none of this name. */
  get(name: string, options?: CallOptions): Promise<ServingEndpoint>;
  /** Creates an endpoint. It answers at once; the endpoint gets ready later. */
  create(request: CreateEndpointRequest, options?: CallOptions): Promise<ServingEndpoint>;
  /** Creates an endpoint and waits until it is ready. */
  createAndWait(request: CreateEndpointRequest, options?: WaitOptions): Promise<ServingEndpoint>;
  /** Changes what an endpoint serves; what serves now goes on until the update has succeeded. */
  updateConfig(name: string, config: EndpointConfigInput, options?: CallOptions): Promise<ServingEndpoint>;
  /** Changes what an endpoint serves and waits until that is ready. */
  updateConfigAndWait(name: string, config: EndpointConfigInput, options?: WaitOptions): Promise<ServingEndpoint>;
  /** Sets and takes away labels; gives those it has now. */
  updateTags(name: string, tags: UpdateTagsRequest, options?: CallOptions): Promise<EndpointTag[]>;
  /** Replaces the older rate limits; newer endpoints set them by `updateAiGateway`. */
  updateRateLimits(name: string, limits: readonly RateLimit[], options?: CallOptions): Promise<RateLimit[]>;
  /** Replaces what the AI Gateway in front of an endpoint does; `{}` clears it. */
  updateAiGateway(name: string, gateway: AiGatewayConfig, options?: CallOptions): Promise<AiGatewayConfig>;
  /** Sets who is told when an update ends. */
  updateNotifications(name: string, who: EmailNotifications, options?: CallOptions): Promise<EndpointNotifications>;
  /** Sets what telemetry of the served models goes where. */
  updateTelemetry(name: string, telemetry: TelemetryConfig, options?: CallOptions): Promise<ServingEndpoint>;
  /** Deletes an endpoint. */
  delete(name: string, options?: CallOptions): Promise<void>;
  /** Creates an endpoint with provisioned throughput. */
  createProvisionedThroughput(request: CreatePtEndpointRequest, options?: CallOptions): Promise<ServingEndpoint>;
  /** Changes what an endpoint with provisioned throughput serves. */
  updateProvisionedThroughput(name: string, config: PtEndpointConfigInput, options?: CallOptions): Promise<ServingEndpoint>;
  /** Says whether a model can be served with provisioned throughput, and in which steps. */
  optimizationInfo(model: string, version: string | number, options?: CallOptions): Promise<ModelOptimizationInfo>;
  /** The log of how a served entity was built. */
  buildLogs(name: string, entity: string, options?: CallOptions): Promise<string>;
  /** The latest log of a served entity. */
  logs(name: string, entity: string, options?: CallOptions): Promise<string>;
  /** The OpenAPI description of an endpoint, as the service wrote it. */
  openApi(name: string, options?: CallOptions): Promise<unknown>;
  /** The metrics of an endpoint as Prometheus text. */
  metrics(name: string, options?: CallOptions): Promise<string>;
  /** Asks an endpoint of any task; body and answer are whatever it speaks. */
  query<T = unknown>(name: string, body: unknown, options?: CallOptions): Promise<T>;
  /** Asks an endpoint for a streamed answer; gives its events as they come. `stream: true` is added to the body. */
  queryStream<T = unknown>(name: string, body: object, options?: CallOptions): Promise<EventStream<T>>;
  /** Who may do what with an endpoint. Permissions stand on its id, which is looked up here. */
  permissions(name: string, options?: CallOptions): Promise<EndpointPermissionsHandle>;
  /**
   * Waits until an endpoint answers and nothing about it is changing. Fails with kind `OperationFailed` when its update
   * failed or was cancelled or a deployment failed (the state as `errorCode`, the service's own words in the message), and
   * with `DeadlineExceeded` when the time is up.
   */
  waitUntilReady(name: string, options?: WaitOptions): Promise<ServingEndpoint>;
}
