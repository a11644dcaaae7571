// Streams in Node: lakewire next to plain JavaScript and the clients people use. Every figure is a ratio of CPU time to
// plain JavaScript in the same run. `npm run build`, then `npm ci --legacy-peer-deps` here, then `node --expose-gc stream.mjs`.
// `--quick` runs less; `--loopback-only` and `--memory-only` one half.

import { fork } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { aiSdk, core, eventsourceParser, langchain, network, openai } from "./lib/contestants.mjs";
import { assertEqual, rounds, table } from "./lib/measure.mjs";
import { SHAPES, lines, memoryFetch, reads } from "./lib/shapes.mjs";

const flag = (name) => process.argv.includes(name);

if (process.env.BENCH_SERVER) {
  serve();
} else {
  await main();
}

/** The loopback server, in a process of its own: writes the reads it is asked for as fast as they are taken. */
function serve() {
  const bodies = new Map();
  const server = createServer(async (request, response) => {
    request.resume();
    const key = request.headers["x-bench"];
    if (!bodies.has(key)) {
      const [shape, count, size] = JSON.parse(key);
      bodies.set(key, reads(lines(shape, count), size));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const read of bodies.get(key)) {
      if (!response.write(read)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  });
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
  process.on("disconnect", () => process.exit());
}

async function main() {
  process.env.LANGSMITH_TRACING = "false";
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const contestants = {
    ...core(await import("../pkg/dist/index.js")),
    ...eventsourceParser(await import("eventsource-parser")),
    ...openai(await import("openai")),
    ...aiSdk({ ...(await import("ai")), ...(await import("@databricks/ai-sdk-provider")), ...(await import("zod")) }),
    ...langchain(await import("@databricks/langchainjs")),
  };
  const count = flag("--quick") ? 600 : 2000;
  const settings = { rounds: flag("--quick") ? 5 : 7, clock: () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; } };

  if (!flag("--loopback-only")) {
    const rows = [];
    for (const shape of SHAPES) {
      const made = lines(shape, count);
      for (const size of [16384, 512, "event"]) {
        const fetch = memoryFetch(reads(made, size));
        await assertEqual(made, contestants, fetch);
        rows.push({ head: [shape, size === "event" ? "one event" : `${size} B`], times: await rounds(contestants, fetch, settings), per: made.length });
        process.stderr.write(".");
      }
    }
    console.log(`\nIn memory, Node ${process.version}, ${count} deltas, CPU time per event, ratio to plain JS (less is better)\n`);
    console.log(table(["stream", "reads"], rows));
  }

  if (!flag("--memory-only")) {
    const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, BENCH_SERVER: "1" } });
    const port = await new Promise((resolve) => child.once("message", resolve));
    const rows = [];
    for (const shape of SHAPES) {
      const made = lines(shape, count);
      for (const size of [16384, "event"]) {
        const key = JSON.stringify([shape, count, size]);
        const fetch = (_url, init) =>
          network(`http://127.0.0.1:${port}/`, { method: "POST", body: init?.body, signal: init?.signal, headers: { "x-bench": key } });
        await assertEqual(made, contestants, fetch);
        rows.push({ head: [shape, size === "event" ? "one event" : `${size} B`], times: await rounds(contestants, fetch, settings), per: made.length });
        process.stderr.write(".");
      }
    }
    child.disconnect();
    console.log(`\nOver loopback, Node ${process.version}, ${count} deltas, the client's CPU time per event, ratio to plain JS\n`);
    console.log(table(["stream", "writes"], rows));
  }
}
