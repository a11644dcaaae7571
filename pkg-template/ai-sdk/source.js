// The client that models ask: the one the app has, or one that is made when the first call needs it.

import { fail } from "../errors.js";

const ENDPOINTS = /\/serving-endpoints\/*$/;

/** What other providers are given, in our words: an address that ends in `/serving-endpoints`, a token within the headers. */
function translated({ baseURL, apiKey, ...options }) {
  if (baseURL === undefined) return apiKey === undefined ? options : { ...options, token: options.token ?? apiKey };
  if (options.host !== undefined) throw fail("InvalidInput", "Give `host` or `baseURL`, not both: they say the same.");
  if (typeof baseURL !== "string") throw fail("InvalidInput", "`baseURL` must be text, such as https://my-workspace.cloud.databricks.com/serving-endpoints.");
  // the client writes the paths itself: another one would be left out without a word
  const [, path = "/"] = /^https?:\/\/[^/?#]+(\/[^?#]*)?/i.exec(baseURL.replace(ENDPOINTS, "")) ?? [];
  if (!/^\/*$/.test(path)) throw fail("InvalidInput", "`baseURL` must be the workspace's address with nothing but /serving-endpoints behind it: for another path give a `relay`, or a `fetch` that sends requests there.");
  const headers = new Headers(options.headers ?? {});
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer !== undefined) headers.delete("authorization");
  return { ...options, host: baseURL.replace(ENDPOINTS, ""), token: options.token ?? apiKey ?? bearer, headers: [...headers] };
}

/** Checks what createDatabricks was given, and gives a function that resolves with the client. */
export function clientOf(given) {
  const { client, relay, ...config } = translated(given);
  if (client !== undefined) {
    if (typeof client?.chat !== "function") throw fail("InvalidInput", "`client` must be a WorkspaceClient of lakewire or lakewire/chat.");
    const [stranger] = Object.entries({ relay, ...config }).find(([, value]) => value !== undefined) ?? [];
    if (stranger !== undefined) throw fail("InvalidInput", `Give \`client\` or \`${stranger}\`, not both: a client knows its own address and credentials.`);
    return async () => client;
  }
  if (relay !== undefined) {
    if (typeof relay !== "string" || relay === "") throw fail("InvalidInput", "`relay` must be the address of a relay, such as /api/lakewire.");
    const stranger = ["host", "token"].find((name) => config[name] !== undefined);
    if (stranger !== undefined) throw fail("InvalidInput", `Give \`relay\` or \`${stranger}\`, not both: the relay knows the workspace and its token.`);
    for (const name of ["host", "token"]) delete config[name];
  }
  let made;
  return () => {
    made ??= make(relay, config).catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function make(relay, config) {
  const { configFromEnv, WorkspaceClient } = await import("lakewire");
  if (relay !== undefined) return new WorkspaceClient({ ...config, relay });
  if (config.host !== undefined) return new WorkspaceClient(config);
  const env = globalThis.process?.env;
  if (env === undefined) throw fail("InvalidInput", "createDatabricks() needs `client`, `relay` or `host`: there is no environment to read DATABRICKS_HOST from.");
  const named = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  if (typeof named.token !== "function") return new WorkspaceClient(configFromEnv(env, named));
  const { token, ...rest } = named;
  return new WorkspaceClient({ ...rest, host: env.DATABRICKS_HOST, token });
}
