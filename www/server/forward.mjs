// Passes one allowed request on to the workspace and its answer back, byte by byte as they come.

import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream";
import { sendJson } from "./respond.mjs";

/** The service's own limit for a chat request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** What the page may say to the workspace; everything else stays here (fault P6). */
const REQUEST_HEADERS = ["accept", "content-type"];
/** The emulator's switch for faults: passed on to the emulator only, a real workspace never sees it. */
const FAULT_HEADER = "x-lakewire-fault";
/** What the workspace may say to the page (fault P7). */
const RESPONSE_HEADERS = ["content-type", "x-request-id", "served-model-name", "retry-after"];
/** How long an emulator may take to say what it is. */
const KIND_TIMEOUT_MS = 2_000;

const known = new WeakMap();

/**
 * Who answers: `{ kind: "workspace" }`, or `{ kind: "emulator", model }` when a loopback host says so itself; `model` is
 * `"stand-in"` or `"upstream"`. Remembered once it answered.
 */
export async function workspaceFacts(config) {
  const workspace = { kind: "workspace" };
  if (!config.loopback) return workspace;
  const before = known.get(config);
  if (before) return before;
  try {
    const answer = await fetch(new URL("/_emulator/health", config.host), {
      redirect: "manual",
      signal: AbortSignal.timeout(KIND_TIMEOUT_MS),
    });
    const text = await answer.text();
    const facts = answer.status === 200 ? { kind: "emulator", model: JSON.parse(text).model } : workspace;
    known.set(config, facts);
    return facts;
  } catch {
    return workspace;
  }
}

/** Sends the request on; `signed` replaces the signed addresses in the answer. Always ends the response: with the workspace's answer, with an error body, or by a cut. */
export async function forward(request, response, { method, path }, config, signed) {
  let body;
  try {
    body = method === "POST" || method === "PUT" ? await readBody(request) : undefined;
  } catch (refusal) {
    return refuse(request, response, refusal);
  }
  if (response.destroyed) return;
  const headers = {
    authorization: `Bearer ${config.token.reveal()}`,
    "accept-encoding": "identity",
    "user-agent": "lakewire-demo",
  };
  for (const name of REQUEST_HEADERS) if (request.headers[name] !== undefined) headers[name] = request.headers[name];
  if (request.headers[FAULT_HEADER] !== undefined && (await workspaceFacts(config)).kind === "emulator")
    headers[FAULT_HEADER] = request.headers[FAULT_HEADER];
  if (body) headers["content-length"] = body.length;

  const client = config.host.protocol === "https:" ? https : http;
  const upstream = client.request({
    protocol: config.host.protocol,
    hostname: config.host.hostname.replace(/^\[|\]$/g, ""),
    port: config.host.port || undefined,
    method,
    path,
    headers,
  });
  // The page stopped reading (stop button, closed tab): stop asking at once, so that the model stops too (fault P20).
  response.on("close", () => {
    if (!response.writableFinished) upstream.destroy();
  });
  upstream.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    sendJson(response, 502, {
      error_code: "TEMPORARILY_UNAVAILABLE",
      message: `The demo's server could not reach the workspace at ${config.host.host} (${error.code ?? "connection failed"}). Check DATABRICKS_HOST and your network, then try again.`,
    });
  });
  upstream.on("response", (answer) => (signed && answer.statusCode === 200 ? passSigned(answer, response, signed, `http://${request.headers.host}`) : passBack(answer, response, config)));
  upstream.end(body);
}

function passBack(answer, response, config) {
  const status = answer.statusCode ?? 502;
  if (status >= 300 && status < 400) {
    answer.destroy();
    return sendJson(response, 502, {
      error_code: "BAD_GATEWAY",
      message: `The workspace at ${config.host.host} answered with a redirect (${status}), which is never followed with a token. Check DATABRICKS_HOST.`,
    });
  }
  const headers = { "cache-control": "no-store, no-transform" };
  for (const name of RESPONSE_HEADERS) if (answer.headers[name] !== undefined) headers[name] = answer.headers[name];
  response.writeHead(status, headers);
  response.flushHeaders();
  // `pipeline` waits for a slow reader and, when the workspace's side breaks, cuts the page's side too: a truncated answer
  // must never look like a complete one (faults P21, P22).
  pipeline(answer, response, () => {});
}

/** An answer with signed addresses is read whole: it is small. */
async function passSigned(answer, response, signed, origin) {
  try {
    const chunks = [];
    let size = 0;
    for await (const chunk of answer) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) throw new RangeError("too long");
      chunks.push(chunk);
    }
    sendJson(response, 200, signed.replace(Buffer.concat(chunks).toString("utf8"), origin));
  } catch {
    sendJson(response, 502, { error_code: "BAD_GATEWAY", message: "The workspace's answer about its storage could not be read." });
  }
}

async function readBody(request) {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > MAX_BODY_BYTES) throw tooLarge();
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  // Checked, then passed on as it came: numbers must not change on the way, and no rule here depends on the content.
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new TypeError("not an object");
  } catch {
    throw { status: 400, error_code: "BAD_REQUEST", message: "The request's body is not a JSON object in UTF-8." };
  }
  return body;
}

function tooLarge() {
  return {
    status: 413,
    error_code: "BAD_REQUEST",
    message: "The conversation is larger than 4 MB, the limit for one request. Start a new chat.",
  };
}

function refuse(request, response, refusal) {
  if (refusal?.status) {
    sendJson(response, refusal.status, { error_code: refusal.error_code, message: refusal.message }, { connection: "close" });
    // What is still on its way is dropped; without this the client would wait to finish sending.
    request.unpipe?.();
    request.resume();
    return;
  }
  response.destroy();
}
