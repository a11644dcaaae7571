// A page, a sign-in, and the relay that keeps the token.

import { createRelay, readSessionCookie, sameSecret, sessionCookie } from "lakewire/relay";

const setting = (name, otherwise) => Deno.env.get(name) ?? otherwise;
const key = setting("APP_KEY");
const host = setting("DATABRICKS_HOST");
const token = setting("DATABRICKS_TOKEN");
const origin = setting("APP_ORIGIN");
if (!key || !host || !token) throw new Error("Set DATABRICKS_HOST, DATABRICKS_TOKEN and APP_KEY, the key that visitors sign in with.");

const relay = createRelay({
  host,
  token,
  // this machine is known; a server that others reach has an origin, such as https://chat.example.com
  sameOrigin: true,
  origins: origin ? [origin] : [],
  // one key for all: put your own sign-in here, and give each user an id of their own
  authorize: (request) => (sameSecret(readSessionCookie(request.headers, "key"), key) ? { id: "everybody" } : null),
  allow: { chat: [setting("CHAT_ENDPOINT", "databricks-meta-llama-3-3-70b-instruct")] },
  limits: { maxTokens: 1024, rate: { requests: 60, perMs: 60_000 } },
});

/** The page's files: its own, and what it imports from the package. */
async function file(path) {
  const [, name, type] = /^\/((?:lakewire\/chat\/|lakewire\/)?[\w.-]+\.(html|js|css))$/.exec(path === "/" ? "/index.html" : path) ?? [];
  if (name === undefined || name.includes("..")) return undefined;
  const folder = name.startsWith("lakewire/") ? `./node_modules/lakewire/dist/${name.slice("lakewire/".length)}` : `./public/${name}`;
  const bytes = await Deno.readFile(new URL(folder, import.meta.url)).catch(() => undefined);
  return bytes && new Response(bytes, { headers: { ...SAFE, "content-type": { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css" }[type] } });
}
const SAFE = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'", "x-content-type-options": "nosniff" };

async function signIn(request) {
  const good = sameSecret((await request.text()).slice(0, 1000), key);
  return new Response(null, { status: good ? 204 : 401, headers: good ? { "set-cookie": sessionCookie("key", key, { maxAge: 86_400 }) } : {} });
}

Deno.serve({ port: Number(setting("PORT", "8080")), hostname: "127.0.0.1", onListen: ({ port }) => console.log(`listening on http://localhost:${port}`) }, async (request, info) => {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/api/lakewire/")) return relay(request, info);
  if (request.method === "POST" && pathname === "/sign-in" && request.headers.get("sec-fetch-site") !== "cross-site") return signIn(request);
  return (request.method === "GET" ? await file(pathname) : undefined) ?? new Response("There is no such page.", { status: 404, headers: SAFE });
});
