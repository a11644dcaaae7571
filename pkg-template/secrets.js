// Secrets of the workspace. A value comes in a wrapper that shows itself only when asked.

import { fail } from "./errors.js";
import { writeJson } from "./json.js";

const REDACTED = "[redacted]";

/** The value of a secret; printing it in any way shows `[redacted]`. */
export class SecretValue {
  #bytes;

  constructor(bytes) {
    if (!(bytes instanceof Uint8Array)) throw fail("InvalidInput", "A SecretValue is made by secrets().get().");
    this.#bytes = bytes;
  }

  /** The value as text. */
  expose() {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes);
    } catch {
      throw fail("Decode", "The secret's value is not UTF-8 text: read it by exposeBytes().");
    }
  }

  /** A copy of the value's bytes. */
  exposeBytes() {
    return this.#bytes.slice();
  }

  toString() {
    return REDACTED;
  }

  toJSON() {
    return REDACTED;
  }

  [Symbol.toPrimitive]() {
    return REDACTED;
  }

  get [Symbol.toStringTag]() {
    return "SecretValue";
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return REDACTED;
  }

  [Symbol.for("Deno.customInspect")]() {
    return REDACTED;
  }
}

function toBase64(bytes) {
  let text = "";
  // piece by piece: a function takes only so many arguments
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function fromBase64(text) {
  const wrong = () => fail("Decode", "The answer has no `value` of base64 where the secret should be.");
  if (typeof text !== "string") throw wrong();
  let binary;
  try {
    binary = atob(text);
  } catch {
    // the platform's error is not the cause: it may hold the text
    throw wrong();
  }
  return Uint8Array.from(binary, (one) => one.charCodeAt(0));
}

/** The reference by which a serving endpoint reads a secret itself: `{{secrets/scope/key}}`. */
export function secretReference(scope, key) {
  const fits = (name) => typeof name === "string" && /^[A-Za-z0-9._@-]{1,128}$/.test(name);
  if (!fits(scope) || !fits(key)) throw fail("InvalidInput", "secretReference() needs the names of a scope and of a secret in it: 1 to 128 letters, digits, `-`, `_`, `.` or `@`.");
  return `{{secrets/${scope}/${key}}}`;
}

/** Secrets of a workspace; made by `client.secrets()`. */
export class Secrets {
  #client;

  constructor(client) {
    this.#client = client;
  }

  async #read(operation, args, options) {
    return JSON.parse((await this.#client.call(`secrets.${operation}`, args, options)).text);
  }

  async #do(operation, args, options) {
    await this.#client.call(`secrets.${operation}`, args, options);
  }

  /** Creates a scope. */
  async createScope(scope, options) {
    await this.#do("createScope", [writeJson(typeof scope === "string" ? { scope } : scope, "The scope")], options);
  }

  /** Lists the scopes the caller may see. */
  async listScopes(options) {
    return (await this.#read("listScopes", [], options)).scopes ?? [];
  }

  /** Deletes a scope with its secrets. */
  deleteScope(scope, options) {
    return this.#do("deleteScope", [scope], options);
  }

  /** Puts a secret, over one of the same name. */
  async put(scope, key, value, options) {
    if (typeof value === "string") {
      // a lone surrogate would be stored as another character in silence
      if (value.isWellFormed?.() === false) throw fail("InvalidInput", "The secret's value is no text that UTF-8 can hold: give its bytes.");
      return this.#do("putText", [scope, key, value], options);
    }
    const bytes = value instanceof SecretValue ? value.exposeBytes() : value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    if (!(bytes instanceof Uint8Array)) throw fail("InvalidInput", "The secret's value must be text, a Uint8Array or a SecretValue.");
    return this.#do("putBytes", [scope, key, toBase64(bytes)], options);
  }

  /** Reads a secret. */
  async get(scope, key, options) {
    const { value } = await this.#read("get", [scope, key], options);
    return new SecretValue(fromBase64(value));
  }

  /** Lists the names of a scope's secrets. */
  async list(scope, options) {
    return (await this.#read("list", [scope], options)).secrets ?? [];
  }

  /** Deletes a secret. */
  delete(scope, key, options) {
    return this.#do("delete", [scope, key], options);
  }

  /** Says what a user, group or service principal may do with a scope. */
  putAcl(scope, principal, permission, options) {
    return this.#do("putAcl", [scope, principal, permission], options);
  }

  /** Says what somebody may do with a scope. */
  getAcl(scope, principal, options) {
    return this.#read("getAcl", [scope, principal], options);
  }

  /** Lists who may do what with a scope. */
  async listAcls(scope, options) {
    return (await this.#read("listAcls", [scope], options)).items ?? [];
  }

  /** Takes somebody's permission on a scope away. */
  deleteAcl(scope, principal, options) {
    return this.#do("deleteAcl", [scope, principal], options);
  }
}
