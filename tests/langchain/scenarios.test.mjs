// Every scenario in Node.

import { test } from "node:test";
import { scenarios } from "./scenarios.mjs";
import { workspace } from "./setup.mjs";

for (const [name, run] of Object.entries(scenarios)) test(name, () => run(workspace));
