// Measured in every runtime, from the packed tarball, and written to docs/runtimes.md: cancellation, backpressure, streams as
// bodies of requests, loading, memory of idle streams. `node benches/runtimes.mjs [--write] [words]`, after `npm run build`
// and one run of tests/runtimes/run.mjs, whose runtimes it takes. What was measured is kept in target/, so that runtimes can be
// measured one by one.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { browser as findChromium } from "../scripts/browser.mjs";
import { run, stopAll } from "../scripts/lib.mjs";
import { pack } from "../tests/runtimes/package.mjs";
import { firefox, webkit } from "../tests/runtimes/webdriver.mjs";
import { inWorkerd, nodes } from "../tests/runtimes/worker.mjs";
import { serve } from "./runtimes/server.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TESTS = join(ROOT, "tests", "runtimes");
const tools = join(TESTS, "node_modules");
const [TIMES, LOADS, COUNTS] = [20, 7, [100, 500]];
const writing = process.argv.includes("--write");
const words = process.argv.slice(2).filter((word) => word !== "--write");
const wants = (name) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase()));
const say = (text) => process.stdout.write(`${text}\n`);

const median = (all) => [...all].sort((one, other) => one - other)[all.length >> 1];
const ms = (all) => (all.length === 0 ? "–" : `${median(all).toFixed(1)}`);
/** Of times on a machine that others use too, the shortest says most. */
const least = (all) => Math.min(...all).toFixed(1);
const size = (bytes) => (bytes === undefined ? "–" : bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${Math.round(bytes / 1024)} KiB`);

const folder = await mkdtemp(join(TESTS, ".run-"));
const site = await serve(folder);
const probe = join(ROOT, "benches", "runtimes", "probe.mjs");
const KEPT = join(ROOT, "target", "runtimes-measured.json");
const results = new Map(existsSync(KEPT) ? JSON.parse(await readFile(KEPT, "utf8")) : []);
await mkdir(join(folder, "out"), { recursive: true });
await pack(join(ROOT, "pkg"), folder);

const keep = () => writeFile(KEPT, JSON.stringify([...results]));

/** What the server saw, with what the runtime said. */
function note(runtime, version, said, load) {
  const seen = site.taken();
  const of = (mode, kind) => seen.filter((one) => one.mode === mode && (kind === undefined || one.kind === kind));
  const [upload] = of("upload");
  const sent = upload === undefined ? said.upload : upload.text !== "one two three" ? `sent as the text "${upload.text}"` : upload.chunked ? `streamed, ${upload.pieces} pieces` : "collected, then sent with its length";
  const row = {
    runtime, version,
    cancel: [ms(of("cancel", "lakewire").map((one) => one.ms)), `${ms(of("cancel", "fetch").map((one) => one.ms))}${said.lost ? ` (${said.lost} aborts without effect)` : ""}`],
    push: ["lakewire", "fetch"].map((kind) => of("push", kind).map(({ bytes, all }) => `${all ? "all of " : ""}${size(bytes)}`)[0] ?? "–"),
    upload: sent, load, memory: {},
  };
  results.set(runtime, row);
  say(JSON.stringify(row));
  return row;
}

/** Runs a program and reads what it reports. */
async function program(name, text, command, args) {
  await writeFile(join(folder, name), text);
  const { code, stdout, stderr } = await run(command, [...args, name], { cwd: folder, check: false, timeoutMs: 180_000, env: { NO_COLOR: "1", NODE_OPTIONS: undefined, BUN_CONFIG_MAX_HTTP_REQUESTS: "1000" } });
  const found = /^RESULT (.*)$/m.exec(stdout);
  if (!found || code !== 0) throw new Error(`${command} ended with exit code ${code}\n${stdout}${stderr}`);
  return JSON.parse(found[1]);
}

const config = JSON.stringify({ host: site.url, token: "t" });
const report = (value) => `console.log("RESULT " + JSON.stringify(${value}));\n`;
const done = "globalThis.Deno ? Deno.exit(0) : process.exit(0);\n";
const version = "globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node";

async function inProcess(runtime, command, args, collect) {
  const probing = await program("probing.mjs", `import * as lakewire from "lakewire";\nimport { probe } from ${JSON.stringify(pathToFileURL(probe).href)};\nconst said = await probe(lakewire, ${config}, ${JSON.stringify(site.url)}, ${TIMES});\n${report(`{ version: ${version}, ...said }`)}${done}`, command, args);
  const load = {};
  const warm = `await (await fetch("${site.url}/serving-endpoints/whole-x/invocations", { method: "POST", body: "{}" })).text();\n`;
  const call = `const client = new WorkspaceClient(${config});\nconst t1 = performance.now();\nawait client.chat("whole-x").invoke("Hi");\n${report("[t1 - t0, performance.now() - t1]")}${done}`;
  const forms = {
    inline: `${warm}const t0 = performance.now();\nconst { WorkspaceClient } = await import("lakewire");\n${call}`,
    slim: `import { readFile } from "node:fs/promises";\n${warm}const t0 = performance.now();\nconst { default: init, WorkspaceClient } = await import("lakewire/slim");\nawait init(await readFile(new URL(import.meta.resolve("lakewire/core.wasm"))));\n${call}`,
    chat: `${warm}const t0 = performance.now();\nconst { WorkspaceClient } = await import("lakewire/chat");\n${call}`,
  };
  for (const [form, text] of Object.entries(forms)) {
    const all = [];
    for (let at = 0; at < LOADS; at += 1) all.push(await program(`load-${form}.mjs`, text, command, args));
    load[form] = [least(all.map(([loading]) => loading)), least(all.map(([, calling]) => calling))];
  }
  const bare = [];
  for (let at = 0; at < LOADS; at += 1) bare.push(await program("load-fetch.mjs", `${warm}const t0 = performance.now();\nawait (await fetch("${site.url}/serving-endpoints/whole-x/invocations", { method: "POST", body: "{}" })).json();\n${report("performance.now() - t0")}${done}`, command, args));
  load.fetch = least(bare);
  const row = note(runtime, `${runtime.split(" ")[0]} ${probing.version}`, probing, load);
  for (const kind of ["lakewire", "fetch"]) {
    for (const count of COUNTS) {
      const text = `import * as lakewire from "lakewire";\nimport { idle } from ${JSON.stringify(pathToFileURL(probe).href)};
const memory = async () => { for (let at = 0; at < 5; at += 1) { ${collect.gc}; await new Promise((done) => setTimeout(done, 20)); } const { heapUsed, external, rss } = ${collect.usage}; return { heap: heapUsed + external, rss }; };
${report(`await idle(lakewire, ${config}, ${JSON.stringify(site.url)}, ${count}, memory, ${JSON.stringify(kind)})`)}${done}`;
      const all = [];
      for (let at = 0; at < 3; at += 1) all.push(await program("idle.mjs", text, command, collect.args));
      row.memory[`${kind} ${count}`] = { heap: median(all.map(({ heap }) => heap)), rss: median(all.map(({ rss }) => rss)) };
    }
  }
  say(JSON.stringify(row.memory));
  await keep();
}

async function chromium() {
  const { chromium: playwright } = await import("playwright-core");
  const browser = await playwright.launch({ executablePath: await findChromium(), args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"] });
  const visit = async (url) => {
    const tab = await browser.newPage();
    await tab.goto(url);
    const found = await tab.waitForFunction(() => globalThis.results, undefined, { timeout: 90_000 }).then((handle) => handle.jsonValue(), () => null);
    await tab.close();
    return { results: found };
  };
  return { version: `Chromium ${browser.version()}`, visit, close: () => browser.close() };
}

async function inPage(runtime, { version: shown, visit, close, lacking }) {
  if (lacking) return say(`${runtime} is not here: ${lacking}`);
  const dist = "/node_modules/lakewire/dist";
  const map = JSON.stringify({ imports: { lakewire: `${dist}/index.js`, "lakewire/chat": `${dist}/chat/index.js`, "lakewire/slim": `${dist}/slim.js` } });
  const page = async (name, text) => {
    await writeFile(join(folder, `${name}.mjs`), text);
    await writeFile(join(folder, `${name}.html`), `<!doctype html><title>lakewire</title><script type="importmap">${map}</script><script type="module" src="/${name}.mjs"></script>`);
    const { results: found } = await visit(`${site.url}/${name}.html`);
    if (!found) throw new Error(`${runtime}: the page ${name} gave no results`);
    return found;
  };
  const host = `{ host: "/databricks" }`;
  const said = await page("probing", `import * as lakewire from "lakewire";\nimport { probe } from "/probe.mjs";\nglobalThis.results = await probe(lakewire, ${host}, "/databricks", ${TIMES});`);
  const warm = `await (await fetch("/databricks/serving-endpoints/whole-x/invocations", { method: "POST", body: "{}" })).text();\n`;
  const call = `const client = new WorkspaceClient(${host});\nconst t1 = performance.now();\nawait client.chat("whole-x").invoke("Hi");\nglobalThis.results = [t1 - t0, performance.now() - t1];`;
  const forms = {
    inline: `${warm}const t0 = performance.now();\nconst { WorkspaceClient } = await import("lakewire");\n${call}`,
    slim: `${warm}const t0 = performance.now();\nconst { default: init, WorkspaceClient } = await import("lakewire/slim");\nawait init(fetch("${dist}/core.wasm"));\n${call}`,
    chat: `${warm}const t0 = performance.now();\nconst { WorkspaceClient } = await import("lakewire/chat");\n${call}`,
  };
  const load = {};
  for (const [form, text] of Object.entries(forms)) {
    const all = [];
    for (let at = 0; at < LOADS; at += 1) all.push(await page(`load-${form}`, text));
    load[form] = [least(all.map(([loading]) => loading)), least(all.map(([, calling]) => calling))];
  }
  const bare = [];
  for (let at = 0; at < LOADS; at += 1) bare.push((await page("load-fetch", `${warm}const t0 = performance.now();\nawait (await fetch("/databricks/serving-endpoints/whole-x/invocations", { method: "POST", body: "{}" })).json();\nglobalThis.results = [performance.now() - t0];`))[0]);
  load.fetch = least(bare);
  note(runtime, shown, said, load);
  await close();
}

function table() {
  const order = ["Node", "Deno", "Bun", "workerd", "Chromium", "Firefox", "WebKit"];
  const rank = ({ runtime }) => order.findIndex((name) => runtime.startsWith(name));
  const rows = [...results.values()].sort((one, other) => rank(one) - rank(other) || one.runtime.localeCompare(other.runtime));
  const memory = (row, kind, of) => (row.memory[`${kind} 100`] === undefined ? "–" : COUNTS.map((count) => `${(row.memory[`${kind} ${count}`][of] / 1024).toFixed(0)}`).join(" / "));
  const lines = (head, cells) => [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...rows.map((row) => `| ${[row.runtime, ...cells(row)].join(" | ")} |`)].join("\n");
  return [
    `Taken with ${rows.map(({ version: shown }) => shown).join(", ")} on ${cpus()[0].model}, ${cpus().length} cores, shared with other work, over which the measured processes had priority; server and client on one machine. \`node benches/runtimes.mjs --write\` takes them anew. None of this is asserted by a test.${rows.some(({ runtime }) => runtime === "WebKit") ? "" : " WebKit is missing: its page did not come to the end of the probe."}`,
    "",
    "**Cancellation**: a stream is given up at an event, by `abort()`; milliseconds from the server's writing that event to its seeing the connection end, median of " + TIMES + ". Beside it the same with `fetch` and its reader alone: the difference is ours.",
    "",
    lines(["runtime", "lakewire, ms", "fetch alone, ms"], ({ cancel }) => cancel),
    "",
    "**Backpressure**: the server writes events for as long as the connection takes them, but 96 MiB at most (8 MiB for WebKit); the client reads one and stalls. How much the server could push, the system's socket buffers (some MiB on loopback) among it.",
    "",
    lines(["runtime", "lakewire", "fetch alone"], ({ push }) => push),
    "",
    "**Streams as bodies of requests**: what `fetch` of the runtime does with a `ReadableStream` as the body (`duplex: \"half\"`, HTTP/1.1). lakewire does not need it: each of its requests is one whole body, in memory, so the limit of what is sent is the service's.",
    "",
    lines(["runtime", "a body of three pieces"], ({ upload }) => [upload.replaceAll("|", "\\|")]),
    "",
    `**Loading**: milliseconds from before the \`import()\` to a client, then of the first call to a server that answers at once; the shortest of ${LOADS}, each in a new process or page (without a cache) in which \`fetch\` was used once, since runtimes load that when it is first used. A worker's clock stands still while it computes: nothing can be said there.`,
    "",
    lines(["runtime", "`lakewire`", "first call", "`lakewire/slim`", "first call", "`lakewire/chat`", "first call", "`fetch` alone"], ({ load: { inline, slim, chat, fetch: bare = "–" } }) => [...[inline, slim, chat].flatMap((pair) => pair ?? ["–", "–"]), bare]),
    "",
    `**Memory of an idle stream**: growth after a collection, divided by the streams, with ${COUNTS.join(" / ")} open, the median of three processes: KiB of the heap (with what hangs on it outside) and of the process's resident memory, which a collector gives back when it likes: its figure for ${COUNTS[0]} may even be below zero. Bun opens 256 connections at most unless \`BUN_CONFIG_MAX_HTTP_REQUESTS\` says otherwise, as it did here. Browsers open six to a server over HTTP/1.1, and workerd's memory is not one stream's: not measured there.`,
    "",
    lines(["runtime", "lakewire, heap", "fetch alone, heap", "lakewire, resident", "fetch alone, resident"], (row) => ["heap", "rss"].flatMap((of) => ["lakewire", "fetch"].map((kind) => memory(row, kind, of)))),
  ].join("\n");
}

try {
  const node = { gc: "globalThis.gc()", usage: "process.memoryUsage()", args: ["--expose-gc"] };
  for (const [major, path] of nodes(tools)) if (wants(`Node ${major}`)) await inProcess(`Node ${major}`, path, [], node);
  const deno = join(tools, "@deno", "linux-x64-glibc", "deno");
  const denoRun = ["run", "--no-prompt", "--allow-net", "--allow-read", "--node-modules-dir=manual", "--no-lock"];
  if (wants("Deno")) await inProcess("Deno", existsSync(deno) ? deno : "deno", denoRun, { gc: "globalThis.gc()", usage: "Deno.memoryUsage()", args: [...denoRun, "--v8-flags=--expose-gc"] });
  if (wants("Bun")) await inProcess("Bun", join(tools, ".bin", "bun"), ["run"], { gc: "Bun.gc(true)", usage: "process.memoryUsage()", args: ["run"] });

  if (wants("workerd")) {
    const text = `import * as lakewire from "lakewire";\nimport { probe } from ${JSON.stringify(probe)};\nexport default { async fetch() { return Response.json(await probe(lakewire, ${config}, ${JSON.stringify(site.url)}, ${TIMES})); } };\n`;
    const said = await inWorkerd({ folder, tools }, "bench", text, "2026-04-01");
    note("workerd", `workerd ${JSON.parse(await readFile(join(tools, "workerd", "package.json"), "utf8")).version}`, said, {});
  }
  await writeFile(join(folder, "probe.mjs"), await readFile(probe));
  for (const [runtime, start] of [["Chromium", chromium], ["Firefox", () => firefox(tools)], ["WebKit", webkit]]) if (wants(runtime)) {
    site.limits.most = (runtime === "WebKit" ? 8 : 96) * 2 ** 20;
    await inPage(runtime, await start());
  }
  say(table());
  await keep();
  if (writing) {
    const path = join(ROOT, "docs", "runtimes.md");
    const text = await readFile(path, "utf8");
    const [from, to] = ["<!-- measured -->", "<!-- /measured -->"].map((mark) => text.indexOf(mark));
    if (from < 0 || to < from) throw new Error("docs/runtimes.md has no place marked <!-- measured -->.");
    await writeFile(path, `${text.slice(0, from)}<!-- measured -->\n${table()}\n${text.slice(to)}`);
  }
} finally {
  await stopAll();
  site.close();
  await rm(folder, { recursive: true, force: true });
}
