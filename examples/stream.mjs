// Prints an answer as it comes. `node examples/stream.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT.

import { WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const chat = client.chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");

for await (const word of await chat.textStream("Tell me about delta tables.")) {
  process.stdout.write(word);
}
process.stdout.write("\n");
