// Tools: definitions, the loop, and everything a model or a tool can do wrong in it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { tool } from "./package.mjs";
import { CLAUDE, emulator, EXTERNAL, LLAMA } from "./emulator.mjs";
import { asksFor, completion, failure, json, never, scripted, withClock } from "./fakes.mjs";

const workspace = await emulator();
const numbers = { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] };

function adder(execute = ({ a, b }) => a + b) {
  return tool({ name: "add", description: "Adds two numbers", parameters: numbers, execute });
}

/** Runs a loop over scripted answers; gives the run, the bodies sent and the events. */
async function loop(answers, tools, options = {}) {
  const events = [];
  const { chat, calls } = scripted(answers);
  const run = await chat.runTools("What is 1 + 2?", { tools, onEvent: (one) => events.push(one), ...options });
  return { run, calls, events };
}

test("tools: as JSON a tool is its definition alone", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(adder())), { type: "function", function: { name: "add", description: "Adds two numbers", parameters: numbers } });
  assert.deepEqual(JSON.parse(JSON.stringify(tool({ name: "now", strict: true, execute: () => 1 }))), { type: "function", function: { name: "now", strict: true } });
});

test("tools: the loop asks, runs, tells and ends; the transcript is the whole conversation", async () => {
  const { run, calls, events } = await loop([json(asksFor(["add", { a: 1, b: 2 }])), json(completion("It is 3."))], [adder()]);
  assert.equal(run.answer.text, "It is 3.");
  assert.equal(run.steps, 2);
  assert.deepEqual(run.messages.map(({ role }) => role), ["user", "assistant", "tool", "assistant"]);
  assert.deepEqual(calls[1].json.messages[2], { role: "tool", tool_call_id: "call_1", content: "3" });
  assert.deepEqual(calls[1].json.messages, run.messages.slice(0, 3).map((message) => JSON.parse(JSON.stringify(message, (key, value) => value ?? undefined))));
  assert.deepEqual(events.map(({ type }) => type), ["step", "tool_call", "tool_result", "step"]);
  assert.deepEqual(events[2], { type: "tool_result", step: 1, id: "call_1", name: "add", argumentsRaw: '{"a":1,"b":2}', arguments: { a: 1, b: 2 }, result: 3 });
  assert.deepEqual(calls[0].json.tools, JSON.parse(JSON.stringify([adder()])));
});

for (const endpoint of [LLAMA, CLAUDE, EXTERNAL]) {
  test(`tools: the loop runs against ${endpoint} of the emulator`, async () => {
    const { client, seen } = workspace.client();
    const asked = [];
    const weather = tool({
      name: "get_weather",
      description: "Gets the current weather of a city",
      parameters: { type: "object", properties: { city: { type: "string", description: "The city" } }, required: ["city"] },
      execute: (args) => {
        asked.push(args);
        return { city: args.city, celsius: 21, sky: "clear" };
      },
    });
    const run = await client.chat(endpoint).runTools("What is the weather in Paris?", { tools: [weather] });
    assert.deepEqual(asked, [{ city: "Paris" }]);
    assert.match(run.answer.text, /21/);
    assert.equal((await seen()).length, run.steps);
  });
}

test("G1 G8: parallel calls run side by side and answer by their ids, in order", async () => {
  const order = [];
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const slow = tool({ name: "slow", execute: async () => { order.push("slow"); await gate; return "s"; } });
  const fast = tool({ name: "fast", execute: async () => { order.push("fast"); release(); return "f"; } });
  const { calls } = await loop([json(asksFor(["slow", {}], ["fast", {}])), json(completion())], [slow, fast]);
  assert.deepEqual(order, ["slow", "fast"]);
  assert.deepEqual(calls[1].json.messages.slice(2), [
    { role: "tool", tool_call_id: "call_1", content: "s" },
    { role: "tool", tool_call_id: "call_2", content: "f" },
  ]);
});

test("G18: a model that asks for tools forever is stopped by maxSteps", async () => {
  const { chat, calls } = scripted(() => json(asksFor(["add", { a: 1, b: 2 }])));
  await failure(() => chat.runTools("x", { tools: [adder()], maxSteps: 3 }), "StepLimit");
  assert.equal(calls.length, 3);
  calls.length = 0;
  await failure(() => chat.runTools("x", { tools: [adder()] }), "StepLimit");
  assert.equal(calls.length, 8, "8 unless set");
});

test("G17: a tool that throws, rejects or gives what JSON cannot hold is told to the model; the others go on", async () => {
  const cycle = {};
  cycle.self = cycle;
  const tools = [
    tool({ name: "throws", execute: () => { throw new Error("disk full"); } }),
    tool({ name: "rejects", execute: () => Promise.reject("no reason at all") }),
    tool({ name: "cycles", execute: () => cycle }),
    tool({ name: "big", execute: () => 10n }),
    tool({ name: "nothing", execute: () => undefined }),
    tool({ name: "throws_undefined", execute: () => { throw undefined; } }),
    tool({ name: "good", execute: () => ({ ok: true }) }),
  ];
  const { calls, run } = await loop([json(asksFor(...tools.map((one) => [one.function.name, {}]))), json(completion("done"))], tools);
  const told = calls[1].json.messages.slice(2).map(({ content }) => content);
  assert.match(told[0], /^Error: disk full/);
  assert.match(told[1], /^Error: no reason at all/);
  assert.match(told[2], /^Error: .*cycle/);
  assert.match(told[3], /^Error: .*BigInt/);
  assert.equal(told[4], "null");
  assert.match(told[5], /^Error: /);
  assert.equal(told[6], '{"ok":true}');
  assert.equal(run.answer.text, "done");
});

test("G17: a tool that hangs is given up after toolTimeoutMs, its signal fires, the model is told", async () => {
  let fired = false;
  const hangs = tool({ name: "hangs", execute: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => (fired = true))) });
  await withClock(async (clock) => {
    const { calls, events } = await loop([json(asksFor(["hangs", {}])), json(completion())], [hangs], { toolTimeoutMs: 2500 });
    assert.ok(clock.fired.includes(2500));
    assert.match(calls[1].json.messages[2].content, /^Error: .*2500 ms/);
    const { error } = events.find(({ type }) => type === "tool_result");
    assert.equal(error.kind, "DeadlineExceeded");
    assert.equal(error.phase, "tool");
  });
  assert.ok(fired);
});

test("G16: a tool that was not offered is an error that names the offered ones, also by prototype names", async () => {
  for (const name of ["multiply", "toString", "constructor", "__proto__", "hasOwnProperty"]) {
    const { chat, calls } = scripted([json(asksFor([name, {}]))]);
    const error = await failure(() => chat.runTools("x", { tools: [adder()] }), "UnknownTool");
    assert.match(error.message, /add/);
    assert.equal(error.completion.choices[0].message.tool_calls[0].function.name, name);
    assert.equal(calls.length, 1);
  }
});

test("G16: tools may have the names of prototype members", async () => {
  const odd = ["toString", "constructor", "__proto__"].map((name) => tool({ name, execute: () => `ran ${name}` }));
  const { calls } = await loop([json(asksFor(...odd.map((one) => [one.function.name, {}]))), json(completion())], odd);
  assert.deepEqual(calls[1].json.messages.slice(2).map(({ content }) => content), ["ran toString", "ran constructor", "ran __proto__"]);
  assert.equal({}.polluted, undefined);
});

test("G11 G12: arguments that are no JSON object do not run the tool; the model is told", async () => {
  let runs = 0;
  const counted = adder(() => (runs += 1));
  for (const bad of ['{"a":1,', "[1,2]", "3", '{"a":1,"a":2}', `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`]) {
    const { calls } = await loop([json(asksFor(["add", bad])), json(completion())], [counted]);
    assert.match(calls[1].json.messages[2].content, /^Error: /, bad.slice(0, 20));
  }
  assert.equal(runs, 0);
});

test("tools: a Standard Schema checks and converts the arguments, and describes them", async () => {
  const seen = [];
  const typed = tool({ name: "add", parameters: z.object({ a: z.number(), b: z.coerce.number().default(5) }), execute: (args) => void seen.push(args) });
  assert.equal(typed.function.parameters.type, "object");
  assert.deepEqual(Object.keys(typed.function.parameters.properties), ["a", "b"]);
  const { calls } = await loop([json(asksFor(["add", { a: 1 }], ["add", { a: 1, b: "2" }], ["add", { a: "x" }])), json(completion())], [typed]);
  assert.deepEqual(seen, [{ a: 1, b: 5 }, { a: 1, b: 2 }]);
  assert.match(calls[1].json.messages[4].content, /^Error: a: /);
});

test("I2: an abort while a tool runs ends the loop, the tool's signal fires with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("the user left");
  let inside;
  const waits = tool({ name: "waits", execute: (_, { signal }) => new Promise(() => { inside = signal; queueMicrotask(() => controller.abort(reason)); }) });
  const { chat, calls } = scripted([json(asksFor(["waits", {}]))]);
  const error = await failure(() => chat.runTools("x", { tools: [waits], signal: controller.signal }), "Cancelled");
  assert.equal(error.cause, reason);
  assert.equal(inside.reason, reason);
  assert.equal(calls.length, 1);
});

test("I2: an abort while the model is asked ends the loop", async () => {
  const controller = new AbortController();
  const { chat, calls } = scripted([json(asksFor(["add", { a: 1, b: 2 }])), (call) => { controller.abort(); return never(call); }]);
  await failure(() => chat.runTools("x", { tools: [adder()], signal: controller.signal }), "Cancelled");
  assert.equal(calls.length, 2);
});

test("I1: a signal that fired before the tool starts does not run it", async () => {
  const controller = new AbortController();
  let ran = false;
  const { chat } = scripted([json(asksFor(["add", { a: 1, b: 2 }]))]);
  const onEvent = ({ type }) => type === "tool_call" && controller.abort();
  await failure(() => chat.runTools("x", { tools: [adder(() => (ran = true))], signal: controller.signal, onEvent }), "Cancelled");
  assert.equal(ran, false);
});

test("tools: wrong definitions and limits are refused before anything is sent", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  const invalid = (act) => failure(async () => act(), "InvalidInput");
  await invalid(() => tool({ name: "", execute: () => 1 }));
  await invalid(() => tool({ name: "x" }));
  await invalid(() => tool({ name: "x", parameters: [], execute: () => 1 }));
  await invalid(() => tool({ name: "x", parameters: "object", execute: () => 1 }));
  await invalid(() => tool({ name: "x", parameters: { "~standard": { version: 1, vendor: "v", validate: () => ({ value: 1 }) } }, execute: () => 1 }));
  await invalid(() => tool({ name: "x", parameters: z.object({ at: z.date() }), execute: () => 1 }));
  await invalid(() => tool());
  await invalid(() => chat.runTools("x", { tools: [{ type: "function", function: { name: "f" } }] }));
  await invalid(() => chat.runTools("x", { tools: [adder(), adder()] }));
  await invalid(() => chat.runTools("x", {}));
  await invalid(() => chat.runTools("x"));
  for (const maxSteps of [0, -1, 1.5, Number.NaN, "2"]) await invalid(() => chat.runTools("x", { tools: [adder()], maxSteps }));
  for (const toolTimeoutMs of [0, -1, Number.NaN, Infinity, 2 ** 31]) await invalid(() => chat.runTools("x", { tools: [adder()], toolTimeoutMs }));
  assert.equal(calls.length, 0);
});

test("M5: an onEvent that throws ends the run with that error and no unhandled rejection", async () => {
  const { chat } = scripted([json(asksFor(["add", { a: 1, b: 2 }])), json(completion())]);
  const mine = new RangeError("mine");
  await assert.rejects(chat.runTools("x", { tools: [adder()], onEvent: ({ type }) => { if (type === "tool_result") throw mine; } }), mine);
});

test("M5: a tool may call the same client", async () => {
  const { chat } = scripted([json(asksFor(["ask", {}])), json(completion("inner")), json(completion("outer"))]);
  const ask = tool({ name: "ask", execute: async () => (await chat.invoke("inner question")).text });
  const run = await chat.runTools("x", { tools: [ask] });
  assert.equal(run.messages[2].content, "inner");
  assert.equal(run.answer.text, "outer");
});
