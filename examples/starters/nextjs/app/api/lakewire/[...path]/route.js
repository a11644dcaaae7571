// The relay: it keeps the token, and lets the page chat with one endpoint.

import { createRelay, readSessionCookie, sameSecret } from "lakewire/relay";

// streams for as long as a model writes
export const maxDuration = 300;
export const dynamic = "force-dynamic";

/** Made with the first request: a build has no secrets. */
let relay;
function relayOf({ DATABRICKS_HOST, DATABRICKS_TOKEN, CHAT_ENDPOINT = "databricks-meta-llama-3-3-70b-instruct", APP_KEY, APP_ORIGIN }) {
  if (!DATABRICKS_HOST || !DATABRICKS_TOKEN || !APP_KEY) throw new Error("Set DATABRICKS_HOST, DATABRICKS_TOKEN and APP_KEY, the key that visitors sign in with.");
  return createRelay({
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
}

async function handler(request) {
  relay ??= relayOf(process.env);
  return relay(request);
}
export { handler as DELETE, handler as GET, handler as OPTIONS, handler as POST, handler as PUT };
