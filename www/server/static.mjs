// Serves the built page. The files are listed once at start, so a request can only name one of them: there is no path to
// walk out of.

import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { pipeline } from "node:stream";
import { sendJson } from "./respond.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".txt": "text/plain; charset=utf-8",
};

/** Lists the build and returns the handler for its files. Throws a sentence when the page was never built. */
export async function staticFiles(dist) {
  const files = new Map();
  const visit = async (folder, prefix) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path, `${prefix}${entry.name}/`);
      else if (entry.isFile()) files.set(`${prefix}${entry.name}`, { path, size: (await stat(path)).size });
    }
  };
  await visit(dist, "/").catch(() => {});
  const index = files.get("/index.html");
  if (!index) throw new Error("The page is not built. Run `npm run demo` in the project's root, or `npm run build` in www.");
  files.set("/", index);

  return (request, response, target) => {
    const [path] = target.split("?", 1);
    const file = files.get(path);
    if (!file) return sendJson(response, 404, { error_code: "NOT_FOUND", message: "There is no such file." });
    response.writeHead(200, {
      "content-type": TYPES[extname(file.path)] ?? "application/octet-stream",
      "content-length": file.size,
      // Vite puts a digest into the names under /assets: those never change. The rest is asked for anew.
      "cache-control": path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    });
    if (request.method === "HEAD") return response.end();
    pipeline(createReadStream(file.path), response, () => {});
  };
}
