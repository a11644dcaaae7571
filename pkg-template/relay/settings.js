// The options of a relay: what the core decides by, as its JSON, and what the handler keeps.

import { fail } from "../errors.js";

/** Options that the handler keeps; all others are the core's, which refuses what it does not know. */
const OWN = ["token", "clientId", "clientSecret", "scopes", "credentials", "authorize", "authorizeMs", "fetch", "enabled", "onEvent", "clientKey", "ownOrigin", "hosts", "public", "allowCredentials"];
/** Objects whose names are the caller's own: statements, indexes, parameters. */
const NAMED = ["statements", "columns", "parameters"];
/** Words of the core's sentences that the caller writes in camelCase. */
const WORDS =
  /\b(same_origin|request_headers|serving_endpoints|vector_search|tool_types|max_results|warehouse_id|external_links|long_running|by_id|row_limit|(?:body|response|stream|target|header)_bytes|(?:stream|body|first_byte|idle|per)_ms|open_per_client|max_tokens)\b/g;
/** The longest that a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;
const AUTHORIZE_MS = 10_000;

/** Splits the options; throws a sentence for what cannot be. */
export function settings(options) {
  if (options === null || typeof options !== "object" || Array.isArray(options)) throw fail("InvalidInput", "createRelay() needs an object of options.");
  const own = {};
  const policy = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (OWN.includes(name)) own[name] = value;
    else policy[name] = value;
  }
  for (const name of ["authorize", "fetch", "onEvent", "clientKey"]) {
    if (own[name] !== undefined && typeof own[name] !== "function") throw fail("InvalidInput", `\`${name}\` must be a function.`);
  }
  if (own.public !== undefined && typeof own.public !== "boolean") throw fail("InvalidInput", "`public` must be true or false.");
  if (own.authorize === undefined && own.public !== true) {
    throw fail("InvalidInput", "Say who may use this relay: give `authorize`, a function of the request that gives { id } or null, or say `public: true`.");
  }
  if (own.allowCredentials !== undefined && typeof own.allowCredentials !== "boolean") throw fail("InvalidInput", "`allowCredentials` must be true or false.");
  if (own.authorize !== undefined && own.public === true) throw fail("InvalidInput", "`authorize` and `public: true` exclude each other: leave one out.");
  if (!["undefined", "boolean", "function"].includes(typeof own.enabled)) throw fail("InvalidInput", "`enabled` must be true, false or a function that gives one of them.");
  const authorizeMs = own.authorizeMs ?? AUTHORIZE_MS;
  if (!Number.isSafeInteger(authorizeMs) || authorizeMs < 1 || authorizeMs > 60_000) throw fail("InvalidInput", "`authorizeMs` must be a whole number from 1 to 60000.");
  const hosts = own.hosts ?? [];
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === "string")) throw fail("InvalidInput", "`hosts` must be a list of host names with their ports.");
  const { ownOrigin } = own;
  // one that is listed, and whose name is known as the relay's own
  if (ownOrigin !== undefined) {
    policy.sameOrigin ??= true;
    policy.origins = [...[policy.origins ?? []].flat(), ownOrigin];
  }
  const json = write(policy, { public: own.public === true, authorize: own.authorize !== undefined, credentials: own.allowCredentials === true });
  return { own: { ...own, hosts, authorizeMs }, origins: policy.origins, sameOrigin: policy.sameOrigin === true, json };
}

/** The core's JSON: names in snake_case, but for those that are the caller's own. */
function write(policy, switches) {
  let wire;
  try {
    wire = snake(policy);
    return JSON.stringify({ ...wire, ...switches, limits: seeded(wire.limits) });
  } catch (cause) {
    if (cause?.kind === "InvalidInput") throw cause;
    throw fail("InvalidInput", "The options must be plain values.", { cause });
  }
}

/** A seed of its own for the table of rates, so that nobody can aim at another's place; a worker has no chance before its first request. */
function seeded(limits) {
  if (limits !== undefined && (limits === null || typeof limits !== "object")) return limits;
  if (limits?.rate !== undefined && (limits.rate === null || typeof limits.rate !== "object")) return limits;
  try {
    const [seed] = crypto.getRandomValues(new Uint32Array(1));
    return { ...limits, rate: { ...limits?.rate, seed } };
  } catch {
    return limits;
  }
}

function snake(value, of = "") {
  // JSON would call it null, and the core take that for left out
  if (typeof value === "number" && !Number.isFinite(value)) throw fail("InvalidInput", `\`${of}\` must be a number: it is ${value}.`);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((inner) => snake(inner, of));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name.includes("_")) throw fail("InvalidInput", `There is no option \`${name}\`: options are written in camelCase.`);
      const wire = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [wire, NAMED.includes(name) ? named(inner, name) : snake(inner, name)];
    }),
  );
}

function named(value, of) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return snake(value, of);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, snake(inner, name)]));
}

/** What the core made of the options: the host, and limits as timers and counters take them. */
export function factsOf(core) {
  const facts = JSON.parse(core.facts());
  return {
    host: facts.host,
    limits: {
      bodyMs: Math.min(facts.body_ms, LONGEST_MS),
      firstByteMs: Math.min(facts.first_byte_ms, LONGEST_MS),
      idleMs: Math.min(facts.idle_ms, LONGEST_MS),
      streamMs: Math.min(facts.stream_ms, LONGEST_MS),
      responseBytes: facts.response_bytes,
      streamBytes: facts.stream_bytes,
      openPerClient: facts.open_per_client,
    },
  };
}

/** The core's refusal of options, in the words of this face. */
export function inCamelCase(error) {
  error.message = error.message.replace(WORDS, (word) => word.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
  return error;
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Which names this relay answers to as its own origin: this machine's, those of its origins, and those it is told. */
export function knownHosts(hosts, origins = []) {
  const names = new Set([...hosts.map((host) => host.toLowerCase()), ...origins.map((origin) => origin.replace(/^https?:\/\//, ""))]);
  return (host) => LOOPBACK.test(host) || names.has(host);
}
