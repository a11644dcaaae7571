// From chunks to what is shown, and from what was shown to what is sent next.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./modules.mjs";

const { appendDelta, finishTool, startTool } = await pageModule("chat/delta.ts");
const { toMessages, plainText } = await pageModule("chat/history.ts");
const { Meter } = await pageModule("chat/meter.ts");
const { reasoningStyle, toChoices } = await pageModule("chat/endpoints.ts");
const { closeMarks } = await pageModule("view/close-marks.ts");
const { requestFields } = await pageModule("chat/fields.ts");

const turn = (over = {}) => ({ role: "assistant", id: "a", state: "streaming", parts: [], facts: {}, ...over });
const delta = (delta) => ({ choices: [{ delta }] });

test("F7 F8: a chunk without choices, without a delta or with nulls changes nothing", () => {
  const answer = turn();
  for (const chunk of [
    {},
    { choices: [] },
    { choices: null },
    { choices: [{ delta: null }] },
    delta({ content: null, tool_calls: null }),
  ])
    assert.equal(appendDelta(answer, 1, chunk), false);
  assert.deepEqual(answer.parts, []);
});

test("F9: text, reasoning parts and text again become three parts in order", () => {
  const answer = turn();
  appendDelta(answer, 1, delta({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "Let me " }] }] }));
  appendDelta(answer, 1, delta({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "see." }] }] }));
  appendDelta(answer, 1, delta({ content: "It is " }));
  appendDelta(answer, 1, delta({ content: [{ type: "text", text: "so." }] }));
  appendDelta(answer, 1, delta({ reasoning_content: "Hm." }));
  assert.deepEqual(answer.parts, [
    { kind: "reasoning", text: "Let me see." },
    { kind: "text", text: "It is so." },
    { kind: "reasoning", text: "Hm." },
  ]);
});

test("G1: interleaved fragments of two calls stay apart, also when the next step counts from zero again", () => {
  const answer = turn();
  const fragment = (index, id, name, args) =>
    delta({ tool_calls: [{ index, ...(id && { id }), function: { ...(name && { name }), arguments: args } }] });
  appendDelta(answer, 1, fragment(0, "x", "calculator", '{"expr'));
  appendDelta(answer, 1, fragment(1, "y", "current_time", '{"time'));
  appendDelta(answer, 1, fragment(0, undefined, undefined, 'ession":"1"}'));
  appendDelta(answer, 1, fragment(1, undefined, undefined, '_zone":"UTC"}'));
  startTool(answer, { id: "x", name: "calculator" }, 10);
  finishTool(answer, { id: "x", content: "1", failed: false }, 12);
  appendDelta(answer, 2, fragment(0, "z", "calculator", "{}"));
  assert.deepEqual(
    answer.parts.map(({ id, name, arguments: args, state, result }) => [id, name, args, state, result]),
    [
      ["x", "calculator", '{"expression":"1"}', "done", "1"],
      ["y", "current_time", '{"time_zone":"UTC"}', "writing", undefined],
      ["z", "calculator", "{}", "writing", undefined],
    ],
  );
  assert.equal(answer.parts[0].took_ms, 2);
});

test("G2 G3: fragments without an index go to the newest call, a new id begins another", () => {
  const answer = turn();
  for (const [id, args] of [
    ["x", '{"a"'],
    [undefined, ":1}"],
    ["x", ""],
    ["y", "{"],
    [undefined, "}"],
  ])
    appendDelta(answer, 1, delta({ tool_calls: [{ ...(id && { id }), function: { arguments: args } }] }));
  assert.deepEqual(
    answer.parts.map(({ id, arguments: args }) => [id, args]),
    [
      ["x", '{"a":1}'],
      ["y", "{}"],
    ],
  );
});

test("G17: a failed tool is shown as failed with what the model was told", () => {
  const answer = turn();
  startTool(answer, { id: "x", name: "calculator", arguments: "{}" }, 0);
  finishTool(answer, { id: "x", content: "Division by zero.", failed: true }, 1);
  assert.equal(answer.parts[0].state, "failed");
  assert.equal(answer.parts[0].result, "Division by zero.");
});

test("history: system first, transcripts whole, stopped answers as their words, failed exchanges left out", () => {
  const call = { role: "assistant", content: "", tool_calls: [{ id: "x" }] };
  const result = { role: "tool", tool_call_id: "x", content: "4" };
  const turns = [
    { role: "user", id: "1", text: "2+2?" },
    turn({ state: "done", messages: [call, result, { role: "assistant", content: "4" }] }),
    { role: "user", id: "2", text: "fails" },
    turn({ state: "failed" }),
    { role: "user", id: "3", text: "long?" },
    turn({
      state: "stopped",
      parts: [
        { kind: "reasoning", text: "hm" },
        { kind: "text", text: "Once upon" },
      ],
    }),
    { role: "user", id: "4", text: "go on" },
  ];
  assert.deepEqual(toMessages(turns, " Be brief. "), [
    { role: "system", content: "Be brief." },
    { role: "user", content: "2+2?" },
    call,
    result,
    { role: "assistant", content: "4" },
    { role: "user", content: "long?" },
    { role: "assistant", content: "Once upon" },
    { role: "user", content: "go on" },
  ]);
  assert.deepEqual(toMessages([{ role: "user", id: "1", text: "hi" }], "  "), [{ role: "user", content: "hi" }]);
  assert.equal(plainText(turns[5]), "Once upon");
});

test("meter: the last usage of each step counts, steps add up, tool time is not writing time", () => {
  let now = 0;
  const meter = new Meter(() => now);
  const at = (time, wrote, usage) => ((now = time), meter.chunk(wrote, usage));
  at(100, false, { prompt_tokens: 10, completion_tokens: null });
  at(300, true, { prompt_tokens: 10, completion_tokens: 1 });
  at(800, true, { prompt_tokens: 10, completion_tokens: 20 });
  meter.stepEnded();
  at(5_800, true, null);
  at(6_300, true, { prompt_tokens: 40, completion_tokens: 30 });
  meter.stepEnded();
  assert.deepEqual(meter.facts(), { first_token_ms: 300, completion_tokens: 50, prompt_tokens: 50, tokens_per_second: 50 });
});

test("meter: without usage chunks are counted and called an estimate; nothing written gives no figure", () => {
  let now = 0;
  const meter = new Meter(() => now);
  meter.chunk(false, undefined);
  meter.stepEnded();
  assert.deepEqual(meter.facts(), {});
  for (let i = 0; i < 5; i += 1) ((now += 50), meter.chunk(true, null));
  meter.stepEnded();
  assert.deepEqual(meter.facts(), { first_token_ms: 50, completion_tokens: 5, estimated: true, tokens_per_second: 25 });
});

test("endpoints: chat and ready ones can be picked, the others say why not", () => {
  const ready = { ready: "READY", config_update: "NOT_UPDATING" };
  const choices = toChoices([
    { name: "z-chat", task: "llm/v1/chat", state: ready, description: "z" },
    { name: "embed", task: "llm/v1/embeddings", state: ready },
    { name: "a-chat", task: "llm/v1/chat", state: ready },
    { name: "new", task: "llm/v1/chat", state: { ready: "NOT_READY", config_update: "IN_PROGRESS" } },
    { name: "down", task: "llm/v1/chat", state: { ready: "NOT_READY", config_update: "UPDATE_FAILED" } },
    { name: "custom", task: null, state: null },
    {},
  ]);
  assert.deepEqual(choices, [
    { name: "a-chat", description: "" },
    { name: "z-chat", description: "z" },
    { name: "custom", description: "", reason: "not a chat model" },
    { name: "down", description: "", reason: "not ready" },
    { name: "embed", description: "", reason: "makes embeddings" },
    { name: "new", description: "", reason: "starting up" },
  ]);
});

test("request fields: what is not set is absent; each family is asked to reason in its own way", () => {
  const base = { model: "databricks-meta-llama-3-3-70b-instruct", temperature: null, max_tokens: null, reasoning: "high" };
  assert.deepEqual(requestFields(base), {});
  assert.deepEqual(requestFields({ ...base, temperature: 0, max_tokens: 5 }), { temperature: 0, max_tokens: 5 });
  assert.deepEqual(requestFields({ ...base, model: "databricks-gpt-oss-20b" }), { reasoning_effort: "high" });
  // The budget must be below max_tokens, and a thinking Claude takes no temperature.
  assert.deepEqual(
    requestFields({ ...base, model: "databricks-claude-sonnet-4", temperature: 0.2, max_tokens: 100, reasoning: "low" }),
    {
      thinking: { type: "enabled", budget_tokens: 1024 },
      max_tokens: 1124,
    },
  );
  assert.equal(reasoningStyle("my-proxy"), "none");
});

test("marks still being written are closed, others left alone", () => {
  const cases = [
    ["It is **bol", "It is **bol**"],
    ["It is **bold and ", "It is **bold and** "],
    ["It is **", "It is "],
    ["It is **bold*", "It is **bold**"],
    ["It is **bold**", "It is **bold**"],
    ["Run `npm", "Run `npm`"],
    ["Run `", "Run "],
    ["Run `a ** b` and", "Run `a ** b` and"],
    ["**a**\n\nNext **b", "**a**\n\nNext **b**"],
    ["**never closed\n\nNext", "**never closed\n\nNext"],
    ["```js\nconst a = `x", "```js\nconst a = `x"],
    ["```\ncode\n```\nand **b", "```\ncode\n```\nand **b**"],
  ];
  for (const [given, expected] of cases) assert.equal(closeMarks(given), expected, given);
});
