// `npm run types`: writes the declarations of the wire types from the Rust types.

import { fileURLToPath } from "node:url";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
await run("cargo", ["test", "--locked", "--lib", "typescript"], { cwd: ROOT, echo: true, env: { LAKEWIRE_WRITE_TYPES: "1" } });
