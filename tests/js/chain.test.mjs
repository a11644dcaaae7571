// Chains: what goes from step to step, what streams, how they end, and what their errors say.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, test } from "node:test";
import lakewire, { LakewireError } from "./package.mjs";
import { emulator, eventually, LLAMA } from "./emulator.mjs";
import { chunk, completion, DONE, event, failure, json, never, refusal, scripted, sse } from "./fakes.mjs";

const { assign, Chain, ChainStream, ChatPromptTemplate, CommaSeparatedListOutputParser, JsonOutputParser, passthrough, pipe, PromptTemplate, StrOutputParser } = lakewire;
const workspace = await emulator();
const tick = () => new Promise((resolve) => setImmediate(resolve));

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
after(() => assert.deepEqual(rejections, [], "no unhandled rejections"));

const prompt = ChatPromptTemplate.fromMessages([["system", "Be brief."], ["human", "{question}"]]);
const parser = new StrOutputParser();
const streamed = (words, options) => {
  const end = options === undefined ? [event(chunk({}, { finish_reason: "stop" })), DONE] : [];
  return sse([...words.map((content) => event(chunk({ content }))), ...end], options);
};

async function collect(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

test("chain: prompt, chat and parser in one line, in both ways of writing it", async () => {
  const { chat, calls } = scripted(() => json(completion("A lake.")));
  for (const chain of [pipe(prompt, chat, parser), prompt.pipe(chat).pipe(parser), prompt.pipe(chat, parser)]) {
    assert.ok(chain instanceof Chain);
    assert.equal(await chain.invoke({ question: "What is {it}?" }), "A lake.");
    assert.equal(await chain.invoke("What is {it}?"), "A lake.");
  }
  assert.equal(calls.length, 6);
  for (const call of calls) {
    assert.deepEqual(call.json, { messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "What is {it}?" }] });
  }
});

test("chain: words stream through it from the emulator, and whole answers say the same", async () => {
  const { client } = workspace.client();
  const chain = pipe(prompt, client.chat(LLAMA), parser);
  const stream = await chain.stream("Tell me about lakes.");
  assert.ok(stream instanceof ChainStream && stream instanceof ReadableStream);
  const words = await collect(stream);
  assert.ok(words.length > 1, "it came in pieces");
  assert.ok(words.every((word) => typeof word === "string" && word !== ""));
  const whole = await chain.invoke("Tell me about lakes.");
  for (const text of [words.join(""), whole]) assert.match(text, /stand-in model/);
});

test("chain: a text prompt, completions and a list, from the emulator", async () => {
  const { client } = workspace.client();
  const chain = pipe(PromptTemplate.fromTemplate("{a}, {b}"), client.completions(LLAMA), new CommaSeparatedListOutputParser());
  const items = await chain.invoke({ a: "red", b: "green" });
  assert.ok(Array.isArray(items) && items.length > 0 && items.every((item) => typeof item === "string"));
  const pieces = await collect(await chain.stream({ a: "red", b: "green" }));
  assert.ok(pieces.every((piece) => piece.length === 1));
  // the stand-in says the same thing in other words each time
  assert.deepEqual(pieces.flat().slice(1), items.slice(1));
});

test("chain: leaving a stream ends the model's answer at the server", async () => {
  for (const leave of [
    async (stream) => { for await (const word of stream) if (word) break; },
    async (stream) => { const reader = stream.getReader(); await reader.read(); await reader.cancel("enough"); },
    async (stream) => { const words = stream[Symbol.asyncIterator](); await words.next(); await stream.cancel("enough"); },
    async (stream) => stream.cancel("unread"),
    async (stream) => { const reader = stream.getReader(); await reader.read(); const pending = reader.read(); await reader.cancel("while waiting"); await pending; },
  ]) {
    let cancelled = false;
    const { chat, calls } = scripted(() => streamed(["a", "b"], { open: true, onCancel: () => { cancelled = true; } }));
    const { signal } = new AbortController();
    await leave(await pipe(prompt, chat, parser).stream("x", { signal }));
    await eventually(() => cancelled || calls[0].signal.aborted, `the end of the call: ${leave}`);
    await eventually(() => getEventListeners(signal, "abort").length === 0, `the end of the listener: ${leave}`);
  }
});

test("chain: a signal ends every kind of step, its reason is kept, and nothing listens afterwards", async () => {
  const reason = new Error("the user left");
  const slow = () => new Promise(() => {});
  const { chat, calls } = scripted(never);
  for (const chain of [pipe(prompt, chat, parser), pipe(slow), pipe({ a: slow, b: pipe(prompt, chat) }), pipe(assign({ a: slow }))]) {
    for (const method of ["invoke", "stream"]) {
      const controller = new AbortController();
      const running = failure(async () => {
        const outcome = await chain[method]({ question: "x" }, { signal: controller.signal });
        await outcome.getReader().read();
      }, "Cancelled");
      await tick();
      controller.abort(reason);
      assert.equal((await running).cause, reason);
      await tick();
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    }
  }
  assert.ok(calls.length > 0 && calls.every((call) => call.signal.aborted));
  const before = calls.length;
  const error = await failure(pipe(prompt, chat).invoke("x", { signal: AbortSignal.abort(reason) }), "Cancelled");
  assert.equal(error.cause, reason);
  assert.equal(calls.length, before, "nothing was sent");
});

test("chain: an abort in the middle of a stream is thrown where it is read", async () => {
  const { chat } = scripted(() => streamed(["a"], { open: true }));
  const controller = new AbortController();
  const stream = await pipe(prompt, chat, parser).stream("x", { signal: controller.signal });
  const words = stream[Symbol.asyncIterator]();
  assert.equal((await words.next()).value, "a");
  const waiting = failure(() => words.next(), "Cancelled");
  controller.abort("enough");
  assert.equal((await waiting).cause, "enough");
  assert.deepEqual(await words.next(), { value: undefined, done: true });
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("chain: an error keeps its facts and says which step failed", async () => {
  const { chat } = scripted(() => refusal(404, { error_code: "RESOURCE_DOES_NOT_EXIST", headers: { "x-request-id": "r-1" } }));
  for (const method of ["invoke", "stream"]) {
    const error = await failure(() => pipe(prompt, chat, parser)[method]("x"), "NotFound");
    assert.match(error.message, /^Step 2 \(chat `endpoint`\): /);
    assert.deepEqual([error.step, error.status, error.errorCode, error.requestId, error.attempts], [2, 404, "RESOURCE_DOES_NOT_EXIST", "r-1", 1]);
  }
  const missing = await failure(() => pipe(prompt, chat).invoke({ other: "x" }), "InvalidInput");
  assert.match(missing.message, /^Step 1 \(chat prompt\): The prompt needs a value for `question`/);
  const thrown = new RangeError("words of a prompt");
  for (const fails of [() => { throw thrown; }, async () => Promise.reject(thrown)]) {
    const error = await failure(() => pipe(prompt, fails, parser).stream("x"), "TransformFailed");
    assert.deepEqual([error.step, error.cause], [2, thrown]);
    assert.ok(!error.message.includes("words of a prompt"));
  }
  assert.match((await failure(pipe(() => 5, parser).invoke(), "InvalidInput")).message, /^Step 2 \(StrOutputParser\): An output parser takes text/);
});

test("chain: a stream that breaks off is the model's error with what came, behind any parser", async () => {
  for (const last of [[], [parser], [new JsonOutputParser()], [new CommaSeparatedListOutputParser()]]) {
    const { chat } = scripted(() => sse([event(chunk({ content: "[1" }))]));
    const error = await failure(async () => collect(await pipe(prompt, chat, ...last).stream("x")), "Truncated");
    assert.match(error.message, /^Step 2 \(chat `endpoint`\): /);
    assert.equal(error.step, 2);
    assert.equal(error.partial.choices[0].message.content, "[1");
  }
});

test("chain: JSON grows as it comes; what is no JSON at the end is the parser's error", async () => {
  const { chat } = scripted([
    streamed(["```json\n{ \"na", "me\": \"A", "nn\",", " \"age\": 3", "1 }\n", "```"]),
    streamed(["{\"a\":1", "2"]),
    json(completion("{\"a\":[1,2]}")),
    json(completion("Sure!")),
  ]);
  const chain = pipe(prompt, chat, new JsonOutputParser());
  assert.deepEqual(await collect(await chain.stream("x")), [{}, { name: "A" }, { name: "Ann" }, { name: "Ann", age: 31 }]);
  const seen = [];
  const error = await failure(async () => { for await (const value of await chain.stream("x")) seen.push(value); }, "OutputMismatch");
  assert.deepEqual([seen, error.step], [[{}], 3]);
  assert.match(error.message, /^Step 3 \(JsonOutputParser\): The model's answer is not JSON/);
  assert.deepEqual(await chain.invoke("x"), { a: [1, 2] });
  await failure(chain.invoke("x"), "OutputMismatch");
});

test("chain: long JSON is looked at as it grows, not for each of its pieces", async () => {
  const whole = { items: Array.from({ length: 4000 }, (_, at) => `item ${at}`) };
  const pieces = JSON.stringify(whole).match(/.{1,8}/g);
  const { chat } = scripted(() => streamed(pieces));
  const counts = [];
  let last;
  for await (const value of await pipe(prompt, chat, new JsonOutputParser()).stream("x")) counts.push((last = value).items?.length ?? 0);
  assert.ok(pieces.length > 5000 && counts.length > 100 && counts.length < 1200, `${counts.length} looks at ${pieces.length} pieces`);
  assert.ok(counts.every((count, at) => at === 0 || count >= counts[at - 1]));
  assert.deepEqual(last, whole);
});

test("chain: JSON with space in it comes once for each of its values", async () => {
  const text = JSON.stringify({ a: [1, { b: [] }, "x"], c: {} }, null, 2);
  const { chat } = scripted(() => streamed(text.split("")));
  const values = (await collect(await pipe(prompt, chat, new JsonOutputParser()).stream("x"))).map((value) => JSON.stringify(value));
  assert.equal(new Set(values).size, values.length);
  assert.equal(values.at(-1), JSON.stringify(JSON.parse(text)));
});

test("chain: a list comes item by item", async () => {
  const { chat } = scripted(() => streamed(["red, gr", "een,\"a", ",b\"", "\nlast"]));
  assert.deepEqual(await collect(await pipe(prompt, chat, new CommaSeparatedListOutputParser()).stream("x")), [["red"], ["green"], ["a,b"], ["last"]]);
});

test("chain: parsers alone, on text, answers, parts and messages", async () => {
  const answer = await scripted([json(completion("[1]"))]).chat.invoke("x");
  assert.equal(parser.parse(answer), "[1]");
  assert.equal(await parser.invoke({ role: "user", content: [{ type: "text", text: "a" }, { type: "image_url" }, { type: "text", text: "b" }] }), "ab");
  assert.deepEqual(new JsonOutputParser().parse(answer.message), [1]);
  assert.deepEqual(new CommaSeparatedListOutputParser().parse("a , \"b,\"\"c\""), ["a", "b,\"c"]);
  assert.match(new CommaSeparatedListOutputParser().getFormatInstructions(), /comma separated/);
  assert.match(new JsonOutputParser().getFormatInstructions(), /JSON/);
  await failure(parser.invoke(undefined), "InvalidInput");
});

test("chain: functions wait for the whole, and text streams again after them", async () => {
  const { chat, calls } = scripted([json(completion("lake")), streamed(["LAKE", "!"])]);
  const options = [];
  const chain = pipe(prompt, chat, parser, async (text, given) => { options.push(given); return text.toUpperCase(); }, chat, parser);
  assert.deepEqual(await collect(await chain.stream("x", { headers: { "x-team": "lakes" } })), ["LAKE", "!"]);
  assert.deepEqual(calls.map((call) => [call.json.stream, call.headers.get("x-team")]), [[undefined, "lakes"], [true, "lakes"]]);
  assert.equal(calls[1].json.messages[0].content, "LAKE");
  assert.deepEqual(options[0].headers, { "x-team": "lakes" });
  assert.ok(options[0].signal instanceof AbortSignal);
  assert.deepEqual(await collect(await pipe(prompt, (messages) => messages.length).stream("x")), [2]);
});

test("chain: a chat at its end gives chunks, a structured chat its value", async () => {
  const { chat } = scripted([streamed(["a", "b"]), json(completion("{\"x\":1}"))]);
  const chunks = await collect(await prompt.pipe(chat).stream("x"));
  assert.equal(chunks.map((one) => one.choices[0]?.delta.content ?? "").join(""), "ab");
  assert.deepEqual(await pipe(prompt, chat.structuredOutput({ type: "object" })).invoke("x"), { x: 1 });
});

test("chain: models of other packages need no more than invoke, or stream", async () => {
  const whole = { invoke: async (messages) => ({ text: `${messages.length}` }) };
  const piecewise = { ...whole, stream: async () => (async function* () { yield { text: "a" }; yield { text: "b" }; })() };
  assert.deepEqual(await collect(await pipe(prompt, whole, parser).stream("x")), ["2"]);
  assert.deepEqual(await collect(await pipe(prompt, piecewise, parser).stream("x")), ["a", "b"]);
  assert.equal(await pipe(prompt, piecewise, parser).invoke("x"), "2");
});

test("chain: an object of steps runs side by side and fills the next prompt", async () => {
  const waiting = [];
  const { chat, calls } = scripted((call) => new Promise((resolve) => waiting.push(() => resolve(json(completion(call.json.messages[0].content))))));
  const one = (text) => pipe(PromptTemplate.fromTemplate(text), chat, parser);
  const chain = pipe({ a: one("1 {x}"), b: one("2 {x}"), x: ({ x }) => x, all: passthrough() }, ({ all, ...rest }) => ({ ...rest, same: all.x }), PromptTemplate.fromTemplate("{a}|{b}|{x}|{same}"));
  const running = chain.invoke({ x: "v" });
  while (waiting.length < 2) await tick();
  assert.equal(calls.length, 2, "both were asked before either answered");
  for (const answer of waiting.reverse()) answer();
  assert.equal(await running, "1 v|2 v|v|v");
});

test("chain: an object of steps at the end streams every branch under its name", async () => {
  const { chat } = scripted((call) => streamed(call.json.messages[0].content.split("")));
  const one = (text) => pipe(PromptTemplate.fromTemplate(text), chat, parser);
  const pieces = await collect(await pipe({ a: one("xyz"), b: one("{it}"), c: (it) => it }).stream("12"));
  const joined = { a: "", b: "", c: "" };
  for (const piece of pieces) for (const [name, text] of Object.entries(piece)) joined[name] += text;
  assert.deepEqual(joined, { a: "xyz", b: "12", c: "12" });
  assert.ok(pieces.every((piece) => Object.keys(piece).length === 1));
});

test("chain: the first failure of a branch ends the others, streamed or not", async () => {
  for (const method of ["invoke", "stream"]) {
    const { chat, calls } = scripted((call) => (call.json.messages[0].content === "bad" ? refusal(400) : never(call)));
    const error = await failure(async () => {
      const outcome = await pipe({ slow: pipe(() => "slow", chat), bad: pipe(() => "bad", chat, parser) })[method]("x");
      await collect(outcome);
    }, "BadRequest");
    assert.match(error.message, /^Step 1 \(parallel\): `bad`: Step 2 \(chat `endpoint`\): /);
    assert.equal(error.step, 1);
    await tick();
    const slow = calls.find((call) => call.json.messages[0].content === "slow");
    assert.ok(slow.signal.aborted, "the slow branch was ended");
  }
});

test("chain: leaving a stream of branches ends them all", async () => {
  const { chat, calls } = scripted(() => streamed(["a"], { open: true }));
  const stream = await pipe({ a: pipe(prompt, chat, parser), b: pipe(prompt, chat, parser) }).stream("x");
  for await (const piece of stream) if (piece.b) break;
  await eventually(() => calls.length === 2 && calls.every((call) => call.signal.aborted), "the end of both calls");
});

test("chain: assign adds to the object", async () => {
  const chain = pipe(assign({ context: async ({ question }) => `about ${question}` }), PromptTemplate.fromTemplate("{context}: {question}"));
  assert.equal(await chain.invoke({ question: "lakes" }), "about lakes: lakes");
  assert.match((await failure(chain.invoke("lakes"), "InvalidInput")).message, /^Step 1 \(assign\): /);
});

test("chain: chains in chains stream, and count on their own", async () => {
  const { chat } = scripted([json(completion("tides")), streamed(["A ", "joke."]), json(completion("tides")), refusal(403)]);
  const topic = pipe(PromptTemplate.fromTemplate("A topic for {who}."), chat, parser);
  const joke = pipe(PromptTemplate.fromTemplate("A joke about {topic}."), chat);
  const chain = pipe(topic, joke, parser);
  assert.deepEqual((await collect(await chain.stream("Ann"))).join(""), "A joke.");
  const error = await failure(chain.invoke("Ann"), "PermissionDenied");
  assert.match(error.message, /^Step 2 \(chain\): Step 2 \(chat `endpoint`\): /);
});

test("chain: a batch keeps the order and the bound, and a failure leaves the others", async () => {
  let running = 0;
  let most = 0;
  const chain = pipe(PromptTemplate.fromTemplate("{x}"), async (text) => {
    most = Math.max(most, (running += 1));
    for (let turns = 0; turns < 10 - text.length; turns += 1) await tick();
    running -= 1;
    if (text === "bad") throw new Error("no");
    return text;
  });
  const results = await chain.batch(["a", "bad", { x: "long text" }, "b"], { maxConcurrency: 2 });
  assert.deepEqual(results.map(({ status, value }) => value ?? status), ["a", "rejected", "long text", "b"]);
  assert.ok(results[1].reason instanceof LakewireError);
  assert.equal(most, 2);
  await failure(chain.batch("ab"), "InvalidInput");
  await failure(chain.batch(["a"], { maxConcurrency: 0 }), "InvalidInput");
});

test("chain: a stream is read once, and pipes like any other", async () => {
  const { chat } = scripted(() => streamed(["a", "b"]));
  const chain = pipe(prompt, chat, parser);
  const stream = await chain.stream("x");
  for await (const word of stream) {
    assert.ok(word);
    assert.throws(() => stream[Symbol.asyncIterator](), { kind: "Closed" });
  }
  assert.equal(await new Response((await chain.stream("x")).pipeThrough(new TextEncoderStream())).text(), "ab");
  const [left, right] = (await chain.stream("x")).tee();
  assert.deepEqual([(await collect(left)).join(""), (await collect(right)).join("")], ["ab", "ab"]);
});

test("chain: what is no step and no option is refused with what to write", async () => {
  const { chat } = scripted(() => json(completion()));
  await failure(() => pipe(), "InvalidInput");
  for (const wrong of [7, "text", null, undefined, [prompt], { a: 7 }, new Date()]) await failure(() => pipe(prompt, wrong), "InvalidInput");
  await failure(() => new Chain(), "InvalidInput");
  assert.match((await failure(pipe(prompt, chat).invoke("x", { temperature: 1 }), "InvalidInput")).message, /client\.chat\(endpoint, \{ temperature \}\)/);
  await failure(pipe(prompt, chat).invoke("x", { signal: new AbortController() }), "InvalidInput");
  await failure(pipe(prompt, chat).stream("x", { maxConcurrency: 2 }), "InvalidInput");
  await failure(pipe(prompt, chat).invoke("x", { timeouts: { total: 1 } }), "InvalidInput");
});

test("chain: closing the client ends its chains", async () => {
  const { client, chat } = scripted(() => streamed(["a"], { open: true }));
  const words = (await pipe(prompt, chat, parser).stream("x"))[Symbol.asyncIterator]();
  await words.next();
  const waiting = failure(() => words.next(), "Closed");
  client.close();
  assert.equal((await waiting).step, 2);
  await failure(pipe(prompt, chat).invoke("x"), "Closed");
});
