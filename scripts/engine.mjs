// The SQL engine of the emulated workspace: built once, then started beside the emulator, which finds it by its address.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, start } from "./lib.mjs";

const FOLDER = fileURLToPath(new URL("../engine/", import.meta.url));
const exe = process.platform === "win32" ? ".exe" : "";

/** Builds the engine (some minutes the first time) and gives the program's path; `nice`: with what other builds leave of the machine. */
export async function buildEngine({ nice = false, ...options } = {}) {
  const build = ["cargo", "build", "--locked", "--manifest-path", join(FOLDER, "Cargo.toml")];
  const [program, ...args] = nice && process.platform !== "win32" ? ["nice", "-n", "19", ...build] : build;
  await run(program, args, { cwd: FOLDER, env: { CARGO_TARGET_DIR: undefined }, ...options });
  const built = join(FOLDER, "target", "debug", `lakewire-engine${exe}`);
  if (!existsSync(built)) throw new Error(`cargo built the SQL engine, but it is not at ${built}.`);
  return built;
}

/** Starts it on a port (0 picks one); `match[1]` of what it gives is the address. */
export function startEngine(program, port = 0, args = []) {
  return start(program, ["--port", String(port), ...args], { cwd: FOLDER, ready: /listening on (http:\/\/\S+)/ });
}
