// Chains of ours as real MLflow models: logged to a real MLflow server by both faces, served from Python by real LangChain and
// databricks-langchain, which ask the emulator, and asked by us through an endpoint of the emulator.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, run, start, stopAll, waitForUrl } from "../../scripts/lib.mjs";
import { failure } from "../js/fakes.mjs";
import { ROOT, WorkspaceClient, entry, default as lakewire } from "../js/package.mjs";
import { mlflowEnv, mlflowPython } from "./server.mjs";

const { ChatPromptTemplate, CommaSeparatedListOutputParser, JsonOutputParser, MessagesPlaceholder, PromptTemplate, StrOutputParser, pipe } = lakewire;
const { MlflowClient, ScoringServer, describeChain, endpointOf, logChain, registerChain } = await import(entry("./mlflow"));

const { DatabricksVectorSearch, VectorSearch } = await import(entry("./data"));

const here = fileURLToPath(new URL(".", import.meta.url));
const TOKEN = "dapi-emulator";
const LLAMA = "databricks-meta-llama-3-3-70b-instruct";
const EMBEDDER = "databricks-bge-large-en";
const INDEX = "main.default.facts";
const tracking = process.env.LAKEWIRE_MLFLOW;
const program = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
const python = await mlflowPython();

/** What `serve_models.py` serves. */
const STREAMED = ["answers", "talk", "alone", "facts", "rust"];

let host;
let workspace;
let mlflow;
let scored;
const logged = {};

async function rest(method, path, body) {
  const answer = await fetch(`${tracking}/api/2.0/mlflow/${path}`, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

/** An index of three texts, whose embeddings are its own. */
async function makeIndex(indexName) {
  const search = new VectorSearch(workspace);
  await search.createEndpoint({ name: "facts", endpoint_type: "STANDARD" });
  await search.waitUntilOnline("facts");
  const spec = { embedding_vector_columns: [{ name: "vec", embedding_dimension: 1024 }], schema_json: { id: "string", body: "string", vec: "array<float>" } };
  await search.createIndex({ name: indexName, endpoint_name: "facts", primary_key: "id", index_type: "DIRECT_ACCESS", direct_access_index_spec: spec });
  await search.index(indexName).waitUntilReady();
  const store = await DatabricksVectorSearch.create(workspace, { indexName, embedding: workspace.embeddings(EMBEDDER), textColumn: "body" });
  await store.addTexts(["The pump was built in Bergen.", "Boats float on water.", "Walnuts grow on trees."], { ids: ["pump", "boat", "nut"] });
}

async function collect(stream) {
  const pieces = [];
  for await (const piece of await stream) pieces.push(piece);
  return pieces;
}

before(async () => {
  const [scoringPort, streamPort] = [await freePort(), await freePort()];
  const flags = ["--port", "0", "--token", TOKEN, "--token-delay-ms", "5", "--endpoint-delay-ms", "50"];
  const custom = [["main.default.answers", `${scoringPort}`], ...STREAMED.map((name) => [`main.streams.${name}`, `${streamPort}/${name}`])];
  for (const [name, place] of custom) flags.push("--custom", `${name}=http://127.0.0.1:${place}`);
  const emulator = await start(program, flags, { ready: /listening on (http:\S+)/ });
  host = emulator.match[1].replace(/\/$/, "");
  workspace = new WorkspaceClient({ host, token: TOKEN, retry: { maxAttempts: 1 } });
  mlflow = new MlflowClient(new WorkspaceClient({ host: tracking, token: "none", retry: { maxAttempts: 1 } }));

  const chat = workspace.chat(LLAMA, { temperature: 0, max_tokens: 60 });
  const prompt = ChatPromptTemplate.fromMessages([["system", "Use only this text. Lakewire was founded in 2019 in {place}. {{Braces}} stay \"as they\nare\"."], ["human", "{question}"]]).partial({ place: "Oslo" });
  const talk = ChatPromptTemplate.fromMessages([["system", "Use only this text. The office dog is called Bilbo."], new MessagesPlaceholder("messages")]);
  const experimentId = await mlflow.createExperiment(`serving ${Date.now()}`);
  const { info } = await mlflow.createRun(experimentId);
  logged.answers = await logChain(mlflow, describeChain(pipe(prompt, chat, new StrOutputParser()), { example: { question: "When was Lakewire founded?" } }), { experimentId, runId: info.run_id, name: "answers" });
  logged.talk = await logChain(mlflow, describeChain(pipe(talk, chat, new StrOutputParser())), { experimentId, name: "talk" });
  logged.alone = await logChain(mlflow, describeChain(chat), { experimentId, name: "alone" });
  logged.version = await registerChain(mlflow, logged.answers, { name: "main.default.answers", alias: "champion" });

  await makeIndex(INDEX);
  const facts = PromptTemplate.fromTemplate("Use only this text.\n{context}\n\nQuestion: {question}");
  const retriever = { index: INDEX, embeddingEndpoint: EMBEDDER, textColumn: "body", k: 1 };
  logged.facts = await logChain(mlflow, describeChain(pipe(facts, chat, new StrOutputParser()), { retriever }), { experimentId, name: "facts" });
  const example = ["run", "-q", "--locked", "-p", "lakewire", "--features", "native", "--example", "serve_chain"];
  const { stdout } = await run("cargo", example, { cwd: ROOT, env: { DATABRICKS_HOST: host, DATABRICKS_TOKEN: TOKEN, MLFLOW_TRACKING_URI: tracking } });
  logged.rust = { model_uri: /^Logged (models:\/m-[0-9a-f]{32}), version 1\./m.exec(stdout)?.[1], stdout };

  const env = mlflowEnv(python, { MLFLOW_TRACKING_URI: tracking, DATABRICKS_HOST: host, DATABRICKS_TOKEN: TOKEN });
  const serving = ["-m", "mlflow", "models", "serve", "-m", "models:/main.default.answers/1", "--env-manager", "local", "--host", "127.0.0.1", "--port", `${scoringPort}`];
  const models = STREAMED.map((name) => `${name}=${logged[name].model_uri}`);
  await Promise.all([
    start(python, serving, { env }).then(() => waitForUrl(`http://127.0.0.1:${scoringPort}/ping`, { timeoutMs: 400_000 })),
    start(python, [join(here, "serve_models.py"), `${streamPort}`, ...models], { env, ready: /^serving/m, timeoutMs: 400_000 }),
  ]);
  scored = `http://127.0.0.1:${scoringPort}`;
  for (const name of STREAMED) {
    await workspace.servingEndpoints().createAndWait(endpointOf(`streamed-${name}`, { name: `main.streams.${name}`, version: "1" }));
  }
}, { timeout: 560_000 });

after(stopAll);

test("the model is ready, belongs to its run, and has a version with an alias", async () => {
  const { model } = await rest("GET", `logged-models/${logged.answers.model_id}`);
  assert.deepEqual([model.info.status, model.info.source_run_id, model.info.name], ["LOGGED_MODEL_READY", logged.answers.run_id, "answers"]);
  const { run } = await rest("GET", `runs/get?run_id=${logged.answers.run_id}`);
  assert.deepEqual(run.outputs.model_outputs.map((one) => one.model_id), [logged.answers.model_id]);
  const { model_version: version } = await rest("GET", "registered-models/alias?name=main.default.answers&alias=champion");
  assert.deepEqual([version.version, version.model_id ?? version.source], ["1", version.model_id ? logged.answers.model_id : logged.answers.model_uri]);
  assert.equal((await registerChain(mlflow, logged.answers, { name: "main.default.answers" })).version, "2");
});

test("an endpoint that serves the version is made, waited for and asked", async () => {
  const made = await workspace.servingEndpoints().createAndWait(endpointOf("answers", logged.version, { DATABRICKS_HOST: host }));
  assert.deepEqual([made.state.ready, made.config.served_entities[0].entity_name], ["READY", "main.default.answers"]);
  const { predictions } = await workspace.servingEndpoints().query("answers", { inputs: { question: "When was Lakewire founded?" } });
  assert.equal(predictions.length, 1);
  assert.match(predictions[0], /2019/);
});

test("LangChain streams the chain through the endpoint, word by word", async () => {
  const pieces = await collect(workspace.servingEndpoints().queryStream("streamed-answers", { inputs: { question: "Where was Lakewire founded?" }, stream: true }));
  assert.ok(pieces.length > 3, `${pieces.length} pieces`);
  assert.match(pieces.map(({ text }) => text).join(""), /Oslo/);
});

test("a chain of messages takes a conversation", async () => {
  const body = { inputs: { messages: [{ role: "user", content: "What is the office dog called?" }] } };
  const { predictions } = await workspace.servingEndpoints().query("streamed-talk", body);
  assert.match([predictions].flat().join(""), /Bilbo/);
  const pieces = await collect(workspace.servingEndpoints().queryStream("streamed-talk", { ...body, stream: true }));
  assert.match(pieces.map(({ text }) => text).join(""), /Bilbo/);
});

test("a chat alone answers as a chat does", async () => {
  const body = { messages: [{ role: "user", content: "Say pong" }] };
  const answer = [await workspace.servingEndpoints().query("streamed-alone", body)].flat()[0];
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices[0].message.role, "assistant");
  const chunks = await collect(workspace.servingEndpoints().queryStream("streamed-alone", { ...body, stream: true }));
  assert.ok(chunks.length > 0);
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), answer.choices[0].message.content);
});

test("a chain with a retriever finds its passages", async () => {
  const body = { inputs: { question: "Where was the pump built?" } };
  const { predictions } = await workspace.servingEndpoints().query("streamed-facts", body);
  assert.match([predictions].flat().join(""), /Bergen/);
  const pieces = await collect(workspace.servingEndpoints().queryStream("streamed-facts", { ...body, stream: true }));
  assert.match(pieces.map(({ text }) => text).join(""), /Bergen/);
});

test("a chain of the Rust face is the same file, and answers", async () => {
  const prompt = ChatPromptTemplate.fromMessages([["system", "Answer in one sentence."], ["human", "What is {thing}?"]]);
  const ours = describeChain(prompt.pipe(workspace.chat(LLAMA)).pipe(new StrOutputParser())).source();
  assert.ok(logged.rust.stdout.includes(ours), logged.rust.stdout);
  const { predictions } = await workspace.servingEndpoints().query("streamed-rust", { inputs: { thing: "a lake" } });
  assert.match([predictions].flat().join(""), /\S{3}/);
});

test("a scoring server is asked in every form, and its refusals are sentences", async () => {
  const server = new ScoringServer(new WorkspaceClient({ host: scored, token: "none", retry: { maxAttempts: 1 } }));
  assert.equal(await server.ping(), true);
  assert.match(await server.version(), /^\d+\.\d+/);
  const question = "When was Lakewire founded?";
  assert.match(await server.invoke({ question }), /2019/);
  assert.match((await server.invoke([{ question }]))[0], /2019/);
  assert.equal((await server.invoke([{ question }, { question }], { form: "dataframe_records" })).length, 2);
  assert.match((await server.invoke({ columns: ["question"], data: [[question]] }, { form: "dataframe_split" }))[0], /2019/);
  const missing = await failure(server.invoke({ tone: "kind" }), "BadRequest");
  assert.equal(missing.message.split(" It does not")[0], "POST /invocations failed: The model's signature asks for the input `question`, which is missing.");
  await failure(server.invoke({ question }, { form: "unwrapped" }), "InvalidInput");
  await failure(server.invoke({ question }, { form: "instances" }), "InvalidInput");
  const lost = new ScoringServer(new WorkspaceClient({ host: host, token: TOKEN, retry: { maxAttempts: 1 } }));
  assert.equal(await lost.ping(), false);
});

test("every kind of file compiles, tools and parsers with it", async () => {
  const chat = workspace.chat(LLAMA, { top_p: 0.5, top_k: 2, stop: "x" });
  const place = new MessagesPlaceholder("history", { optional: true, nMessages: 3 });
  const parts = ["human", [{ type: "text", text: "What is on {kind}?" }, { type: "image_url", image_url: { url: "{image}" } }]];
  const prompt = ChatPromptTemplate.fromMessages([{ role: "assistant", content: "{as it is}" }, ["placeholder", "{before}"], place, parts]).partial({ kind: 3 });
  const models = [
    describeChain(pipe(prompt, chat, new JsonOutputParser()), { functions: ["main.tools.add_tax"] }),
    describeChain(pipe(chat, new CommaSeparatedListOutputParser()), { functions: ["main.tools.add_tax", "main.tools.\"); import os; (\""] }),
  ];
  const check = "import json, sys\nfor text in json.load(sys.stdin): compile(text, 'chain.py', 'exec')\nprint('compiled')";
  const { stdout } = await run(python, ["-c", check], { input: JSON.stringify(models.map((model) => model.source())) });
  assert.equal(stdout.trim(), "compiled");
});

test("no text of a template becomes code", async () => {
  const marks = ["\"", "'", "\\", "\n", "\r", "\t", "\0", "{{", "}}", "#", "\"\"\"", "\\N{BULLET}", "\\x41", "\u2028", "\u202e", "\ufeff", "\u{1f600}", "\u{e0041}", "é", "x", ")", "; import os", "{name}"];
  const lines = [];
  for (let at = 0; at < 400; at += 1) {
    const text = `{name}${Array.from({ length: randomInt(12) }, () => marks[randomInt(marks.length)]).join("")}`;
    const model = describeChain(pipe(PromptTemplate.fromTemplate(text), workspace.chat(LLAMA)));
    lines.push(JSON.stringify({ text, file: model.source() }));
  }
  const { stdout } = await run(python, [join(here, "literals.py")], { input: lines.join("\n") });
  assert.equal(stdout.trim(), "400");
});
