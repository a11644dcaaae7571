// A page, a sign-in, and the relay that keeps the token; nothing besides lakewire.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createRelay, readSessionCookie, sameSecret, sessionCookie } from "lakewire/relay";
import { nodeHandler, serverOptions } from "lakewire/relay/node";

const { DATABRICKS_HOST, DATABRICKS_TOKEN, CHAT_ENDPOINT = "databricks-meta-llama-3-3-70b-instruct", APP_KEY, APP_ORIGIN, PORT = "8080" } = process.env;
if (!DATABRICKS_HOST || !DATABRICKS_TOKEN || !APP_KEY) throw new Error("Set DATABRICKS_HOST, DATABRICKS_TOKEN and APP_KEY, the key that visitors sign in with.");

const relay = createRelay({
  host: DATABRICKS_HOST,
  token: DATABRICKS_TOKEN,
  // this machine is known; a server that others reach has an origin, such as https://chat.example.com
  sameOrigin: true,
  origins: APP_ORIGIN ? [APP_ORIGIN] : [],
  // one key for all: put your own sign-in here, and give each user an id of their own
  authorize: (request) => (sameSecret(readSessionCookie(request.headers, "key"), APP_KEY) ? { id: "everybody" } : null),
  allow: { chat: [CHAT_ENDPOINT] },
  limits: { maxTokens: 1024, rate: { requests: 60, perMs: 60_000 } },
});
const passOn = nodeHandler(relay);

/** The page's files, by their addresses: its own, and what it imports from the package. */
const PACKAGE = new URL("./dist/", new URL(".", import.meta.resolve("lakewire/package.json")));
async function file(path) {
  const [, name, type] = /^\/((?:lakewire\/chat\/|lakewire\/)?[\w.-]+\.(html|js|css))$/.exec(path === "/" ? "/index.html" : path) ?? [];
  if (name === undefined || name.includes("..")) return undefined;
  const url = name.startsWith("lakewire/") ? new URL(name.slice("lakewire/".length), PACKAGE) : new URL(`./public/${name}`, import.meta.url);
  const bytes = await readFile(fileURLToPath(url)).catch(() => undefined);
  return bytes && { bytes, type: { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css" }[type] };
}

async function signIn(request, response) {
  let key = "";
  for await (const chunk of request) if ((key += chunk).length > 1000) break;
  const good = sameSecret(key, APP_KEY);
  response.writeHead(good ? 204 : 401, good ? { "set-cookie": sessionCookie("key", key, { maxAge: 86_400 }) } : {}).end();
}

async function answer(request, response) {
  const path = request.url.split("?")[0];
  if (path.startsWith("/api/lakewire/")) return passOn(request, response);
  if (request.method === "POST" && path === "/sign-in" && request.headers["sec-fetch-site"] !== "cross-site") return signIn(request, response);
  const found = request.method === "GET" ? await file(path) : undefined;
  response.writeHead(found ? 200 : 404, {
    "content-type": found?.type ?? "text/plain",
    "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    "x-content-type-options": "nosniff",
  });
  response.end(found?.bytes ?? "There is no such page.");
}

// what fails in one request, such as a sender that goes away, ends that request and not the server
const server = createServer(serverOptions, (request, response) => answer(request, response).catch(() => (response.headersSent ? response.destroy() : response.writeHead(500).end())));
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on http://localhost:${server.address().port}`));
