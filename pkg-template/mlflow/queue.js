// What is sent beside the calls of an app: a bounded queue that never makes them wait, and requests that outlive a page.

import { quietly } from "./context.js";
import { unwatched } from "./observe.js";

const CLIENT = Symbol.for("lakewire.client");
/** What a browser lets requests that outlive their page carry, all together, is 64 KiB. */
const KEEPALIVE = 60 * 1024;
/** How many items are worked on at once. */
const AT_ONCE = 4;

let carried = 0;

/** Whether the page is being left: browsers say so while it can still be seen. */
let leaving = false;

/** Whether what is sent now may outlive the page. */
export const hidden = () => leaving || quietly(() => globalThis.document?.visibilityState) === "hidden";

const waiting = new Set();

/** A promise that settles when the page is hidden or left, and what forgets it. */
export function gone() {
  if (hidden()) return [Promise.resolve(), () => {}];
  let tell;
  const left = new Promise((resolve) => (tell = resolve));
  waiting.add(tell);
  return [left, () => waiting.delete(tell)];
}

/** A fetch whose requests outlive the page when it is hidden, as far as the browser's limit allows. */
function outliving(plain) {
  return async (url, init) => {
    const size = init?.body?.byteLength ?? 0;
    if (!hidden() || carried + size > KEEPALIVE) return plain(url, init);
    carried += size;
    try {
      return await plain(url, { ...init, keepalive: true });
    } finally {
      carried -= size;
    }
  };
}

/** A client, unwatched; in a page its requests outlive it. */
export function lastingClient(client) {
  const target = unwatched(client);
  const inner = target?.[CLIENT];
  if (globalThis.document === undefined || inner?.again === undefined) return target;
  const fetch = outliving(inner.fetch ?? ((...call) => globalThis.fetch(...call)));
  let core;
  const own = { ...inner, fetch };
  // made when it is first needed: signing in may cost a request
  Object.defineProperty(own, "core", { get: () => (core ??= inner.again(fetch)) });
  return { [CLIENT]: own };
}

/** Calls `act` when the page is hidden or left; gives what stops that. */
export function onHide(act) {
  const { document } = globalThis;
  if (typeof document?.addEventListener !== "function") return () => {};
  const hide = () => {
    if (!hidden()) return;
    act();
    for (const tell of waiting) tell();
  };
  const leave = () => {
    leaving = true;
    hide();
  };
  const back = () => (leaving = false);
  back();
  document.addEventListener("visibilitychange", hide);
  globalThis.addEventListener?.("pagehide", leave);
  globalThis.addEventListener?.("pageshow", back);
  return () => {
    document.removeEventListener("visibilitychange", hide);
    globalThis.removeEventListener?.("pagehide", leave);
    globalThis.removeEventListener?.("pageshow", back);
  };
}

/** Items worked on beside everything else, in their order, a few at once. What does not fit is dropped and counted. */
export class Queue {
  #items = [];
  #limit;
  #work;
  #onError;
  #busy = new Set();
  #timer;
  /** Those that were worked on, that could not be, and that did not fit. */
  done = 0;
  failed = 0;
  dropped = 0;

  constructor({ limit, work, onError }) {
    this.#limit = limit;
    this.#work = work;
    this.#onError = onError;
  }

  get waiting() {
    return this.#items.length + this.#busy.size;
  }

  /** Says whether the item fitted. */
  push(item) {
    if (this.#items.length >= this.#limit) {
      this.dropped += 1;
      return false;
    }
    this.#items.push(item);
    // not at once: the call that ended goes on first
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#go(AT_ONCE);
    }, 0);
    return true;
  }

  #go(most) {
    while (this.#items.length > 0 && this.#busy.size < most) {
      const item = this.#items.shift();
      const working = this.#one(item).finally(() => {
        this.#busy.delete(working);
        this.#go(AT_ONCE);
      });
      this.#busy.add(working);
    }
  }

  async #one(item) {
    try {
      await this.#work(item);
      this.done += 1;
    } catch (error) {
      this.failed += 1;
      quietly(() => this.#onError?.(error));
    }
  }

  /** Begins with everything at once: the page may be gone soon. */
  hurry() {
    this.#go(Infinity);
  }

  /** Waits until everything was worked on. */
  async flush() {
    this.#go(AT_ONCE);
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }
}
