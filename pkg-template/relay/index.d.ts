/// <reference lib="es2022" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/**
 * A relay between pages and a Databricks workspace: it keeps the token, and lets through what you name and nothing else.
 *
 * ```js
 * import { createRelay } from "lakewire/relay";
 *
 * const relay = createRelay({
 *   host: process.env.DATABRICKS_HOST,
 *   clientId: process.env.DATABRICKS_CLIENT_ID,
 *   clientSecret: process.env.DATABRICKS_CLIENT_SECRET,
 *   origins: ["https://app.example.com"],
 *   authorize: async (request) => (await sessionOf(request)) && { id: "user-17" },
 *   allow: { chat: ["databricks-claude-sonnet-4"] },
 * });
 * Deno.serve(relay);
 * ```
 *
 * In the page: `new WorkspaceClient({ relay: "/api/lakewire" })`.
 *
 * @packageDocumentation
 */

/** What the platform knows of a request and the request does not say. */
export interface RelayContext {
  /** The target as it stood on the wire, path and query. Without it the path of `request.url` is taken, which the platform has normalised. */
  target?: string | undefined;
  /** The client's address as the platform knows it, such as the socket's peer; never from a header that a client could write. */
  client?: string | null | undefined;
  /** As `Deno.serve` gives it: so a relay can be its handler as it is. */
  remoteAddr?: unknown;
  /** Fires when the client goes away, where `request.signal` does not. */
  signal?: AbortSignal | undefined;
  /** Keeps the platform from ending work of the relay with the request: `ctx.waitUntil` of a worker. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/**
 * A handler of requests. Its promise always resolves: what goes wrong is an answer, also a context whose parts are of other types.
 *
 * Do not give it to a worker as its `fetch` as it is: `env` would be taken for the context, and a binding named `client` or `target` be
 * believed. Write `fetch: (request, env, ctx) => relay(request, { … })`.
 */
export type Relay = (request: Request, context?: RelayContext) => Promise<Response>;

/** Who asks. `id` is what rates are counted by; it is not sent to the workspace. */
export interface Identity {
  id: string;
}

/** A named SQL statement that pages may run. */
export interface RelayStatement {
  /** The statement's text, with `:name` for each parameter. */
  statement: string;
  /** The parameters by name, with their SQL types, such as `"BIGINT"`. */
  parameters?: Record<string, string>;
  /** How many rows it gives at most; 1000. */
  rowLimit?: number;
  /** The catalog and schema it runs in. */
  catalog?: string;
  schema?: string;
}

/** What is let through. What is not named is refused. Where a list may be `true`, that means all. */
export interface RelayAllow {
  /** Endpoints that may be asked with messages. */
  chat?: readonly string[] | boolean;
  /** Endpoints that may be asked with a prompt. */
  completions?: readonly string[] | boolean;
  /** Endpoints that give embeddings. */
  embeddings?: readonly string[] | boolean;
  /** Endpoints that may be asked as agents: Responses and ChatAgent. */
  responses?: readonly string[] | boolean;
  /** Endpoints of custom models, asked with `inputs`, `instances` or data frames. */
  models?: readonly string[] | boolean;
  /** Further fields that bodies may have, besides the documented ones. */
  fields?: readonly string[];
  /** Types of tools; `function` and `custom` unless said. */
  toolTypes?: readonly string[];
  /** Lets messages name addresses besides `data:` ones, such as those of images: the service calls them, from inside its network. */
  urls?: boolean;
  /** Serving endpoints themselves: listing, reading (these, or all), and creating and deleting them. */
  servingEndpoints?: { list?: boolean; get?: readonly string[] | boolean; manage?: boolean };
  /** Vector search: these indexes, of these columns if named, at most so many results (100). */
  vectorSearch?: {
    indexes?: readonly string[] | boolean;
    columns?: Record<string, readonly string[]>;
    maxResults?: number;
    write?: boolean;
    list?: boolean;
    manage?: boolean;
  };
  /**
   * SQL at one warehouse, or at these: named statements, sent as `POST {path}/statements/{name}`. `reading` is wider: it lets through
   * every single statement that only reads, cancelled after 50 s, with a result of one answer; `writing` lets through everything.
   * `longRunning` lets statements go on and be reached by their ids, `externalLinks` lets results be links and their parts be had by
   * id: an id is bound to no user.
   */
  sql?: {
    warehouseId: string | readonly string[];
    statements?: Record<string, RelayStatement | string>;
    reading?: boolean;
    writing?: boolean;
    list?: boolean;
    start?: boolean;
    externalLinks?: boolean;
    longRunning?: boolean;
    rowLimit?: number;
  };
  /** Functions of Unity Catalog that may be read, or schemas of them; `delete` lets them be deleted. */
  functions?: readonly string[] | boolean | { names?: readonly string[] | boolean; delete?: boolean };
  /** Tables that may be read about, or schemas of them. */
  tables?: readonly string[] | boolean;
  /**
   * MLflow: searching traces and runs of these experiments, and beginning them with `write`. `byId` lets runs and traces be read and
   * changed by their ids, which do not tell their experiment: in every experiment that the token reaches. `experiments: true` says so by
   * itself. `storage` hands out links to where traces are stored, and needs one of the two.
   */
  mlflow?: { experiments: readonly string[] | boolean; write?: boolean; storage?: boolean; byId?: boolean };
}

/** Limits. Sizes are bytes, times milliseconds; each has a default. */
export interface RelayLimits {
  /** A request's body; 4 MiB. */
  bodyBytes?: number;
  /** A request's whole body must be in within this time; 30 s. */
  bodyMs?: number;
  /** A whole answer; 64 MiB. */
  responseBytes?: number;
  /** A stream of events; 64 MiB. */
  streamBytes?: number;
  /** An answer from its first byte to its last; 10 minutes. */
  streamMs?: number;
  /** The workspace's answer must begin within this time; 2 minutes. */
  firstByteMs?: number;
  /** A pause in an answer that the client waits for; 1 minute. */
  idleMs?: number;
  /** A request's target; 2048. */
  targetBytes?: number;
  /** All headers of a request; 16 KiB. */
  headerBytes?: number;
  /** Requests of one client that are open at a time, by isolate or process; 8. */
  openPerClient?: number;
  /** Tokens that a model may write: asked for more, or for no number, it is asked for this many; 4096. */
  maxTokens?: number;
  /** Answers to one question; 1. */
  n?: number;
  /** Tools in one request; 64. */
  tools?: number;
  /** Messages in one request; 1000. */
  messages?: number;
  /** Texts or rows in one request; 256. */
  inputs?: number;
  /** Requests of one client in a time, and how many clients are counted at once: the memory never grows. By isolate or process. */
  rate?: { requests?: number; perMs?: number; clients?: number };
}

/**
 * What a relay did, for logs. Every text in it is escaped: printable ASCII on one line, at most 200 characters. Of what your own functions
 * throw only the kind stands in it.
 */
export interface RelayEvent {
  /**
   * `refused` before anything was sent, or because the workspace could not be asked; `answered` when an answer begins; `ended` when its
   * body does; `failed` for a mistake in the relay; `warning` for one in how it is set up.
   */
  type: "refused" | "answered" | "ended" | "failed" | "warning";
  /** The status of the relay's answer. */
  status?: number;
  /** The status of the workspace's answer. */
  upstreamStatus?: number;
  /** Why: for `ended` nothing when all went well, else `client`, `upstream`, `idle`, `time` or `size`. */
  reason?: string;
  /** Bytes of the body taken from the workspace. */
  bytes?: number;
  /** The id that the client is told in errors. */
  requestId: string;
  method: string;
  /** The path without its query. */
  path: string;
  origin?: string;
  /** The id that `authorize` gave. */
  user?: string;
  /** The route by its name. */
  route?: string;
  /** How often the workspace was asked: 2 after a token was renewed. */
  attempts: number;
  /** Milliseconds since the request came. */
  ms: number;
}

/** The options of a relay. */
export interface RelayOptions {
  /** The workspace's address; nothing a client sends changes it. */
  host: string;
  /** A personal access token of the workspace. One of `token`, `clientId` with `clientSecret`, and `credentials`. */
  token?: string;
  /** A service principal's application id. */
  clientId?: string;
  /** Its OAuth secret. */
  clientSecret?: string;
  /** What its tokens may do; `all-apis` unless said. */
  scopes?: string | readonly string[];
  /** Gives a token; asked for every request, so keep it until it ends. `refused` says that the workspace refused the last one. */
  credentials?: (asked: { refused: boolean }) => Promise<string> | string;
  /** Where the relay is mounted; `/api/lakewire` unless said. */
  path?: string;
  /** Origins of pages that may use it, exactly as browsers say them: `https://app.example.com`. */
  origins?: readonly string[];
  /** Also takes pages of its own origin, where the relay knows its name: on this machine, and by `ownOrigin`, `hosts` and `origins`. */
  sameOrigin?: boolean;
  /**
   * The relay's own origin as browsers say it, `https://app.example.com`: its pages get in. The way to say it for a relay with a public
   * name, and the only one behind a proxy that ends TLS. Includes `sameOrigin`.
   */
  ownOrigin?: string;
  /** For `sameOrigin`: further names by which the relay is reached, with a port if there is one. This machine's and those of `origins` are known. */
  hosts?: readonly string[];
  /**
   * Who asks: `{ id }`, or null for a stranger (answered with 401), or an answer of your own. Leave the body alone. When it throws or
   * takes too long, the request is refused. Either this or `public: true` must be given.
   */
  authorize?: (request: Request) => Promise<Identity | Response | null | false | undefined> | Identity | Response | null | false | undefined;
  /** How long `authorize`, `clientKey` and `enabled` may take, in milliseconds; 10 s. */
  authorizeMs?: number;
  /** Lets everybody in who can reach it: an origin keeps other pages out, not other programs. */
  public?: boolean;
  /** What is let through. */
  allow: RelayAllow;
  limits?: RelayLimits;
  /** Headers of an app's own that are passed on to the workspace. */
  requestHeaders?: readonly string[];
  /** Lets pages of other origins (those of `origins`) send cookies: `access-control-allow-credentials`. */
  allowCredentials?: boolean;
  /** The kill switch: false, or a function that gives anything but true, and everything is refused with 503. */
  enabled?: boolean | (() => boolean | Promise<boolean>);
  /** `workspace` passes on what the workspace says of errors, for development. */
  errors?: "public" | "workspace";
  /**
   * Whose share of the rate a request uses up, a text of 1 to 1024 characters; unless said the user's, else the network of the client's
   * address. Anything else it gives, and what it throws, is a 500: never one share for all.
   */
  clientKey?: (request: Request, context: RelayContext, identity: Identity | undefined) => string | Promise<string>;
  /** Told of what happens. */
  onEvent?: (event: RelayEvent) => void;
  /** What the relay fetches with. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Makes a relay. Throws a `LakewireError` of kind `InvalidInput` that says what is wrong with the options; nothing is let through that
 * is not named in them.
 */
export function createRelay(options: RelayOptions): Relay;

/**
 * A `set-cookie` value for a session of your app: `__Host-` before its name, `Secure`, `HttpOnly`, `SameSite=Strict`, `Path=/`. There are
 * no looser ones. `maxAge` is in seconds; with the value `""` and 0 it removes the cookie.
 *
 * ```js
 * new Response(null, { status: 204, headers: { "set-cookie": sessionCookie("session", id, { maxAge: 3600 }) } });
 * ```
 */
export function sessionCookie(name: string, value: string, options?: { maxAge?: number }): string;

/** The value of such a cookie, from the headers of a request; `undefined` when it is not there, or there twice. */
export function readSessionCookie(headers: Headers | { cookie?: string | undefined }, name: string): string | undefined;

/** Whether two secrets are the same, in a time that depends on their lengths alone. For keys that `authorize` compares. */
export function sameSecret(one: string | null | undefined, other: string | null | undefined): boolean;

export { LakewireError } from "../index.js";
