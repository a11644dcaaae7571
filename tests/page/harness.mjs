// Emulator, the demo's server and a real Chromium for the page tests.
//
//   LAKEWIRE_EMULATOR   an emulator that is running already (its URL); else target/debug/lakewire-emulator is started
//   CHROMIUM            the browser; else /usr/bin/chromium, else playwright's own

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { start, stopAll } from "../../scripts/lib.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The emulator's token. The page must never hold it: tests look for it everywhere. */
export const TOKEN = process.env.DATABRICKS_TOKEN ?? "dapi-emulator";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts what a page needs. `emulator` talks to the emulator's own routes, `open` gives a fresh tab on the page. */
export async function startAll() {
  const workspace = process.env.LAKEWIRE_EMULATOR ?? (await startEmulator());
  const server = await start(process.execPath, [join(ROOT, "www", "server.mjs")], {
    cwd: ROOT,
    env: { DATABRICKS_HOST: workspace, DATABRICKS_TOKEN: TOKEN, PORT: "0" },
    ready: /listening on (http:\/\/\S+)/,
  });
  const url = server.match[1];
  const browser = await chromium.launch({ ...executable(), args: FLAGS });
  const emulator = {
    url: workspace,
    faults: (list) => ask(workspace, "POST", "/_emulator/faults", list),
    clear: async () => {
      await ask(workspace, "DELETE", "/_emulator/faults");
      await ask(workspace, "DELETE", "/_emulator/history");
    },
    operations: async () => (await ask(workspace, "GET", "/_emulator/history")).operations,
  };
  return {
    url,
    emulator,
    browser,
    open: (options) => open(browser, url, options),
    stop: async () => {
      await browser.close();
      await stopAll();
    },
  };
}

async function startEmulator() {
  const program = join(ROOT, "target", "debug", "lakewire-emulator");
  if (!existsSync(program))
    throw new Error("No emulator: set LAKEWIRE_EMULATOR to its URL, or build it with `cargo build -p lakewire-emulator`.");
  const child = await start(program, ["--port", "0", "--token", TOKEN, "--token-delay-ms", "2", "--endpoint-delay-ms", "300"], {
    cwd: ROOT,
    ready: /listening on (http:\/\/\S+)/,
  });
  return child.match[1];
}

function executable() {
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return existsSync(path) ? { executablePath: path } : {};
}

async function ask(workspace, method, path, body) {
  const response = await fetch(workspace + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A tab of its own, with everything it logged, requested and broke. */
async function open(
  browser,
  url,
  { theme = "light", width = 1280, height = 860, phone = false, ready: wait = true, ...rest } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    ...(phone && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }),
    ...rest,
  });
  context.setDefaultTimeout(30_000);
  const tab = await context.newPage();
  const log = { console: [], errors: [], requests: [], responses: [] };
  tab.on("console", (message) => log.console.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => log.errors.push(error.message));
  tab.on("request", (request) => log.requests.push(request));
  tab.on("response", (response) => log.responses.push(response));
  await tab.goto(url);
  if (wait) await ready(tab);
  return {
    tab,
    log,
    close: () => context.close(),
    ready: () => ready(tab),
    /** Types a message and sends it with Enter. */
    send: async (text) => {
      await tab.getByLabel("Message", { exact: true }).fill(text);
      await tab.keyboard.press("Enter");
    },
    /** Waits until the last answer is in one of these states. */
    settled: (...states) => settled(tab, states.length > 0 ? states : ["done", "stopped", "failed"]),
    last: () => tab.locator(".answer").last(),
    setting: async (label, act) => {
      await tab.getByRole("button", { name: "Settings", exact: true }).click();
      await act(tab.getByLabel(label, { exact: true }));
      await tab.getByRole("button", { name: "Close settings" }).click();
    },
  };
}

async function ready(tab) {
  await tab.waitForFunction(() => document.querySelector("#model") && !document.querySelector("#model").disabled);
}

async function settled(tab, states) {
  await tab.waitForFunction((wanted) => wanted.includes([...document.querySelectorAll(".answer")].at(-1)?.dataset.state), states);
  return tab.locator(".answer").last().getAttribute("data-state");
}
