// A chain that runs in a page, without a bundler, and its trace in MLflow's own UI: opened there by Chromium, and read by
// MLflow's Python client. `LAKEWIRE_SHOTS=1` keeps a picture of it in docs/images.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { browser } from "../../scripts/browser.mjs";
import { PACKAGE } from "../js/package.mjs";
import { mlflowEnv, mlflowPython } from "./server.mjs";

const host = process.env.LAKEWIRE_MLFLOW;
assert.ok(host, "LAKEWIRE_MLFLOW names a running server: start this with `npm test -- mlflow`.");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const WORDS = ["Tahoe ", "is a ", "deep lake."];

/** What a page of an app's own server has: the package's files, and the model's answers. A stand-in for the model alone. */
async function serve() {
  const seen = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://local");
    if (pathname === "/") return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>app</title>");
    if (pathname.startsWith("/pkg/")) {
      const file = join(PACKAGE, normalize(pathname.slice("/pkg/".length)));
      const bytes = await readFile(file).catch(() => undefined);
      return bytes === undefined ? response.writeHead(404).end() : response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(bytes);
    }
    if (!pathname.endsWith("/invocations")) return response.writeHead(404).end();
    seen.push(request.headers);
    const part = (delta, finish_reason = null, more = {}) => `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "lakes-v1", choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const content of WORDS) response.write(part({ content }));
    response.end(`${part({}, "stop", { usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 } })}data: [DONE]\n\n`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, seen, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** Runs in the page. */
async function app({ mlflow, experimentName }) {
  const { ChatPromptTemplate, pipe, StrOutputParser, WorkspaceClient } = await import("/pkg/dist/index.js");
  const { MlflowClient, MlflowTracing } = await import("/pkg/dist/mlflow/index.js");
  const server = new WorkspaceClient({ host: mlflow });
  const errors = [];
  const tracing = new MlflowTracing(server, { experimentName, tags: { from: "a page" }, onError: (error) => errors.push(error.message) });
  const chat = tracing.observe(new WorkspaceClient({ host: "/" })).chat("lakes");
  const chain = pipe(ChatPromptTemplate.fromMessages([["system", "You know lakes."], ["user", "Tell me about {place}."]]), chat, new StrOutputParser());
  let text = "";
  for await (const word of await chain.stream({ place: "Lake Tahoe" })) text += word;
  await tracing.flush();
  const { experiment_id: experimentId } = (await new MlflowClient(server).getExperimentByName(experimentName));
  const [trace] = await new MlflowClient(server).searchTraces([experimentId]).all();
  return { text, experimentId, traceId: trace?.trace_id, stats: tracing.stats(), errors };
}

test("a chain of a page opens in MLflow's UI", { timeout: 400_000 }, async (t) => {
  const served = await serve();
  t.after(served.stop);
  const chrome = await chromium.launch({ executablePath: await browser(), args: ["--no-sandbox"] });
  t.after(() => chrome.close());
  const page = await (await chrome.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(served.url);
  const experimentName = `page-${Date.now()}-${process.pid}`;
  const ran = await page.evaluate(app, { mlflow: host, experimentName });
  assert.deepEqual(ran.errors, []);
  assert.equal(ran.text, WORDS.join(""));
  assert.equal(ran.stats.exported, 1);
  assert.match(ran.traceId, /^tr-[0-9a-f]{32}$/);
  // a page asks the leave of nobody for a header that it need not send
  assert.ok(served.seen.every((headers) => headers.traceparent === undefined));

  await page.goto(`${host}/#/experiments/${ran.experimentId}/traces`);
  const row = page.getByText('{"place":"Lake Tahoe"}').first();
  await row.waitFor({ timeout: 120_000 });
  // MLflow greets who comes first with a word on what is new, which covers the page
  const hint = page.getByRole("button", { name: "Got it" });
  if (await hint.isVisible().catch(() => false)) await hint.click();
  await row.click();
  const seen = (text) => page.getByText(text, { exact: true }).first().waitFor({ timeout: 60_000 });
  for (const name of ["chain", "chat prompt", "chat lakes", "StrOutputParser", "17 tokens", "Success"]) await seen(name);
  await seen(WORDS.join(""));
  // the model's call is shown as a chat: who said what
  await page.getByText("chat lakes", { exact: true }).first().click();
  for (const text of ["You know lakes.", "Tell me about Lake Tahoe."]) await seen(text);
  if (process.env.LAKEWIRE_SHOTS) {
    await page.mouse.move(700, 850);
    await page.waitForTimeout(1000);
    const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: join(folder, "mlflow-ui-trace.png"), clip: { x: 0, y: 0, width: 1008, height: 620 } });
  }

  const program = await mlflowPython();
  const script = fileURLToPath(new URL("read_trace.py", import.meta.url));
  const { stdout } = await promisify(execFile)(program, [script, host, ran.traceId], { env: { ...process.env, ...mlflowEnv(program) }, maxBuffer: 1 << 26 });
  const read = JSON.parse(stdout);
  assert.deepEqual([read.state, read.tags.from, read.tokens], ["OK", "a page", { input_tokens: 12, output_tokens: 5, total_tokens: 17 }]);
  assert.deepEqual(read.spans.map(({ name, type }) => `${name}: ${type}`).sort(), ["StrOutputParser: CHAIN", "chain: CHAIN", "chat lakes: CHAT_MODEL", "chat prompt: CHAIN"]);
});
