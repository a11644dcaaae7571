// What calls tell whoever watches them: one mechanism for traces and for the callback handler.
//
// An observer is an object with `start(call)`, which gives an observation: `{ event(name, data), end(outputs), fail(error) }`,
// and as it can `set(facts)`. A call has `kind`, `name`, `inputs` (read when asked for: what a call was given is kept by
// reference, and what was sent as the text that was sent), `endpoint`, and `parent`, the same observer's observation of the
// call around it. An observer with `tokens: true` gets an event `new_token` for each piece of text as it is read.
//
// Nothing that an observer does or throws reaches the call.

import { pairs } from "../options.js";
import { fail } from "../errors.js";
import { SPAN, current, placeOf, quietly, within } from "./context.js";
import { handles } from "./handles.js";

const CLIENT = Symbol.for("lakewire.client");
const PARTS = Symbol("lakewire.observed");

/** How many pieces of a stream are kept to tell what came out of it. */
const PIECES = 10_000;

const iterable = (value) => typeof value?.[Symbol.asyncIterator] === "function";

/** The same observer's observation of the nearest call around. */
function nearest(place, observer) {
  for (let at = place; at !== undefined; at = at.parent) {
    const seen = at.seen.get(observer);
    if (seen !== undefined) return seen;
  }
  return undefined;
}

/** One call under watch, and the place of what it calls. */
export class Place {
  #open = true;

  constructor(observers, call, parent) {
    this.parent = parent;
    this.kind = call.kind;
    this.observers = observers;
    this.seen = new Map();
    for (const observer of observers) {
      const own = Object.create(call, { parent: { value: nearest(parent, observer) }, place: { value: this } });
      const seen = quietly(() => observer.start(own));
      if (seen) this.seen.set(observer, seen);
    }
  }

  get place() {
    return this;
  }

  /** Steps of chains ask the place they get in their options. */
  observe(call, options, work) {
    return new Watch(this.observers).observe(call, { ...options, [SPAN]: this }, work);
  }

  tell(act) {
    if (this.#open) for (const seen of this.seen.values()) quietly(() => act(seen));
  }

  event(name, data) {
    this.tell((seen) => seen.event?.(name, data));
  }

  set(facts) {
    this.tell((seen) => seen.set?.(facts));
  }

  end(outputs) {
    this.#close((seen) => seen.end(outputs));
  }

  fail(error, outputs) {
    this.#close((seen) => seen.fail(error, outputs));
  }

  #close(act) {
    this.tell(act);
    this.#open = false;
    quietly(() => this.after?.());
  }

  /** Whoever read it left early: no error, and what came until then is what came out. */
  left(outputs) {
    this.event("left_early", {});
    this.set({ leftEarly: true });
    this.end(outputs);
  }

  /** The options of a call, with this place in them and, for what is sent, the header that names it. */
  into(options, sends) {
    // what is no object of options is for the call to refuse
    if (options !== undefined && options !== null && (typeof options !== "object" || Array.isArray(options))) return options;
    const given = quietly(() => ({ ...options, [SPAN]: this }));
    if (given === undefined) return options;
    if (sends) {
      for (const seen of this.seen.values()) {
        const value = quietly(() => seen.traceparent);
        const headers = value && quietly(() => pairs(given.headers) ?? []);
        if (headers && !headers.some(([name]) => name === "traceparent")) given.headers = [...headers, ["traceparent", value]];
      }
    }
    return given;
  }
}

/** What watches handles: observers, and the place they were bound to, if any. */
export class Watch {
  constructor(observers, under) {
    this.observers = observers;
    this.under = under;
  }

  get tokens() {
    return this.observers.some((one) => quietly(() => one.tokens) === true);
  }

  /**
   * Runs `work(options, place)` as a call. What it gives, or the promise's value, is what came out; an iterable is
   * followed to its end. `call.settle(place, value)` says otherwise: it ends the place itself.
   */
  observe(call, options, work) {
    const parent = quietly(() => placeOf(options, this.under));
    // a search within a search is one search
    if (call.within && parent?.kind === call.kind) return work(options);
    const place = new Place(this.observers, call, parent);
    if (place.seen.size === 0) return work(options);
    const done = (value) => {
      if (call.settle !== undefined) return call.settle(place, value) ?? value;
      if (call.pieces && iterable(value)) return followed(value, place, call, options?.signal);
      place.end(call.read === undefined ? value : quietly(() => call.read(value)));
      return value;
    };
    const failed = (thrown) => {
      place.fail(thrown);
      throw thrown;
    };
    let result;
    try {
      result = within(place, () => work(place.into(options, call.sends), place));
    } catch (thrown) {
      return failed(thrown);
    }
    return typeof result?.then === "function" ? result.then(done, failed) : done(result);
  }
}

/** What pieces come to: texts and lists are joined, the text of chunks too; of values that grow the last is the whole. */
function whole(pieces) {
  const [first] = pieces;
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  if (pieces.every(Array.isArray)) return pieces.flat();
  if (first?.object === "chat.completion.chunk") return pieces.map((chunk) => chunk?.choices?.[0]?.delta?.content ?? "").join("");
  const names = new Set(pieces.flatMap((piece) => Object.keys(piece ?? {})));
  // branches side by side come as one name each
  if (names.size > 1 && pieces.every((piece) => Object.keys(piece ?? {}).length === 1)) {
    return Object.fromEntries([...names].map((name) => [name, whole(pieces.filter((piece) => Object.hasOwn(piece, name)).map((piece) => piece[name]))]));
  }
  return pieces.at(-1);
}

/** An iterable that tells a place what goes through it. Not a generator: one that is left before its first piece runs nothing. */
export function followed(pieces, place, call = {}, signal = undefined) {
  const source = pieces[Symbol.asyncIterator]();
  const kept = [];
  let begun = false;
  const outputs = () => quietly(() => (call.fold ?? whole)(kept));
  // who leaves before the first piece may tell nobody but the signal; who reads is told by an error first
  const aborted = () => void setTimeout(() => place.left(outputs()), 0);
  quietly(() => signal?.addEventListener("abort", aborted, { once: true }));
  place.after = () => signal?.removeEventListener("abort", aborted);
  const step = async (act) => {
    try {
      const result = await within(place, act);
      if (result.done) place.end(outputs());
      else {
        if (!begun) place.event("first_piece", {});
        begun = true;
        if (kept.length < PIECES) kept.push(result.value);
      }
      return result;
    } catch (thrown) {
      place.fail(thrown, outputs());
      throw thrown;
    }
  };
  return {
    next: (...given) => step(() => source.next(...given)),
    return: async (value) => {
      place.left(outputs());
      return source.return === undefined ? { value, done: true } : source.return(value);
    },
    throw: async (reason) => {
      place.fail(reason, outputs());
      if (source.throw === undefined) throw reason;
      return source.throw(reason);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function binding(target, watch) {
  const inner = target[CLIENT];
  const made = handles(target, inner, watch);
  const bound = new Map();
  const own = inner && { ...inner, watch };
  return new Proxy(target, {
    get(_, name) {
      if (name === CLIENT) return own;
      if (name === SPAN) return watch;
      if (name === PARTS) return { target, watch };
      if (Object.hasOwn(made, name)) return made[name];
      // private fields: the client itself is what methods and getters run on
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "constructor") return value;
      if (!bound.has(name)) bound.set(name, value.bind(target));
      return bound.get(name);
    },
    // a setter may stand over private fields as well
    set: (_, name, value) => Reflect.set(target, name, value),
  });
}

/**
 * A client of the same kind whose calls are told to observers. What is made over it reports too: handles, tools, chains
 * of its models, and the rooms of `lakewire/data`.
 */
export function observed(client, ...observers) {
  if (typeof client?.chat !== "function") throw fail("InvalidInput", "observed() needs a client of lakewire or lakewire/chat.");
  if (observers.some((one) => typeof one?.start !== "function")) throw fail("InvalidInput", "An observer is an object with a function `start`.");
  return watched(client, observers);
}

/** The same; `under` binds the calls to a place. */
export function watched(client, observers, under) {
  const { target, watch } = client[PARTS] ?? { target: client };
  const all = [...new Set([...(watch?.observers ?? []), ...observers])];
  return binding(target, new Watch(all, under ?? watch?.under));
}

/** A client without whoever watches it. */
export const unwatched = (client) => client?.[PARTS]?.target ?? client;

export { SPAN, current, within };
