// Failures in the words LangChain looks for. A LakewireError stays one, with all its facts.

import { ContextOverflowError } from "@langchain/core/errors";

/** LangChain's own mark of whether repeating may help, registered globally by it. */
const RETRYABLE = Symbol.for("langchain.errors.retryable");

/** How services say that a prompt is too long for the model. */
const TOO_LONG = /context_length_exceeded|maximum context length|context window|prompt is too long|input is too long|input tokens exceed/i;

/** LangChain's code of a failure, where it has one. */
function code({ status, message }) {
  if (status === 401) return "MODEL_AUTHENTICATION";
  if (status === 404) return "MODEL_NOT_FOUND";
  if (status === 429) return "MODEL_RATE_LIMIT";
  if (status === 400 && /tool_calls|tool_call_id|tool_use|tool_result/.test(message)) return "INVALID_TOOL_RESULTS";
  return undefined;
}

/**
 * Marks a failure for LangChain: `lc_error_code`, whether repeating may help, the name `AbortError` when the signal fired,
 * or `TimeoutError` when that was a timer's. A prompt that is too long becomes LangChain's `ContextOverflowError`, the failure as its cause.
 */
export function explain(failure, signal) {
  if (failure === null || typeof failure !== "object" || failure[Symbol.for("lakewire.error")] !== true) return failure;
  if ((failure.status === 400 || failure.status === 413) && TOO_LONG.test(failure.message)) return ContextOverflowError.fromError(failure);
  const aborted = failure.kind === "Cancelled" && signal?.aborted;
  const found = code(failure);
  const late = aborted && signal.reason?.name === "TimeoutError";
  if (aborted) Object.defineProperty(failure, "name", { value: late ? "TimeoutError" : "AbortError", configurable: true });
  if (found !== undefined) failure.lc_error_code = found;
  Object.defineProperty(failure, RETRYABLE, { value: late || (failure.isRetryable && !aborted), configurable: true });
  return failure;
}
