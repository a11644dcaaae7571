// What both faces must do, as scenarios: the JavaScript face runs these in every runtime, the Rust face has the same names in
// tests/conformance.rs and tests/conformance_data.rs (a check compares the two lists). They use the package as it was imported
// there and what every runtime has; a runtime that cannot do one has an exception with its reason in exceptions.mjs.

import { each, same } from "./smoke.mjs";

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
const ASK = "My name is Ann. What is my name?";
const WAREHOUSE = "emulator-warehouse";
const LONG = 9007199254740993n;

const fault = (what) => ({ headers: { "x-lakewire-fault": JSON.stringify(what) } });
const unique = () => crypto.randomUUID().replaceAll("-", "");

function ok(condition, what) {
  if (!condition) throw new Error(`${what}`);
}

/** The error that `act` ends with; that it is one of `kind` is part of it. */
async function failing(act, kind) {
  const [error] = await Promise.resolve().then(act).then((value) => [undefined, value], (thrown) => [thrown]);
  ok(error !== undefined, `no error where ${kind} was expected`);
  same(error.kind, kind, `kind of "${error.message ?? error}"`);
  return error;
}

/**
 * The scenarios. The kit holds what was imported (`lakewire`, `data`, `mlflow`, `node` where there is one) and the settings of a client
 * (`config`) and of a `HubClient` (`hub`).
 */
export function scenarios({ lakewire, data, mlflow, node, config, hub }) {
  const { WorkspaceClient, LakewireError, HubClient, SignIn, dollyAnswer, dollyPrompt, secretReference, similarities, tool } = lakewire;
  const client = new WorkspaceClient(config);
  const chat = client.chat(ENDPOINT);
  const { token: _, ...bare } = config;
  const asks = async (credentials) => (await new WorkspaceClient({ ...bare, ...credentials }).chat(ENDPOINT).invoke(ASK)).text;
  const add = (execute) => tool({ name: "add", description: "Adds two numbers.", parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] }, execute });
  /** What a browser's visit to an address leads to. */
  const visit = async (url) => {
    const answer = await fetch(url.replace(/^http:\/\/localhost\b/, "http://127.0.0.1"), { redirect: "manual" });
    return answer.headers.get("location") ?? answer.text();
  };

  const withIndex = async (scenario) => {
    const search = new data.VectorSearch(client);
    const name = `main.default.conformance_${unique()}`;
    await search.createIndex({
      name, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
      direct_access_index_spec: { schema_json: { id: "long", lang: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 2 }] },
    });
    const index = search.index(name);
    try {
      await index.waitUntilReady();
      await scenario(index);
    } finally {
      await index.delete();
    }
  };
  const rows = [
    { id: LONG, lang: "en", vec: [1, 0] },
    { id: LONG + 2n, lang: "de", vec: [0.9, 0.1] },
    { id: 3, lang: "en", vec: [0.6, 0.8] },
    { id: 4, lang: "en", vec: [0, 1] },
  ];
  const ids = (found) => found.map(({ id }) => `${id}`);

  return {
    "invoke gives text usage and ids": async () => {
      const answer = await chat.invoke(ASK);
      ok(answer.text.includes("Ann"), answer.text);
      ok(answer.usage.total_tokens > 0, "no usage");
      same(answer.finishReason, "stop", "finish reason");
      ok(answer.requestId && answer.servedModelName, "no ids");
    },
    "stream gives the words of invoke": async () => {
      const careful = client.chat(ENDPOINT, { temperature: 0 });
      const whole = (await careful.invoke(ASK)).text;
      let [text, chunks] = ["", 0];
      for await (const { choices } of await careful.stream(ASK)) {
        chunks += 1;
        for (const { delta } of choices) text += delta.content ?? "";
      }
      ok(chunks > 2, `${chunks} chunks`);
      same(text, whole, "text");
    },
    "F1 final completion folds the stream": async () => {
      const answer = await (await chat.stream("Say hello.")).finalCompletion();
      ok(answer.text.length > 0, "no text");
      ok(answer.usage.completion_tokens > 0, "no usage");
    },
    "F4 a stream that breaks off is truncated with what came": async () => {
      const stream = await chat.stream(ASK, fault({ end_after_events: 3 }));
      let chunks = 0;
      const error = await failing(async () => {
        for await (const chunk of stream) chunks += chunk ? 1 : 0;
      }, "Truncated");
      ok(chunks > 0 && error.partial !== undefined, `${chunks} chunks came`);
    },
    "I2 a stream left early ends and more calls go through": async () => {
      for await (const chunk of await chat.stream(ASK, fault({ repeat_text: 100_000 }))) if (chunk) break;
      ok((await chat.invoke(ASK)).text.includes("Ann"), "the next call");
    },
    "I2 a call that is given up before its headers leaves the client in use": async () => {
      const controller = new AbortController();
      const running = chat.invoke(ASK, { signal: controller.signal, ...fault({ stall_before_headers: true }) });
      setTimeout(() => controller.abort(), 30);
      await failing(() => running, "Cancelled");
      ok((await chat.invoke(ASK)).text.includes("Ann"), "the next call");
    },
    "an answer that does not begin runs into its time limit": async () => {
      const error = await failing(() => chat.invoke(ASK, { timeouts: { firstByteMs: 50 }, maxAttempts: 1, ...fault({ stall_before_headers: true }) }), "DeadlineExceeded");
      same(error.phase, "first_byte", "phase");
    },
    "tools run until the model answers": async () => {
      let runs = 0;
      const run = await chat.runTools("Add 17 and 25.", { tools: [add(({ a, b }) => ((runs += 1), a + b))] });
      same([runs, run.steps, run.messages.length], [1, 2, 4], "run");
      ok(run.answer.text.includes("42"), run.answer.text);
    },
    "G17 a failing and a hanging tool are told to the model": async () => {
      const failed = await chat.runTools("Add 17 and 25.", { tools: [add(() => { throw new Error("the adder is broken"); })] });
      ok(JSON.stringify(failed.messages).includes("the adder is broken"), "the model was not told of the failure");
      const hung = await chat.runTools("Add 17 and 25.", { tools: [add(() => new Promise(() => {}))], toolTimeoutMs: 50 });
      ok(JSON.stringify(hung.messages).includes("did not finish"), "the model was not told of the hanging tool");
    },
    "structured output is typed and checked": async () => {
      const schema = { title: "person", type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };
      for (const method of ["json_schema", "function_calling"]) {
        const { value } = await chat.structuredOutput(schema, { method }).invoke("Ann is 31 years old.");
        same([value.name, value.age], ["Ann", 31], method);
      }
    },
    "batch keeps order and the good ones": async () => {
      const results = await chat.batch([ASK, [{ role: "tool", content: "x", tool_call_id: "none" }], "My name is Bob. What is my name?"], { maxConcurrency: 2 });
      ok(results[0].value.text.includes("Ann"), "the first");
      same([results[1].status, results[1].reason?.kind], ["rejected", "BadRequest"], "the second");
      ok(results[2].value.text.includes("Bob"), "the third");
    },
    "errors carry kind code and request id": async () => {
      const error = await failing(() => client.chat("no-such-endpoint").invoke("Hi"), "NotFound");
      ok(error instanceof LakewireError && error instanceof Error, "no LakewireError");
      same([error.status, error.errorCode, typeof error.requestId], [404, "RESOURCE_DOES_NOT_EXIST", "string"], "facts");
      const stranger = new WorkspaceClient({ ...config, token: "dapi-wrong", dangerouslyAllowBrowser: true });
      const refused = await failing(() => stranger.chat(ENDPOINT).invoke("Hi"), "PermissionDenied");
      ok(!`${refused} ${refused.stack} ${JSON.stringify(refused)}`.includes("dapi-wrong"), "the token shows");
    },
    "serving endpoints are listed and described": async () => {
      ok((await client.servingEndpoints().list()).some(({ name }) => name === ENDPOINT), "not listed");
      same((await client.servingEndpoints().get(ENDPOINT)).task, "llm/v1/chat", "task");
    },
    "an endpoint is made of a secret waited for asked and deleted": async () => {
      const [secrets, endpoints, name] = [client.secrets(), client.servingEndpoints(), `conformance-${unique().slice(0, 12)}`];
      const scope = name;
      await secrets.createScope(scope);
      await failing(() => secrets.createScope(scope), "ResourceConflict");
      await secrets.put(scope, "openai", "sk-cänary/42");
      await secrets.put(scope, "bytes", new Uint8Array([0, 255]));
      const value = await secrets.get(scope, "openai");
      same(value.expose(), "sk-cänary/42", "value");
      ok(!`${value} ${JSON.stringify(value)}`.includes("nary"), "the value shows");
      same([...(await secrets.get(scope, "bytes")).exposeBytes()], [0, 255], "bytes");
      same((await secrets.list(scope)).map(({ key }) => key).sort(), ["bytes", "openai"], "keys");
      await secrets.putAcl(scope, "users", "READ");
      same((await secrets.getAcl(scope, "users")).permission, "READ", "permission");
      const of = (key) => ({ name, config: { served_entities: [{ name: "gpt", external_model: { name: "gpt-4", provider: "openai", task: "llm/v1/chat", openai_config: { openai_api_key: secretReference(scope, key) } } }] } });
      await failing(() => endpoints.create(of("none")), "BadRequest");
      await endpoints.create(of("openai"));
      let looks = 0;
      const ready = await endpoints.waitUntilReady(name, { timeoutMs: 60_000, onProgress: () => (looks += 1) });
      ok(ready.state.ready === "READY" && looks > 0, "not ready");
      await failing(() => endpoints.create(of("openai")), "ResourceConflict");
      ok((await client.chat(name).invoke(ASK)).text.includes("Ann"), "the answer");
      const permissions = await endpoints.permissions(name);
      ok(JSON.stringify(await permissions.update([{ group_name: "users", permission_level: "CAN_QUERY" }])).includes("users"), "permissions");
      await endpoints.delete(name);
      await failing(() => endpoints.get(name), "NotFound");
      await secrets.delete(scope, "openai");
      await failing(() => secrets.get(scope, "openai"), "NotFound");
      await secrets.deleteScope(scope);
    },
    "K10 service principals sign in and wrong secrets do not": async () => {
      ok((await asks({ clientId: "emulator-client", clientSecret: "emulator-secret" })).includes("Ann"), "the answer");
      const error = await failing(() => asks({ clientId: "emulator-client", clientSecret: "CANARY-wrong" }), "TokenEndpoint");
      same([error.status, error.errorCode], [401, "invalid_client"], "facts");
      ok(!`${error} ${error.stack} ${JSON.stringify(error)}`.includes("CANARY"), "the secret shows");
    },
    "a principal of azure signs in": async () => {
      const azure = { clientId: "emulator-client", clientSecret: "emulator-secret", loginEndpoint: `${config.host}/aad/`, workspaceResourceId: "/subscriptions/1" };
      ok((await asks({ azure })).includes("Ann"), "the answer");
    },
    "a token of another provider is exchanged": async () => {
      // what the emulator takes for a token of someone else: one of its own
      const token = () => "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwaXBlbGluZSIsImlzcyI6Imh0dHBzOi8vaXNzdWVyLmV4YW1wbGUifQ.c2ln";
      ok((await asks({ federation: { token, clientId: "emulator-client" } })).includes("Ann"), "the answer");
    },
    "a user signs in through the browser": async () => {
      let session;
      if (node) {
        let page;
        session = await node.u2mLoopback({ host: config.host, show: async (url) => (page = await visit(await visit(url))) });
        ok(page === undefined || page.includes("You can close this page"), page);
      } else {
        // without a port of its own: the address that the browser came back to is what the app hands over
        const signIn = new SignIn({ host: config.host, redirectUri: "http://localhost:8020" });
        const { url, pending } = await signIn.begin();
        session = await signIn.complete(await visit(url), pending);
      }
      ok((await asks({ session })).includes("Ann"), "the answer");
    },
    "embeddings are the same in both encodings and any batches": async () => {
      const texts = Array.from({ length: 7 }, (_, at) => `text ${at} of seven`);
      const plain = await client.embeddings("team-embeddings").embedDocuments(texts);
      const bits = await client.embeddings("team-embeddings", { encodingFormat: "auto", batchSize: 3, maxConcurrency: 2 }).embedDocuments(texts);
      same([plain.length, plain.dimensions, bits.requestIds.length], [7, 1024, 3], "shape");
      same([...bits.data], [...plain.data], "numbers");
      const bge = client.embeddings("databricks-bge-large-en", { query_params: { instruction: "Represent this sentence for searching relevant passages:" } });
      const documents = await bge.embedDocuments(["Boats float on water.", "A lakehouse holds tables."]);
      const alike = similarities(await bge.embedQuery("tables of a lakehouse"), documents);
      ok(alike[1] > alike[0], [...alike].join(", "));
    },
    "embeddings name the inputs that failed": async () => {
      const refused = client.embeddings("databricks-gte-large-en", { documents_params: { no_such_field: 1 } });
      const error = await failing(() => refused.embedDocuments(["a", "b"]), "BadRequest");
      ok(error.message.startsWith("Input 0 (batch 1 of 1): "), error.message);
      await failing(() => client.embeddings("no-such-endpoint").embedQuery("x"), "NotFound");
    },
    "text comes from endpoints of every kind whole and streamed": async () => {
      for (const endpoint of ["text-completions", ENDPOINT, "databricks-gpt-oss-20b", "dolly-v2-12b"]) {
        const completions = client.completions(endpoint, { max_tokens: 200 });
        const { text, requestId } = await completions.generate(ASK);
        ok(text.includes("Ann") && requestId, `${endpoint}: ${text}`);
        let words = "";
        for await (const word of await completions.stream(ASK)) words += word;
        ok(words.includes("Ann"), `${endpoint}, streamed: ${words}`);
      }
    },
    "an agent of responses answers streams and goes on": async () => {
      const agent = client.responses("agent-responses");
      const first = await agent.invoke("What is 2 + 3?");
      ok(first.text.includes("5") && first.requestId, first.text);
      same(first.toolCalls.length, 0, "calls asked for: what the agent ran itself is not among them");
      const stream = await agent.stream("What is 2 + 3?");
      let [words, items] = ["", 0];
      for await (const event of stream) {
        if (event.type === "response.output_text.delta") words += event.delta;
        if (event.type === "response.output_item.done") items += 1;
      }
      same(stream.completeness.state, "complete", "completeness");
      const whole = await stream.finalResponse();
      same([words, items], [whole.text, whole.output.length], "the stream");
      ok((await agent.invoke(whole.nextInput("What is 6 * 7?"))).text.includes("42"), "the next turn");
    },
    "a chat agent answers and streams the same messages": async () => {
      const agent = client.chatAgent("chat-agent");
      const answer = await agent.invoke("What is 2 + 3?");
      ok(answer.text.includes("5") && answer.requestId, answer.text);
      const stream = await agent.stream("What is 2 + 3?");
      let chunks = 0;
      for await (const chunk of stream) chunks += chunk ? 1 : 0;
      same(stream.completeness.state, "complete", "completeness");
      const whole = await stream.finalAnswer();
      ok(chunks >= whole.messages.length, `${chunks} chunks`);
      same([whole.text, whole.messages.length], [answer.text, answer.messages.length], "the stream");
    },
    "the hub answers dolly and chats": async () => {
      const own = new HubClient({ ...hub, provider: "tgi" });
      const prompt = dollyPrompt(ASK);
      const given = await own.textGeneration(null, prompt, { max_new_tokens: 100 });
      ok(dollyAnswer(given.text).includes("Ann"), given.text);
      let words = "";
      for await (const word of await own.textStream(null, prompt, { max_new_tokens: 100 })) words += word;
      ok(dollyAnswer(words).includes("Ann"), words);
      const router = new HubClient({ ...hub, provider: "auto" });
      ok((await router.chat("HuggingFaceTB/SmolLM3-3B").invoke(ASK)).text.includes("Ann"), "the answer");
      const error = await router.chat("org/no-such-model").invoke("Hi").then(() => undefined, (thrown) => thrown);
      ok(error?.message.includes("provider `tgi`"), `${error}`);
    },
    "a statement with named parameters gives typed rows": async () => {
      const sql = new data.StatementExecution(client, { warehouseId: WAREHOUSE });
      const parameters = { word: "it's", long: LONG, price: data.param.decimal("19.90", 10, 2) };
      const result = await sql.execute("SELECT :word AS word, :long AS long, :price AS price, CAST(NULL AS INT) AS none", { parameters });
      same(result.columns.map(({ type_name }) => type_name), ["STRING", "LONG", "DECIMAL", "INT"], "types");
      const [row, ...more] = (await result.all()).rows;
      same([row.word, typeof row.long, `${row.long}`, row.price, row.none, more.length], ["it's", "bigint", `${LONG}`, "19.90", null, 0], "row");
    },
    "chunks come by external links": async () => {
      const sql = new data.StatementExecution(client, { warehouseId: WAREHOUSE });
      const result = await sql.execute("SELECT id FROM range(300000)", { disposition: "EXTERNAL_LINKS", ...fault({ sql: { chunk_bytes: 500_000 } }) });
      let [count, batches] = [0, 0];
      for await (const batch of result.batches()) {
        same(`${batch.column("id").get(0)}`, `${count}`, "the first of a batch");
        count += batch.length;
        batches += 1;
      }
      same(count, 300_000, "rows");
      ok(batches > 1, `${batches} batches`);
    },
    "a vector query filters and goes on to the next page": () => withIndex(async (index) => {
      ok((await index.upsert(rows)).isComplete, "the upsert");
      const query = { columns: ["id"], query_vector: [1, 0], num_results: 3, filters: data.Filter.eq("lang", "en") };
      const found = [];
      for (let page = await index.query(query, fault({ vector: { page_rows: 2 } })); page !== undefined; page = await index.nextPage(page)) found.push(ids(page.rows));
      same(found, [[`${LONG}`, "3"], ["4"]], "pages");
      same(ids((await index.query({ ...query, filters: data.Filter.eq("id", LONG) })).rows), [`${LONG}`], "one");
      const scanned = async (options) => {
        const all = [];
        for await (const row of index.scan(options)) all.push(row);
        return ids(all);
      };
      same(await scanned({ pageSize: 2 }), ["3", "4", `${LONG}`, `${LONG + 2n}`], "all");
      ok((await index.deleteRows([LONG])).isComplete, "the deletion");
      same(await scanned({}), ["3", "4", `${LONG + 2n}`], "what is left");
    }),
    "a function of unity catalog is a tool": async () => {
      const toolkit = new data.UCFunctionToolkit(client, { functionNames: ["main.tools.add_tax"], warehouseId: WAREHOUSE, plainSchemas: true });
      const run = await chat.runTools("What does an article of 100 euros cost with the usual tax?", { tools: await toolkit.tools() });
      same(run.steps, 2, "steps");
      ok(run.answer.text.includes("120"), run.answer.text);
    },
    "O1 an upsert tells of the key that failed": () => withIndex(async (index) => {
      const report = await index.upsert(rows, fault({ vector: { failed_keys: [`${LONG}`] } }));
      same([report.isComplete, report.failedKeys], [false, [`${LONG}`]], "report");
      const again = await report.resend({ headers: {} });
      same([again.isComplete, again.writtenKeys], [true, [`${LONG}`]], "the second report");
    }),
    "a run is logged with metrics and a file and read back": async () => {
      const tracking = new mlflow.MlflowClient(client);
      const { experiment_id: experimentId } = await tracking.experiment("/Shared/lakewire-conformance");
      const id = await tracking.withRun({ experimentId, runName: "fit" }, async (run) => {
        await run.logParam("rate", 0.5);
        await run.logBatch({ metrics: Array.from({ length: 1500 }, (_, step) => ({ key: "loss", value: 1 / (step + 1), step })) });
        await (await run.artifacts()).logDict("summary.json", { steps: 1500 });
        return run.id;
      });
      const { info } = await tracking.getRun(id);
      same([info.run_name, info.status], ["fit", "FINISHED"], "run");
      same((await tracking.getMetricHistory(id, "loss").all()).length, 1500, "history");
      const files = await tracking.artifacts(id);
      same((await files.list()).map(({ path }) => path), ["summary.json"], "files");
      same(JSON.parse(await files.downloadText("summary.json")), { steps: 1500 }, "the file");
    },
  };
}

/** Scenarios that run statements: the emulator needs its engine for them. */
export const NEEDS_ENGINE = ["a statement with named parameters gives typed rows", "chunks come by external links", "a function of unity catalog is a tool"];

/**
 * Runs all but the exceptions; gives `[[name, why or null], …]`. Where an exception says how the package refuses (`refused`), that
 * refusal is tried instead.
 */
export async function conform(kit, { engine, exceptions = {} }) {
  const all = scenarios(kit);
  const tried = {};
  for (const [name, act] of Object.entries(all)) {
    if (!engine && NEEDS_ENGINE.includes(name)) continue;
    const exception = exceptions[name];
    if (exception === undefined) tried[name] = act;
    else if (exception.refused) tried[`${name}: refused as it says`] = async () => ok((await failing(act, exception.refused)).message, "no sentence");
  }
  return each(tried);
}
