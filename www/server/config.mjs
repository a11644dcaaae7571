// What the server must know, from the environment alone: nothing a client sends can change where a request goes.

/** Host names that mean this machine; only these may be spoken to without TLS. */
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Reads `DATABRICKS_HOST` and `DATABRICKS_TOKEN`, and `DATABRICKS_WAREHOUSE_ID` if there is one. Accepts a host with or without scheme and trailing slash.
 * Throws a sentence that says what to set when something is missing or unsafe. The token prints as `***`.
 */
export function readConfig(env) {
  const given = (env.DATABRICKS_HOST ?? "").trim();
  const token = (env.DATABRICKS_TOKEN ?? "").trim();
  if (!given)
    throw new Error(
      "DATABRICKS_HOST is not set. Set it to the workspace's address, for example https://adb-1234567890123456.7.azuredatabricks.net.",
    );
  if (!token) throw new Error("DATABRICKS_TOKEN is not set. Set it to a personal access token of that workspace.");
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error("DATABRICKS_TOKEN holds a character that cannot stand in a header. Copy the token again.");
  let host;
  try {
    host = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`);
  } catch {
    throw new Error(
      "DATABRICKS_HOST is not an address. Give the workspace's host, for example https://adb-1234567890123456.7.azuredatabricks.net.",
    );
  }
  if (host.username || host.password)
    throw new Error("DATABRICKS_HOST must not hold a user name or password. Give the token in DATABRICKS_TOKEN.");
  if (host.protocol !== "https:" && !(host.protocol === "http:" && LOOPBACK.has(host.hostname))) {
    throw new Error(
      "DATABRICKS_HOST must begin with https://: a token is never sent in the clear. Plain http is for this machine only.",
    );
  }
  if (host.pathname !== "/" || host.search || host.hash)
    throw new Error("DATABRICKS_HOST must be the workspace's address alone, without a path. Remove what follows the host name.");
  const warehouse = (env.DATABRICKS_WAREHOUSE_ID ?? "").trim() || undefined;
  return { host, token: new Secret(token), loopback: LOOPBACK.has(host.hostname), warehouse };
}

/** Holds a secret so that no log, error or inspection shows it by accident. */
export class Secret {
  #value;

  constructor(value) {
    this.#value = value;
  }

  /** The secret itself: call this only where it is put into the outgoing header. */
  reveal() {
    return this.#value;
  }

  toString() {
    return "***";
  }

  toJSON() {
    return "***";
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return "***";
  }
}
