// Helpers shared by the project's scripts: run a command with visible progress, start a long-lived child and wait until
// it is ready, find a free port, and stop by pid everything that was started. No dependencies, so that they work in a
// fresh clone before anything is installed.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// A script that another script started counts on from where that one began.
const began = Number(process.env.LAKEWIRE_BEGAN) || Date.now();
process.env.LAKEWIRE_BEGAN = String(began);
const posix = process.platform !== "win32";
/** How often a step that is still working says so. Short enough that nobody wonders, long enough for a CI log. */
const HEARTBEAT_MS = 10_000;
/** Output kept per child, in characters: enough to explain a failure, bounded for a child that talks for hours. */
const KEEP = 200_000;

/** Children that are running, by pid. */
const children = new Map();
/** What the innermost running step last heard from its command, shown in the heartbeat. */
let lastNote = "";

/** A command that ended badly: `code`, `signal` and the tail of what it printed. */
export class CommandError extends Error {
  constructor(message, { code = null, signal = null, output = "" } = {}) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.signal = signal;
    this.output = output;
  }
}

/** Prints one line with the seconds since the script began. */
export function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${text}\n`);
}

/**
 * Runs `fn` as a named step: says when it begins, every ten seconds that it is still at work (with the last line its
 * command printed), and how long it took. What `fn` returns is returned; what it throws is thrown after a line says so.
 */
export async function step(title, fn) {
  const from = Date.now();
  const took = () => `${((Date.now() - from) / 1000).toFixed(1)} s`;
  say(`${title} ...`);
  lastNote = "";
  const beat = setInterval(() => say(`  still at it after ${took()}${lastNote ? `: ${lastNote}` : ""}`), HEARTBEAT_MS);
  try {
    const value = await fn();
    say(`${title}: done in ${took()}`);
    return value;
  } catch (error) {
    say(`${title}: failed after ${took()}`);
    throw error;
  } finally {
    clearInterval(beat);
  }
}

/**
 * Runs a command to its end and resolves with `{ code, stdout, stderr }`.
 *
 * Options: `cwd`; `env` (added to this process's environment, `undefined` removes a name); `echo` (pass the output on as
 * it comes); `check` (default true: a non-zero exit throws a `CommandError` with the last lines); `timeoutMs`; `input`.
 */
export async function run(command, args = [], options = {}) {
  const { check = true, timeoutMs, input } = options;
  const child = launch(command, args, options, input === undefined ? "ignore" : "pipe");
  if (input !== undefined) child.process.stdin.end(input);
  let timedOut = false;
  const timer = timeoutMs && setTimeout(() => ((timedOut = true), child.stop()), timeoutMs);
  const { code, signal, error } = await child.exited;
  clearTimeout(timer);
  const shown = [command, ...args].join(" ");
  if (error) throw new CommandError(`could not start "${shown}": ${error.message}`);
  if (timedOut) throw new CommandError(`"${shown}" was stopped after ${timeoutMs} ms`, { code, signal, output: tail(child) });
  if (check && code !== 0) {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    const output = tail(child);
    throw new CommandError(`"${shown}" ${how}${output && !options.echo ? `; its last lines:\n${output}` : ""}`, {
      code,
      signal,
      output,
    });
  }
  return { code, signal, stdout: child.stdout, stderr: child.stderr };
}

/** Runs npm as `run` does, through the npm that runs this script when there is one. */
export function npm(args, options) {
  const own = process.env.npm_execpath;
  if (own && /\.c?js$/.test(own)) return run(process.execPath, [own, ...args], options);
  return run(posix ? "npm" : "npm.cmd", args, options);
}

/**
 * Starts a child that stays, and resolves when a line of its output matches `ready`.
 *
 * Resolves with `{ pid, match, output(), exited, stop() }`; rejects when the child ends or `timeoutMs` (default 30,000)
 * pass first. Further options as for `run`. `stopAll` ends it with the others.
 */
export async function start(command, args = [], { ready, timeoutMs = 30_000, ...options } = {}) {
  const child = launch(command, args, options, "ignore");
  const shown = [command, ...args].join(" ");
  let timer;
  const match = await new Promise((resolve, reject) => {
    if (!ready) return resolve(null);
    child.onLine = (line) => {
      const found = ready.exec(line);
      if (found) resolve(found);
    };
    child.exited.then(({ code, signal, error }) => {
      const why = error ? `could not start: ${error.message}` : `ended (${signal ?? `exit code ${code}`}) before it was ready`;
      reject(new CommandError(`"${shown}" ${why}\n${tail(child)}`, { code, signal, output: tail(child) }));
    });
    timer = setTimeout(() => {
      child.stop();
      reject(new CommandError(`"${shown}" was not ready after ${timeoutMs} ms\n${tail(child)}`, { output: tail(child) }));
    }, timeoutMs);
  }).finally(() => clearTimeout(timer));
  child.onLine = undefined;
  return { pid: child.process.pid, match, output: () => child.stdout + child.stderr, exited: child.exited, stop: child.stop };
}

let stopping = false;

/** Whether `stopAll` was called, by the script or by a signal: children that end now do so because they were told to. */
export function isStopping() {
  return stopping;
}

/** Ends every child that is still running, asks politely first, and resolves when all have ended. */
export async function stopAll() {
  stopping = true;
  await Promise.all([...children.values()].map((child) => child.stop()));
}

/** A free TCP port on loopback: `preferred` or the next free one above it; with 0, any. */
export async function freePort(preferred = 0, host = "127.0.0.1") {
  for (let port = preferred; port <= 65_535; port += 1) {
    const got = await new Promise((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(undefined));
      probe.listen({ port, host }, () => {
        const { port: bound } = probe.address();
        probe.close(() => resolve(bound));
      });
    });
    if (got) return got;
    if (preferred === 0) break;
  }
  throw new Error(`no free port on ${host}${preferred ? ` from ${preferred} on` : ""}`);
}

/** Resolves with the first response below 500 that `url` gives; asks again until `timeoutMs` have passed. */
export async function waitForUrl(url, { timeoutMs = 30_000, headers } = {}) {
  const until = Date.now() + timeoutMs;
  let why = "no answer";
  while (Date.now() < until) {
    try {
      const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(5_000) });
      await response.arrayBuffer();
      if (response.status < 500) return response;
      why = `status ${response.status}`;
    } catch (error) {
      why = error.cause?.message ?? error.message;
    }
    await sleep(100);
  }
  throw new Error(`${url} did not answer within ${timeoutMs} ms (${why})`);
}

/**
 * A digest of files and folders (recursively; names, sizes and contents), for skipping work whose inputs are unchanged.
 * A path that does not exist counts as absent. Build output and hidden files inside folders are left out.
 */
export async function fingerprint(root, paths) {
  const hash = createHash("sha256");
  const visit = async (path) => {
    const info = await stat(path).catch(() => undefined);
    const name = relative(root, path);
    if (!info) return void hash.update(`absent ${name}\0`);
    if (!info.isDirectory()) return void hash.update(`file ${name} ${info.size}\0`).update(await readFile(path));
    const entries = (await readdir(path)).filter((entry) => !/^(\..*|node_modules|target|dist)$/.test(entry)).sort();
    for (const entry of entries) await visit(join(path, entry));
  };
  for (const path of paths) await visit(join(root, path));
  return hash.digest("hex");
}

/** Calls `fn` unless `stamp` holds `digest` already; writes the stamp afterwards. Resolves with whether `fn` ran. */
export async function unlessStamped(stamp, digest, fn) {
  const old = await readFile(stamp, "utf8").catch(() => "");
  if (old.trim() === digest) return false;
  await fn();
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, `${digest}\n`);
  return true;
}

/** Starts a process in a group of its own, so that stopping it by pid also ends what it started itself. */
function launch(command, args, { cwd, env, echo = false } = {}, stdin) {
  stopOnSignals();
  const merged = { ...process.env, ...env };
  for (const name of Object.keys(merged)) if (merged[name] === undefined) delete merged[name];
  const spawned = spawn(command, args, { cwd, env: merged, stdio: [stdin, "pipe", "pipe"], detached: posix });
  const child = { process: spawned, stdout: "", stderr: "", onLine: undefined, stop: undefined, exited: undefined };
  for (const name of ["stdout", "stderr"]) {
    let rest = "";
    spawned[name].setEncoding("utf8").on("data", (text) => {
      if (echo) process[name].write(text);
      child[name] = (child[name] + text).slice(-KEEP);
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = (lines.pop() ?? "").slice(-KEEP);
      for (const line of lines) {
        if (line.trim()) lastNote = plain(line);
        child.onLine?.(line);
      }
    });
  }
  child.exited = new Promise((resolve) => {
    spawned.once("error", (error) => resolve({ code: null, signal: null, error }));
    spawned.once("close", (code, signal) => resolve({ code, signal }));
  });
  if (spawned.pid !== undefined) {
    children.set(spawned.pid, child);
    child.exited.then(() => children.delete(spawned.pid));
  }
  child.stop = async () => {
    signalGroup(spawned, "SIGTERM");
    const hard = setTimeout(() => signalGroup(spawned, "SIGKILL"), 5_000);
    await child.exited;
    clearTimeout(hard);
  };
  return child;
}

function signalGroup(spawned, signal) {
  if (spawned.pid === undefined || spawned.exitCode !== null || spawned.signalCode !== null) return;
  try {
    process.kill(posix ? -spawned.pid : spawned.pid, signal);
  } catch {
    // It ended between the check and the signal: what we wanted.
  }
}

let watching = false;
function stopOnSignals() {
  if (watching) return;
  watching = true;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ]) {
    process.once(signal, () => stopAll().finally(() => process.exit(code)));
  }
  // The last net, when the script ends by itself or by an uncaught error: no child outlives it.
  process.on("exit", () => {
    for (const child of children.values()) signalGroup(child.process, "SIGTERM");
  });
}

/** The last lines of a child's output, errors last. */
function tail(child, lines = 30) {
  const all = `${child.stdout}\n${child.stderr}`.split("\n").filter((line) => line.trim());
  return all.slice(-lines).join("\n");
}

/** One line for the heartbeat: no colour codes, no local addresses (a reader would take one for the page's), not too long. */
function plain(line) {
  const text = line
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .replace(/https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?\S*/g, "(local address)");
  return text.trim().slice(0, 100);
}
