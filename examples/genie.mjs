// Asks a Genie space a question in plain words. `node examples/genie.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_GENIE_SPACE and LAKEWIRE_QUESTION.

import { WorkspaceClient } from "lakewire";
import { Genie } from "lakewire/data";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const genie = new Genie(client, process.env.LAKEWIRE_GENIE_SPACE ?? "emulator-genie");
const question = process.env.LAKEWIRE_QUESTION ?? "How many orders are there per status?";

const { text, query, table, suggested_questions: next = [] } = await genie.ask(question, { onStatus: (status) => console.log(`… ${status}`) });
if (text) console.log(text);
if (query) console.log(query);
if (table) console.log(table.toMarkdown({ index: false }));
for (const question of next) console.log(`Next: ${question}`);
