// What both runners share: running a command, and telling results in one form.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

/** Runs a command; resolves with its exit code and everything it printed. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** Runs `install` unless the files hash to what the stamp says: a second run starts at once. */
export async function installOnce(stamp, files, install) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  const wanted = hash.digest("hex");
  const found = await readFile(stamp, "utf8").catch(() => "");
  if (found === wanted) return;
  await install();
  await writeFile(stamp, wanted);
}

/** Runs a step of an installation or ends with what it printed. */
export async function step(what, command, args, options) {
  console.log(`# ${what}`);
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    console.log(output.slice(-4000));
    console.log(`not ok - ${what}: exit code ${code}\n0 passed, 1 failed`);
    process.exit(1);
  }
}

/** The emulator's URL, or an end with a sentence. */
export function emulator() {
  const url = process.env.LAKEWIRE_EMULATOR;
  if (!url) {
    console.log("not ok - setup: LAKEWIRE_EMULATOR must hold the emulator's URL, such as http://127.0.0.1:8787");
    console.log("0 passed, 1 failed");
    process.exit(1);
  }
  return url;
}

/** Prints `ok`/`not ok` lines and the count, and exits accordingly. */
export function report(results, output) {
  for (const { name, reason } of results) console.log(reason === undefined ? `ok - ${name}` : `not ok - ${name}: ${reason}`);
  const failed = results.filter(({ reason }) => reason !== undefined).length;
  if (failed > 0 || results.length === 0) console.log(output.slice(-6000));
  console.log(`${results.length - failed} passed, ${Math.max(failed, results.length === 0 ? 1 : 0)} failed`);
  process.exit(failed > 0 || results.length === 0 ? 1 : 0);
}
