import type { WorkspaceClientConfig } from "./auth.js";
import type { ChatAgent, ChatAgentDefaults, Responses, ResponsesDefaults } from "./agents.js";
import type { CallOptions, RelayedClientConfig } from "./chat.js";
import type { Completions, CompletionsOptions, CompletionsTarget } from "./completions.js";
import type { Embedder, EmbedderOptions } from "./embeddings.js";
import type { Secrets } from "./secrets.js";
import type { ServingEndpoints } from "./serving-endpoints.js";
import { WorkspaceClient as ChatClient } from "./chat.js";

export * from "./chain.js";
export * from "./agents.js";
export * from "./chat.js";
export { beginSignIn, completeSignIn, configFromEnv, onBehalfOf, Session, SignIn } from "./auth.js";
export type { AzureServicePrincipal, EnvironmentConfig, PendingSignIn, SignInConfig, TokenFederation, WorkspaceClientConfig } from "./auth.js";
export * from "./completions.js";
export * from "./events.js";
export * from "./gateway.js";
export * from "./hub.js";
export * from "./prompts.js";
export * from "./embeddings.js";
export { secretReference, SecretValue } from "./secrets.js";
export type { Secrets } from "./secrets.js";
export type * from "./serving-endpoints.js";

/** A Databricks workspace.
 *
 * ```js
 * const client = new WorkspaceClient({ relay: "/api/lakewire" }); // in a page; elsewhere { host, token }
 * const answer = await client.chat("my-endpoint").invoke("What is a lakehouse?");
 * console.log(answer.text);
 * ```
 */
export class WorkspaceClient extends ChatClient {
  /** Throws a `LakewireError` of kind `InvalidInput` for a configuration that cannot work. */
  constructor(config: WorkspaceClientConfig | RelayedClientConfig);
  /** Text from an endpoint of any kind, or from an app on a cluster's driver node; the options apply to every call of the handle. */
  completions(target: CompletionsTarget, options?: CompletionsOptions): Completions;
  /** The workspace's id, which stands in the addresses of driver proxy apps. A page may not read the header that says it. */
  orgId(options?: CallOptions): Promise<string>;
  /** Embeddings from a serving endpoint. `options` hold for every call of the handle; a call's own options win. */
  embeddings(endpoint: string, options?: EmbedderOptions): Embedder;
  /**
   * An agent or model that speaks OpenAI's Responses (task `agent/v1/responses`). `defaults` apply to every call of the
   * handle; a call's own options win, `null` takes a default back. `route: "openai"` calls `/serving-endpoints/responses`
   * with the endpoint as `model`, which models of OpenAI's need, in place of the endpoint's own route.
   *
   * ```js
   * const agent = client.responses("my-agent");
   * const answer = await agent.invoke("Which table holds our orders?");
   * const next = await agent.invoke(answer.nextInput("And the customers?"));
   * console.log(next.text);
   * ```
   */
  responses(endpoint: string, defaults?: ResponsesDefaults & { route?: "invocations" | "openai" }): Responses;
  /**
   * An agent that speaks MLflow's ChatAgent form (task `agent/v2/chat`). `defaults` apply to every call of the handle; a
   * call's own options win, `null` takes a default back.
   */
  chatAgent(endpoint: string, defaults?: ChatAgentDefaults): ChatAgent;
  /** The workspace's secrets. */
  secrets(): Secrets;
  /** The workspace's serving endpoints. */
  servingEndpoints(): ServingEndpoints;
}
