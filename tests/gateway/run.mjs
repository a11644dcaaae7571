// A real MLflow AI Gateway, asked through both faces. Its providers are the emulator's endpoints in the OpenAI form.
// Last line: `N passed, N failed`.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, run, start, stopAll, waitForUrl } from "../../scripts/lib.mjs";
import { bin, install, python } from "../clients/venv.mjs";
import { failure } from "../js/fakes.mjs";
import lakewire, { ROOT } from "../js/package.mjs";

const { GatewayClient } = lakewire;
const TOKEN = "dapi-emulator";
let passed = 0;
let failed = 0;

async function test(name, act) {
  try {
    await act();
    passed += 1;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}: ${error?.stack ?? error}`);
  }
}

/** The gateway's file: `provider` is a model of the emulator. */
function yaml(base, endpoints) {
  const one = ([name, type, model, limit]) =>
    `  - name: ${name}\n    endpoint_type: llm/v1/${type}\n    model: {provider: openai, name: ${model}, config: {openai_api_key: ${TOKEN}, openai_api_base: "${base}"}}\n` +
    (limit === undefined ? "" : `    limit: {renewal_period: minute, calls: ${limit}}\n`);
  return `endpoints:\n${endpoints.map(one).join("")}`;
}

await install();
const work = await mkdtemp(join(tmpdir(), "lakewire-gateway-"));
try {
  const program = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
  const emulator = await start(program, ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0"], { ready: /listening on (http:\S+)/ });
  const base = `${emulator.match[1].replace(/\/$/, "")}/serving-endpoints`;
  const dead = `http://127.0.0.1:${await freePort()}`;
  const file = join(work, "gateway.yaml");
  await writeFile(file, yaml(base, [["chat", "chat", "team-chat"], ["limited", "chat", "team-chat", 1], ["completions", "completions", "text-completions"], ["embeddings", "embeddings", "team-embeddings"]]).replace(
    /$/, yaml(dead, [["broken", "chat", "nobody"]]).replace("endpoints:\n", "")));
  const port = await freePort();
  const host = `http://127.0.0.1:${port}`;
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, PYTHONWARNINGS: "ignore", GIT_PYTHON_REFRESH: "quiet" };
  await start(python, ["-m", "mlflow", "gateway", "start", "--config-path", file, "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"], { env, cwd: work });
  await waitForUrl(`${host}/health`, { timeoutMs: 120_000 });
  const gateway = new GatewayClient({ host, retry: { maxAttempts: 1 } });

  await test("the gateway is up and lists what its file says", async () => {
    await gateway.health();
    const names = (await gateway.list()).map(({ name }) => name);
    assert.deepEqual(names, ["chat", "limited", "completions", "embeddings", "broken"]);
    const { endpoint_type, model, limit } = await gateway.get("limited");
    assert.equal(endpoint_type, "llm/v1/chat");
    assert.equal(model.provider, "openai");
    assert.equal(limit.calls, 1);
  });

  await test("chat: whole, streamed, in the OpenAI form, and as any query", async () => {
    const question = "My name is Ann. What is my name?";
    const { text } = await gateway.chat("chat").invoke(question);
    assert.match(text, /Ann/);
    let words = "";
    for await (const word of await gateway.chat("chat").textStream(question)) words += word;
    assert.equal(words, text);
    const messages = [{ role: "user", content: question }];
    assert.equal((await gateway.query("chat", { messages })).choices[0].message.content, text);
    assert.equal((await gateway.openai("chat/completions", { model: "chat", messages })).choices[0].message.content, text);
    let pieces = "";
    for await (const event of await gateway.queryStream("chat", { messages })) pieces += event.choices[0]?.delta?.content ?? "";
    assert.equal(pieces, text);
  });

  await test("completions and embeddings", async () => {
    const { choices } = await gateway.query("completions", { prompt: "Say hello." });
    assert.equal(typeof choices[0].text, "string");
    assert.ok(choices[0].text.length > 0);
    assert.equal(typeof (await gateway.openai("completions", { model: "completions", prompt: "Say hello." })).choices[0].text, "string");
    const { data } = await gateway.query("embeddings", { input: ["a", "b"] });
    assert.equal(data.length, 2);
    assert.ok(data[0].embedding.length > 100 && data[0].embedding.every(Number.isFinite));
    assert.equal((await gateway.openai("embeddings", { model: "embeddings", input: "a" })).data.length, 1);
  });

  await test("its refusals are typed and say what is wrong", async () => {
    const messages = [{ role: "user", content: "Hi" }];
    const missing = await failure(gateway.get("nobody"), "NotFound");
    assert.match(missing.message, /nobody/);
    await failure(gateway.query("nobody", { messages }), "NotFound");
    const field = await failure(gateway.query("chat", { messages, n: 0 }), "BadRequest");
    assert.equal(field.status, 422);
    assert.match(field.message, /body\.n: /);
    assert.match((await failure(gateway.query("chat", { messages, model: "x" }), "BadRequest")).message, /'model' is not permitted/);
    assert.match((await failure(gateway.openai("chat/completions", { model: "embeddings", messages }), "BadRequest")).message, /not a chat endpoint/);
    await failure(gateway.openai("chat/completions", { model: "nobody", messages }), "InternalError");
    await failure(gateway.query("broken", { messages }), "InternalError");
    await gateway.chat("limited").invoke("Hi");
    const slow = await failure(gateway.chat("limited").invoke("Hi"), "TooManyRequests");
    assert.match(slow.message, /Rate limit exceeded: 1 per 1 minute/);
  });

  await test("the Rust face: list, chat, stream and refusals", async () => {
    const { stdout } = await run("cargo", ["test", "-q", "--locked", "-p", "lakewire", "--features", "native", "--test", "gateway", "--", "--ignored"], { cwd: ROOT, env: { LAKEWIRE_GATEWAY: host } });
    assert.match(stdout, /1 passed; 0 failed/);
  });
} catch (error) {
  failed += 1;
  console.log(`not ok - setup: ${error?.stack ?? error}`);
} finally {
  await stopAll();
  await rm(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
