// The provider: ways to reach the workspace, names, and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createProviderRegistry, embed, generateText, streamText } from "ai";
import { WorkspaceClient } from "lakewire";
import * as aiSdk from "lakewire/ai-sdk";
import { MlflowTracing } from "lakewire/mlflow";
import { completion, json, refusal } from "../js/fakes.mjs";
import { emulator, LLAMA, scripted, TOKEN } from "./setup.mjs";

const { createDatabricks, createDatabricksProvider, databricks } = aiSdk;
const host = await emulator();
const once = { maxRetries: 0, prompt: "Say hello" };

test("nothing is exported that is not declared", () => {
  assert.deepEqual(Object.keys(aiSdk).sort(), ["createDatabricks", "createDatabricksProvider", "databricks"]);
});

test("models are of the specification's current version, named by provider and endpoint", () => {
  const own = createDatabricks({ host, name: "lake" });
  const all = [own(LLAMA), own.languageModel(LLAMA), own.chat(LLAMA), own.chatCompletions(LLAMA), own.responses(LLAMA), own.chatAgent(LLAMA), own.embeddingModel(LLAMA), own.textEmbeddingModel(LLAMA)];
  assert.deepEqual(all.map((model) => model.provider), ["lake.chat", "lake.chat", "lake.chat", "lake.chat", "lake.responses", "lake.chatAgent", "lake.embedding", "lake.embedding"]);
  assert.deepEqual([own, ...all].map((one) => one.specificationVersion), Array(9).fill("v4"));
  assert.ok(all.every((model) => model.modelId === LLAMA));
});

test("images go by address only where that is said", () => {
  const own = createDatabricks({ host });
  assert.deepEqual(own(LLAMA).supportedUrls, {});
  assert.ok(own(LLAMA, { remoteImages: true }).supportedUrls["image/*"][0].test("https://example.com/a.png"));
  assert.equal(own(LLAMA, { remoteImages: true }).supportedUrls["image/*"][0].test("http://example.com/a.png"), false);
});

test("models there are none of", () => {
  for (const method of ["imageModel", "transcriptionModel", "speechModel", "rerankingModel"]) {
    assert.throws(() => createDatabricks({ host })[method]("x"), { name: "AI_NoSuchModelError", modelId: "x", modelType: method });
  }
});

test("the environment, read with the first call", async () => {
  delete process.env.DATABRICKS_HOST;
  await assert.rejects(generateText({ model: databricks(LLAMA), ...once }), { kind: "InvalidInput", message: /DATABRICKS_HOST/ });
  Object.assign(process.env, { DATABRICKS_HOST: host, DATABRICKS_TOKEN: TOKEN });
  assert.ok((await generateText({ model: databricks(LLAMA), ...once })).text.length > 0);
});

test("a registry of providers, and the AI SDK's default provider", async () => {
  const registry = createProviderRegistry({ databricks: createDatabricks({ host, token: TOKEN }) });
  assert.ok((await generateText({ model: registry.languageModel(`databricks:${LLAMA}`), ...once })).text.length > 0);
  globalThis.AI_SDK_DEFAULT_PROVIDER = createDatabricks({ host, token: TOKEN });
  try {
    assert.ok((await generateText({ model: LLAMA, ...once })).text.length > 0);
  } finally {
    delete globalThis.AI_SDK_DEFAULT_PROVIDER;
  }
});

test("the options of @databricks/ai-sdk-provider", async () => {
  const provider = createDatabricksProvider({ baseURL: `${host}/serving-endpoints`, headers: { Authorization: `Bearer ${TOKEN}`, "x-team": "data" }, provider: "mine" });
  assert.equal(provider.responses("agent-responses").provider, "mine.responses");
  assert.ok((await generateText({ model: provider.chatCompletions(LLAMA), ...once })).text.length > 0);
  assert.match((await generateText({ model: provider.chatAgent("chat-agent"), ...once, prompt: "What is 2 times 3?" })).text, /6/);
  assert.throws(() => createDatabricksProvider({ baseURL: host, formatUrl: () => host }), { kind: "InvalidInput" });
});

test("what moves over asks where it asked: Responses at its own address, and no other path is left out in silence", async () => {
  const asked = [];
  const fetch = async (url) => {
    asked.push(new URL(url, "https://page.example").pathname);
    return json({ id: "r", object: "response", status: "completed", output: [] });
  };
  const prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
  const there = { baseURL: "https://workspace.example/serving-endpoints/", headers: { Authorization: "Bearer t" }, fetch };
  await createDatabricksProvider(there).responses("gpt").doGenerate({ prompt });
  await createDatabricksProvider(there).responses("agent", { route: "invocations" }).doGenerate({ prompt });
  await createDatabricksProvider({ relay: "https://page.example/api/lakewire", fetch }).responses("agent").doGenerate({ prompt });
  assert.deepEqual(asked, ["/serving-endpoints/responses", "/serving-endpoints/agent/invocations", "/api/lakewire/serving-endpoints/agent/invocations"]);
  for (const path of ["/ai-gateway/mlflow/v1", "/proxy/serving-endpoints", "/serving-endpoints/my-model/invocations"]) {
    assert.throws(() => createDatabricksProvider({ ...there, baseURL: `https://workspace.example${path}` }), { kind: "InvalidInput", message: /`baseURL`.*`fetch`/ });
  }
});

test("a relay is asked without a token, and told who asks", async () => {
  const { databricks: relayed, sent } = scripted([json(completion())], { host: undefined, token: undefined, relay: "https://app.example/api/lakewire" });
  const outcome = await generateText({ model: relayed(LLAMA), ...once }).catch((error) => error);
  assert.equal(outcome.text, "Hello.", outcome.message);
  assert.equal(sent[0].url, `https://app.example/api/lakewire/serving-endpoints/${LLAMA}/invocations`);
  assert.equal(sent[0].headers.get("x-lakewire-relay"), "1");
  assert.equal(sent[0].headers.get("authorization"), null);
});

test("a client that could not be made is made anew by the next call", async () => {
  const own = createDatabricks({});
  const { DATABRICKS_HOST } = process.env;
  delete process.env.DATABRICKS_HOST;
  await assert.rejects(generateText({ model: own(LLAMA), ...once }), { kind: "InvalidInput" });
  Object.assign(process.env, { DATABRICKS_HOST: DATABRICKS_HOST ?? host, DATABRICKS_TOKEN: TOKEN });
  assert.ok((await generateText({ model: own(LLAMA), ...once })).text.length > 0);
});

test("contradictions and misspelt names are refused when they are written, without secrets in the words", () => {
  const client = { chat() {} };
  const refused = [
    [() => createDatabricks(null), /object/],
    [() => createDatabricks({ client: {} }), /WorkspaceClient/],
    [() => createDatabricks({ client, host }), /`client` or `host`/],
    [() => createDatabricks({ client, relay: "/r" }), /`client` or `relay`/],
    [() => createDatabricks({ client, baseURL: host }), /`client` or `host`/],
    [() => createDatabricks({ client, token: "dapi-secret" }), /`client` or `token`/],
    [() => createDatabricks({ relay: "/r", token: "dapi-secret" }), /`relay` or `token`/],
    [() => createDatabricks({ relay: "" }), /relay/],
    [() => createDatabricks({ host, baseURL: host }), /not both/],
    [() => createDatabricks({ host })(), /name/],
    [() => createDatabricks({ host })(""), /name/],
    [() => createDatabricks({ host })(LLAMA, { temprature: 1 }), /`temprature`/],
    [() => new (createDatabricks({ host }))(LLAMA), /new/],
  ];
  for (const [act, message] of refused) {
    assert.throws(act, (error) => error.kind === "InvalidInput" && message.test(error.message) && !error.message.includes("dapi-secret"));
  }
});

test("a client that is watched: calls of the AI SDK become traces", async () => {
  const client = new WorkspaceClient({ host, token: TOKEN });
  const tracing = new MlflowTracing(client, { experimentName: "/Users/ann@example.com/ai-sdk" });
  const watched = createDatabricks({ client: tracing.observe(client) });
  const answer = streamText({ model: watched(LLAMA), ...once });
  assert.ok((await answer.text).length > 0);
  assert.ok((await generateText({ model: watched.responses("agent-responses"), ...once, prompt: "What is 2 times 3?" })).text.includes("6"));
  assert.equal((await embed({ model: watched.embeddingModel("databricks-gte-large-en"), value: "x" })).embedding.length, 1024);
  await tracing.flush();
  const { exported, failed } = tracing.stats();
  assert.deepEqual([exported, failed], [3, 0]);
});

test("a token that the workspace refuses is renewed once, although calls are not repeated", async () => {
  let tokens = 0;
  const { databricks: own, sent } = scripted([refusal(401), json(completion())], { token: () => `t${(tokens += 1)}` });
  assert.equal((await generateText({ model: own(LLAMA), ...once })).text, "Hello.");
  assert.deepEqual(sent.map(({ headers }) => headers.get("authorization")), ["Bearer t1", "Bearer t2"]);
});
