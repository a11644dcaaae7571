// MLflow's tracking client.

import type { WorkspaceClient } from "../chat.js";

/** Experiments, runs, artifacts, models and traces of a workspace, or of the MLflow server that a client is for. */
export class MlflowClient {
  /** Over a client of `lakewire` or `lakewire/chat`. */
  constructor(client: WorkspaceClient);
}
