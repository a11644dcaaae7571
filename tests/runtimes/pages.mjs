// A page's own server: it serves a folder, passes calls of the page on to the workspace and adds the token, as in production.
// Pages run under a strict content security policy.

import { readFile } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };

/** Serves `folder`, and `/databricks/…` from the workspace. Results of SQL lie elsewhere: pages may fetch them from `host`. */
export async function serve(folder, host, token) {
  const policy = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'nonce-map'; connect-src 'self' ${new URL(host).origin}`;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://page.example");
    if (pathname.startsWith("/databricks/")) {
      const { origin, referer, ...headers } = request.headers;
      // the workspace's token, or the one of Hugging Face; a page that signed its user in has one of its own
      headers.authorization ??= `Bearer ${pathname.startsWith("/databricks/hf/") ? "hf_emulator" : token}`;
      const upstream = ask(host + request.url.slice("/databricks".length), { method: request.method, headers: { ...headers, host: new URL(host).host } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.on("error", () => response.destroy()).pipe(response);
      });
      upstream.on("error", () => response.destroy());
      response.on("close", () => upstream.destroy());
      request.pipe(upstream);
      return;
    }
    const path = normalize(join(folder, pathname));
    if (!path.startsWith(folder)) return void response.writeHead(404).end();
    readFile(path).then(
      (bytes) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": policy }).end(bytes),
      () => response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end(),
    );
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

/** The HTML of a page. */
export const html = (script, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>lakewire</title>${head}</head><body>${script}</body></html>\n`;
