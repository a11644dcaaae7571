// The client, with chat: what only JavaScript can do, over the core's exports.

import { CoreClient } from "./core.js";
import { Chat } from "./chat.js";
import { fail } from "./errors.js";
import { direct, settle, watchPanics } from "./guard.js";
import { writeJson } from "./json.js";
import { pairs, settings, take } from "./options.js";

/**
 * What the core needs of an AbortSignal, for the end of a client. Every call listens to it, and Node warns of a leak
 * when a real signal has more than ten listeners.
 */
class Closing {
  aborted = false;
  #listeners = new Set();

  addEventListener(_, listener) {
    this.#listeners.add(listener);
  }

  removeEventListener(_, listener) {
    this.#listeners.delete(listener);
  }

  fire() {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}

/**
 * A stream that its reader has forgotten must be collected, so that it lets its connection go. A function of its own: a
 * closure keeps alive whatever its neighbours in the same scope use.
 */
function weakly(stream) {
  return typeof WeakRef === "undefined" ? { deref: () => stream } : new WeakRef(stream);
}

/** What the other rooms need of a client. */
export let inner;

/** How a class of clients makes its core: the whole package knows more ways to sign in than this file. */
export const CORE = Symbol();

/** The ways to sign in that only the whole package knows, and settings of theirs. */
export const WAYS = ["clientId", "clientSecret", "scopes", "authorizationDetails", "accountId", "discoveryUrl", "azure", "federation", "session"];

/**
 * A relay in the place of a workspace: the host as the core takes it, and the fetch that reaches it. The core knows no path
 * behind another origin, so it is put in on the way out; links to a storage go where they say.
 */
function relayed(relay, stranger) {
  const [, origin, path] = /^(https?:\/\/[^/?#@\\]+)?(\/[^?#]*[^/?#])$/.exec(relay) ?? [];
  if (path === undefined || stranger) {
    throw fail("InvalidInput", "`relay` is the address of a relay, such as \"/api/lakewire\", and stands in the place of the host and of all ways to sign in.");
  }
  if (origin === undefined) return [path, (fetch) => fetch];
  const host = new URL(origin).origin;
  return [host, (fetch) => (url, init) => (fetch ?? globalThis.fetch)(url.startsWith(`${host}/`) ? host + path + url.slice(host.length) : url, init)];
}

/** A Databricks workspace. */
export class WorkspaceClient {
  static {
    inner = (client) => client.#inner;
  }

  static [CORE](config, token, fetch) {
    const stranger = WAYS.find((name) => config[name] !== undefined);
    if (stranger !== undefined) {
      throw fail("InvalidInput", `This entry of lakewire takes tokens only, not \`${stranger}\`: import "lakewire" for the other ways to sign in.`);
    }
    return new CoreClient(config, token, fetch);
  }

  #core;
  #closing = new Closing();
  #streams = new Set();
  #inner;

  constructor(config) {
    if (config === null || typeof config !== "object") {
      throw fail("InvalidInput", "WorkspaceClient needs { host }: the workspace's address, or a path on your own server.");
    }
    const [{ token, fetch, headers, retry, timeouts, relay }, rest] = take(config, ["token", "fetch", "headers", "retry", "timeouts", "relay"], "The configuration");
    if (fetch !== undefined && typeof fetch !== "function") throw fail("InvalidInput", "`fetch` must be a function.");
    let through = (fetch) => fetch;
    if (relay !== undefined) [rest.host, through] = relayed(relay, token ?? ["host", ...WAYS].some((name) => rest[name] !== undefined));
    watchPanics();
    const crossing = {
      ...rest,
      timeouts: settings(timeouts, "timeouts"),
      // what no form and no image can say: a relay asks for it
      headers: relay === undefined ? pairs(headers) : [["x-lakewire-relay", "1"], ...(pairs(headers) ?? [])],
      maxAttempts: settings(retry, "retry")?.maxAttempts,
      retryBudget: retry?.budget,
      maxRetryAfterMs: retry?.maxRetryAfterMs,
    };
    this.#core = direct(() => new.target[CORE](crossing, token, through(fetch)));
    const core = this.#core;
    const ask = (...call) => this.#ask(...call);
    const begin = (...call) => this.#begin(...call);
    this.#inner = {
      core,
      fetch,
      totalMs: crossing.timeouts?.totalMs,
      again: (fetch) => direct(() => new.target[CORE](crossing, token, through(fetch))),
      scope: (options) => this.#scope(options),
      track: (stream) => this.#track(stream),
      ask,
      begin,
      call: (operation, args, options) => ask(core, "call", [operation, args], options),
      open: (operation, args, options) => begin(core, "open", [operation, args], options),
    };
  }

  /** Chat with a serving endpoint; `defaults` apply to every call of the handle. */
  chat(endpoint, defaults) {
    this.#open();
    if (typeof endpoint !== "string") throw fail("InvalidInput", "chat() needs the endpoint's name.");
    const text = defaults === undefined ? "{}" : writeJson(defaults, "The defaults");
    return new Chat(direct(() => this.#core.chat(endpoint, text)), this.#inner, endpoint);
  }

  /** Ends every call and stream of this client; later calls fail with kind `Closed`. */
  close() {
    if (this.#closing.aborted) return;
    this.#closing.fire();
    const reason = fail("Closed", "The client was closed.");
    for (const held of this.#streams) held.deref()?.cancel(reason).catch(() => {});
    this.#streams.clear();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.close();
  }

  /** For `lakewire/data`, which is a bundle of its own and sends through this client's core. */
  get [Symbol.for("lakewire.client")]() {
    return this.#inner;
  }

  #open() {
    if (this.#closing.aborted) throw fail("Closed", "This client was closed: make a new one.");
  }

  /** A call's options as the core reads them. */
  #scope({ signal, timeouts, headers, maxAttempts }) {
    this.#open();
    if (signal !== undefined && !(typeof signal?.addEventListener === "function" && "aborted" in signal)) {
      throw fail("InvalidInput", "`signal` must be an AbortSignal.");
    }
    const signals = signal === undefined ? [this.#closing] : [signal, this.#closing];
    return { signals, timeouts: settings(timeouts, "timeouts"), headers: pairs(headers), maxAttempts };
  }

  /** Has the core (or a part of it) send something; gives the answer's text and its facts. */
  async #ask(core, method, args, options = {}) {
    const [text, requestId, servedModelName, attempts] = await settle(core[method](...args, this.#scope(options)), options.signal);
    return { text, requestId, servedModelName, attempts };
  }

  /** The same when the answer is a stream: gives its source. */
  async #begin(core, method, args, options = {}) {
    const source = await settle(core[method](...args, this.#scope(options)), options.signal);
    source.abort = (reason) => source.controller?.abort(reason);
    return source;
  }

  #track(stream) {
    const held = weakly(stream);
    this.#streams.add(held);
    stream.finished.then(() => this.#streams.delete(held));
    return stream;
  }
}

