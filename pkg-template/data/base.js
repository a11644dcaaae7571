// What every data room does: plan an operation in this entry's core, and have the user's client send it.

import { plan } from "../core.js";
import { fail } from "../errors.js";
import { direct, watchPanics } from "../guard.js";
import { splitCall } from "../options.js";

export { pure } from "../steps.js";

/** A client of `lakewire` or `lakewire/chat`, whichever copy of the package it comes from. */
const CLIENT = Symbol.for("lakewire.client");

/** An answer that should be JSON, read. */
export function parse(text, facts) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail("Decode", "The service answered with something that is not JSON: check that the host is a workspace.", { ...facts, cause });
  }
}

/**
 * The operations of a client.
 *
 * `send(operation, args, options)` plans by name and sends, and gives `{ text, requestId, attempts }`; `json` gives the
 * answer's value; `raw(request, options)` sends `[method, path, body, repeat, session]` as the core's `send` takes it;
 * `fetch` is what the client fetches with, for what does not go to the workspace; `scope(options)` checks the options of a
 * call (and throws when the client was closed), its `signals` end the call.
 */
export function operations(client) {
  const inner = client?.[CLIENT];
  if (inner === undefined) throw fail("InvalidInput", "The first argument must be a WorkspaceClient of lakewire or lakewire/chat.");
  watchPanics();
  const raw = (request, options) => inner.ask(inner.core, "send", [request], splitCall(options)[0]);
  const send = (operation, args, options) => raw(direct(() => plan(operation, args)), options);
  const json = async (operation, args, options) => {
    const { text, ...facts } = await send(operation, args, options);
    return parse(text, facts);
  };
  return { raw, send, json, fetch: inner.fetch ?? ((...call) => fetch(...call)), scope: (options = {}) => inner.scope(splitCall(options)[0]) };
}
