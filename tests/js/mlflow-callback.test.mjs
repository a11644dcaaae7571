// MlflowCallbackHandler of lakewire/mlflow over a scripted fetch: what is logged of watched calls and of LangChain's own
// events, in which order, and that nothing of it reaches the call that is watched.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOST, asksFor, completion, json, refusal } from "./fakes.mjs";
import { WorkspaceClient, entry, tool } from "./package.mjs";

const { MlflowCallbackHandler, LakewireError } = await import(entry("./mlflow"));

/** A server of runs, and of models that answer with what `answers` gives. */
function server({ answers = () => json(completion()), mlflow } = {}) {
  const calls = [];
  const fetch = async (url, init = {}) => {
    const { pathname } = new URL(url);
    const text = init.body === undefined ? "" : new TextDecoder().decode(await new Response(init.body).arrayBuffer());
    const path = pathname.replace("/api/2.0/mlflow/", "").replace("/api/2.0/mlflow-artifacts/artifacts/7/r1/artifacts/", "put ");
    const call = { path, text, get json() { return JSON.parse(text); } };
    if (!pathname.includes("/mlflow")) return answers(call);
    calls.push(call);
    const own = await mlflow?.(call, calls);
    if (own !== undefined) return own;
    const info = { run_id: "r1", experiment_id: "7", artifact_uri: "mlflow-artifacts:/7/r1/artifacts" };
    return json({ experiment: { experiment_id: "7", lifecycle_stage: "active" }, experiment_id: "7", run: { info, data: {} } });
  };
  const client = new WorkspaceClient({ host: HOST, token: "t", fetch });
  const paths = () => calls.map(({ path }) => path);
  const files = () => Object.fromEntries(calls.filter(({ path }) => path.startsWith("put ")).map(({ path, text }) => [path.slice(4), text]));
  const metrics = () => calls.filter(({ path }) => path === "runs/log-batch").flatMap((call) => call.json.metrics);
  const last = () => Object.fromEntries(metrics().map(({ key, value }) => [key, value]));
  return { client, calls, paths, files, metrics, last };
}

test("a watched chat is a start and an end, its tables are made on close, and the run ends", async () => {
  const { client, calls, paths, files, last, metrics } = server();
  const handler = new MlflowCallbackHandler(client, { name: "try-%", experiment: "/e", tags: { team: "a" }, artifactsDir: "logs/" });
  const model = handler.observe(client).chat("m");
  assert.equal((await model.invoke([{ role: "system", content: "Be kind" }, { role: "user", content: "hi" }])).text, "Hello.");
  const stats = await handler.close();
  assert.deepEqual(stats, { sent: 3, failed: 0, dropped: 0, waiting: 0, forgottenRecords: 0 });
  assert.equal(paths()[0].split("?")[0], "experiments/get-by-name");
  assert.match(calls[1].json.run_name, /^try-[A-Z0-9]{7}$/);
  assert.deepEqual(calls[1].json.tags, [{ key: "team", value: "a" }]);
  assert.deepEqual(Object.keys(files()).sort(), ["logs/chat_html.html", "logs/llm_end_1_generation_0.json", "logs/llm_start_1_prompt_0.json", "logs/table_action_records.html", "logs/table_session_analysis.html"]);
  const prompt = JSON.parse(files()["logs/llm_start_1_prompt_0.json"]);
  assert.equal(prompt.prompt, "System: Be kind\nHuman: hi");
  assert.equal(prompt.name, "chat m");
  assert.deepEqual([prompt.action, prompt.step, prompt.llm_starts], ["on_llm_start", 1, 1]);
  const end = JSON.parse(files()["logs/llm_end_1_generation_0.json"]);
  assert.deepEqual([end.token_usage_total_tokens, end.model_name, end.text], [5, "served", undefined]);
  assert.match(files()["logs/table_session_analysis.html"], /<th>token_usage_total_tokens<\/th>/);
  assert.match(files()["logs/chat_html.html"], /System: Be kind<br>Human: hi:<\/p>.*Hello\./);
  // two events of 15 and the 15 measures of the text, all at step 0, at three different times, in one request
  assert.equal(metrics().length, 45);
  assert.ok(metrics().every(({ step }) => step === 0));
  assert.equal(new Set(metrics().map(({ timestamp }) => timestamp)).size, 3);
  assert.equal(paths().filter((path) => path === "runs/log-batch").length, 1);
  assert.deepEqual([last().step, last().llm_starts, last().llm_ends, last().ends], [2, 1, 1, 1]);
  assert.deepEqual([paths().at(-1), calls.at(-1).json.status], ["runs/update", "FINISHED"]);
});

test("tools, their loop and its answers are told apart", async () => {
  let asked = 0;
  const { client, files, last } = server({ answers: () => json(asked++ === 0 ? asksFor(["add", { a: 1 }]) : completion("Two.")) });
  const handler = new MlflowCallbackHandler(client, { textMetrics: false });
  const add = tool({ name: "add", description: "Adds", parameters: { type: "object", properties: { a: { type: "number" } } }, execute: () => 2 });
  const outcome = await handler.observe(client).chat("m").runTools("1+1?", { tools: [add] });
  assert.equal(outcome.answer.text, "Two.");
  await handler.close();
  const { step, starts, ends, chain_starts, chain_ends, llm_starts, llm_ends, tool_starts, tool_ends, agent_ends } = last();
  assert.deepEqual({ step, starts, ends, chain_starts, chain_ends, llm_starts, llm_ends, tool_starts, tool_ends, agent_ends }, { step: 9, starts: 4, ends: 5, chain_starts: 1, chain_ends: 1, llm_starts: 2, llm_ends: 2, tool_starts: 1, tool_ends: 1, agent_ends: 1 });
  assert.equal(JSON.parse(files()["tool_start_1.json"]).input_str, "{'a': 1}");
  assert.equal(JSON.parse(files()["tool_end_1.json"]).output, "2");
  assert.equal(JSON.parse(files()["agent_finish_1.json"]).output, "Two.");
  assert.match(JSON.parse(files()["llm_start_2_prompt_0.json"]).prompt, /^Human: 1\+1\?\nAI: .*'name': 'add'.*\nTool: 2$/s);
});

test("an error counts, is logged with the next event or at the end, and is the caller's own", async () => {
  const { client, last, paths } = server({ answers: () => refusal(400, { message: "no" }) });
  const handler = new MlflowCallbackHandler(client);
  await assert.rejects(handler.observe(client).chat("m").invoke("x"), /no/);
  await handler.close({ status: "FAILED" });
  assert.deepEqual([last().errors, last().step, last().llm_starts, last().llm_ends], [1, 2, 1, 0]);
  assert.equal(paths().at(-1), "runs/update");
});

test("the watched call neither waits for the server nor hears of its errors, which are told once", async () => {
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const told = [];
  const { client } = server({ mlflow: async () => (await gate, refusal(403, { message: "no runs for you" })) });
  const handler = new MlflowCallbackHandler(client, { onError: (error) => told.push(error) });
  const model = handler.observe(client).chat("m");
  // the server of runs has not answered yet
  for (const word of ["a", "b", "c"]) assert.equal((await model.invoke(word)).text, "Hello.");
  release();
  const { sent, failed } = await handler.close();
  assert.deepEqual([sent, failed > 0], [0, true]);
  assert.equal(told.length, 1);
  assert.ok(told[0] instanceof LakewireError);
  assert.match(told[0].message, /no runs for you/);
});

test("a workspace that wants a path for the experiment's name is explained", async () => {
  const told = [];
  const refused = (call) => (call.path.startsWith("experiments/get-by-name") ? refusal(404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: "none" }) : refusal(400, { error_code: "INVALID_PARAMETER_VALUE", message: "bad name 'langchain'." }));
  const { client } = server({ mlflow: refused });
  const handler = new MlflowCallbackHandler(client, { onError: (error) => told.push(error) });
  handler.handleText("a");
  await handler.flushTracker();
  assert.match(told[0].message, /bad name 'langchain'\. .* give one, such as `\/Users\/me@example.com\/my-app`\.$/);
  assert.deepEqual([told[0].errorCode, told[0].status], ["INVALID_PARAMETER_VALUE", 400]);
});

test("n: what does not fit the queue is dropped and counted, and the numbers go on", async () => {
  const { client, last, files } = server();
  const handler = new MlflowCallbackHandler(client, { maxQueue: 5 });
  for (let at = 0; at < 12; at += 1) handler.handleText(`t${at}`);
  assert.equal(handler.dropped(), 7);
  await handler.flushTracker();
  assert.equal(handler.stats().dropped, 7);
  handler.handleText("later");
  await handler.close();
  assert.deepEqual([last().text_ctr, last().step], [13, 13]);
  assert.deepEqual(Object.keys(files()).filter((name) => name.startsWith("on_text")), ["on_text_1.json", "on_text_2.json", "on_text_3.json", "on_text_4.json", "on_text_5.json", "on_text_13.json"]);
});

test("a hundred events go in few batches, in their order", async () => {
  const { client, paths, metrics } = server();
  const handler = new MlflowCallbackHandler(client, { textMetrics: false });
  for (let at = 0; at < 100; at += 1) handler.handleText("x");
  await handler.close();
  const steps = metrics().filter(({ key }) => key === "step");
  assert.deepEqual(steps.map(({ value }) => value), Array.from({ length: 100 }, (_, at) => at + 1));
  assert.ok(steps.every(({ timestamp }, at) => at === 0 || timestamp > steps[at - 1].timestamp));
  assert.equal(paths().filter((path) => path === "runs/log-batch").length, 2);
});

test("what an event logs is made when it is sent, with the numbers it had when it came", async () => {
  const { client, files, metrics } = server();
  const handler = new MlflowCallbackHandler(client, { maxRecords: 1 });
  for (const text of ["Four.", "Five."]) handler.handleLLMEnd({ generations: [[{ text }]] });
  assert.deepEqual([handler.stats().waiting, handler.stats().forgottenRecords], [2, 0]);
  await handler.flushTracker();
  assert.equal(handler.stats().forgottenRecords, 1);
  assert.deepEqual(metrics().filter(({ key }) => key === "llm_ends").map(({ value }) => value), [1, 2]);
  assert.equal(metrics().filter(({ key }) => key === "gulpease_index").length, 2);
  assert.ok(files()["llm_end_2_generation_0.json"]);
  await handler.close();
});

test("the pieces of a watched answer are logged when they are asked for, LangChain's own unless they are declined", async () => {
  for (const [tokens, watched, own] of [[undefined, 0, 1], [true, 2, 3], [false, 0, 0]]) {
    const chunks = ["Hel", "lo"].map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
    const { client, last, files } = server({ answers: () => new Response(`${chunks.join("")}data: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } }) });
    const handler = new MlflowCallbackHandler(client, { tokens });
    let read = "";
    for await (const chunk of await handler.observe(client).chat("m").stream("x")) read += chunk.choices[0]?.delta.content ?? "";
    assert.equal(read, "Hello");
    await handler.flushTracker();
    assert.equal(last().llm_streams, watched);
    handler.handleLLMNewToken("t");
    await handler.close();
    assert.equal(Object.keys(files()).filter((name) => name.startsWith("llm_new_tokens")).length, own);
  }
});

test("LangChain's events, with the arguments it gives", async () => {
  const { client, files, last } = server();
  const handler = new MlflowCallbackHandler(client, { textMetrics: false });
  const named = { lc: 1, type: "constructor", id: ["langchain", "llms", "fake", "Fake"], kwargs: { model: "m" } };
  class HumanMessage {
    constructor(content) { this.content = content; }
    getType() { return "human"; }
    toJSON() { return { lc: 1, kwargs: { content: this.content } }; }
  }
  handler.handleChainStart(null, { q: "x" }, "id", undefined, [], {}, "chain", "RunnableSequence");
  handler.handleChatModelStart(named, [[new HumanMessage("hello")]], "id");
  handler.handleLLMNewToken("t");
  handler.handleLLMEnd({ generations: [[{ text: "A", generationInfo: { finish_reason: "stop" } }], [{ text: "B" }]], llmOutput: { tokenUsage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 } } });
  handler.handleToolStart({ name: "t" }, "in", "id");
  handler.handleToolEnd({ content: "out", getType: () => "tool" });
  handler.handleAgentAction({ tool: "t", toolInput: { a: [1] }, log: "l" });
  handler.handleAgentEnd({ returnValues: { output: "o" }, log: "l" });
  handler.handleRetrieverStart(named, "q", "id");
  handler.handleRetrieverEnd([{ pageContent: "p", metadata: { page: 1, tags: ["a", "b"] } }]);
  handler.handleChainEnd({ text: "A" });
  for (const method of ["handleLLMError", "handleChainError", "handleToolError", "handleRetrieverError"]) handler[method](new Error("e"));
  await handler.close();
  const own = Object.fromEntries(Object.entries(files()).filter(([name]) => name.endsWith(".json")).map(([name, text]) => [name, JSON.parse(text)]));
  assert.equal(own["chain_start_1.json"].inputs, "q=x");
  assert.equal(own["chain_start_1.json"].name, "RunnableSequence");
  assert.equal(own["llm_start_1_prompt_0.json"].prompt, "Human: hello");
  assert.deepEqual(own["llm_start_1_prompt_0.json"].id, named.id);
  assert.equal(own["llm_start_1_prompt_0.json"].kwargs_model, "m");
  assert.equal(own["llm_new_tokens_1.json"].token, "t");
  assert.equal(own["llm_end_1_generation_1.json"].token_usage_total_tokens, 3);
  assert.equal(own["tool_end_1.json"].output, "out");
  assert.deepEqual(own["agent_action_2.json"].tool_input, { a: [1] });
  assert.equal(own["agent_finish_1.json"].output, "o");
  assert.deepEqual(own["retriever_end_1.json"].documents, [{ page_content: "p", metadata: { page: "1", tags: "a,b" } }]);
  assert.equal(own["chain_end_1.json"].outputs, "text=A");
  assert.match(files()["table_session_analysis.html"], /<td>Human: hello<\/td>\s*<td>Fake<\/td>/);
  assert.deepEqual([last().errors, last().step, last().starts, last().ends], [4, 15, 5, 5]);
});

test("a flush may end the run; what comes later counts from 0 in another", async () => {
  const { client, paths, last } = server();
  const handler = new MlflowCallbackHandler(client);
  handler.handleText("a");
  assert.equal(await handler.runId(), "r1");
  await handler.flushTracker();
  assert.ok(!paths().includes("runs/update"));
  handler.handleText("b");
  await handler.flushTracker({ finish: true });
  assert.equal(last().step, 2);
  handler.handleText("c");
  await handler.close();
  handler.handleText("d");
  await handler.close();
  assert.equal(last().step, 1);
  assert.equal(paths().filter((path) => path === "runs/create").length, 2);
  assert.equal(paths().filter((path) => path === "runs/update").length, 2);
});

test("a run that is given goes on, and a handler that heard nothing makes none", async () => {
  const { client, paths } = server();
  await new MlflowCallbackHandler(client).close();
  assert.deepEqual(paths(), []);
  const handler = new MlflowCallbackHandler(client, { runId: "r1" });
  handler.handleText("a");
  await handler.close();
  assert.ok(!paths().some((path) => path.startsWith("runs/create") || path.startsWith("experiments")));
});

test("hostile values and hooks stay outside of the watched call", async () => {
  const { client, files } = server();
  const handler = new MlflowCallbackHandler(client, { onError: () => { throw new Error("hook"); } });
  const circle = {};
  circle.self = circle;
  handler.handleChainStart({ name: "c" }, circle);
  handler.handleChainEnd({ get x() { throw new Error("trap"); } });
  handler.handleChainEnd(new Proxy({}, { ownKeys() { throw new Error("trap"); } }));
  handler.handleLLMEnd(undefined);
  handler.handleRetrieverEnd(7n);
  handler.handleToolStart(undefined, undefined);
  handler.handleAgentEnd(null);
  await handler.close();
  assert.ok(files()["chain_start_1.json"].includes("[circular]"));
  assert.equal(Object.keys(files()).filter((name) => name.startsWith("retriever_end")).length, 1);
});

test("a page that is hidden sends what waits, in requests that outlive it", async () => {
  const listeners = {};
  const document = { visibilityState: "visible", addEventListener: (name, act) => (listeners[name] = act), removeEventListener: (name) => delete listeners[name] };
  globalThis.document = document;
  try {
    const inits = [];
    const fetch = async (url, init) => {
      inits.push([new URL(url).pathname, init?.keepalive]);
      return json({ run: { info: { run_id: "r1", artifact_uri: "mlflow-artifacts:/7/r1/artifacts" }, data: {} } });
    };
    const client = new WorkspaceClient({ host: HOST, token: "t", fetch });
    const handler = new MlflowCallbackHandler(client, { runId: "r1" });
    await handler.runId();
    handler.handleText("a");
    document.visibilityState = "hidden";
    listeners.visibilitychange();
    await handler.flushTracker();
    assert.ok(inits.some(([path, keepalive]) => path.endsWith("runs/log-batch") && keepalive === true));
    assert.ok(inits.some(([path, keepalive]) => path.endsWith("on_text_1.json") && keepalive === true));
    await handler.close();
    assert.deepEqual(listeners, {});
  } finally {
    delete globalThis.document;
  }
});

test("options that are none are refused with a sentence", () => {
  const { client } = server();
  for (const [options, sentence] of [
    [{ experimentName: "x" }, /no `experimentName`: they are name, experiment/],
    [{ name: "" }, /`name` must be a text/],
    [{ maxQueue: 0 }, /`maxQueue` must be a whole number/],
    [{ tokens: 1 }, /`tokens` must be true or false/],
    [{ onError: 1 }, /`onError` must be a function/],
    [{ artifactsDir: "../up" }, /path/],
  ]) {
    assert.throws(() => new MlflowCallbackHandler(client, options), (error) => error instanceof LakewireError && sentence.test(error.message), JSON.stringify(options));
  }
  const handler = new MlflowCallbackHandler(client);
  assert.throws(() => handler.observe({}), /needs a client/);
  assert.throws(() => handler.flushTracker({ end: true }), /no option `end`/);
  assert.throws(() => handler.flushTracker({ status: "DONE" }), /FINISHED/);
});
