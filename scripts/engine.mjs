// The SQL engine of the emulated workspace: built once, then started beside the emulator, which finds it by its address.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, start } from "./lib.mjs";

const FOLDER = fileURLToPath(new URL("../engine/", import.meta.url));
const exe = process.platform === "win32" ? ".exe" : "";

/** Builds the engine (some minutes the first time) and gives the program's path. */
export async function buildEngine(options = {}) {
  await run("cargo", ["build", "--locked", "--manifest-path", join(FOLDER, "Cargo.toml")], { cwd: FOLDER, env: { CARGO_TARGET_DIR: undefined }, ...options });
  const program = join(FOLDER, "target", "debug", `lakewire-engine${exe}`);
  if (!existsSync(program)) throw new Error(`cargo built the SQL engine, but it is not at ${program}.`);
  return program;
}

/** Starts it on a port (0 picks one); `match[1]` of what it gives is the address. */
export function startEngine(program, port = 0, args = []) {
  return start(program, ["--port", String(port), ...args], { cwd: FOLDER, ready: /listening on (http:\/\/\S+)/ });
}
