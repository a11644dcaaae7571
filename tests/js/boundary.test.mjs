// What JavaScript can hand to the core: broken fetches, fake answers, hostile values. Each ends in a typed error, and the
// client goes on.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { completion, DONE, event, failure, HOST, json, scripted, sse } from "./fakes.mjs";
import { ChatAnswer, entry, LakewireError, tool, WorkspaceClient } from "./package.mjs";

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
after(() => assert.deepEqual(rejections, [], "no unhandled rejections"));

const bytes = (text) => new TextEncoder().encode(text);
const once = { retry: { maxAttempts: 1 } };

/** The failure of a call whose fetch gives this answer; afterwards the same client answers. */
async function fails(answer, kind) {
  const { chat } = scripted([answer, json(completion("still usable"))], once);
  const error = await failure(() => chat.invoke("Hi"), kind);
  assert.equal((await chat.invoke("Hi")).text, "still usable");
  return error;
}

/** A response-like object with this body. */
function fake(given, more = {}) {
  return { status: 200, headers: new Headers({ "content-type": "application/json" }), bodyUsed: false, body: given, ...more };
}

/** A stream-like body whose reads are these. */
function reads(...list) {
  return { locked: false, cancel: async () => {}, getReader: () => ({ read: async () => list.shift() ?? { done: true }, cancel: async () => {}, releaseLock() {} }) };
}

test("M5: a fetch that throws at once, or rejects with anything at all, is a Connect error", async () => {
  const thrown = [new TypeError("fetch failed"), "text", undefined, null, 7, {}, Symbol("x"), Object.create(null), new Proxy({}, { get() { throw new Error("trap"); }, has() { throw new Error("trap"); } })];
  for (const what of thrown) {
    for (const fetch of [() => { throw what; }, () => Promise.reject(what)]) {
      const client = new WorkspaceClient({ host: HOST, token: "dapi-x", fetch, ...once });
      const error = await failure(() => client.chat("e").invoke("Hi"), "Connect");
      assert.equal(error.attempts, 1);
    }
  }
});

test("M5: a fetch that gives nothing, text or a number is a Protocol error", async () => {
  for (const what of [null, 7, "text", true, [], {}, () => {}, Symbol("x")]) {
    await fails(() => what, "Protocol");
  }
});

test("M5: a fetch that never settles ends at the time limit or by the signal", async () => {
  const client = new WorkspaceClient({ host: HOST, token: "dapi-x", fetch: () => new Promise(() => {}), ...once });
  assert.equal((await failure(() => client.chat("e").invoke("Hi", { timeouts: { firstByteMs: 10 } }), "DeadlineExceeded")).phase, "first_byte");
  await failure(() => client.chat("e").invoke("Hi", { signal: AbortSignal.timeout(5) }), "Cancelled");
});

test("M5: a thenable is taken as a promise; a then that throws is a Connect error", async () => {
  const thenable = { then: (resolve) => resolve(json(completion("from a thenable"))) };
  const make = (what) => new WorkspaceClient({ host: HOST, token: "dapi-x", fetch: () => what, ...once }).chat("e");
  assert.equal((await make(thenable).invoke("Hi")).text, "from a thenable");
  await failure(() => make({ then() { throw new Error("x"); } }).invoke("Hi"), "Connect");
});

test("M5: fetch and token provider may call the same client: no aliasing error", async () => {
  let inner;
  const { client, chat } = scripted(async (call) => {
    if (call.json.messages[0].content === "outer") inner = await client.chat("endpoint").invoke("inner");
    return json(completion(`${call.json.messages[0].content} answered`));
  });
  assert.equal((await chat.invoke("outer")).text, "outer answered");
  assert.equal(inner.text, "inner answered");
  let other;
  const token = async () => {
    other ??= scripted(() => json(completion("for the token"))).chat.invoke("x");
    await other;
    return "dapi-x";
  };
  assert.equal((await scripted(() => json(completion()), { token }).chat.invoke("Hi")).text, "Hello.");
});

test("M5: a token provider that waits for the client it serves ends at the time limit", async () => {
  let client;
  const token = () => client.chat("e").invoke("to get a token", { timeouts: { firstByteMs: 20 } });
  client = new WorkspaceClient({ host: HOST, token, fetch: async () => json(completion()), ...once });
  const error = await failure(() => client.chat("e").invoke("Hi", { timeouts: { firstByteMs: 40 } }));
  assert.ok(["DeadlineExceeded", "TokenProvider"].includes(error.kind), error.kind);
});

test("M5: token providers that throw, reject, hang or give the wrong thing are TokenProvider errors", async () => {
  for (const token of [
    () => { throw new Error("sync"); }, () => { throw undefined; }, async () => Promise.reject(null), () => undefined, () => null, () => 7,
    () => ({}), () => ({ token: 7 }), () => [], () => Symbol("x"), () => ({ get token() { throw new Error("getter"); } }),
    () => ({ then() { throw new Error("then"); } }),
  ]) {
    const { chat, calls } = scripted(() => json(completion()), { token, ...once });
    const error = await failure(() => chat.invoke("Hi"), "TokenProvider");
    assert.equal(error.attempts, 0, String(token));
    assert.equal(calls.length, 0);
  }
  const hangs = scripted(() => json(completion()), { token: () => new Promise(() => {}), ...once });
  const error = await failure(() => hangs.chat.invoke("Hi", { timeouts: { firstByteMs: 10 } }), "DeadlineExceeded");
  assert.equal(error.maybeProcessed, false, "nothing was sent");
});

test("M6 E34: answers without a body, or with what is none", async () => {
  await fails(fake(null), "EmptyBody");
  await fails(fake(undefined), "EmptyBody");
  for (const body of [7, "text", {}, [], new Uint8Array(3), { getReader: 7 }, { getReader() { throw new Error("no"); } }, { getReader: () => null }, { getReader: () => ({}) }, { getReader: () => ({ read: 7 }) }]) {
    await fails(fake(body), "Protocol");
  }
});

test("M6 E35: bodies that are locked or were read", async () => {
  const locked = json(completion());
  locked.body.getReader();
  await fails(locked, "Protocol");
  const used = json(completion());
  await used.text();
  await fails(used, "Protocol");
});

test("M6: reads that are not bytes, detached, or of no length", async () => {
  for (const value of ["text", 7, null, undefined, [1, 2], new ArrayBuffer(4), new Uint16Array(4), new DataView(new ArrayBuffer(4))]) {
    await fails(fake(reads({ done: false, value })), "Protocol");
  }
  await fails(fake(reads(undefined, 7)), "EmptyBody");
  const text = JSON.stringify(completion("in pieces"));
  const pieces = [bytes(""), bytes(text.slice(0, 9)), bytes(""), bytes(text.slice(9)), bytes("")].map((value) => ({ done: false, value }));
  assert.equal((await scripted([fake(reads(...pieces))]).chat.invoke("Hi")).text, "in pieces");
});

test("M6: a read whose buffer was transferred elsewhere", async () => {
  const detached = bytes("{}");
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const error = await fails(fake(reads({ done: false, value: detached })));
  assert.ok(["Protocol", "EmptyBody"].includes(error.kind), error.kind);
});

test("M6: reads that reject or throw", async () => {
  const rejecting = (read) => fake({ locked: false, cancel: async () => {}, getReader: () => ({ read, cancel: async () => {}, releaseLock() {} }) });
  for (const why of [new Error("reset"), undefined, "text"]) {
    await fails(rejecting(() => Promise.reject(why)), "Truncated");
  }
  await fails(rejecting(() => { throw new Error("sync"); }), "Protocol");
});

test("M6: headers that are none, hold odd pairs, or throw", async () => {
  for (const headers of [undefined, null, 7, {}, { get: () => "x" }, [7], ["ab"], { [Symbol.iterator]() { throw new Error("x"); } }]) {
    const good = json(completion());
    await fails(fake(good.body, { headers }), "Protocol");
  }
  const good = json(completion("array of pairs"));
  assert.equal((await scripted([fake(good.body, { headers: [["Content-Type", "application/json"], [1, 2]] })]).chat.invoke("Hi")).text, "array of pairs");
});

test("M6 D25: statuses that are none", async () => {
  for (const status of [undefined, null, "200", Number.NaN, -1, 1000, {}]) await fails(fake(null, { status }), "Protocol");
});

test("M6 M7: answers and bodies that are proxies with traps that throw", async () => {
  const trap = () => new Proxy({}, { get() { throw new Error("trap"); }, has() { throw new Error("trap"); } });
  // a promise looks for `then`, so such an answer is a rejection
  await fails(trap, "Connect");
  await fails(fake(trap()), "Protocol");
  await fails({ get status() { throw new Error("no"); } }, "Protocol");
  await fails({ status: 200, bodyUsed: false, body: null, get headers() { throw new Error("no"); } }, "Protocol");
});

test("M7: configurations that cannot be are refused", async () => {
  const bad = [undefined, null, 7, "https://x.example", [], {}, { host: "https://x.example", fetch: 7 }, { host: "https://x.example", token: 7 }, { host: "https://x.example", token: {} },
    ...[0, -1, 1.5, Number.NaN, Infinity, "3", 1e9].map((maxAttempts) => ({ host: "https://x.example", retry: { maxAttempts } })),
    ...[-1, 1.5, Number.NaN, "x"].map((budget) => ({ host: "https://x.example", retry: { budget } })),
    ...[0, -1, Number.NaN, Infinity, "1", 1e12].flatMap((size) => [{ host: "https://x.example", maxEventBytes: size }, { host: "https://x.example", maxBodyBytes: size }]),
    { host: "https://x.example", headers: { "bad name": "x" } }, { host: "https://x.example", headers: { "x-a": "line\r\nend" } }, { host: "https://x.example", headers: 7 },
    { host: "https://x.example", headers: [["one"]] }, { host: "https://x.example", headers: [7] }, { host: "https://x.example", dangerouslyAllowBrowser: "yes" },
    { get host() { throw new Error("getter"); } },
  ];
  for (const config of bad) await failure(async () => new WorkspaceClient(config), "InvalidInput");
});

test("M7: options of a call that cannot be are refused before sending", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  for (const options of [7, "x", true, { headers: 7 }, { headers: { "x-a": "ü" } }, { timeouts: { get firstByteMs() { throw new Error("x"); } } }, { temperature: Number.NaN }, { max_tokens: 10n }, { tools: {} }, { tools: [{}] }, { tool_choice: 7 }, { stop: new Map() }]) {
    await failure(() => chat.invoke("Hi", options), "InvalidInput");
  }
  for (const options of [undefined, null, {}]) await chat.invoke("Hi", options);
  assert.equal(calls.length, 3);
});

test("M7: extra_params that are no object do not vanish in silence", async () => {
  const { client, chat, calls } = scripted(() => json(completion()));
  for (const extra_params of [[1], "x", 7, true]) {
    await failure(() => chat.invoke("Hi", { extra_params }), "InvalidInput");
    await failure(() => client.chat("e", { extra_params }).invoke("Hi"), "InvalidInput");
  }
  assert.equal(calls.length, 0);
});

test("M7: getters of options are read once", async () => {
  const reads = {};
  const counted = (name, value) => ({ enumerable: true, get: () => ((reads[name] = (reads[name] ?? 0) + 1), value) });
  const options = Object.defineProperties({}, { temperature: counted("temperature", 0.5), maxAttempts: counted("maxAttempts", 2), timeouts: counted("timeouts", { totalMs: 1000 }), headers: counted("headers", { a: "b" }) });
  await scripted(() => json(completion())).chat.invoke("Hi", options);
  assert.deepEqual(reads, { temperature: 1, maxAttempts: 1, timeouts: 1, headers: 1 });
});

test("M7: very long texts cross", async () => {
  const text = "é".repeat(8 << 20);
  const { chat, calls } = scripted((call) => json(completion(call.json.messages[0].content)), { maxBodyBytes: 64 << 20 });
  assert.equal((await chat.invoke(text)).text.length, text.length);
  assert.equal(calls[0].init.body.length, bytes(calls[0].text).length);
});

test("M8: the slim entry refuses use before init with a typed error, starts once, and starts again for nothing", async () => {
  const script = `
    const slim = await import(${JSON.stringify(entry("./slim"))});
    const { readFile } = await import("node:fs/promises");
    const out = {};
    try { new slim.WorkspaceClient({ host: "https://x.example" }); out.before = "made"; } catch (error) { out.before = error.kind ?? error.name; }
    try { await slim.default(new Uint8Array([1, 2, 3])); out.broken = "started"; } catch (error) { out.broken = error.kind ?? error.name; }
    const bytes = await readFile(new URL(${JSON.stringify(entry("./core.wasm"))}));
    await slim.default(bytes); await slim.default(bytes);
    const fetch = async () => new Response(JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "slim" } }] }));
    out.answer = (await new slim.WorkspaceClient({ host: "https://x.example", token: "dapi-x", fetch }).chat("e").invoke("Hi")).text;
    console.log(JSON.stringify(out));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const out = JSON.parse(stdout);
  assert.equal(out.answer, "slim", "init works after one that failed");
  assert.deepEqual([out.before, out.broken], ["InvalidInput", "InvalidInput"]);
});

test("M7: classes of handles cannot be forged into the core", async () => {
  for (const make of [() => new ChatAnswer().text, () => new tool(), () => Object.create(WorkspaceClient.prototype).chat("x")]) {
    assert.throws(make, (error) => !(error instanceof WebAssembly.RuntimeError));
  }
});

test("errors: instanceof holds across copies of the package and for nothing else", async () => {
  const copy = await import(`${entry(".")}?copy`);
  const theirs = await failure(async () => new copy.WorkspaceClient({}));
  assert.ok(theirs instanceof LakewireError && theirs instanceof Error);
  assert.equal(theirs.name, "LakewireError");
  for (const other of [null, undefined, 7, "x", {}, new Error("x"), { name: "LakewireError" }]) assert.ok(!(other instanceof LakewireError));
});

test("M4 H2: answers and events nested without end are Decode errors, and the core goes on", async () => {
  const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
  const { chat } = scripted([json(deep), json(`{"choices":[],"deep":${deep}}`), sse([event(`{"choices":[],"deep":${deep}}`), DONE]), json(completion("still usable"))], once);
  await failure(() => chat.invoke("Hi"), "Decode");
  await failure(() => chat.invoke("Hi"), "Decode");
  await failure(async () => { for await (const one of await chat.stream("Hi")) void one; }, "Decode");
  assert.equal((await chat.invoke("Hi")).text, "still usable");
});

test("H8: of two keys of one name both the answer's views and the tool loop take the same one", async () => {
  const plain = '"choices":[{"index":0,"message":{"role":"assistant","content":"plain"},"finish_reason":"stop"}]';
  const asks = '"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]';
  for (const [first, second] of [[plain, asks], [asks, plain]]) {
    const text = `{${first},${second}}`;
    const views = await scripted([json(text)], once).chat.invoke("Hi").then((answer) => answer.toolCalls.length, (error) => error.kind);
    let runs = 0;
    const f = tool({ name: "f", execute: () => (runs += 1) });
    const ran = await scripted([json(text), json(completion("end"))], once).chat.runTools("Hi", { tools: [f] }).then(() => runs, (error) => error.kind);
    assert.equal(ran, views);
  }
});

test("A13: a refused fetch in a page names the missing CORS headers and never a token in the page", async () => {
  const script = `
    globalThis.window = globalThis; globalThis.document = {};
    const { WorkspaceClient } = await import(${JSON.stringify(entry("."))});
    const client = new WorkspaceClient({ host: "https://x.example", fetch: async () => { throw new TypeError("Failed to fetch"); }, retry: { maxAttempts: 1 } });
    const error = await client.chat("e").invoke("Hi").catch((thrown) => thrown);
    console.log(JSON.stringify({ kind: error.kind, message: error.message, maybe: error.maybeProcessed }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const { kind, message, maybe } = JSON.parse(stdout);
  assert.equal(kind, "Connect");
  assert.equal(maybe, true);
  assert.match(message, /CORS.*(server|relay)/);
  assert.doesNotMatch(message, /dangerouslyAllowBrowser|token/i);
});
