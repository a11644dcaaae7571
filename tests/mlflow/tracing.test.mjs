// Traces made by JavaScript, kept by a real MLflow server and read back: by ourselves and by MLflow's own Python client.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asksFor, chunk, completion, DONE, event, json, scripted, sse } from "../js/fakes.mjs";
import { entry, WorkspaceClient, tool } from "../js/package.mjs";
import { mlflowEnv, mlflowPython } from "./server.mjs";

const { MlflowClient, MlflowTracing } = await import(entry("./mlflow"));
const { ChatPromptTemplate, pipe, StrOutputParser } = await import(entry("."));

const host = process.env.LAKEWIRE_MLFLOW;
assert.ok(host, "LAKEWIRE_MLFLOW names a running server: start this with `npm test -- mlflow`.");
const server = new WorkspaceClient({ host, token: "unused" });
const mlflow = new MlflowClient(server);
const name = `js-tracing-${Date.now()}-${process.pid}`;

/** What MLflow's own Python client reads of a trace. */
async function python(traceId) {
  const program = await mlflowPython();
  const script = fileURLToPath(new URL("read_trace.py", import.meta.url));
  const { stdout } = await promisify(execFile)(program, [script, host, traceId], { env: { ...process.env, ...mlflowEnv(program) }, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

/** A model that adds by a tool, streams when asked to, and else says hello. */
const model = () => {
  let asked = 0;
  return scripted(({ json: body }) => {
    if (body.stream) return sse([event(chunk({ role: "assistant", content: "A deep " })), event(chunk({ content: "lake." })), event(chunk({}, { finish_reason: "stop", usage: { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 } })), DONE]);
    asked += 1;
    return json(body.tools && asked === 1 ? asksFor(["add", { a: 1, b: 2 }]) : completion("It is 3."));
  });
};

const options = { experimentName: name, onError: (error) => assert.fail(error) };
const traces = async (experimentId) => mlflow.searchTraces([experimentId], { orderBy: ["timestamp_ms DESC"] }).all();
const byName = (list) => Object.fromEntries(list.map((span) => [span.name, span]));

test("a streamed chain is one trace, which Python reads as ours", async () => {
  const tracing = new MlflowTracing(server, { ...options, tags: { made: "here" } });
  const chat = tracing.observe(model().client).chat("lakes", { temperature: 0 });
  const chain = pipe(ChatPromptTemplate.fromMessages([["system", "Be brief."], ["user", "What is {place}?"]]), chat, new StrOutputParser());
  let text = "";
  let traceId;
  await tracing.withSpan({ name: "ask", type: "AGENT", inputs: { place: "Tahoe" }, session: "s-1", user: "u-1" }, async (span) => {
    traceId = span.traceId;
    for await (const word of await chain.stream({ place: "Tahoe" })) text += word;
    tracing.updateCurrentTrace({ tags: { topic: "lakes" } });
    return text;
  });
  await tracing.close();
  assert.equal(text, "A deep lake.");
  const stats = tracing.stats();
  assert.deepEqual([stats.exported, stats.failed, stats.dropped, stats.open], [1, 0, 0, 0]);

  const { info, spans } = await mlflow.getTrace(traceId);
  assert.equal(info.state, "OK");
  assert.deepEqual([info.tags.made, info.tags.topic, info.tags["mlflow.traceName"]], ["here", "lakes", "ask"]);
  assert.deepEqual([info.trace_metadata["mlflow.trace.session"], info.trace_metadata["mlflow.trace.user"]], ["s-1", "u-1"]);
  const own = byName(spans);
  assert.deepEqual(Object.keys(own).sort(), ["StrOutputParser", "ask", "chain", "chat lakes", "chat prompt"]);
  assert.equal(own.chain.parent_id, own.ask.span_id);
  assert.equal(own["chat lakes"].parent_id, own.chain.span_id);
  assert.deepEqual(own["chat lakes"].inputs.messages, [{ role: "system", content: "Be brief." }, { role: "user", content: "What is Tahoe?" }]);
  assert.equal(own["chat lakes"].outputs.choices[0].message.content, "A deep lake.");

  const read = await python(traceId);
  assert.equal(read.state, "OK");
  assert.deepEqual(read.tokens, { input_tokens: 7, output_tokens: 4, total_tokens: 11 });
  const theirs = byName(read.spans);
  assert.deepEqual(Object.keys(theirs).sort(), Object.keys(own).sort());
  assert.deepEqual([theirs["chat lakes"].type, theirs.ask.type, theirs.chain.type], ["CHAT_MODEL", "AGENT", "CHAIN"]);
  assert.equal(theirs["chat lakes"].parent_id, theirs.chain.span_id);
  assert.deepEqual(theirs["chat lakes"].inputs.messages, own["chat lakes"].inputs.messages);
  assert.equal(theirs.ask.outputs, "A deep lake.");
  assert.equal(theirs["chat lakes"].attributes["mlflow.message.format"], "openai");
  for (const span of read.spans) assert.ok(span.end_ns >= span.start_ns && span.start_ns >= theirs.ask.start_ns);
});

test("a tool loop, and a call that fails", async () => {
  const tracing = new MlflowTracing(server, options);
  const chat = tracing.observe(model().client).chat("lakes");
  const add = tool({ name: "add", parameters: { type: "object" }, execute: ({ a, b }) => a + b });
  const roots = [];
  await tracing.withSpan({ name: "loop" }, async (span) => {
    roots.push(span.traceId);
    await chat.runTools("What is 1 + 2?", { tools: [add] });
  });
  await assert.rejects(tracing.withSpan({ name: "bad" }, async (span) => {
    roots.push(span.traceId);
    throw new TypeError("no such lake");
  }), /no such lake/);
  await tracing.close();

  const loop = await python(roots[0]);
  assert.deepEqual(loop.spans.map(({ type }) => type).sort(), ["AGENT", "CHAT_MODEL", "CHAT_MODEL", "TOOL", "UNKNOWN"]);
  const one = byName(loop.spans);
  assert.deepEqual([one.add.inputs, one.add.outputs], [{ a: 1, b: 2 }, 3]);
  assert.equal(one.add.parent_id, one.runTools.span_id);
  assert.deepEqual(loop.tokens, { input_tokens: 6, output_tokens: 4, total_tokens: 10 });
  assert.equal(one["chat lakes"].attributes["mlflow.chat.tools"][0].function.name, "add");

  const bad = await python(roots[1]);
  assert.equal(bad.state, "ERROR");
  assert.match(bad.spans[0].status, /no such lake/);
  assert.ok(bad.spans[0].events.includes("exception"));
});

test("OTLP gives the same trace", async () => {
  const tracing = new MlflowTracing(server, { ...options, export: "otlp" });
  const chat = tracing.observe(model().client).chat("lakes");
  let traceId;
  await tracing.withSpan({ name: "by otlp", tags: { way: "otlp" } }, async (span) => {
    traceId = span.traceId;
    return (await chat.invoke("Hello?")).text;
  });
  await tracing.close();
  assert.equal(tracing.stats().exported, 1);
  const { info, spans } = await mlflow.getTrace(traceId);
  assert.equal(info.tags.way, "otlp");
  assert.equal(byName(spans)["chat lakes"].outputs.choices[0].message.content, "It is 3.");
  const read = await python(traceId);
  assert.deepEqual(read.spans.map((span) => span.name).sort(), ["by otlp", "chat lakes"]);
  assert.equal(byName(read.spans)["by otlp"].outputs, "It is 3.");
});

test("traces are found, tagged, judged and deleted", async () => {
  const tracing = new MlflowTracing(server, options);
  let traceId;
  await tracing.withSpan({ name: "judged" }, (span) => void (traceId = span.traceId));
  await tracing.close();
  const { trace_location: location } = await mlflow.getTraceInfo(traceId);
  const experimentId = location.mlflow_experiment.experiment_id;
  assert.ok((await traces(experimentId)).some(({ trace_id }) => trace_id === traceId));
  assert.deepEqual((await mlflow.searchTraces([experimentId], { filter: "tags.`mlflow.traceName` = 'judged'" }).all()).map(({ trace_id }) => trace_id), [traceId]);

  await mlflow.setTraceTag(traceId, "seen", "yes");
  assert.equal((await mlflow.getTraceInfo(traceId)).tags.seen, "yes");
  await mlflow.deleteTraceTag(traceId, "seen");
  assert.equal((await mlflow.getTraceInfo(traceId)).tags.seen, undefined);

  const feedback = await mlflow.logFeedback(traceId, { name: "good", value: true, rationale: "It is right.", source: { type: "HUMAN", id: "me" } });
  assert.equal(feedback.feedback.value, true);
  const changed = await mlflow.updateAssessment(traceId, feedback.assessment_id, { feedback: false });
  assert.equal(changed.feedback.value, false);
  assert.equal((await mlflow.getAssessment(traceId, feedback.assessment_id)).rationale, "It is right.");
  const expected = await mlflow.logExpectation(traceId, { name: "answer", value: { text: "3" } });
  assert.deepEqual(JSON.parse(expected.expectation.serialized_value.value), { text: "3" });
  await mlflow.deleteAssessment(traceId, feedback.assessment_id);
  await assert.rejects(mlflow.getAssessment(traceId, feedback.assessment_id), { status: 404 });
  await mlflow.linkTracesToRun([traceId], "0123456789abcdef0123456789abcdef");

  assert.equal(await mlflow.deleteTraces(experimentId, { traceIds: [traceId] }), 1);
  await assert.rejects(mlflow.getTraceInfo(traceId), { kind: "NotFound" });
});
