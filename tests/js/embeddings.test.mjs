// Embeddings: texts in, vectors out; lists in bounded requests that fail one by one.

import assert from "node:assert/strict";
import { test } from "node:test";
import lakewire, { LakewireError } from "./package.mjs";
import { emulator, fault, LLAMA, TOKEN } from "./emulator.mjs";
import { body, failure, HOST, json, never, refusal, scripted, withClock } from "./fakes.mjs";

const workspace = await emulator();
const { cosineSimilarity, dot, Embedder, Embeddings, similarities } = lakewire;

/** An answer with these rows, in the order of their `index` unless told otherwise. */
function vectors(rows, { order = rows.map((_, index) => index), usage = { prompt_tokens: rows.length, total_tokens: rows.length }, headers } = {}) {
  const data = order.map((index) => ({ object: "embedding", index, embedding: rows[index] }));
  return json({ object: "list", model: "gte-1", data, usage }, { headers });
}

/** Answers each text of a call with a vector made of it. */
const echo = (call) => vectors(call.json.input.map((text) => [text.length, 0.5]));

function base64(row) {
  return Buffer.from(Float32Array.from(row).buffer).toString("base64");
}

function scriptedEmbedder(answers, options, config) {
  const { client, calls } = scripted(answers, config);
  return { client, calls, embedder: client.embeddings("gte", options) };
}

const bits = (row) => Array.from(new Uint32Array(row.buffer, row.byteOffset, row.length));

test("embeddings: a query and documents, each with fields of its own", async () => {
  const { embedder, calls } = scriptedEmbedder([vectors([[0.1, -2e-7]]), vectors([[1, 2], [3, 4]], { headers: { "x-request-id": "r-2" } })], {
    query_params: { instruction: "Find:", user: "u" },
    documents_params: { user: "d" },
  });
  assert.ok(embedder instanceof Embedder);
  assert.equal(embedder.endpoint, "gte");
  const query = await embedder.embedQuery("say \"hi\" \u{1f600}", { user: null, own: 12 });
  assert.ok(query instanceof Float32Array);
  assert.deepEqual(bits(query), bits(Float32Array.of(0.1, -2e-7)));
  const documents = await embedder.embedDocuments(new Set(["a", "b"]), { user: "call" });
  assert.deepEqual(calls.map(({ url }) => url), Array(2).fill(`${HOST}/serving-endpoints/gte/invocations`));
  assert.deepEqual(calls.map(({ json }) => json), [
    { input: ["say \"hi\" \u{1f600}"], instruction: "Find:", own: 12 },
    { input: ["a", "b"], user: "call" },
  ]);
  assert.deepEqual([documents.length, documents.dimensions, documents.model, documents.requestIds], [2, 2, "gte-1", ["r-2"]]);
  assert.deepEqual(documents.usage, { prompt_tokens: 2, total_tokens: 2 });
  assert.deepEqual(documents.toArrays(), [[1, 2], [3, 4]]);
});

test("embeddings: rows are views of one buffer", async () => {
  const { embedder } = scriptedEmbedder([vectors([[1, 2], [3, 4]])]);
  const found = await embedder.embedDocuments(["a", "b"]);
  assert.deepEqual(found.data, Float32Array.of(1, 2, 3, 4));
  for (const [at, row] of [...found].entries()) {
    assert.equal(row.buffer, found.data.buffer);
    assert.deepEqual(row, found.at(at));
  }
  found.at(-1)[0] = 9;
  assert.equal(found.data[2], 9);
  assert.deepEqual([found.at(2), found.at(-3)], [undefined, undefined]);
});

test("H6 H11: floats are bit for bit what Float32Array.from(JSON.parse(text)) gives", async () => {
  const texts = ["0", "-0", "1", "-1.5e-3", "1E+2", "0.1", "3.4028234663852886e38", "1e-45", "7.006492321624085e-46", "1e-400", "16777217", "123456789012345678901234567890",
    "0.000000000000000000000000000000000000011754943508222875", "1.00000005960464477539062500", "1.00000005960464477539062501", "0.30000001192092896", "9007199254740993"];
  for (let seed = 1; texts.length < 3000; seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) {
    const [value] = new Float32Array(Uint32Array.of(seed).buffer);
    const next = new Float32Array(Uint32Array.of((seed + 1) >>> 0).buffer)[0];
    if (!Number.isFinite(value) || !Number.isFinite(next)) continue;
    // the last is the middle between two floats
    texts.push(String(value), value.toPrecision(9), value.toExponential(20), String((value + next) / 2));
  }
  const { embedder } = scriptedEmbedder([json(`{"data":[{"index":0,"embedding":[${texts.join(" ,\n")}]}]}`)]);
  const found = await embedder.embedQuery("x");
  assert.deepEqual(bits(found), bits(Float32Array.from(JSON.parse(`[${texts}]`))));
});

test("H11: base64 is read, asked for or not; so are numbers where base64 was asked for", async () => {
  const { embedder, calls } = scriptedEmbedder([vectors([base64([1, -0, 1e-45]), [1, 2, 3]]), vectors([[7]]), vectors([[7]])]);
  assert.deepEqual(bits((await embedder.embedDocuments(["a", "b"])).data), bits(Float32Array.of(1, -0, 1e-45, 1, 2, 3)));
  await embedder.embedQuery("a", { encodingFormat: "base64" });
  await embedder.embedQuery("a", { encodingFormat: "float" });
  assert.deepEqual(calls.map(({ json }) => json.encoding_format), [undefined, "base64", "float"]);
});

test("embeddings: `auto` asks for base64 once the description says that the endpoint gives it", async () => {
  const described = (provider) => json({ name: "gte", config: { served_entities: [{ external_model: { provider } }] } });
  for (const [answer, asked] of [[described("openai"), "base64"], [described("cohere"), undefined]]) {
    const { embedder, calls } = scriptedEmbedder([answer, vectors([[1]]), vectors([[1]])], { encodingFormat: "auto" });
    await embedder.embedQuery("a");
    await embedder.embedQuery("b");
    assert.deepEqual(calls.map(({ method }) => method), ["GET", "POST", "POST"]);
    assert.equal(calls[0].url, `${HOST}/api/2.0/serving-endpoints/gte`);
    assert.deepEqual(calls.slice(1).map(({ json }) => json.encoding_format), [asked, asked]);
  }
});

test("embeddings: `auto` looks again after a look that failed", async () => {
  const described = json({ name: "gte", config: { served_entities: [{ external_model: { provider: "openai" } }] } });
  const { embedder, calls } = scriptedEmbedder([refusal(403), vectors([[1]]), refusal(503), vectors([[1]]), described, vectors([[1]]), vectors([[1]])], { encodingFormat: "auto" });
  for (const text of ["a", "b", "c", "d"]) await embedder.embedQuery(text);
  assert.deepEqual(calls.map(({ method }) => method), ["GET", "POST", "GET", "POST", "GET", "POST", "POST"]);
  assert.deepEqual(calls.filter(({ json }) => json).map(({ json }) => json.encoding_format), [undefined, undefined, "base64", "base64"]);
});

test("embeddings: nothing in, nothing out, nothing sent", async () => {
  const { embedder, calls } = scriptedEmbedder([]);
  const found = await embedder.embedDocuments([]);
  assert.deepEqual([found.length, found.dimensions, found.data.length, found.usage, [...found]], [0, 0, 0, undefined, []]);
  assert.deepEqual(await embedder.embedDocumentsSettled([]), []);
  assert.equal(calls.length, 0);
});

test("O6: rows stand where their index says, and batches in the order of the texts", async () => {
  const waiting = [];
  const { embedder } = scriptedEmbedder((call) => new Promise((resolve) => {
    const rows = call.json.input.map((text) => [Number(text)]);
    waiting.push(() => resolve(vectors(rows, { order: rows.map((_, index) => index).reverse() })));
  }));
  const found = embedder.embedDocuments(Array.from({ length: 10 }, (_, at) => String(at)), { batchSize: 3 });
  while (waiting.length < 4) await new Promise((resolve) => setImmediate(resolve));
  for (const release of waiting.reverse()) release();
  assert.deepEqual(Array.from((await found).data), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual((await found).usage, { prompt_tokens: 10, total_tokens: 10 });
});

test("O6 H11: what is no vector for every input is a Decode error that names the item", async () => {
  const item = (embedding, index = 1) => ({ data: [{ index: 0, embedding: [1, 2] }, { index, embedding }] });
  for (const [answer, says] of [
    [item([1, 2], 0), /two embeddings for input 0/],
    [item([1, 2], 7), /not sent, index 7/],
    [{ data: [{ index: 0, embedding: [1, 2] }, { embedding: [1, 2] }] }, /in item 1 of its data, the index is missing/],
    [{ data: [{ index: 0, embedding: [1] }] }, /no embedding for input 1/],
    [item(null), /in item 1 of its data/],
    [item([1]), /in item 1 of its data, the embedding has another length/],
    [item([]), /in item 1 of its data, the embedding is missing or empty/],
    [item([1, null]), /in item 1 of its data, a number is missing at byte \d+ of \d+/],
    [item("AAAA"), /in item 1 of its data, the base64 text/],
    [item(base64([1, NaN])), /in item 1 of its data, a number is not finite/],
    ["{\"data\":[{\"index\":0,\"embedding\":[1,NaN]}]}", /a number is missing at byte 35 of 42/],
    ["{\"data\":[{\"index\":0,\"embedding\":[1,1e39]}]}", /too large/],
    [{ choices: [] }, /llm\/v1\/embeddings/],
  ]) {
    const { embedder } = scriptedEmbedder([json(answer, { headers: { "x-request-id": "r-1" } })]);
    const error = await failure(embedder.embedDocuments(["a", "b"]), "Decode");
    assert.match(error.message, says);
    assert.equal(error.requestId, "r-1");
  }
});

test("embeddings: vectors of other lengths in a later batch are refused", async () => {
  const { embedder } = scriptedEmbedder([vectors([[1, 2]]), vectors([[1, 2, 3]])]);
  const error = await failure(embedder.embedDocuments(["a", "b"], { batchSize: 1 }), "Decode");
  assert.match(error.message, /input 1 .* 3 numbers, those before them 2/);
});

test("J7: never more requests at once than maxConcurrency, 4 unless set", async () => {
  for (const [options, most] of [[{}, 4], [{ maxConcurrency: 1 }, 1], [{ maxConcurrency: 100 }, 20]]) {
    let open = 0;
    let peak = 0;
    const { embedder } = scriptedEmbedder(async (call) => {
      open += 1;
      peak = Math.max(peak, open);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      open -= 1;
      return echo(call);
    }, { batchSize: 1 });
    await embedder.embedDocuments(Array.from({ length: 20 }, () => "x"), options);
    assert.equal(peak, most);
  }
});

test("embeddings: a failure names its inputs, sends no further batch and keeps what did arrive", async () => {
  const { embedder, calls } = scriptedEmbedder([vectors([[1], [2]]), refusal(404, { message: "Gone." }), vectors([[5]])], { batchSize: 2, maxConcurrency: 1 });
  const error = await failure(embedder.embedDocuments(["a", "b", "c", "d", "e"]), "NotFound");
  assert.match(error.message, /^Inputs 2 to 3 \(batch 2 of 3\): POST .*Gone\./);
  assert.equal(calls.length, 2);
  assert.deepEqual(error.batches.map(({ start, end, status }) => [start, end, status]), [[0, 2, "fulfilled"], [2, 4, "rejected"], [4, 5, "rejected"]]);
  assert.deepEqual(error.batches[0].value.toArrays(), [[1], [2]]);
  assert.equal(error.batches[1].reason, error);
  assert.equal(error.batches[2].reason.kind, "Cancelled");
  assert.ok(!Object.keys(error).includes("batches"));
});

test("embeddings: settled, a failed batch leaves the others", async () => {
  const { embedder } = scriptedEmbedder((call) => (call.json.input.includes("c") ? refusal(403) : echo(call)), { batchSize: 2 });
  const batches = await embedder.embedDocumentsSettled(["a", "b", "c", "d", "eee"]);
  assert.deepEqual(batches.map(({ start, end, status }) => [start, end, status]), [[0, 2, "fulfilled"], [2, 4, "rejected"], [4, 5, "fulfilled"]]);
  assert.ok(batches[1].reason instanceof LakewireError);
  assert.equal(batches[1].reason.kind, "PermissionDenied");
  assert.deepEqual(batches[2].value.toArrays(), [[3, 0.5]]);
  assert.deepEqual(batches[2].value.usage, { prompt_tokens: 1, total_tokens: 1 });
});

test("embeddings: settled without a failure, the batches share one buffer", async () => {
  const { embedder } = scriptedEmbedder(echo, { batchSize: 2 });
  const batches = await embedder.embedDocumentsSettled(["a", "bb", "ccc"]);
  assert.deepEqual(batches.map(({ value }) => value.toArrays()), [[[1, 0.5], [2, 0.5]], [[3, 0.5]]]);
  assert.equal(batches[0].value.data.buffer, batches[1].value.data.buffer);
});

test("O7: of a refused batch, the input at fault is found and named", async () => {
  const { embedder, calls } = scriptedEmbedder((call) => (call.json.input.includes("long") ? refusal(400, { message: "Too long." }) : echo(call)));
  const texts = ["a", "b", "c", "d", "e", "long", "g", "h"];
  const error = await failure(embedder.embedDocuments(texts), "BadRequest");
  assert.match(error.message, /^Input 5 \(batch 1 of 1\): .*Too long\./);
  assert.ok(calls.length <= 7);
  const batches = await embedder.embedDocumentsSettled(texts);
  assert.deepEqual(batches.filter(({ status }) => status === "rejected").map(({ start, end }) => [start, end]), [[5, 6]]);
  assert.equal(batches.reduce((rows, { value }) => rows + (value?.length ?? 0), 0), 7);
});

test("O7: settled, refused texts at the front do not keep the others from being embedded", async () => {
  const { embedder } = scriptedEmbedder((call) => (call.json.input.includes("") ? refusal(400, { message: "Empty." }) : echo(call)));
  const texts = Array.from({ length: 100 }, (_, at) => (at < 3 ? "" : "x"));
  const batches = await embedder.embedDocumentsSettled(texts);
  assert.deepEqual(batches.filter(({ status }) => status === "rejected").map(({ start, end, reason }) => [start, end, reason.kind]),
    [[0, 1, "BadRequest"], [1, 2, "BadRequest"], [2, 3, "BadRequest"]]);
  assert.equal(batches.reduce((rows, { value }) => rows + (value?.length ?? 0), 0), 97);
  batches.reduce((at, { start, end }) => { assert.equal(start, at); return end; }, 0);
});

test("embeddings: a batch above a limit of the endpoint is sent in halves", async () => {
  const { embedder } = scriptedEmbedder((call) => (call.json.input.length > 3 ? refusal(413) : echo(call)));
  const texts = Array.from({ length: 10 }, (_, at) => "x".repeat(at));
  assert.deepEqual((await embedder.embedDocuments(texts)).toArrays(), texts.map((text) => [text.length, 0.5]));
});

test("I2: a signal ends every request at once, and nothing more is sent", async () => {
  const { embedder, calls } = scriptedEmbedder(never, { batchSize: 1, maxConcurrency: 3 });
  const controller = new AbortController();
  const running = failure(embedder.embedDocuments(Array.from({ length: 9 }, () => "x"), { signal: controller.signal }), "Cancelled");
  while (calls.length < 3) await new Promise((resolve) => setImmediate(resolve));
  const reason = new Error("enough");
  controller.abort(reason);
  assert.equal((await running).cause, reason);
  assert.ok(calls.every(({ signal }) => signal.aborted));
  assert.equal(calls.length, 3);
});

test("embeddings: closing the client ends the call", async () => {
  const { client, embedder, calls } = scriptedEmbedder(never);
  const running = failure(embedder.embedQuery("x"));
  while (calls.length < 1) await new Promise((resolve) => setImmediate(resolve));
  client.close();
  await running;
  assert.ok(calls[0].signal.aborted);
  await failure(embedder.embedQuery("x"), "Closed");
});

test("embeddings: a total time limit holds for all batches together", async () => {
  await withClock(async () => {
    const slow = (call) => new Promise((resolve) => setTimeout(() => resolve(echo(call)), 400));
    const { embedder, calls } = scriptedEmbedder(slow, { batchSize: 1, maxConcurrency: 1 });
    const error = await failure(embedder.embedDocuments(["a", "b", "c", "d"], { timeouts: { totalMs: 1000 }, maxAttempts: 1 }), "DeadlineExceeded");
    assert.equal(error.phase, "total");
    assert.match(error.message, /^Input 2 \(batch 3 of 4\)/);
    assert.equal(calls.length, 3);
    assert.deepEqual(error.batches.slice(0, 2).map(({ status }) => status), ["fulfilled", "fulfilled"]);
  });
});

test("D1: a busy endpoint is asked again, batch by batch", async () => {
  await withClock(async () => {
    const { embedder, calls } = scriptedEmbedder([vectors([[1]]), refusal(429, { headers: { "retry-after": "2" } }), vectors([[2]])], { batchSize: 1, maxConcurrency: 1 });
    assert.deepEqual((await embedder.embedDocuments(["a", "b"])).toArrays(), [[1], [2]]);
    assert.deepEqual(calls.map(({ json }) => json.input), [["a"], ["b"], ["b"]]);
  });
});

test("embeddings: an answer cut into reads of any size is the same", async () => {
  const text = JSON.stringify({ data: [{ index: 0, embedding: [0.015625, -1e-3, 7] }, { embedding: base64([1, 2, 3]), index: 1 }] });
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, 50]) {
    const reads = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));
    const { embedder } = scriptedEmbedder([new Response(body(reads), { headers: { "content-type": "application/json" } })]);
    assert.deepEqual((await embedder.embedDocuments(["a", "b"])).data, Float32Array.of(0.015625, -1e-3, 7, 1, 2, 3));
  }
});

test("H15: what is no text is refused by its place before anything is sent", async () => {
  const { client, embedder, calls } = scriptedEmbedder([]);
  for (const [texts, says] of [
    [["a", 7], /Input 1 .* not text but number/],
    [["a", "b", undefined], /Input 2 .* undefined/],
    [[null], /Input 0 .* null/],
    [[["nested"]], /Input 0 .* a list/],
    ["text", /write \[text\]/],
    [undefined, /a list of texts/],
    [{}, /a list of texts/],
  ]) {
    assert.match((await failure(embedder.embedDocuments(texts), "InvalidInput")).message, says);
  }
  for (const text of [undefined, 7, ["a"], {}]) await failure(embedder.embedQuery(text), "InvalidInput");
  for (const options of [{ batchSize: 0 }, { batchSize: 1.5 }, { maxConcurrency: Number.NaN }, { encodingFormat: "hex" }, { input: "x" }, { n: Number.NaN }, { timeouts: 5 }, { signal: {} }]) {
    await failure(embedder.embedDocuments(["a"], options), "InvalidInput");
  }
  for (const options of [{ batchSize: "3" }, { batch_size: 3 }, { query_params: 5n }, { encodingFormat: "hex" }, 7]) {
    await failure(() => client.embeddings("gte", options), "InvalidInput");
  }
  for (const query_params of [[], "text", 7]) await failure(client.embeddings("gte", { query_params }).embedQuery("x"), "InvalidInput");
  await failure(() => client.embeddings(), "InvalidInput");
  await failure(client.embeddings("").embedQuery("x"), "InvalidInput");
  assert.equal(calls.length, 0);
});

test("D30: of an answer that is an error, the error is told", async () => {
  const { embedder } = scriptedEmbedder([json({ error_code: "REQUEST_LIMIT_EXCEEDED", message: "Slow down." })], {}, { retry: { maxAttempts: 1 } });
  assert.equal((await failure(embedder.embedQuery("x"), "TooManyRequests")).errorCode, "REQUEST_LIMIT_EXCEEDED");
});

test("similarity: alike, opposite, at right angles; zeros are like nothing", () => {
  assert.equal(dot([1, 2], Float32Array.of(3, 0.5)), 4);
  assert.equal(cosineSimilarity([3, 0], [5, 0]), 1);
  assert.equal(cosineSimilarity([1, 0], [-2, 0]), -1);
  assert.equal(cosineSimilarity([1, 0], [0, 3]), 0);
  assert.equal(cosineSimilarity([0, 0], [1, 1]), 0);
  assert.equal(cosineSimilarity([], []), 0);
  const documents = new Embeddings(Float32Array.of(1, 0, 0, 2, 3, 3), 2);
  assert.deepEqual(similarities([2, 0], documents), [1, 0, cosineSimilarity([2, 0], [3, 3])]);
  assert.deepEqual(similarities([2, 0], [[1, 0]]), [1]);
  assert.deepEqual(similarities([2, 0], []), []);
});

test("similarity: what cannot be compared is refused", async () => {
  const documents = new Embeddings(Float32Array.of(1, 0), 2);
  for (const act of [
    () => dot([1], [1, 2]), () => cosineSimilarity([1], []), () => dot("ab", "cd"), () => dot(documents, documents), () => dot(undefined, [1]),
    () => similarities([1], documents), () => similarities([1], 7), () => similarities(undefined, documents),
    () => new Embeddings([1, 2], 2), () => new Embeddings(Float32Array.of(1, 2, 3), 2), () => new Embeddings(Float32Array.of(1), 0),
  ]) {
    await failure(act, "InvalidInput");
  }
});

const GTE = "databricks-gte-large-en";
const BGE = "databricks-bge-large-en";
const OPENAI = "team-embeddings";

test("emulator: whatever the endpoint and the encoding, a text has its vector", async () => {
  const { client, seen } = workspace.client();
  const texts = ["A lakehouse holds tables.", "Boats float on water.", "A lakehouse holds tables."];
  const [bge, gte, plain, auto] = await Promise.all([
    client.embeddings(BGE).embedDocuments(texts),
    client.embeddings(GTE).embedDocuments(texts),
    client.embeddings(OPENAI).embedDocuments(texts),
    client.embeddings(OPENAI, { encodingFormat: "auto" }).embedDocuments(texts),
  ]);
  for (const found of [bge, gte, plain, auto]) {
    assert.deepEqual([found.length, found.dimensions], [3, 1024]);
    assert.deepEqual(found.at(0), found.at(2));
    assert.ok(Math.abs(cosineSimilarity(found.at(0), found.at(2)) - 1) < 1e-9);
    assert.ok(found.usage.total_tokens > 0);
  }
  // one writes decimal numbers, the other bits: both are the same floats
  assert.deepEqual(bits(auto.data), bits(plain.data));
  assert.equal((await seen()).length, 5);
});

test("emulator: the vectors are what plain JavaScript makes of the answer", async () => {
  const { client } = workspace.client();
  for (const endpoint of [BGE, GTE]) {
    const answer = await fetch(`${workspace.url}/serving-endpoints/${endpoint}/invocations`, {
      method: "POST", headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" }, body: JSON.stringify({ input: ["hello"] }),
    });
    const expected = Float32Array.from(JSON.parse(await answer.text()).data[0].embedding);
    assert.deepEqual(bits(await client.embeddings(endpoint).embedQuery("hello")), bits(expected));
  }
});

test("emulator: an instruction changes queries alone; dimensions are asked for where they can be", async () => {
  const { client } = workspace.client();
  const embedder = client.embeddings(BGE, { query_params: { instruction: "Represent this sentence for searching relevant passages:" } });
  const [query, [document]] = await Promise.all([embedder.embedQuery("hello"), embedder.embedDocuments(["hello"])]);
  assert.notDeepEqual(query, document);
  assert.equal((await client.embeddings(OPENAI).embedQuery("hello", { dimensions: 256 })).length, 256);
  await failure(client.embeddings(BGE).embedQuery("hello", { dimensions: 256 }), "BadRequest");
});

test("emulator: a long list goes in requests of 100, and a larger batch than the endpoint takes in halves", async () => {
  const { client, seen } = workspace.client();
  const texts = Array.from({ length: 301 }, (_, at) => `text ${at}`);
  const whole = await client.embeddings(GTE).embedDocuments(texts);
  assert.equal((await seen()).length, 4);
  assert.deepEqual(await client.embeddings(GTE).embedQuery("text 250"), whole.at(250));
  const halved = await client.embeddings(GTE, { batchSize: 301 }).embedDocuments(texts);
  assert.deepEqual(halved.data, whole.data);
});

test("O6 H11: emulator: rows reversed are put right; rows lost, doubled or cut are errors", async () => {
  const { client } = workspace.client();
  const embedder = client.embeddings(GTE);
  const texts = ["a", "b", "c"];
  const good = await embedder.embedDocuments(texts);
  assert.deepEqual((await embedder.embedDocuments(texts, fault({ embeddings: "reversed" }))).data, good.data);
  for (const [embeddings, says] of [["last_missing", /no embedding for input 2/], ["first_twice", /two embeddings for input 0/], ["last_short", /another length/]]) {
    const error = await failure(embedder.embedDocuments(texts, fault({ embeddings })), "Decode");
    assert.match(error.message, says);
    assert.ok(error.requestId);
  }
});

test("emulator: a chat endpoint gives no embeddings", async () => {
  const { client } = workspace.client();
  await failure(client.embeddings(LLAMA).embedQuery("hello"));
  await failure(client.embeddings("no-such-endpoint").embedQuery("hello"), "NotFound");
});
