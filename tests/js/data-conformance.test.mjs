// The scenarios of data that both faces must pass, against a running emulator; the Rust face has them in
// tests/conformance_data.rs. Those about statements and functions need the emulator's SQL engine.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { LLAMA, emulator, fault } from "./emulator.mjs";
import { entry } from "./package.mjs";

const { Filter, StatementExecution, UCFunctionToolkit, VectorSearch, param } = await import(entry("./data"));
const { LAKEWIRE_EMULATOR: host, LAKEWIRE_ENGINE: engine, LAKEWIRE_REQUIRED: required } = process.env;
const skip = !(host && engine) && !required && "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE";
const { client: make } = await emulator();
const WAREHOUSE = "emulator-warehouse";
const LONG = 9007199254740993n;

/** Runs a scenario with an index of long keys, and deletes it. */
async function withIndex(scenario) {
  const { client } = make();
  const search = new VectorSearch(client);
  const name = `main.default.conformance_${randomUUID().replaceAll("-", "")}`;
  await search.createIndex({
    name, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { schema_json: { id: "long", lang: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 2 }] },
  });
  try {
    const index = search.index(name);
    await index.waitUntilReady();
    await scenario(index);
  } finally {
    await search.index(name).delete();
  }
}

const rows = () => [
  { id: LONG, lang: "en", vec: [1, 0] },
  { id: LONG + 2n, lang: "de", vec: [0.9, 0.1] },
  { id: 3, lang: "en", vec: [0.6, 0.8] },
  { id: 4, lang: "en", vec: [0, 1] },
];

test("a statement with named parameters gives typed rows", { skip }, async () => {
  const sql = new StatementExecution(make().client, { warehouseId: WAREHOUSE });
  const parameters = { word: "it's", long: LONG, price: param.decimal("19.90", 10, 2) };
  const result = await sql.execute("SELECT :word AS word, :long AS long, :price AS price, CAST(NULL AS INT) AS none", { parameters });
  assert.deepEqual(result.columns.map(({ type_name }) => type_name), ["STRING", "LONG", "DECIMAL", "INT"]);
  assert.deepEqual((await result.all()).rows, [{ word: "it's", long: LONG, price: "19.90", none: null }]);
});

test("chunks come by external links", { skip }, async () => {
  const sql = new StatementExecution(make().client, { warehouseId: WAREHOUSE });
  const result = await sql.execute("SELECT id FROM range(300000)", { disposition: "EXTERNAL_LINKS" });
  let [count, batches] = [0, 0];
  for await (const batch of result.batches()) {
    assert.equal(batch.column("id").get(0), BigInt(count));
    count += batch.length;
    batches += 1;
  }
  assert.equal(count, 300_000);
  assert.ok(batches > 1);
});

test("a vector query filters and goes on to the next page", async () => {
  await withIndex(async (index) => {
    assert.ok((await index.upsert(rows())).isComplete);
    const found = [];
    const query = { columns: ["id"], query_vector: [1, 0], num_results: 3, filters: Filter.eq("lang", "en") };
    const first = await index.query(query, fault({ vector: { page_rows: 2 } }));
    for (let page = first; page !== undefined; page = await index.nextPage(page)) found.push(page.rows.map(({ id }) => id));
    assert.deepEqual(found, [[LONG, 3], [4]]);
    assert.deepEqual((await index.query({ ...query, filters: { id: LONG } })).rows.map(({ id }) => id), [LONG]);
    const all = [];
    for await (const { id } of index.scan({ pageSize: 2 })) all.push(id);
    assert.deepEqual(all, [3, 4, LONG, LONG + 2n]);
    assert.ok((await index.deleteRows([all[2]])).isComplete);
    const left = [];
    for await (const { id } of index.scan()) left.push(id);
    assert.deepEqual(left, [3, 4, LONG + 2n]);
  });
});

test("a function of Unity Catalog is a tool", { skip }, async () => {
  const { client } = make();
  const toolkit = new UCFunctionToolkit(client, { functionNames: ["main.tools.add_tax"], warehouseId: WAREHOUSE, plainSchemas: true });
  const run = await client.chat(LLAMA).runTools("What does an article of 100 euros cost with the usual tax?", { tools: await toolkit.tools() });
  assert.equal(run.steps, 2);
  assert.ok(run.answer.text.includes("120"), run.answer.text);
});

test("O1: an upsert tells of the key that failed", async () => {
  await withIndex(async (index) => {
    const report = await index.upsert(rows(), fault({ vector: { failed_keys: [`${LONG}`] } }));
    assert.deepEqual([report.isComplete, report.failedKeys], [false, [`${LONG}`]]);
    const again = await report.resend({ headers: {} });
    assert.deepEqual([again.isComplete, again.writtenKeys], [true, [`${LONG}`]]);
  });
});
