// Text endpoints over a scripted fetch, and against the emulator. Models and apps that really run are in the suite `models`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emulator, GPT_OSS, LLAMA } from "./emulator.mjs";
import { body, DONE, event, failure, json, never, refusal, scripted, sse } from "./fakes.mjs";
import { EventStream } from "./package.mjs";

const workspace = await emulator();
const TEXT = { id: "x", object: "text_completion", choices: [{ index: 0, text: " one" }, { index: 1, text: " two" }], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } };
const described = (task) => json({ name: "e", task });
const once = { retry: { maxAttempts: 1 } };
const paths = (calls) => calls.map(({ url }) => new URL(url).pathname);

test("completions: the task is looked up once, for calls side by side too", async () => {
  const { client, calls } = scripted((call) => (call.method === "GET" ? described("llm/v1/completions") : json(TEXT, { headers: { "x-request-id": "r-1", "served-model-name": "m-1" } })));
  const completions = client.completions("e", { max_tokens: 9 });
  const [first, second] = await Promise.all([completions.generate("A"), completions.invoke("B", { max_tokens: null, stop: "x" })]);
  assert.equal(second, " one");
  assert.deepEqual([first.text, first.texts, first.usage.total_tokens, first.requestId, first.servedModelName, first.attempts], [" one", [" one", " two"], 7, "r-1", "m-1", 1]);
  assert.deepEqual(first.raw, TEXT);
  assert.equal(calls.filter(({ method }) => method === "GET").length, 1);
  assert.deepEqual(calls.slice(1).map(({ json }) => json), [{ prompt: "A", max_tokens: 9 }, { prompt: "B", stop: ["x"] }]);
  assert.deepEqual(paths(calls), ["/api/2.0/serving-endpoints/e", "/serving-endpoints/e/invocations", "/serving-endpoints/e/invocations"]);
});

test("completions: a call that is aborted during the look-up leaves it to the others", async () => {
  let answer;
  const lookup = new Promise((resolve) => { answer = resolve; });
  const { client, calls } = scripted((call) => (call.method === "GET" ? lookup : json(TEXT)));
  const completions = client.completions("e");
  const controller = new AbortController();
  const reason = new Error("enough");
  const [left, stayed] = [completions.invoke("A", { signal: controller.signal }), completions.invoke("B")];
  controller.abort(reason);
  assert.equal((await failure(left, "Cancelled")).cause, reason);
  answer(described("llm/v1/completions"));
  assert.equal(await stayed, " one");
  assert.equal(calls.length, 2);
  await failure(completions.invoke("C", { signal: AbortSignal.abort() }), "Cancelled");
  assert.equal(calls.length, 2);
});

test("completions: a failed look-up says what to give, and the next call looks again", async () => {
  const { client, calls } = scripted([refusal(403, { error_code: "PERMISSION_DENIED" }), described("llm/v1/completions"), json(TEXT)], once);
  const completions = client.completions("e");
  assert.match((await failure(completions.invoke("A"), "PermissionDenied")).message, /`task`/);
  assert.equal(await completions.invoke("A"), " one");
  assert.equal(calls.length, 3);
});

test("completions: endpoints of other tasks are sent elsewhere", async () => {
  for (const [task, room] of [["llm/v1/embeddings", /embeddings\(\)/], ["agent/v1/responses", /responses\(\)/], ["agent/v2/chat", /chatAgent\(\)/]]) {
    const { client } = scripted([described(task)]);
    assert.match((await failure(client.completions("e").invoke("A"), "InvalidInput")).message, room);
    assert.match((await failure(() => client.completions("e", { task }), "InvalidInput")).message, room);
  }
});

test("completions: a chat endpoint gets one user message; text parts are joined", async () => {
  const parts = [{ type: "reasoning", summary: [] }, { type: "text", text: "4" }, { type: "text", text: "2" }];
  const { client, calls } = scripted([json({ choices: [{ message: { role: "assistant", content: parts } }] })]);
  const text = await client.completions("e", { task: "llm/v1/chat", temperature: 0, extra_params: { safe: true } }).invoke("6*7?");
  assert.equal(text, "42");
  assert.deepEqual(calls[0].json, { messages: [{ role: "user", content: "6*7?" }], temperature: 0, safe: true });
});

test("completions: custom models take every input format, with the handle's stop", async () => {
  const row = { prompt: "2+2?", stop: ["\n"] };
  const wrapped = {
    dataframe_records: { dataframe_records: [row] },
    dataframe_split: { dataframe_split: { columns: ["prompt", "stop"], data: [["2+2?", ["\n"]]] } },
    inputs: { inputs: row },
    instances: { instances: [row] },
  };
  for (const [inputFormat, expected] of Object.entries(wrapped)) {
    const { client, calls } = scripted([json({ predictions: ["4"] }), json({ predictions: "4" })]);
    const model = client.completions("e", { inputFormat, stop: ["\n"], params: { k: 1 } });
    assert.equal(await model.invoke("2+2?"), "4");
    assert.equal(await model.invoke("2+2?", { params: { k: 2 } }), "4");
    assert.deepEqual(calls.map(({ json }) => json), [{ ...expected, params: { k: 1 } }, { ...expected, params: { k: 2 } }]);
  }
  const { client } = scripted([]);
  assert.match((await failure(() => client.completions("e", { inputFormat: "csv" }), "InvalidInput")).message, /dataframe_split/);
});

test("completions: the old Llama 2 form and one text column are read; anything else asks for transformOutput", async () => {
  for (const predictions of [[{ candidates: [{ text: "4", metadata: {} }], metadata: {} }], { candidates: [{ text: "4" }] }, [{ 0: "4" }]]) {
    const { client } = scripted([json({ predictions })]);
    assert.equal(await client.completions("e", { task: "llama2/chat" }).invoke("2+2?"), "4");
  }
  for (const answer of [{ predictions: [[0.1]] }, { predictions: [] }, { predictions: [{ a: "x", b: "y" }] }]) {
    const { client } = scripted([json(answer)]);
    assert.match((await failure(client.completions("e", { task: "custom" }).invoke("A"), "Decode")).message, /transformOutput/);
  }
});

test("completions: functions change requests and read answers, waiting or not", async () => {
  const { client, calls } = scripted([json({ predictions: [{ out: "hi", score: 1 }] }), json({ out: "whole" })]);
  const model = client.completions("e", {
    task: "custom",
    stop: "x",
    transformInput: async ({ prompt, stop }) => ({ instruction: `<${prompt}>`, until: stop }),
    transformOutput: ({ out }) => out.toUpperCase(),
  });
  assert.equal(await model.invoke("P"), "HI");
  assert.deepEqual(calls[0].json, { dataframe_records: [{ instruction: "<P>", until: ["x"] }] });
  const app = client.completions({ clusterId: "c-1", clusterDriverPort: 7777 }, { transformInput: ({ prompt }) => [prompt], transformOutput: async ({ out }) => out });
  assert.equal((await app.generate("P")).text, "whole");
  assert.deepEqual(calls[1].json, ["P"]);
});

test("M5 L2: completions: a function that fails is a TransformFailed with its error as the cause, and quotes nothing", async () => {
  const { client, calls } = scripted(() => json({ predictions: ["canary"] }));
  const own = new TypeError("canary in mine");
  const failing = [{ transformInput: () => { throw own; } }, { transformInput: async () => { throw own; } }, { transformOutput: () => { throw own; } }];
  for (const options of failing) {
    const error = await failure(client.completions("e", { task: "custom", ...options }).invoke("canary"), "TransformFailed");
    assert.equal(error.cause, own);
    assert.ok(!error.message.includes("canary"), error.message);
  }
  assert.equal(calls.length, 1);
  await failure(client.completions("e", { task: "custom", transformOutput: () => 7 }).invoke("A"), "TransformFailed");
  await failure(client.completions("e", { task: "custom", transformInput: () => 10n }).invoke("A"), "InvalidInput");
  await failure(client.completions("e", { task: "custom", transformInput: () => undefined }).invoke("A"), "InvalidInput");
  await failure(() => client.completions("e", { transformInput: "hex" }), "InvalidInput");
});

test("M5 M7: completions: a function may call its own client; options are read once, and a throwing one is named", async () => {
  const { client, calls } = scripted(() => json({ predictions: ["4"] }));
  const inner = client.completions("e", { task: "custom" });
  const outer = client.completions("e", { task: "custom", transformInput: async ({ prompt }) => ({ prompt: `${prompt}${await inner.invoke("2+2?")}` }) });
  assert.equal(await outer.invoke("So "), "4");
  assert.deepEqual(calls[1].json, { dataframe_records: [{ prompt: "So 4" }] });
  let reads = 0;
  const turning = { task: "custom", get transformOutput() { return (reads += 1) === 1 ? () => "first" : "another"; } };
  assert.equal(await client.completions("e", turning).invoke("A"), "first");
  assert.equal(reads, 1);
  const throwing = { get temperature() { throw new Error("canary"); } };
  for (const act of [() => client.completions("e", throwing), () => inner.invoke("A", throwing), () => client.completions({ clusterId: "c", get clusterDriverPort() { throw new Error("canary"); } })]) {
    assert.ok(!(await failure(async () => act(), "InvalidInput")).message.includes("canary"));
  }
  const cycle = {};
  cycle.self = cycle;
  await failure(inner.invoke("A", { extra_params: cycle }), "InvalidInput");
  await failure(inner.invoke("A", { temperature: NaN }), "InvalidInput");
});

test("M5: completions: a waiting function ends with the call's signal", async () => {
  const { client, calls } = scripted(() => json({ predictions: ["x"] }));
  const controller = new AbortController();
  const model = client.completions("e", { task: "custom", transformInput: () => { setImmediate(() => controller.abort()); return new Promise(() => {}); } });
  await failure(model.invoke("A", { signal: controller.signal }), "Cancelled");
  assert.equal(calls.length, 0);
});

test("K13: completions: what cannot be meant is refused before anything is sent", async () => {
  const { client, calls } = scripted(() => json(TEXT));
  const of = (...args) => () => client.completions(...args);
  for (const [act, says] of [
    [of(""), /name/],
    [of(7), /clusterId/],
    [of({ endpoint: "e", clusterId: "c", clusterDriverPort: 1 }), /`endpoint`/],
    [of({ clusterId: "c" }), /clusterDriverPort/],
    [of({ clusterId: "c", clusterDriverPort: 0 }), /1 to 65535/],
    [of({ clusterId: "c", clusterDriverPort: "80/../81" }), /1 to 65535/],
    [of({ clusterId: "..", clusterDriverPort: 80 }), /cluster/],
    [of({ clusterId: "c", clusterDriverPort: 80, orgId: "1/2" }), /digits/],
    [of({ clusterId: "c", clusterDriverPort: 80, path: "a/../b" }), /path/],
    [of("e", { tempreature: 1 }), /`tempreature`.*extra_params/],
    [of("e", { extra_params: {}, model_kwargs: {} }), /the same/],
    [of("e", { model_kwargs: { prompt: "x" } }), /prompt/],
    [() => client.completions("e", { task: "custom" }).invoke("A", { stop: [1] }), /list of texts/],
    [() => client.completions("e", { task: "custom" }).invoke([["user", "A"]]), /chat\(\)/],
    [() => client.completions("e", { task: "llm/v1/completions" }).invoke("A", { params: {} }), /custom models/],
    [of({ clusterId: "c", clusterDriverPort: 80 }, { task: "llm/v1/chat" }), /app takes no `task`/],
    [of({ clusterId: "c", clusterDriverPort: 80 }, { inputFormat: "inputs" }), /app takes no `inputFormat`/],
    [of({ clusterId: "c", clusterDriverPort: 80 }, { params: { k: 1 } }), /app takes no `params`/],
    [() => client.completions({ clusterId: "c", clusterDriverPort: 80 }).invoke("A", { params: { k: 1 } }), /app takes no `params`/],
    [of("e", { task: "llm/v1/chat", inputFormat: "inputs" }), /leave one of them out/],
    [() => client.completions("e", { task: "custom" }).batch("A"), /list of inputs/],
  ]) {
    assert.match((await failure(async () => act(), "InvalidInput")).message, says);
  }
  assert.equal(calls.length, 0);
});

test("completions: an app gets the request as it is, at its address", async () => {
  const { client, calls } = scripted([json('"hi"'), json('"hi"')]);
  const app = client.completions({ clusterId: "1120-090000-abcd1234", clusterDriverPort: "7777" }, { model_kwargs: { top: 1 } });
  assert.equal(await app.invoke("Say hi", { stop: ["\n"], extra_params: { top: 2 } }), "hi");
  assert.deepEqual(calls[0].json, { prompt: "Say hi", stop: ["\n"], top: 2 });
  await client.completions({ clusterId: "c-1", clusterDriverPort: 80, orgId: "42", path: "/v1/gen" }).invoke("A");
  assert.deepEqual(paths(calls), ["/driver-proxy-api/o/0/1120-090000-abcd1234/7777", "/driver-proxy-api/o/42/c-1/80/v1/gen"]);
  assert.equal(calls[0].headers.get("authorization"), "Bearer dapi-scripted");
});

test("D13: completions: an app is asked once, unless the call says otherwise", async () => {
  for (const status of [429, 502, 503, 504]) {
    const { client, calls } = scripted(() => new Response("<html><title>Bad Gateway</title></html>", { status, headers: { "retry-after": "0" } }));
    const error = await failure(client.completions({ clusterId: "c", clusterDriverPort: 80 }).invoke("A"));
    assert.deepEqual([calls.length, error.status, error.message.includes("0.0.0.0")], [1, status, status !== 429]);
  }
  const { client, calls } = scripted([new Response("", { status: 502 }), json('"hi"')]);
  assert.equal(await client.completions({ clusterId: "c", clusterDriverPort: 80 }).invoke("A", { maxAttempts: 2 }), "hi");
  assert.equal(calls.length, 2);
});

test("completions: an app's own refusal and its words that are no JSON are told as they are", async () => {
  const { client } = scripted([json({ detail: "too long" }, { status: 422 }), new Response("plain words"), json({ text: "x", more: 1 })]);
  const app = client.completions({ clusterId: "c", clusterDriverPort: 80 });
  assert.match((await failure(app.invoke("A"), "BadRequest")).message, /too long/);
  assert.match((await failure(app.invoke("A"), "Decode")).message, /must answer with JSON/);
  assert.match((await failure(app.invoke("A"), "Decode")).message, /transformOutput/);
});

test("completions: endpoints of completions and chat are streamed in pieces", async () => {
  for (const [task, piece] of [["llm/v1/completions", (text) => ({ text })], ["llm/v1/chat", (content) => ({ delta: { content } })]]) {
    const events = ["Once", " upon", " a time"].map((text, at) => event({ choices: [{ index: 0, ...piece(text), finish_reason: at === 2 ? "stop" : null }] }));
    const { client, calls } = scripted([sse([...events, DONE], { headers: { "x-request-id": "r-1" } })]);
    const stream = await client.completions("e", { task }).stream("P");
    assert.ok(stream instanceof EventStream);
    const pieces = [];
    for await (const word of stream) pieces.push(word);
    assert.equal(pieces.join(""), "Once upon a time");
    assert.deepEqual([stream.requestId, stream.completeness.state, calls[0].json.stream], ["r-1", "complete", true]);
  }
});

test("F4: completions: a stream that breaks off is Truncated with what had come; break ends it at the server", async () => {
  const first = event({ choices: [{ index: 0, text: "Once" }] });
  const { client } = scripted([sse([first])]);
  const completions = client.completions("e", { task: "llm/v1/completions" });
  const words = [];
  const error = await failure(async () => { for await (const word of await completions.stream("P")) words.push(word); }, "Truncated");
  assert.deepEqual([words.join(""), error.partial.choices[0].text], ["Once", "Once"]);
  let cancelled = false;
  const open = scripted([new Response(body([first], { open: true, onCancel: () => { cancelled = true; } }), { headers: { "content-type": "text/event-stream" } })]);
  for await (const word of await open.client.completions("e", { task: "llm/v1/completions" }).stream("P")) {
    assert.equal(word, "Once");
    break;
  }
  assert.ok(cancelled);
});

test("completions: what does not stream comes as one piece", async () => {
  const { client, calls } = scripted([json({ predictions: ["all\n\"at\" once"] }), json(TEXT), json({ choices: [{ text: "whole" }] })]);
  const collect = async (completions) => {
    const pieces = [];
    for await (const piece of await completions.stream("P")) pieces.push(piece);
    return pieces;
  };
  assert.deepEqual(await collect(client.completions("e", { task: "custom" })), ["all\n\"at\" once"]);
  assert.deepEqual(await collect(client.completions("e", { task: "llm/v1/completions", transformOutput: ({ choices }) => choices[1].text })), [" two"]);
  // asked to stream, answered whole
  assert.deepEqual(await collect(client.completions("e", { task: "llm/v1/completions" })), ["whole"]);
  assert.deepEqual(calls.map(({ json }) => json.stream), [undefined, undefined, true]);
});

test("completions: batches are bounded, settled and in order", async () => {
  let busy = 0;
  let most = 0;
  const { client } = scripted(async (call) => {
    busy += 1;
    most = Math.max(most, busy);
    await new Promise((resolve) => setImmediate(resolve));
    busy -= 1;
    return call.json.prompt === "bad" ? refusal(400) : json({ predictions: [call.json.prompt ?? call.json.dataframe_records[0].prompt] });
  });
  const app = client.completions("e", { task: "custom", transformInput: ({ prompt }) => ({ prompt }) });
  const results = await app.batch(new Set(["a", "b", "c", "d", "e"]), { maxConcurrency: 2 });
  assert.deepEqual(results.map(({ value }) => value), ["a", "b", "c", "d", "e"]);
  assert.equal(most, 2);
  const mixed = await client.completions({ clusterId: "c", clusterDriverPort: 80 }, { transformOutput: () => "x" }).batch(["a", "bad"]);
  assert.deepEqual(mixed.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.equal(mixed[1].reason.kind, "BadRequest");
});

test("completions: the workspace's id comes from a header", async () => {
  const { client, calls } = scripted([json({}, { headers: { "x-databricks-org-id": "1234" } }), json({})]);
  assert.equal(await client.orgId(), "1234");
  assert.match((await failure(client.orgId(), "Decode")).message, /\?o=/);
  assert.deepEqual(paths(calls), ["/api/2.0/preview/scim/v2/Me", "/api/2.0/preview/scim/v2/Me"]);
});

test("completions: a call can be aborted, and ends with its client", async () => {
  const { client, calls } = scripted(never);
  const completions = client.completions("e", { task: "custom" });
  const controller = new AbortController();
  const pending = completions.invoke("A", { signal: controller.signal });
  setImmediate(() => controller.abort("reason"));
  assert.equal((await failure(pending, "Cancelled")).cause, "reason");
  assert.ok(calls[0].signal.aborted);
  client.close();
  await failure(completions.invoke("A"), "Closed");
});

test("completions: the emulator's endpoints of every kind answer, whole and streamed", async () => {
  const { client, seen } = workspace.client();
  const prompt = "My name is Ann. What is my name?";
  for (const endpoint of ["text-completions", LLAMA, GPT_OSS, "dolly-v2-12b"]) {
    const completions = client.completions(endpoint, { max_tokens: 200 });
    const { text, requestId } = await completions.generate(prompt);
    assert.match(text, /Ann/, endpoint);
    assert.ok(requestId, endpoint);
    let words = "";
    for await (const word of await completions.stream(prompt)) words += word;
    assert.match(words, /Ann/, endpoint);
  }
  const looks = (await seen()).filter(({ path }) => path.startsWith("/api/2.0/serving-endpoints/"));
  assert.equal(looks.length, 4);
});

test("completions: the emulator keeps a stop and makes as many texts as asked for", async () => {
  const { client } = workspace.client();
  const { texts, usage } = await client.completions("text-completions").generate("My name is Ann. What is my name?", { n: 2 });
  assert.equal(texts.length, 2);
  assert.ok(usage.total_tokens > 0);
  for (const endpoint of ["text-completions", "dolly-v2-12b"]) {
    const text = await client.completions(endpoint, { stop: ["Ann"] }).invoke("My name is Ann. What is my name?");
    assert.ok(!text.includes("Ann"), text);
  }
  assert.match((await failure(client.completions("no-such-endpoint").invoke("Hi"), "NotFound")).message, /no-such-endpoint/);
  assert.match((await failure(client.completions("agent-responses").invoke("Hi"))).message, /responses\(\)/);
});
