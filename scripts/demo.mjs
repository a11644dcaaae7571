// `npm run demo`: from a fresh clone to a page in the browser. Checks what must be there, builds what is not up to date,
// starts the emulator (unless DATABRICKS_HOST names a workspace) and the page's server, then prints the address. The SQL
// engine, the largest build by far, is built beside all that with what the machine has left, and nobody waits for it: chat
// does not need it, and the page says what does.
//
// No address is printed before the page answers: whoever reads this output may take the first one for the page's.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePage } from "../www/prepare.mjs";
import { buildEngine, startEngine } from "./engine.mjs";
import { fingerprint, freePort, isStopping, npm, run, say, start, step, stopAll, unlessStamped, waitForUrl } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WWW = join(ROOT, "www");
const WASM_TARGET = "wasm32-unknown-unknown";
const PAGE_PORT = 5173;
const EMULATOR_PORT = 8787;
const ENGINE_PORT = 8788;
/** The emulator's own token: it opens nothing but the emulator on this machine. */
const EMULATOR_TOKEN = "dapi-emulator";

/** A thing that is missing, said with what to do about it. */
class Missing extends Error {}

async function main() {
  const host = (process.env.DATABRICKS_HOST ?? "").trim();
  if (host && !(process.env.DATABRICKS_TOKEN ?? "").trim()) {
    throw new Missing(
      "DATABRICKS_HOST is set, DATABRICKS_TOKEN is not. Set it to a personal access token of that workspace,\nor unset DATABRICKS_HOST to use the emulator.",
    );
  }
  say(
    host
      ? `The page will talk to ${host.replace(/^https?:\/\//, "")}.`
      : "The page will talk to an emulated workspace on this machine.",
  );

  await step("Check Node and Rust", checkTools);
  await installPackages();
  if (!existsSync(join(ROOT, "pkg", "dist"))) say("Build the lakewire package: this takes some minutes, the first time only");
  const building = host ? undefined : buildEngine({ nice: true });
  // a failure is told when the engine is asked for
  building?.catch(() => {});
  await run(process.execPath, [join(ROOT, "scripts", "build.mjs"), "--only", "whole,data,mlflow,relay"], { cwd: ROOT, echo: true });
  const emulator = host ? undefined : await step("Build the emulator", buildEmulator);
  await preparePage();

  const workspace = emulator ? await step("Start the emulator", () => startEmulator(emulator)) : {};
  const { page, server } = await step("Start the page's server", () => startServer(workspace.env ?? {}));
  process.stdout.write(`\nThe page is ready. Ctrl-C ends it.\n\n  ${page}\n\n`);

  const engine = workspace.enginePort === undefined ? undefined : runEngine(workspace.enginePort, building);
  const ended = await Promise.race([
    server.exited.then(() => "page's server"),
    ...(engine ? [engine.then((child) => child.exited).then(() => "SQL engine")] : []),
    ...(workspace.child ? [workspace.child.exited.then(() => "emulator")] : []),
  ]);
  throw new Error(`The ${ended} ended by itself. Start the demo again with npm run demo.`);
}

async function checkTools() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Missing(`Node ${process.versions.node} is too old. Install Node 20.19 or newer from https://nodejs.org.`);
  }
  const cargo = await run("cargo", ["--version"], { cwd: ROOT, check: false }).catch(() => undefined);
  if (!cargo || cargo.code !== 0)
    throw new Missing("Rust's cargo was not found. Install Rust from https://rustup.rs, open a new terminal and try again.");
  const rustup = await run("rustup", ["target", "list", "--installed"], { cwd: ROOT, check: false }).catch(() => undefined);
  if (!rustup || rustup.code !== 0) {
    throw new Missing(`rustup was not found, so the target ${WASM_TARGET} cannot be added. Install Rust from https://rustup.rs.`);
  }
  if (!rustup.stdout.split(/\s+/).includes(WASM_TARGET)) await run("rustup", ["target", "add", WASM_TARGET], { cwd: ROOT });
}

async function installPackages() {
  const digest = await fingerprint(ROOT, ["package.json", "package-lock.json"]);
  await unlessStamped(join(ROOT, "node_modules", ".lakewire-installed"), digest, () =>
    step("Install the build's packages", () => npm(["ci", "--no-audit", "--no-fund"], { cwd: ROOT })),
  );
}

async function buildEmulator() {
  await run("cargo", ["build", "--locked", "-p", "lakewire-emulator"], { cwd: ROOT });
  const target = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
  const program = join(target, "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
  if (!existsSync(program)) throw new Error(`cargo built the emulator, but it is not at ${program}.`);
  return program;
}

/** Starts the SQL engine when its build is done; without it the page works on, but for what asks tables. */
async function runEngine(port, building) {
  try {
    say("The page's chat works already. What asks tables waits for the SQL engine: its build takes some minutes, the first time only");
    const program = await step("Build the SQL engine", () => building);
    const child = await step("Start the SQL engine", () => startEngine(program, port));
    say("Everything is ready.");
    return child;
  } catch (error) {
    if (!isStopping()) process.stderr.write(`\n${error.message}\nThe page works on without tables. Start the demo again to try once more.\n`);
    return { exited: new Promise(() => {}) };
  }
}

async function startEmulator(program) {
  const port = await freePort(EMULATOR_PORT);
  const enginePort = await freePort(ENGINE_PORT);
  const child = await start(program, ["--port", String(port), "--token", EMULATOR_TOKEN, "--engine", `http://127.0.0.1:${enginePort}`], {
    cwd: ROOT,
    ready: /listening on (http:\/\/\S+)/,
  });
  await giveSecret(child.match[1]);
  return { child, enginePort, env: { DATABRICKS_HOST: child.match[1], DATABRICKS_TOKEN: EMULATOR_TOKEN } };
}

/** The secret that the page's form for external models names. No provider is ever asked: the value opens nothing. */
async function giveSecret(host) {
  for (const [path, body] of [
    ["scopes/create", { scope: "llm" }],
    ["put", { scope: "llm", key: "openai", string_value: "opens-nothing" }],
  ]) {
    await fetch(`${host}/api/2.0/secrets/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${EMULATOR_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
}

async function startServer(env) {
  const port = await freePort(PAGE_PORT);
  const server = await start(process.execPath, [join(WWW, "server.mjs")], {
    cwd: WWW,
    env: { ...env, PORT: String(port) },
    ready: /listening on (http:\/\/\S+)/,
  });
  const page = server.match[1];
  await waitForUrl(page);
  return { page, server };
}

main().catch(async (error) => {
  // Told to end: what breaks on the way out is no news.
  if (isStopping()) return;
  process.stderr.write(`\n${error.message}\n`);
  await stopAll();
  process.exitCode = 1;
});
