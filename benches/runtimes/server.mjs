// The server that the runtimes are measured from: a workspace that streams in a few ways, and a page's server. What can be seen
// from here is measured here, by one clock: runtimes round theirs, or stop them.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const event = (content, more = {}) => `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null, ...more }] })}\n\n`;
const WHOLE = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
/** How long after the first event the second comes: then the reader waits for it. */
const SETTLE_MS = 40;
/** A reader stalls for good when nothing was taken for so long. */
const STALLED_MS = 700;
/** More than this is not pushed; WebKit's pages take everything and are busy with it for minutes. */
const MOST = 96 * 2 ** 20;

/** Serves `folder` and the streams; `taken()` gives what was seen since it was last asked. */
export async function serve(folder) {
  const limits = { most: MOST };
  let seen = [];
  const open = new Set();
  const modes = {
    /** An answer at once. */
    whole: (request, response) => response.writeHead(200, { "content-type": "application/json" }).end(WHOLE),
    /** Two events; at the second the client gives up: how long until the connection's end is seen here. */
    cancel: (request, response, kind) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event("a"));
      setTimeout(() => {
        const from = performance.now();
        response.on("close", () => seen.push({ mode: "cancel", kind, ms: performance.now() - from }));
        response.write(event("b"));
      }, SETTLE_MS);
    },
    /** As many events as the connection takes; the client reads one and no more. */
    push: (request, response, kind) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const text = event("x".repeat(900));
      let [given, timer] = [0, undefined];
      const stalled = () => {
        seen.push({ mode: "push", kind, bytes: given - response.writableLength, all: given >= limits.most && response.writableLength === 0 });
        response.destroy();
      };
      const more = () => {
        clearTimeout(timer);
        timer = setTimeout(stalled, STALLED_MS);
        do given += text.length;
        while (response.write(text) && given < limits.most);
        if (given < limits.most) return;
        clearTimeout(timer);
        stalled();
      };
      response.on("drain", more).on("close", () => clearTimeout(timer));
      more();
    },
    /** One event, and then silence. */
    idle: (request, response) => {
      open.add(response);
      response.on("close", () => open.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event("a"));
    },
    /** What arrives of a body that is sent as a stream of three pieces, 30 ms apart. */
    upload: (request, response) => {
      let [text, pieces] = ["", 0];
      request.setEncoding("utf8").on("data", (piece) => ((text += piece), (pieces += 1))).on("end", () => {
        seen.push({ mode: "upload", kind: "stream", text, pieces, chunked: request.headers["transfer-encoding"] === "chunked" });
        response.writeHead(200, { "content-type": "text/plain" }).end("ok");
      });
    },
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://x.example");
    const [, mode, kind] = /\/serving-endpoints\/(\w+)-(\w+)\/invocations$/.exec(pathname) ?? [];
    if (modes[mode]) {
      if (mode !== "upload") request.resume();
      return void modes[mode](request, response, kind);
    }
    const path = normalize(join(folder, pathname));
    if (!path.startsWith(folder)) return void response.writeHead(404).end();
    readFile(path).then((bytes) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "cache-control": "no-store" }).end(bytes), () => response.writeHead(404).end());
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise((done) => server.listen(0, "127.0.0.1", 1024, done));
  return {
    limits,
    url: `http://127.0.0.1:${server.address().port}`,
    taken: () => { const all = seen; seen = []; return all; },
    close: () => { server.closeAllConnections(); server.close(); },
  };
}
