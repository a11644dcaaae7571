// The page in a real Chromium, from typing a message to what reached the workspace.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startAll, TOKEN } from "./harness.mjs";

let all;
let page;

before(async () => (all = await startAll()));
after(() => all?.stop());
beforeEach(async () => {
  await all.emulator.clear();
  page = await all.open();
});
afterEach(() => page?.close());

const CHAT = { path: "/invocations", method: "POST" };
const fault = (fault, times = 1) => all.emulator.faults([{ match: CHAT, times, fault }]);
const chats = async () => (await all.emulator.operations()).filter(({ path }) => path.endsWith("/invocations"));
const prose = () => page.last().locator(".prose");

async function until(condition, what) {
  for (let i = 0; i < 1500; i += 1) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`never came: ${what}`);
}

test("a message is answered, and the answer grows while it is written", async () => {
  await fault({ repeat_text: 30, drip_ms: 3 });
  await page.send("My name is Ann and I live in Bern.\n\nWhat is my name?");
  const early = await until(
    async () =>
      (await page.last().getAttribute("data-state")) === "streaming" ? (await prose().allInnerTexts()).join("").trim() : "",
    "text while streaming",
  );
  assert.equal(await page.settled(), "done");
  const whole = (await prose().allInnerTexts()).join("").trim();
  assert.match(whole, /Ann/);
  assert.ok(whole.length > early.length, "the text was there at once");
  const sent = await chats();
  assert.equal(sent.length, 1);
  assert.equal(sent[0].body.stream, true);
  assert.deepEqual(sent[0].body.messages, [{ role: "user", content: "My name is Ann and I live in Bern.\n\nWhat is my name?" }]);
});

test("time to first token, speed, token counts and the served model are told under the answer", async () => {
  await fault({ repeat_text: 5, drip_ms: 5 });
  await page.send("Lake Baikal is 1,642 metres deep. How deep is Lake Baikal?");
  await page.settled("done");
  const facts = await page.last().locator(".facts").innerText();
  assert.match(facts, /\d+ (ms|s) to first token|\d\.\d s to first token/);
  assert.match(facts, /\d tokens\/s/);
  assert.match(facts, /\d+ read, [\d,]+ written/);
  const served = page.log.responses.find((response) => response.url().endsWith("/invocations")).headers()["served-model-name"];
  assert.ok(served && facts.includes(served), `${facts} does not name ${served}`);
});

test("I2 I5: stop ends the answer at once, keeps its words, and the workspace sees the close", async () => {
  await fault({ repeat_text: 100_000, drip_ms: 2 });
  await page.send("Tell me about Lake Baikal, which is deep.");
  await until(async () => (await prose().count()) > 0, "first words");
  await page.tab.getByRole("button", { name: "Stop" }).click();
  assert.equal(await page.settled(), "stopped");
  assert.notEqual((await prose().first().innerText()).trim(), "");
  assert.match(await page.last().locator(".facts").innerText(), /Stopped/);
  const closed = await until(
    async () => (await chats()).find(({ outcome }) => outcome !== "in_progress"),
    "the end of the request in the history",
  );
  assert.equal(closed.outcome, "client_closed");
  await page.send("My name is Ann. What is my name?");
  assert.equal(await page.settled("done", "failed"), "done");
  assert.deepEqual(
    (await chats()).at(-1).body.messages.map(({ role }) => role),
    ["user", "assistant", "user"],
  );
});

test("Escape stops too", async () => {
  await fault({ repeat_text: 100_000, drip_ms: 2 });
  await page.send("Tell me about Lake Baikal, which is deep.");
  await until(async () => (await prose().count()) > 0, "first words");
  await page.tab.keyboard.press("Escape");
  assert.equal(await page.settled(), "stopped");
});

test("a tool call is shown with its arguments and result, and the answer draws on it", async () => {
  await page.send("What is 12.5 * 8 + 4?");
  assert.equal(await page.settled(), "done");
  const card = page.last().locator(".tool").first();
  assert.equal(await card.locator(".tool-name").innerText(), "calculator");
  assert.equal(await card.getAttribute("data-state"), "done");
  assert.match(await card.locator(".tool-row").nth(0).innerText(), /12\.5 \* 8 \+ 4/);
  assert.match(await card.locator(".tool-row").nth(1).innerText(), /104/);
  assert.match((await prose().allInnerTexts()).join(" "), /104/);
  const sent = await chats();
  assert.equal(sent.length, 2);
  assert.deepEqual(
    sent[0].body.tools.map((tool) => tool.function.name),
    ["calculator", "current_time", "convert_units"],
  );
  assert.deepEqual(
    sent[1].body.messages.map(({ role }) => role),
    ["user", "assistant", "tool"],
  );
  assert.match(sent[1].body.messages[2].content, /104/);
});

test("G17: a tool that fails is shown as failed, the model is told, and the answer still comes", async () => {
  const chunk = (delta, finish_reason = null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const call = {
    role: "assistant",
    content: "",
    tool_calls: [
      { index: 0, id: "call_1", type: "function", function: { name: "calculator", arguments: '{"expression":"7 / 0"}' } },
    ],
  };
  await fault({
    status: 200,
    content_type: "text/event-stream",
    body: `${chunk(call)}${chunk({}, "tool_calls")}data: [DONE]\n\n`,
  });
  await page.send("What is 7 / 0?");
  assert.equal(await page.settled(), "done");
  const card = page.last().locator(".tool").first();
  assert.equal(await card.getAttribute("data-state"), "failed");
  assert.match(await card.innerText(), /Division by zero/);
  assert.match((await chats())[1].body.messages.at(-1).content, /Division by zero/);
});

test("tools can be switched off one by one", async () => {
  await page.setting("Calculator", (control) => control.uncheck({ force: true }));
  await page.send("What is 12.5 * 8 + 4?");
  await page.settled("done");
  assert.ok(!(await page.last().locator(".tool-name").allInnerTexts()).includes("calculator"));
  assert.deepEqual(
    (await chats())[0].body.tools.map((tool) => tool.function.name),
    ["current_time", "convert_units"],
  );
});

test("system prompt, temperature and token limit travel; what is not set does not", async () => {
  await page.send("Hello there.");
  await page.settled("done");
  const bare = (await chats())[0].body;
  assert.equal(bare.max_tokens, 100_000, "the relay's own limit");
  for (const name of ["temperature", "reasoning_effort", "thinking", "response_format"])
    assert.ok(!(name in bare), name);
  await page.setting("System prompt", (control) => control.fill("Answer briefly."));
  await page.setting("Temperature", (control) => control.fill("0.3"));
  await page.setting("Max tokens", (control) => control.fill("7"));
  await page.send("Lake Baikal is the deepest lake in the world, and it is in Siberia. Where is Lake Baikal?");
  await page.settled("done");
  const { messages, temperature, max_tokens } = (await chats()).at(-1).body;
  assert.deepEqual(messages[0], { role: "system", content: "Answer briefly." });
  assert.equal(temperature, 0.3);
  assert.equal(max_tokens, 7);
  assert.match(await page.last().locator(".facts").innerText(), /Cut at the token limit/);
});

test("an answer by a schema is JSON that fits it", async () => {
  await page.tab.getByRole("button", { name: /^Get JSON/ }).click();
  await page.send("Name: Ann Berger. Role: hydrologist. City: Bern. Age: 41.");
  assert.equal(await page.settled(), "done");
  const value = JSON.parse(await page.last().locator(".json code").innerText());
  assert.deepEqual(Object.keys(value).sort(), ["age", "city", "name", "role"]);
  assert.equal(value.age, 41);
  // The page says that it goes on like this, and how to get back.
  await page.tab.getByRole("button", { name: "Back to text" }).click();
  await page.send("My name is Ann. What is my name?");
  await page.settled("done");
  assert.equal(await page.last().locator(".prose").count(), 1);
  assert.ok(!("response_format" in (await chats()).at(-1).body));
});

test("D17 D27: a refusal is a sentence with what to do and the service's words, and trying again works", async () => {
  await fault({ status: 400, body: { error_code: "BAD_REQUEST", message: 'BAD_REQUEST: json: unknown field "temperature"' } });
  await page.send("My name is Ann. What is my name?");
  assert.equal(await page.settled(), "failed");
  const text = await page.last().locator(".problem").innerText();
  assert.match(text, /refused the request\./);
  assert.match(text, /pick another model/);
  assert.match(text, /unknown field "temperature"/);
  await page.last().getByRole("button", { name: "Try again" }).click();
  assert.equal(await page.settled("done"), "done");
  assert.equal(await page.tab.locator(".answer").count(), 1);
  assert.match((await prose().allInnerTexts()).join(" "), /Ann/);
});

test("D6: a rate limit that asks for a long wait says how long, and is not asked again by itself", async () => {
  await fault({ status: 429, headers: { "retry-after": "120" } }, 5);
  await page.send("Hello");
  assert.equal(await page.settled(), "failed");
  assert.match(await page.last().locator(".problem").innerText(), /rate limit[\s\S]*wait 2 minutes/);
  assert.equal((await chats()).length, 1);
});

test("E28: an error event inside a stream is an error, with the words before it kept", async () => {
  await fault({ insert_error_event: { after: 4, event: { error_code: "INTERNAL_ERROR", message: "The model fell over." } } });
  await page.send("My name is Ann and I live in Bern. What is my name?");
  assert.equal(await page.settled(), "failed");
  assert.match(await page.last().locator(".problem").innerText(), /The model fell over/);
});

test("F4: a stream that breaks off is never shown as complete", async () => {
  await fault({ end_after_events: 6 });
  await page.send("My name is Ann and I live in Bern, in the canton of the same name. What is my name?");
  assert.equal(await page.settled(), "failed");
  assert.match(await page.last().locator(".problem").innerText(), /broke off before it was complete/);
  assert.notEqual((await prose().allInnerTexts()).join("").trim(), "");
});

test("E29: a login page where a stream should be is never shown as an answer", async () => {
  await fault({ status: 200, content_type: "text/html", body: "<html><title>Sign in</title></html>" }, 3);
  await page.send("Hello");
  assert.equal(await page.settled(), "failed");
  assert.match(await page.last().locator(".problem").innerText(), /workspace/);
});

test("a failed exchange is not sent again with the next message", async () => {
  await fault({ status: 400, body: { error_code: "BAD_REQUEST", message: "no" } });
  await page.send("First");
  await page.settled("failed");
  await page.send("My name is Ann. What is my name?");
  await page.settled("done");
  assert.deepEqual((await chats()).at(-1).body.messages, [{ role: "user", content: "My name is Ann. What is my name?" }]);
});

test("a reload keeps the conversation and the settings; new chat clears it", async () => {
  await page.setting("System prompt", (control) => control.fill("Answer briefly."));
  await page.send("What is 12.5 * 8 + 4?");
  await page.settled("done");
  const before = await page.tab.locator("#turns").innerText();
  await page.tab.reload();
  await page.ready();
  assert.equal(await page.tab.locator("#turns").innerText(), before);
  await page.send("And what did I ask first?");
  await page.settled("done");
  assert.deepEqual(
    (await chats())
      .at(-1)
      .body.messages.map(({ role }) => role)
      .slice(0, 5),
    ["system", "user", "assistant", "tool", "assistant"],
  );
  await page.tab.getByRole("button", { name: "New chat" }).click();
  assert.equal(await page.tab.locator(".turn").count(), 0);
  assert.ok(await page.tab.getByRole("heading", { name: "What would you like to know?" }).isVisible());
  await page.tab.reload();
  await page.ready();
  assert.equal(await page.tab.locator(".turn").count(), 0);
});

test("a reload in the middle of an answer keeps what came, as stopped", async () => {
  await fault({ repeat_text: 100_000, drip_ms: 2 });
  await page.send("Tell me about Lake Baikal, which is deep.");
  await until(async () => ((await prose().count()) > 0 ? (await prose().first().innerText()).trim() : ""), "first words");
  await page.tab.reload();
  await page.ready();
  assert.equal(await page.last().getAttribute("data-state"), "stopped");
  assert.notEqual((await prose().first().innerText()).trim(), "");
  assert.equal(
    (await until(async () => (await chats()).find(({ outcome }) => outcome !== "in_progress"), "the end of the request")).outcome,
    "client_closed",
  );
});

test("A3: with the server gone the page says so, and goes on when it is back", async () => {
  await page.tab.context().setOffline(true);
  await page.send("My name is Ann. What is my name?");
  assert.equal(await page.settled(), "failed");
  assert.match(await page.last().locator(".problem").innerText(), /server does not answer[\s\S]*npm run demo/);
  await page.tab.context().setOffline(false);
  await page.last().getByRole("button", { name: "Try again" }).click();
  assert.equal(await page.settled("done"), "done");
});

test("Markdown written piece by piece looks as it does when rendered whole", async () => {
  const text = [
    "# A title\n\nSome **bold**, _italic_ and `code`, and a [link](https://example.com/).",
    "- one\n- two\n  - deeper **still**\n- three\n\n  with a paragraph",
    "1. first\n2. second",
    '```rust\nfn main() {\n    println!("**not bold**");\n}\n```',
    "| unit | value |\n| --- | ---: |\n| km | 1.6 |\n| mi | 1 |",
    "> quoted\n> twice",
    "Under\n=====\n\nLine one\r\nline two\r\n\r\nAfter carriage returns. 日本語 and 👩‍🚀.",
    "- [x] done\n- [ ] open\n\n***\n\nThe end.",
  ].join("\n\n");
  const chunk = (content, finish_reason = null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`;
  const body = `${[...text].map((sign) => chunk(sign)).join("")}${chunk("", "stop")}data: [DONE]\n\n`;
  await fault({ status: 200, content_type: "text/event-stream", body, chunk_size: 700, drip_ms: 2 });
  await page.send("Write something.");
  assert.equal(await page.settled(), "done");
  const grown = await prose().innerHTML();
  assert.match(grown, /<h1>A title<\/h1>[\s\S]*<table>[\s\S]*The end\./);
  await page.tab.reload();
  await page.ready();
  assert.equal(await prose().innerHTML(), grown);
});

test("an answer can be copied, as Markdown", async () => {
  await page.tab.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.send("Who are you?");
  await page.settled("done");
  await page.last().getByRole("button", { name: "Copy" }).click();
  await page.last().getByText("Copied").waitFor();
  assert.match(await page.tab.evaluate(() => navigator.clipboard.readText()), /\*\*stand-in model\*\*/);
});

test("a list of models that cannot be had is said, and asked for again on demand", async () => {
  await page.close();
  await all.emulator.faults([{ match: { path: "/api/2.0/serving-endpoints", method: "GET" }, times: 1, fault: { status: 403 } }]);
  page = await all.open({ ready: false });
  const problem = page.tab.locator("#list-problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /could not be loaded[\s\S]*DATABRICKS_TOKEN/);
  assert.ok(await page.tab.getByRole("button", { name: "Send" }).isDisabled());
  await problem.getByRole("button", { name: "Try again" }).click();
  await page.ready();
  assert.equal(await problem.count(), 0);
});

test("the picker offers chat models that are ready and shows the others with the reason", async () => {
  const options = await page.tab
    .locator("#model option")
    .evaluateAll((all) => all.map((option) => [option.value, option.disabled, option.textContent]));
  const listed = await fetch(`${all.emulator.url}/api/2.0/serving-endpoints`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  }).then((response) => response.json());
  assert.equal(options.length, listed.endpoints.length);
  for (const { name, task, state } of listed.endpoints) {
    const [, disabled, text] = options.find(([value]) => value === name);
    assert.equal(disabled, !(["llm/v1/chat", "agent/v1/chat"].includes(task) && state.ready === "READY"), name);
    assert.equal(/\(.+\)$/.test(text), disabled, text);
  }
  const open = options.filter(([, disabled]) => !disabled).map(([value]) => value);
  await page.tab.locator("#model").selectOption(open.at(-1));
  await page.send("Hello");
  await page.settled("done");
  assert.equal((await chats())[0].path, `/serving-endpoints/${open.at(-1)}/invocations`);
});

test("the page says where it talks to, and that a stand-in answers", async () => {
  const line = await page.tab.locator("#workspace").innerText();
  assert.match(line, /Emulator/);
  assert.match(line, /stand-in model answers/);
  assert.ok(line.includes(new URL(all.emulator.url).host));
});

test("reasoning is folded away and opens on demand", async () => {
  const names = await page.tab
    .locator("#model option:not([disabled])")
    .evaluateAll((options) => options.map(({ value }) => value));
  await page.tab.locator("#model").selectOption(names.find((name) => name.includes("claude")));
  await page.setting("Reasoning", (control) => control.selectOption("low"));
  await page.send("My name is Ann. What is my name?");
  await page.settled("done");
  const reasoning = page.last().locator("details.reasoning");
  assert.equal(await reasoning.evaluate((details) => details.open), false);
  await reasoning.locator("summary").click();
  assert.notEqual((await reasoning.locator(".reasoning-text").innerText()).trim(), "");
  assert.deepEqual((await chats())[0].body.thinking, { type: "enabled", budget_tokens: 1024 });
  // The next turn gives the reasoning back as it came, signature and all: such models refuse it otherwise.
  await page.send("And where do I live, if my name is Ann and Ann lives in Bern?");
  assert.equal(await page.settled("done", "failed"), "done");
  const [, answer] = (await chats()).at(-1).body.messages;
  assert.ok(answer.content.find(({ type }) => type === "reasoning").summary[0].signature);
});
