// The example page: an agent that runs in Chromium, through the relay of its own server. With `SCREENSHOT=path` it leaves a picture.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { fingerprint, npm, run, start, stopAll, unlessStamped } from "../../scripts/lib.mjs";
import { host, llama, token } from "./setup.mjs";

const SOURCE = fileURLToPath(new URL("../../examples/langchain-page/", import.meta.url));
let server, browser, page, requests;

before(async () => {
  const digest = await fingerprint(SOURCE, ["package.json", "package-lock.json"]);
  await unlessStamped(join(SOURCE, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: SOURCE }));
  const { code, stdout, stderr } = await run(process.execPath, [join(SOURCE, "node_modules", "typescript", "bin", "tsc"), "--noEmit"], { cwd: SOURCE, check: false });
  assert.equal(code, 0, stdout + stderr);
  await run(process.execPath, [join(SOURCE, "node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "error"], { cwd: SOURCE });
  server = await start(process.execPath, [join(SOURCE, "server.mjs")], { ready: /listening on (http:\S+)\//, env: { PORT: "0", DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, DATABRICKS_ENDPOINT: llama } });
  const executablePath = process.env.CHROMIUM ?? (existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined);
  browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  page = await browser.newPage({ viewport: { width: 900, height: 900 }, deviceScaleFactor: 1.5 });
  requests = [];
  page.on("request", (request) => requests.push(request));
  page.on("pageerror", (error) => process.stderr.write(`page: ${error.message}\n`));
  await page.goto(server.match[1]);
  await page.waitForSelector("body[data-ready]", { timeout: 60_000 });
});

after(async () => {
  await browser?.close();
  await stopAll();
});

const idle = () => page.waitForFunction(() => document.querySelector(".turn:last-of-type:not(.busy)") && !document.querySelector(".busy"), undefined, { timeout: 60_000 });

test("two tools run in the page, and their results become the answer", async () => {
  await page.click('nav button:has-text("Paris and Oslo")');
  await idle();
  assert.deepEqual(await page.locator(".step .call").allTextContents(), ['get_weather(city: "Paris")', 'get_weather(city: "Oslo")']);
  assert.match((await page.locator(".step .result").allTextContents()).join(), /21 degrees[^]*4 degrees/);
  assert.match(await page.locator(".answer").last().textContent(), /Paris[^]*21/);
  assert.equal(await page.locator(".failure").count(), 0);
});

test("the conversation goes on, with the other tool", async () => {
  await page.click('nav button:has-text("Multiply")');
  await idle();
  assert.match(await page.locator(".step .result").last().textContent(), /408/);
  assert.match(await page.locator(".answer").last().textContent(), /408/);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
});

test("the page asks its own origin alone, through the relay, and never sees a token", async () => {
  const own = new URL(server.match[1]).origin;
  assert.ok(requests.every((request) => request.url().startsWith(own) || request.url().startsWith("data:")));
  const calls = requests.filter((request) => request.method() === "POST");
  assert.ok(calls.length >= 4);
  for (const call of calls) {
    assert.equal(new URL(call.url()).pathname, `/api/lakewire/serving-endpoints/${llama}/invocations`);
    const headers = await call.allHeaders();
    assert.equal(headers["x-lakewire-relay"], "1");
    assert.equal(headers.authorization, undefined);
  }
  assert.ok(!(await page.content()).includes(token));
});

test("an endpoint that the relay does not name is refused", async () => {
  const status = await page.evaluate(async () => (await fetch("/api/lakewire/serving-endpoints/databricks-claude-sonnet-4/invocations", { method: "POST", headers: { "content-type": "application/json", "x-lakewire-relay": "1" }, body: '{"messages":[{"role":"user","content":"x"}]}' })).status);
  assert.ok(status === 403 || status === 404, `${status}`);
});

test("an address that is none does not end the server", async () => {
  const { hostname, port } = new URL(server.match[1]);
  for (const path of ["//", "/../server.mjs", "//:0"]) {
    // as it stands: `fetch` would put it right first
    const status = await new Promise((done, failed) => get({ hostname, port, path }, (answer) => (answer.resume(), done(answer.statusCode))).on("error", failed));
    assert.equal(status, 404, path);
  }
  assert.equal((await fetch(server.match[1])).status, 200);
});
