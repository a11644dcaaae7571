// The page's own server: its files, and a relay to the workspace that keeps the token.
//
//   DATABRICKS_HOST, DATABRICKS_TOKEN   the workspace and a token of it
//   DATABRICKS_ENDPOINT                 the chat endpoint (default databricks-meta-llama-3-3-70b-instruct)
//   PORT                                the port on 127.0.0.1 (default 5180; 0 = any)

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createRelay } from "lakewire/relay";
import { nodeHandler, serverOptions } from "lakewire/relay/node";

const DIST = fileURLToPath(new URL("dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const HEADERS = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
const endpoint = process.env.DATABRICKS_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct";

// An app that others can reach replaces `public` by `authorize`: who is it, and may they?
const relay = nodeHandler(
  createRelay({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN, sameOrigin: true, public: true, allow: { chat: [endpoint] }, limits: { maxTokens: 1024, tools: 8 } }),
);

const server = createServer(serverOptions, (request, response) => {
  // not by `new URL`, which throws at what others may ask for
  const [pathname] = request.url.split("?");
  if (pathname.startsWith("/api/lakewire/")) return relay(request, response);
  if (pathname === "/settings.json") return response.writeHead(200, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify({ endpoint }));
  const path = normalize(join(DIST, pathname === "/" ? "index.html" : pathname));
  if (!path.startsWith(DIST)) return response.writeHead(404).end();
  readFile(path).then(
    (bytes) => response.writeHead(200, { ...HEADERS, "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(bytes),
    () => response.writeHead(404).end(),
  );
});
server.listen(Number(process.env.PORT ?? 5180), "127.0.0.1", () => console.log(`page listening on http://127.0.0.1:${server.address().port}/`));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => { server.closeAllConnections(); server.close(() => process.exit(0)); });
