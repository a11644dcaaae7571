// Chains written down for Python, logged and registered, over a scripted fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, json, refusal, scripted } from "./fakes.mjs";
import lakewire, { entry } from "./package.mjs";

const { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate, StrOutputParser, pipe } = lakewire;
const { MlflowClient, ScoringServer, describeChain, endpointOf, logChain, registerChain } = await import(entry("./mlflow"));
const LLAMA = "llama";
const { client: workspace } = scripted([]);
const route = ({ method, url }) => `${method} ${url.replace("https://workspace.example/api/2.0/", "")}`;
const INFO = { model_id: "m-1", experiment_id: "7", name: "answers", artifact_uri: "mlflow-artifacts:/7/models/m-1/artifacts" };
const run = (artifact_uri) => ({ run: { info: { run_id: "r1", experiment_id: "7", artifact_uri }, data: {} } });
const plain = () => describeChain(pipe(PromptTemplate.fromTemplate("What is {thing}?"), workspace.chat(LLAMA), new StrOutputParser()));

test("a chain says what it is made of, chains in it too", () => {
  const prompt = ChatPromptTemplate.fromMessages([["system", "Be {tone}, {{really}}."], new MessagesPlaceholder("history", { optional: true }), ["human", "{question}"]]).partial({ tone: "kind" });
  const chain = pipe(pipe(prompt, workspace.chat(LLAMA, { temperature: 0 })), new StrOutputParser());
  const model = describeChain(chain, { example: { question: "Why?" } });
  const source = model.source().split("\n");
  for (const line of [
    '        ("system", "Be {tone}, {{really}}."),', '        MessagesPlaceholder("history", optional=True),', '        ("human", "{question}"),',
    ').partial(**{"tone": "kind"})', 'model = ChatDatabricks(endpoint="llama", temperature=0)', "chain = prompt | model | StrOutputParser()",
  ]) {
    assert.ok(source.includes(line), `${line} is not in ${source.join("\n")}`);
  }
  const files = model.files({ model_id: "m-1" });
  assert.deepEqual(Object.keys(files).sort(), ["MLmodel", "chain.py", "conda.yaml", "input_example.json", "python_env.yaml", "requirements.txt", "serving_input_example.json"]);
  assert.deepEqual(JSON.parse(files["serving_input_example.json"]), { inputs: { question: "Why?" } });
  assert.deepEqual(JSON.parse(JSON.stringify(model)).chat, { endpoint: "llama", temperature: 0 });
});

test("a retriever and functions stand around a chain", () => {
  const prompt = PromptTemplate.fromTemplate("{passages}: {q}");
  const retriever = { index: "a.b.c", k: 2, question: "q", context: "passages", queryType: "HYBRID" };
  const source = describeChain(pipe(prompt, workspace.chat(LLAMA)), { retriever, functions: ["a.b.f"] }).source();
  assert.match(source, /context = RunnablePassthrough\.assign\(\*\*\{"passages": itemgetter\("q"\) \| retriever \| passages\}\)/);
  assert.match(source, /^chain = context \| prompt \| agent$/m);
});

test("what only this program can run is refused by name", async () => {
  const chat = workspace.chat(LLAMA);
  const shout = (text) => text.toUpperCase();
  for (const [chain, told] of [
    [pipe(PromptTemplate.fromTemplate("{a}"), chat, new StrOutputParser(), shout), /^Step 4 \(shout\) cannot be carried over to Python: it runs in this program alone/],
    [pipe({ a: shout }, chat), /^Step 1 \(.*\) cannot/],
    [pipe(new StrOutputParser(), chat), /^Step 1 \(StrOutputParser\).*in this order/],
    [pipe(chat, chat), /^Step 2 \(endpoint .*\)/],
    [pipe(PromptTemplate.fromTemplate("{a}")), /has no chat/],
    [pipe(PromptTemplate.fromTemplate("{a}").partial({ a: () => "x" }), chat), /the value of `a` is a function/],
    [pipe(chat.structuredOutput({ type: "object" })), /^Step 1 /],
    [pipe(workspace.chat(LLAMA, { tools: [{ type: "function", function: { name: "a" } }] }), new StrOutputParser()), /`functions`/],
  ]) {
    assert.match((await failure(() => describeChain(chain), "InvalidInput")).message, told);
  }
});

test("a model is ready when its files are there, and failed when one is refused", async () => {
  const answers = [json(run("mlflow-artifacts:/7/r1/artifacts")), json({ model: { info: INFO } }), json({}), ...Array.from({ length: 7 }, () => new Response("")), json({ model: { info: INFO } })];
  const { client, calls } = scripted(answers);
  const logged = await logChain(new MlflowClient(client), plain(), { experimentId: "7", runId: "r1", name: "answers" });
  assert.deepEqual(logged, { model_id: "m-1", run_id: "r1", model_uri: "models:/m-1" });
  const routes = calls.map(route);
  assert.deepEqual(routes.slice(0, 3), ["GET mlflow/runs/get?run_id=r1", "POST mlflow/logged-models", "POST mlflow/runs/outputs"]);
  assert.equal(routes.filter((one) => one.startsWith("PUT mlflow-artifacts/artifacts/7/models/m-1/artifacts/")).length, 7);
  assert.deepEqual([routes.at(-1), calls.at(-1).json.status], ["PATCH mlflow/logged-models/m-1", "LOGGED_MODEL_READY"]);

  const refused = scripted([json({ model: { info: INFO } }), refusal(403, { error_code: "PERMISSION_DENIED", message: "no" }), json({ model: { info: INFO } })]);
  await failure(logChain(new MlflowClient(refused.client), plain(), { experimentId: "7", name: "answers" }), "PermissionDenied");
  assert.equal(refused.calls.at(-1).json.status, "LOGGED_MODEL_UPLOAD_FAILED");
});

test("where the store is the workspace's, the files lie with the run", async () => {
  const signed = (path) => json({ credential_infos: [{ run_id: "r1", path, signed_uri: "https://store.example/x?sig=CANARY", headers: [], type: "AWS_PRESIGNED_URL" }] });
  const { client, calls } = scripted(({ url, json: body }) => (url.includes("runs/get") ? json(run("dbfs:/databricks/mlflow-tracking/7/r1/artifacts")) : url.includes("store.example") ? new Response("") : signed(body.path[0])));
  const logged = await logChain(new MlflowClient(client), plain(), { experimentId: "7", runId: "r1", name: "answers" });
  assert.deepEqual(logged, { run_id: "r1", model_uri: "dbfs:/databricks/mlflow-tracking/7/r1/artifacts/answers" });
  assert.ok(calls.some(({ json: body }) => body?.path?.[0] === "answers/MLmodel"));
  assert.ok(!calls.some(({ url }) => url.includes("logged-models")));
});

test("a name that is taken gets another version, and an alias points to it", async () => {
  const taken = refusal(400, { error_code: "RESOURCE_ALREADY_EXISTS", message: "Registered Model (name=answers) already exists." });
  const { client, calls } = scripted([taken, json({ model_version: { name: "answers", version: "2" } }), json({})]);
  const version = await registerChain(new MlflowClient(client), { model_id: "m-1", model_uri: "models:/m-1" }, { name: "answers", alias: "champion" });
  assert.equal(version.version, "2");
  assert.deepEqual(calls[1].json, { name: "answers", source: "models:/m-1", model_id: "m-1" });
  assert.deepEqual(calls[2].json, { name: "answers", alias: "champion", version: "2" });
  assert.deepEqual(endpointOf("e", version).config.served_entities[0], { entity_name: "answers", entity_version: "2", workload_size: "Small", scale_to_zero_enabled: true, environment_vars: undefined });
  await failure(registerChain(workspace, {}, { name: "x" }), "InvalidInput");
  await failure(logChain(new MlflowClient(workspace), {}, { experimentId: "7", name: "x" }), "InvalidInput");
});

test("a scoring server's answers and refusals", async () => {
  const message = "Failed to predict data '{'secret': 1}'. \nError: Failed to enforce schema of data 'x' with schema 'y'. Error: Model is missing inputs ['tone'].";
  const { client, calls } = scripted([
    new Response("\n", { headers: { "content-type": "application/json" } }), new Response("3.17.2", { headers: { "content-type": "application/json" } }),
    json({ predictions: ["Hello"] }), json(["a"]), json({ predictions: ["row"] }), refusal(400, { error_code: "INVALID_PARAMETER_VALUE", message }),
    new Response("This predictor only supports JSON.", { status: 415, headers: { "content-type": "text/plain" } }), json({ detail: "Not Found" }, { status: 404 }),
  ], { retry: { maxAttempts: 1 } });
  const server = new ScoringServer(client);
  assert.deepEqual([await server.ping(), await server.version()], [true, "3.17.2"]);
  assert.equal(await server.invoke({ q: "x" }, { params: { n: 1 } }), "Hello");
  assert.equal(await server.invoke({ messages: [] }, { form: "unwrapped" }), "a");
  assert.deepEqual(await server.invoke({ columns: ["q"], data: [["x"]] }, { form: "dataframe_split" }), ["row"]);
  assert.deepEqual([calls[2].json, calls[3].json], [{ inputs: { q: "x" }, params: { n: 1 } }, { messages: [] }]);
  const told = await failure(server.invoke({ q: "x" }), "BadRequest");
  assert.deepEqual([told.message, told.status], ["POST /invocations failed: The model's signature asks for the input `tone`, which is missing.", 400]);
  assert.match((await failure(server.invoke({ q: "x" }))).message, /only supports JSON/);
  assert.match((await failure(server.invoke({ q: "x" }), "NotFound")).message, /Not Found/);
  await failure(server.invoke({ q: "x" }, { form: "table" }), "InvalidInput");
});
