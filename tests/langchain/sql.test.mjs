// SqlDatabase under LangChain.js's own SQL toolkit, agent and chains. The statements run in the emulator's SQL engine.

import assert from "node:assert/strict";
import { test as always } from "node:test";
import { inspect } from "node:util";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { tool } from "@langchain/core/tools";
import { SqlToolkit, createSqlAgent } from "@langchain/classic/agents/toolkits/sql";
import { SqlDatabaseChain, createSqlQueryChain } from "@langchain/classic/chains/sql_db";
import { ListTablesSqlTool, InfoSqlTool, QuerySqlTool } from "@langchain/classic/tools/sql";
import { createAgent } from "langchain";
import { z } from "zod";
import { ChatDatabricks, SqlDatabase } from "lakewire/langchain";
import { llama, token, workspace } from "./setup.mjs";

const { LAKEWIRE_ENGINE: engine, LAKEWIRE_REQUIRED: required } = process.env;
const skip = !engine && !required && "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE";
const test = (name, run) => always(name, { skip }, run);
const TPCH = { ...workspace, catalog: "samples", schema: "tpch", warehouseId: "emulator-warehouse" };
/** LangChain's scripted model, which would say the stop word itself when it is given one. */
class Scripted extends FakeListChatModel {
  _generate(messages, options, manager) {
    return super._generate(messages, { ...options, stop: undefined }, manager);
  }
}
const open = (more) => SqlDatabase.fromDatabricks({ ...TPCH, includeTables: ["nation", "region"], ...more });

test("rows come as JSON, in the types that JavaScript has", async () => {
  const db = await open();
  assert.deepEqual(JSON.parse(await db.run("SELECT n_nationkey, n_name, CAST(1.5 AS DOUBLE) AS d, CAST('19.90' AS DECIMAL(10,2)) AS m, true AS b, CAST(NULL AS INT) AS none, 9007199254740993 AS big FROM nation WHERE n_name = 'FRANCE'")), [
    { n_nationkey: 6, n_name: "FRANCE", d: 1.5, m: "19.90", b: true, none: null, big: "9007199254740993" },
  ]);
  assert.deepEqual(JSON.parse(await db.run("SELECT r_name FROM region ORDER BY r_name", "one")), { r_name: "AFRICA" });
  assert.equal(await db.run("SELECT r_name FROM region WHERE 1 = 0", "one"), "");
  assert.equal(await db.run("SELECT r_name FROM region WHERE 1 = 0"), "[]");
});

test("a statement that does more than read is refused, unless that is allowed", async () => {
  const db = await open();
  const refused = (error) => error.kind === "StatementRefused";
  for (const statement of ["DROP TABLE nation", "SELECT 1; DELETE FROM nation", "SELECT ai_query('m', 'x')"]) {
    await assert.rejects(db.run(statement), refused, statement);
    await assert.rejects(db.appDataSource.query(statement), refused, statement);
  }
  await assert.rejects((await open({ deniedFunctions: ["upper"] })).run("SELECT upper('a')"), refused);
  const name = `main.default.lc_${crypto.randomUUID().replaceAll("-", "")}`;
  const free = await open({ readOnly: false });
  assert.equal(await free.run(`CREATE TABLE ${name} (a INT)`), "[]");
  await free.run(`DROP TABLE ${name}`);
});

test("a signal ends a statement, and a word that is no way to fetch is refused", async () => {
  const db = await open();
  await assert.rejects(db.run("SELECT 1", "all", { signal: AbortSignal.abort() }), (error) => error.kind === "Cancelled");
  await assert.rejects(db.run("SELECT 1", "cursor"), /`fetch` must be/);
});

test("a result that a limit cut says so", async () => {
  const db = await open({ rowLimit: 2 });
  const text = await db.run("SELECT n_name FROM nation ORDER BY n_name");
  assert.match(text, /^\[.*\]\n\(There are more rows than these 2: a limit cut them\.\)$/);
  assert.equal(JSON.parse(await (await open({ rowLimit: 0 })).run("SELECT n_name FROM nation")).length, 25);
  assert.deepEqual(JSON.parse(await (await open({ maxStringLength: 5 })).run("SELECT 'a long text' AS t")), [{ t: "a ..." }]);
});

test("LangChain's tools list, describe and ask", async () => {
  const db = await open({ customDescription: { region: "Parts of the world." } });
  assert.equal(await new ListTablesSqlTool(db).invoke(""), "nation, region");
  const info = await new InfoSqlTool(db).invoke("nation, region");
  assert.match(info, /CREATE TABLE nation[\s\S]*n_nationkey[\s\S]*Parts of the world\.\s+CREATE TABLE region/);
  assert.match(await new InfoSqlTool(db).invoke("moon"), /not found/);
  assert.equal(await new QuerySqlTool(db).invoke("SELECT count(*) AS n FROM nation"), '[{"n":25}]');
  // what went wrong is for the model to read
  assert.match(await new QuerySqlTool(db).invoke("SELECT nothing FROM nation"), /Error.*nothing/i);
  assert.match(await new QuerySqlTool(db).invoke("DROP TABLE nation"), /Error/);
});

test("LangChain's SQL agent runs on its toolkit, unmodified", async () => {
  const says = [
    "Thought: which tables are there?\nAction: list-tables-sql\nAction Input: \"\"",
    "Thought: what is in it?\nAction: info-sql\nAction Input: nation",
    "Thought: I can ask.\nAction: query-sql\nAction Input: SELECT count(*) AS nations FROM nation",
    "Thought: I now know the final answer\nFinal Answer: There are 25 nations.",
  ];
  const llm = new Scripted({ responses: says });
  const toolkit = new SqlToolkit(await open(), llm);
  toolkit.dialect = "databricks";
  const { output, intermediateSteps } = await createSqlAgent(llm, toolkit).invoke({ input: "How many nations are there?" });
  assert.equal(output, "There are 25 nations.");
  assert.equal(intermediateSteps[0].observation, "nation, region");
  assert.match(intermediateSteps[1].observation, /CREATE TABLE nation/);
  assert.equal(intermediateSteps[2].observation, '[{"nations":25}]');
});

test("LangChain's SQL chains write and run statements", async () => {
  const db = await open();
  const chain = await createSqlQueryChain({ llm: new Scripted({ responses: ["SELECT count(*) FROM nation"] }), db, dialect: "sqlite" });
  assert.equal(await chain.invoke({ question: "How many nations are there?" }), "SELECT count(*) FROM nation");
  const asked = new SqlDatabaseChain({ llm: new Scripted({ responses: ["SELECT count(*) AS n FROM region", "There are 5 regions."] }), database: db });
  assert.deepEqual(await asked.invoke({ query: "How many regions are there?" }), { result: "There are 5 regions." });
});

test("createAgent asks the database through a tool, over ChatDatabricks", async () => {
  const db = await open();
  const executeSql = tool(({ query }) => db.run(query), { name: "execute_sql", description: "Execute a READ-ONLY SQL SELECT query and return results.", schema: z.object({ query: z.string() }) });
  const agent = createAgent({ model: new ChatDatabricks({ ...workspace, endpoint: llama }), tools: [executeSql], systemPrompt: `You are a careful SQL analyst. The schema:\n${await db.getTableInfo()}` });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "How many nations are there?" }] });
  assert.ok(messages.some((message) => message.getType() === "tool" && /25/.test(message.content)));
  assert.match(messages.at(-1).text, /25/);
});

test("nothing of the credentials is inspected or serialised; bad fields are refused", async () => {
  const db = await open();
  for (const text of [inspect(db, { depth: 9, showHidden: true }), JSON.stringify(db), JSON.stringify(db.serialize())]) assert.ok(!text.includes(token));
  assert.deepEqual(db.serialize(), { _type: "sql_database", appDataSourceOptions: { type: "databricks", database: "samples", schema: "tpch" }, includesTables: ["nation", "region"], ignoreTables: [], sampleRowsInTableInfo: 3 });
  assert.throws(() => new SqlDatabase({}), /fromDatabricks/);
  await assert.rejects(SqlDatabase.fromDatabricks({ ...workspace, catalog: "samples", schema: "tpch" }), /warehouse/i);
  await assert.rejects(open({ rowLimit: -1 }), /rowLimit/);
  await assert.rejects(open({ readOnly: "no" }), /readOnly/);
  await assert.rejects(open({ includeTables: ["moon"] }), /moon/);
});
