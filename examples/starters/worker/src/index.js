// At the edge: the relay for a page that is elsewhere, and a route that asks a model itself.

import { WorkspaceClient } from "lakewire";
import { createRelay, sameSecret } from "lakewire/relay";

/** What the environment says is the same for all requests of an isolate: made once. */
let made;
function app(env) {
  if (made) return made;
  const { DATABRICKS_HOST: host, DATABRICKS_CLIENT_ID: clientId, DATABRICKS_CLIENT_SECRET: clientSecret, CHAT_ENDPOINT, APP_ORIGIN, APP_KEY } = env;
  if (!APP_KEY) throw new Error("Set the secret APP_KEY.");
  // one key for all: put your own sign-in here, and give each user an id of their own
  const authorize = (request) => (sameSecret(request.headers.get("authorization"), `Bearer ${APP_KEY}`) ? { id: "everybody" } : null);
  const relay = createRelay({
    host,
    clientId,
    clientSecret,
    origins: [APP_ORIGIN],
    authorize,
    allow: { chat: [CHAT_ENDPOINT] },
    limits: { maxTokens: 1024, rate: { requests: 60, perMs: 60_000 } },
  });
  const chat = new WorkspaceClient({ host, clientId, clientSecret }).chat(CHAT_ENDPOINT, { max_tokens: 1024 });
  return (made = { relay, authorize, chat });
}

export default {
  async fetch(request, env, context) {
    const { relay, authorize, chat } = app(env);
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/lakewire/")) {
      return relay(request, { client: request.headers.get("cf-connecting-ip") ?? undefined, waitUntil: (work) => context.waitUntil(work) });
    }
    if (pathname === "/ask" && request.method === "POST") {
      if (!authorize(request)) return new Response("Send the key: authorization: Bearer …", { status: 401 });
      const words = await chat.textStream(await request.text(), { signal: request.signal });
      return new Response(words.pipeThrough(new TextEncoderStream()), { headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });
    }
    return new Response("There is no such page.", { status: 404 });
  },
};
