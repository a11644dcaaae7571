// An experiment, a run, what it logs and its files. `node examples/mlflow_tracking.mjs`
// Reads MLFLOW_TRACKING_URI, the address of an MLflow server; else DATABRICKS_HOST and DATABRICKS_TOKEN.

import { WorkspaceClient } from "lakewire";
import { MlflowClient } from "lakewire/mlflow";

const { MLFLOW_TRACKING_URI: server, DATABRICKS_HOST, DATABRICKS_TOKEN } = process.env;
const mlflow = new MlflowClient(new WorkspaceClient(server ? { host: server } : { host: DATABRICKS_HOST, token: DATABRICKS_TOKEN }));
const { experiment_id: experimentId } = await mlflow.experiment("/Shared/lakewire-example");

const id = await mlflow.withRun({ experimentId, runName: "fit" }, async (run) => {
  await run.logParam("rate", 0.5);
  // any number of them: they go in requests of the size that MLflow takes
  const metrics = Array.from({ length: 1500 }, (_, step) => ({ key: "loss", value: 0.5 ** (step / 100), step }));
  await run.logBatch({ metrics, tags: { "data.source": "example" } });
  const files = await run.artifacts();
  await files.logDict("summary.json", { steps: metrics.length });
  return run.id;
});

const { info, data } = await mlflow.getRun(id);
const loss = data.metrics.find(({ key }) => key === "loss");
console.log(`${info.run_name} ${info.status}: loss ${loss.value.toFixed(5)} at step ${loss.step}`);
console.log(`History: ${(await mlflow.getMetricHistory(id, "loss").all()).length} values`);
for (const { path, file_size } of await mlflow.listArtifacts(id)) console.log(`${path}, ${file_size} bytes`);
const found = await mlflow.searchRuns([experimentId], { filter: "metrics.loss < 0.001", orderBy: ["attributes.start_time DESC"], maxResults: 1 }).pages().next();
console.log(`Found: ${found.value[0].info.run_id === id}`);
