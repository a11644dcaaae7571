// Lets the model use functions of Unity Catalog. `node examples/uc_functions.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT, LAKEWIRE_WAREHOUSE and LAKEWIRE_FUNCTIONS.

import { WorkspaceClient } from "lakewire";
import { UCFunctionToolkit } from "lakewire/data";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const toolkit = new UCFunctionToolkit(client, {
  functionNames: (process.env.LAKEWIRE_FUNCTIONS ?? "main.tools.*").split(","),
  warehouseId: process.env.LAKEWIRE_WAREHOUSE ?? "emulator-warehouse",
  // within what Databricks promises of tool schemas: no `anyOf`
  plainSchemas: true,
});
for (const { full_name, comment } of await toolkit.functions()) console.log(`${full_name}: ${comment ?? ""}`);

const chat = client.chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");
const run = await chat.runTools("What does an article of 100 euros cost with the usual tax?", {
  tools: await toolkit.tools(),
  onEvent: (event) => event.type === "tool_result" && console.log(event.name, event.argumentsRaw, "→", event.result ?? event.error),
});
console.log(`${run.answer.text} (${run.steps} steps)`);
