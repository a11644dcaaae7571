// MLflow's tracking client.

import { withArtifacts } from "./artifacts.js";
import { Base } from "./base.js";
import { withRegistry } from "./registry.js";
import { withRuns } from "./runs.js";
import { withTraces } from "./traces.js";

/** Experiments, runs, artifacts, models and traces of a workspace, or of the MLflow server that a client is for. */
export class MlflowClient extends withTraces(withRegistry(withArtifacts(withRuns(Base)))) {}
