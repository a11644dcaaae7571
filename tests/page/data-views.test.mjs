// "Ask your documents", "Ask your data" and "Tools" in a real Chromium, against the emulator with its SQL engine.

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
beforeEach(async () => {
  await all.emulator.clear();
});
afterEach(() => page?.close());

async function open(view, options) {
  page = await all.open({ ready: false, ...options });
  await page.tab.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
  await page.tab.waitForSelector(`#view-${view.toLowerCase()} h2`);
  await page.tab.waitForFunction((name) => !document.querySelector(`#${name}-model`).disabled, view.toLowerCase());
  return page.tab;
}

const statements = async () => (await all.emulator.operations()).filter(({ method, path }) => method === "POST" && /\/sql\/statements\/?$/.test(path));
const status = (tab, view, pattern) =>
  tab.waitForFunction(([name, source]) => new RegExp(source).test(document.querySelector(`#view-${name} [role=status]`).textContent), [view, pattern.source], { timeout: 60_000 });

test("data: a question becomes a statement, rows, a chart and an answer", async () => {
  const tab = await open("Data");
  await tab.getByLabel("Question").fill("What is the total revenue per nation?");
  await tab.getByRole("button", { name: "Ask", exact: true }).click();
  await status(tab, "data", /^Answered in/);
  const sql = await tab.getByLabel("Statement", { exact: true }).inputValue();
  assert.match(sql, /^SELECT[\s\S]*SUM\(l_extendedprice \* \(1 - l_discount\)\)[\s\S]*GROUP BY/);
  const table = tab.getByRole("table", { name: "Result" });
  assert.equal(await table.getAttribute("aria-rowcount"), "26");
  const [first, second] = await tab.locator("#view-data .rows [role=row]").evaluateAll((rows) => rows.slice(0, 2).map((row) => Number(row.lastElementChild.textContent)));
  assert.ok(first > second && second > 0, `${first}, ${second}`);
  assert.equal(await tab.locator("[data-chart]").getAttribute("data-chart"), "bar");
  assert.match(await tab.locator("#view-data [data-answer]").innerText(), /25/);
});

test("data: a statement written by hand runs when it reads, and is refused when it writes", async () => {
  const tab = await open("Data");
  const sql = tab.getByLabel("Statement", { exact: true });
  await sql.fill("SELECT o_orderkey, o_totalprice FROM orders ORDER BY o_orderkey");
  await tab.getByRole("button", { name: "Run this statement" }).click();
  await status(tab, "data", /^15000 rows in/);
  const shown = await tab.locator("#view-data .rows [role=row]").count();
  assert.ok(shown > 5 && shown < 100, `${shown} of 15000 rows stand in the page`);
  await tab.locator(".table-scroll").evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await tab.waitForFunction(() => document.querySelector('#view-data .rows [aria-rowindex="15001"]'));
  const before = (await statements()).length;
  await sql.fill("SELECT 1; DROP TABLE orders");
  await tab.getByRole("button", { name: "Run this statement" }).click();
  await tab.locator("#view-data .problem").waitFor();
  assert.equal((await statements()).length, before, "a refused statement was sent");
});

test("data: what fails in the engine is a sentence with its words", async () => {
  const tab = await open("Data");
  await tab.getByLabel("Statement", { exact: true }).fill("SELECT nothing_like_it FROM orders");
  await tab.getByRole("button", { name: "Run this statement" }).click();
  const problem = tab.locator("#view-data .problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /nothing_like_it/);
});

test("data: Stop ends what runs", async () => {
  await all.emulator.faults([{ match: { path: "/api/2.0/sql/statements", method: "POST" }, times: 9, fault: { stall_before_headers: true } }]);
  const tab = await open("Data");
  await tab.getByLabel("Statement", { exact: true }).fill("SELECT 1");
  await tab.getByRole("button", { name: "Run this statement" }).click();
  await tab.locator("#view-data").getByRole("button", { name: "Stop" }).click();
  await status(tab, "data", /^Stopped\.$/);
});

test("tools: the functions of a schema are listed, and a chat calls one", async () => {
  const tab = await open("Tools");
  await tab.waitForSelector('[data-function="main.tools.add_tax"]');
  await tab.getByLabel("Question").fill("What is the revenue of Germany?");
  await tab.getByRole("button", { name: "Ask", exact: true }).click();
  const card = tab.locator("#view-tools .tool[data-state=done]").first();
  await card.waitFor({ timeout: 60_000 });
  assert.match(await card.innerText(), /main__tools__nation_revenue[\s\S]*GERMANY[\s\S]*SCALAR/i);
  await tab.waitForFunction(() => /\d{6,}/.test(document.querySelector("#view-tools .answer .answer-body").textContent));
});

test("tools: a function is made by its statement, offered, and deleted", async () => {
  const tab = await open("Tools");
  await tab.waitForSelector('[data-function="main.tools.add_tax"]');
  await tab.getByText("A new function").click();
  await tab.getByLabel("CREATE FUNCTION").fill("CREATE OR REPLACE FUNCTION main.tools.page_test(x DOUBLE) RETURNS DOUBLE COMMENT 'Doubles' RETURN x * 2");
  await tab.getByRole("button", { name: "Create", exact: true }).click();
  const line = tab.locator('[data-function="main.tools.page_test"]');
  await line.waitFor();
  assert.equal(await line.getByRole("checkbox").isChecked(), true);
  const remove = line.getByRole("button", { name: /Delete/ });
  await remove.click();
  await remove.click();
  await line.waitFor({ state: "detached" });
});

test("documents: pasted text is indexed, found by meaning, and the answer names its source", async () => {
  const tab = await open("Documents");
  await tab.getByLabel("Documents", { exact: true }).selectOption("paste");
  await tab.getByLabel("Text", { exact: true }).fill("# Opening hours\nThe museum opens at nine in the morning.\n\n# Tickets\nA ticket costs twelve euros.\n\n# Dogs\nDogs must stay outside.");
  await tab.getByRole("button", { name: "Index", exact: true }).click();
  await status(tab, "documents", /^3 passages of 1 document are in/);
  await tab.getByLabel("Question").fill("What does a ticket cost?");
  await tab.getByRole("button", { name: "Ask", exact: true }).click();
  await tab.waitForFunction(() => /\[\d\]/.test(document.querySelector("#view-documents [data-answer]").textContent));
  const hits = tab.locator("#view-documents .hits > li");
  assert.equal(await hits.count(), 3);
  assert.match(await hits.first().innerText(), /Tickets[\s\S]*twelve euros/);
  assert.match(await tab.locator("#view-documents [data-answer]").innerText(), /twelve euros/);
});

for (const view of ["Documents", "Data", "Tools"]) {
  for (const options of [{}, { theme: "dark", width: 390, phone: true }]) {
    test(`${view}${options.phone ? " on a phone, dark" : ""}: nothing for axe to say, nothing wider than the window`, async () => {
      const tab = await open(view, options);
      await tab.addScriptTag({ content: AXE }).catch(() => tab.evaluate(AXE));
      const { violations } = await tab.evaluate((id) => globalThis.axe.run(`#${id}`), `view-${view.toLowerCase()}`);
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0]?.html]), []);
      assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");
    });
  }
}
