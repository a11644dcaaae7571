// Structured output: three methods, JSON Schema and Standard Schema, and answers that do not fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { StructuredChat } from "./package.mjs";
import { emulator, LLAMA } from "./emulator.mjs";
import { asksFor, completion, failure, json, scripted } from "./fakes.mjs";

const workspace = await emulator();
const point = { title: "A point", type: "object", properties: { x: { type: "number" }, y: { type: "number" } }, required: ["x", "y"], additionalProperties: false };
const METHODS = ["json_schema", "json_mode", "function_calling"];

/** An answer that gives this JSON text by the method. */
function gives(method, text, name = "A_point", more = {}) {
  return json(method === "function_calling" ? asksFor([name, text]) : completion(text, more));
}

for (const method of METHODS) {
  test(`structured: ${method} gives a value and the completion`, async () => {
    const { chat } = scripted([gives(method, '{"x":1,"y":2}')]);
    const { value, completion: whole } = await chat.structuredOutput(point, { method }).invoke("Where?");
    assert.deepEqual(value, { x: 1, y: 2 });
    assert.equal(whole.choices.length, 1);
    assert.equal(whole.attempts, 1);
  });

  test(`structured: ${method}: an answer that does not fit keeps the raw answer`, async () => {
    for (const bad of ['{"x":1}', '{"x":"one","y":2}', '{"x":1,"y":2,"z":3}', "[]", "null"]) {
      const { chat } = scripted([gives(method, bad)]);
      const error = await failure(() => chat.structuredOutput(point, { method }).invoke("Where?"), "OutputMismatch");
      assert.equal(error.completion.id, "chatcmpl-1", bad);
      assert.equal(error.completion.attempts, 1);
      assert.ok(!JSON.stringify(error).includes("chatcmpl-1"), "what the model said is not in an error's fields");
    }
  });

  test(`structured: ${method} against the emulator`, async () => {
    const { client, seen } = workspace.client();
    const person = { title: "person", type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };
    const input = "Ada is 36 years old. Give the person's name and age as JSON with the keys name and age.";
    const handle = client.chat(LLAMA).structuredOutput(method === "json_mode" ? { type: "object" } : person, { method });
    const { value } = await handle.invoke(input);
    if (method !== "json_mode") {
      assert.equal(typeof value.name, "string");
      assert.equal(value.age, 36);
    }
    assert.equal(typeof value, "object");
    const [{ body }] = await seen();
    assert.equal(method === "function_calling" ? body.tool_choice.function.name : body.response_format.type, { json_schema: "json_schema", json_mode: "json_object", function_calling: "person" }[method]);
  });
}

test("structured: what each method sends", async () => {
  const bodies = {};
  for (const method of METHODS) {
    const { chat, calls } = scripted([gives(method, '{"x":1,"y":2}', "spot")]);
    await chat.structuredOutput(point, { method, name: "spot", strict: true }).invoke("Where?", { max_tokens: 5 });
    bodies[method] = calls[0].json;
    assert.equal(calls[0].json.max_tokens, 5);
  }
  assert.deepEqual(bodies.json_schema.response_format, { type: "json_schema", json_schema: { name: "spot", schema: point, strict: true } });
  assert.deepEqual(bodies.json_mode.response_format, { type: "json_object" });
  assert.deepEqual(bodies.function_calling.tools, [{ type: "function", function: { name: "spot", parameters: point, strict: true } }]);
  assert.deepEqual(bodies.function_calling.tool_choice, { type: "function", function: { name: "spot" } });
});

test("structured: a zod schema describes, checks and converts", async () => {
  const schema = z.object({ x: z.number(), tags: z.array(z.string()).default(["none"]) });
  const { chat, calls } = scripted([json(completion('{"x":1}')), json(completion('{"x":"one"}'))]);
  const handle = chat.structuredOutput(schema, { name: "spot" });
  assert.ok(handle instanceof StructuredChat);
  assert.deepEqual((await handle.invoke("Where?")).value, { x: 1, tags: ["none"] });
  assert.equal(calls[0].json.response_format.json_schema.schema.properties.x.type, "number");
  assert.ok(!("$schema" in calls[0].json.response_format.json_schema.schema));
  const error = await failure(() => handle.invoke("Where?"), "OutputMismatch");
  assert.match(error.message, /x: /);
});

test("structured: an async Standard Schema works, one that throws is a mismatch", async () => {
  const standard = (validate) => ({ "~standard": { version: 1, vendor: "own", validate, jsonSchema: { input: () => ({ type: "object" }) } } });
  const { chat } = scripted(() => json(completion('{"x":1}')));
  const slow = standard(async (value) => ({ value: { ...value, checked: true } }));
  assert.deepEqual((await chat.structuredOutput(slow).invoke("x")).value, { x: 1, checked: true });
  const broken = standard(() => { throw new TypeError("validator broke"); });
  const error = await failure(() => chat.structuredOutput(broken).invoke("x"), "OutputMismatch");
  assert.equal(error.cause.message, "validator broke");
});

test("structured: fences, spaces and parts around the JSON are taken off", async () => {
  for (const content of [' {"x":1,"y":2}\n', '```json\n{"x":1,"y":2}\n```', [{ type: "reasoning", summary: [] }, { type: "text", text: '{"x":1,"y":2}' }]]) {
    const { chat } = scripted([json(completion(content))]);
    assert.deepEqual((await chat.structuredOutput(point).invoke("x")).value, { x: 1, y: 2 });
  }
});

test("structured: no JSON, an empty answer, a refusal to call and a cut answer say why", async () => {
  for (const [answer, method, says] of [
    [completion("I would rather not."), "json_schema", /JSON/],
    [completion(""), "json_schema", /no text/],
    [completion("words"), "function_calling", /did not call/],
    [completion('{"x":1,', { finish_reason: "length" }), "json_schema", /max_tokens/],
    [completion("", { finish_reason: "content_filter" }), "json_schema", /filter/],
  ]) {
    const { chat } = scripted([json(answer)]);
    const error = await failure(() => chat.structuredOutput(point, { method }).invoke("x"), "OutputMismatch");
    assert.match(error.message, says);
    assert.deepEqual({ ...error.completion }, answer);
  }
});

test("L8: the message of a mismatch does not repeat the answer", async () => {
  const { chat } = scripted([json(completion('{"x":"canary-answer-text","y":2}'))]);
  const error = await failure(() => chat.structuredOutput(point).invoke("x"), "OutputMismatch");
  assert.ok(!error.message.includes("canary-answer-text"), error.message);
});

test("structured: schemas and options that cannot be are refused at once", () => {
  const { chat, calls } = scripted(() => json(completion()));
  for (const act of [
    () => chat.structuredOutput([]),
    () => chat.structuredOutput(null),
    () => chat.structuredOutput("object"),
    () => chat.structuredOutput(undefined),
    () => chat.structuredOutput(point, { method: "guess" }),
    () => chat.structuredOutput(point, { name: "a b" }),
    () => chat.structuredOutput(point, { name: "x".repeat(65) }),
    () => chat.structuredOutput({ type: "object", minimum: Number.NaN }),
    () => chat.structuredOutput(z.object({ at: z.date() })),
    () => chat.structuredOutput({ "~standard": { version: 1, vendor: "v", validate: () => ({ value: 1 }) } }),
  ]) {
    assert.throws(act, (error) => error.kind === "InvalidInput" && error.name === "LakewireError", String(act));
  }
  assert.equal(calls.length, 0);
});

test("structured: a transport failure is no mismatch", async () => {
  const { chat } = scripted(() => json({ error_code: "PERMISSION_DENIED", message: "No." }, { status: 403 }));
  await failure(() => chat.structuredOutput(point).invoke("x"), "PermissionDenied");
});
