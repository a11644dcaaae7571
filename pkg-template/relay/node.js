// A relay behind Node's own HTTP server, or what is built on it: the target as it came, the peer's address, and nothing that a
// relay does not speak.

/** What a server around a relay should be made with: `attachRelay(createServer(serverOptions), relay)`. */
export const serverOptions = Object.freeze({
  // headers must be in within this time, the whole request within the next: who drips them holds no socket for longer
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16_384,
  requireHostHeader: true,
  insecureHTTPParser: false,
});

const METHODS = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;
/** What is said to those that come with another. */
const ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const HOST = /^[A-Za-z0-9._-]{1,253}(:\d{1,5})?$|^\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?$/;
/** How long what a client still sends is dropped after it was refused, before its connection is cut. */
const LINGER_MS = 2_000;

/** Requests that a connection is being answered: one at a time. */
const busy = new WeakMap();

/** `(req, res) => void` for `http.createServer`, Express and Fastify's raw requests. */
export function nodeHandler(relay, options = {}) {
  if (typeof relay !== "function") throw new TypeError("nodeHandler() needs what createRelay() gave.");
  const { client = (req) => req.socket?.remoteAddress, waitUntil } = options ?? {};
  if (typeof client !== "function") throw new TypeError("`client` must be a function of Node's request that gives the client's address.");
  return (req, res) => {
    const key = req.httpVersionMajor < 2 ? req.socket : undefined;
    if (key !== undefined && busy.has(key)) return refuse(req, res, 400, "Send one request after the other: this relay takes no pipelines.");
    if (key !== undefined) {
      busy.set(key, true);
      res.once("close", () => busy.delete(key));
    }
    const stop = new AbortController();
    res.once("close", () => {
      if (!res.writableFinished) stop.abort();
    });
    res.on("error", () => stop.abort());
    let request;
    try {
      request = toRequest(req, stop.signal);
    } catch (thrown) {
      if (thrown instanceof Refused) return refuse(req, res, thrown.status, thrown.message);
      return refuse(req, res, 400, "The request is not one that this relay can read.");
    }
    const target = req.originalUrl ?? req.url;
    // what `client` throws, and an answer that Node cannot send, end this request and never the process
    (async () => send(req, res, await relay(request, { target, client: client(req), signal: stop.signal, waitUntil })))().catch(() => fell(req, res));
  };
}

/**
 * Makes a server answer with a relay, also those that ask with `Expect: 100-continue` whether they may send a body: without a listener of
 * its own Node tells them to before anybody looked. Gives the server.
 */
export function attachRelay(server, relay, options) {
  const handler = nodeHandler(relay, options);
  server.on("request", handler);
  server.on("checkContinue", handler);
  return server;
}

function fell(req, res) {
  try {
    refuse(req, res, 500, "The relay failed.");
  } catch {
    res.destroy();
  }
}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function toRequest(req, signal) {
  const { method, headers } = req;
  if (!METHODS.test(method)) throw new Refused(405, "This relay does not take this method.");
  // in HTTP/1 alone do these change the protocol or the order in which things are said
  if (headers.upgrade !== undefined || /\b(upgrade|http2-settings)\b/i.test(headers.connection ?? "")) throw new Refused(400, "This relay speaks no other protocol.");
  if (headers.expect !== undefined) throw new Refused(417, "This relay meets no expectations: send the body with the request.");
  const host = headers[":authority"] ?? headers.host ?? "";
  if (!HOST.test(host)) throw new Refused(400, "The request names no host that can be one.");
  const pairs = [];
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    if (!req.rawHeaders[at].startsWith(":")) pairs.push([req.rawHeaders[at].toLowerCase(), req.rawHeaders[at + 1]]);
  }
  // HTTP/2 says by the end of the stream what HTTP/1 says by headers
  const bodied = req.httpVersionMajor < 2 ? headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0 : req.stream?.endAfterHeaders !== true;
  if (bodied && (method === "GET" || method === "HEAD")) throw new Refused(400, "A request that reads has no body.");
  if (req.body !== undefined || req.readableEnded) {
    if (bodied) throw new Refused(500, "The body was read before the relay could: put the relay before what parses bodies.");
  }
  const origin = `${req.socket?.encrypted ? "https" : "http"}://${host}`;
  const init = { method, headers: new Headers(pairs), signal };
  if (bodied) Object.assign(init, { body: bodyOf(req), duplex: "half" });
  return new Request(address(origin, req.originalUrl ?? req.url), init);
}

/** The address as URLs can say it; what counts for the relay is the target as it came. */
function address(origin, target) {
  try {
    const url = new URL(`${origin}${target}`);
    if (target.startsWith("/") && url.origin === new URL(origin).origin) return url.href;
  } catch {
    // what no URL can say stays in the target alone
  }
  return `${origin}/`;
}

function bodyOf(req) {
  let over = false;
  return new ReadableStream(
    {
      start(controller) {
        const end = (act) => () => {
          if (over) return;
          over = true;
          act();
        };
        req.on("data", (chunk) => {
          if (over) return;
          controller.enqueue(chunk);
          req.pause();
        });
        req.on("end", end(() => controller.close()));
        req.on("error", end(() => controller.error(new Error("The request broke off."))));
        req.on("close", end(() => controller.error(new Error("The request broke off."))));
        req.pause();
      },
      pull() {
        req.resume();
      },
      cancel() {
        over = true;
      },
    },
    { highWaterMark: 0 },
  );
}

/** Answers with what the relay gave, as fast as the client takes it. */
async function send(req, res, response) {
  if (res.destroyed) return void response.body?.cancel().catch(() => {});
  const headers = {};
  for (const [name, value] of response.headers) headers[name] = name === "set-cookie" ? response.headers.getSetCookie() : value;
  const unread = !req.complete && req.httpVersionMajor < 2;
  if (unread) headers.connection = "close";
  try {
    res.writeHead(response.status, headers);
  } catch (thrown) {
    response.body?.cancel().catch(() => {});
    throw thrown;
  }
  if (response.body === null || req.method === "HEAD") {
    response.body?.cancel().catch(() => {});
    res.end();
    return linger(req, unread);
  }
  res.flushHeaders();
  const reader = response.body.getReader();
  const gone = () => void reader.cancel().catch(() => {});
  res.once("close", gone);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!res.write(value)) await drained(res);
      if (res.destroyed) return;
    }
    res.removeListener("close", gone);
    res.end();
    linger(req, unread);
  } catch {
    // a part must not look like the whole
    res.destroy();
  }
}

function drained(res) {
  return new Promise((resolve) => {
    const done = () => {
      res.removeListener("drain", done);
      res.removeListener("close", done);
      resolve();
    };
    res.once("drain", done);
    res.once("close", done);
  });
}

function refuse(req, res, status, message) {
  if (res.headersSent || res.destroyed) return void res.destroy();
  const text = JSON.stringify({ error_code: status === 500 ? "INTERNAL_ERROR" : "BAD_REQUEST", message });
  // many streams share a connection of HTTP/2: it stays
  const shared = req.httpVersionMajor >= 2;
  res.writeHead(status, { "content-type": "application/json", "content-length": new TextEncoder().encode(text).length, "cache-control": "no-store", ...(status === 405 && { allow: ALLOW }), ...(shared ? {} : { connection: "close" }) });
  res.end(text);
  linger(req, !req.complete && !shared);
}

/** Lets a client that is still sending read its answer: what it sends is dropped for a moment, then it is cut. */
function linger(req, unread) {
  if (!unread) return;
  req.resume();
  const { socket } = req;
  const timer = setTimeout(() => socket?.destroy(), LINGER_MS);
  timer.unref?.();
  socket?.once("close", () => clearTimeout(timer));
}
