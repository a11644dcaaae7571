// The public API of the whole package: the client with every room, over the core's exports.
// Nothing here calls the wasm while modules load.

import { WorkspaceClient as ChatClient, inner } from "./client.js";
import { ServingEndpoints } from "./serving-endpoints.js";

export { ChatAnswer } from "./answer.js";
export { assign, Chain, ChainStream, passthrough, pipe } from "./chain.js";
export { Chat, StructuredChat } from "./chat.js";
export { LakewireError } from "./errors.js";
export { CommaSeparatedListOutputParser, JsonOutputParser, StrOutputParser } from "./parsers.js";
export { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "./prompts.js";
export { ChatStream } from "./stream.js";
export { tool } from "./tools.js";

/** A Databricks workspace. */
export class WorkspaceClient extends ChatClient {
  /** The workspace's serving endpoints. */
  servingEndpoints() {
    return new ServingEndpoints(inner(this));
  }
}
