// Token counts and finish reasons.

const known = (value) => (typeof value === "number" ? value : undefined);
const less = (whole, part) => (whole === undefined ? undefined : Math.max(0, whole - (part ?? 0)));

/** Usage in chat's words. What the endpoint does not count stays undefined; no usage at all is all undefined. */
export function chatUsage(usage) {
  const prompt = known(usage?.prompt_tokens);
  const output = known(usage?.completion_tokens);
  const read = known(usage?.cache_read_input_tokens);
  const write = known(usage?.cache_creation_input_tokens);
  const cached = known(usage?.prompt_tokens_details?.cached_tokens);
  const reasoning = known(usage?.completion_tokens_details?.reasoning_tokens) ?? known(usage?.reasoning_tokens);
  // the Claude class counts what it read from its cache beside the prompt, OpenAI's as a part of it
  const beside = read !== undefined || write !== undefined;
  return {
    inputTokens: {
      total: beside && prompt !== undefined ? prompt + (read ?? 0) + (write ?? 0) : prompt,
      noCache: beside ? prompt : less(prompt, cached),
      cacheRead: beside ? read : cached,
      cacheWrite: write,
    },
    outputTokens: { total: output, text: reasoning === undefined ? undefined : less(output, reasoning), reasoning },
    raw: usage ?? undefined,
  };
}

/** Usage in the words of Responses. */
export function responsesUsage(usage) {
  const input = known(usage?.input_tokens);
  const output = known(usage?.output_tokens);
  const cached = known(usage?.input_tokens_details?.cached_tokens);
  const reasoning = known(usage?.output_tokens_details?.reasoning_tokens);
  return {
    inputTokens: { total: input, noCache: less(input, cached), cacheRead: cached, cacheWrite: undefined },
    outputTokens: { total: output, text: reasoning === undefined ? undefined : less(output, reasoning), reasoning },
    raw: usage ?? undefined,
  };
}

const REASONS = { stop: "stop", length: "length", tool_calls: "tool-calls", function_call: "tool-calls", content_filter: "content-filter" };

/** Why an answer ended; some endpoints say `stop`, or nothing, beside tool calls. */
export function finishReason(raw, callsTools) {
  const said = REASONS[raw] ?? "other";
  const unified = callsTools && (said === "stop" || raw === undefined || raw === null) ? "tool-calls" : said;
  return { unified, raw: raw ?? undefined };
}

/** Why a Responses answer ended. */
export function responsesReason({ status, incomplete_details: details }, callsTools) {
  if (status === "incomplete") {
    const raw = details?.reason ?? "incomplete";
    return { unified: { max_output_tokens: "length", content_filter: "content-filter" }[raw] ?? "other", raw };
  }
  if (status === "failed" || status === "cancelled") return { unified: "error", raw: status };
  return { unified: callsTools ? "tool-calls" : "stop", raw: status ?? undefined };
}
