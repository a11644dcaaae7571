// Chromium, Firefox and WebKit: the conformance scenarios in a page without a bundler, and in Chromium the apps that Vite, webpack,
// esbuild, Rollup and Next.js build.

import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { browser as findChromium } from "../../scripts/browser.mjs";
import { apps } from "./apps.mjs";
import { EXCEPTIONS } from "./exceptions.mjs";
import { html, serve } from "./pages.mjs";
import { firefox, webkit } from "./webdriver.mjs";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** A refused call is an answer of the workspace: the browser logs it, the page handles it. */
const EXPECTED = /^Failed to load resource|the server responded with a status of/;

/** Chromium through Playwright, with what the others have. */
async function chromium() {
  const { chromium: playwright } = await import("playwright-core");
  const browser = await playwright.launch({ executablePath: await findChromium(), args: FLAGS });
  const visit = async (url) => {
    const tab = await browser.newPage();
    const complaints = [];
    tab.on("pageerror", (error) => complaints.push(error.message));
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    try {
      await tab.goto(url);
      const results = await tab.waitForFunction(() => globalThis.results, undefined, { timeout: 90_000 }).then((handle) => handle.jsonValue(), () => null);
      return { results, complaints, text: await tab.innerText("body") };
    } finally {
      await tab.close();
    }
  };
  return { version: `Chromium ${browser.version()}`, visit, close: () => browser.close() };
}

/** What a page reported, and that its console stayed empty. */
function reported({ results, complaints }) {
  const loud = complaints.filter((text) => !EXPECTED.test(text));
  if (!results) return [["runs", `the page gave no results; ${loud.join("; ") || "nor did it complain"}`]];
  return [...results, ["no complaints in the console, under a strict CSP", loud.length === 0 ? null : loud.join("; ")]];
}

/** Opens every page and reports through `place`; `row` takes the results of a browser's scenarios, `absent` that there is none. */
export async function browsers(project, place, row, absent) {
  const { folder, tools, scenarios, smoke, engine, host, token, wants } = project;
  const site = await serve(folder, host, token);
  await mkdir(join(folder, "page"), { recursive: true });
  for (const path of [scenarios, smoke]) await cp(path, join(folder, "page", path.split("/").at(-1)));
  const map = { imports: { lakewire: "/node_modules/lakewire/dist/index.js", "lakewire/data": "/node_modules/lakewire/dist/data/index.js", "lakewire/mlflow": "/node_modules/lakewire/dist/mlflow/index.js" } };
  await writeFile(join(folder, "page", "index.html"), html('<script type="module" src="/page/main.mjs"></script>', `<script type="importmap" nonce="map">${JSON.stringify(map)}</script><script src="/page/complaints.js"></script>`));
  await writeFile(join(folder, "page", "complaints.js"), `globalThis.complaints = [];\nfor (const name of ["error", "unhandledrejection", "securitypolicyviolation"]) addEventListener(name, (event) => complaints.push(name + ": " + (event.message ?? event.reason ?? event.violatedDirective)));\n`);
  const kit = { config: { host: "/databricks" }, hub: { baseUrl: "/databricks/hf" } };
  await writeFile(join(folder, "page", "main.mjs"), `import * as lakewire from "lakewire";\nimport * as data from "lakewire/data";\nimport * as mlflow from "lakewire/mlflow";\nimport { conform } from "./scenarios.mjs";
const told = ${JSON.stringify({ engine, exceptions: EXCEPTIONS.page })};
conform({ lakewire, data, mlflow, ...${JSON.stringify(kit)} }, told).then((all) => { globalThis.results = all; }, (error) => { globalThis.results = [["starts", String(error)]]; });\n`);

  const started = new Map();
  const browser = async (name, start) => {
    if (!started.has(name)) started.set(name, await start());
    return started.get(name);
  };
  for (const [runtime, start] of [["Chromium", chromium], ["Firefox", () => firefox(tools)], ["WebKit", webkit]]) {
    const name = `${runtime}, scenarios`;
    if (!wants(name)) continue;
    await place(name, async () => {
      const { version, visit, lacking } = await browser(runtime, start);
      if (lacking) return absent(runtime, lacking);
      const results = reported(await visit(`${site.url}/page/index.html`));
      row({ runtime, version, results, exceptions: EXCEPTIONS.page });
      return results;
    });
  }
  for (const [name, app] of Object.entries(apps(project))) {
    if (!wants(name)) continue;
    await place(name, () => app(site, async (url) => (await browser("Chromium", chromium)).visit(url), reported));
  }
  for (const { close } of started.values()) await close?.();
  site.close();
}
