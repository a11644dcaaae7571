// For a page that signs people in at the workspace itself. Workspaces send no CORS headers, so this server passes on two things, with
// what the page sends and nothing of its own: the form that fetches a token, and chat with one endpoint. It holds no secret.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const { DATABRICKS_HOST = "", CLIENT_ID, CHAT_ENDPOINT = "databricks-meta-llama-3-3-70b-instruct", PORT = "8080" } = process.env;
if (!DATABRICKS_HOST || !CLIENT_ID) throw new Error("Set DATABRICKS_HOST, and CLIENT_ID of an app connection whose redirect address is this server's.");
const host = DATABRICKS_HOST.replace(/\/+$/, "");

/** What is passed on: where to, and which headers go along. */
const ROUTES = {
  "/oauth/token": { path: "/oidc/v1/token", type: "application/x-www-form-urlencoded", headers: [] },
  [`/serving-endpoints/${CHAT_ENDPOINT}/invocations`]: { path: `/serving-endpoints/${CHAT_ENDPOINT}/invocations`, type: "application/json", headers: ["authorization"] },
};
const LIMIT = 1024 * 1024;

async function passOn({ path, type, headers }, request, response) {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    if ((size += chunk.length) > LIMIT) return response.writeHead(413).end();
  }
  const sent = { "content-type": type };
  for (const name of headers) if (request.headers[name]) sent[name] = request.headers[name];
  try {
    const answer = await fetch(host + path, { method: "POST", headers: sent, body: Buffer.concat(chunks), redirect: "error", signal: gone.signal });
    const told = { "content-type": answer.headers.get("content-type") ?? "application/json", "cache-control": "no-store, no-transform" };
    if (answer.headers.has("x-request-id")) told["x-request-id"] = answer.headers.get("x-request-id");
    response.writeHead(answer.status, told);
    for await (const bytes of answer.body ?? []) if (!response.write(bytes)) await new Promise((resume) => response.once("drain", resume).once("close", resume));
    response.end();
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  }
}

/** The page's files, by their addresses: its own, and what it imports from the package. */
const PACKAGE = new URL("./dist/", new URL(".", import.meta.resolve("lakewire/package.json")));
async function file(path) {
  if (path === "/config.json") return { bytes: JSON.stringify({ clientId: CLIENT_ID, authorizationEndpoint: `${host}/oidc/v1/authorize`, endpoint: CHAT_ENDPOINT }), type: "application/json" };
  const [, name, type] = /^\/((?:lakewire\/)?[\w.-]+\.(html|js|css))$/.exec(path === "/" ? "/index.html" : path) ?? [];
  if (name === undefined || name.includes("..")) return undefined;
  const url = name.startsWith("lakewire/") ? new URL(name.slice("lakewire/".length), PACKAGE) : new URL(`./public/${name}`, import.meta.url);
  const bytes = await readFile(fileURLToPath(url)).catch(() => undefined);
  return bytes && { bytes, type: { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css" }[type] };
}

async function answer(request, response) {
  const path = request.url.split("?")[0];
  const route = request.method === "POST" && Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  // only the page of this server may ask
  if (route) return request.headers["sec-fetch-site"] === "same-origin" ? passOn(route, request, response) : response.writeHead(403).end();
  const found = request.method === "GET" ? await file(path) : undefined;
  response.writeHead(found ? 200 : 404, {
    "content-type": found?.type ?? "text/plain",
    "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  response.end(found?.bytes ?? "There is no such page.");
}

// what fails in one request, such as a sender that goes away, ends that request and not the server
const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) =>
  answer(request, response).catch(() => (response.headersSent ? response.destroy() : response.writeHead(500).end())),
);
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on http://localhost:${server.address().port}`));
