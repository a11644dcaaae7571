// Statements that an engine really runs, behind the emulator: every type it has by both ways, Arrow as `apache-arrow`
// reads it, CSV, parameters. The Rust face has the same in tests/sql_engine.rs. The engine has no VARIANT and no CHAR.
//
//   LAKEWIRE_EMULATOR, LAKEWIRE_ENGINE   an emulator with its engine; `npm test` starts both

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test as always } from "node:test";
import { RecordBatchReader, tableFromIPC } from "apache-arrow";
import { failure } from "./fakes.mjs";
import { WorkspaceClient, entry } from "./package.mjs";

const { StatementExecution, param } = await import(entry("./data"));
const { LAKEWIRE_EMULATOR: host, LAKEWIRE_ENGINE: engine, LAKEWIRE_REQUIRED: required } = process.env;
const skip = !(host && engine) && !required && "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE";
const test = (name, run) => always(name, { skip }, () => run(new StatementExecution(new WorkspaceClient({ host, token: "dapi-emulator" }), { warehouseId: "emulator-warehouse" })));

const CASES = JSON.parse(await readFile(new URL("../fixtures/sql_types.json", import.meta.url), "utf8"));
const EVERY = `SELECT ${CASES.map(({ sql }, at) => `${sql} AS c${at}`).join(", ")}`;
/** Some more than a chunk holds. */
const MANY = 300_000;
const RANGE = `SELECT id, concat('row ', CAST(id AS STRING)) AS name, CAST(NULL AS INT) AS none FROM range(${MANY})`;

/** What JavaScript makes of a cell. */
function value(type, text) {
  if (text === null) return null;
  if (["BYTE", "SHORT", "INT", "FLOAT", "DOUBLE"].includes(type)) return Number(text);
  if (type === "LONG") return BigInt(text);
  if (type === "BOOLEAN") return text === "true";
  if (type === "BINARY") return Uint8Array.from(Buffer.from(text, "base64"));
  if (type === "ARRAY") return [9007199254740993n, null];
  return ["MAP", "STRUCT"].includes(type) ? JSON.parse(text) : text;
}

for (const disposition of ["INLINE", "EXTERNAL_LINKS"]) {
  test(`n16 every type of the engine comes without loss, ${disposition}`, async (sql) => {
    const result = await sql.execute(EVERY, { disposition });
    const { rows: [row, ...more] } = await result.all();
    assert.equal(more.length, 0);
    assert.deepEqual(result.columns.map(({ type_name }) => type_name), CASES.map(({ type }) => type));
    CASES.forEach(({ sql, type, text }, at) => assert.deepEqual(row[`c${at}`], value(type, text), `${sql} (${type})`));
    // as columns, and as the text that came
    for await (const batch of await sql.execute(EVERY, { disposition, nested: "text", binary: "text" }).then((again) => again.batches())) {
      CASES.forEach(({ type, text }, at) => {
        const kept = ["MAP", "STRUCT", "ARRAY", "BINARY"].includes(type) ? text : value(type, text);
        assert.deepEqual(batch.columns[at].get(0), kept);
        assert.equal(batch.columns[at].isNull(0), text === null);
      });
    }
  });

  test(`rows come in order over all chunks, ${disposition}`, async (sql) => {
    const result = await sql.execute(RANGE, { disposition });
    let seen = 0;
    for await (const { id, name, none } of result) {
      if (id !== BigInt(seen) || name !== `row ${seen}` || none !== null) assert.fail(`row ${seen} is ${id}, ${name}, ${none}`);
      seen += 1;
    }
    assert.deepEqual([seen, result.rowCount, result.truncated], [MANY, MANY, false]);
  });
}

test("apache-arrow reads arrow() as it is, whole and as a stream, over several chunks", async (sql) => {
  const result = await sql.execute(RANGE, { format: "ARROW_STREAM" });
  const table = await tableFromIPC(result.arrow());
  assert.deepEqual(table.schema.fields.map(({ name }) => name), ["id", "name", "none"]);
  assert.equal(table.numRows, MANY);
  let sum = 0n;
  for (const id of table.getChild("id")) sum += id;
  assert.equal(sum, (BigInt(MANY) * BigInt(MANY - 1)) / 2n);
  assert.deepEqual(table.get(MANY - 1).toJSON(), { id: BigInt(MANY - 1), name: `row ${MANY - 1}`, none: null });

  const reader = await RecordBatchReader.from(result.arrow());
  let rows = 0;
  for await (const batch of reader) rows += batch.numRows;
  assert.equal(rows, MANY);
});

test("apache-arrow reads each of chunks() by itself", async (sql) => {
  const result = await sql.execute(RANGE, { format: "ARROW_STREAM" });
  let rows = 0;
  let chunks = 0;
  for await (const bytes of result.chunks()) {
    const table = tableFromIPC(bytes);
    assert.equal(table.getChild("name").get(0), `row ${rows}`);
    rows += table.numRows;
    chunks += 1;
  }
  assert.equal(rows, MANY);
  assert.ok(chunks > 1, `${chunks} chunks`);
});

test("Arrow holds what JSON_ARRAY says", async (sql) => {
  const table = await tableFromIPC((await sql.execute(EVERY, { format: "ARROW_STREAM" })).arrow());
  CASES.forEach(({ sql, type, text }, at) => {
    const cell = table.getChildAt(at).get(0);
    if (text === null || ["BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "BOOLEAN", "STRING", "BINARY"].includes(type)) assert.deepEqual(cell, value(type, text), sql);
    else assert.notEqual(cell, null, sql);
  });
  // decimals are 128 bits, lowest words first
  const words = table.getChildAt(CASES.findIndex(({ text }) => text === "19.90")).get(0);
  assert.equal(words[0], 1990);
});

test("an empty result in Arrow's format has its columns", async (sql) => {
  const result = await sql.execute("SELECT id FROM range(5) WHERE id > 9", { format: "ARROW_STREAM" });
  assert.deepEqual(result.columns.map(({ name }) => name), ["id"]);
  let bytes = 0;
  for await (const piece of result.arrow()) bytes += piece.length;
  if (bytes > 0) assert.equal((await tableFromIPC(result.arrow())).numRows, 0);
});

test("CSV comes as its bytes, its header once", async (sql) => {
  const result = await sql.execute(`SELECT id, 'a "b", ünï' AS name, CAST(NULL AS INT) AS none FROM range(${MANY})`, { format: "CSV" });
  const utf8 = new TextDecoder();
  let text = "";
  let chunks = 0;
  for await (const bytes of result.chunks()) {
    text += utf8.decode(bytes, { stream: true });
    chunks += 1;
  }
  const lines = text.trimEnd().split(/\r?\n/);
  assert.deepEqual(lines.slice(0, 2), ["id,name,none", '0,"a ""b"", ünï",null']);
  assert.equal(lines.length, MANY + 1);
  assert.ok(lines.at(-1).startsWith(`${MANY - 1},`));
  assert.ok(chunks > 1, `${chunks} chunks`);
});

test("N14: parameters of every type arrive as what they are", async (sql) => {
  const attack = "'; DROP TABLE t; -- \\ \" :id 🦀";
  const parameters = {
    text: attack, empty: "", whole: 7, long: 9007199254740993n, real: 0.1, truth: true, nothing: null,
    decimal: param.decimal("12345678901234567890123456789012345.678", 38, 3), date: param.date("2024-02-29"), time: param.timestamp(new Date("2021-01-01T10:00:00.123Z")), byte: param.typed("-128", "TINYINT"),
  };
  const { rows: [row] } = await (await sql.execute(`SELECT ${Object.keys(parameters).map((name) => `:${name} AS ${name}_`).join(", ")}`, { parameters })).all();
  assert.deepEqual(row, {
    text_: attack, empty_: "", whole_: 7, long_: 9007199254740993n, real_: 0.1, truth_: true, nothing_: null,
    decimal_: "12345678901234567890123456789012345.678", date_: "2024-02-29", time_: "2021-01-01T10:00:00.123Z", byte_: -128,
  });
});

test("N2: what the engine refuses carries its SQLSTATE", async (sql) => {
  const failed = await failure(sql.execute("SELECT * FROM samples.tpch.nowhere"), "StatementFailed");
  assert.equal(failed.sqlState, "42P01");
  assert.match(failed.message, /TABLE_OR_VIEW_NOT_FOUND/);
});

test("N11: a row limit is seen", async (sql) => {
  const { rows, truncated } = await (await sql.execute("SELECT id FROM range(100)", { rowLimit: 3 })).all();
  assert.deepEqual([rows.map(({ id }) => id), truncated], [[0n, 1n, 2n], true]);
});

test("statements that give nothing, and what they did", async (sql) => {
  const table = `main.default.engine_js_${process.pid}`;
  const made = await sql.execute(`CREATE TABLE ${table} (id BIGINT, note STRING)`);
  assert.deepEqual([made.columns, (await made.all()).rows], [[], []]);
  try {
    const { rows: [done] } = await (await sql.execute(`INSERT INTO ${table} VALUES (:id, :note)`, { parameters: { id: 9007199254740993n, note: "it's" } })).all();
    assert.equal(done.num_affected_rows, 1n);
    assert.deepEqual((await (await sql.execute(`SELECT * FROM ${table}`)).all()).rows, [{ id: 9007199254740993n, note: "it's" }]);
  } finally {
    await sql.execute(`DROP TABLE ${table}`);
  }
});
