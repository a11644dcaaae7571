// A chain as a model that Python serves: shown, and where MLFLOW_TRACKING_URI names an MLflow server logged there and registered. `node examples/serve_chain.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT, MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN.

import { ChatPromptTemplate, StrOutputParser, WorkspaceClient } from "lakewire";
import { describeChain, logChain, MlflowClient, registerChain } from "lakewire/mlflow";

const { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, LAKEWIRE_ENDPOINT: endpoint, MLFLOW_TRACKING_URI: server, MLFLOW_TRACKING_TOKEN } = process.env;
const chat = new WorkspaceClient({ host, token }).chat(endpoint ?? "databricks-meta-llama-3-3-70b-instruct", { temperature: 0 });
const prompt = ChatPromptTemplate.fromMessages([["system", "Answer in one sentence."], ["human", "What is {thing}?"]]);
const chain = prompt.pipe(chat).pipe(new StrOutputParser());

console.log(await chain.invoke({ thing: "a lakehouse" }));

// the same chain in Python, for MLflow
const model = describeChain(chain, { example: { thing: "a lakehouse" } });
console.log(model.source());

if (server) {
  const mlflow = new MlflowClient(new WorkspaceClient({ host: server, token: MLFLOW_TRACKING_TOKEN ?? "none" }));
  const { experiment_id: experimentId } = await mlflow.experiment("lakewire chains");
  const logged = await logChain(mlflow, model, { experimentId, name: "explains" });
  const { name, version } = await registerChain(mlflow, logged, { name: "explains", alias: "champion" });
  console.log(`Logged ${logged.model_uri}, version ${version}. Now: mlflow models serve -m models:/${name}/${version} --env-manager local`);
}
