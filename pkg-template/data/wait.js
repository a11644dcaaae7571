// Waiting between two looks, and for what others wait for too.

import { fail } from "../errors.js";

/** A wait that ends early when a signal fires; who waits then sees the signal. */
export function pause(ms, signals) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}

/** What a promise gives, as `[value]`; nothing when the signal fires before. */
export function unless(signal, promise) {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    promise.then((value) => resolve([value]), reject).finally(() => signal?.removeEventListener("abort", stop));
  });
}

/** What a promise gives that others wait for too: the signal of one ends the wait of that one alone. */
export async function shared(signal, promise) {
  const outcome = await unless(signal, promise);
  if (outcome === undefined) throw fail("Cancelled", "The call was aborted.", { cause: signal.reason });
  return outcome[0];
}
