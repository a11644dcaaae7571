// A token, a header's value and what was said must not come out of any object, error or log. Every sink is searched.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { emulator, fault, LLAMA } from "./emulator.mjs";
import { completion, event, failure, json, never, refusal, scripted, sse } from "./fakes.mjs";
import { tool } from "./package.mjs";

const workspace = await emulator();
const TOKEN = "dapi0123456789abcdef0123456789abcdef";
const HEADER = "canary-of-a-header-value";
const PROMPT = "canary-of-a-prompt";
const SAID = "canary-of-an-answer";
const CANARIES = [TOKEN, HEADER, PROMPT, SAID];

const written = [];
for (const name of ["log", "info", "warn", "error", "debug", "trace"]) {
  const real = console[name];
  console[name] = (...args) => {
    written.push(inspect(args));
    real.apply(console, args);
  };
}
const warnings = [];
process.on("warning", (warning) => warnings.push(String(warning)));
after(() => {
  for (const canary of CANARIES) assert.ok(!`${written}${warnings}`.includes(canary), `${canary} was logged`);
});

/** Everything that can be seen of a value: fields, JSON, inspect with all options, clone, prototype chain, cause chain. */
function everySink(value, seen = new Set()) {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return String(value);
  seen.add(value);
  const sinks = [inspect(value), inspect(value, { depth: null, showHidden: true, getters: true, showProxy: true }), String(value)];
  for (const write of [JSON.stringify, (one) => inspect(structuredClone(one), { depth: null, showHidden: true })]) {
    try {
      sinks.push(write(value));
    } catch {
      // what cannot be written cannot leak
    }
  }
  if (value instanceof Error) sinks.push(value.stack, value.message, everySink(value.cause, seen));
  for (const key of Reflect.ownKeys(value)) sinks.push(String(key));
  return sinks.join("\n");
}

function clean(value, canaries = CANARIES) {
  const all = everySink(value);
  for (const canary of canaries) assert.ok(!all.includes(canary), `${canary} leaks: ${all.slice(Math.max(0, all.indexOf(canary) - 200), all.indexOf(canary) + 60)}`);
}

const config = { token: TOKEN, headers: { "x-secret": HEADER } };

test("L1: clients, handles, tools and answers show no secret", async () => {
  const { client, chat, calls } = scripted(() => json(completion()), config);
  const answer = await chat.invoke(PROMPT);
  assert.equal(calls[0].headers.get("authorization"), `Bearer ${TOKEN}`);
  assert.equal(calls[0].headers.get("x-secret"), HEADER);
  for (const one of [client, chat, answer, client.servingEndpoints(), chat.structuredOutput({ type: "object" }), tool({ name: "t", execute: () => TOKEN })]) clean(one);
});

test("L2 L8: errors of every kind hold neither secrets nor what was asked", async () => {
  const refused = [
    () => refusal(400), () => refusal(403), () => refusal(429), () => refusal(500),
    () => refusal(401, { message: `The token ${TOKEN} is not valid`, error_code: TOKEN }),
    () => json({ error_code: "X", message: `Header Authorization: Bearer ${TOKEN} refused`, details: [{ header: `Bearer ${TOKEN}` }] }, { status: 400 }),
    () => new Response(`<html><title>Bearer ${TOKEN}</title></html>`, { status: 502 }),
    () => new Response(`<html><title>Bearer ${TOKEN}</title></html>`, { headers: { "content-type": "text/html" } }),
    () => new Response(null, { status: 302, headers: { location: `https://evil.example/?token=${TOKEN}` } }),
    () => json(""), () => json("{"), () => json(`{"said": ${SAID}}`), () => json({ error: `Bearer ${TOKEN}` }),
    () => new Error(`connect failed with ${TOKEN}`),
    () => Object.assign(new TypeError("fetch failed"), { cause: new Error(`socket of ${TOKEN}`) }),
    () => ({ status: 200, headers: new Headers({ "x-request-id": TOKEN }), body: 7, bodyUsed: false }),
  ];
  for (const answer of refused) {
    const { chat } = scripted(answer, { ...config, retry: { maxAttempts: 1 } });
    clean(await failure(() => chat.invoke(PROMPT)));
  }
});

test("L2: time-outs, aborts and refused inputs hold no secret", async () => {
  const { chat } = scripted(never, { ...config, timeouts: { firstByteMs: 5 }, retry: { maxAttempts: 1 } });
  clean(await failure(() => chat.invoke(PROMPT), "DeadlineExceeded"));
  clean(await failure(() => chat.invoke(PROMPT, { signal: AbortSignal.timeout(1) }), "Cancelled"));
  clean(await failure(() => chat.invoke(PROMPT, { headers: { authorization: `Bearer ${TOKEN}` } }), "InvalidInput"));
  clean(await failure(() => chat.invoke(PROMPT, { headers: { "x-one": `${HEADER}\n` } }), "InvalidInput"));
  clean(await failure(() => chat.invoke([{ role: "user", content: PROMPT, bad: Number.NaN }]), "InvalidInput"));
  clean(await failure(() => chat.invoke([{ content: PROMPT }]), "InvalidInput"));
  clean(await failure(async () => scripted([], { ...config, token: `${TOKEN}\n` }), "InvalidInput"));
  clean(await failure(async () => scripted([], { ...config, host: `https://user:${TOKEN}@x.example` }), "InvalidInput"));
});

test("L2: the errors of a token provider are not repeated", async () => {
  for (const token of [
    () => { throw new Error(`refresh with ${TOKEN} failed`); },
    async () => { throw Object.assign(new Error("x"), { response: { body: TOKEN }, cause: new Error(TOKEN) }); },
    async () => Promise.reject(TOKEN),
    () => ({ access_token: TOKEN }),
    () => ({ token: `${TOKEN} ` }),
  ]) {
    const { chat } = scripted(() => json(completion()), { ...config, token });
    clean(await failure(() => chat.invoke(PROMPT), "TokenProvider"));
  }
});

test("L5: the token stands in one header and never in a URL or body", async () => {
  const { client, chat, calls } = scripted(() => json({ ...completion(), endpoints: [] }), config);
  await chat.invoke("Hi");
  await client.servingEndpoints().list();
  await client.servingEndpoints().get("endpoint");
  assert.equal(calls.length, 3);
  for (const call of calls) {
    assert.ok(!call.url.includes(TOKEN) && !new URL(call.url).search);
    assert.ok(!(call.text ?? "").includes(TOKEN));
    assert.deepEqual([...call.headers].filter(([, value]) => value.includes(TOKEN)).map(([name]) => name), ["authorization"]);
  }
});

test("L8: an answer that cannot be used is not quoted in the error's text or fields", async () => {
  const { chat } = scripted([json(completion(`{"x": "${SAID}"}`)), json(completion(SAID))], config);
  const handle = chat.structuredOutput({ type: "object", properties: { x: { type: "number" } }, required: ["x"] });
  for (let place = 0; place < 2; place += 1) {
    const error = await failure(() => handle.invoke(PROMPT), "OutputMismatch");
    const plain = [inspect(error), JSON.stringify(error), error.message, error.stack].join("\n");
    for (const canary of CANARIES) assert.ok(!plain.includes(canary), canary);
    assert.ok(JSON.stringify(error.completion).includes(SAID), "it is there when asked for");
  }
});

test("L8: a stream that breaks off keeps what came, out of sight", async () => {
  const chunk = { choices: [{ index: 0, delta: { role: "assistant", content: SAID }, finish_reason: null }] };
  for (const answer of [() => sse([event(chunk)]), () => sse([event(chunk)], { error: new Error("reset") }), () => sse([event(chunk), `data: {"broken ${SAID}\n\n`])]) {
    const { chat } = scripted(answer, config);
    const error = await failure(async () => {
      for await (const part of await chat.stream(PROMPT)) void part;
    });
    const plain = [inspect(error), JSON.stringify(error), error.message, error.stack].join("\n");
    for (const canary of CANARIES) assert.ok(!plain.includes(canary), `${canary} in ${plain}`);
    assert.equal(error.partial.choices[0].message.content, SAID, "it is there when asked for");
  }
});

test("L2 L6: the emulator's refusals echo nothing of the request", async () => {
  for (const preset of ["rate_limit_documented", "permission_denied", "internal", "external", "html", "guardrail"]) {
    const { client } = workspace.client({ retry: { maxAttempts: 1 } });
    clean(await failure(() => client.chat(LLAMA).invoke(PROMPT, fault({ preset }))), [...CANARIES, "dapi-emulator"]);
  }
});

test("L1: streams show no secret", async () => {
  const { chat } = scripted(() => sse([event({ choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }] }), "data: [DONE]\n\n"]), config);
  const stream = await chat.stream(PROMPT);
  clean(stream);
  for await (const part of stream) clean(part);
  clean(stream.completeness);
});

test("L3: nothing at all is written to the console or as a warning", async () => {
  await scripted(() => json(completion()), config).chat.invoke(PROMPT);
  await failure(() => scripted(() => refusal(500), { ...config, retry: { maxAttempts: 1 } }).chat.invoke(PROMPT), "InternalError");
  assert.deepEqual([...written, ...warnings], []);
});
