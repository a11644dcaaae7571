// A model that `mlflow models serve` serves, or any other server that speaks as it does.

import type { CallOptions, WorkspaceClient } from "../chat.js";

/**
 * How a scoring server is given its input: under `inputs` (nearly as it is, the one for chains), `instances` or
 * `dataframe_records` (a list of rows), `dataframe_split` (`{ columns, data }`), or `unwrapped`: an object with `messages`, `prompt`
 * or `input` in it, sent as it is.
 */
export type ScoringForm = "inputs" | "instances" | "dataframe_split" | "dataframe_records" | "unwrapped";

/**
 * An MLflow scoring server, which is the host of the client. It sends no CORS headers, so a page needs a proxy; and it does not
 * stream: a workspace's endpoint does, see `client.servingEndpoints().queryStream()`.
 */
export class ScoringServer {
  constructor(client: WorkspaceClient);
  /** Whether the server and its model are up. Rejects when the server cannot be reached. */
  ping(options?: CallOptions): Promise<boolean>;
  /** The server's version of MLflow. */
  version(options?: CallOptions): Promise<string>;
  /**
   * Asks the model. For one input, an object, the one result is given, also where the server made a list of it.
   * @throws LakewireError `BadRequest` for an input that does not fit the model's signature, naming what is missing or not known.
   */
  invoke<T = unknown>(input: unknown, options?: { form?: ScoringForm; params?: Record<string, unknown> } & CallOptions): Promise<T>;
}
