// What a chat can be asked with, and what it refuses before anything is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, failure, json, scripted } from "./fakes.mjs";

/** The messages on the wire for this input. */
async function sent(input) {
  const { chat, calls } = scripted(() => json(completion()));
  await chat.invoke(input);
  assert.equal(calls.length, 1);
  return calls[0].json.messages;
}

/** The refusal of this input, which must come before any request. */
async function refused(input) {
  const { chat, calls } = scripted(() => json(completion()));
  const error = await failure(() => chat.invoke(input), "InvalidInput");
  assert.equal(calls.length, 0, "nothing is sent");
  assert.equal(error.attempts, 0);
  return error.message;
}

test("messages: text, pairs, objects and mixtures become messages", async () => {
  const user = { role: "user", content: "Hi" };
  assert.deepEqual(await sent("Hi"), [user]);
  assert.deepEqual(await sent(["Hi"]), [user]);
  assert.deepEqual(await sent([["user", "Hi"]]), [user]);
  assert.deepEqual(await sent(user), [user]);
  assert.deepEqual(await sent([user]), [user]);
  assert.deepEqual(await sent([["system", "Be brief."], "Hi", { role: "assistant", content: "Hello." }, "Bye"]), [
    { role: "system", content: "Be brief." },
    user,
    { role: "assistant", content: "Hello." },
    { role: "user", content: "Bye" },
  ]);
});

test("messages: every role and every typed part crosses unchanged", async () => {
  const messages = [
    { role: "system", content: "s" },
    { role: "developer", content: "d" },
    {
      role: "user",
      name: "ann",
      content: [
        { type: "text", text: "look", cache_control: { type: "ephemeral" } },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
        { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
        { type: "audio_url", audio_url: { url: "https://x.example/a.wav" } },
        { type: "document", source: { type: "text", data: "d" } },
        { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
      ],
    },
    { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }] },
    { role: "tool", tool_call_id: "c1", content: "4" },
  ];
  assert.deepEqual(await sent(messages), messages);
});

test("H5: unknown fields, roles and part types survive", async () => {
  const odd = [{ role: "critic", content: [{ type: "hologram", depth: { x: [1, null] } }], mood: 9 }];
  assert.deepEqual(await sent(odd), odd);
});

test("messages: a reasoning answer can be echoed with its signature", async () => {
  const reasoning = { type: "reasoning", summary: [{ type: "summary_text", text: "hm", signature: "sig==" }] };
  const { chat, calls } = scripted([json(completion([reasoning, { type: "text", text: "4" }])), json(completion())]);
  const answer = await chat.invoke("2 + 2?");
  await chat.invoke([["user", "2 + 2?"], answer.message, "Sure?"]);
  assert.deepEqual(calls[1].json.messages[1], { role: "assistant", content: [reasoning, { type: "text", text: "4" }] });
});

test("messages: an echoed answer loses only what the service refuses", async () => {
  const echoed = { role: "assistant", content: "", refusal: null, tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] };
  const { content, refusal, ...kept } = echoed;
  assert.deepEqual(await sent(["x", echoed]), [{ role: "user", content: "x" }, kept]);
});

test("M7: lone surrogates, controls and every plane of Unicode cross as valid JSON", async () => {
  const text = "a\u0000\u001f\u2028\ufeff\u{1f600}é\u{10ffff}\"\\";
  assert.deepEqual(await sent(text), [{ role: "user", content: text }]);
  // a lone surrogate is no character: it may be replaced or refused, and never panics
  const { chat, calls } = scripted(() => json(completion()));
  await chat.invoke("a\ud800b").then(
    () => assert.match(calls[0].json.messages[0].content, /^a.*b$/su),
    (error) => assert.equal(error.kind, "InvalidInput"),
  );
});

test("H7: integers above 2^53 given as text stay as they are, BigInts are refused by name", async () => {
  assert.match(await refused([{ role: "user", content: "x", extra: 9007199254740993n }]), /extra.*BigInt/);
});

for (const [what, input, says] of [
  ["a role without brackets around the pair", ["user", "Hi"], /\[\[role, content\]\]/],
  ["an empty list", [], /at least one/],
  ["a message without a role", [{ content: "x" }], /role/],
  ["a role that is no text", [{ role: 7, content: "x" }], /role/],
  ["three items in a pair", [["user", "a", "b"]], /pair/],
  ["one item in a pair", [["user"]], /pair/],
  ["a number as content", [["user", 1]], /content/],
  ["a part without a type", [["user", [{ text: "x" }]]], /type/],
  ["a number as a message", [7], /message/],
  ["true", true, /message/],
  ["a number", 7, /message/],
  ["null", null, /./],
  ["nothing", undefined, /messages/],
]) {
  test(`messages: ${what} is refused with what to write`, async () => {
    assert.match(await refused(input), says);
  });
}

test("H15 M7: NaN, infinities, Map, Set, cycles and throwing getters are refused before sending", async () => {
  assert.match(await refused([{ role: "user", content: "x", score: Number.NaN }]), /score.*NaN/);
  assert.match(await refused([{ role: "user", content: "x", score: -Infinity }]), /score/);
  assert.match(await refused([{ role: "user", content: "x", extra: new Map([[1, 2]]) }]), /extra.*Map/);
  assert.match(await refused([{ role: "user", content: "x", extra: new Set([1]) }]), /Set/);
  const cycle = { role: "user", content: "x" };
  cycle.self = cycle;
  assert.match(await refused([cycle]), /cycle/);
  const trap = { role: "user", get content() { throw new TypeError("boom"); } };
  assert.match(await refused([trap]), /throws/);
  const proxy = new Proxy({}, { get() { throw new RangeError("no"); }, ownKeys() { throw new RangeError("no"); } });
  assert.match(await refused([proxy]), /throws/);
});

test("M7: what a getter gives is read once", async () => {
  let reads = 0;
  const message = { role: "user", get content() { reads += 1; return `read ${reads}`; } };
  assert.deepEqual(await sent([message]), [{ role: "user", content: "read 1" }]);
  assert.equal(reads, 1);
});

test("M7: a deep input is refused or sent, and the client goes on", async () => {
  let deep = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
  const { chat } = scripted(() => json(completion()));
  await failure(() => chat.invoke([{ role: "user", content: "x", deep }]), "InvalidInput");
  assert.equal((await chat.invoke("Hi")).text, "Hello.");
});
