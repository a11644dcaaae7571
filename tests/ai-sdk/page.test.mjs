// The page of examples/ai-sdk-page in Chromium: `useChat` over the relay, as it stands, built by Vite and served by its own server.
//
//   SCREENSHOT   a file to write a picture of the page to

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { browser } from "../../scripts/browser.mjs";
import { start } from "../../scripts/lib.mjs";
import { emulator, ROOT, TOKEN } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const LIMIT = { timeout: 30_000 };
const host = await emulator();

const folder = await mkdtemp(join(tmpdir(), "lakewire-ai-sdk-"));
after(() => rm(folder, { recursive: true, force: true }));
await cp(join(ROOT, "examples", "ai-sdk-page"), folder, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
await symlink(join(HERE, "node_modules"), join(folder, "node_modules"), "dir");
const { build } = await import("vite");
await build({ root: folder, logLevel: "error" });

const server = await start(process.execPath, ["server.mjs"], { cwd: folder, env: { PORT: "0", DATABRICKS_HOST: host, DATABRICKS_TOKEN: TOKEN }, ready: /page is at (http:\S+)/ });
after(() => server.stop());
const opened = await chromium.launch({ executablePath: await browser(), args: ["--no-sandbox", "--disable-gpu"] });
after(() => opened.close());

/** A page, what it complained of, and what it asked the relay. */
async function page() {
  const tab = await opened.newPage({ viewport: { width: 820, height: 720 }, deviceScaleFactor: 2 });
  const complaints = [];
  const uncaught = [];
  const asked = [];
  tab.on("pageerror", (error) => uncaught.push(error.message));
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  tab.on("request", (request) => request.url().includes("/api/lakewire/") && asked.push(request));
  await tab.goto(server.match[1]);
  return { tab, complaints, uncaught, asked, ask: async (text) => { await tab.getByLabel("Your question").fill(text); await tab.getByRole("button", { name: "Send" }).click(); } };
}
const ready = (tab) => tab.locator("main[data-status=ready]").waitFor(LIMIT);

test("the example is built with the versions that are tested here", async () => {
  const [example, own] = await Promise.all([join(ROOT, "examples", "ai-sdk-page"), HERE].map(async (path) => JSON.parse(await readFile(join(path, "package.json"), "utf8"))));
  const { lakewire, ...versions } = { ...example.dependencies, ...example.devDependencies };
  assert.equal(lakewire, "file:../../pkg");
  assert.deepEqual(versions, own.dependencies);
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

test("useChat in a page, through the relay: thought, tool and answer", async () => {
  const { tab, complaints, uncaught, asked, ask } = await page();
  await ask("What time is it in Oslo?");
  await tab.locator(".tool[data-state=output-available]").waitFor(LIMIT);
  await ready(tab);
  assert.match(await tab.locator(".tool").innerText(), /^get_time\(Oslo\) \d\d:\d\d$/);
  const [, shown] = (await tab.locator(".tool").innerText()).split(") ");
  assert.ok((await tab.locator(".assistant .text").innerText()).includes(shown));
  assert.ok(await tab.locator(".thought").count() >= 1);
  // two steps, each with the relay's header and without a token; the second with the signed thought of the first
  assert.equal(asked.length, 2);
  for (const request of asked) {
    assert.equal(new URL(request.url()).pathname, "/api/lakewire/serving-endpoints/databricks-claude-sonnet-4/invocations");
    const headers = await request.allHeaders();
    assert.equal(headers["x-lakewire-relay"], "1");
    assert.equal(headers.authorization, undefined);
  }
  const turn = JSON.parse(asked[1].postData()).messages.find((message) => message.role === "assistant");
  assert.ok(turn.content[0].summary[0].signature.length > 0);
  if (process.env.SCREENSHOT) {
    await tab.locator(".thought summary").first().click();
    await tab.mouse.move(0, 0);
    await tab.screenshot({ path: process.env.SCREENSHOT });
  }
  // and a second turn over the same conversation
  await ask("Say thanks.");
  await tab.locator("article.assistant").nth(1).waitFor(LIMIT);
  await ready(tab);
  assert.equal(await tab.locator("[role=alert]").count(), 0);
  assert.deepEqual([...complaints, ...uncaught], []);
  await tab.close();
});

test("the stop button ends the answer, at the workspace too", async () => {
  const { tab, complaints, uncaught, ask } = await page();
  await fetch(`${host}/_emulator/faults`, { method: "POST", body: JSON.stringify([{ match: { path: "/databricks-claude-sonnet-4/invocations", method: "POST" }, fault: { drip_ms: 40, chunk_size: 200 } }]) });
  const { operations: before } = await (await fetch(`${host}/_emulator/history`)).json();
  await ask("Count to 400.");
  await tab.locator(".assistant .thought, .assistant .text").first().waitFor(LIMIT);
  await tab.getByRole("button", { name: "Stop" }).click();
  await ready(tab);
  const last = before.at(-1)?.seq ?? 0;
  for (let turn = 0; ; turn += 1) {
    const { operations } = await (await fetch(`${host}/_emulator/history`)).json();
    const outcome = operations.find(({ seq, path }) => seq > last && path.includes("claude"))?.outcome;
    if (outcome === "client_closed") break;
    assert.ok(turn < 400, `the workspace still says ${outcome}`);
    await new Promise((done) => setTimeout(done, 25));
  }
  assert.deepEqual([...complaints, ...uncaught], []);
  await tab.close();
});

for (const [name, fault, words] of [["an answer that is refused", { status: 400 }, /does not take this request/], ["F4 an answer that breaks off", { end_after_events: 20 }, /ended before the answer did/]]) {
  test(`${name} is shown as a failure, and the next question works`, async () => {
    const { tab, uncaught, ask } = await page();
    await fetch(`${host}/_emulator/faults`, { method: "POST", body: JSON.stringify([{ match: { path: "/databricks-claude-sonnet-4/invocations", method: "POST" }, fault }]) });
    await ask("Count to 60.");
    await tab.getByRole("alert").waitFor(LIMIT);
    assert.match(await tab.getByRole("alert").innerText(), words);
    assert.equal(await tab.locator("main").getAttribute("data-status"), "error");
    await ask("Say hello.");
    await ready(tab);
    assert.ok((await tab.locator(".assistant .text").last().innerText()).length > 0);
    // the AI SDK logs the failure; nothing is left unhandled
    assert.deepEqual(uncaught, []);
    await tab.close();
  });
}
