// What is traced: what calls tell, and how spans nest.

import assert from "node:assert/strict";
import test from "node:test";
import { asksFor, chunk, completion, DONE, event, failure, json, refusal, scripted, sse } from "./fakes.mjs";
import { Chat, entry, StructuredChat, tool, WorkspaceClient } from "./package.mjs";
import { model, SPAN, traced, tree, words } from "./tracing-fakes.mjs";

const { assign, JsonOutputParser, passthrough, pipe, PromptTemplate, StrOutputParser } = await import(entry("."));
const { Genie, StatementExecution, VectorSearch } = await import(entry("./data"));

test("a watched client and its handles are of the kind they were", async () => {
  const { client, done } = traced();
  assert.ok(client instanceof WorkspaceClient);
  const chat = client.chat("m", { temperature: 0 });
  assert.ok(chat instanceof Chat);
  assert.equal(chat.endpoint, "m");
  assert.ok(chat.structuredOutput({ type: "object" }) instanceof StructuredChat);
  const answer = await chat.invoke("Hi.");
  assert.deepEqual([answer.text, answer.attempts], ["Hello.", 1]);
  const { spans, infos, stats } = await done();
  assert.deepEqual([stats.exported, stats.failed, stats.open], [1, 0, 0]);
  const [[span]] = spans;
  assert.deepEqual([span.name, span.type, span.code], ["chat m", "CHAT_MODEL", "OK"]);
  assert.deepEqual(span.inputs, { messages: [{ role: "user", content: "Hi." }], temperature: 0 });
  assert.equal(span.outputs.choices[0].message.content, "Hello.");
  const { attributes } = span;
  assert.deepEqual([attributes["mlflow.message.format"], attributes["mlflow.llm.model"], attributes["mlflow.llm.provider"]], ["openai", "served", "databricks"]);
  assert.deepEqual(attributes["mlflow.chat.tokenUsage"], { input_tokens: 3, output_tokens: 2, total_tokens: 5 });
  assert.deepEqual(JSON.parse(infos[0].trace_metadata["mlflow.trace.tokenUsage"]), { input_tokens: 3, output_tokens: 2, total_tokens: 5 });
  assert.deepEqual([infos[0].request_preview, infos[0].response_preview, infos[0].state], ["Hi.", "Hello.", "OK"]);
});

test("what was sent is told, whatever the caller does to its messages afterwards", async () => {
  const { client, done } = traced();
  const messages = [{ role: "user", content: "first" }];
  const answer = await client.chat("m").invoke(messages);
  messages.push(answer.message);
  messages[0].content = "changed";
  assert.deepEqual((await done()).spans[0][0].inputs.messages, [{ role: "user", content: "first" }]);
});

test("every way to read a stream ends its span, and leaves the stream its methods", async () => {
  const ways = {
    iterated: async (stream) => { for await (const _ of stream); },
    final: (stream) => stream.finalCompletion(),
    reader: async (stream) => { const reader = stream.getReader(); while (!(await reader.read()).done); },
    teed: async (stream) => { for (const half of stream.tee()) for await (const _ of half); },
    piped: (stream) => stream.pipeTo(new WritableStream()),
  };
  for (const [name, way] of Object.entries(ways)) {
    const { client, done } = traced();
    const stream = await client.chat("m").stream("Hi.");
    await way(stream);
    assert.equal((await stream.finalCompletion()).text, "Hello.", name);
    const [[span]] = (await done()).spans;
    assert.deepEqual([span.code, span.outputs.choices[0].message.content], ["OK", "Hello."], name);
    assert.deepEqual(span.events, ["first_piece"], name);
    assert.ok(span.attributes["lakewire.first_piece_ms"] >= 0, name);
    assert.equal(span.attributes["mlflow.chat.tokenUsage"].total_tokens, 5, name);
  }
});

test("a stream left early is told so and is no error; a stream that breaks is one", async () => {
  for (const leave of [async (stream) => { for await (const _ of stream) break; }, (stream) => stream.cancel("enough")]) {
    const { client, done } = traced(() => sse([event(chunk({ content: "Hel" }))], { open: true }));
    await leave(await client.chat("m").stream("Hi."));
    const [[span]] = (await done()).spans;
    assert.deepEqual([span.code, span.attributes["lakewire.left_early"]], ["OK", true]);
    assert.ok(span.events.includes("left_early"));
  }
  const { client, done } = traced(() => sse([event(chunk({ content: "Hel" }))], { error: new Error("gone") }));
  await failure(async () => { for await (const _ of await client.chat("m").stream("Hi.")); }, "Connect");
  const [[span]] = (await done()).spans;
  assert.equal(span.code, "ERROR");
  assert.equal(span.outputs.choices[0].message.content, "Hel");
  assert.ok(span.events.includes("exception"));
});

test("an abort ends the span of a stream as an error", async () => {
  const { client, done } = traced(() => sse([event(chunk({ content: "Hel" }))], { open: true }));
  const stop = new AbortController();
  await failure(async () => {
    for await (const _ of await client.chat("m").stream("Hi.", { signal: stop.signal })) stop.abort();
  }, "Cancelled");
  assert.equal((await done()).spans[0][0].code, "ERROR");
});

test("a failed call is an error with its kind, and the error is the same as without watching", async () => {
  const { client, done } = traced(() => refusal(403, { message: "Not for you." }));
  const error = await failure(client.chat("m").invoke("Hi."), "PermissionDenied");
  assert.equal(error.status, 403);
  const { spans: [[span]], infos } = await done();
  assert.match(span.message, /^PermissionDenied: /);
  assert.equal(infos[0].state, "ERROR");
  const refused = traced();
  await failure(refused.client.chat("m").invoke("Hi.", "no options"), "InvalidInput");
  await failure(refused.client.chat("m").invoke("Hi.", { get temperature() { throw new Error("no"); } }), "InvalidInput");
});

test("a tool loop: the model's answers and the tools stand beneath it, what a tool calls beneath the tool", async () => {
  let asked = 0;
  for (const stream of [false, true]) {
    asked = 0;
    const answers = ({ json: body }) => {
      if (!body.tools) return json(completion("inner"));
      asked += 1;
      if (asked > 1) return body.stream ? words("It is ", "3.") : json(completion("It is 3."));
      const { choices: [{ message }] } = asksFor(["add", { a: 1, b: 2 }], ["bad", {}]);
      return body.stream ? sse([event(chunk({ tool_calls: message.tool_calls.map((call, index) => ({ index, ...call })) })), event(chunk({}, { finish_reason: "tool_calls" })), DONE]) : json(asksFor(["add", { a: 1, b: 2 }], ["bad", {}]));
    };
    const { client, done } = traced(answers);
    const chat = client.chat("m");
    const add = tool({ name: "add", parameters: { type: "object" }, execute: async ({ a, b }, context) => {
      await null;
      await chat.invoke("inner", { [SPAN]: context[SPAN] });
      return a + b;
    } });
    const bad = tool({ name: "bad", execute: () => { throw new TypeError("no"); } });
    const events = [];
    const { answer } = await chat.runTools("1 + 2?", { tools: [add, bad], stream, onEvent: ({ type }) => events.push(type) });
    assert.equal(answer.text, "It is 3.");
    assert.ok(events.includes("tool_call") && events.includes("tool_result"));
    const { spans: [spans], infos, stats } = await done();
    assert.deepEqual(tree(spans), ["add < runTools", "bad < runTools", "chat m < add", "chat m < runTools", "chat m < runTools", "runTools"]);
    const [of] = [(name) => spans.find((span) => span.name === name)];
    assert.deepEqual([of("add").type, of("add").inputs, of("add").outputs], ["TOOL", { a: 1, b: 2 }, 3]);
    assert.deepEqual([of("bad").code, of("bad").message], ["ERROR", "TypeError: no"]);
    assert.deepEqual([of("runTools").type, of("runTools").outputs.choices[0].message.content], ["AGENT", "It is 3."]);
    assert.equal(of("runTools").attributes["mlflow.chat.tokenUsage"], undefined);
    if (!stream) assert.equal(JSON.parse(infos[0].trace_metadata["mlflow.trace.tokenUsage"]).total_tokens, 15);
    assert.equal(stats.open, 0);
  }
});

test("tool calls of one id are told apart: each ends with its own result, what it calls stands beneath it", async () => {
  let asked = 0;
  const { client, done, tracing } = traced(({ json: body }) => {
    if (!body.tools) return json(completion("inner"));
    asked += 1;
    if (asked > 1) return json(completion("Done."));
    const answer = asksFor(["add", { a: 1 }], ["add", { a: 2 }], ["add", { a: 2 }], ["bad", {}]);
    for (const call of answer.choices[0].message.tool_calls) call.id = "c1";
    return json(answer);
  });
  const chat = client.chat("m");
  let turn = 0;
  const add = tool({ name: "add", parameters: { type: "object" }, execute: async ({ a }, context) => {
    turn += 1;
    const own = turn;
    await new Promise((resolve) => setTimeout(resolve, 8 - 2 * own));
    await client.chat(`inner${a}`).invoke("Hi.", { [SPAN]: context[SPAN] });
    return { a, own };
  } });
  const bad = tool({ name: "bad", execute: () => { throw new TypeError("no"); } });
  assert.equal((await chat.runTools("Add.", { tools: [add, bad] })).answer.text, "Done.");
  assert.equal(tracing.stats().open, 0);
  const { spans: [spans] } = await done();
  const tools = spans.filter(({ type }) => type === "TOOL");
  assert.deepEqual(tools.map(({ name, code, inputs, outputs }) => [name, code, inputs.a, outputs?.a, outputs?.own]), [["add", "OK", 1, 1, 1], ["add", "OK", 2, 2, 2], ["add", "OK", 2, 2, 3], ["bad", "ERROR", undefined, undefined, undefined]]);
  for (const own of tools.slice(0, 3)) assert.deepEqual(spans.filter(({ parent }) => parent === own.id).map(({ name }) => name), [`chat inner${own.inputs.a}`]);
});

test("chains: the chain, its steps and its model, run and streamed", async () => {
  for (const streamed of [false, true]) {
    const { client, done } = traced();
    const chain = pipe(assign({ more: ({ x }) => x + 1 }), PromptTemplate.fromTemplate("{x} {more}"), client.chat("m"), new StrOutputParser());
    let text = "";
    if (streamed) for await (const word of await chain.stream({ x: 1 })) text += word;
    else text = await chain.invoke({ x: 1 });
    assert.equal(text, "Hello.");
    const { spans: [spans] } = await done();
    assert.deepEqual(tree(spans), ["StrOutputParser < chain", "assign < chain", "chain", "chat m < chain", "prompt < chain"]);
    const root = spans.find(({ name }) => name === "chain");
    assert.deepEqual([root.type, root.inputs, root.outputs, root.code], ["CHAIN", { x: 1 }, "Hello.", "OK"]);
  }
});

test("the tokens of a trace are those of its models: what a chain or a tool hands on is not counted again, nor in their place", async () => {
  const of = (total) => ({ ...completion("Hello."), usage: { prompt_tokens: total - 1, completion_tokens: 1, total_tokens: total } });
  const { client, tracing, done } = traced(({ url }) => json(of(url.includes("/a/") ? 11 : 22)));
  await pipe(client.chat("a"), new StrOutputParser(), client.chat("b")).invoke("Hi.");
  const bill = tool({ name: "bill", parameters: { type: "object" }, execute: () => ({ usage: { input_tokens: 900, output_tokens: 1, total_tokens: 901 } }) });
  await tracing.withSpan({ name: "all" }, async (span) => {
    await client.chat("a").invoke("Hi.", span.options());
    await pipe(async () => ({ usage: { input_tokens: 900, output_tokens: 1, total_tokens: 901 } })).invoke("x", span.options());
  });
  let asked = 0;
  const loop = traced(() => json((asked += 1) === 1 ? asksFor(["bill", {}]) : of(22)));
  await loop.client.chat("m").runTools("What does it cost?", { tools: [bill] });
  const { infos, spans } = await done();
  const totals = (list) => list.map(({ trace_metadata: told }) => JSON.parse(told["mlflow.trace.tokenUsage"]).total_tokens);
  assert.deepEqual(totals(infos), [33, 11]);
  assert.equal(spans[0].find(({ name }) => name === "chain").attributes["mlflow.chat.tokenUsage"], undefined);
  const looped = await loop.done();
  assert.equal(looped.spans[0].find(({ type }) => type === "TOOL").attributes["mlflow.chat.tokenUsage"], undefined);
  assert.deepEqual(totals(looped.infos), [22 + (asksFor(["bill", {}]).usage?.total_tokens ?? 0)]);
});

test("a chain within a chain, branches, batches and a stream that is left", async () => {
  const { client, done, tracing } = traced();
  const chat = client.chat("m");
  const inner = pipe(chat, new StrOutputParser());
  const chain = pipe({ one: inner, two: passthrough() }, ({ one }) => one.length);
  await tracing.withSpan({ name: "all" }, async (span) => {
    assert.equal(await chain.invoke("Hi.", span.options()), 6);
    assert.deepEqual((await chain.batch(["a", "b"], span.options())).map(({ value }) => value), [6, 6]);
    for await (const piece of await inner.stream("Hi.")) { assert.equal(piece, "Hel"); break; }
    await (await inner.stream("never read")).cancel();
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { spans: [spans], stats } = await done();
  assert.equal(stats.open, 0);
  assert.equal(spans.filter(({ name, parent }) => name === "chain" && parent).length, 8);
  assert.ok(tree(spans).includes("parallel < chain"));
  assert.equal(spans.filter(({ attributes }) => attributes["lakewire.left_early"]).length >= 4, true);
  assert.deepEqual(spans.filter(({ code }) => code === "ERROR"), []);
});

test("a failed step is an error of its span and of the chain's", async () => {
  const { client, done } = traced(() => json(completion("no json")));
  await failure(pipe(client.chat("m"), new JsonOutputParser()).invoke("Hi."), "OutputMismatch");
  const { spans: [spans] } = await done();
  assert.deepEqual(Object.fromEntries(spans.map(({ name, code }) => [name, code])), { chain: "ERROR", "chat m": "OK", JsonOutputParser: "ERROR" });
});

test("spans of the app's own: nested through async code, with traces of their own side by side", async () => {
  const { client, tracing, done } = traced();
  const chat = client.chat("m");
  const work = tracing.trace(async function work(n) {
    await new Promise((resolve) => setTimeout(resolve, 3 - n));
    await chat.invoke(`${n}`);
    tracing.updateCurrentTrace({ session: `s${n}`, user: "u", tags: { n }, requestPreview: "asked" });
    return n * 2;
  }, { type: "TASK" });
  assert.deepEqual(await Promise.all([0, 1, 2].map((n) => work(n))), [0, 2, 4]);
  assert.equal(tracing.updateCurrentTrace({ tags: { lost: "yes" } }), false);
  assert.equal(tracing.currentSpan, undefined);
  const { spans, infos } = await done();
  assert.equal(spans.length, 3);
  for (const one of spans) {
    assert.deepEqual(tree(one), ["chat m < work", "work"]);
    const [root, call] = one;
    assert.deepEqual([root.type, root.outputs, call.inputs.messages[0].content], ["TASK", root.inputs * 2, `${root.inputs}`]);
  }
  for (const info of infos) {
    assert.equal(info.trace_metadata["mlflow.trace.session"], `s${info.tags.n}`);
    assert.deepEqual([info.trace_metadata["mlflow.trace.user"], info.request_preview], ["u", "asked"]);
  }
});

test("a span handed on explicitly: to a client, in options, as a parent", async () => {
  const { client, tracing, done } = traced();
  const span = tracing.startSpan({ name: "mine", inputs: { q: 1 } });
  assert.equal(tracing.currentSpan, undefined);
  await span.observe(client).chat("bound").invoke("Hi.");
  await client.chat("named").invoke("Hi.", span.options({ temperature: 1 }));
  tracing.startSpan({ name: "child", parent: span }).end("out");
  span.run(() => assert.equal(tracing.currentSpan, span));
  span.setOutputs({ done: true }).addEvent("noted", { a: 1 }).setAttribute("k", [1]).end();
  span.end("twice");
  const { spans: [spans] } = await done();
  assert.deepEqual(tree(spans), ["chat bound < mine", "chat named < mine", "child < mine", "mine"]);
  assert.deepEqual([spans[0].outputs, spans[0].events, spans[0].attributes.k], [{ done: true }, ["noted"], [1]]);
});

test("generators are followed to their end", async () => {
  const { tracing, done } = traced();
  const count = tracing.trace(async function* count(to) {
    for (let n = 0; n < to; n += 1) yield `${n}`;
  });
  let text = "";
  for await (const piece of count(3)) text += piece;
  assert.equal(text, "012");
  assert.deepEqual([(await done()).spans[0][0].outputs, (await done()).spans[0][0].code], ["012", "OK"]);
});

test("what a traced function gives stays what it was: a query runs when it is asked for, a cursor keeps its class and methods", async () => {
  const { tracing, done } = traced();
  let runs = 0;
  const query = { where: (by) => ({ ...query, by }), then: (give) => Promise.resolve([(runs += 1)]).then(give) };
  const given = tracing.trace(function find() { return query; })();
  assert.equal(given, query);
  await null;
  assert.equal(runs, 0);
  assert.deepEqual(await given.where("a"), [1]);

  class Cursor {
    #rows = ["a", "b", "c"];
    #left = false;
    size = 3;
    async next() { return this.#rows.length > 0 ? { done: false, value: this.#rows.shift() } : { done: true, value: undefined }; }
    async return(value) { this.#left = true; return { done: true, value }; }
    get left() { return this.#left; }
    close() { this.#left = true; return this; }
    [Symbol.asyncIterator]() { return this; }
  }
  const cursor = tracing.trace(function read() { return new Cursor(); })();
  assert.ok(cursor instanceof Cursor);
  assert.deepEqual([cursor.size, cursor.left, typeof cursor.throw], [3, false, "undefined"]);
  const rows = [];
  for await (const row of cursor) rows.push(row);
  assert.deepEqual([rows, cursor.left], [["a", "b", "c"], false]);
  cursor.close();
  assert.equal(cursor.left, true);
  const early = await tracing.trace(async function leave() { return new Cursor(); })();
  for await (const _ of early) break;
  assert.equal(early.left, true);
  const { spans } = await done();
  assert.deepEqual(spans.map(([{ name, code, outputs }]) => [name, code, outputs]), [["find", "OK", { where: "[function]", then: "[function]" }], ["read", "OK", "abc"], ["leave", "OK", "a"]]);
});

test("a client of the app's own class may have setters over private fields", async () => {
  class Own extends WorkspaceClient {
    #team = "";
    get team() { return this.#team; }
    set team(name) { this.#team = name; }
  }
  const { tracing } = traced();
  const client = new Own({ host: "https://workspace.example", token: "t" });
  const watched = tracing.observe(client);
  watched.team = "lakes";
  assert.deepEqual([watched.team, client.team], ["lakes", "lakes"]);
  const chat = watched.chat("m");
  chat.note = "mine";
  assert.equal(chat.note, "mine");
});

test("data rooms over a watched client report, and over another beneath the options' span", async () => {
  const answers = ({ url }) => {
    if (url.includes("/statements")) return json({ statement_id: "s", status: { state: "SUCCEEDED" }, manifest: { format: "JSON_ARRAY", schema: { columns: [{ name: "n", position: 0, type_text: "INT", type_name: "INT" }] }, total_chunk_count: 1, total_row_count: 1 }, result: { chunk_index: 0, row_offset: 0, row_count: 1, data_array: [["1"]] } });
    if (url.includes("/query")) return json({ manifest: { column_count: 2, columns: [{ name: "id" }, { name: "score" }] }, result: { row_count: 1, data_array: [["a", 0.5]] } });
    return refusal(404);
  };
  const { client, tracing, done, calls } = traced(answers);
  await tracing.withSpan({ name: "all" }, async (span) => {
    await new StatementExecution(client, { warehouseId: "w" }).execute("SELECT :n", { parameters: { n: 1 } });
    await new VectorSearch(client).index("a.b.c").query({ columns: ["id"], query_text: "lakes", num_results: 1 });
    const plain = scripted(answers).client;
    await new VectorSearch(plain).index("x.y.z").query({ columns: ["id"], query_text: "lakes", num_results: 1 }, span.options());
    await failure(new Genie(client, "space").ask("How many?"));
  });
  const { spans: [spans] } = await done();
  assert.deepEqual(tree(spans), ["all", "genie space < all", "search a.b.c < all", "search x.y.z < all", "sql statement < all"]);
  const of = (name) => spans.find((span) => span.name === name);
  assert.deepEqual([of("sql statement").type, of("sql statement").inputs.statement, of("sql statement").outputs.row_count], ["TASK", "SELECT :n", 1]);
  assert.deepEqual([of("search a.b.c").type, of("search a.b.c").outputs], ["RETRIEVER", [{ id: "a", score: 0.5 }]]);
  assert.deepEqual([of("genie space").type, of("genie space").code], ["AGENT", "ERROR"]);
  assert.ok(calls.every(({ headers }) => headers.get("traceparent")));
});

test("every handle reports: completions, embeddings, responses, chat agents, structured output", async () => {
  const answers = ({ url, json: body }) => {
    if (url.includes("/api/2.0/serving-endpoints/")) return json({ name: "c", task: "llm/v1/completions" });
    if (body.input !== undefined && url.includes("/emb/")) return json({ object: "list", data: [{ object: "embedding", index: 0, embedding: [1, 0] }], model: "e", usage: { prompt_tokens: 2, total_tokens: 2 } });
    if (body.prompt !== undefined) return json({ id: "t", object: "text_completion", choices: [{ index: 0, text: "deep", finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
    if (body.input !== undefined) return json({ id: "r", object: "response", output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "deep" }] }], usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } });
    if (body.response_format !== undefined) return json(completion('{"n":1}'));
    return json({ messages: [{ role: "assistant", content: "deep", id: "1" }] });
  };
  const { client, tracing, done, calls } = traced(answers);
  await tracing.withSpan({ name: "all" }, async () => {
    assert.equal(await client.completions("c", { task: "llm/v1/completions" }).invoke("A lake is"), "deep");
    const vector = await client.embeddings("emb", { query_params: { role: "query" }, documents_params: { role: "document" } }).embedQuery("lake", { more: 1 });
    assert.deepEqual(vector, Float32Array.of(1, 0));
    await failure(client.embeddings("emb").embedQuery(7), "InvalidInput");
    assert.equal((await client.responses("r").invoke("lake")).text, "deep");
    assert.equal((await client.chatAgent("a").invoke([{ role: "user", content: "lake" }])).text, "deep");
    assert.deepEqual((await client.chat("s").structuredOutput({ type: "object", properties: { n: { type: "integer" } } }).invoke("one")).value, { n: 1 });
  });
  const { spans: [[, ...spans]], infos } = await done();
  assert.deepEqual(spans.map(({ name, type, code }) => [name, type, code]), [
    ["completions c", "LLM", "OK"], ["embeddings emb", "EMBEDDING", "OK"], ["embeddings emb", "EMBEDDING", "ERROR"], ["agent r", "AGENT", "OK"], ["agent a", "AGENT", "OK"], ["chat s", "CHAT_MODEL", "OK"],
  ]);
  assert.deepEqual(spans[1].outputs, { count: 1, dimensions: 2, usage: { prompt_tokens: 2, total_tokens: 2 }, model: "e" });
  assert.deepEqual(calls.find(({ url }) => url.includes("/emb/")).json, { input: ["lake"], role: "query", more: 1 });
  assert.equal(spans[5].inputs.response_format.type, "json_schema");
  assert.equal(JSON.parse(infos[0].trace_metadata["mlflow.trace.tokenUsage"]).total_tokens, 12);
});
