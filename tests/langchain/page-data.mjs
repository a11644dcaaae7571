// What the page of data-browser.test.mjs does: LangChain.js's own chains and agents over the data half of the entry, in a browser.
// The workspace is a path of the page's own server; there is no token here.

import { Document } from "@langchain/core/documents";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { createStuffDocumentsChain } from "@langchain/classic/chains/combine_documents";
import { createRetrievalChain } from "@langchain/classic/chains/retrieval";
import { InfoSqlTool, ListTablesSqlTool, QuerySqlTool } from "@langchain/classic/tools/sql";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { createAgent } from "langchain";
import { ChatDatabricks, DatabricksEmbeddings, DatabricksVectorSearch, MlflowTracer, SqlDatabase, UCFunctionToolkit, VectorSearchRetrieverTool } from "lakewire/langchain";

const llama = "databricks-meta-llama-3-3-70b-instruct";

async function all({ indexName, experimentName, engine, direct }) {
  const workspace = { relay: "/databricks" };
  const embeddings = new DatabricksEmbeddings({ ...workspace, endpoint: "databricks-gte-large-en" });
  const model = new ChatDatabricks({ ...workspace, endpoint: llama });
  const fields = { ...workspace, indexName, embedding: embeddings, textColumn: "body" };
  const store = new DatabricksVectorSearch(fields);
  const chunks = await new RecursiveCharacterTextSplitter({ chunkSize: 60, chunkOverlap: 0 }).splitDocuments([
    new Document({ pageContent: "The office dog is called Bilbo. He sleeps under the desk of Ada.\n\nRain falls in Oslo on most days. The cafeteria opens at eight." }),
  ]);
  const written = (await store.addDocuments(chunks)).length === chunks.length;
  const found = await store.similaritySearch("What is the office dog called?", 1);
  const picked = await store.asRetriever({ k: 2, searchType: "mmr", searchKwargs: { fetchK: 4 } }).invoke("the office dog");
  const prompt = ChatPromptTemplate.fromMessages([["system", "Use only this text. {context}"], ["human", "{input}"]]);
  const chain = await createRetrievalChain({ retriever: store.asRetriever(2), combineDocsChain: await createStuffDocumentsChain({ llm: model, prompt }) });
  // by OTLP: the workspace's store would have to allow this page's origin
  const failures = [];
  const tracer = direct ? await MlflowTracer.create({ ...workspace, experimentName, export: "otlp", ucTable: "main.default.traces", onError: (error) => failures.push(`${error?.message}`) }) : undefined;
  const { answer } = await chain.invoke({ input: "What is the office dog called?" }, { callbacks: tracer && [tracer] });
  await tracer?.close();
  const search = new VectorSearchRetrieverTool({ ...fields, toolName: "search_office", toolDescription: "Search documents about the office." });
  const { messages } = await createAgent({ model, tools: [search] }).invoke({ messages: [{ role: "user", content: "Search the documents: what is the office dog called?" }] });
  const results = { written, found: found[0].pageContent, picked: picked.length, answer, traced: tracer?.tracing.stats().exported, failures, agent: messages.at(-1).text, kinds: messages.map((message) => message.getType()) };
  if (!engine) return results;
  const db = await SqlDatabase.fromDatabricks({ ...workspace, catalog: "samples", schema: "tpch", warehouseId: "emulator-warehouse", includeTables: ["nation", "region"] });
  results.sql = [await new ListTablesSqlTool(db).invoke(""), /CREATE TABLE region/.test(await new InfoSqlTool(db).invoke("region")), await new QuerySqlTool(db).invoke("SELECT count(*) AS n FROM nation"), /StatementRefused|Error/.test(await new QuerySqlTool(db).invoke("DROP TABLE nation"))];
  if (!direct) return results;
  const { tools } = await UCFunctionToolkit.create({ ...workspace, functionNames: ["main.tools.add_tax"], warehouseId: "emulator-warehouse", plainSchemas: true });
  const taxed = await createAgent({ model, tools }).invoke({ messages: [{ role: "user", content: "What does an article of 100 euros cost with the usual tax?" }] });
  results.tax = taxed.messages.at(-1).text;
  return results;
}

globalThis.begin = (options) => all(options).then((results) => ({ results }), (error) => ({ error: `${error?.stack ?? error}` }));
