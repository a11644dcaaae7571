// MLflow as users write it.

import { WorkspaceClient } from "lakewire";
import { MlflowClient } from "lakewire/mlflow";
import type { ActiveRun, Artifacts, Metric, ModelVersion, Run } from "lakewire/mlflow";

const mlflow = new MlflowClient(new WorkspaceClient({ host: "http://127.0.0.1:5000" }));

export async function logs(signal: AbortSignal): Promise<number> {
  const id: string = await mlflow.createExperiment("/Users/me@example.com/e", { tags: { team: "a" }, signal });
  const loss: number = await mlflow.withRun({ experimentId: id, runName: "try-1", tags: [{ key: "a", value: 1 }] }, async (run: ActiveRun) => {
    await run.logParam("temperature", 0.2);
    await run.logMetric("loss", Number.NaN, { step: 9007199254740993n, timestamp: new Date() });
    await run.logBatch({ metrics: { acc: 0.5 }, params: [{ key: "k", value: { deep: [1] } }], tags: { done: true } });
    const files: Artifacts = await run.artifacts();
    await files.log("data.bin", Uint8Array.of(1, 2));
    await files.logDict("info.json", { x: 1 });
    for (const { path, file_size } of await files.walk()) void [path, file_size];
    return 0.5;
  });
  return loss;
}

export async function reads(runId: string): Promise<string | undefined> {
  const run: Run = await mlflow.getRun(runId);
  for await (const { key, value, step } of mlflow.getMetricHistory(runId, "loss")) void [key.length, value.toFixed(2), step];
  const last: Metric | undefined = run.data?.metrics?.[0];
  const names = (await mlflow.searchRuns([run.info.experiment_id], { filter: "metrics.loss < 1", orderBy: ["metrics.loss DESC"], viewType: "ALL" }).all()).map(({ info }) => info.run_name);
  const bytes: Uint8Array = await mlflow.downloadArtifact(runId, "data.bin", { timeouts: { totalMs: 1000 } });
  // @ts-expect-error: a run has no such option
  await mlflow.createRun("0", { name: "x" });
  // @ts-expect-error: a metric's value is a number
  await mlflow.logMetric(runId, "loss", "high");
  // @ts-expect-error: only a run gives its files
  new (await import("lakewire/mlflow")).Artifacts();
  return (await mlflow.getExperimentByName("x"))?.name ?? `${last?.key}${names[0]}${bytes.length}`;
}

export async function registers(modelId: string): Promise<ModelVersion> {
  await mlflow.createRegisteredModel("main.agents.support", { description: "Answers questions" });
  const { version } = await mlflow.createModelVersion("main.agents.support", `models:/${modelId}`, { modelId });
  await mlflow.setRegisteredModelAlias("main.agents.support", "champion", version);
  return mlflow.getModelVersionByAlias("main.agents.support", "champion");
}
