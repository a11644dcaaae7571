// The relay's own token: a fixed one, a function's, or a service principal's, renewed before it ends and by one request at a time.

import { fail } from "../errors.js";

/** A token is not used this close to its end. */
const MARGIN_MS = 40_000;
/** The earliest a refresh begins before the end. */
const LEAD_MS = 20 * 60_000;
/** How long a token is kept whose endpoint names no end. */
const UNKNOWN_MS = 5 * 60_000;
const LONGEST_MS = 24 * 3_600_000;
/** Every token is kept this long at least, else one that is born expired would be asked for by every request. */
const SHORTEST_MS = 5_000;
/** The pause after a failed refresh: with an old token that is still good, and without one. */
const PAUSE_MS = 60_000;
const PAUSE_WITHOUT_MS = 5_000;
/** How long a token endpoint may take for one answer. */
const PATIENCE_MS = 20_000;
/** How much of its answer is read: tokens and documents are short. */
const LONGEST_ANSWER = 256 * 1024;

const VISIBLE = /^[\x21-\x7e]+$/;

function visible(value, name) {
  if (typeof value !== "string" || !VISIBLE.test(value)) {
    throw fail("InvalidInput", `\`${name}\` must be text without spaces, line ends or non-ASCII characters: give it exactly as it was shown.`);
  }
  return value;
}

/** What gives tokens, from the options; `clock` is for tests. */
export function credentials({ token, clientId, clientSecret, scopes, credentials: ask }, host, fetch, clock = { now: () => performance.now(), wall: () => Date.now() }) {
  const given = [token !== undefined && "token", (clientId ?? clientSecret) !== undefined && "clientId and clientSecret", ask !== undefined && "credentials"].filter(Boolean);
  if (given.length !== 1) {
    const what = given.length === 0 ? "The relay has no credential of its own" : `More than one credential is configured (${given.join(", ")})`;
    throw fail("InvalidInput", `${what}: give \`token\`, \`clientId\` and \`clientSecret\`, or \`credentials\`.`);
  }
  if (token !== undefined) return new Fixed(visible(token, "token"));
  if (ask !== undefined) {
    if (typeof ask !== "function") throw fail("InvalidInput", "`credentials` must be a function that gives a promise of a token.");
    return new Asked(ask);
  }
  visible(clientSecret, "clientSecret");
  // a colon would end the id in the header
  if (visible(clientId, "clientId").includes(":")) throw fail("InvalidInput", "`clientId` must not hold a colon.");
  const scope = Array.isArray(scopes) ? scopes.join(" ") : (scopes ?? "all-apis");
  if (typeof scope !== "string" || scope === "") throw fail("InvalidInput", "`scopes` must be text or a list of texts.");
  return new Cached(new ServicePrincipal(host, clientId, clientSecret, scope, fetch, clock), clock);
}

class Fixed {
  #token;

  constructor(token) {
    this.#token = token;
  }

  async token() {
    return this.#token;
  }

  refused() {
    return false;
  }
}

/** A function of the app's: it keeps what it gives, and is asked for every request; after a refusal it is told so. */
class Asked {
  #ask;
  #refused;

  constructor(ask) {
    this.#ask = ask;
  }

  async token() {
    const refused = this.#refused;
    this.#refused = undefined;
    let token;
    try {
      token = await within((async () => this.#ask({ refused: refused !== undefined }))(), PATIENCE_MS, "late");
    } catch (cause) {
      // its words may hold what nobody should log
      throw fail("TokenProvider", "`credentials` gave no token.", { cause });
    }
    if (typeof token !== "string" || !VISIBLE.test(token)) throw fail("TokenProvider", "`credentials` gave something that is not a token.");
    return token;
  }

  refused(token, status) {
    if (status !== 401) return false;
    this.#refused = token;
    return true;
  }
}

/** One token for all requests. */
class Cached {
  #provider;
  #clock;
  #current;
  #flight;
  #failed;

  constructor(provider, clock) {
    this.#provider = provider;
    this.#clock = clock;
  }

  /** A good token; `keep` is told of work that must outlive the request. */
  async token(keep) {
    const now = this.#clock.now();
    const paused = this.#failed !== undefined && now < this.#failed.until;
    if (this.#current !== undefined && now < this.#current.usableUntil) {
      if (now >= this.#current.freshUntil && !paused) keep?.(this.#refresh().catch(() => {}));
      return this.#current.token;
    }
    if (paused && this.#flight === undefined) throw this.#failed.error;
    const flight = this.#refresh();
    keep?.(flight.catch(() => {}));
    // a runtime may end the request that began the refresh, and the refresh with it: nobody waits for ever
    try {
      return await within(flight, PATIENCE_MS, "The token endpoint did not answer in time.");
    } catch (error) {
      if (this.#flight === flight) this.#flight = undefined;
      throw error;
    }
  }

  /** Whether a refused token is forgotten, and another one can be had: for a 403 only when its time is up, as workspaces say it then. */
  refused(token, status) {
    if (this.#current?.token !== token) return true;
    const { ends } = this.#current;
    const over = ends !== undefined && (this.#clock.now() >= ends.now || this.#clock.wall() >= ends.wall);
    if (status !== 401 && !(status === 403 && over)) return false;
    this.#current = undefined;
    // a refresh that began before the refusal may bring the same token
    this.#flight = undefined;
    return true;
  }

  #refresh() {
    if (this.#flight !== undefined) return this.#flight;
    const flight = this.#provider.token().then(
      ({ token, expiresInMs }) => {
        // no longer the latest: what was refused meanwhile must not come back
        if (this.#flight !== flight) return token;
        const [now, wall] = [this.#clock.now(), this.#clock.wall()];
        const life = Math.min(expiresInMs ?? UNKNOWN_MS, LONGEST_MS);
        const usable = Math.max(life - MARGIN_MS, Math.min(life / 2, MARGIN_MS), SHORTEST_MS);
        const fresh = Math.min(Math.max(life - Math.min(LEAD_MS, life / 2), usable / 2), usable);
        const ends = expiresInMs === undefined ? undefined : { now: now + life, wall: wall + life };
        this.#current = { token, usableUntil: now + usable, freshUntil: now + fresh, ends };
        this.#failed = undefined;
        this.#flight = undefined;
        return token;
      },
      (thrown) => {
        if (this.#flight === flight) {
          const now = this.#clock.now();
          const good = this.#current !== undefined && now < this.#current.usableUntil;
          this.#failed = { until: now + (good ? PAUSE_MS : PAUSE_WITHOUT_MS), error: thrown };
          this.#flight = undefined;
        }
        throw thrown;
      },
    );
    this.#flight = flight;
    return flight;
  }
}

/** A service principal of the workspace: where its tokens are given is asked of the workspace, once. */
class ServicePrincipal {
  #host;
  #basic;
  #scope;
  #fetch;
  #clock;
  #endpoint;

  constructor(host, id, secret, scope, fetch, clock) {
    this.#host = host;
    this.#basic = `Basic ${btoa(`${id}:${secret}`)}`;
    this.#scope = scope;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  async token() {
    this.#endpoint ??= await this.#discover();
    const body = new URLSearchParams({ grant_type: "client_credentials", scope: this.#scope }).toString();
    const { status, json } = await this.#ask(this.#endpoint, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded", authorization: this.#basic },
      body,
    });
    // nothing of the answer gets into the error
    if (status === 429 || status >= 500) throw fail("TokenEndpoint", "The token endpoint cannot answer now.", { status });
    if (status < 200 || status > 299) throw fail("TokenEndpoint", "The token endpoint refused the service principal: check the client id, its secret and the host.", { status });
    const token = json?.access_token;
    if (typeof token !== "string" || !VISIBLE.test(token)) throw fail("TokenEndpoint", "The token endpoint answered without a token: check that the host is a workspace.", { status });
    const seconds = Number.parseInt(json.expires_in, 10);
    return { token, expiresInMs: Number.isNaN(seconds) ? undefined : Math.max(0, seconds) * 1000 };
  }

  /** A workspace that does not say where has it at the usual place. */
  async #discover() {
    const documents = [];
    const config = await this.#document("/.well-known/databricks-config");
    if (typeof config?.oidc_endpoint === "string") {
      const place = config.oidc_endpoint.replaceAll("{account_id}", typeof config.account_id === "string" ? config.account_id : "{account_id}");
      if (!place.includes("{")) documents.push(`${place.replace(/\/+$/, "")}/.well-known/oauth-authorization-server`);
    }
    documents.push(`${this.#host}/oidc/.well-known/oauth-authorization-server`);
    for (const place of documents) {
      const url = this.#secure(place);
      const found = url === undefined ? undefined : await this.#document(url);
      if (typeof found?.token_endpoint !== "string") continue;
      const endpoint = this.#secure(found.token_endpoint);
      if (endpoint === undefined) throw fail("TokenEndpoint", "The workspace names an endpoint for tokens that is not a plain https address: check the host.");
      return endpoint;
    }
    return `${this.#host}/oidc/v1/token`;
  }

  /** An address that a secret may be sent to: https, or this machine when the workspace is this machine too. */
  #secure(text) {
    try {
      const url = new URL(text, this.#host);
      const local = this.#host.startsWith("http://") && url.protocol === "http:" && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
      return (url.protocol === "https:" || local) && url.username === "" && url.password === "" ? url.href : undefined;
    } catch {
      return undefined;
    }
  }

  async #document(place) {
    const { status, json } = await this.#ask(new URL(place, this.#host).href, { headers: { accept: "application/json" } });
    if (status === 429 || status >= 500) throw fail("TokenEndpoint", "The workspace cannot say now where its tokens are given.", { status });
    return status >= 200 && status <= 299 ? json : undefined;
  }

  async #ask(url, init) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
    try {
      const answer = await this.#fetch(url, { ...init, redirect: "manual", signal: stop.signal });
      const text = await bounded(answer.body);
      return { status: answer.status, json: parse(text) };
    } catch (cause) {
      if (cause?.kind === "TokenEndpoint") throw cause;
      // the cause may name addresses, never secrets: those travel in headers
      throw fail("TokenEndpoint", "The token endpoint gave no answer.", { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A short body as text. */
async function bounded(body) {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > LONGEST_ANSWER) {
      reader.cancel().catch(() => {});
      throw fail("TokenEndpoint", "The token endpoint's answer is far too long for one: check the host.");
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What `promise` gives, if it does so in time. */
export function within(promise, ms, sentence) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(fail("Timeout", sentence)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
