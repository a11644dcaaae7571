// A WorkspaceClient through the relay, to the emulator: what an app does, unchanged.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { emulator, eventually, LLAMA, TOKEN as EMULATOR_TOKEN } from "../js/emulator.mjs";
import { entry, LakewireError, tool, WorkspaceClient } from "../js/package.mjs";
import { createRelay, listen, nodeHandler, ORIGIN, serverOptions } from "./lab.mjs";

const { StatementExecution, VectorSearch } = await import(entry("./data"));
const workspace = await emulator();
const GTE = "databricks-gte-large-en";

/** A relay before the emulator, and a client that reaches it as a page does; `page` are headers that a browser would add. */
async function through(more = {}) {
  const told = [];
  const relay = createRelay({
    host: workspace.url,
    ...("clientId" in more ? {} : { token: EMULATOR_TOKEN }),
    origins: [ORIGIN],
    public: true,
    allow: { chat: [LLAMA], embeddings: [GTE], ...more.allow },
    limits: { rate: { requests: 10_000, perMs: 60_000, clients: 100 }, openPerClient: 100, ...more.limits },
    onEvent: (event) => told.push(event),
    ...(more.clientId ? { clientId: more.clientId, clientSecret: more.clientSecret } : {}),
    requestHeaders: ["x-lakewire-fault"],
  });
  const port = await listen(createServer(serverOptions, nodeHandler(relay)));
  return { client: new WorkspaceClient({ relay: `http://127.0.0.1:${port}/api/lakewire`, headers: { origin: ORIGIN } }), told, port };
}

const { client, told } = await through();
const chat = client.chat(LLAMA, { max_tokens: 100 });
const ASK = "My name is Ada. What is my name?";

test("invoke, stream and its end, as without a relay", async () => {
  const answer = await chat.invoke(ASK);
  assert.match(answer.text, /Ada/);
  assert.equal(answer.finishReason, "stop");
  const stream = await chat.stream(ASK);
  let text = "";
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
  assert.equal(text, answer.text);
  assert.equal(stream.completeness.state, "complete");
});

test("tools are called and their results are sent", async () => {
  const asked = [];
  const weather = tool({
    name: "get_weather",
    description: "Gets the current weather of a city",
    parameters: { type: "object", properties: { city: { type: "string", description: "The city" } }, required: ["city"] },
    execute: (args) => (asked.push(args), { city: args.city, celsius: 21, sky: "clear" }),
  });
  const run = await chat.runTools("What is the weather in Paris?", { tools: [weather] });
  assert.deepEqual(asked, [{ city: "Paris" }]);
  assert.match(run.answer.text, /21/);
});

test("P20: a cancelled stream ends at the relay", async () => {
  const controller = new AbortController();
  const stream = await chat.stream(ASK, { signal: controller.signal, headers: { "x-lakewire-fault": '{"repeat_text":100000}' } });
  let error;
  try {
    for await (const chunk of stream) if (chunk) controller.abort("enough");
  } catch (thrown) {
    error = thrown;
  }
  assert.equal(error?.kind, "Cancelled");
  await eventually(() => told.at(-1).reason === "client", "the relay to see it");
});

test("P21: a stream that the workspace breaks off is an error for the page, with what came", async () => {
  const stream = await chat.stream(ASK, { headers: { "x-lakewire-fault": '{"cut_after_bytes":900}' } });
  let error;
  let text = "";
  try {
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof LakewireError, `it ended with ${error} after ${text}`);
  assert.equal(error.errorCode, "TEMPORARILY_UNAVAILABLE");
  assert.equal(told.at(-1).reason, "upstream");
});

test("errors have the kinds they have without a relay", async () => {
  const error = await client.chat("no-such-endpoint").invoke("Hi").then(() => undefined, (thrown) => thrown);
  assert.deepEqual([error.kind, error.status], ["NotFound", 404]);
});

test("P36: a service principal's token, from the emulator's own endpoint", async () => {
  const other = await through({ clientId: "emulator-client", clientSecret: "emulator-secret" });
  assert.match((await other.client.chat(LLAMA).invoke(ASK)).text, /Ada/);
});

test("embeddings", async () => {
  const vectors = await client.embeddings(GTE).embedDocuments(["one", "two", "three"]);
  assert.equal(vectors.length, 3);
});

test("a vector index that is named is asked; its columns are those that are named, and another index is not there", async () => {
  const direct = new WorkspaceClient({ host: workspace.url, token: EMULATOR_TOKEN });
  const [name, other] = ["open", "closed"].map((word) => `main.default.relay_${word}_${crypto.randomUUID().replaceAll("-", "")}`);
  const { client: page } = await through({ allow: { vectorSearch: { indexes: [name], columns: { [name]: ["id"] }, maxResults: 1 } } });
  const search = new VectorSearch(direct);
  for (const one of [name, other]) {
    await search.createIndex({
      name: one, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
      direct_access_index_spec: { schema_json: { id: "long", secret: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 2 }] },
    });
    await search.index(one).waitUntilReady();
    await search.index(one).upsert([{ id: 1, secret: "a", vec: [0, 1] }, { id: 2, secret: "b", vec: [1, 0] }]);
  }
  try {
    const index = new VectorSearch(page).index(name);
    const { rows } = await index.query({ columns: ["id"], query_vector: Float32Array.of(1, 0.1), num_results: 50 });
    assert.deepEqual(rows.map(({ id }) => `${id}`), ["2"], "no more results than are let through");
    const ends = async (act) => (await act.then(() => ({ kind: "an answer" }), (thrown) => thrown)).kind;
    assert.equal(await ends(index.query({ columns: ["id", "secret"], query_vector: Float32Array.of(1, 0) })), "BadRequest");
    assert.equal(await ends(new VectorSearch(page).index(other).query({ columns: ["id"], query_vector: Float32Array.of(1, 0) })), "NotFound");
    assert.equal(await ends(index.upsert([{ id: 3, secret: "c", vec: [1, 1] }])), "NotFound");
  } finally {
    await Promise.all([name, other].map((one) => search.index(one).delete()));
  }
});

const { LAKEWIRE_ENGINE: engine, LAKEWIRE_REQUIRED: required } = process.env;
const skip = !(process.env.LAKEWIRE_EMULATOR && engine) && !required && "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE";

test("P27: named statements run with typed parameters; free ones only where the relay says so, and only to read", { skip }, async () => {
  const statements = { above: { statement: "SELECT id, :word AS word FROM range(5) WHERE id > :least", parameters: { least: "BIGINT", word: "STRING" }, rowLimit: 2 } };
  const { port, client: page } = await through({ allow: { sql: { warehouseId: "emulator-warehouse", statements } } });
  const run = async (name, parameters, onPort = port) => {
    const answer = await fetch(`http://127.0.0.1:${onPort}/api/lakewire/statements/${name}`, { method: "POST", headers: { origin: ORIGIN, "content-type": "application/json", "x-lakewire-relay": "1" }, body: JSON.stringify({ parameters }) });
    return { status: answer.status, body: await answer.json() };
  };
  const { status, body } = await run("above", { least: 1, word: "it's; DROP TABLE t" });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.result.data_array, [["2", "it's; DROP TABLE t"], ["3", "it's; DROP TABLE t"]]);
  for (const [name, parameters, wanted] of [["other", {}, 404], ["above", { least: "1; DROP TABLE t", word: "x" }, 400], ["above", { least: 1 }, 400], ["above", { least: 1, word: "x", more: 1 }, 400]]) {
    assert.equal((await run(name, parameters)).status, wanted, JSON.stringify(parameters));
  }
  const free = (client, text) => new StatementExecution(client, { warehouseId: "emulator-warehouse" }).execute(text).then((result) => result.all(), (thrown) => thrown);
  assert.equal((await free(page, "SELECT 1")).kind, "NotFound");
  const { client: reader } = await through({ allow: { sql: { warehouseId: "emulator-warehouse", reading: true } } });
  assert.equal((await free(reader, "SELECT 7 AS seven")).rows?.[0].seven, 7);
  assert.equal((await free(reader, "DROP TABLE IF EXISTS t")).kind, "PermissionDenied");
  assert.equal((await free(reader, "SELECT 1; DROP TABLE t")).kind, "PermissionDenied");
});
