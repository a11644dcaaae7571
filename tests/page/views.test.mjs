// The views beside the chat, in a real Chromium against the emulator.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startAll, TOKEN } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let all;
let page;

before(async () => {
  all = await startAll();
  // the secret that the form names
  for (const [path, body] of [["scopes/create", { scope: "llm" }], ["put", { scope: "llm", key: "openai", string_value: "opens-nothing" }]]) {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    await fetch(`${all.emulator.url}/api/2.0/secrets/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  }
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
  return page.tab;
}

const queries = async () => (await all.emulator.operations()).filter(({ path }) => path.endsWith("/invocations"));

test("the address says the view: a link, the back button and a reload keep it", async () => {
  const tab = await open("Embeddings");
  assert.equal(new URL(tab.url()).hash, "#embeddings");
  assert.equal(await tab.locator("#view-chat").isVisible(), false);
  await tab.reload();
  await tab.waitForSelector("#view-embeddings h2");
  await tab.goBack();
  await tab.waitForFunction(() => !document.querySelector("#view-chat").hidden);
  assert.equal(await tab.locator("#view-embeddings").isVisible(), false);
});

test("completions: the prompt is completed, and every step between is shown", async () => {
  const tab = await open("Completions");
  await tab.waitForFunction(() => !document.querySelector("#completion-model").disabled);
  await tab.getByLabel("Endpoint", { exact: true }).selectOption("text-completions");
  await tab.getByLabel("Prompt", { exact: true }).fill("Lake Baikal is the deepest lake. Lake Baikal is");
  await tab.getByLabel("Input transform", { exact: true }).selectOption({ label: "An instruction around it" });
  await tab.getByLabel("Output transform", { exact: true }).selectOption({ label: "Upper case" });
  await tab.getByRole("button", { name: "Complete" }).click();
  const text = await tab.locator("[data-answer]").innerText();
  assert.notEqual(text.trim(), "");
  assert.equal(text, text.toUpperCase());
  const [sent] = await queries();
  assert.ok(sent.path.includes("text-completions"), sent.path);
  assert.match(JSON.stringify(sent.body), /Answer in one sentence/);
  assert.match(await tab.locator("#view-completions .result").innerText(), /After the input transform[\s\S]*Answer in one sentence/);
});

test("completions: a refusal is a sentence with the service's words", async () => {
  await all.emulator.faults([{ match: { path: "/invocations", method: "POST" }, times: 9, fault: { status: 400, body: '{"error_code":"BAD_REQUEST","message":"no such parameter"}' } }]);
  const tab = await open("Completions");
  await tab.waitForFunction(() => !document.querySelector("#completion-model").disabled);
  await tab.getByRole("button", { name: "Complete" }).click();
  const problem = tab.locator("#view-completions .problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /refused the request[\s\S]*no such parameter/);
});

test("embeddings: lines that mean alike stand first, and both drawings are made", async () => {
  const tab = await open("Embeddings");
  await tab.waitForSelector("#view-embeddings .grid tbody tr");
  await tab.getByLabel("Lines to compare").fill("Where is my invoice?\nThe sea is blue.\nI cannot find my invoice.");
  await tab.getByRole("button", { name: "Compare" }).click();
  await tab.waitForFunction(() => /^3 lines/.test(document.querySelector("#view-embeddings [role=status]").textContent));
  const first = await tab.locator("#view-embeddings .grid tbody tr").first().innerText();
  assert.match(first, /1\. Where is my invoice/);
  assert.match(first, /3\. I cannot find my invoice/);
  // a drawing that drew nothing is one colour
  for (const at of [0, 1]) {
    const colours = await tab.locator("#view-embeddings canvas").nth(at).evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]},${data[i + 3]}`);
      return seen.size;
    });
    assert.ok(colours > 3, `canvas ${at} has ${colours} colours`);
  }
  const [sent] = (await queries()).slice(-1);
  assert.deepEqual(sent.body.input, ["Where is my invoice?", "The sea is blue.", "I cannot find my invoice."]);
});

test("endpoints: an external model is made, gets ready, answers, and is deleted on a second press", async () => {
  const tab = await open("Endpoints");
  const name = `page-${Date.now()}`;
  await tab.getByLabel("Name", { exact: true }).fill(name);
  await tab.getByRole("button", { name: "Create" }).click();
  const row = tab.locator(`[data-endpoint="${name}"]`);
  await row.waitFor();
  await tab.waitForFunction((wanted) => document.querySelector(`[data-endpoint="${wanted}"] .state`)?.textContent === "Ready", name, { timeout: 60_000 });
  const headers = { authorization: `Bearer ${TOKEN}` };
  const made = await (await fetch(`${all.emulator.url}/api/2.0/serving-endpoints/${name}`, { headers })).json();
  assert.equal(made.config.served_entities[0].external_model.openai_config.openai_api_key, "{{secrets/llm/openai}}");
  await row.getByRole("button", { name: /^Delete/ }).click();
  assert.equal((await all.emulator.operations()).some(({ method }) => method === "DELETE"), false, "one press deleted it");
  await row.getByRole("button", { name: /for good/ }).click();
  await row.waitFor({ state: "detached" });
});

test("endpoints: a name that is taken is said in a sentence", async () => {
  const tab = await open("Endpoints");
  await tab.locator("[data-endpoint]").first().waitFor();
  await tab.getByLabel("Name", { exact: true }).fill("team-chat");
  await tab.getByRole("button", { name: "Create" }).click();
  const problem = tab.locator("#view-endpoints .problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /team-chat/);
});

for (const theme of ["light", "dark"]) {
  for (const phone of [false, true]) {
    test(`axe finds no serious violation and nothing is wider than the screen: ${theme}${phone ? ", phone" : ""}`, async () => {
      const size = phone ? { phone: true, width: 390, height: 844 } : {};
      for (const view of ["Completions", "Embeddings", "Endpoints"]) {
        const tab = await open(view, { theme, bypassCSP: true, ...size });
        if (view === "Embeddings") await tab.waitForSelector("#view-embeddings .grid tbody tr");
        if (view === "Endpoints") await tab.locator("[data-endpoint]").first().waitFor();
        if (view === "Completions") {
          await tab.waitForFunction(() => !document.querySelector("#completion-model").disabled);
          await tab.getByRole("button", { name: "Complete" }).click();
          await tab.waitForSelector("[data-answer]");
        }
        await tab.evaluate(AXE);
        const { violations } = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
        assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
        const [wide, screen] = await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= screen, `${view} is ${wide} wide on ${screen}`);
        assert.deepEqual(page.log.errors, []);
        await page.close();
      }
    });
  }
}
