// Statements are run, looked at, cancelled, and their results read: over a scripted fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, json, never, refusal, scripted, withClock } from "./fakes.mjs";
import { entry } from "./package.mjs";

const { StatementExecution, Warehouses, param, quoteIdentifier } = await import(entry("./data"));
const ID = "01ef";
const STORE = "https://store.example";
const ROOT = "https://workspace.example/api/2.0/sql/statements";
const COLUMNS = [{ name: "id", type_name: "LONG", type_text: "BIGINT", position: 0 }, { name: "s", type_name: "STRING", type_text: "STRING", position: 1 }];

const state = (word, more = {}) => json({ statement_id: ID, status: { state: word, ...more } });
const rows = (from, to) => JSON.stringify(Array.from({ length: to - from }, (_, at) => [`${from + at}`, `r${from + at}`]));
const chunk = (at) => new Response(rows(at * 5, at * 5 + 5));

/** An answer with its rows in it. */
const inline = (data_array, { columns = COLUMNS, manifest = {} } = {}) => json({
  statement_id: ID, status: { state: "SUCCEEDED" },
  manifest: { format: "JSON_ARRAY", schema: { column_count: columns.length, columns }, total_chunk_count: 1, total_row_count: data_array.length, ...manifest },
  result: { chunk_index: 0, row_offset: 0, row_count: data_array.length, data_array },
});

const link = (at, more = {}) => ({
  external_links: [{ chunk_index: at, row_offset: at * 5, row_count: 5, byte_count: rows(at * 5, at * 5 + 5).length, external_link: `${STORE}/${at}?sig=CANARY`, ...(at < 9 && { next_chunk_index: at + 1 }), ...more }],
});

/** Ten chunks of five rows behind links; the first link is in the answer. */
const linked = (first = {}, manifest = {}) => json({
  statement_id: ID, status: { state: "SUCCEEDED" },
  manifest: {
    format: "JSON_ARRAY", schema: { column_count: 2, columns: COLUMNS }, total_chunk_count: 10, total_row_count: 50,
    chunks: Array.from({ length: 10 }, (_, at) => ({ chunk_index: at, row_offset: at * 5, row_count: 5, byte_count: rows(at * 5, at * 5 + 5).length })), ...manifest,
  },
  result: link(0, first),
});

/** A workspace and a store; `also` answers first, when it answers. */
const served = (also = () => undefined, first, manifest) => (call, count) => {
  const own = also(call, count);
  if (own !== undefined) return own;
  const { url } = call;
  if (url.startsWith(STORE)) return chunk(Number(/\/(\d)\?/.exec(url)[1]));
  if (url.includes("/result/chunks/")) return json(link(Number(url.split("/").pop())));
  return linked(first, manifest);
};

const at = (answers, options) => {
  const { client, calls } = scripted(answers);
  return { sql: new StatementExecution(client, { warehouseId: "w", ...options }), client, calls };
};
const ids = async (result) => {
  const out = [];
  for await (const { id } of result) out.push(Number(id));
  return out;
};
const FIFTY = Array.from({ length: 50 }, (_, at) => at);
const path = ({ method, url }) => `${method} ${url.replace(ROOT, "").replace(STORE, "store")}`;

test("N1: waits by growing steps and goes on over passing errors", () => withClock(async () => {
  const answers = [state("PENDING"), state("RUNNING"), ...Array.from({ length: 9 }, () => refusal(503)), state("RUNNING"), inline([["1", "a"]])];
  const { sql, calls } = at(answers);
  const result = await sql.execute("SELECT 1");
  assert.deepEqual(await result.all(), { rows: [{ id: 1n, s: "a" }], columns: COLUMNS, truncated: false });
  assert.equal(calls.filter(({ method }) => method === "POST").length, 1);
  assert.equal(result.statementId, ID);
}));

test("N2: failed, cancelled and closed statements are typed", async () => {
  const { sql } = at(() => state("FAILED", { sql_state: "42P01", error: { error_code: "BAD_REQUEST", message: "[TABLE_OR_VIEW_NOT_FOUND] no such table" } }));
  const failed = await failure(sql.execute("SELECT 1"), "StatementFailed");
  assert.deepEqual([failed.sqlState, failed.statementId, failed.state, failed.errorCode], ["42P01", ID, "FAILED", "BAD_REQUEST"]);
  assert.match(failed.message, /TABLE_OR_VIEW_NOT_FOUND/);
  assert.equal((await failure(at(() => state("CANCELED")).sql.execute("x"), "StatementFailed")).state, "CANCELED");
  assert.match((await failure(at(() => state("CLOSED")).sql.execute("x"), "ResultExpired")).message, /no longer kept/);
});

test("N3: an unknown state is waited for until the deadline and named", () => withClock(async () => {
  const { sql, calls } = at(() => state("BREWING"));
  const late = await failure(sql.execute("x", { timeoutMs: 30_000 }), "DeadlineExceeded");
  assert.match(late.message, /BREWING/);
  assert.ok(calls.map(path).includes(`POST /${ID}/cancel`));
}));

test("N4: an ambiguous submit is not repeated", async () => {
  for (const answer of [() => new TypeError("fetch failed"), () => refusal(502)]) {
    const { sql, calls } = at(answer);
    const unsure = await failure(sql.execute("INSERT"));
    assert.equal(calls.length, 1);
    assert.ok(unsure.maybeProcessed);
    assert.match(unsure.message, /may be running/);
  }
  const refused = await failure(at(() => refusal(403)).sql.execute("x"), "PermissionDenied");
  assert.doesNotMatch(refused.message, /may be running/);
});

test("N5: an abort cancels and tells what became of the statement", () => withClock(async () => {
  for (const [word, told] of [["CANCELED", /It was cancelled/], ["SUCCEEDED", /already finished/], ["RUNNING", /may still be/]]) {
    const stop = new AbortController();
    let looks = 0;
    const { sql, calls } = at(({ url, method }) => {
      if (url.endsWith("/cancel")) return json({});
      if (method === "GET" && ++looks === 2) stop.abort(new Error("enough"));
      return state(looks < 2 ? "RUNNING" : word);
    });
    const aborted = await failure(sql.execute("x", { signal: stop.signal }), "Cancelled");
    assert.match(aborted.message, told);
    assert.deepEqual([aborted.cause?.message, aborted.state, aborted.statementId], ["enough", word, ID]);
    assert.ok(calls.map(path).includes(`POST /${ID}/cancel`));
  }
  const { sql, calls } = at(() => state("PENDING"));
  await failure(sql.execute("x", { signal: AbortSignal.abort() }), "Cancelled");
  assert.equal(calls.length, 0);
}));

test("N5: an abort while it is sent waits for the id to cancel it", () => withClock(async () => {
  const stop = new AbortController();
  const { sql, calls } = at(({ url }) => {
    if (url !== ROOT) return url.endsWith("/cancel") ? json({}) : state("CANCELED");
    stop.abort();
    return new Promise((resolve) => setTimeout(() => resolve(state("PENDING")), 2000));
  });
  assert.match((await failure(sql.execute("x", { signal: stop.signal }), "Cancelled")).message, /It was cancelled/);
  assert.deepEqual(calls.map(path).slice(0, 2), ["POST ", `POST /${ID}/cancel`]);
}));

test("N6: leaving a loop of rows lets go of what is under way", async () => {
  const open = [];
  const { sql } = at(served(({ url, signal }) => {
    if (!url.startsWith(`${STORE}/1`) && !url.startsWith(`${STORE}/2`)) return undefined;
    open.push(signal);
    return never({ signal });
  }));
  for await (const { id } of await sql.execute("x")) if (id === 4n) break;
  assert.ok(open.length > 0 && open.every(({ aborted }) => aborted));
});

test("N7: only the chunk that failed is fetched again; order is kept", async () => {
  let failed = false;
  const { sql, calls } = at(served(({ url }) => {
    if (!url.startsWith(`${STORE}/3`) || failed) return undefined;
    failed = true;
    return new Response("", { status: 500 });
  }));
  assert.deepEqual(await ids(await sql.execute("x")), FIFTY);
  const fetched = calls.map(path).filter((one) => one.startsWith("GET store"));
  assert.deepEqual(fetched.length, 11);
  assert.equal(fetched.filter((one) => one.startsWith("GET store/3")).length, 2);
  const result = await sql.execute("x");
  assert.deepEqual([await ids(result), await ids(result)], [FIFTY, FIFTY]);
});

test("N8: an expired link is renewed", async () => {
  for (const status of [403, 400, 404]) {
    let refused = 0;
    const { sql, calls } = at(served(({ url }) => (url.startsWith(`${STORE}/4`) && refused++ === 0 ? new Response("<Signature>CANARY", { status }) : undefined)));
    assert.deepEqual(await ids(await sql.execute("x", { prefetch: 0 })), FIFTY);
    assert.equal(calls.map(path).filter((one) => one === `GET /${ID}/result/chunks/4`).length, 2);
  }
  const { sql, calls } = at(served(undefined, { expiration: "2020-01-01T00:00:00Z" }));
  assert.deepEqual(await ids(await sql.execute("x")), FIFTY);
  assert.ok(calls.map(path).includes(`GET /${ID}/result/chunks/0`));
  const refused = await failure(ids(await at(served(({ url }) => (url.startsWith(STORE) ? new Response("CANARY", { status: 403 }) : undefined))).sql.execute("x")), "PermissionDenied");
  assert.doesNotMatch(`${refused.stack} ${JSON.stringify(refused)}`, /CANARY/);
});

test("N9: a download that breaks off goes on where it was", async () => {
  let broken = 0;
  const { sql } = at(served(({ url }) => {
    if (!url.startsWith(`${STORE}/2`) || broken++ > 1) return undefined;
    const bytes = new TextEncoder().encode(rows(10, 15)).subarray(0, 20);
    return new Response(new ReadableStream({ pull: (to) => (bytes.sent ? to.error(new Error("gone")) : ((bytes.sent = true), to.enqueue(bytes))) }, { highWaterMark: 0 }));
  }));
  assert.deepEqual(await ids(await sql.execute("x")), FIFTY);
  assert.equal(broken, 3);
});

test("N10: missing rows and bytes are corrupt", async () => {
  for (const [first, body] of [[{ byte_count: 9 }, rows(0, 5)], [{ byte_count: undefined }, rows(0, 4)], [{ row_count: 6 }, rows(0, 5)]]) {
    const { sql } = at(served(({ url }) => (url.startsWith(STORE) ? new Response(body) : undefined), first));
    await failure(ids(await sql.execute("x")), "ResultCorrupt");
  }
  await failure(ids(await at(() => inline([["1", "a"]], { manifest: { total_row_count: 2 } })).sql.execute("x")), "ResultCorrupt");
});

test("N11: a truncated result cannot be missed", async () => {
  const cut = () => inline([["1", "a"]], { manifest: { truncated: true } });
  const result = await at(cut).sql.execute("x");
  assert.equal(result.truncated, true);
  await failure(result.all(), "ResultTruncated");
  // one row came of two: it was not the caller's limit that cut them
  await failure((await at(cut).sql.execute("x", { rowLimit: 2 })).all(), "ResultTruncated");
  for (const options of [{ rowLimit: 1 }, { rowLimit: 2, byteLimit: 9 }, { allowTruncated: true }]) {
    const { truncated, rows: list } = await (await at(cut).sql.execute("x", options)).all();
    assert.deepEqual([truncated, list.length], [true, 1]);
  }
});

test("N12: chunks that loop or skip are errors", async () => {
  for (const next_chunk_index of [0, 2]) await failure(ids(await at(served(undefined, { next_chunk_index })).sql.execute("x")), "ResultCorrupt");
  await failure(at(served(undefined, {}, { total_chunk_count: 9 })).sql.execute("x"), "ResultCorrupt");
});

test("N13: extra headers go to the store alone, and nothing of the client's does", async () => {
  const { sql, calls } = at(served(undefined, { http_headers: { "X-Key": "CANARY-key" } }));
  await ids(await sql.execute("x"));
  const store = calls.filter(({ url }) => url.startsWith(STORE));
  assert.deepEqual([...store[0].headers], [["x-key", "CANARY-key"]]);
  assert.ok(store.every(({ headers, init }) => !headers.has("authorization") && init.credentials === "omit"));
  // workers know no "error": a redirect is an answer that is refused
  assert.ok(store.every(({ init }) => init.redirect === "manual"));
  const moved = at(served(({ url }) => (url.startsWith(STORE) ? new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }) : undefined)));
  assert.equal((await failure(ids(await moved.sql.execute("x")), "PermissionDenied")).status, 302);
  assert.ok(calls.every(({ url, headers }) => url.startsWith(STORE) || !headers.has("x-key")));
  // workerd knows no `redirect: "error"`: what would lead elsewhere is taken as it is, and refused
  assert.ok(store.every(({ init }) => init.redirect === "manual"));
  const elsewhere = at(served(({ url }) => (url.startsWith(STORE) ? new Response(null, { status: 302, headers: { location: "https://other.example" } }) : undefined)));
  await failure(ids(await elsewhere.sql.execute("x")), "PermissionDenied");
  assert.ok(elsewhere.calls.every(({ url }) => !url.startsWith("https://other.example")));
  const own = await failure(ids(await at(served(undefined, { http_headers: { Authorization: "CANARY" } })).sql.execute("x")), "InvalidInput");
  assert.doesNotMatch(own.message, /CANARY/);
});

test("N14: values go beside the text, which stays as it is", async () => {
  const text = "SELECT * FROM t WHERE a = :a -- ':b'";
  const { sql, calls } = at(() => inline([]));
  const values = ["'; DROP TABLE t; --", "\"'`", "\0", "\\", ":a", "é😀\n", "x".repeat(1 << 20)];
  for (const value of values) await sql.execute(text, { parameters: { a: value } });
  calls.forEach(({ json: body }, place) => {
    assert.equal(body.statement, text);
    assert.deepEqual(body.parameters, [{ name: "a", value: values[place], type: "STRING" }]);
  });
  await sql.execute(text, { parameters: { a: null, b: 5, c: 2 ** 40, d: 0.5, e: true, f: 5n, g: new Date(0), h: param.decimal("9.50", 10, 2), i: param.date("2024-03-09"), j: param.null("INT"), k: -0 } });
  const typed = calls.at(-1).json.parameters.map(({ value = null, type }) => [value, type]);
  assert.deepEqual(typed, [
    [null, "STRING"], ["5", "INT"], ["1099511627776", "BIGINT"], ["0.5", "DOUBLE"], ["true", "BOOLEAN"], ["5", "BIGINT"], ["1970-01-01T00:00:00.000Z", "TIMESTAMP"],
    ["9.50", "DECIMAL(10,2)"], ["2024-03-09", "DATE"], [null, "INT"], ["-0.0", "DOUBLE"],
  ]);
  for (const bad of [{ a: undefined }, { a: {} }, { a: Symbol("x") }, { a: 2n ** 64n }, { a: "\ud800" }, { "": "x" }, { ":a": "x" }, ["x"]]) await failure(sql.execute(text, { parameters: bad }), "InvalidInput");
  assert.throws(() => param.decimal(9.5, 10, 2), /may have lost/);
});

test("N15: names are quoted or refused", () => {
  assert.equal(quoteIdentifier("main", "a`; DROP"), "`main`.`a``; DROP`");
  for (const bad of [[], [""], ["a\0b"], [1]]) assert.throws(() => quoteIdentifier(...bad), { kind: "InvalidInput" });
});

test("N16: every type comes without loss", async () => {
  const types = ["LONG", "DECIMAL", "TIMESTAMP", "BINARY", "INTERVAL", "STRUCT", "DATE", "BOOLEAN", "SHORT", "DOUBLE", "NEW", "ARRAY"];
  const cells = [
    "9223372036854775807", "12345678901234567890123456789012345678", "2021-01-01T10:00:00.000-08:00", "AP8Q", "1 02:03:04.5",
    '{"a":12345678901234567890,"n1":"n12345678901234567890","b":[1.5,-9007199254740993,7]}', "2024-03-09", "true", "-7", "0.30000000000000004", "é😀\"\\", "[1,2]",
  ];
  const columns = types.map((type_name, position) => ({ name: type_name, type_name, position }));
  const result = await at(() => inline([cells, cells.map(() => null)], { columns })).sql.execute("x");
  const { rows: [row, nulls] } = await result.all();
  assert.deepEqual(row, {
    LONG: 9223372036854775807n, DECIMAL: cells[1], TIMESTAMP: cells[2], BINARY: Uint8Array.of(0, 255, 16), INTERVAL: cells[4],
    STRUCT: { a: 12345678901234567890n, n1: "n12345678901234567890", b: [1.5, -9007199254740993n, 7] }, DATE: cells[6], BOOLEAN: true, SHORT: -7, DOUBLE: 0.30000000000000004, NEW: cells[10], ARRAY: [1, 2],
  });
  assert.ok(Object.values(nulls).every((value) => value === null));
  for await (const batch of result.batches()) {
    assert.ok(batch.column("LONG").values instanceof BigInt64Array && batch.column("SHORT").values instanceof Int32Array && batch.column("DOUBLE").values instanceof Float64Array);
    assert.deepEqual([batch.length, batch.column("DECIMAL").get(0), batch.column("DECIMAL").get(1), batch.column("STRUCT").text(0), batch.column("LONG").isNull(1)], [2, cells[1], null, cells[5], true]);
    assert.deepEqual(batch.column("BOOLEAN").toArray(), [true, null]);
  }
  const other = await at(() => inline([cells], { columns })).sql.execute("x", { decimals: "number", nested: "text", binary: "text", timestamps: "date" });
  const [loose] = (await other.all()).rows;
  assert.deepEqual([loose.DECIMAL, loose.STRUCT, loose.BINARY, loose.TIMESTAMP], [1.2345678901234568e37, cells[5], "AP8Q", new Date("2021-01-01T18:00:00Z")]);
});

test("N16: numbers inside nested cells lose no digit, and texts stay texts", async () => {
  const cells = ['["\\u006e12345678901234567",12345678901234567]', "[12345678901234567.89,0.30000000000000004,1.5]", "7"];
  const columns = [{ name: "a", type_name: "ARRAY", type_text: "ARRAY<STRING>" }, { name: "d", type_name: "ARRAY", type_text: "ARRAY<DECIMAL(38,2)>" }, { name: "bare" }];
  const { rows: [row] } = await (await at(() => inline([cells], { columns })).sql.execute("x")).all();
  assert.deepEqual(row, { a: ["n12345678901234567", 12345678901234567n], d: ["12345678901234567.89", 0.30000000000000004, 1.5], bare: "7" });
  const broken = await failure((await at(() => inline([["[1]"], ["[NaN]"]], { columns: [columns[1]] })).sql.execute("x")).all(), "Decode");
  assert.match(broken.message, /Row 1 .*`d`/);
  for (const value of [1e21, Number.MAX_VALUE]) {
    const refused = await failure(at(() => inline([])).sql.execute("x", { parameters: { big: value } }), "InvalidInput");
    assert.match(refused.message, /`big`.*param\.double/);
  }
});

test("N17: a statement that is gone says so", () => withClock(async () => {
  const gone = await failure(at([state("RUNNING"), refusal(404)]).sql.execute("x"), "ResultExpired");
  assert.equal(gone.status, 404);
  await failure(ids(await at(served(({ url }) => (url.includes("/result/chunks/") ? refusal(404) : undefined))).sql.execute("x")), "ResultExpired");
}));

test("N18: a next chunk on another host is refused", async () => {
  for (const next_chunk_internal_link of ["https://evil.example/1", "//evil.example/1", "\\\\evil"]) {
    const { sql, calls } = at(served(undefined, { next_chunk_internal_link }));
    await failure(ids(await sql.execute("x", { prefetch: 0 })), "Protocol");
    assert.ok(calls.every(({ url }) => !url.includes("evil")));
  }
});

test("chunks ahead are bounded by number and by bytes, and memory by its limit", async () => {
  for (const [options, most] of [[{ prefetch: 0 }, 1], [{ prefetch: 2 }, 3], [{ prefetch: 5, prefetchBytes: 10 }, 1]]) {
    const asked = new Set();
    const { sql } = at(served(({ url, signal }) => {
      if (!url.startsWith(STORE)) return undefined;
      asked.add(url);
      return never({ signal });
    }));
    const stop = new AbortController();
    const result = await sql.execute("x", { ...options, signal: stop.signal });
    const next = failure(result.batches().next(), "Cancelled");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(asked.size, most);
    stop.abort();
    await next;
  }
});

test("statements without a result have no rows; strange options are refused", async () => {
  const ddl = json({ statement_id: ID, status: { state: "SUCCEEDED" }, manifest: { format: "JSON_ARRAY", schema: { column_count: 0 }, total_chunk_count: 0, total_row_count: 0 }, result: {} });
  const { sql } = at([ddl]);
  assert.deepEqual((await (await sql.execute("CREATE TABLE t")).all()).rows, []);
  for (const options of [{ rowlimit: 1 }, { rowLimit: -1 }, { disposition: "INLINE", format: "CSV" }, { format: "XML" }, { decimals: "float" }, { timeoutMs: 0 }, { prefetch: 1.5 }]) {
    await failure(sql.execute("x", options), "InvalidInput");
  }
  await failure(sql.execute(""), "InvalidInput");
  await failure(sql.execute(), "InvalidInput");
  await failure(() => new StatementExecution({}), "InvalidInput");
});

test("a row whose column is named __proto__ is an ordinary object", async () => {
  const columns = [{ name: "__proto__", type_name: "STRING" }, { name: "a", type_name: "INT" }];
  const { rows: [row] } = await (await at(() => inline([["x", "1"]], { columns })).sql.execute("x")).all();
  assert.equal(Object.getPrototypeOf(row), Object.prototype);
  assert.deepEqual(Object.entries(row), [["__proto__", "x"], ["a", 1]]);
});

test("warehouses are listed, chosen, changed and waited for", () => withClock(async () => {
  const pages = [json({ warehouses: [{ id: "a", state: "STOPPED" }], next_page_token: "2" }), json({ warehouses: [{ id: "b", state: "RUNNING" }] })];
  const { client, calls } = scripted([...pages, json({}), json({ id: "n" }), json({}), json({}), json({}), json({ id: "b", state: "STARTING" }), refusal(503), json({ id: "b", state: "RUNNING" })]);
  const warehouses = new Warehouses(client);
  assert.equal(await warehouses.choose(), "b");
  await warehouses.start("b");
  assert.equal(await warehouses.create({ name: "n", cluster_size: "2X-Small" }), "n");
  await warehouses.edit("n", { auto_stop_mins: 5 });
  await warehouses.stop("n");
  await warehouses.delete("n");
  assert.equal((await warehouses.waitUntilRunning("b")).state, "RUNNING");
  const root = "/api/2.0/sql/warehouses";
  assert.deepEqual(calls.slice(0, 8).map(({ method, url }) => `${method} ${url.replace("https://workspace.example", "")}`), [
    `GET ${root}`, `GET ${root}?page_token=2`, `POST ${root}/b/start`, `POST ${root}`, `POST ${root}/n/edit`, `POST ${root}/n/stop`, `DELETE ${root}/n`, `GET ${root}/b`,
  ]);
  const circles = new Warehouses(scripted(() => json({ next_page_token: "1" })).client);
  await failure(circles.list(), "Protocol");
  await failure(new Warehouses(scripted(() => json({ state: "STOPPED" })).client).waitUntilRunning("x"), "OperationFailed");
  await failure(new Warehouses(scripted(() => json({ warehouses: [] })).client).choose(), "NotFound");
}));
