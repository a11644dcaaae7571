// Which workspace an adapter talks with: the client the app has, or one made on the first call.

import { fail } from "../errors.js";

/** Fields that say where the workspace is and who asks. None of them is serialised by itself, nor shown by inspection. */
export const CLIENT_FIELDS = [
  "client", "workspaceClient", "relay", "host", "token", "clientId", "clientSecret", "auth", "headers", "fetch", "dangerouslyAllowBrowser", "workspaceId",
];

/** Names of Databricks' own JavaScript SDK, as they may stand in `auth`, and what a client calls them. */
const AUTH_NAMES = { host: "host", token: "token", clientId: "clientId", clientSecret: "clientSecret", authType: "authType", profile: "profile" };

/** The process's environment, where there is one. */
const environment = () => globalThis.process?.env ?? {};

/**
 * What an adapter was given about its workspace, checked.
 *
 * Give one of `client` (a `WorkspaceClient` of `lakewire`, of `lakewire/chat`, or one that `lakewire/mlflow` observes),
 * `relay`, or `host` with its credentials; with none of them the environment's `DATABRICKS_HOST` and `DATABRICKS_TOKEN`
 * (or its client id and secret) are read on the first call.
 */
function settings(fields) {
  const { client, workspaceClient = client, relay, host, token, clientId, clientSecret, auth, headers, fetch, dangerouslyAllowBrowser, workspaceId } = fields;
  const given = workspaceClient ?? undefined;
  const named = { relay, host, token, clientId, clientSecret, auth };
  if (given !== undefined) {
    if (typeof given?.chat !== "function") {
      throw fail("InvalidInput", "`client` must be a WorkspaceClient of lakewire: `new WorkspaceClient({ host, token })`.");
    }
    const beside = Object.entries(named).find(([, value]) => value !== undefined);
    if (beside) throw fail("InvalidInput", `Give \`client\` or \`${beside[0]}\`, not both: a client knows its workspace already.`);
    return { client: given };
  }
  if (auth !== undefined && (auth === null || typeof auth !== "object")) {
    throw fail("InvalidInput", "`auth` must be an object such as { host, token } or { host, clientId, clientSecret }.");
  }
  const config = { relay, host, token, clientId, clientSecret, headers, fetch, dangerouslyAllowBrowser, workspaceId };
  for (const [name, value] of Object.entries(auth ?? {})) {
    if (value === undefined || value === null) continue;
    const known = AUTH_NAMES[name];
    if (known === undefined) {
      throw fail("InvalidInput", `\`auth.${name}\` is not known here: make a client with it (\`new WorkspaceClient({ … })\`, or fromEnv() of lakewire/node) and give that as \`client\`.`);
    }
    config[known] ??= value;
  }
  if (config.profile !== undefined) {
    throw fail("InvalidInput", "A profile is read from a file, which this entry does not do: give `client: fromProfile(name)` of lakewire/node.");
  }
  for (const name of Object.keys(config)) if (config[name] === undefined) delete config[name];
  if (config.relay !== undefined && config.host !== undefined) throw fail("InvalidInput", "Give `relay` or `host`, not both.");
  return { config };
}

/**
 * Gives the client of an adapter: a function that makes it once, on its first call. So constructors stay synchronous, and
 * an app that gives its own client downloads nothing else. Fails at once with kind `InvalidInput` for fields that cannot
 * work; what only shows on the first call (no host anywhere) fails then.
 */
export function clientOf(fields) {
  const { client, config } = settings(fields ?? {});
  let made = client && Promise.resolve(client);
  return () => {
    made ??= make(config).catch((failure) => {
      made = undefined; // the next call may find an environment that is set by then
      throw failure;
    });
    return made;
  };
}

async function make(config) {
  const { configFromEnv, WorkspaceClient } = await import("lakewire");
  if (config.relay !== undefined || config.host !== undefined) return new WorkspaceClient(config);
  const { token, ...rest } = config;
  if (!environment().DATABRICKS_HOST) {
    throw fail("InvalidInput", "There is no workspace: give `client`, `relay` or `host`, or set DATABRICKS_HOST. In a page that is `relay`, a path of the page's own server.");
  }
  if (typeof token === "function") return new WorkspaceClient({ ...rest, host: environment().DATABRICKS_HOST, token });
  return new WorkspaceClient(configFromEnv(environment(), config));
}

/** A method of the client, or a sentence that says which entry has it. */
export function method(client, name) {
  if (typeof client[name] === "function") return client[name].bind(client);
  throw fail("InvalidInput", `This client has no ${name}(): give one of the entry \`lakewire\`, which has them all.`);
}

/** The fields of a base class: all but those that say where the workspace is. */
export function withoutClient(fields) {
  const rest = { ...fields };
  for (const name of CLIENT_FIELDS) delete rest[name];
  return rest;
}

/**
 * What of the workspace is written when an adapter is serialised: its address, and secrets by name alone. `load` puts
 * them back from its `secretsMap`. A client, a fetch, headers and functions that give tokens are not written.
 */
export function serialisedClient(fields) {
  const { relay, host = fields.auth?.host, token = fields.auth?.token, clientId = fields.auth?.clientId, clientSecret = fields.auth?.clientSecret } = fields;
  const written = {};
  for (const [name, value] of Object.entries({ relay, host, client_id: clientId })) if (typeof value === "string") written[name] = value;
  if (typeof token === "string") written.token = { lc: 1, type: "secret", id: ["DATABRICKS_TOKEN"] };
  if (typeof clientSecret === "string") written.client_secret = { lc: 1, type: "secret", id: ["DATABRICKS_CLIENT_SECRET"] };
  return written;
}
