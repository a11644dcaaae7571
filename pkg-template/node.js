// For Node, Deno and Bun: settings from the environment and the profile file, and a user's sign-in on this machine.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { configFromEnv, LakewireError, SignIn, WorkspaceClient } from "./index.js";

const fail = (kind, message, cause) => new LakewireError({ kind, message }, cause);

/** The text of the profile file, or nothing when there is none. */
function profiles() {
  const named = env.DATABRICKS_CONFIG_FILE;
  const path = named ? named.replace(/^~(?=\/)/, homedir()) : join(homedir(), ".databrickscfg");
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

/** A client from the environment and the profile file. */
export function fromEnv(config) {
  return new WorkspaceClient(configFromEnv((name) => env[name], { ...config, file: profiles, readFile: (path) => readFile(path, "utf8") }));
}

/** A client from a profile. */
export function fromProfile(name, config) {
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", "fromProfile() needs the profile's name.");
  return fromEnv({ ...config, profile: name });
}

const PAGE = "<!doctype html><meta charset=utf-8><title>Signed in</title><p>The sign-in came back to the program that asked for it. You can close this page.";
const HEADERS = {
  "content-type": "text/html; charset=utf-8", connection: "close", "cache-control": "no-store", "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'",
};

/** Listens on the first free port of loopback. */
async function listen(server) {
  for (let port = 8020; port <= 8040; port += 1) {
    const free = await new Promise((resolve, reject) => {
      const refused = (cause) => (cause.code === "EADDRINUSE" || cause.code === "EACCES" ? resolve(false) : reject(cause));
      server.once("error", refused);
      server.listen(port, "127.0.0.1", () => {
        server.removeListener("error", refused);
        resolve(true);
      });
    });
    if (free) return port;
  }
  throw fail("Connect", "No port from 8020 to 8040 is free for the browser to come back to: free one.");
}

/** Signs a user in through the browser of this machine. `show` gets the address to open. */
export async function u2mLoopback(config) {
  const { show, signal, ...rest } = config ?? {};
  if (typeof show !== "function") throw fail("InvalidInput", "u2mLoopback() needs `show`: a function that gets the address to open.");
  const cancelled = () => fail("Cancelled", "The sign-in was aborted by its signal.", signal.reason);
  if (signal?.aborted) throw cancelled();
  let abort;
  const aborted = new Promise((_, reject) => (abort = () => reject(cancelled())));
  // the signal may fire while nobody waits for this
  aborted.catch(() => {});
  const unlessAborted = (work) => Promise.race([aborted, work]);
  let arrived, state;
  const callback = new Promise((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    // anything else is not the way back: a page's icon, or what another page sends here
    const found = request.method === "GET" && request.url.startsWith("/?") && state !== undefined && new URLSearchParams(request.url.slice(2)).get("state") === state;
    response.writeHead(found ? 200 : 404, HEADERS).end(found ? PAGE : "");
    if (found) response.once("close", () => arrived(request.url));
  });
  signal?.addEventListener("abort", abort, { once: true });
  try {
    // a listener that is not there yet cannot be closed: this wait is short and goes to its end
    const signIn = new SignIn({ ...rest, redirectUri: `http://localhost:${await listen(server)}` });
    const { url, pending } = await unlessAborted(signIn.begin());
    state = pending.state;
    await unlessAborted(show(url));
    return await unlessAborted(signIn.complete(await unlessAborted(callback), pending));
  } finally {
    signal?.removeEventListener("abort", abort);
    server.close();
    server.closeAllConnections?.();
  }
}
