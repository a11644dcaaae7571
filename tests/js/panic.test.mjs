// A panic of the core: a bug, but never a hang. Uses the core built with `panic_test`, which can panic on purpose, under the
// same facade: `npm run build -- --features panic_test --out pkg-panic` makes it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { ROOT } from "./package.mjs";

const STAGING = join(ROOT, "target", "wasm", "package-panic_test-whole");
const run = promisify(execFile);
let folder;

/** The facade over the core that panics, in one file that also exports `panicNow`. */
before(async () => {
  if (!existsSync(join(STAGING, "core.js"))) await run(process.execPath, [join(ROOT, "scripts", "build.mjs"), "--features", "panic_test", "--out", "pkg-panic"], { cwd: ROOT });
  folder = await mkdtemp(join(tmpdir(), "lakewire-panic-"));
  await build({
    stdin: {
      contents: 'import { initSync, panicNow } from "./core.js"; import module from "./wasm-inline.js"; initSync({ module }); export * from "./facade.js"; export { panicNow };',
      resolveDir: join(ROOT, "pkg-template"),
    },
    bundle: true,
    format: "esm",
    platform: "neutral",
    outfile: join(folder, "lakewire.mjs"),
    logLevel: "silent",
    plugins: [{
      name: "core-beside-the-template",
      setup(builder) {
        builder.onResolve({ filter: /^\.\/(core|wasm-inline)\.js$/ }, ({ path }) => ({ path: join(STAGING, path) }));
        builder.onResolve({ filter: /validator\.js$/ }, ({ path }) => ({ path, external: true }));
      },
    }],
  });
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in a process of its own; gives what it put into `out`, and what nobody caught. */
async function inProcess(text) {
  const script = `
    import { LakewireError, panicNow, WorkspaceClient } from "./lakewire.mjs";
    const out = { uncaught: [] };
    process.on("uncaughtException", (error) => out.uncaught.push(String(error)));
    process.on("unhandledRejection", (error) => out.uncaught.push(String(error)));
    const chat = (fetch) => new WorkspaceClient({ host: "https://x.example", token: "dapi-canary", fetch }).chat("e");
    const good = async () => new Response('{"choices":[{"index":0,"message":{"role":"assistant","content":"good"}}]}');
    const hang = () => new Promise(() => {});
    const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
    const end = (promise) => promise.then(() => "resolved", (error) => (error instanceof LakewireError ? error.kind : String(error)));
    const panic = () => { panicNow().catch(() => {}); return tick(); };
    ${text}
    console.log(JSON.stringify(out));
    process.exit(0);`;
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(path, script);
  const { stdout, stderr } = await run(process.execPath, [path], { timeout: 60_000 });
  assert.ok(!(stdout + stderr).includes("canary"));
  return JSON.parse(stdout);
}

test("M1 M3: three panics in a row: what is in flight is rejected, the next call works", async () => {
  const out = await inProcess(`
    out.rounds = [];
    for (let round = 0; round < 3; round += 1) {
      const waiting = Array.from({ length: 20 }, () => end(chat(hang).invoke("x")));
      await tick();
      await panic();
      out.rounds.push({ ended: [...new Set(await Promise.all(waiting))], next: (await chat(good).invoke("x")).text });
    }`);
  assert.equal(out.rounds.length, 3);
  for (const round of out.rounds) assert.deepEqual(round, { ended: ["InternalError"], next: "good" });
});

test("M1 L4: the error says that it is a bug and where, without paths of a machine", async () => {
  const out = await inProcess(`
    const waiting = chat(hang).invoke("x").catch((error) => error);
    await tick();
    await panic();
    const error = await waiting;
    out.error = { kind: error.kind, message: error.message, retry: error.isRetryable };`);
  assert.equal(out.error.kind, "InternalError");
  assert.match(out.error.message, /bug in lakewire/);
  assert.doesNotMatch(out.error.message, /\/(root|home|work|Users)\//);
  assert.equal(out.error.retry, false);
});

test("M2: a panic beside 100 live streams: each ends or goes on, none hangs", async () => {
  const out = await inProcess(`
    const gates = [];
    const live = async () => new Response(new ReadableStream({ start: (gate) => gates.push(gate) }), { headers: { "content-type": "text/event-stream" } });
    const streams = await Promise.all(Array.from({ length: 100 }, () => chat(live).textStream("x")));
    const ends = streams.map(async (stream) => { let text = ""; try { for await (const word of stream) text += word; return text; } catch (error) { return error instanceof LakewireError ? error.kind : String(error); } });
    const bytes = (text) => new TextEncoder().encode(text);
    const say = (word, reason) => bytes('data: {"choices":[{"index":0,"delta":{"content":"' + word + '"},"finish_reason":' + reason + '}]}\\n\\n');
    for (const gate of gates) gate.enqueue(say("a", "null"));
    await tick();
    await panic();
    for (const gate of gates) { try { gate.enqueue(say("b", '"stop"')); gate.close(); } catch { /* let go */ } }
    out.ends = [...new Set(await Promise.all(ends))];
    out.next = (await chat(good).invoke("x")).text;`);
  for (const end of out.ends) assert.ok(["ab", "InternalError"].includes(end), end);
  assert.equal(out.next, "good");
});

test("M1: a panic reaches nobody's uncaughtException: it must not end the process", async () => {
  const out = await inProcess(`
    const waiting = end(chat(hang).invoke("x"));
    await tick();
    await panic();
    out.ended = await waiting;`);
  assert.equal(out.ended, "InternalError");
  assert.deepEqual(out.uncaught, []);
});
