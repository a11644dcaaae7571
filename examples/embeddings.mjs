// Embeds documents and a query, and finds the document nearest to the query. `node examples/embeddings.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_EMBEDDINGS.

import { similarities, WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const embedder = client.embeddings(process.env.LAKEWIRE_EMBEDDINGS ?? "databricks-bge-large-en");

const query = await embedder.embedQuery("hello");
console.log(`${query.length} numbers: ${query.slice(0, 3).join(", ")} …`);

const texts = ["hello there", "A lakehouse holds tables.", "Boats float on water."];
const documents = await embedder.embedDocuments(texts);
const alike = similarities(query, documents);
console.log(`nearest of ${documents.length}: ${texts[alike.indexOf(Math.max(...alike))]}`);
