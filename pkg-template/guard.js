// Every call into the core that waits. If the core panics, its promise would never settle: the
// panic handler rejects whatever is in flight instead.

import { onPanic, onTrap } from "./core.js";
import { fail, toError } from "./errors.js";

const inFlight = new Set();
let watching = false;

function rejectAll(place) {
  const error = fail("InternalError", `The core stopped unexpectedly${place}; this is a bug in lakewire.`);
  for (const reject of inFlight) reject(error);
  inFlight.clear();
}

/** Installs the panic handler; called when the first client is made, once the wasm is there. */
export function watchPanics() {
  if (watching) return;
  try {
    onPanic(rejectAll);
    // what stops the core without a panic, such as a lack of memory, has no place to name
    onTrap(() => rejectAll(""));
  } catch (cause) {
    throw fail("InvalidInput", "The core has not been started: await init() of \"lakewire/slim\" first, or import \"lakewire\", which starts it.", { cause });
  }
  watching = true;
}

/** A promise of the core as one that always settles, with errors of ours. */
export function settle(promise, signal) {
  return new Promise((resolve, reject) => {
    inFlight.add(reject);
    promise.then(
      (value) => {
        inFlight.delete(reject);
        resolve(value);
      },
      (thrown) => {
        inFlight.delete(reject);
        reject(toError(thrown, signal?.aborted ? signal.reason : undefined));
      },
    );
  });
}

/** A synchronous call of the core, with errors of ours. */
export function direct(call) {
  try {
    return call();
  } catch (thrown) {
    throw toError(thrown);
  }
}
