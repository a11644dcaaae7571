// Asks one question. `node examples/chat.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT.

import { WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const chat = client.chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");

const answer = await chat.invoke(
  [
    ["system", "Answer in two sentences."],
    ["user", "What is a lakehouse?"],
  ],
  { temperature: 0.2, max_tokens: 200 },
);
console.log(answer.text);
console.log(`(${answer.usage?.total_tokens ?? 0} tokens, request ${answer.requestId ?? "without id"})`);
