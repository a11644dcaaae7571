// Streams in Node: lakewire next to plain JavaScript and the clients people use. Every figure is a ratio of CPU time to
// plain JavaScript in the same run. `npm run build`, then `npm ci --legacy-peer-deps` here, then `node stream.mjs`.
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
  const quick = flag("--quick");
  // those that take fifty times as long read fewer events
  const slow = ["ai + provider", "langchainjs"].filter((name) => name in contestants);
  const [many, few] = quick ? [5000, 100] : [10_000, 400];
  const settings = { rounds: quick ? 7 : 11, clock: () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; } };

  const row = async (shape, size, fetchOf) => {
    const [long, short] = [many, few].map((count) => ({ made: lines(shape, count), fetch: fetchOf(shape, count, size) }));
    await assertEqual(short.made, contestants, short.fetch);
    await assertEqual(long.made, contestants, long.fetch);
    const work = (name) => {
      const { made, fetch } = slow.includes(name) ? short : long;
      return { run: () => contestants[name](fetch), events: made.length };
    };
    process.stderr.write(".");
    // one after the other: after the slow ones have filled the caches the fast ones are not themselves
    const fast = await rounds(Object.keys(contestants).filter((name) => !slow.includes(name)), work, settings);
    const others = await rounds(slow, work, { ...settings, rounds: 3, warm: 1 });
    return { head: [shape, size === "event" ? "one event" : `${size} B`], times: { ...fast, ...others } };
  };

  if (!flag("--loopback-only")) {
    const rows = [];
    for (const shape of SHAPES) {
      for (const size of [16384, 512, "event"]) {
        rows.push(await row(shape, size, (shape, count, size) => memoryFetch(reads(lines(shape, count), size))));
      }
    }
    console.log(`\nIn memory, Node ${process.version}, ${many} deltas, CPU time per event, ratio to plain JS (less is better)\n`);
    console.log(table(["stream", "reads"], rows));
  }

  if (!flag("--memory-only")) {
    const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, BENCH_SERVER: "1" } });
    const port = await new Promise((resolve) => child.once("message", resolve));
    const rows = [];
    for (const shape of SHAPES) {
      for (const size of [16384, "event"]) {
        rows.push(
          await row(shape, size, (...key) => (_url, init) =>
            network(`http://127.0.0.1:${port}/`, { method: "POST", body: init?.body, signal: init?.signal, headers: { "x-bench": JSON.stringify(key) } }),
          ),
        );
      }
    }
    child.disconnect();
    console.log(`\nOver loopback, Node ${process.version}, ${many} deltas, the client's CPU time per event, ratio to plain JS\n`);
    console.log(table(["stream", "writes"], rows));
  }
}
