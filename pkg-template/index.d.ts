import type { CallOptions } from "./chat.js";
import type { Completions, CompletionsOptions, CompletionsTarget } from "./completions.js";
import type { Secrets } from "./secrets.js";
import type { ServingEndpoints } from "./serving-endpoints.js";
import { WorkspaceClient as ChatClient } from "./chat.js";

export * from "./chat.js";
export * from "./completions.js";
export * from "./events.js";
export * from "./gateway.js";
export * from "./hub.js";
export { secretReference, SecretValue } from "./secrets.js";
export type { Secrets } from "./secrets.js";
export type * from "./serving-endpoints.js";

/** A Databricks workspace.
 *
 * ```js
 * const client = new WorkspaceClient({ host: "/databricks" });
 * const answer = await client.chat("my-endpoint").invoke("What is a lakehouse?");
 * console.log(answer.text);
 * ```
 */
export class WorkspaceClient extends ChatClient {
  /** Text from an endpoint of any kind, or from an app on a cluster's driver node; the options apply to every call of the handle. */
  completions(target: CompletionsTarget, options?: CompletionsOptions): Completions;
  /** The workspace's id, which stands in the addresses of driver proxy apps. A page may not read the header that says it. */
  orgId(options?: CallOptions): Promise<string>;
  /** The workspace's secrets. */
  secrets(): Secrets;
  /** The workspace's serving endpoints. */
  servingEndpoints(): ServingEndpoints;
}
