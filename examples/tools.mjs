// Lets the model use a tool. `node examples/tools.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT.

import { tool, WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const chat = client.chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");

const add = tool({
  name: "add",
  description: "Adds two numbers.",
  parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] },
  execute: ({ a, b }) => a + b,
});

const run = await chat.runTools("Add 17 and 25.", { tools: [add] });
console.log(`${run.answer.text} (${run.steps} steps)`);
