// What every data room does: plan an operation in this entry's core, and have the user's client send it.

import { plan } from "../core.js";
import { fail } from "../errors.js";
import { direct, watchPanics } from "../guard.js";
import { splitCall } from "../options.js";
import { pure } from "../steps.js";

export { pure };

/** Methods and repeats as the core's `send` takes them; see `Repeat` in the Rust crate. */
export const [GET, PUT, PATCH, DELETE, POST] = [0, 1, 2, 3, 4];
export const [SAFE, BILLED, NEVER] = [0, 1, 2];

/** A path, tagged: names from outside stand in it as `${{ what: name }}`, are encoded, and refused when no URL can hold them. */
export const path = ([first, ...texts], ...names) => pure("path", first, ...names.flatMap((name, at) => [...Object.entries(name)[0], texts[at]]));

/** A path with what of a query is not absent. */
export const ask = (to, query) =>
  pure("path", to, ...Object.entries(query).flatMap(([name, value]) => (value === undefined || value === null ? [] : [`?${name}`, `${value}`, ""])));

/** A client of `lakewire` or `lakewire/chat`, whichever copy of the package it comes from. */
const CLIENT = Symbol.for("lakewire.client");
/** Where a call stands among others, in its options: see `mlflow/context.js`. */
export const SPAN = Symbol.for("lakewire.span");

/** The options of a call that were split off, with the place that was in them. */
export function kept(options, call) {
  const place = options?.[SPAN];
  return place === undefined ? call : { ...call, [SPAN]: place };
}

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
 * call (and throws when the client was closed), its `signals` end the call; `value` is what the answer of `raw` says;
 * `watch(call, options, work)` runs `work(options)` as a call that whoever watches the client is told of, `watching` is that watch.
 */
export function operations(client) {
  const inner = client?.[CLIENT];
  if (inner === undefined) throw fail("InvalidInput", "The first argument must be a WorkspaceClient of lakewire or lakewire/chat.");
  watchPanics();
  const raw = (request, options) => inner.ask(inner.core, "send", [request], splitCall(options)[0]);
  const watch = (call, options, work) => {
    const by = inner.watch ?? options?.[SPAN];
    return by === undefined ? work(options) : by.observe({ sends: true, ...call }, options, work);
  };
  const send = (operation, args, options) => raw(direct(() => plan(operation, args)), options);
  const value = async (sent) => {
    const { text, ...facts } = await sent;
    return parse(text, facts);
  };
  const json = (operation, args, options) => value(send(operation, args, options));
  return { raw, send, json, value, watch, watching: inner.watch, fetch: inner.fetch ?? ((...call) => fetch(...call)), scope: (options = {}) => inner.scope(splitCall(options)[0]) };
}
