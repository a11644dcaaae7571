// UCFunctionToolkit and VectorSearchRetrieverTool, by themselves and in LangChain.js's agent.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test as always } from "node:test";
import { inspect } from "node:util";
import { Document } from "@langchain/core/documents";
import { BaseToolkit, StructuredTool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { tool, WorkspaceClient } from "lakewire";
import { VectorSearch } from "lakewire/data";
import { ChatDatabricks, DatabricksEmbeddings, DatabricksFunctionClient, DatabricksVectorSearch, langchainTools, UCFunctionToolkit, VectorSearchRetrieverTool } from "lakewire/langchain";
import { llama, token, workspace } from "./setup.mjs";

const { LAKEWIRE_ENGINE: engine, LAKEWIRE_REQUIRED: required } = process.env;
const skip = !engine && !required && "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE";
const client = new WorkspaceClient(workspace);
const model = new ChatDatabricks({ client, endpoint: llama });
const toolkit = (more) => UCFunctionToolkit.create({ client, functionNames: ["main.tools.add_tax"], warehouseId: "emulator-warehouse", ...more });

always("tools of lakewire's run in LangChain's agent, and are refused where nobody would run them", async () => {
  const ran = [];
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const weather = tool({ name: "get_weather", description: "Get the weather of a city", parameters, execute: async ({ city }, context) => { ran.push([city, context.signal instanceof AbortSignal, typeof context.toolCallId]); return { temperature: 21 }; } });
  assert.throws(() => model.bindTools([weather]), { kind: "InvalidInput", message: /langchainTools/ });
  assert.throws(() => langchainTools([{ type: "function", function: { name: "f" } }]), { kind: "InvalidInput", message: /made by lakewire/ });
  const { messages } = await createAgent({ model, tools: langchainTools([weather]) }).invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] });
  assert.deepEqual(ran, [["Paris", true, "string"]]);
  assert.equal(messages.find((message) => message.type === "tool").content, '{"temperature":21}');
});

always("functions of Unity Catalog are LangChain's tools", { skip }, async () => {
  const made = await toolkit();
  assert.ok(made instanceof BaseToolkit);
  const [addTax] = made.getTools();
  assert.ok(addTax instanceof StructuredTool);
  assert.equal(addTax.name, "main__tools__add_tax");
  assert.ok(addTax.description.length > 0 && addTax.schema.properties !== undefined);
  const args = Object.fromEntries(Object.keys(addTax.schema.properties).slice(0, 1).map((name) => [name, 100]));
  assert.deepEqual(JSON.parse(await addTax.invoke(args)), { format: "SCALAR", value: "120.0", truncated: false });
  const message = await addTax.invoke({ type: "tool_call", id: "c1", name: addTax.name, args });
  assert.deepEqual([message.getType(), message.tool_call_id], ["tool", "c1"]);
  assert.deepEqual(await made.executeFunction("main.tools.add_tax", args), { format: "SCALAR", value: "120.0", truncated: false });
  assert.equal((await made.functions())[0].full_name, "main.tools.add_tax");
});

always("functions are described, listed and run by name", { skip }, async () => {
  const functions = new DatabricksFunctionClient({ client, warehouseId: "emulator-warehouse" });
  const { input_params, full_name } = await functions.getFunction("main.tools.add_tax");
  assert.equal(full_name, "main.tools.add_tax");
  assert.ok((await functions.listFunctions("main", "tools")).some(({ name }) => name === "add_tax"));
  const args = { [input_params.parameters[0].name]: 100 };
  assert.equal((await functions.executeFunction("main.tools.add_tax", args)).value, "120.0");
  await assert.rejects(functions.executeFunction("main.tools.add_tax", {}), (error) => error.kind === "InvalidArguments");
  await assert.rejects(functions.executeFunction("main.tools.nothing", {}), (error) => error.kind === "NotFound");
  assert.throws(() => new DatabricksFunctionClient({ client }), /warehouseId/);
});

always("an agent calls a function of Unity Catalog", { skip }, async () => {
  const agent = createAgent({ model, tools: (await toolkit({ plainSchemas: true })).tools });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "What does an article of 100 euros cost with the usual tax?" }] });
  assert.deepEqual(messages.map((message) => message.getType()), ["human", "ai", "tool", "ai"]);
  assert.match(messages.at(-1).text, /120/);
});

always("arguments that do not fit are told to the model; an aborted call ends", { skip }, async () => {
  const [addTax] = (await toolkit()).tools;
  const [name] = Object.keys(addTax.schema.properties);
  await assert.rejects(addTax.invoke({ [name]: 1 }, { signal: AbortSignal.abort() }));
  const told = JSON.parse(await addTax.func({}, undefined, {}));
  assert.match(told.error, new RegExp(name));
});

const TEXTS = ["The office dog is called Bilbo.", "Rain falls in Oslo on most days.", "The cafeteria opens at eight."];
const embedding = new DatabricksEmbeddings({ client, endpoint: "databricks-gte-large-en" });
const indexName = `main.default.langchain_${randomUUID().replaceAll("-", "")}`;
const fields = { client, indexName, embedding, textColumn: "body", columns: ["lang"] };
const search = new VectorSearch(client);

before(async () => {
  await search.createIndex({
    name: indexName, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { schema_json: { id: "string", body: "string", lang: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: (await embedding.embedQuery("test")).length }] },
  });
  await search.index(indexName).waitUntilReady();
  await new DatabricksVectorSearch(fields).addDocuments(TEXTS.map((pageContent, at) => new Document({ pageContent, metadata: { lang: at === 1 ? "no" : "en" }, id: `k${at}` })));
});
after(() => search.index(indexName).delete());

always("a search is a tool: the model reads JSON, the app gets documents", async () => {
  const retriever = new VectorSearchRetrieverTool({ ...fields, toolName: "search_office", toolDescription: "Searches what is known of the office.", numResults: 1 });
  assert.deepEqual([retriever.name, retriever.description], ["search_office", "Searches what is known of the office."]);
  const message = await retriever.invoke({ type: "tool_call", id: "c1", name: "search_office", args: { query: "What is the office dog called?" } });
  assert.deepEqual(JSON.parse(message.content), [{ page_content: TEXTS[0], metadata: { id: "k0", lang: "en" } }]);
  assert.ok(message.artifact[0] instanceof Document && message.artifact[0].id === "k0");
  assert.equal(new VectorSearchRetrieverTool(fields).name, indexName.replaceAll(".", "__"));
});

always("create() tells the model of the index, and lets it filter", async () => {
  const retriever = await VectorSearchRetrieverTool.create({ ...fields, toolName: "search_office", dynamicFilter: true });
  assert.ok(retriever.schema.properties.filters !== undefined);
  assert.ok(retriever.description.length > 40);
  const content = await retriever.invoke({ query: "the office dog", filters: [{ key: "lang", value: "no" }] });
  assert.deepEqual(JSON.parse(content).map(({ metadata }) => metadata.lang), ["no"]);
});

always("an agent answers from the index through the tool", async () => {
  const agent = createAgent({ model, tools: [new VectorSearchRetrieverTool({ ...fields, toolName: "search_office", toolDescription: "Search documents about the office." })] });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "Search the documents: what is the office dog called?" }] });
  assert.ok(messages.some((message) => message.getType() === "tool" && message.artifact?.length > 0), JSON.stringify(messages));
  assert.match(messages.at(-1).text, /Bilbo/);
});

always("bad fields are refused; secrets are not shown", async () => {
  assert.throws(() => new UCFunctionToolkit({}), /UCFunctionToolkit\.create/);
  await assert.rejects(UCFunctionToolkit.create({ client, functionNames: ["main.tools.add_tax"] }), /warehouseId/);
  assert.throws(() => new VectorSearchRetrieverTool({}), /needs `indexName`/);
  assert.throws(() => new VectorSearchRetrieverTool({ indexName, dynamicFilter: true }), /create\(fields\)/);
  assert.throws(() => new VectorSearchRetrieverTool({ indexName, toolName: "not a name" }), /toolName/);
  await assert.rejects(VectorSearchRetrieverTool.create({ ...fields, dynamicFilter: true, filters: { lang: "en" } }), /filters/);
  const one = new VectorSearchRetrieverTool({ ...workspace, indexName });
  for (const text of [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one)]) assert.ok(!text.includes(token));
});
