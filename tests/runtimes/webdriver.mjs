// Firefox and WebKit without a driver package: Firefox speaks WebDriver BiDi over its own port, WebKitGTK brings
// WebKitWebDriver. Each is found or installed as scripts/browser.mjs does for Chromium.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { freePort, run, start } from "../../scripts/lib.mjs";

async function found(names) {
  for (const name of names) {
    if (existsSync(name)) return name;
    const { code, stdout } = await run(process.platform === "win32" ? "where" : "which", [name], { check: false }).catch(() => ({ code: 1 }));
    if (code === 0 && stdout.trim()) return stdout.trim().split("\n")[0];
  }
  return undefined;
}

/** The programs, installed if need be and allowed; else what is missing. */
async function programs(packages, wanted) {
  const look = async () => Object.fromEntries(await Promise.all(Object.entries(wanted).map(async ([name, names]) => [name, await found(names)])));
  let paths = await look();
  const missing = () => Object.keys(paths).filter((name) => !paths[name]);
  if (missing().length > 0 && process.platform === "linux" && process.getuid?.() === 0) {
    const options = { check: false, timeoutMs: 240_000, env: { DEBIAN_FRONTEND: "noninteractive" } };
    await run("apt-get", ["update", "-qq"], options).catch(() => undefined);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options).catch(() => undefined);
    paths = await look();
  }
  return missing().length === 0 ? { paths } : { lacking: `${missing().join(" and ")} was not found and could not be installed` };
}

/** What polls a page until it has results; gives them, or what the page says instead. */
async function until(ask, limitMs = 90_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const text = await ask("JSON.stringify([globalThis.results ?? null, globalThis.complaints ?? []])");
    const [results, complaints] = JSON.parse(text ?? "[null,[]]");
    if (results || Date.now() > end) return { results, complaints };
    await sleep(100);
  }
}

/** Firefox: `{ version, visit(url), close() }`, or `{ lacking }` where there is none. */
export async function firefox(tools) {
  const { paths, lacking } = await programs(["firefox-esr"], { Firefox: [process.env.FIREFOX, "firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"].filter(Boolean) });
  if (lacking) return { lacking };
  const { WebSocket } = await import(pathToFileURL(join(tools, "ws", "wrapper.mjs")).href);
  const profile = await mkdtemp(join(tmpdir(), "lakewire-firefox-"));
  await writeFile(join(profile, "user.js"), ["datareporting.policy.dataSubmissionEnabled", "app.update.enabled", "browser.safebrowsing.update.enabled", "network.captive-portal-service.enabled", "network.connectivity-service.enabled"].map((name) => `user_pref("${name}", false);`).join("\n"));
  const program = await start(paths.Firefox, ["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", profile, "about:blank"], { ready: /WebDriver BiDi listening on (ws:\S+)/, timeoutMs: 60_000, env: { HOME: profile, MOZ_DISABLE_CONTENT_SANDBOX: process.getuid?.() === 0 ? "1" : undefined } });
  const socket = new WebSocket(`${program.match[1]}/session`);
  await new Promise((done, fail) => socket.once("open", done).once("error", fail));
  const waiting = new Map();
  let complaints = [];
  socket.on("message", (bytes) => {
    const message = JSON.parse(bytes);
    if (message.method === "log.entryAdded" && ["error", "warn"].includes(message.params.level)) complaints.push(message.params.text);
    const running = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "error") running?.[1](new Error(`${message.error}: ${message.message}`));
    else running?.[0](message.result);
  });
  socket.on("close", () => waiting.forEach(([, fail]) => fail(new Error("Firefox closed its port."))));
  let last = 0;
  const call = (method, params) => new Promise((done, fail) => (waiting.set((last += 1), [done, fail]), socket.send(JSON.stringify({ id: last, method, params }))));
  const { capabilities } = await call("session.new", { capabilities: {} });
  await call("session.subscribe", { events: ["log.entryAdded"] });
  const close = async () => {
    await call("session.end", {}).catch(() => undefined);
    socket.close();
    await program.stop();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  const visit = async (url) => {
    complaints = [];
    const { context } = await call("browsingContext.create", { type: "tab" });
    await call("browsingContext.navigate", { context, url, wait: "complete" });
    const page = await until(async (expression) => (await call("script.evaluate", { expression, target: { context }, awaitPromise: false })).result?.value);
    await call("browsingContext.close", { context });
    return { results: page.results, complaints: [...complaints, ...page.complaints] };
  };
  return { version: `Firefox ${capabilities.browserVersion}`, visit, close };
}

/** WebKitGTK: `{ version, visit(url), close() }`, or `{ lacking }`. It needs a display: a virtual one is started. */
export async function webkit() {
  if (process.platform !== "linux") return { lacking: "WebKitGTK, which drives the WebKit row, is for Linux" };
  const browsers = ["x86_64", "aarch64"].flatMap((arch) => ["4.1", "6.0", "4.0"].map((api) => `/usr/lib/${arch}-linux-gnu/webkit2gtk-${api}/MiniBrowser`));
  const { paths, lacking } = await programs(["webkit2gtk-driver", "xvfb"], { WebKitWebDriver: ["WebKitWebDriver"], Xvfb: ["Xvfb"], MiniBrowser: browsers });
  if (lacking) return { lacking };
  let display;
  for (let number = 90 + (process.pid % 400); display === undefined && number < 999; number += 1) if (!existsSync(`/tmp/.X${number}-lock`)) display = number;
  const screen = await start(paths.Xvfb, [`:${display}`, "-nolisten", "tcp", "-screen", "0", "1280x800x24"]);
  for (let tries = 0; tries < 100 && !existsSync(`/tmp/.X11-unix/X${display}`); tries += 1) await sleep(50);
  const port = await freePort();
  const driver = await start(paths.WebKitWebDriver, [`--port=${port}`, "--host=127.0.0.1"], { env: { DISPLAY: `:${display}`, GDK_BACKEND: "x11", WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: process.getuid?.() === 0 ? "1" : undefined } });
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`WebKitWebDriver: ${value?.message ?? answer.status}`);
    return value;
  };
  for (let tries = 0; tries < 100 && !(await call("GET", "/status").catch(() => undefined)); tries += 1) await sleep(50);
  const { sessionId, capabilities } = await call("POST", "/session", { capabilities: { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": { binary: paths.MiniBrowser, args: ["--automation"] } } } });
  const close = async () => {
    await call("DELETE", `/session/${sessionId}`).catch(() => undefined);
    await driver.stop();
    await screen.stop();
  };
  const visit = async (url) => {
    await call("POST", `/session/${sessionId}/url`, { url });
    return until((expression) => call("POST", `/session/${sessionId}/execute/sync`, { script: `return ${expression};`, args: [] }));
  };
  return { version: `WebKitGTK ${capabilities.browserVersion}`, visit, close };
}
