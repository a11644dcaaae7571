// Databases, the guard and the SQL chain as users write them.

import { WorkspaceClient } from "lakewire";
import { SQLDatabase, SQLDatabaseChain, SQLDatabaseToolkit, checkReadOnly, createSqlQueryChain } from "lakewire/data";
import type { SQLChainResult, SQLRows } from "lakewire/data";

const client = new WorkspaceClient({ host: "https://workspace.example", token: "t" });
const chat = client.chat("model");

export async function databases(signal: AbortSignal): Promise<string> {
  const database = await SQLDatabase.fromDatabricks(client, { catalog: "samples", schema: "tpch", warehouseId: "w", includeTables: ["nation"], sampleRowsInTableInfo: 0, signal });
  const names: string[] = database.getUsableTableNames();
  const printed: string = await database.run("SELECT 1", { fetch: "one", includeColumns: true, parameters: { p: 1n, q: null } });
  const rows: SQLRows = await database.run("SELECT 1", { fetch: "cursor", rowLimit: 5 });
  const cell: string | null | undefined = rows.rows[0]?.[0];
  const { table_info } = await database.getContext();
  const kind: "query" | "show" | "describe" | "explain" = checkReadOnly("SELECT 1", { deniedFunctions: ["ai_*"] });
  return [...names, printed, cell, table_info, kind].join();
}

export async function chains(database: SQLDatabase): Promise<string> {
  const chain = new SQLDatabaseChain(chat, database, { topK: 3, returnIntermediateSteps: true, useQueryChecker: true, readOnly: true });
  const answer: SQLChainResult = await chain.invoke("How many?", { onEvent: (event) => void event.type });
  for (const step of answer.intermediateSteps ?? []) if (step.type === "rows") return step.text + String(step.truncated);
  for await (const event of chain.stream("How many?")) {
    if (event.type === "words") return event.text;
    if (event.type === "done") return event.result;
  }
  const write = createSqlQueryChain(chat, database, { k: 2 });
  const run = await chat.runTools("How many?", { tools: new SQLDatabaseToolkit(database, chat, { rowLimit: 5 }).getTools() });
  return (await write("How many?")) + run.answer.text;
}

export async function mistakes(database: SQLDatabase): Promise<void> {
  // @ts-expect-error a schema is needed
  await SQLDatabase.fromDatabricks(client, { catalog: "samples", warehouseId: "w" });
  // @ts-expect-error it is made by fromDatabricks
  new SQLDatabase();
  // @ts-expect-error no such form
  await database.run("SELECT 1", { fetch: "many" });
  // @ts-expect-error rows are no text
  const text: string = await database.run("SELECT 1", { fetch: "cursor" });
  // @ts-expect-error misspelt
  new SQLDatabaseChain(chat, database, { topk: 3 });
  void text;
}
