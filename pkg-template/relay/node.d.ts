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

/**
 * A relay as a listener of Node's HTTP server.
 *
 * The target is passed on as it came, the peer's address is the client's, a client that goes away ends the request to the workspace, and
 * upgrades, expectations and pipelines are refused. Put it before what parses bodies.
 *
 * ```js
 * import { createServer } from "node:http";
 * import { nodeHandler, serverOptions } from "lakewire/relay/node";
 *
 * createServer(serverOptions, nodeHandler(relay)).listen(8080);
 * ```
 *
 * `client` gives a client's address where the peer is a proxy of yours that says it; never take it from a header that others can write.
 */
export function nodeHandler<Req extends NodeRequest = NodeRequest>(
  relay: Relay,
  options?: { client?: (req: Req) => string | undefined; waitUntil?: (work: Promise<unknown>) => void },
): (req: Req, res: NodeResponse) => void;

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
