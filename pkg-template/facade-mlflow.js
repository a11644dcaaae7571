// The public API of `lakewire/mlflow`: tracking, tracing and models, over a client of `lakewire` or `lakewire/chat`.
// Its wasm holds pure steps alone; the client sends.

export { LakewireError } from "./errors.js";

export { MlflowCallbackHandler } from "./mlflow/callback.js";
export { MlflowClient } from "./mlflow/client.js";
export { ChainModel, describeChain, endpointOf, logChain, registerChain } from "./mlflow/models.js";
export { ScoringServer } from "./mlflow/scoring.js";
export { observed } from "./mlflow/observe.js";
export { MlflowTracing } from "./mlflow/tracing.js";
