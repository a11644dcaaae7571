// `npm run bench`: speed and size beside what people use today. `npm run bench -- stream size` runs these alone; after a
// `--`, arguments go to the benchmark: `npm run bench -- stream -- --quick`.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { browser } from "./browser.mjs";
import { fingerprint, npm, run, step, unlessStamped } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BENCHES = join(ROOT, "benches");
const given = process.argv.slice(2);
const cut = given.includes("--") ? given.indexOf("--") : given.length;
const names = given.slice(0, cut).length > 0 ? given.slice(0, cut) : ["size", "stream", "call", "embeddings", "browser", "border", "sql", "sql-memory", "native"];

const digest = await fingerprint(BENCHES, ["package.json", "package-lock.json"]);
await unlessStamped(join(BENCHES, "node_modules", ".lakewire-installed"), digest, () =>
  step("Install the contestants", () => npm(["ci", "--no-audit", "--no-fund", "--legacy-peer-deps"], { cwd: BENCHES })),
);
await step("Build the package", () => run(process.execPath, ["scripts/build.mjs"], { cwd: ROOT }));
for (const name of names) {
  const env = ["browser", "embeddings"].includes(name) ? { CHROMIUM: await browser() } : {};
  const [command, args, cwd] =
    name === "native"
      ? ["cargo", ["run", "--locked", "--release"], join(BENCHES, "native")]
      : [process.execPath, [...(["stream", "sql-memory"].includes(name) ? ["--expose-gc"] : []), `${name}.mjs`, ...given.slice(cut + 1)], BENCHES];
  await run(command, args, { cwd, env, echo: true });
}
