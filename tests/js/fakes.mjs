// A scripted fetch, answers to give, bodies to stream, and a clock that only moves when told.

import assert from "node:assert/strict";
import { LakewireError, WorkspaceClient } from "./package.mjs";

export const HOST = "https://workspace.example";
const utf8 = new TextEncoder();

/** A chat completion with a text, or with the given message and fields. */
export function completion(content = "Hello.", { message, finish_reason = "stop", ...fields } = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "served",
    choices: [{ index: 0, message: { role: "assistant", content, ...message }, finish_reason }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    ...fields,
  };
}

/** A completion that asks for tools: `[name, arguments]` pairs. */
export function asksFor(...calls) {
  const tool_calls = calls.map(([name, args], place) => ({
    id: `call_${place + 1}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
  return completion(null, { message: { tool_calls }, finish_reason: "tool_calls" });
}

/** A JSON answer. */
export function json(value, { status = 200, headers } = {}) {
  return new Response(typeof value === "string" ? value : JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

/** An error answer of the service. */
export function refusal(status, { error_code = "SOME_CODE", message = "Not now.", headers } = {}) {
  return json({ error_code, message }, { status, headers });
}

/** One event of a chat stream as text. */
export function event(value) {
  return `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
}

/** A chunk with the given delta. */
export function chunk(delta, { index = 0, finish_reason = null, ...fields } = {}) {
  return { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "served", choices: [{ index, delta, finish_reason }], ...fields };
}

export const DONE = "data: [DONE]\n\n";

/** A `ReadableStream` of these pieces; after them it closes, or fails with `error`, or (`open`) stays open. */
export function body(pieces, { error, open = false, onCancel } = {}) {
  const list = pieces.map((piece) => (typeof piece === "string" ? utf8.encode(piece) : piece));
  return new ReadableStream({
    pull(controller) {
      if (list.length > 0) return controller.enqueue(list.shift());
      if (error) return controller.error(error);
      if (!open) return controller.close();
      return new Promise(() => {});
    },
    cancel: onCancel,
  }, { highWaterMark: 0 });
}

/** A stream answer of these pieces. */
export function sse(pieces, { headers, ...options } = {}) {
  const list = typeof pieces === "string" || pieces instanceof Uint8Array ? [pieces] : pieces;
  return new Response(body(list, options), { headers: { "content-type": "text/event-stream", ...headers } });
}

/**
 * A client over a scripted fetch. Each answer is a Response, an Error to reject with, or a function of the call that
 * gives one; `answers` may be one such function for every call. Nothing answers beyond the script.
 */
export function scripted(answers, config = {}) {
  const calls = [];
  const next = typeof answers === "function" ? () => answers : () => (Array.isArray(answers) ? answers.shift() : answers);
  const fetch = async (url, init) => {
    const call = { url, init, method: init.method, headers: new Headers(init.headers), signal: init.signal, text: undefined, json: undefined };
    if (init.body) {
      call.text = new TextDecoder().decode(init.body);
      if (call.headers.get("content-type")?.includes("urlencoded")) call.form = Object.fromEntries(new URLSearchParams(call.text));
      // a file has a type of its own, and one for a store none
      else if (call.headers.get("content-type")?.includes("json")) call.json = JSON.parse(call.text);
      else call.bytes = new Uint8Array(init.body);
    }
    calls.push(call);
    let answer = next();
    if (typeof answer === "function") answer = await answer(call, calls.length);
    if (answer === undefined) throw new Error("The script has no answer left.");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const client = new WorkspaceClient({ host: HOST, token: "dapi-scripted", fetch, ...config });
  return { client, chat: client.chat("endpoint"), calls };
}

/** Never answers; rejects as fetch does when its signal fires. */
export function never({ signal }) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

/** The LakewireError that `act` ends with. */
export async function failure(act, kind) {
  let thrown;
  try {
    await (typeof act === "function" ? act() : act);
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown !== undefined, `expected a failure${kind ? ` of kind ${kind}` : ""}`);
  assert.ok(thrown instanceof Error && thrown instanceof LakewireError, `expected a LakewireError, got ${thrown}`);
  if (kind !== undefined) assert.equal(thrown.kind, kind, thrown.message);
  assert.match(thrown.message, /^([\p{Lu}`]|\w+\(\)|[a-z]+[A-Z]|fetch )[^]*[.…!?)\]]$/u, "an error's message is a sentence, or begins with a name of the API");
  return thrown;
}

/**
 * Runs `act(clock)` with timers and `performance.now` of its own: time passes only when nothing else can happen. Every wait is
 * recorded, so that minutes take no time and nothing depends on the machine's speed.
 */
export async function withClock(act, { random } = {}) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: performance.now, random: Math.random };
  const timers = new Map();
  // whole milliseconds: sums of fractions would be off by the last bit
  let now = Math.ceil(performance.now());
  let last = 0;
  const clock = {
    /** The waits of timers that fired, in milliseconds. */
    fired: [],
    get now() {
      return now;
    },
    get waiting() {
      return timers.size;
    },
    advance: (ms) => (now += ms),
  };
  globalThis.setTimeout = (callback, ms = 0, ...args) => {
    last += 1;
    const id = last;
    const wait = Number(ms) || 0;
    const set = () => timers.set(id, { at: now + wait, ms: wait, run: () => callback(...args) });
    set();
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => true, refresh: () => (set(), handle), [Symbol.toPrimitive]: () => id };
    return handle;
  };
  globalThis.clearTimeout = (id) => {
    // the platform's own timers, made before, go their own way
    if (id !== undefined && id !== null && !timers.delete(Number(id))) real.clearTimeout(id);
  };
  Object.defineProperty(performance, "now", { value: () => now, configurable: true, writable: true });
  if (random !== undefined) Math.random = typeof random === "function" ? random : () => random;
  let settled = false;
  const idle = () => new Promise((resolve) => setImmediate(resolve));
  try {
    const outcome = (async () => act(clock))().finally(() => (settled = true));
    outcome.catch(() => {});
    for (let rounds = 0; !settled; rounds += 1) {
      if (rounds > 200_000) throw new Error("The call under test hangs.");
      for (let turn = 0; turn < 6 && !settled; turn += 1) await idle();
      const [first] = [...timers].sort(([, one], [, two]) => one.at - two.at);
      if (settled || first === undefined) continue;
      const [id, timer] = first;
      timers.delete(id);
      now = Math.max(now, timer.at);
      clock.fired.push(timer.ms);
      timer.run();
    }
    return await outcome;
  } finally {
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    for (const { ms, run } of timers.values()) real.setTimeout(run, ms).unref();
    delete performance.now;
    Math.random = real.random;
  }
}
