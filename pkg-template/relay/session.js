// For `authorize`: the one form of cookie that a session of an app beside a relay should have, and the comparing of secrets.

import { sameSecret as same } from "../core.js";
import { fail } from "../errors.js";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const VALUE = /^[A-Za-z0-9_.~+/=-]{1,3800}$/;

/**
 * A `set-cookie` value for a session: bound to this host (`__Host-`), sent over TLS only, kept from scripts and from other sites.
 */
export function sessionCookie(name, value, options = {}) {
  const { maxAge, ...rest } = options ?? {};
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `sessionCookie() has no option \`${stranger}\`: it takes maxAge alone, and all else is strict.`);
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 0)) throw fail("InvalidInput", "`maxAge` must be whole seconds; 0 removes the cookie.");
  const clears = maxAge === 0 && value === "";
  if (typeof value !== "string" || !(clears || VALUE.test(value))) throw fail("InvalidInput", "A cookie's value must be 1 to 3800 characters of A-Z a-z 0-9 _ . ~ + / = -: encode it, for example as base64.");
  return `${full(name)}=${value}${maxAge === undefined ? "" : `; Max-Age=${maxAge}`}; Path=/; Secure; HttpOnly; SameSite=Strict`;
}

/** The value of such a cookie in a request's headers, or `undefined`: also when it stands there twice, as nobody honest sends it. */
export function readSessionCookie(headers, name) {
  const key = full(name);
  const text = typeof headers?.get === "function" ? headers.get("cookie") : headers?.cookie;
  const found = `${text ?? ""}`.split(/; */).filter((pair) => pair.startsWith(`${key}=`));
  return found.length === 1 && VALUE.test(found[0].slice(key.length + 1)) ? found[0].slice(key.length + 1) : undefined;
}

function full(name) {
  const bare = `${name}`.replace(/^__Host-/, "");
  if (!NAME.test(bare)) throw fail("InvalidInput", "A cookie's name must be 1 to 64 characters of A-Z a-z 0-9 _ and -.");
  return `__Host-${bare}`;
}

const utf8 = new TextEncoder();

/** Whether two secrets are the same, in a time that depends on their lengths alone. */
export function sameSecret(one, other) {
  return typeof one === "string" && typeof other === "string" && same(utf8.encode(one), utf8.encode(other));
}
