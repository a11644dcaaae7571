// The callback handler as users write it.

import { WorkspaceClient } from "lakewire";
import { MlflowCallbackHandler } from "lakewire/mlflow";
import type { MlflowCallbackOptions, MlflowCallbackStats } from "lakewire/mlflow";

export async function logs(client: WorkspaceClient, options: MlflowCallbackOptions): Promise<number> {
  const handler = new MlflowCallbackHandler(client, { ...options, experiment: "/e", tags: { a: "b" }, tokens: false, onError: (error: unknown) => void error });
  const watched: WorkspaceClient = handler.observe(client);
  const text: string = (await watched.chat("e").invoke("hi")).text;
  handler.handleLLMStart({ name: text }, ["prompt"], "run-1");
  handler.handleChainEnd({ text });
  const id: string = await handler.runId();
  const stats: MlflowCallbackStats = await handler.flushTracker({ finish: true, status: "FAILED" });
  await handler.close({ status: "KILLED" });
  // @ts-expect-error: a run does not end that way
  await handler.flushTracker({ status: "DONE" });
  // @ts-expect-error: there is no such option
  new MlflowCallbackHandler(client, { experimentName: "x" });
  return stats.dropped + handler.dropped() + id.length;
}
