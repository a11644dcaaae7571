// MLflow's tracking client.

import { operations } from "../data/base.js";

/** Experiments, runs, artifacts, models and traces of a workspace, or of the MLflow server that a client is for. */
export class MlflowClient {
  #at;

  constructor(client) {
    this.#at = operations(client);
  }
}
