// A question to tables, step by step. `node examples/sql_chain.mjs "Which nation has the most customers?"`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_WAREHOUSE_ID and DATABRICKS_MODEL.

import { WorkspaceClient } from "lakewire";
import { SQLDatabase, SQLDatabaseChain } from "lakewire/data";

const { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, DATABRICKS_WAREHOUSE_ID: warehouseId = "emulator-warehouse", DATABRICKS_MODEL: model = "databricks-meta-llama-3-3-70b-instruct" } = process.env;
const question = process.argv[2] ?? "How many orders are there?";

const client = new WorkspaceClient({ host, token });
const database = await SQLDatabase.fromDatabricks(client, { catalog: "samples", schema: "tpch", warehouseId });
console.log(`Tables: ${database.getUsableTableNames().join(", ")}`);

const chain = new SQLDatabaseChain(client.chat(model), database);
for await (const event of chain.stream(question)) {
  if (event.type === "sql") console.log(`\n${event.sql}\n`);
  if (event.type === "rows") console.log(`${event.text}${event.truncated ? " (cut)" : ""}\n`);
  if (event.type === "words") process.stdout.write(event.text);
}
console.log();
