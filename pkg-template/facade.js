// The public API of the whole package: the client with every room, over the core's exports.
// Nothing here calls the wasm while modules load.

import { WorkspaceClient as ChatClient, inner } from "./client.js";
import { Embedder } from "./embeddings.js";
import { ServingEndpoints } from "./serving-endpoints.js";

export { ChatAnswer } from "./answer.js";
export { Chat, StructuredChat } from "./chat.js";
export { cosineSimilarity, dot, Embedder, Embeddings, similarities } from "./embeddings.js";
export { LakewireError } from "./errors.js";
export { ChatStream } from "./stream.js";
export { tool } from "./tools.js";

/** A Databricks workspace. */
export class WorkspaceClient extends ChatClient {
  /** Embeddings from a serving endpoint. */
  embeddings(endpoint, options) {
    return new Embedder(inner(this), endpoint, options);
  }

  /** The workspace's serving endpoints. */
  servingEndpoints() {
    return new ServingEndpoints(inner(this));
  }
}
