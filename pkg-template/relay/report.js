// What the handler says: its own refusals, and events for logs.

import { logSafe } from "../core.js";

/** The relay's own refusals by status. */
const SAID = {
  400: ["BAD_REQUEST", "The request cannot be read."],
  401: ["UNAUTHENTICATED", "This relay does not know you: sign in to the app."],
  403: ["PERMISSION_DENIED", "This relay does not let you do this."],
  408: ["DEADLINE_EXCEEDED", "The request's body did not arrive in time."],
  413: ["BAD_REQUEST", "The request's body is larger than this relay takes."],
  421: ["PERMISSION_DENIED", "This relay has another name."],
  429: ["REQUEST_LIMIT_EXCEEDED", "Too many requests: try again later."],
  500: ["INTERNAL_ERROR", "The relay failed."],
  502: ["INTERNAL_ERROR", "The workspace gave no answer that is passed on."],
  503: ["TEMPORARILY_UNAVAILABLE", "The relay is not available now."],
  504: ["DEADLINE_EXCEEDED", "The workspace gave no answer in time."],
};

/** Headers of every answer: nothing between may keep or change it. */
const ALWAYS = { "cache-control": "no-store, no-transform", vary: "origin", "x-content-type-options": "nosniff" };

/** A refusal of the handler's own, with headers `more`, a list of pairs. */
export function refusal(status, requestId, more = []) {
  const [error_code, message] = SAID[status];
  const headers = new Headers({ ...ALWAYS, "content-type": "application/json", "x-request-id": requestId });
  for (const [name, value] of more) headers.set(name, value);
  return new Response(JSON.stringify({ error_code, message, request_id: requestId }), { status, headers });
}

/** An answer that the core wrote, with headers `more`. */
export function answer({ status, headers, body }, more = []) {
  const all = new Headers(ALWAYS);
  for (const [name, value] of [...headers, ...more]) {
    if (name === "set-cookie") all.append(name, value);
    else all.set(name, value);
  }
  const bodyless = status === 204 || status === 205 || status === 304 || status === 101;
  return new Response(bodyless || body === "" ? null : body, { status, headers: all });
}

/** Tells `onEvent`, with every text escaped; what it throws stays there. */
export function reporter(onEvent) {
  if (onEvent === undefined) return () => {};
  return (event) => {
    const safe = {};
    for (const [name, value] of Object.entries(event)) if (value !== undefined) safe[name] = typeof value === "string" ? logSafe(value) : value;
    try {
      Promise.resolve(onEvent(safe)).catch(() => {});
    } catch {
      // a log that fails must not stop the relay
    }
  };
}
