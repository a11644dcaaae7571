// Prompts: named variables, what goes in untouched, and sentences that say what is wrong and where.

import assert from "node:assert/strict";
import { test } from "node:test";
import lakewire from "./package.mjs";
import { completion, failure, json, scripted } from "./fakes.mjs";

const { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } = lakewire;

test("prompts: a text with variables, braces and numbers", () => {
  const prompt = PromptTemplate.fromTemplate("Tell {who} {{about}} {count} {what}, {who}.");
  assert.deepEqual(prompt.variables, ["who", "count", "what"]);
  assert.equal(prompt.format({ who: "Ann", count: 3, what: true, extra: { ignored: 1n } }), "Tell Ann {about} 3 true, Ann.");
  assert.equal(prompt.format({ who: 2n ** 64n, count: 1e21, what: -0.5 }), "Tell 18446744073709551616 {about} 1e+21 -0.5, 18446744073709551616.");
  assert.equal(PromptTemplate.fromTemplate("no variables").format(), "no variables");
  assert.equal(PromptTemplate.fromTemplate("{größe}-{a-b}").format({ größe: "5", "a-b": "x" }), "5-x");
  assert.equal(PromptTemplate.fromTemplate("{__proto__}").format(JSON.parse('{"__proto__":"x"}')), "x");
});

test("prompts: a value is never expanded, whatever it holds", () => {
  const prompt = PromptTemplate.fromTemplate("{a}|{b}");
  for (const value of ["{b}", "{{b}}", "}{", "{", "\\{b\\}", "\u0000\"\n", "\ud83d\ude00"]) {
    assert.equal(prompt.format({ a: value, b: "SECRET" }), `${value}|SECRET`);
  }
  const chat = ChatPromptTemplate.fromMessages([["system", "{a}"], ["human", [{ type: "text", text: "{a}" }]]]);
  assert.deepEqual(chat.formatMessages({ a: "{b}", b: "SECRET" }), [
    { role: "system", content: "{b}" },
    { role: "user", content: [{ type: "text", text: "{b}" }] },
  ]);
});

test("prompts: a message object is sent as it is, also with a field named placeholder", () => {
  const message = { role: "user", content: "{x}", placeholder: "p" };
  const prompt = ChatPromptTemplate.fromMessages([message]);
  assert.deepEqual([prompt.variables, prompt.formatMessages()], [[], [message]]);
});

test("prompts: the only variable may be given alone", async () => {
  const prompt = PromptTemplate.fromTemplate("{a}!");
  assert.equal(prompt.format("x"), "x!");
  assert.equal(prompt.format(0), "0!");
  assert.equal(await prompt.invoke("x"), "x!");
  const history = ChatPromptTemplate.fromMessages([new MessagesPlaceholder("messages"), ["human", "Go on."]]);
  assert.deepEqual(history.formatMessages([["ai", "Hi"]]), [{ role: "assistant", content: "Hi" }, { role: "user", content: "Go on." }]);
  const error = await failure(() => PromptTemplate.fromTemplate("{a}{b}").format("x"), "InvalidInput");
  assert.match(error.message, /this one has 2/);
});

test("prompts: partial values fill in, functions when the prompt is used, later values win", () => {
  let calls = 0;
  const base = PromptTemplate.fromTemplate("{day} {a}");
  const prompt = base.partial({ day: () => `day ${(calls += 1)}` });
  assert.deepEqual([base.variables, prompt.variables], [["day", "a"], ["a"]]);
  assert.equal(prompt.format("x"), "day 1 x");
  assert.equal(prompt.format({ a: "x", day: undefined }), "day 2 x");
  assert.equal(prompt.format({ a: "x", day: "today" }), "today x");
  assert.equal(calls, 2);
  const chat = ChatPromptTemplate.fromMessages([["placeholder", "{history}"], ["human", "{a}"]]).partial({ history: ["before"] });
  assert.deepEqual(chat.formatMessages("x").map(({ content }) => content), ["before", "x"]);
});

test("prompts: what is missing is named, what was given too, and no value", async () => {
  const error = await failure(() => PromptTemplate.fromTemplate("{a} {b} {c}").format({ b: "private words", d: "private words", c: undefined }), "InvalidInput");
  assert.equal(error.message, "The prompt needs a value for `a`, `c` (given: `b`, `d`). If no variable is meant, write the braces twice: `{{a}}`.");
  assert.match((await failure(ChatPromptTemplate.fromMessages(["{a}"]).invoke({}), "InvalidInput")).message, /`a` \(nothing was given\)/);
});

test("prompts: values that are no text are refused with what to write", async () => {
  const prompt = PromptTemplate.fromTemplate("{a}");
  for (const [value, says] of [[{}, /an object/], [["x"], /a list/], [null, /null/], [() => "x", /function/], [Symbol("x"), /symbol/], [NaN, /NaN/]]) {
    assert.match((await failure(() => prompt.format({ a: value }), "InvalidInput")).message, says);
  }
  assert.match((await failure(() => prompt.format(new Map([["a", "x"]])), "InvalidInput")).message, /fromEntries/);
});

test("prompts: a brace without a partner is an error that names its place", async () => {
  for (const [text, says] of [
    ["a\nb }", /without its `\{`.*line 2, column 3/],
    ["😀{name", /never closed.*line 1, column 2/],
    ["{}", /without a variable's name/],
    ['{"a": 1}', /`\{\{`/],
    ["{a.b}", /letters/],
  ]) {
    assert.match((await failure(() => PromptTemplate.fromTemplate(text), "InvalidInput")).message, says);
  }
  const error = await failure(() => ChatPromptTemplate.fromMessages([["system", "ok"], ["human", "{"]]), "InvalidInput");
  assert.match(error.message, /^Message 1 of the prompt: /);
});

test("prompts: messages of every form", () => {
  const echoed = { role: "assistant", content: "{not a variable", tool_calls: [{ id: "1" }], mood: 9 };
  const prompt = ChatPromptTemplate.fromMessages(new Set([
    ["system", "You help {team}."],
    new MessagesPlaceholder("history", { optional: true, nMessages: 2 }),
    echoed,
    ["ai", "Yes?"],
    "{question}",
    ["critic", "{question}"],
    ["human", [{ type: "image_url", image_url: { url: "{image}", detail: "low" } }]],
  ]));
  assert.deepEqual([prompt.variables, prompt.optionalVariables], [["team", "question", "image"], ["history"]]);
  assert.deepEqual(prompt.formatMessages({ team: "sales", question: "Why?", image: "data:,x", history: ["a", "b", { role: "tool", tool_call_id: "1", content: "{4}" }] }), [
    { role: "system", content: "You help sales." },
    { role: "user", content: "b" },
    { role: "tool", tool_call_id: "1", content: "{4}" },
    echoed,
    { role: "assistant", content: "Yes?" },
    { role: "user", content: "Why?" },
    { role: "critic", content: "Why?" },
    { role: "user", content: [{ type: "image_url", image_url: { url: "data:,x", detail: "low" } }] },
  ]);
});

test("prompts: what is no message is refused where it stands", async () => {
  for (const [messages, says] of [
    [[], /at least one/], [[7], /Message 0 .*no message/], [[["system"]], /pair/], [[["system", 7]], /content/], [[undefined], /no message/],
    [[["placeholder", "history"]], /\{history\}/], ["text", /list of messages/], [undefined, /list of messages/],
  ]) {
    assert.match((await failure(() => ChatPromptTemplate.fromMessages(messages), "InvalidInput")).message, says);
  }
  const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history")]);
  assert.match((await failure(() => prompt.formatMessages({ history: "Hi" }), "InvalidInput")).message, /must be a list of messages/);
  assert.match((await failure(() => prompt.formatMessages({ history: ["Hi", completion()] }), "InvalidInput")).message, /Message 1 of `history`.*answer\.message/);
  await failure(() => new MessagesPlaceholder(), "InvalidInput");
  await failure(() => new MessagesPlaceholder("a", { last: 2 }), "InvalidInput");
  await failure(() => new MessagesPlaceholder("a", { nMessages: 0 }), "InvalidInput");
  await failure(() => new PromptTemplate("x"), "InvalidInput");
  await failure(() => PromptTemplate.fromTemplate(7), "InvalidInput");
});

test("prompts: a chat takes what a prompt gives", async () => {
  const { chat, calls } = scripted([json(completion("One.")), json(completion("Two."))]);
  const prompt = ChatPromptTemplate.fromMessages([["system", "Be brief."], ["placeholder", "{history}"], ["human", "{question}"]]);
  const first = await chat.invoke(prompt.formatMessages({ question: "1?" }));
  const history = [["human", "1?"], first.message];
  await chat.invoke(prompt.formatMessages({ question: "2?", history }));
  assert.deepEqual(calls[1].json.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "1?" },
    { role: "assistant", content: "One." },
    { role: "user", content: "2?" },
  ]);
});
