// Embeddings, 512 vectors of 1024 numbers: the answer's bytes to one Float32Array, next to JSON.parse. In Node by CPU time
// and, when CHROMIUM names one, in Chromium by wall time. `npm run build`, `npm ci --legacy-peer-deps` here, then
// `node embeddings.mjs`; `--quick` runs less.

import { compare } from "./lib/vectors.mjs";

const rounds = process.argv.includes("--quick") ? 7 : 21;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

console.log(`\nEmbeddings in memory, Node ${process.version}, CPU time, ratio to the first (less is better)\n`);
console.log(await compare(await import("../pkg/dist/index.js"), { rounds, clock: cpu }));

if (process.env.CHROMIUM) {
  const { inPage } = await import("./lib/page.mjs");
  const script = `
    import * as lakewire from "../pkg/dist/index.js";
    import { compare } from "./lib/vectors.mjs";
    globalThis.run = (rounds) => compare(lakewire, { rounds, clock: () => performance.now() });`;
  const { version, result } = await inPage(script, rounds);
  console.log(`\nThe same in Chromium ${version}, wall time\n\n${result}`);
}
