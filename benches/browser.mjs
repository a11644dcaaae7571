// The same streams in Chromium, in memory: the package as a page loads it, bundled with the clients that run in a page.
// `npm run build`, `npm ci --legacy-peer-deps` here, a Chromium (`CHROMIUM`, or /usr/bin/chromium), then `node browser.mjs`.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const count = process.argv.includes("--quick") ? 5000 : 10_000;

const { outputFiles } = await build({
  bundle: true, write: false, format: "esm", platform: "browser", target: "es2022",
  stdin: {
    resolveDir: here("."),
    contents: `
      import * as lakewire from "../pkg/dist/index.js";
      import { createParser } from "eventsource-parser";
      import { OpenAI } from "openai";
      import { core, eventsourceParser, openai } from "./lib/contestants.mjs";
      import { assertEqual, rounds, table } from "./lib/measure.mjs";
      import { SHAPES, lines, memoryFetch, reads } from "./lib/shapes.mjs";
      globalThis.run = async (count, times) => {
        const contestants = { ...core(lakewire), ...eventsourceParser({ createParser }), ...openai({ OpenAI }) };
        const rows = [];
        for (const shape of SHAPES) {
          const made = lines(shape, count);
          for (const size of [16384, 512, "event"]) {
            const fetch = memoryFetch(reads(made, size));
            await assertEqual(made, contestants, fetch);
            const work = (name) => ({ run: () => contestants[name](fetch), events: made.length });
            rows.push({ head: [shape, size === "event" ? "one event" : size + " B"], times: await rounds(Object.keys(contestants), work, { rounds: times, clock: () => performance.now() }) });
          }
        }
        return table(["stream", "reads"], rows);
      };`,
  },
});

const server = createServer((request, response) => {
  const script = request.url.endsWith(".js");
  // isolated, so that the clock is fine enough to time a run with
  response.writeHead(200, {
    "content-type": script ? "text/javascript" : "text/html",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  });
  response.end(script ? outputFiles[0].contents : '<!doctype html><meta charset="utf-8"><script type="module" src="bench.js"></script>');
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.run);
  const made = await page.evaluate(([count, times]) => globalThis.run(count, times), [count, process.argv.includes("--quick") ? 7 : 15]);
  console.log(`\nIn memory, Chromium ${browser.version()}, ${count} deltas, time per event, ratio to plain JS (less is better)\n\n${made}`);
} finally {
  await browser.close();
  server.close();
}
