// Sending to a store by a signed address: with nothing of the client's, never without an end, and no error shows the address.

import { fail } from "../errors.js";
import { pause } from "../data/wait.js";

const TRIES = 3;
/** How long a store may take for one file, all tries together, unless the call or the client says otherwise, in milliseconds. */
const LIMITS = { traces: 60_000, artifacts: 600_000 };

/** What `act(signal)` gives, unless a signal fires or the time is over before; a fetch that heeds no signal is left behind. */
async function within(signals, ms, act) {
  const own = new AbortController();
  let timer;
  const over = new Promise((_, reject) => {
    const stop = () => {
      own.abort();
      reject(own);
    };
    // a timer holds no more: longer is no limit
    if (ms < 2 ** 31) timer = setTimeout(stop, ms);
    for (const signal of signals) signal.addEventListener("abort", stop);
    own.done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", stop);
    };
  });
  over.catch(() => {});
  try {
    return await Promise.race([act(own.signal), over]);
  } finally {
    own.done();
  }
}

/**
 * Sends to the store; gives the answer's bytes. A failure that may pass is tried again. `what` names the files in errors;
 * `scope` is a call's options: its signal, the client's end and `timeouts.totalMs` end the sending.
 */
export async function toStore(at, what, url, init, scope = {}) {
  const { signals, timeouts } = at.scope(scope);
  const limit = timeouts?.totalMs ?? at.totalMs ?? LIMITS[what];
  const until = performance.now() + limit;
  const check = (tries) => {
    if (scope.signal?.aborted) throw fail("Cancelled", "The call was aborted.", { cause: scope.signal.reason });
    if (signals.some(({ aborted }) => aborted)) throw fail("Closed", "The client was closed.");
    if (performance.now() >= until) throw fail("DeadlineExceeded", `The store of the ${what} did not answer within ${limit} ms.`, { isRetryable: true, attempts: tries });
  };
  for (let tries = 1; ; tries += 1) {
    check(tries);
    let error;
    try {
      const answer = await within(signals, until - performance.now(), async (signal) => {
        const response = await at.fetch(url, { ...init, credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer", signal });
        const { ok, status } = response;
        if (ok) return { bytes: await response.arrayBuffer() };
        response.body?.cancel().catch(() => {});
        return { status };
      });
      const { bytes, status } = answer;
      if (bytes !== undefined) return bytes;
      const again = status === 429 || status >= 500;
      const kind = again ? "TemporarilyUnavailable" : status === 404 ? "NotFound" : "PermissionDenied";
      error = fail(kind, `The store of the ${what} refuses its signed address with status ${status}.`, { status, isRetryable: again, attempts: tries });
    } catch {
      // neither the platform's error nor its cause: they may hold the address
      check(tries);
      error = fail("Connect", `The store of the ${what} could not be reached. In a page, it must allow the page's origin.`, { isRetryable: true, attempts: tries });
    }
    if (!error.isRetryable || tries === TRIES) throw error;
    await pause(Math.min(250 * 2 ** tries * (0.75 + 0.5 * Math.random()), Math.max(0, until - performance.now())), signals);
  }
}

/** Keeps bytes at a signed address, as the kind of store wants them. */
export async function keep(at, what, [url, headers], type, bytes, scope) {
  const joint = url.includes("?") ? "&" : "?";
  const put = (query, method, body, more) => toStore(at, what, query === "" ? url : `${url}${joint}${query}`, { method, headers: { ...headers, ...more }, body }, scope);
  if (type !== "AZURE_ADLS_GEN2_SAS_URI") return put("", "PUT", bytes, type === "AZURE_SAS_URI" ? { "x-ms-blob-type": "BlockBlob" } : {});
  // three steps: an empty file, its bytes, and the word that these are all
  await put("resource=file", "PUT");
  if (bytes.length > 0) await put("action=append&position=0", "PATCH", bytes);
  return put(`action=flush&position=${bytes.length}`, "PATCH");
}
