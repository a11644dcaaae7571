// The public API of the whole package: the client with every room, over the core's exports.
// Nothing here calls the wasm while modules load.

import { WorkspaceClient as ChatClient, inner } from "./client.js";
import { Completions } from "./completions.js";
import { Secrets } from "./secrets.js";
import { ServingEndpoints } from "./serving-endpoints.js";

export { ChatAnswer } from "./answer.js";
export { Chat, StructuredChat } from "./chat.js";
export { Completions, Generation } from "./completions.js";
export { LakewireError } from "./errors.js";
export { EventStream } from "./events.js";
export { GatewayClient } from "./gateway.js";
export { dollyAnswer, dollyPrompt, HubClient, TextGeneration } from "./hub.js";
export { SecretValue, secretReference } from "./secrets.js";
export { ChatStream } from "./stream.js";
export { tool } from "./tools.js";

/** A Databricks workspace. */
export class WorkspaceClient extends ChatClient {
  /** Text from an endpoint of any kind, or from an app on a cluster's driver node; the options apply to every call of the handle. */
  completions(target, options) {
    return new Completions(inner(this), target, options);
  }

  /** The workspace's id, which stands in the addresses of driver proxy apps. */
  async orgId(options) {
    return (await inner(this).call("completions.orgId", [], options)).text;
  }

  /** The workspace's secrets. */
  secrets() {
    return new Secrets(inner(this));
  }

  /** The workspace's serving endpoints. */
  servingEndpoints() {
    return new ServingEndpoints(inner(this));
  }
}
