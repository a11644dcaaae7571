// Runs every test file of this folder. Last line: `N passed, N failed`.
// `node tests/js/run.mjs stream cancel` runs only the files whose names hold one of the words.

import { fileURLToPath } from "node:url";
import { runFolder } from "../folder.mjs";

await runFolder(fileURLToPath(new URL(".", import.meta.url)));
