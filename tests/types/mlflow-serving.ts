// Chains as MLflow models, and scoring servers, as a user writes them.

import { ChatPromptTemplate, PromptTemplate, StrOutputParser, WorkspaceClient, pipe } from "lakewire";
import { MlflowClient, ScoringServer, describeChain, endpointOf, logChain, registerChain } from "lakewire/mlflow";

export async function serve(client: WorkspaceClient): Promise<string> {
  const chat = client.chat("llama", { temperature: 0 });
  const prompt = ChatPromptTemplate.fromMessages([["system", "Be brief."], ["human", "{question}"]]);
  const chain = prompt.pipe(chat).pipe(new StrOutputParser());
  const model = describeChain(chain, { example: { question: "Why?" }, functions: ["main.tools.add_tax"] });
  const text: string = model.source();
  const files: Record<string, string> = model.files({ model_id: "m-1", requirements: ["mlflow==3.17.2"] });
  describeChain(pipe(PromptTemplate.fromTemplate("{context} {question}"), chat), { retriever: { index: "a.b.c", k: 3, filters: { year: 2020 } } });
  describeChain(chat);
  const mlflow = new MlflowClient(client);
  const logged = await logChain(mlflow, model, { experimentId: "1", name: "answers", runId: "r", maxAttempts: 1 });
  const version = await registerChain(mlflow, logged, { name: "main.default.answers", alias: "champion" });
  await client.servingEndpoints().createAndWait(endpointOf("answers", version, { LEVEL: "info" }));
  const server = new ScoringServer(client);
  const up: boolean = await server.ping();
  const said = await server.invoke<string>({ question: text }, { form: "inputs", params: { n: 1 }, signal: new AbortController().signal });
  // @ts-expect-error there is no such form
  await server.invoke({}, { form: "table" });
  // @ts-expect-error a model is logged into an experiment
  await logChain(mlflow, model, { name: "answers" });
  // @ts-expect-error a retriever has an index
  describeChain(chain, { retriever: { k: 3 } });
  return `${up} ${said} ${Object.keys(files).length} ${await server.version()}`;
}
