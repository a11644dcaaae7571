import type { CallOptions, Chat, ChatDefaults, WorkspaceClientConfig } from "./chat.js";
import type { EventStream } from "./events.js";
import type { GatewayEndpoint } from "./types.js";

/** How a gateway is reached. */
export interface GatewayClientConfig extends Pick<WorkspaceClientConfig, "timeouts" | "retry" | "headers" | "fetch" | "maxEventBytes" | "maxBodyBytes"> {
  /** Its address, such as `http://localhost:5000`: `https`, or plain `http` on this machine. In a page also a path such as `/gateway`. */
  host: string;
  /**
   * Allows plain `http` to another machine. Everything that is asked and answered can then be read on the way; headers that
   * hold a credential are refused.
   */
  allowHttp?: boolean;
}

/**
 * A self-hosted MLflow AI Gateway (`mlflow gateway start`). It asks for no credential. Its endpoints stand in its YAML file
 * alone: no call creates, changes or deletes one.
 *
 * ```js
 * const gateway = new GatewayClient({ host: "http://localhost:5000" });
 * for (const { name, endpoint_type } of await gateway.list()) console.log(name, endpoint_type);
 * console.log((await gateway.chat("chat").invoke("Hello")).text);
 * ```
 */
export class GatewayClient {
  /** Throws a `LakewireError` of kind `InvalidInput` for a configuration that cannot work. */
  constructor(config: GatewayClientConfig);
  /** Lists the gateway's endpoints, page after page. */
  list(options?: CallOptions): Promise<GatewayEndpoint[]>;
  /** Describes one endpoint; fails with kind `NotFound` when there is none of this name. */
  get(name: string, options?: CallOptions): Promise<GatewayEndpoint>;
  /** Resolves when the gateway is up. */
  health(options?: CallOptions): Promise<void>;
  /** Chat with an endpoint whose type is `llm/v1/chat`: all that `client.chat()` can. */
  chat(name: string, defaults?: ChatDefaults): Chat;
  /** Asks an endpoint of any type; body and answer are as on a workspace, without `model` in the body. */
  query<T = unknown>(name: string, body: object, options?: CallOptions): Promise<T>;
  /** Asks an endpoint for a streamed answer; gives its events as they come. `stream: true` is added to the body. */
  queryStream<T = unknown>(name: string, body: object, options?: CallOptions): Promise<EventStream<T>>;
  /** Asks by an OpenAI form; the body's `model` is the endpoint's name. */
  openai<T = unknown>(form: "chat/completions" | "completions" | "embeddings", body: { model: string; [key: string]: unknown }, options?: CallOptions): Promise<T>;
  /** Ends every call and stream of this client; later calls fail with kind `Closed`. */
  close(): void;
}
