// Logs what a chat does into a run, as LangChain's MlflowCallbackHandler. `node examples/mlflow_callback.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT.

import { WorkspaceClient } from "lakewire";
import { MlflowCallbackHandler, MlflowClient } from "lakewire/mlflow";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const handler = new MlflowCallbackHandler(client, { experiment: "/Shared/lakewire-callback", name: "chat-%" });
const chat = handler.observe(client).chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");

await chat.invoke("My name is Ann. What is my name?");
await chat.invoke("The sky is blue. Which colour has the sky?");
const runId = await handler.runId();
const { sent, dropped } = await handler.close();

const mlflow = new MlflowClient(client);
const { info, data } = await mlflow.getRun(runId);
const { llm_starts, llm_ends, errors } = Object.fromEntries(data.metrics.map(({ key, value }) => [key, value]));
console.log(`${info.status}: ${llm_starts} starts, ${llm_ends} ends, ${errors} errors; ${sent} sent, ${dropped} dropped`);
for (const { path } of await mlflow.listArtifacts(runId)) console.log(path);
