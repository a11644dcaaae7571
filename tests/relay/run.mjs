// Runs every test file of this folder. Last line: `N passed, N failed`.
// `node tests/relay/run.mjs stream` runs only the files whose names hold one of the words.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, unlessStamped } from "../../scripts/lib.mjs";
import { runFolder } from "../folder.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
// Deno, Bun and workerd are those of tests/runtimes
const runtimes = join(here, "..", "runtimes");
const digest = await fingerprint(runtimes, ["package.json", "package-lock.json"]);
await unlessStamped(join(runtimes, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: runtimes }));
await runFolder(here);
