// The chunks of a result: fetched by their place, in order, a few ahead, with bounded memory.

import { LakewireError, fail } from "../errors.js";
import { parse, pure } from "./base.js";
import { pause } from "./wait.js";

/** How often a store that fails is asked again with the same link, and how often a chunk gets a fresh one. */
const TRIES = 3;
const RENEWALS = 3;
/** How long a link must last for its download to begin. */
const MARGIN_MS = 5000;
/** How long a store may be silent. */
const IDLE_MS = 60_000;

/** Waits of the core's length, with a quarter of chance. */
export const wait = (looks, signal, most = Number.POSITIVE_INFINITY) => pause(Math.max(0, Math.min(most, pure("sql.pause", `${looks}`) * (0.75 + 0.25 * Math.random()))), signal === undefined ? [] : [signal]);

/** Has the core check a size; what is not known is not checked. */
export const checkSize = (what, unit, announced, came) => pure("sql.size", what, unit, announced === undefined || announced === null ? undefined : `${announced}`, `${came}`);

/** Sends something about a statement; that the service does not know it means that its result is gone. */
export async function about(operations, operation, args, options) {
  try {
    return await operations.send(operation, args, options);
  } catch (error) {
    if (!(error instanceof LakewireError) || error.status !== 404) throw error;
    try {
      return pure("sql.expired");
    } catch (expired) {
      throw Object.assign(expired, { status: 404, attempts: error.attempts, ...(error.errorCode && { errorCode: error.errorCode }), ...(error.requestId && { requestId: error.requestId }) });
    }
  }
}

/** The address and headers of a link, which nothing may show. */
function follow(link) {
  const { external_link: url, http_headers: headers = {} } = link;
  if (typeof url !== "string") throw fail("Decode", "The result's link is missing: its answer has no `external_link`.");
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    // the platform's error holds the link
  }
  const safe = parsed?.protocol === "https:" || (parsed?.protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(parsed.hostname));
  if (!safe || parsed.username || parsed.password) throw fail("InvalidInput", "The external link is not a plain https address: give it exactly as the service did.");
  if (Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) {
    throw fail("InvalidInput", "An external link carries its own permission: leave the header `authorization` out.");
  }
  return [url, headers];
}

/** One chunk: pieces come while it is downloaded. */
class Chunk {
  #source;
  #index;
  #pieces = [];
  #waiting = new Set();
  #done = false;
  #error;
  /** Whether it is the one that is read: then it may always hold one piece. */
  front = false;

  constructor(source, index, first) {
    this.#source = source;
    this.#index = index;
    this.pumped = this.#pump(first).then(
      () => {
        this.#done = true;
        this.wake();
      },
      (error) => {
        this.#error = error;
        this.wake();
      },
    );
  }

  wake() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #woken() {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** The next piece: bytes, or `{ text }` for rows that stand in an answer; nothing after the last. */
  async next() {
    this.front = true;
    this.wake();
    while (this.#pieces.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#done) return undefined;
      await this.#woken();
    }
    const piece = this.#pieces.shift();
    this.#source.held -= piece.length ?? 0;
    this.#source.wake();
    return piece;
  }

  async #put(piece) {
    this.#pieces.push(piece);
    this.#source.held += piece.length ?? 0;
    this.wake();
    while (this.#source.held > this.#source.limit && !(this.front && this.#pieces.length < 2) && !this.#source.ending.signal.aborted) await this.#woken();
  }

  async #pump(first) {
    const source = this.#source;
    let text = first ?? (await source.ask(this.#index));
    let got = 0;
    for (let renewals = 0, tries = 0; ; ) {
      const whole = parse(pure("sql.head", text));
      const data = whole.result ?? whole;
      const [more, rows, bytes] = pure("sql.follow", JSON.stringify(data), `${this.#index}`, source.total === undefined ? undefined : `${source.total}`);
      this.facts = { more, rows };
      this.wake();
      const link = data.external_links?.[0];
      if (link === undefined) return this.#put({ text });
      const over = renewals < RENEWALS && Date.parse(link.expiration) - MARGIN_MS <= Date.now();
      const outcome = over ? "renew" : await this.#download(link, got, (piece) => {
        got += piece.length;
        return this.#put(piece);
      });
      if (outcome === undefined) {
        checkSize(`chunk ${this.#index}`, "bytes", bytes, got);
        return undefined;
      }
      if (outcome !== "renew" && !outcome.again && !outcome.renew) throw outcome.error;
      if (outcome.again && tries < TRIES - 1) {
        tries += 1;
        await wait(tries + 1, source.ending.signal);
        source.check();
        continue;
      }
      if (renewals === RENEWALS) throw outcome.error;
      renewals += 1;
      tries = 0;
      text = await source.ask(this.#index);
    }
  }

  /** Downloads what lies behind the first `skip` bytes; gives nothing when all is there, else what to do. */
  async #download(link, skip, put) {
    const [url, headers] = follow(link);
    const { ending, fetch } = this.#source;
    const own = new AbortController();
    const stop = () => own.abort();
    ending.signal.addEventListener("abort", stop);
    let idle;
    const within = (promise) => {
      idle = setTimeout(stop, IDLE_MS);
      return promise.finally(() => clearTimeout(idle));
    };
    const broken = (sentence, kind = "Truncated") => {
      this.#source.check();
      return { again: true, error: fail(kind, sentence, { isRetryable: true }) };
    };
    try {
      let response;
      try {
        response = await within(fetch(url, { method: "GET", headers, credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer", signal: own.signal }));
      } catch {
        // neither the platform's error nor its cause: they may hold the link
        return broken("The store of the result could not be reached. In a page, it must allow the page's origin.", "Connect");
      }
      if (!response.ok) {
        response.body?.cancel().catch(() => {});
        const { status } = response;
        const renew = pure("sql.renews", `${status}`);
        const again = status === 429 || status >= 500;
        const kind = again ? "TemporarilyUnavailable" : status === 404 ? "NotFound" : "PermissionDenied";
        return { again, renew, error: fail(kind, "The store of the result refuses its link.", { status, isRetryable: again }) };
      }
      const body = response.body?.getReader();
      try {
        while (body !== undefined) {
          const { done, value } = await within(body.read());
          if (done) break;
          const piece = skip >= value.length ? undefined : value.subarray(skip);
          skip = Math.max(0, skip - value.length);
          if (piece !== undefined) await put(piece);
          if (own.signal.aborted) throw own.signal.reason;
        }
      } catch {
        body.cancel().catch(() => {});
        return broken("The download of the result broke off.");
      }
      return undefined;
    } finally {
      ending.signal.removeEventListener("abort", stop);
    }
  }
}

/** All chunks of a result, in order. */
export class Chunks {
  #operations;
  #id;
  #first;
  #sizes;
  #ahead;
  #under = [];
  #next = 0;
  #signals;
  #call;
  held = 0;
  ending = new AbortController();

  constructor(operations, id, { total, sizes, first, prefetch, prefetchBytes, call }) {
    this.#operations = operations;
    this.#id = id;
    this.#first = first;
    this.#sizes = sizes;
    this.#ahead = prefetch;
    this.#call = call;
    this.total = total;
    this.limit = prefetchBytes;
    this.fetch = operations.fetch;
    this.#signals = operations.scope(call).signals;
    this.stop = () => {
      this.ending.abort();
      this.wake();
    };
    for (const signal of this.#signals) signal.addEventListener("abort", this.stop);
    this.check();
  }

  /** Fails when the caller has given up. */
  check() {
    if (!this.#signals.some(({ aborted }) => aborted)) {
      // the loop was left: nobody hears of it, but nothing is begun again
      if (this.ending.signal.aborted) throw fail("Cancelled", "The reading of the result has ended.");
      return;
    }
    const { signal } = this.#call;
    if (!signal?.aborted) throw fail("Closed", "The client was closed.");
    throw fail("Cancelled", "The reading of the result was aborted. Its statement had already finished.", { cause: signal.reason });
  }

  async ask(index) {
    this.check();
    return (await about(this.#operations, "sql.chunk", [this.#id, `${index}`], this.#call)).text;
  }

  wake() {
    for (const chunk of this.#under) chunk.wake();
    this.#fill();
  }

  /** Starts what may be under way. */
  #fill() {
    while (!this.ending.signal.aborted && (this.total === undefined ? this.#under.length === 0 && this.more !== false : this.#next < this.total && this.#under.length <= this.#ahead)) {
      // what lies ahead is announced: it is not begun when there would be no room for it
      const ahead = this.#under.reduce((sum, { bytes }) => sum + bytes, 0);
      const bytes = this.#sizes[this.#next] ?? 0;
      if (this.#under.length > 0 && ahead + bytes > this.limit) return;
      const chunk = new Chunk(this, this.#next, this.#next === 0 ? this.#first : undefined);
      chunk.bytes = bytes;
      this.#under.push(chunk);
      this.#next += 1;
    }
  }

  /** The chunks, each `{ index, next(), facts }`; all of it is let go when the loop ends. */
  async *[Symbol.asyncIterator]() {
    try {
      for (let index = 0; ; index += 1) {
        this.check();
        this.#fill();
        const chunk = this.#under[0];
        if (chunk === undefined) return;
        const next = async () => {
          const piece = await chunk.next();
          this.check();
          return piece;
        };
        yield { index, next, facts: () => chunk.facts };
        await chunk.pumped;
        this.more = chunk.facts?.more;
        this.#under.shift();
      }
    } finally {
      this.stop();
      for (const signal of this.#signals) signal.removeEventListener("abort", this.stop);
    }
  }
}
