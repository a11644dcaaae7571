// Failures as the AI SDK knows them.

import { APICallError } from "@ai-sdk/provider";
import { fail, LakewireError } from "../errors.js";

/** Mistakes of the program, before anything was sent: they come as they are. */
const OWN = ["InvalidInput", "Closed"];

/**
 * What to throw for what a call threw: the signal's reason when the call was aborted, else an `APICallError` with the facts
 * of the `LakewireError`, which is its cause. `path` names the endpoint, `values` is what was asked.
 */
export function asFailure(thrown, { path, values, signal }) {
  if (signal?.aborted) return signal.reason ?? new DOMException("The call was aborted.", "AbortError");
  if (!(thrown instanceof LakewireError) || OWN.includes(thrown.kind)) return thrown;
  const { kind, status, errorCode, requestId, retryAfterMs, details, isRetryable, message } = thrown;
  const headers = {};
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  if (retryAfterMs !== undefined) headers["retry-after-ms"] = `${retryAfterMs}`;
  return new APICallError({
    message,
    url: path,
    requestBodyValues: values,
    statusCode: status,
    responseHeaders: headers,
    responseBody: status === undefined ? undefined : JSON.stringify({ error_code: errorCode, message, details }),
    isRetryable,
    cause: thrown,
    data: { kind, errorCode, requestId, retryAfterMs },
  });
}

/** What to throw when the client the app gave cannot do more than chat. */
export function wholeClient(what) {
  return fail("InvalidInput", `${what} need a client of "lakewire": the one of "lakewire/chat" can only chat.`);
}
