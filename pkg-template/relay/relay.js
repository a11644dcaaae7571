// The handler around the core's decision: a standard request in, a standard answer out. What may happen is the core's to say; here
// stand the waiting, the token and the bytes.

import { RelayCore } from "../core.js";
import { fail, LakewireError, toError } from "../errors.js";
import { credentials, within } from "./credentials.js";
import { pump, readWhole, Unreadable } from "./pump.js";
import { answer, refusal, reporter } from "./report.js";
import { factsOf, inCamelCase, knownHosts, settings } from "./settings.js";

/** How much of an error's body is read, and for how long. */
const ERROR_BYTES = 64 * 1024;
const ERROR_MS = 5_000;

/** A handler of requests: `(request, context?) => Promise<Response>`. */
export function createRelay(options) {
  const { own, sameOrigin, origins, json } = settings(options);
  let core;
  try {
    core = new RelayCore(json);
  } catch (thrown) {
    if (thrown instanceof TypeError) {
      throw fail("InvalidInput", "The core has not been started: await init() of \"lakewire/relay/slim\" first, or import \"lakewire/relay\", which starts it.", { cause: thrown });
    }
    throw inCamelCase(toError(thrown));
  }
  const fetch = own.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const { host, limits } = factsOf(core);
  const relay = new Relay({ core, own, limits, host, fetch, tokens: credentials(own, host, fetch), known: sameOrigin ? knownHosts(own.hosts, origins) : undefined });
  return (request, context) => relay.handle(request, context ?? {});
}

/** The path and query of an address as the request holds it: a platform that knows the raw target gives it in the context. */
function targetOf(url) {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "") || "/";
}

/** The network that an address is of: who has one IPv6 address has 2^64 of them. */
function network(address) {
  const text = `${address ?? ""}`.slice(0, 64).toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (!text.includes(":")) return text;
  const [left, right] = text.replace(/%.*$/, "").split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const groups = right === undefined ? head : [...head, ...Array(Math.max(0, 8 - head.length - tail.length)).fill("0"), ...tail];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}

class Relay {
  #core;
  #own;
  #limits;
  #host;
  #fetch;
  #tokens;
  #known;
  #report;
  /** How many requests of a client are open: as many entries as there are such clients. */
  #open = new Map();
  #saidNoClient = false;

  constructor({ core, own, limits, host, fetch, tokens, known }) {
    this.#core = core;
    this.#own = own;
    this.#limits = limits;
    this.#host = host;
    this.#fetch = fetch;
    this.#tokens = tokens;
    this.#known = known;
    this.#report = reporter(own.onEvent);
  }

  async handle(request, context) {
    const wrong = mistakeIn(context);
    const asked = new Asked(request, wrong === undefined ? context : {}, this.#report);
    try {
      if (wrong !== undefined) throw new Mistake(wrong);
      return await this.#handle(asked);
    } catch (thrown) {
      // whatever it was: nothing is passed on, and nothing of it is said
      asked.report({ type: "failed", status: 500, reason: thrown instanceof Mistake ? thrown.message : kindOf(thrown) });
      return refusal(500, asked.id, asked.cors);
    }
  }

  async #handle(asked) {
    const { request, context } = asked;
    if (!(await this.#enabled())) return asked.refuse(503, "disabled");
    const { origin, host } = new URL(request.url);
    const stranger = this.#known !== undefined && !this.#known(host);
    if (stranger && request.headers.get("origin") === null) return asked.refuse(421, "unknown host");
    const ownOrigin = this.#known?.(host) ? origin : undefined;
    // one id for the page, the log and the workspace
    const headers = [...request.headers].filter(([name]) => name !== "x-request-id");
    const raw = [request.method, asked.target, JSON.stringify([...headers, ["x-request-id", asked.id]]), ownOrigin];
    const decision = JSON.parse(this.#core.admit(...raw));
    switch (decision.do) {
      case "refuse":
        asked.report({ type: "refused", status: decision.status, reason: stranger ? "unknown host: give `ownOrigin`" : "policy" });
        return answer(decision);
      case "preflight":
        return answer(decision);
      case "body":
      case "forward":
        break;
      default:
        throw new Mistake("decision");
    }
    asked.cors = decision.cors;

    const identity = await this.#authorize(asked);
    if (identity instanceof Response) return identity;
    const key = await this.#key(asked, identity);
    const wait = this.#core.rate(key, Math.floor(performance.now()));
    if (wait > 0) return asked.refuse(429, "rate", [["retry-after", `${Math.ceil(wait / 1000)}`]]);
    const open = this.#open.get(key) ?? 0;
    if (open >= this.#limits.openPerClient) return asked.refuse(429, "open requests", [["retry-after", "1"]]);
    this.#open.set(key, open + 1);
    // given back once: by the end of the body, or of the request that has none
    asked.close = () => {
      asked.close = () => {};
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    };
    let streams = false;
    try {
      const response = await this.#forward(asked, decision, raw, context);
      streams = response.streams === true;
      return response.answer;
    } finally {
      if (!streams) asked.close();
    }
  }

  async #enabled() {
    const { enabled } = this.#own;
    if (typeof enabled !== "function") return enabled !== false;
    try {
      return (await this.#soon(enabled)) === true;
    } catch {
      return false;
    }
  }

  /** What a hook of the app's gives, if it does so in time. */
  #soon(hook, ...given) {
    return within((async () => hook(...given))(), this.#own.authorizeMs, "late");
  }

  /** Who asks, or what to answer; closed when the hook fails. */
  async #authorize(asked) {
    const { authorize } = this.#own;
    if (authorize === undefined) return undefined;
    let who;
    try {
      who = await this.#soon(authorize, asked.request);
    } catch (thrown) {
      return asked.refuse(503, `authorize failed: ${kindOf(thrown)}`);
    }
    if (who instanceof Response) {
      asked.report({ type: "refused", status: who.status, reason: "authorize" });
      return answer({ status: who.status, headers: [...who.headers], body: who.body ?? "" }, [["cache-control", "no-store, no-transform"], ...asked.cors]);
    }
    if (who === null || who === undefined || who === false) return asked.refuse(401, "authorize");
    if (typeof who?.id !== "string" || who.id === "" || who.id.length > 1024) return asked.refuse(503, "authorize gave no { id }");
    if (asked.request.bodyUsed) return asked.refuse(503, "authorize read the body");
    asked.user = who.id;
    return who;
  }

  /** Whose share a request uses up: the user's, else the peer's as the platform says it; never what a header says. */
  async #key(asked, identity) {
    const { clientKey } = this.#own;
    if (clientKey !== undefined) {
      let key;
      try {
        key = await this.#soon(clientKey, asked.request, asked.context, identity);
      } catch (thrown) {
        throw new Mistake(`clientKey failed: ${kindOf(thrown)}`);
      }
      // whatever else it were, all would share one rate
      if (typeof key !== "string" || key === "" || key.length > 1024) throw new Mistake("clientKey gave no text");
      return `c:${key}`;
    }
    if (identity !== undefined) return `u:${identity.id}`;
    const { client, remoteAddr } = asked.context;
    const address = client ?? remoteAddr?.hostname;
    if (address === undefined && !this.#saidNoClient) {
      this.#saidNoClient = true;
      asked.report({ type: "warning", reason: "no address of the client: all share one rate; give `client` or `clientKey`" });
    }
    return `a:${network(address)}`;
  }

  /** Sends an admitted request on; gives the answer, and whether its body is still under way. */
  async #forward(asked, decision, raw, context) {
    const { request } = asked;
    let upstream = decision;
    if (decision.do === "body") {
      const limit = decision.max_bytes;
      if (Number(request.headers.get("content-length") ?? 0) > limit) return { answer: asked.refuse(413, "body") };
      let bytes;
      try {
        bytes = await readWhole(request.body, limit, this.#limits.bodyMs, asked.signal);
      } catch (thrown) {
        if (!(thrown instanceof Unreadable)) throw thrown;
        return { answer: asked.refuse(thrown.status === 499 ? 400 : thrown.status, thrown.message) };
      }
      upstream = JSON.parse(this.#core.upstream(...raw, bytes));
      if (upstream.do !== "forward") {
        asked.report({ type: "refused", status: upstream.status, reason: "policy" });
        return { answer: answer(upstream) };
      }
    }
    asked.route = upstream.route;
    const stop = new AbortController();
    const gone = () => stop.abort();
    if (asked.signal.aborted) gone();
    asked.signal.addEventListener("abort", gone, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stop.abort();
    }, this.#limits.firstByteMs);
    const forget = () => asked.signal.removeEventListener("abort", gone);
    let got;
    try {
      got = await this.#ask(asked, upstream, stop.signal, context);
    } catch (thrown) {
      forget();
      if (thrown instanceof NoToken) return { answer: asked.refuse(503, `token: ${thrown.cause.message}`) };
      if (timedOut) return { answer: asked.refuse(504, "no answer in time") };
      return { answer: asked.refuse(502, asked.signal.aborted ? "the client went away" : "no answer") };
    } finally {
      clearTimeout(timer);
    }
    return this.#pass(asked, upstream, got, stop, forget);
  }

  /** The workspace's answer; once again with a fresh token when it refuses one. */
  async #ask(asked, { method, path, headers, body }, signal, { waitUntil }) {
    const keep = waitUntil === undefined ? undefined : (work) => waitUntil(work);
    for (asked.attempts = 1; ; asked.attempts += 1) {
      let token;
      try {
        token = await this.#tokens.token(keep);
      } catch (cause) {
        throw new NoToken(cause);
      }
      const init = { method, headers: [...headers, ["authorization", `Bearer ${token}`]], redirect: "manual", signal };
      if (body !== null) init.body = body;
      const got = await this.#fetch(`${this.#host}${path}`, init);
      const again = (got.status === 401 || got.status === 403) && asked.attempts === 1 && this.#tokens.refused(token, got.status);
      if (!again) return got;
      got.body?.cancel().catch(() => {});
    }
  }

  /** The workspace's answer as the client gets it. */
  async #pass(asked, { route }, got, stop, forget) {
    const end = (answer) => {
      forget();
      stop.abort();
      got.body?.cancel().catch(() => {});
      return { answer };
    };
    // a redirect is never followed with a token: browsers' `manual` hides it behind the status 0, workers show it
    if (got.type === "opaqueredirect" || got.status < 200 || (got.status >= 300 && got.status < 400)) return end(asked.refuse(502, `the workspace answered with ${got.status}`));
    const head = JSON.parse(this.#core.answer(route, got.status, JSON.stringify([...got.headers])));
    if (head.body === "error") {
      const bytes = await little(got.body);
      asked.report({ type: "answered", status: head.status, upstreamStatus: got.status });
      const said = JSON.parse(this.#core.public_error(got.status, bytes, asked.id));
      return end(answer(said, [...head.headers.filter(([name]) => name === "retry-after"), ["x-request-id", asked.id], ...asked.cors]));
    }
    const streams = head.body === "stream";
    const limit = streams ? this.#limits.streamBytes : this.#limits.responseBytes;
    if (!streams && Number(got.headers.get("content-length") ?? 0) > limit) return end(asked.refuse(502, "size"));
    asked.report({ type: "answered", status: head.status, upstreamStatus: got.status });
    const headers = new Headers(head.headers);
    if (!headers.has("x-request-id")) headers.set("x-request-id", asked.id);
    for (const [name, value] of asked.cors) headers.set(name, value);
    if (got.body === null || [204, 205].includes(head.status)) return end(new Response(null, { status: head.status, headers }));
    const body = pump(got.body, {
      bytes: limit,
      idleMs: this.#limits.idleMs,
      totalMs: this.#limits.streamMs,
      cut: streams ? (kind) => this.#core.cut_event(kind) : undefined,
      signal: asked.signal,
      stop: () => stop.abort(),
      ended: (reason, bytes) => {
        forget();
        asked.close();
        asked.report({ type: "ended", status: head.status, reason, bytes });
      },
    });
    return { answer: new Response(body, { status: head.status, headers }), streams: true };
  }
}

/** No token could be had. */
class NoToken extends Error {
  constructor(cause) {
    super("no token", { cause });
  }
}

/** A mistake of the app's, in words of the relay's own. */
class Mistake extends Error {}

/** What was thrown, without its words: those may hold what nobody should log. */
function kindOf(thrown) {
  const name = thrown instanceof LakewireError ? thrown.kind : thrown instanceof Error ? thrown.constructor?.name : undefined;
  return typeof name === "string" && /^\w{1,40}$/.test(name) ? name : "not an error";
}

const CONTEXT = { target: "string", client: "string", signal: "object", waitUntil: "function" };

/** What is wrong with a context, if anything: an app may have handed over something else by mistake. */
function mistakeIn(context) {
  const name = Object.keys(CONTEXT).find((name) => typeof (context[name] ?? undefined) !== CONTEXT[name] && (context[name] ?? undefined) !== undefined);
  return name && `the context's \`${name}\` is no ${CONTEXT[name]}`;
}

/** One request: what it asked, and what is said of it. */
class Asked {
  id = crypto.randomUUID();
  cors = [];
  attempts = 0;
  close = () => {};
  user = undefined;
  route = undefined;
  #began = performance.now();
  #tell;

  constructor(request, context, tell) {
    this.request = request;
    this.context = context;
    this.target = context.target ?? targetOf(request.url);
    // some platforms give requests none
    this.signal = context.signal ?? request.signal ?? new AbortController().signal;
    this.#tell = tell;
  }

  refuse(status, reason, more = []) {
    this.report({ type: "refused", status, reason });
    return refusal(status, this.id, [...this.cors, ...more]);
  }

  /** The path alone: a query may hold what nobody should log. */
  report(event) {
    const { request } = this;
    this.#tell({
      ...event,
      requestId: this.id,
      method: request.method,
      path: this.target.split("?", 1)[0],
      origin: request.headers.get("origin") ?? undefined,
      user: this.user,
      route: this.route,
      attempts: this.attempts,
      ms: Math.round(performance.now() - this.#began),
    });
  }
}

/** The beginning of an error's body. */
async function little(body) {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const chunks = [];
  let size = 0;
  const late = setTimeout(() => reader.cancel().catch(() => {}), ERROR_MS);
  try {
    while (size < ERROR_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
  } catch {
    // what came is enough for an error
  } finally {
    clearTimeout(late);
    reader.cancel().catch(() => {});
    reader.releaseLock();
  }
  const bytes = new Uint8Array(Math.min(size, ERROR_BYTES));
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, bytes.length - at);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
