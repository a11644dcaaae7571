// Finds the rows of a vector index nearest to a question: node examples/vector_search.mjs main.docs.manual_idx "How do I reset it?"

import { WorkspaceClient } from "lakewire";
import { DatabricksVectorSearch } from "lakewire/data";

const [indexName = "main.docs.manual_idx", question = "How do I reset it?"] = process.argv.slice(2);
const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const store = await DatabricksVectorSearch.create(client, { indexName });
for (const [document, score] of await store.similaritySearchWithScore(question, { k: 3 })) {
  console.log(score.toFixed(3), document.page_content);
}
