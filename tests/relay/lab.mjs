// A relay behind Node's server, a scripted workspace behind it, and raw sockets before it.

import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after } from "node:test";
import { entry } from "../js/package.mjs";

export const { createRelay, LakewireError, readSessionCookie, sameSecret, sessionCookie } = await import(entry("./relay"));
export const { attachRelay, nodeHandler, serverOptions } = await import(entry("./relay/node"));

export const ORIGIN = "https://app.example.com";
/** Stands in the relay's configuration, and must be nowhere else. */
export const TOKEN = "dapi-canary-5f1e";
export const CHAT = "/api/lakewire/serving-endpoints/llama/invocations";
/** What a page's client sends with every request. */
export const PAGE = { origin: ORIGIN, "content-type": "application/json", "x-lakewire-relay": "1" };
export const QUESTION = JSON.stringify({ messages: [{ role: "user", content: "Hi" }] });
export const STREAMED = JSON.stringify({ messages: [{ role: "user", content: "Hi" }], stream: true });

/** A server on a free port of loopback; ends, with what is connected, after the file's tests. */
export async function listen(server) {
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

/**
 * A workspace that does what `act(req, res, body)` says, with what it was asked: `seen` has method, url, headers, body and `closed`, which
 * says whether the other side went away before the answer's end; `left()`, if a test puts it there, is called by then.
 */
export async function workspace(act = (_, res) => json(res, { ok: true })) {
  const seen = [];
  const server = createServer((req, res) => {
    const chunks = [];
    const entry = { method: req.method, url: req.url, headers: req.headers, body: undefined, closed: false };
    seen.push(entry);
    res.on("close", () => {
      entry.closed = !res.writableFinished;
      entry.left?.();
    });
    req.on("data", (chunk) => chunks.push(chunk));
    req.on("end", () => {
      entry.body = Buffer.concat(chunks).toString();
      act(req, res, entry.body, seen.length);
    });
  });
  const port = await listen(server);
  return { host: `http://127.0.0.1:${port}`, port, seen };
}

export function json(res, value, status = 200, headers = {}) {
  res.writeHead(status, { "content-type": "application/json", ...headers });
  res.end(JSON.stringify(value));
}

/** The beginning of a stream of events. */
export function events(res, headers = {}) {
  res.writeHead(200, { "content-type": "text/event-stream", ...headers });
  res.flushHeaders();
}

export function chunk(text) {
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "llama", choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`;
}

/** The options of a relay for one chat endpoint, open to the page's origin. */
export function options(host, more = {}) {
  const { allow, limits, ...rest } = more;
  return {
    host,
    ...("credentials" in rest || "clientId" in rest ? {} : { token: TOKEN }),
    origins: [ORIGIN],
    ...("authorize" in rest ? {} : { public: true }),
    allow: { chat: ["llama"], ...allow },
    limits: { rate: { requests: 100_000, perMs: 60_000, clients: 1_000 }, ...limits },
    ...rest,
  };
}

/** A relay behind Node's server. */
export async function relayServer(host, more = {}, server = {}) {
  const told = [];
  const { handler, ...given } = more;
  const relay = createRelay(options(host, { onEvent: (event) => told.push(event), ...given }));
  const port = await listen(attachRelay(createServer({ ...serverOptions, ...server }), relay, handler));
  return { port, told, relay };
}

/** Asks with exactly these headers; gives status, headers and text, or the error the connection ended with. */
export function ask(port, { method = "POST", path = CHAT, headers = PAGE, body = method === "POST" ? QUESTION : undefined } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const req = httpRequest({ host: "127.0.0.1", port, method, path, headers: { ...length, ...headers }, agent: false }, (res) => {
      const chunks = [];
      res.on("data", (data) => chunks.push(data));
      const done = (cut) => () => resolve({ status: res.statusCode, headers: res.headers, text: Buffer.concat(chunks).toString(), cut });
      res.once("end", done(false));
      res.once("error", done(true));
    });
    req.once("error", reject);
    req.end(body);
  });
}

/** Writes bytes as they are and gives everything that came back until the other side closed. */
export function raw(port, text) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.setEncoding("latin1").on("data", (data) => (said += data));
    socket.once("error", (error) => (error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(said) : reject(error)));
    socket.once("close", () => resolve(said));
    socket.write(text, "latin1");
  });
}

/** A request as bytes; `lines` are further header lines. */
export function bytes(target, { method = "POST", lines = [], body = QUESTION, length = true } = {}) {
  const own = Object.entries(PAGE).map(([name, value]) => `${name}: ${value}`);
  const size = length && body !== "" ? [`content-length: ${Buffer.byteLength(body)}`] : [];
  return [`${method} ${target} HTTP/1.1`, "host: relay.example", "connection: close", ...own, ...size, ...lines, "", body].join("\r\n");
}

/** The status codes of a raw answer, in order. */
export const statuses = (text) => [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));

/** The error body of an answer, checked for its form. */
export function refused(answer, status) {
  assert.equal(answer.status, status, answer.text.slice(0, 300));
  const body = JSON.parse(answer.text);
  assert.equal(typeof body.error_code, "string");
  assert.match(body.message, /[.!?]$/);
  assert.ok(!answer.text.includes(TOKEN));
  return body;
}

/** The LakewireError that making a relay of these options throws. */
export function unmade(given) {
  let thrown;
  try {
    createRelay(given);
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof LakewireError, `expected a refusal, got ${thrown}`);
  assert.ok(!thrown.message.includes(TOKEN));
  return thrown;
}
