// A page that Bun bundles, a sign-in, and the relay that keeps the token.

import { createRelay, readSessionCookie, sameSecret, sessionCookie } from "lakewire/relay";
import page from "./index.html";

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

async function signIn(request) {
  if (request.headers.get("sec-fetch-site") === "cross-site") return new Response(null, { status: 403 });
  const good = sameSecret((await request.text()).slice(0, 1000), APP_KEY);
  return new Response(null, { status: good ? 204 : 401, headers: good ? { "set-cookie": sessionCookie("key", APP_KEY, { maxAge: 86_400 }) } : {} });
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(PORT),
  // models think before their first word; the relay has limits of its own
  idleTimeout: 120,
  development: false,
  routes: {
    "/": page,
    "/sign-in": { POST: signIn },
    "/api/lakewire/*": (request, server) => relay(request, { client: server.requestIP(request)?.address }),
  },
  fetch: () => new Response("There is no such page.", { status: 404 }),
});
console.log(`listening on http://localhost:${server.port}`);
