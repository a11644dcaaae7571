import type { Relay } from "./index.js";

/** What of Node's request is used; an `http.IncomingMessage` is one, and so are the requests of Express and Fastify's `raw`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What of Node's answer is used: an `http.ServerResponse` is one. */
export interface NodeResponse {
  readonly headersSent: boolean;
  end(): unknown;
}

/** What of Node's server is used: an `http.Server`, an `https.Server` and an `http2` one are such. */
export interface NodeServer {
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/**
 * A relay as a listener of Node's HTTP server.
 *
 * The target is passed on as it came, the peer's address is the client's, a client that goes away ends the request to the workspace, and
 * upgrades, expectations and pipelines are refused. Put it before what parses bodies.
 *
 * ```js
 * import { createServer } from "node:http";
 * import { attachRelay, serverOptions } from "lakewire/relay/node";
 *
 * attachRelay(createServer(serverOptions), relay).listen(8080);
 * ```
 *
 * `nodeHandler` is the listener alone, for a server that has others too. Node answers `Expect: 100-continue` by itself, before any listener
 * is asked: `server.on("checkContinue", listener)` with the same listener gives those requests to it.
 *
 * `client` gives a client's address where the peer is a proxy of yours that says it; never take it from a header that others can write.
 */
export function nodeHandler<Req extends NodeRequest = NodeRequest>(
  relay: Relay,
  options?: { client?: (req: Req) => string | undefined; waitUntil?: (work: Promise<unknown>) => void },
): (req: Req, res: NodeResponse) => void;

/** Makes a server of Node's answer with a relay, also those that ask before they send a body; gives the server. */
export function attachRelay<Server extends NodeServer, Req extends NodeRequest = NodeRequest>(
  server: Server,
  relay: Relay,
  options?: { client?: (req: Req) => string | undefined; waitUntil?: (work: Promise<unknown>) => void },
): Server;

/** What a server around a relay should be made with: limits in time and size for headers and requests. */
export const serverOptions: {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly keepAliveTimeout: number;
  readonly maxHeaderSize: number;
  readonly requireHostHeader: boolean;
  readonly insecureHTTPParser: boolean;
};
