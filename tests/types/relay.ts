// A relay as users write it: handlers of platforms, who asks, what is let through.

import { createRelay, readSessionCookie, sameSecret, sessionCookie } from "lakewire/relay";
import type { Identity, Relay, RelayEvent, RelayOptions } from "lakewire/relay";
import { attachRelay, nodeHandler, serverOptions } from "lakewire/relay/node";
import init, { createRelay as createSlim } from "lakewire/relay/slim";

const sessions = new Map<string, Identity>();
const options: RelayOptions = {
  host: "https://my.cloud.databricks.com",
  clientId: "1111",
  clientSecret: "dose",
  scopes: ["all-apis"],
  path: "/api/lakewire",
  origins: ["https://app.example.com"],
  sameOrigin: true,
  authorize: async (request: Request) => sessions.get(readSessionCookie(request.headers, "session") ?? ""),
  allow: {
    chat: ["claude"],
    embeddings: ["gte"],
    servingEndpoints: { list: true, get: ["claude"] },
    vectorSearch: { indexes: ["a.b.c"], columns: { "a.b.c": ["id", "text"] }, maxResults: 20 },
    sql: { warehouseId: "w1", statements: { top: { statement: "SELECT :n", parameters: { n: "BIGINT" }, rowLimit: 10 }, all: "SELECT 1" } },
    mlflow: { experiments: true, write: true },
  },
  limits: { maxTokens: 1_000, openPerClient: 4, rate: { requests: 30, perMs: 60_000 } },
  enabled: () => true,
  errors: "public",
  clientKey: (request, context, identity) => identity?.id ?? context.client ?? "",
  onEvent: (event: RelayEvent) => void `${event.type} ${event.status ?? ""} ${event.path}`,
};
const relay: Relay = createRelay(options);

export const worker = { fetch: (request: Request, _env: unknown, context: { waitUntil(work: Promise<unknown>): void }) => relay(request, { waitUntil: (work) => context.waitUntil(work) }) };
export const POST = (request: Request): Promise<Response> => relay(request);
export const listener = nodeHandler(relay, { client: (req) => req.socket.remoteAddress });
declare const http: { on(event: "request" | "checkContinue", listener: (req: { socket: { remoteAddress?: string } }) => void): unknown; listen(port: number): void };
attachRelay(http, relay).listen(8080);
export const server: typeof http = attachRelay(http, relay, { client: (req) => req.socket.remoteAddress });
export const own: Relay = createRelay({ ...options, ownOrigin: "https://app.example.com", clientKey: async () => "one" });
export const limit: number = serverOptions.headersTimeout;
export const cookie: string = sessionCookie("session", "abc", { maxAge: 60 });
export const same: boolean = sameSecret("a", null);

export async function slim(): Promise<Response> {
  await init();
  return createSlim({ ...options, clientId: "2222" })(new Request("https://x"), { target: "/x", client: "192.0.2.1", signal: AbortSignal.timeout(1) });
}

// @ts-expect-error what is let through must be said
createRelay({ host: "https://x", token: "t", origins: [], public: true });
// @ts-expect-error a misspelt option
createRelay({ ...options, orgins: ["https://x"] });
// @ts-expect-error there are no looser cookies
sessionCookie("session", "abc", { sameSite: "none" });
