// How every call of MLflow's client is sent: one form of paths and bodies, whole numbers exact, refusals explained.

import { DELETE, GET, NEVER, PATCH, POST, SAFE, ask, operations, pure } from "../data/base.js";
import { parseExact, writeExact } from "../data/exact.js";
import { paged } from "../data/pages.js";
import { LakewireError, fail } from "../errors.js";
import { splitCall, take } from "../options.js";

export { DELETE, NEVER, PATCH, POST, SAFE, fail, paged, pure, splitCall, take };
export const PUT = 1;
/** The repeat of a read whose answer is a file: one character per byte. */
export const FILE = 3;

/** Where the operations are, and those of Unity Catalog's registry. */
export const ROOT = "/api/2.0/mlflow/";
export const CATALOG = "/api/2.0/mlflow/unity-catalog/";

/** The ways of a client to its server; for the rooms of the class that is made of them. */
export const AT = Symbol();

/** What MLflow's refusals mean beyond their status. */
export function explain(error) {
  if (!(error instanceof LakewireError)) return error;
  const { status, errorCode, message } = error;
  if (status === 404 && errorCode === undefined) {
    error.message += " No such route of MLflow answers there: check that the host is the root address of an MLflow tracking server, new enough for this call, or a workspace.";
  } else if (status === 400 && message.includes("alias") && message.includes("not found")) {
    // the one missing thing that is told as a bad request
    error.kind = "NotFound";
  } else if (status === 403 && message.includes("Cross-origin request blocked")) {
    error.message += " Start the MLflow server with --cors-allowed-origins and the origin of this page.";
  }
  return error;
}

/** A metric's value as a number again: what JSON has no number for comes as text. */
export function metrics(list) {
  for (const metric of list ?? []) metric.value = Number(metric.value);
  return list;
}

/** A run whose metrics are numbers. */
export function runOf(run) {
  metrics(run?.data?.metrics);
  return run;
}

/** Tags and parameters as the wire has them, from `{ key: value }` or a list; values are texts there. */
export function pairs(given, what) {
  if (given === undefined || given === null) return [];
  if (typeof given !== "object") throw fail("InvalidInput", `The ${what} must be an object or a list of { key, value }.`);
  const list = Array.isArray(given) ? given : Object.entries(given).map(([key, value]) => ({ key, value }));
  return list.map((one) => {
    const { key, value } = one ?? {};
    if (value === undefined || value === null || typeof value === "function" || typeof value === "symbol") {
      throw fail("InvalidInput", `The ${what} hold nothing under \`${key}\`: give a text, a number or true or false.`);
    }
    return { key, value: typeof value === "object" ? writeExact(value, `The value of \`${key}\``) : `${value}` };
  });
}

/** Checked tags, or nothing when there are none. */
export function tagsOf(given) {
  const tags = pairs(given, "tags");
  for (const { key } of tags) pure("mlflow.key", "tag", key);
  return tags.length === 0 ? undefined : tags;
}

/** The options of a call, and what a method takes besides; anything else is misspelt. */
export function known(options, names) {
  const [scope, rest] = splitCall(options);
  const stranger = Object.keys(rest).find((name) => !names.includes(name));
  if (stranger !== undefined) throw fail("InvalidInput", `There is no option \`${stranger}\` here${names.length > 0 ? `: there are ${names.join(", ")} and those of every call` : ""}.`);
  return [scope, rest];
}

/** What a client does for MLflow. */
export function ways(client) {
  const at = operations(client);
  const raw = async (request, options) => {
    try {
      return await at.raw(request, options);
    } catch (error) {
      throw explain(error);
    }
  };
  const read = ({ text, ...facts }) => {
    try {
      return parseExact(text);
    } catch (cause) {
      throw fail("Decode", "The server answered with something that is not JSON: check that the host is an MLflow server or a workspace.", { ...facts, cause });
    }
  };
  const get = async (to, query, options) => read(await raw([GET, ask(to, query), undefined, SAFE], options));
  const send = async (to, body, options, repeat = NEVER, method = POST) => read(await raw([method, to, writeExact(body, "The request"), repeat], options));
  return { ...at, raw, get, send, totalMs: client[Symbol.for("lakewire.client")].totalMs };
}

/** What the rooms of the client stand on. */
export class Base {
  constructor(client) {
    this[AT] = ways(client);
  }
}

/** Checks an id or a name. */
export function named(value, what) {
  if (typeof value !== "string" || value === "") throw fail("InvalidInput", `The ${what} is missing: give it as a text.`);
  return value;
}
