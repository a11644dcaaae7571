// Makes a small vector index, writes texts, finds those nearest to a question, and deletes the index. `node examples/vector_search.mjs "How do I reset the pump?"`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_EMBEDDINGS. A vector search endpoint costs money while it is there.

import { WorkspaceClient } from "lakewire";
import { DatabricksVectorSearch, Filter, VectorSearch } from "lakewire/data";

const [question = "How do I reset the pump?"] = process.argv.slice(2);
const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const embedding = client.embeddings(process.env.LAKEWIRE_EMBEDDINGS ?? "databricks-bge-large-en");
const search = new VectorSearch(client);
const [endpoint, indexName] = ["lakewire-example", "main.default.lakewire_example"];

await search.createEndpoint({ name: endpoint, endpoint_type: "STANDARD" });
try {
  await search.waitUntilOnline(endpoint);
  const columns = { id: "string", body: "string", lang: "string", vec: "array<float>" };
  const spec = { embedding_vector_columns: [{ name: "vec", embedding_dimension: 1024 }], schema_json: columns };
  await search.createIndex({ name: indexName, endpoint_name: endpoint, primary_key: "id", index_type: "DIRECT_ACCESS", direct_access_index_spec: spec });
  const index = search.index(indexName);
  await index.waitUntilReady();

  const store = await DatabricksVectorSearch.create(client, { indexName, embedding, textColumn: "body", columns: ["lang"] });
  const texts = ["To reset the pump, hold its button.", "Boats float on water.", "Halten Sie den Knopf, um die Pumpe zu starten."];
  const written = await store.addTexts(texts, { ids: ["pump", "boat", "pumpe"], metadatas: [{ lang: "en" }, { lang: "en" }, { lang: "de" }] });
  console.log(`Written: ${written.join(", ")}`);
  for (const [document, score] of await store.similaritySearchWithScore(question, { k: 2, filter: Filter.eq("lang", "en") })) {
    console.log(score.toFixed(2), document.page_content);
  }
  await index.delete();
} finally {
  await search.deleteEndpoint(endpoint);
}
console.log("Deleted.");
