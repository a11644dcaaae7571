// What LangChain.js tells of its runs, as it lands in MLflow: the emulator's tracking server keeps it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { Document } from "@langchain/core/documents";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { FakeListChatModel, FakeLLM, FakeRetriever } from "@langchain/core/utils/testing";
import { createAgent } from "langchain";
import { WorkspaceClient } from "lakewire";
import { MlflowClient, MlflowTracing } from "lakewire/mlflow";
import { z } from "zod";
import { ChatDatabricks, MlflowCallbackHandler, MlflowTracer } from "lakewire/langchain";
import { llama, token, workspace } from "./setup.mjs";

const client = new WorkspaceClient(workspace);
const mlflow = new MlflowClient(client);
const path = () => `/Users/me@example.com/langchain-${randomUUID()}`;
const weather = tool(async ({ city }) => `It is 21 degrees and sunny in ${city}.`, { name: "get_weather", description: "Get the weather of a city", schema: z.object({ city: z.string() }) });
const documents = [new Document({ pageContent: "Bilbo is a dog.", metadata: { n: 1 }, id: "d1" })];

/** The spans of the one trace of an experiment, by their names. */
async function traced(experiment) {
  const { experiment_id } = await mlflow.getExperimentByName(experiment);
  const infos = await mlflow.searchTraces([experiment_id]).all();
  assert.equal(infos.length, 1);
  const { info, spans } = await mlflow.getTrace(infos[0].trace_id);
  const named = new Map(spans.map((span) => [span.name, span]));
  const around = (span) => spans.find(({ span_id }) => span_id === span.parent_id)?.name;
  return { info, spans, named, around };
}

test("the handler logs a chain's run: metrics, files and tables", async () => {
  const handler = new MlflowCallbackHandler({ client, experiment: path(), name: "lc-%", tags: { team: "a" } });
  assert.ok(handler instanceof BaseCallbackHandler);
  const chain = ChatPromptTemplate.fromTemplate("Say {what}").pipe(new FakeListChatModel({ responses: ["hello"] })).pipe(new StringOutputParser());
  assert.equal(await chain.invoke({ what: "hello" }, { callbacks: [handler] }), "hello");
  await weather.invoke({ city: "Paris" }, { callbacks: [handler] });
  await new FakeRetriever({ output: documents }).invoke("dog", { callbacks: [handler] });
  await assert.rejects(new RunnableLambda({ func: () => { throw new Error("no"); } }).invoke(1, { callbacks: [handler] }));
  const runId = await handler.runId();
  const stats = await handler.close();
  assert.deepEqual([stats.failed, stats.dropped, stats.waiting], [0, 0, 0]);
  const { info, data } = await mlflow.getRun(runId);
  assert.match(info.run_name, /^lc-[A-Z0-9]{7}$/);
  assert.equal(info.status, "FINISHED");
  const metrics = Object.fromEntries(data.metrics.map(({ key, value }) => [key, value]));
  assert.deepEqual([metrics.llm_starts, metrics.llm_ends, metrics.tool_starts, metrics.tool_ends, metrics.retriever_starts, metrics.errors], [1, 1, 1, 1, 1, 1]);
  assert.ok(metrics.chain_starts >= 4 && metrics.chain_ends === metrics.chain_starts - 1);
  const files = (await mlflow.listArtifacts(runId)).map(({ path: name }) => name);
  for (const wanted of [/^llm_start_1_prompt_0\.json$/, /^table_action_records\.html$/, /^table_session_analysis\.html$/, /^tool_start_1\.json$/]) assert.ok(files.some((name) => wanted.test(name)), `${wanted} in ${files}`);
});

test("a server that is not there changes nothing for the run, and is told once", async () => {
  const told = [];
  const handler = new MlflowCallbackHandler({ trackingUri: "http://127.0.0.1:9", fetch: async () => { throw new TypeError("gone"); }, onError: (error) => told.push(error) });
  assert.equal((await new FakeListChatModel({ responses: ["one", "two"] }).invoke("x", { callbacks: [handler] })).content, "one");
  const stats = await handler.flushTracker();
  assert.ok(stats.failed >= 1 && stats.sent === 0);
  assert.equal(told.length, 1);
  assert.throws(() => new MlflowCallbackHandler({ trackingUri: "here" }), /trackingUri/);
});

test("the tracer makes a trace of a chain: spans, kinds, inputs, outputs, usage", async () => {
  const experimentName = path();
  const tracer = await MlflowTracer.create({ client, experimentName });
  class Counting extends FakeListChatModel {
    async _generate(...args) {
      const result = await super._generate(...args);
      const usage_metadata = { input_tokens: 3, output_tokens: 2, total_tokens: 5, input_token_details: { cache_read: 1 } };
      return { ...result, generations: result.generations.map((one) => ({ ...one, message: new AIMessage({ content: one.text, usage_metadata }) })) };
    }
  }
  const chain = new FakeRetriever({ output: documents })
    .pipe((found) => ({ context: found[0].pageContent }))
    .pipe(ChatPromptTemplate.fromMessages([["system", "Use this: {context}"], ["human", "Who is a dog?"]]))
    .pipe(new Counting({ responses: ["Bilbo"] }))
    .pipe(new StringOutputParser());
  assert.equal(await chain.invoke("dog", { callbacks: [tracer], runName: "ask", metadata: { thread_id: "t-1", ls_model_name: "m-1" } }), "Bilbo");
  await tracer.close();
  const { info, spans, named, around } = await traced(experimentName);
  assert.equal(info.state, "OK");
  assert.equal(info.trace_metadata["mlflow.trace.session"], "t-1");
  assert.deepEqual(JSON.parse(info.trace_metadata["mlflow.trace.tokenUsage"]), { input_tokens: 3, output_tokens: 2, total_tokens: 5, cache_read_input_tokens: 1 });
  assert.deepEqual(spans.map(({ name, type }) => `${name} ${type}`).sort(), ["ChatPromptTemplate CHAIN", "Counting CHAT_MODEL", "FakeRetriever RETRIEVER", "RunnableLambda CHAIN", "StrOutputParser CHAIN", "ask CHAIN"]);
  assert.ok(spans.every((span) => span.name === "ask" || around(span) === "ask"));
  assert.deepEqual([named.get("ask").inputs, named.get("ask").outputs], [{ input: "dog" }, { output: "Bilbo" }]);
  const retriever = spans.find(({ type }) => type === "RETRIEVER");
  assert.deepEqual([retriever.inputs, retriever.outputs], ["dog", [{ page_content: "Bilbo is a dog.", metadata: { n: 1 }, id: "d1" }]]);
  const model = spans.find(({ type }) => type === "CHAT_MODEL");
  const none = { tool_calls: null, refusal: null, tool_call_id: null };
  assert.deepEqual(model.inputs, { messages: [{ role: "system", content: "Use this: Bilbo is a dog.", ...none }, { role: "user", content: "Who is a dog?", ...none }] });
  assert.deepEqual(model.outputs, { choices: [{ message: { role: "assistant", content: "Bilbo", ...none }, finish_reason: null }] });
  assert.equal(model.attributes["mlflow.llm.model"], "m-1");
  assert.equal(model.attributes["mlflow.message.format"], "langchain");
});

test("runs at the same time stand each beneath its own, an error ends its spans as one", async () => {
  const experimentName = path();
  const tracing = new MlflowTracing(client, { experimentName });
  const tracer = new MlflowTracer({ tracing });
  const model = new FakeLLM({ response: "word" });
  const failing = new RunnableLambda({ func: async (text) => { await model.invoke(text, { callbacks: [] }); throw new Error(`no ${text}`); } }).withConfig({ runName: "fails" });
  const each = new RunnableLambda({ func: (text, config) => model.invoke(text, config) }).withConfig({ runName: "each" });
  const whole = new RunnableLambda({ func: async (_, config) => {
    const done = await Promise.allSettled([each.invoke("a", config), each.invoke("b", config), failing.invoke("c", config)]);
    return done.map(({ status }) => status);
  } }).withConfig({ runName: "whole" });
  assert.deepEqual(await whole.invoke("x", { callbacks: [tracer] }), ["fulfilled", "fulfilled", "rejected"]);
  await tracer.flush();
  const { spans, around, named } = await traced(experimentName);
  const models = spans.filter(({ type }) => type === "LLM");
  assert.deepEqual(models.map((span) => span.inputs[0]).sort(), ["a", "b"]);
  assert.ok(models.every((span) => around(span) === "each" && span.outputs.generations[0][0].text === "word"));
  for (const span of models) assert.deepEqual(spans.find(({ span_id }) => span_id === span.parent_id).inputs, { input: span.inputs[0] });
  assert.match(JSON.stringify(named.get("fails").status), /ERROR.*no c/);
  assert.equal(named.get("fails").events[0].name, "exception");
  assert.equal(named.get("whole").status.code.includes("ERROR"), false);
  await tracer.close();
  // closed: the next run goes on untraced
  assert.equal(await model.invoke("later", { callbacks: [tracer] }), "word");
});

test("in a stream, each step is told with what it was given", async () => {
  const experimentName = path();
  const tracer = await MlflowTracer.create({ client, experimentName });
  const chain = ChatPromptTemplate.fromTemplate("Say {what}").pipe(new FakeListChatModel({ responses: ["abc"] })).pipe(new StringOutputParser());
  const pieces = [];
  for await (const piece of await chain.stream({ what: "abc" }, { callbacks: [tracer], runName: "streamed" })) pieces.push(piece);
  assert.ok(pieces.length > 1 && pieces.join("") === "abc");
  await tracer.close();
  const { named } = await traced(experimentName);
  assert.deepEqual([named.get("streamed").inputs, named.get("streamed").outputs], [{ what: "abc" }, { output: "abc" }]);
  assert.deepEqual(named.get("ChatPromptTemplate").inputs, { what: "abc" });
  assert.equal(named.get("StrOutputParser").inputs.content ?? named.get("StrOutputParser").inputs.input?.content, "abc");
  assert.equal(named.get("FakeListChatModel").outputs.choices[0].message.content, "abc");
});

test("a stream that is left, of whose end LangChain.js tells nobody, is sent on close", async () => {
  const experimentName = path();
  const tracer = await MlflowTracer.create({ client, experimentName });
  const chain = ChatPromptTemplate.fromTemplate("Say {what}").pipe(new FakeListChatModel({ responses: ["a long answer"], sleep: 1 }));
  for await (const piece of await chain.stream({ what: "much" }, { callbacks: [tracer], runName: "left" })) if (piece.content !== "") break;
  await tracer.flush();
  assert.equal(tracer.tracing.stats().exported, 0);
  await tracer.close();
  const { spans, named, around } = await traced(experimentName);
  assert.equal(spans.length, 3);
  assert.ok(spans.every((span) => span.name === "left" || around(span) === "left"));
  assert.deepEqual(named.get("left").events.map(({ name }) => name), ["left_early"]);
  assert.deepEqual(named.get("left").inputs, { what: "much" });
});

test("a stream of ours that is left is told at once, and one that is aborted is told once", async () => {
  const experimentName = path();
  const tracer = await MlflowTracer.create({ client, experimentName });
  const ends = [];
  const told = BaseCallbackHandler.fromMethods({ handleLLMError: (error) => void ends.push(error.name), handleLLMEnd: () => void ends.push("end") });
  const model = new ChatDatabricks({ client, endpoint: llama });
  for await (const _ of await model.stream("Say hello", { callbacks: [tracer, told], runName: "left" })) break;
  await tracer.flush();
  assert.equal(tracer.tracing.stats().exported, 1);
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of await model.stream("Say hello", { callbacks: [told], signal: stop.signal })) stop.abort();
  }, { name: "AbortError" });
  for (let tries = 0; ends.length < 2 && tries < 500; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(ends, ["AbortError", "AbortError"]);
  await tracer.close();
  const { named } = await traced(experimentName);
  assert.deepEqual(named.get("left").events.map(({ name }) => name), ["left_early"]);
});

test("an agent's steps, tools and model calls are one trace", async () => {
  const experimentName = path();
  const tracer = await MlflowTracer.create({ client, experimentName });
  const agent = createAgent({ model: new ChatDatabricks({ client, endpoint: llama }), tools: [weather] });
  const { messages } = await agent.invoke({ messages: [new HumanMessage("What is the weather in Paris?")] }, { callbacks: [tracer] });
  assert.match(messages.at(-1).text, /21 degrees/);
  await tracer.close();
  const { spans, info } = await traced(experimentName);
  assert.equal(spans.filter(({ type }) => type === "CHAT_MODEL").length, 2);
  const [asked] = spans.filter(({ type }) => type === "CHAT_MODEL");
  assert.deepEqual(asked.outputs.choices[0].message.tool_calls[0].function, { name: "get_weather", arguments: '{"city":"Paris"}' });
  assert.equal(asked.attributes["mlflow.chat.tools"]?.[0].function.name, "get_weather");
  // no message stands there in the form that LangChain.js serialises it to
  assert.ok(!JSON.stringify(spans).includes("langchain_core"));
  const [called] = spans.filter(({ type }) => type === "TOOL");
  assert.deepEqual([called.name, called.inputs], ["get_weather", { city: "Paris" }]);
  assert.match(JSON.stringify(called.outputs), /21 degrees/);
  assert.ok(JSON.parse(info.trace_metadata["mlflow.trace.tokenUsage"]).total_tokens > 0);
  assert.ok(!JSON.stringify([info, spans]).includes(token));
});

test("a tracer needs a tracing; secrets are not shown", () => {
  assert.throws(() => new MlflowTracer({}), /MlflowTracer\.create/);
  for (const one of [new MlflowCallbackHandler({ ...workspace, experiment: "/e" }), new MlflowTracer({ tracing: new MlflowTracing(client, { experimentName: "/e" }) })]) {
    for (const text of [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one)]) assert.ok(!text.includes(token));
  }
});
