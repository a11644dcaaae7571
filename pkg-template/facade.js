// The public API of the whole package: the client with every room, over the core's exports.
// Nothing here calls the wasm while modules load.

import { ChatAgent, Responses } from "./agents.js";
import { makeCore } from "./auth.js";
import { WorkspaceClient as ChatClient, CORE, inner } from "./client.js";
import { Completions } from "./completions.js";
import { Embedder } from "./embeddings.js";
import { ServingEndpoints } from "./serving-endpoints.js";

export { ChatAgent, ChatAgentAnswer, ChatAgentStream, Responses, ResponsesAnswer, ResponsesStream } from "./agents.js";
export { ChatAnswer } from "./answer.js";
export { beginSignIn, completeSignIn, configFromEnv, onBehalfOf, Session, SignIn } from "./auth.js";
export { assign, Chain, ChainStream, passthrough, pipe } from "./chain.js";
export { Chat, StructuredChat } from "./chat.js";
export { Completions, Generation } from "./completions.js";
export { cosineSimilarity, dot, Embedder, Embeddings, similarities } from "./embeddings.js";
export { LakewireError } from "./errors.js";
export { EventStream } from "./events.js";
export { dollyAnswer, dollyPrompt, HubClient, TextGeneration } from "./hub.js";
export { CommaSeparatedListOutputParser, JsonOutputParser, StrOutputParser } from "./parsers.js";
export { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "./prompts.js";
export { ChatStream } from "./stream.js";
export { tool } from "./tools.js";

/** A Databricks workspace. */
export class WorkspaceClient extends ChatClient {
  static [CORE](config, token, fetch) {
    return makeCore(config, token, fetch);
  }

  /** Embeddings from a serving endpoint. */
  embeddings(endpoint, options) {
    return new Embedder(inner(this), endpoint, options);
  }

  /** Text from an endpoint of any kind, or from an app on a cluster's driver node; the options apply to every call of the handle. */
  completions(target, options) {
    return new Completions(inner(this), target, options);
  }

  /** The workspace's id, which stands in the addresses of driver proxy apps. */
  async orgId(options) {
    return (await inner(this).call("completions.orgId", [], options)).text;
  }

  /** An agent or model that speaks OpenAI's Responses; `defaults` apply to every call of the handle. */
  responses(endpoint, defaults) {
    return new Responses(inner(this), endpoint, defaults);
  }

  /** An agent that speaks MLflow's ChatAgent form; `defaults` apply to every call of the handle. */
  chatAgent(endpoint, defaults) {
    return new ChatAgent(inner(this), endpoint, defaults);
  }

  /** The workspace's serving endpoints. */
  servingEndpoints() {
    return new ServingEndpoints(inner(this));
  }
}
