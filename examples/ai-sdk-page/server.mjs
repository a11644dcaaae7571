// Serves the built page, and the relay that the page asks.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createRelay } from "lakewire/relay";
import { nodeHandler, serverOptions } from "lakewire/relay/node";

const PAGE = fileURLToPath(new URL("dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

// for this machine alone: elsewhere give `authorize` in place of `public`
const relay = nodeHandler(createRelay({
  host: process.env.DATABRICKS_HOST,
  token: process.env.DATABRICKS_TOKEN,
  sameOrigin: true,
  public: true,
  allow: { chat: ["databricks-claude-sonnet-4"] },
  limits: { maxTokens: 8192 },
}));

const server = createServer(serverOptions, async (request, response) => {
  // not by `new URL`, which throws at what others may ask for
  const [pathname] = request.url.split("?");
  if (pathname.startsWith("/api/lakewire/")) return relay(request, response);
  const path = normalize(join(PAGE, pathname === "/" ? "index.html" : pathname));
  const bytes = path.startsWith(PAGE) ? await readFile(path).catch(() => undefined) : undefined;
  if (bytes === undefined) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": POLICY }).end(bytes);
});
server.listen(Number(process.env.PORT ?? 4174), "127.0.0.1", () => console.log(`The page is at http://127.0.0.1:${server.address().port}/`));
