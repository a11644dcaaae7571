// Traces and runs in a real Chromium: what the page asks is written to the workspace's MLflow, and read back from there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startAll } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let all;
let page;

before(async () => {
  all = await startAll();
});
after(() => all?.stop());
beforeEach(() => all.emulator.clear());
afterEach(() => page?.close());

const go = (tab, view) => tab.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
const spans = (tab) => tab.locator("#view-traces .waterfall .span").evaluateAll((rows) => rows.map((row) => [row.querySelector("b").textContent, row.dataset.type]));

async function asked(text, options) {
  page = await all.open(options);
  await page.send(text);
  await page.settled("done", "failed");
  return page.tab;
}

test("an answer links to its trace: its spans, what went in and out, and its tokens", async () => {
  const tab = await asked("Say hello to the lake.");
  await page.last().getByRole("link", { name: "Trace" }).click();
  await tab.locator("#view-traces .waterfall").waitFor();
  const rows = await spans(tab);
  assert.deepEqual(rows[0], ["answer", "CHAIN"]);
  assert.ok(rows.some(([, type]) => type === "CHAT_MODEL"), JSON.stringify(rows));
  const said = await tab.locator(".answer .answer-body").last().textContent();
  assert.equal((await tab.locator(".span-panel .step .code").last().textContent()).replace(/[\s*]+/g, ""), said.replace(/[\s*]+/g, ""));
  const shown = tab.locator("[data-trace]");
  assert.match(await shown.innerText(), /\d+ tokens read, \d+ written[\s\S]*tr-[0-9a-f]{32}/);
  await tab.locator('#view-traces .span[data-type="CHAT_MODEL"]').first().click();
  assert.match(await tab.locator(".span-panel .messages").first().innerText(), /user[\s\S]*Say hello to the lake\./);
  assert.match(tab.url(), /#traces\/tr-[0-9a-f]{32}$/);
  // a reload shows the same one, read from the workspace
  await tab.reload();
  await tab.locator("#view-traces .waterfall").waitFor();
  assert.deepEqual(await spans(tab), rows);
});

test("a tool call is a span under the answer, with its arguments and its result", async () => {
  const tab = await asked("What is 12 * 12? Use the calculator.");
  await page.last().getByRole("link", { name: "Trace" }).click();
  const tool = tab.locator('#view-traces .span[data-type="TOOL"]').first();
  await tool.click();
  const panel = tab.locator(".span-panel");
  assert.match(await panel.innerText(), /Inputs[\s\S]*12[\s\S]*Outputs[\s\S]*144/);
});

test("what failed is red in the list and says why", async () => {
  page = await all.open({});
  await all.emulator.faults([{ match: { path: "/serving-endpoints" }, times: 20, fault: { status: 400, body: { error_code: "BAD_REQUEST", message: "The lake is frozen." } } }]);
  await page.send("Hello?");
  await page.settled("failed");
  await all.emulator.clear();
  const { tab } = page;
  await page.last().getByRole("link", { name: "Trace" }).click();
  await tab.locator("#view-traces .span.failed").first().waitFor();
  assert.match(await tab.locator(".span-panel .problem").innerText(), /frozen/);
  assert.equal(await tab.locator("#view-traces .head .state.bad").innerText(), "ERROR");
});

test("nothing is recorded when that is not wanted, and the answer comes all the same", async () => {
  page = await all.open({});
  await go(page.tab, "Traces");
  await page.tab.getByLabel("Record this page’s answers").setChecked(false);
  await go(page.tab, "Chat");
  await page.send("Hello");
  assert.equal(await page.settled("done"), "done");
  assert.equal(await page.last().getByRole("link", { name: "Trace" }).isVisible(), false);
  const wrote = (await all.emulator.operations()).filter(({ method, path }) => method === "POST" && /mlflow\/(traces$|runs)/.test(path));
  assert.deepEqual(wrote, []);
});

test("an MLflow that fails is told in the views and leaves the conversation alone", async () => {
  await all.emulator.faults([{ match: { path: "/api/3.0/mlflow" }, times: 50, fault: { status: 500 } }, { match: { path: "/api/2.0/mlflow" }, times: 50, fault: { status: 500 } }]);
  const tab = await asked("Hello");
  assert.equal(await page.last().getAttribute("data-state"), "done");
  await go(tab, "Traces");
  await tab.locator("#view-traces .problem").waitFor();
});

test("a conversation is a run, its answers are the steps of its metrics, and they are plotted", async () => {
  const tab = await asked("Hello");
  await page.send("And again");
  await tab.waitForFunction(() => document.querySelectorAll(".answer[data-state=done]").length === 2);
  await go(tab, "Runs");
  const line = tab.locator("#view-runs tbody tr").first();
  await line.waitFor();
  assert.match(await line.innerText(), /conversation[\s\S]*RUNNING[\s\S]*2/);
  await tab.getByLabel("Metric").selectOption("completion_tokens");
  await tab.waitForFunction(() => document.querySelector("[data-plot=completion_tokens]")?.dataset.points === "2");
  await go(tab, "Chat");
  await tab.getByRole("button", { name: "New chat" }).click();
  await go(tab, "Runs");
  await tab.waitForFunction(() => /FINISHED/.test(document.querySelector("#view-runs tbody tr").textContent));
});

for (const view of ["Traces", "Runs"]) {
  for (const options of [{}, { theme: "dark", width: 390, phone: true }]) {
    test(`${view}${options.phone ? " on a phone, dark" : ""}: nothing for axe to say, nothing wider than the window`, async () => {
      const tab = await asked("Hello", options);
      await go(tab, view);
      await tab.locator(view === "Traces" ? "#view-traces .waterfall" : "#view-runs tbody tr").first().waitFor();
      await tab.addScriptTag({ content: AXE }).catch(() => tab.evaluate(AXE));
      const { violations } = await tab.evaluate((id) => globalThis.axe.run(`#${id}`), `view-${view.toLowerCase()}`);
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0]?.html]), []);
      assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
    });
  }
}
