import type { WorkspaceClientConfig } from "./auth.js";
import type { ServingEndpoints } from "./serving-endpoints.js";
import { WorkspaceClient as ChatClient } from "./chat.js";

export * from "./chat.js";
export { beginSignIn, completeSignIn, configFromEnv, onBehalfOf, Session, SignIn } from "./auth.js";
export type { AzureServicePrincipal, EnvironmentConfig, PendingSignIn, SignInConfig, TokenFederation, WorkspaceClientConfig } from "./auth.js";
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
  /** Throws a `LakewireError` of kind `InvalidInput` for a configuration that cannot work. */
  constructor(config: WorkspaceClientConfig);
  /** The workspace's serving endpoints. */
  servingEndpoints(): ServingEndpoints;
}
