// Unity Catalog and its functions as tools, over a scripted fetch.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asksFor, completion, failure, json, never, refusal, scripted, withClock } from "./fakes.mjs";
import { entry, ROOT } from "./package.mjs";

const { UCFunctionToolkit, UnityCatalog } = await import(entry("./data"));
const chatOnly = await import(entry("./chat"));
const fixture = JSON.parse(readFileSync(`${ROOT}/tests/fixtures/functions/langchain.json`, "utf8"));

const route = ({ method, url }) => `${method} ${url.replace("https://workspace.example/api/2.1/unity-catalog", "")}`;
const catalog = (answers) => {
  const { client, calls } = scripted(answers);
  return { uc: new UnityCatalog(client), calls };
};

test("every operation of Unity Catalog has its route", async () => {
  const item = { name: "n", full_name: "c.s.n" };
  const { uc, calls } = catalog(() => json({ ...item, catalogs: [item], schemas: [item], tables: [item], volumes: [item], functions: [item], table_exists: true }));
  assert.deepEqual(await uc.listCatalogs({ maxResults: 5 }).all(), [item]);
  await uc.getCatalog("c");
  await uc.listSchemas("c d").all();
  await uc.getSchema("c.s", { includeBrowse: true });
  await uc.listTables("c", "s", { omitColumns: true }).all();
  await uc.getTable("c.s.t", { includeDeltaMetadata: false });
  assert.equal(await uc.tableExists("c.s.t"), true);
  await uc.listTableSummaries("c", { tableNamePattern: "x%" }).all();
  await uc.listVolumes("c", "s").all();
  await uc.listFunctions("c", "s").all();
  await uc.getFunction("c.s.f");
  await uc.createFunction({ name: "f" });
  await uc.updateFunction("c.s.f", { owner: "ann" });
  assert.equal(await uc.deleteFunction("c.s.f", { force: true }), undefined);
  assert.deepEqual(calls.map(route), [
    "GET /catalogs?max_results=5", "GET /catalogs/c", "GET /schemas?catalog_name=c%20d", "GET /schemas/c.s?include_browse=true",
    "GET /tables?catalog_name=c&schema_name=s&omit_columns=true", "GET /tables/c.s.t?include_delta_metadata=false", "GET /tables/c.s.t/exists",
    "GET /table-summaries?catalog_name=c&table_name_pattern=x%25", "GET /volumes?catalog_name=c&schema_name=s", "GET /functions?catalog_name=c&schema_name=s",
    "GET /functions/c.s.f", "POST /functions", "PATCH /functions/c.s.f", "DELETE /functions/c.s.f?force=true",
  ]);
  assert.deepEqual(calls[11].json, { function_info: { name: "f" } });
  assert.deepEqual(calls[12].json, { owner: "ann" });
});

test("O10: pages go on over an empty one, and a token that repeats ends the list with an error", async () => {
  const { uc, calls } = catalog([json({ tables: [{ name: "a" }], next_page_token: "p 1" }), json({ next_page_token: "p2" }), json({ tables: [{ name: "b" }] })]);
  const names = [];
  for await (const { name } of uc.listTables("c", "s")) names.push(name);
  assert.deepEqual(names, ["a", "b"]);
  assert.match(calls[1].url, /page_token=p%201$/);
  const again = catalog(() => json({ tables: [], next_page_token: "same" }));
  await failure(again.uc.listTables("c", "s").all(), "Protocol");
  assert.equal(again.calls.length, 2);
  const stopped = catalog(() => json({ tables: [{}, {}], next_page_token: `${Math.random()}` }));
  for await (const _ of stopped.uc.listTables("c", "s")) break;
  assert.equal(stopped.calls.length, 1);
});

test("N15: names that cannot be are refused before anything is sent", async () => {
  const { uc, calls } = catalog([]);
  for (const act of [() => uc.getTable("orders"), () => uc.deleteFunction("a..b"), () => uc.listTables("c", "").all(), () => uc.getCatalog(""), () => uc.listCatalogs({ maxResults: -1 }).all(), () => uc.createFunction([])]) {
    await failure(act, "InvalidInput");
  }
  await failure(() => new UnityCatalog({}), "InvalidInput");
  assert.equal(calls.length, 0);
});

const described = (name, type, more = {}) => ({ name, type_text: type, type_name: type.toUpperCase(), position: 0, type_json: JSON.stringify({ name, type, nullable: true, metadata: {} }), ...more });
const TAX = {
  name: "add_tax", full_name: "main.tools.add_tax", data_type: "DOUBLE", comment: "Adds tax",
  input_params: { parameters: [described("net", "double", { comment: "Net price" }), described("rate", "double", { parameter_default: "0.2" })] },
};
const succeeded = (rows, { columns = [{ name: "x" }], truncated = false } = {}) =>
  json({ statement_id: "st1", status: { state: "SUCCEEDED" }, manifest: { schema: { columns }, truncated }, result: { data_array: rows } });
const running = (state = "RUNNING") => json({ statement_id: "st1", status: { state } });
const toolkit = (answers, options, settings) => {
  const { client, calls } = scripted(answers, settings);
  return { client, calls, kit: new UCFunctionToolkit(client, { functionNames: ["main.tools.add_tax"], warehouseId: "wh-1", ...options }) };
};

test("tools are described as the Python toolkit describes them", async () => {
  const { kit } = toolkit([json(fixture.function)], { functionNames: ["main.shop.f"] });
  const [tool] = await kit.tools();
  assert.equal(tool.function.name, "main__shop__f");
  assert.equal(tool.function.description, "Adds");
  assert.deepEqual(tool.function.parameters, fixture.schema);
  const plain = toolkit([json(fixture.function)], { functionNames: ["main.shop.f"], plainSchemas: true });
  const [simple] = await plain.kit.tools();
  assert.doesNotMatch(JSON.stringify(simple), /anyOf/);
  assert.ok(simple.function.parameters.required.includes("net"));
});

test("statements and parameters are those of the Python toolkit", async () => {
  for (const { table, arguments: args, statement, parameters } of fixture.cases) {
    // what the check refuses is the other tests' matter
    if (Object.keys(args).length < 5) continue;
    const optional = fixture.function.input_params.parameters.map((one) => ({ ...one, parameter_default: one.parameter_default ?? "NULL" }));
    const info = { ...fixture.function, input_params: { parameters: optional }, ...(table ? { data_type: "TABLE_TYPE" } : {}) };
    const { kit, calls } = toolkit([json(info), succeeded([["1"]])], { functionNames: ["main.shop.f"] });
    await kit.execute("main.shop.f", args);
    assert.equal(calls[1].json.statement, statement);
    const nested = (list) => list.map((one) => ({ ...one, value: /^[[{]/.test(one.value) ? JSON.parse(one.value) : one.value }));
    assert.deepEqual(nested(calls[1].json.parameters), nested(parameters));
  }
});

test("the model's call runs on the warehouse, in the loop of either entry, and a wrong call is told to it", async () => {
  for (const settings of ["whole", "chat"]) {
    const answers = [json(TAX), json(asksFor(["main__tools__add_tax", { gross: 1 }])), json(asksFor(["main__tools__add_tax", { net: 100 }])), succeeded([["120.0"]]), json(completion("120"))];
    const { client, calls } = scripted(answers);
    const user = settings === "whole" ? client : new chatOnly.WorkspaceClient({ host: "https://workspace.example", token: "t", fetch: async (url, init) => {
      calls.push({ url, json: init.body ? JSON.parse(new TextDecoder().decode(init.body)) : undefined });
      return answers.shift();
    } });
    const tools = await new UCFunctionToolkit(user, { functionNames: ["main.tools.add_tax"], warehouseId: "wh-1" }).tools();
    const run = await user.chat("endpoint").runTools("With tax?", { tools });
    assert.equal(run.answer.text, "120");
    const told = run.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    assert.match(told[0], /Parameter net is required but not provided/);
    assert.deepEqual(JSON.parse(told[1]), { format: "SCALAR", value: "120.0", truncated: false });
    assert.deepEqual(calls[3].json, {
      statement: "SELECT IDENTIFIER(:function_name)(:net)", warehouse_id: "wh-1",
      parameters: [{ name: "function_name", value: "main.tools.add_tax" }, { name: "net", value: 100, type: "double" }],
      wait_timeout: "30s", row_limit: 100, byte_limit: 1048576,
    });
  }
});

test("a star stands for the schema's functions; forbidden ones are an error or left out; a failure is not kept", async () => {
  const star = toolkit([json({ functions: [{ name: "a" }], next_page_token: "t" }), json({ functions: [{ name: "b", full_name: "m.s.b" }] }), json({ ...TAX, full_name: "m.s.a" }), json({ ...TAX, full_name: "m.s.b" })], { functionNames: ["m.s.*", "m.s.a"] });
  assert.deepEqual((await star.kit.functions()).map(({ full_name }) => full_name), ["m.s.a", "m.s.b"]);
  assert.match(star.calls[0].url, /max_results=100$/);
  const forbidden = () => refusal(403, { error_code: "PERMISSION_DENIED" });
  const { kit, calls } = toolkit([forbidden(), json(TAX)]);
  await failure(kit.tools(), "PermissionDenied");
  assert.equal((await kit.tools()).length, 1);
  await kit.functions();
  assert.equal(calls.length, 2);
  assert.deepEqual(await toolkit([forbidden()], { filterAccessibleFunctions: true }).kit.tools(), []);
});

test("looks are 1, 2, 4 … seconds apart; after 120 s the statement is told to stop", async () => {
  await withClock(async (clock) => {
    const { kit } = toolkit([json(TAX), running("PENDING"), running(), running("DREAMING"), succeeded([["1"]])]);
    assert.deepEqual(await kit.execute("main.tools.add_tax", { net: 1 }), { format: "SCALAR", value: "1", truncated: false });
    assert.deepEqual(clock.fired, [1000, 2000, 4000]);
    const late = toolkit((call) => (/functions/.test(call.url) ? json(TAX) : running()));
    assert.match((await late.kit.execute("main.tools.add_tax", { net: 1 })).error, /still running after 120 seconds/);
    assert.match(late.calls.at(-1).url, /\/st1\/cancel$/);
  });
});

test("N4 N5: a submit is not repeated, and a signal stops the statement", async () => {
  const lost = toolkit([json(TAX), new TypeError("fetch failed")]);
  await failure(lost.kit.execute("main.tools.add_tax", { net: 1 }));
  assert.equal(lost.calls.length, 2);
  const controller = new AbortController();
  const { kit, calls } = toolkit([json(TAX), running(), (call) => { controller.abort(); return never(call); }, json({})]);
  await failure(kit.execute("main.tools.add_tax", { net: 1 }, { signal: controller.signal }), "Cancelled");
  assert.match(calls.at(-1).url, /\/st1\/cancel$/);
});

test("N5: an abort while the statement is sent waits for its id and stops it; one whose fate is open says so", async () => {
  const controller = new AbortController();
  const { kit, calls } = toolkit([json(TAX), async () => { controller.abort(); await new Promise((done) => setTimeout(done)); return running(); }, json({})]);
  await failure(kit.execute("main.tools.add_tax", { net: 1 }, { signal: controller.signal }), "Cancelled");
  assert.deepEqual(calls.slice(1).map(({ url }) => url.replace(/.*statements/, "")), ["", "/st1/cancel"]);
  await failure(kit.execute("main.tools.add_tax", { net: 1 }, { signal: controller.signal }), "Cancelled");
  assert.equal(calls.length, 3);
  await withClock(async () => {
    const late = new AbortController();
    const silent = toolkit([json(TAX), (call) => { late.abort(); return never(call); }]);
    assert.match((await failure(silent.kit.execute("main.tools.add_tax", { net: 1 }, { signal: late.signal }), "Cancelled")).message, /may be running/);
  });
  const lost = toolkit([json(TAX), new TypeError("fetch failed")]);
  assert.match((await failure(lost.kit.execute("main.tools.add_tax", { net: 1 }))).message, /the statement may be running/);
});

test("N1: looks that fail in passing are borne; when they go on, the statement is stopped", async () => {
  await withClock(async () => {
    const once = { maxAttempts: 1 };
    const { kit } = toolkit([json(TAX), running(), refusal(503), new TypeError("fetch failed"), running(), refusal(503), succeeded([["1"]])]);
    assert.equal((await kit.execute("main.tools.add_tax", { net: 1 }, once)).value, "1");
    const gone = toolkit((call) => (/functions/.test(call.url) ? json(TAX) : call.method === "GET" ? refusal(503) : running()));
    assert.equal((await failure(gone.kit.execute("main.tools.add_tax", { net: 1 }, once))).status, 503);
    assert.equal(gone.calls.filter(({ method, url }) => method === "GET" && /st1$/.test(url)).length, 6);
    assert.match(gone.calls.at(-1).url, /\/st1\/cancel$/);
  });
});

test("N5: who gives up waiting for the functions does not end the wait of others", async () => {
  const controller = new AbortController();
  let give;
  const { kit, calls } = toolkit([() => new Promise((resolve) => { give = () => resolve(json(TAX)); })]);
  const first = failure(kit.functions({ signal: controller.signal }), "Cancelled");
  const second = kit.functions();
  while (give === undefined) await new Promise((done) => setTimeout(done));
  controller.abort();
  await first;
  give();
  assert.equal((await second)[0].full_name, "main.tools.add_tax");
  assert.equal(calls.length, 1);
});

test("O2: what is no JSON is an error of decoding", async () => {
  const page = () => json("Sign in");
  await failure(toolkit([page()]).kit.functions(), "Decode");
  await failure(toolkit([json(TAX), page()]).kit.execute("main.tools.add_tax", { net: 1 }), "Decode");
});

test("N2: what fails inside is the result's error; a table is CSV; cut rows say so", async () => {
  const failed = json({ status: { state: "FAILED", error: { error_code: "BAD_REQUEST", message: "[DIVIDE_BY_ZERO] no" } } });
  const { kit } = toolkit([json(TAX), failed]);
  assert.deepEqual(await kit.execute("main.tools.add_tax", { net: 1 }), { error: "BAD_REQUEST: [DIVIDE_BY_ZERO] no" });
  const table = toolkit([json({ ...TAX, data_type: "TABLE_TYPE" }), succeeded([["a,b", null]], { columns: [{ name: "n" }, { name: "v" }], truncated: true })]);
  assert.deepEqual(await table.kit.execute("main.tools.add_tax", { net: 1 }), { format: "CSV", value: 'n,v\n"a,b",\n', truncated: true });
});

test("N14 N16: values travel as parameters, and no digit of a long number is lost in silence", async () => {
  const info = { ...TAX, input_params: { parameters: [described("id", "long", { type_name: "LONG", type_text: "bigint" }), described("t", "string")] } };
  const hostile = "'; DROP TABLE t; -- :id \u0000 \\ \"";
  const { kit, calls } = toolkit([json(info), succeeded([["1"]])]);
  await kit.execute("main.tools.add_tax", { id: 9007199254740993n, t: hostile });
  assert.equal(calls[1].json.statement, "SELECT IDENTIFIER(:function_name)(:id,:t)");
  assert.deepEqual(calls[1].json.parameters.slice(1), [{ name: "id", value: "9007199254740993", type: "bigint" }, { name: "t", value: hostile, type: "string" }]);
  const error = await failure(kit.execute("main.tools.add_tax", { id: 2 ** 53, t: "" }), "InvalidArguments");
  assert.match(error.message, /digits as text/);
});

test("what a toolkit cannot be made of is said at once", async () => {
  const { client } = scripted([]);
  for (const options of [{ functionNames: ["add_tax"], warehouseId: "w" }, { functionNames: "a.b.c", warehouseId: "w" }, { functionNames: [] }, { functionNames: [], warehouseId: "w", names: [] }, undefined, ...[{ rowLimit: -5 }, { rowLimit: "x" }, { byteLimit: 2 ** 32 }, { retryTimeoutS: 1.5 }, { waitTimeout: 30 }].map((bad) => ({ functionNames: [], warehouseId: "w", ...bad }))]) {
    await failure(() => new UCFunctionToolkit(client, options), "InvalidInput");
  }
  const { kit, calls } = toolkit([json(TAX), succeeded([["1"]])], { rowLimit: null, byteLimit: 7, waitTimeout: null });
  await failure(kit.execute("main.tools.other", {}), "NotFound");
  await kit.execute("main.tools.add_tax", { net: 1 });
  assert.deepEqual([calls[1].json.row_limit, calls[1].json.byte_limit, calls[1].json.wait_timeout], [100, 7, "30s"]);
  const odd = toolkit([json({ ...TAX, input_params: { parameters: [described("v", "variant")] } })]);
  assert.match((await failure(odd.kit.tools(), "InvalidInput")).message, /main\.tools\.add_tax.*'v'.*variant/);
});
