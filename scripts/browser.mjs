// Finds a Chromium for the tests, or installs one: from CHROMIUM, from PATH, from Playwright's own store, else by
// Playwright's download, else by the system's package manager.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

async function onPath() {
  for (const name of NAMES) {
    const found = await run(process.platform === "win32" ? "where" : "which", [name], { check: false }).catch(() => undefined);
    const path = found?.code === 0 ? found.stdout.trim().split("\n")[0] : undefined;
    if (path) return path;
  }
  return undefined;
}

async function fromPlaywright() {
  const { chromium } = await import("playwright-core");
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : undefined;
}

/** The path of a Chromium that can be started. */
export async function browser() {
  const named = process.env.CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM is set to ${named}, where there is no browser.`);
  }
  const found = (await onPath()) ?? (await fromPlaywright());
  if (found) return found;
  const cli = `${ROOT}node_modules/playwright-core/cli.js`;
  const downloaded = await run(process.execPath, [cli, "install", "--with-deps", "chromium"], { check: false, timeoutMs: 300_000 }).catch(() => undefined);
  if (downloaded?.code === 0) {
    const path = await fromPlaywright();
    if (path) return path;
  }
  if (process.platform === "linux" && process.getuid?.() === 0) {
    await run("apt-get", ["update", "-qq"], { check: false });
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { check: false, env: { DEBIAN_FRONTEND: "noninteractive" } });
    const path = await onPath();
    if (path) return path;
  }
  throw new Error("No Chromium was found and none could be installed: install Chromium or Chrome, or set CHROMIUM to its path.");
}
