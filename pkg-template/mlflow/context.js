// Where a call stands among others: the call around it, for whoever watches.
//
// A place is handed on explicitly, under a symbol in the options of calls: chains hand it to their steps, and tools get it
// in their context. Where the runtime has AsyncLocalStorage (Node, Deno, Bun, workers that offer it), it also follows the
// code's own asynchronous calls; elsewhere it holds as long as a function runs without waiting.

/** Shared by all copies of the package: the key of a place in options, and of the watch on handles. */
export const SPAN = Symbol.for("lakewire.span");

let storage;
let top;

/** Made when it is first needed: loading the package runs nothing. */
function follower() {
  if (storage === undefined) {
    let Storage;
    try {
      Storage = globalThis.AsyncLocalStorage ?? globalThis.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
    } catch {
      // a runtime that refuses has none
    }
    storage = typeof Storage === "function" ? new Storage() : null;
  }
  return storage;
}

/** Runs `work` at a place: what it calls stands beneath. */
export function within(place, work) {
  const follows = follower();
  if (follows) return follows.run(place, work);
  const before = top;
  top = place;
  try {
    return work();
  } finally {
    top = before;
  }
}

/** The place of the code that runs. */
export function current() {
  const follows = follower();
  return follows ? follows.getStore() : top;
}

/** The place that options name, or that of the code that runs; of the two the deeper when one stands beneath the other. */
export function placeOf(options, otherwise) {
  const given = options?.[SPAN]?.place ?? otherwise;
  const here = current();
  if (given === undefined) return here;
  for (let at = here; at !== undefined; at = at.parent) if (at === given) return here;
  return given;
}

/** What an observer does must not reach the call it watches. */
export function quietly(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
