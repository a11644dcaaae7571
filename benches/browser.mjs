// The same streams in Chromium, in memory: the package as a page loads it, bundled with the clients that run in a page.
// `npm run build`, `npm ci --legacy-peer-deps` here, a Chromium (`CHROMIUM`, or /usr/bin/chromium), then `node browser.mjs`.

import { inPage } from "./lib/page.mjs";

const count = process.argv.includes("--quick") ? 5000 : 10_000;

const script = `
  import * as lakewire from "../pkg/dist/index.js";
  import { createParser } from "eventsource-parser";
  import { OpenAI } from "openai";
  import { core, eventsourceParser, openai } from "./lib/contestants.mjs";
  import { assertEqual, rounds, table } from "./lib/measure.mjs";
  import { SHAPES, lines, memoryFetch, reads } from "./lib/shapes.mjs";
  globalThis.run = async ([count, times]) => {
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
  };`;
const { version, result } = await inPage(script, [count, process.argv.includes("--quick") ? 7 : 15]);
console.log(`\nIn memory, Chromium ${version}, ${count} deltas, time per event, ratio to plain JS (less is better)\n\n${result}`);
