import type { Embedder, EmbedderOptions } from "./embeddings.js";
import type { ServingEndpoints } from "./serving-endpoints.js";
import { WorkspaceClient as ChatClient } from "./chat.js";

export * from "./chat.js";
export * from "./embeddings.js";
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
  /** Embeddings from a serving endpoint. `options` hold for every call of the handle; a call's own options win. */
  embeddings(endpoint: string, options?: EmbedderOptions): Embedder;
  /** The workspace's serving endpoints. */
  servingEndpoints(): ServingEndpoints;
}
