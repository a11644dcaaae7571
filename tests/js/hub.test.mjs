// The Hugging Face Hub over a scripted fetch, and against the emulator's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { emulator } from "./emulator.mjs";
import { completion, event, failure, json, never, sse, withClock } from "./fakes.mjs";
import { ChatAnswer, dollyAnswer, dollyPrompt, EventStream, HubClient } from "./package.mjs";

const workspace = await emulator();
const SMOLLM = "HuggingFaceTB/SmolLM3-3B";

/** A client of the emulator's hub. */
const live = (config) => new HubClient({ baseUrl: `${workspace.url}/hf`, token: "hf_emulator", ...config });

const TOKEN = "hf_canaryCANARY123";
const DOLLY = "databricks/dolly-v2-12b";

function hub(answers, config = {}) {
  const calls = [];
  const fetch = async (url, init) => {
    const call = { url, method: init.method, headers: new Headers(init.headers), signal: init.signal, json: init.body && JSON.parse(new TextDecoder().decode(init.body)) };
    calls.push(call);
    const answer = Array.isArray(answers) ? answers.shift() : answers;
    const given = typeof answer === "function" ? await answer(call) : answer;
    if (given === undefined) throw new Error("The script has no answer left.");
    return given;
  };
  return { hub: new HubClient({ token: TOKEN, fetch, ...config }), calls };
}

const token = (index, text, { special = false, whole = null } = {}) => `data:${JSON.stringify({
  index, token: { id: index, text, logprob: -0.2, special }, generated_text: whole, details: whole === null ? null : { finish_reason: "eos_token", generated_tokens: index, input_length: 4, seed: null },
})}\n\n`;
const TOKENS = [token(1, "Hi"), ": kept alive\n\n", token(2, " there"), token(3, "</s>", { special: true, whole: "Hi there" })];

test("hub: text comes from the router, or from a server of one's own", async () => {
  const answer = { generated_text: "Hi", details: { finish_reason: "length" } };
  const router = hub([json([answer], { headers: { "x-request-id": "r-1" } })], { billTo: "my-org", headers: { "x-team": "a" } });
  const given = await router.hub.textGeneration(DOLLY, "Say hi", { max_new_tokens: 20, stop: "x", details: true });
  assert.deepEqual([given.text, given.details.finish_reason, given.requestId, given.attempts, given.raw], ["Hi", "length", "r-1", 1, [answer]]);
  assert.equal(router.calls[0].url, `https://router.huggingface.co/hf-inference/models/${DOLLY}`);
  assert.deepEqual(router.calls[0].json, { inputs: "Say hi", parameters: { return_full_text: false, max_new_tokens: 20, stop: ["x"], details: true } });
  assert.deepEqual(["authorization", "x-hf-bill-to", "x-team"].map((name) => router.calls[0].headers.get(name)), [`Bearer ${TOKEN}`, "my-org", "a"]);
  for (const [config, model, url] of [
    [{ baseUrl: "https://mine.example", provider: "tgi" }, DOLLY, "https://mine.example/generate"],
    [{ baseUrl: "http://127.0.0.1:8787/hf/" }, null, "http://127.0.0.1:8787/hf/generate"],
    [{ baseUrl: "https://mine.example/v1" }, undefined, "https://mine.example/generate"],
  ]) {
    const own = hub([json(answer)], config);
    assert.equal((await own.hub.textGeneration(model, "Say hi")).text, "Hi");
    assert.equal(own.calls[0].url, url);
  }
});

test("hub: the server is told to leave the prompt out, and its text is kept as it came", async () => {
  const { hub: client, calls } = hub(() => json([{ generated_text: "There is." }]));
  assert.equal((await client.textGeneration(DOLLY, "The")).text, "There is.");
  assert.equal((await client.textGeneration(DOLLY, "The", { return_full_text: true })).text, "There is.");
  assert.deepEqual(calls.map(({ json: { parameters } }) => parameters.return_full_text), [false, true]);
});

test("hub: a model that is loading is waited for as long as the service says", async () => {
  const loading = (estimated_time) => json({ error: "Model is currently loading", estimated_time }, { status: 503 });
  await withClock(async (clock) => {
    const { hub: client, calls } = hub([loading(90.5), loading(20), json([{ generated_text: "Hi" }])]);
    const start = clock.now;
    assert.equal((await client.textGeneration(DOLLY, "A")).attempts, 3);
    assert.ok(clock.now - start >= 110_500, `${clock.now - start}`);
    assert.equal(calls.length, 3);
  });
});

test("hub: the wait for a model keeps the call's limits and ends with its signal", async () => {
  const loading = () => json({ error: "Model is currently loading", estimated_time: 30 }, { status: 503 });
  const limited = hub(loading);
  const error = await failure(limited.hub.textGeneration(DOLLY, "A", {}, { timeouts: { totalMs: 20_000 } }), "TemporarilyUnavailable");
  assert.deepEqual([error.retryAfterMs, error.isRetryable, limited.calls.length], [30_000, true, 1]);
  const controller = new AbortController();
  const aborted = hub(() => { setTimeout(() => controller.abort(), 20); return loading(); });
  await failure(aborted.hub.textGeneration(DOLLY, "A", {}, { signal: controller.signal }), "Cancelled");
  assert.equal(aborted.calls.length, 1);
});

test("L2: hub: refusals have kinds by their type, say what to do, and hold no token", async () => {
  for (const [status, body, kind, says] of [
    [422, { error: "Input validation error", error_type: "validation" }, "BadRequest", /validation/],
    [422, { error: "Template error: none", error_type: "template_error" }, "BadRequest", /dollyPrompt/],
    [424, { error: "Request failed during generation", error_type: "generation" }, "InternalError", /generation/],
    [429, { error: "Model is overloaded", error_type: "overloaded" }, "TooManyRequests", /overloaded/],
    [401, { error: `Invalid token ${TOKEN}` }, "Unauthenticated", /Hugging Face token/],
    [400, { error: { message: "The requested model 'x' is not supported by any provider you have enabled.", code: "model_not_supported" } }, "BadRequest", /provider `tgi`/],
    [402, { error: "You have exceeded your monthly included credits" }, "BadRequest", /billTo/],
    [410, { error: "https://api-inference.huggingface.co is no longer supported." }, "BadRequest", /router/],
    [400, { error: ["`top_k` must be strictly positive"], warnings: ["w"] }, "BadRequest", /top_k/],
  ]) {
    const { hub: client } = hub(() => json(body, { status }), { retry: { maxAttempts: 1 } });
    const error = await failure(client.textGeneration(DOLLY, "A"), kind);
    assert.match(error.message, says);
    assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes("CANARY"), error.message);
    assert.ok(!error.message.includes("workspace"), error.message);
    if (body.error_type !== undefined) assert.equal(error.errorCode, body.error_type);
  }
});

test("hub: a stream gives tokens, or words without special tokens, and ends with its last event", async () => {
  const { hub: client, calls } = hub(() => sse(TOKENS), { provider: "tgi", baseUrl: "https://mine.example" });
  const events = [];
  const stream = await client.textGenerationStream(null, "A", { max_new_tokens: 5 });
  assert.ok(stream instanceof EventStream);
  for await (const one of stream) events.push(one);
  assert.deepEqual(events.map(({ token: { text } }) => text), ["Hi", " there", "</s>"]);
  assert.equal(events[2].details.finish_reason, "eos_token");
  let words = "";
  for await (const word of await client.textStream(null, "A")) words += word;
  assert.equal(words, "Hi there");
  assert.deepEqual([calls[0].url, calls[0].json.stream], ["https://mine.example/generate_stream", true]);
});

test("E28 F4: hub: a stream that fails inside or breaks off is a typed error", async () => {
  const inside = hub(() => sse([TOKENS[0], event({ error: "Model is overloaded.", error_type: "overloaded" })]), { provider: "tgi" });
  const read = (client) => async () => { for await (const word of await client.textStream(null, "A")) void word; };
  assert.equal((await failure(read(inside.hub), "TooManyRequests")).errorCode, "overloaded");
  const broken = hub(() => sse(TOKENS.slice(0, 3)), { provider: "tgi" });
  assert.equal((await failure(read(broken.hub), "Truncated")).partial.generated_text, "Hi there");
});

test("hub: chat is the same handle at the router's address", async () => {
  for (const [config, model, url, sent] of [
    [{}, "org/m:fastest", "https://router.huggingface.co/v1/chat/completions", "org/m:fastest"],
    [{ provider: "together" }, "org/m", "https://router.huggingface.co/v1/chat/completions", "org/m:together"],
    [{ provider: "hf-inference" }, "org/m", "https://router.huggingface.co/hf-inference/models/org/m/v1/chat/completions", "org/m"],
    [{ provider: "tgi", baseUrl: "https://mine.example" }, null, "https://mine.example/v1/chat/completions", "tgi"],
  ]) {
    const { hub: client, calls } = hub([json(completion("Hi")), sse([event({ choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: "stop" }] }), "data: [DONE]\n\n"])], config);
    const chat = client.chat(model, { temperature: 0.5 });
    const answer = await chat.invoke("Say hi", { extra_params: { seed: 1 } });
    assert.ok(answer instanceof ChatAnswer);
    assert.deepEqual([answer.text, calls[0].url], ["Hi", url]);
    assert.deepEqual(calls[0].json, { messages: [{ role: "user", content: "Say hi" }], temperature: 0.5, seed: 1, model: sent });
    let words = "";
    for await (const word of await chat.textStream("Say hi")) words += word;
    assert.deepEqual([words, calls[1].json.stream, calls[1].json.model], ["Hi", true, sent]);
  }
});

test("hub: Dolly's words are those it was trained with, byte for byte", () => {
  const intro = "Below is an instruction that describes a task. Write a response that appropriately completes the request.";
  assert.equal(dollyPrompt("Explain."), `${intro}\n\n### Instruction:\nExplain.\n\n### Response:\n`);
  assert.equal(dollyPrompt("Explain.", "A lake."), `${intro}\n\n### Instruction:\nExplain.\n\nInput:\nA lake.\n\n### Response:\n`);
  assert.equal(dollyAnswer(" Yes.\n\n### End\nand on"), "Yes.");
  assert.equal(dollyAnswer(`${dollyPrompt("Say yes.")}Yes.`), "Yes.");
});

test("hub: what cannot be meant is refused before anything is sent", async () => {
  const { hub: client, calls } = hub(() => json([{ generated_text: "x" }]));
  for (const [act, says] of [
    [() => new HubClient({ host: "x" }), /baseUrl/],
    [() => new HubClient({ provider: "../x" }), /provider/],
    [() => new HubClient({ clientId: "CANARY", clientSecret: "CANARY" }), /HubClient.*`token` of Hugging Face.*`clientId`/],
    [() => new HubClient({ token: TOKEN, baseUrl: "http://mine.example" }), /http/],
    [() => new HubClient({ token: `${TOKEN} ` }), /token/i],
    [() => new HubClient({ token: TOKEN, billTo: 7 }), /billTo/],
    [() => new HubClient({ token: TOKEN, billTo: "a", headers: { "no name": "x" } }), /header/],
    [() => new HubClient({ token: TOKEN, billTo: "a", headers: [["x"]] }), /headers/],
    [() => new HubClient({ token: TOKEN, billTo: "a\nb" }), /header/],
    [() => client.textGeneration(DOLLY, "A", { max_tokens: 1 }), /`max_tokens`.*extra_params/],
    [() => client.textGeneration(DOLLY, "A", { stream: true }), /stream/],
    [() => client.textGeneration(DOLLY, "A", {}, { max_new_tokens: 1 }), /third argument/],
    [() => client.textGeneration("a/../b", "A"), /model/],
    [() => client.textGeneration(7, "A"), /model/],
    [() => client.textGeneration(DOLLY, [["user", "A"]]), /chat\(\)/],
    [() => new HubClient({ token: TOKEN, provider: "together" }).textGeneration(DOLLY, "A"), /chat\(\)/],
    [() => dollyPrompt(7), /instruction/],
  ]) {
    const error = await failure(async () => act(), "InvalidInput");
    assert.match(error.message, says);
    assert.ok(!error.message.includes("CANARY"), error.message);
  }
  assert.equal(calls.length, 0);
});

test("L1: hub: nothing that prints a client shows its token", () => {
  const { hub: client } = hub([]);
  for (const text of [inspect(client, { depth: 10, showHidden: true }), JSON.stringify(client), `${client}`, inspect(structuredClone({ ...client }))]) {
    assert.ok(!text.includes("CANARY"), text);
  }
});

test("hub: a closed client ends its calls", async () => {
  const { hub: client } = hub(never);
  const pending = client.textGeneration(DOLLY, "A");
  client.close();
  await failure(pending, "Cancelled");
  await failure(client.textGeneration(DOLLY, "A"), "Closed");
});

test("hub: Dolly answers in her own words, whole and streamed, at the router's address and at a server of one's own", async () => {
  const prompt = dollyPrompt("My name is Ann. What is my name?");
  for (const [client, model] of [[live(), DOLLY], [live({ provider: "tgi" }), null], [live({ baseUrl: `${workspace.url}/hf/endpoints/dolly` }), null]]) {
    const { text, attempts } = await client.textGeneration(model, prompt, { max_new_tokens: 100 });
    assert.match(dollyAnswer(text), /Ann/);
    assert.ok(!text.startsWith("Below is"), "the prompt is no part of the text");
    assert.equal(attempts, 1);
    let words = "";
    for await (const word of await client.textStream(model, prompt, { max_new_tokens: 100 })) words += word;
    assert.match(dollyAnswer(words), /Ann/);
  }
  const events = [];
  for await (const one of await live({ provider: "tgi" }).textGenerationStream(null, prompt, { max_new_tokens: 20 })) events.push(one);
  assert.equal(typeof events.at(-1).generated_text, "string");
});

test("hub: a chat model chats; Dolly has no template for it, and other models are not served", async () => {
  const answer = await live().chat(SMOLLM).invoke("My name is Ann. What is my name?");
  assert.match(answer.text, /Ann/);
  let words = "";
  for await (const word of await live({ provider: "hf-inference" }).chat(SMOLLM).textStream("Say hello.")) words += word;
  assert.ok(words.length > 0);
  const own = live({ baseUrl: `${workspace.url}/hf/endpoints/dolly`, provider: "tgi" });
  assert.match((await failure(own.chat(null).invoke("Hi"), "BadRequest")).message, /dollyPrompt/);
  assert.match((await failure(live().chat("org/no-such-model").invoke("Hi"), "BadRequest")).message, /provider `tgi`/);
});

test("hub: a wrong key is refused and not repeated; a parameter out of bounds is told in the server's words", async () => {
  const error = await failure(live({ token: TOKEN }).textGeneration(DOLLY, "A"), "Unauthenticated");
  assert.ok(!`${error.stack}`.includes("CANARY"));
  const bad = await failure(live({ provider: "tgi" }).textGeneration(null, "A", { temperature: 0 }), "BadRequest");
  assert.deepEqual([bad.status, bad.errorCode], [422, "validation"]);
});

test("hub: a model that loads is waited for at the emulator too", async () => {
  const control = (body) => fetch(`${workspace.url}/_emulator/hugging-face`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal((await control({ model: SMOLLM, loading: 1, estimated_time: 0.05 })).status, 200);
  const { text, attempts } = await live().textGeneration(SMOLLM, "Say hello.");
  assert.deepEqual([attempts, text.length > 0], [2, true]);
});
