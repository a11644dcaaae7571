import type { CallOptions } from "./chat.js";
import type { ServingEndpoint } from "./types.js";

/** The workspace's serving endpoints; made by `client.servingEndpoints()`. */
export class ServingEndpoints {
  private constructor();
  /** Lists the endpoints the caller may see. */
  list(options?: CallOptions): Promise<ServingEndpoint[]>;
  /** Describes one endpoint; fails with kind `NotFound` when there is none of this name. */
  get(name: string, options?: CallOptions): Promise<ServingEndpoint>;
}
