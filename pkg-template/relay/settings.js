// The options of a relay: what the core decides by, as its JSON, and what the handler keeps.

import { fail } from "../errors.js";

/** Options that the handler keeps; all others are the core's, which refuses what it does not know. */
const OWN = ["token", "clientId", "clientSecret", "scopes", "credentials", "authorize", "authorizeMs", "fetch", "enabled", "onEvent", "clientKey", "hosts", "public"];
/** Objects whose names are the caller's own: statements, indexes, parameters. */
const NAMED = ["statements", "columns", "parameters"];
/** Limits in time and number that the handler sees to, with what they are unless said. */
export const LIMITS = {
  bodyMs: 30_000,
  firstByteMs: 300_000,
  idleMs: 120_000,
  responseBytes: 64 * 1024 * 1024,
  streamBytes: 16 * 1024 * 1024,
  streamMs: 900_000,
  openPerClient: 16,
};
const MOST = { bodyMs: 600_000, firstByteMs: 3_600_000, idleMs: 3_600_000, streamMs: 86_400_000, openPerClient: 10_000 };
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
  if (own.authorize !== undefined && own.public === true) throw fail("InvalidInput", "`authorize` and `public: true` exclude each other: leave one out.");
  if (!["undefined", "boolean", "function"].includes(typeof own.enabled)) throw fail("InvalidInput", "`enabled` must be true, false or a function that gives one of them.");
  const hosts = own.hosts ?? [];
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === "string")) throw fail("InvalidInput", "`hosts` must be a list of host names with their ports.");
  const limits = { ...LIMITS };
  const asked = policy.limits === null || typeof policy.limits !== "object" ? {} : policy.limits;
  for (const name of Object.keys(LIMITS)) {
    if (asked[name] === undefined) continue;
    if (!Number.isSafeInteger(asked[name]) || asked[name] < 1 || asked[name] > (MOST[name] ?? Number.MAX_SAFE_INTEGER)) {
      throw fail("InvalidInput", `\`limits.${name}\` must be a whole number from 1 to ${MOST[name] ?? Number.MAX_SAFE_INTEGER}.`);
    }
    limits[name] = asked[name];
  }
  const authorizeMs = own.authorizeMs ?? AUTHORIZE_MS;
  if (!Number.isSafeInteger(authorizeMs) || authorizeMs < 1 || authorizeMs > 60_000) throw fail("InvalidInput", "`authorizeMs` must be a whole number from 1 to 60000.");
  return { own: { ...own, hosts, authorizeMs }, limits, sameOrigin: policy.sameOrigin === true, origins: Array.isArray(policy.origins) ? policy.origins : [], json: write({ ...policy, public: own.public === true || own.authorize !== undefined }) };
}

/** The core's JSON: names in snake_case, but for those that are the caller's own. */
function write(policy) {
  try {
    return JSON.stringify(snake(policy));
  } catch (cause) {
    throw fail("InvalidInput", "The options must be plain values.", { cause });
  }
}

function snake(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(snake);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name.includes("_")) throw fail("InvalidInput", `There is no option \`${name}\`: options are written in camelCase.`);
      const wire = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [wire, NAMED.includes(name) ? named(inner) : snake(inner)];
    }),
  );
}

function named(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, snake(inner)]));
}

/** Where the requests go: the core has looked at it already. */
export function originOf(host) {
  return new URL(/^https?:\/\//i.test(host) ? host : `https://${host}`).origin;
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Which names this relay answers to as its own origin: this machine's, those of its origins, and those it is told. */
export function knownHosts({ own, origins }) {
  const names = new Set([...own.hosts.map((host) => host.toLowerCase()), ...origins.map((origin) => `${origin}`.replace(/^https?:\/\//, ""))]);
  return (host) => LOOPBACK.test(host) || names.has(host);
}
