// What places.test.mjs runs in each runtime: a store, an agent with a trace, statements and a function.

import { Document } from "@langchain/core/documents";
import { QuerySqlTool } from "@langchain/classic/tools/sql";
import { createAgent } from "langchain";
import { WorkspaceClient } from "lakewire";
import { VectorSearch } from "lakewire/data";
import { ChatDatabricks, DatabricksEmbeddings, DatabricksVectorSearch, MlflowTracer, SqlDatabase, UCFunctionToolkit, VectorSearchRetrieverTool } from "lakewire/langchain";

/** Does it all in the workspace at `host`; gives what came out. */
export async function everywhere(host, token, engine) {
  const client = new WorkspaceClient({ host, token });
  const indexName = `main.default.langchain_${crypto.randomUUID().replaceAll("-", "")}`;
  const embedding = new DatabricksEmbeddings({ client, endpoint: "databricks-gte-large-en" });
  const search = new VectorSearch(client);
  await search.createIndex({
    name: indexName, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { schema_json: { id: "string", body: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: (await embedding.embedQuery("test")).length }] },
  });
  try {
    await search.index(indexName).waitUntilReady();
    const fields = { client, indexName, embedding, textColumn: "body" };
    const store = new DatabricksVectorSearch(fields);
    await store.addDocuments([new Document({ pageContent: "The office dog is called Bilbo." }), new Document({ pageContent: "Rain falls in Oslo on most days." })]);
    const [found] = await store.asRetriever(1).invoke("What is the office dog called?");
    const failures = [];
    const tracer = await MlflowTracer.create({ client, experimentName: `/Users/me@example.com/${crypto.randomUUID()}`, onError: (error) => failures.push(error.message) });
    const tool = new VectorSearchRetrieverTool({ ...fields, toolName: "search_office", toolDescription: "Search documents about the office." });
    const agent = createAgent({ model: new ChatDatabricks({ client, endpoint: "databricks-meta-llama-3-3-70b-instruct" }), tools: [tool] });
    const { messages } = await agent.invoke({ messages: [{ role: "user", content: "Search the documents: what is the office dog called?" }] }, { callbacks: [tracer] });
    await tracer.close();
    const results = { found: found.pageContent, answer: messages.at(-1).text, failures, traced: tracer.tracing.stats().exported };
    if (!engine) return results;
    const db = await SqlDatabase.fromDatabricks({ client, catalog: "samples", schema: "tpch", warehouseId: "emulator-warehouse", includeTables: ["nation"] });
    const { tools: [addTax] } = await UCFunctionToolkit.create({ client, functionNames: ["main.tools.add_tax"], warehouseId: "emulator-warehouse" });
    const [name] = Object.keys(addTax.schema.properties);
    return { ...results, rows: await new QuerySqlTool(db).invoke("SELECT count(*) AS n FROM nation"), taxed: JSON.parse(await addTax.invoke({ [name]: 100 })).value };
  } finally {
    await search.index(indexName).delete();
  }
}
