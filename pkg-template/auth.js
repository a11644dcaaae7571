// The ways to sign in beside a token: service principals, exchanges, users in a browser, and settings of the environment.

import { CoreClient, CoreSignIn, readSettings } from "./core.js";
import { fail } from "./errors.js";
import { direct, settle, watchPanics } from "./guard.js";
import { writeJson } from "./json.js";
import { WAYS } from "./client.js";
import { take } from "./options.js";

let coreOf;

/** A user who signed in. Give it to a client as `session`; it renews itself. */
export class Session {
  static {
    coreOf = (session) => (session !== null && typeof session === "object" && #core in session ? session.#core : undefined);
  }

  #core;

  constructor(core) {
    if (typeof core?.free !== "function") throw fail("InvalidInput", "A session comes from a sign-in: use SignIn, completeSignIn() or u2mLoopback().");
    this.#core = core;
  }
}

/** Scopes as one text. */
function joined(scopes) {
  if (scopes === undefined || scopes === null || typeof scopes === "string") return scopes ?? undefined;
  if (Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string")) return scopes.join(" ");
  throw fail("InvalidInput", "`scopes` must be text or a list of texts.");
}

/** An object of settings of one way to sign in. */
function part(value, name, known) {
  const [taken, rest] = take(value, known, `\`${name}\``);
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `\`${name}\` has no setting \`${stranger}\`: it takes ${known.join(", ")}.`);
  return taken;
}

const BOTH = "`clientId` and `clientSecret` or with `federation`";

/** Settings beside a way to sign in, and what they go with. */
const NARROWING = { scopes: BOTH, accountId: BOTH, discoveryUrl: BOTH, authorizationDetails: "`clientId` and `clientSecret`" };
const OF_WAY = { "clientId and clientSecret": Object.keys(NARROWING), federation: ["scopes", "accountId", "discoveryUrl"] };

/** A client's core, whichever way it signs in. */
export function makeCore(config, token, fetch) {
  const [ways, rest] = take(config, WAYS, "The configuration");
  const { clientId, clientSecret, scopes, authorizationDetails, accountId, discoveryUrl, azure, federation, session } = ways;
  const given = { token, "clientId and clientSecret": clientId ?? clientSecret, azure, federation, session };
  const chosen = Object.keys(given).filter((name) => given[name] !== undefined && given[name] !== null);
  const own = OF_WAY[chosen[0]] ?? [];
  const stray = Object.keys(NARROWING).find((name) => ways[name] !== undefined && ways[name] !== null && !own.includes(name));
  if (chosen.length <= 1 && stray !== undefined) throw fail("InvalidInput", `\`${stray}\` goes with ${NARROWING[stray]} only, not with ${chosen[0] === undefined ? "a client without credentials" : `\`${chosen[0]}\``}: leave it out.`);
  if (chosen.length > 1) throw fail("InvalidInput", `More than one way to sign in is configured: ${chosen.join(", ")}. Give one of them.`);
  switch (chosen[0]) {
    case "session": {
      const core = coreOf(session);
      if (core === undefined) throw fail("InvalidInput", "`session` must be what a sign-in gave: use SignIn, completeSignIn() or u2mLoopback().");
      return CoreClient.ofSession(rest, core, fetch);
    }
    case "azure":
      return CoreClient.signed(rest, { way: "azure", ...part(azure, "azure", ["clientId", "clientSecret", "tenantId", "environment", "workspaceResourceId", "loginEndpoint"]) }, fetch);
    case "federation":
      return CoreClient.signed(rest, { way: "federation", ...part(federation, "federation", ["token", "clientId"]), scopes: joined(scopes), accountId, discoveryUrl }, fetch);
    case "clientId and clientSecret": {
      const details = authorizationDetails === undefined || typeof authorizationDetails === "string" ? authorizationDetails : writeJson(authorizationDetails, "`authorizationDetails`");
      const grant = { way: "m2m", clientId, clientSecret, scopes: joined(scopes), authorizationDetails: details, accountId, discoveryUrl };
      return CoreClient.signed(rest, grant, fetch);
    }
    default:
      return new CoreClient(rest, token, fetch);
  }
}

/** The token of the user that a Databricks App serves, from the headers of the request. */
export function onBehalfOf(headers) {
  const name = "x-forwarded-access-token";
  let token;
  if (typeof headers?.get === "function") token = headers.get(name);
  else if (headers !== null && typeof headers === "object") {
    const pairs = typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
    token = pairs.find((pair) => `${pair?.[0]}`.toLowerCase() === name)?.[1];
  } else throw fail("InvalidInput", "onBehalfOf() needs the headers of the request.");
  if (typeof token !== "string" || token === "") {
    throw fail("Unauthenticated", "The request carries no X-Forwarded-Access-Token: turn on user authorization for the app, and call it through its own address.");
  }
  return token;
}

const SETTINGS = {
  host: "host", token: "token", clientId: "client_id", clientSecret: "client_secret", scopes: "scopes", authorizationDetails: "authorization_details",
  accountId: "account_id", workspaceId: "workspace_id", discoveryUrl: "discovery_url", authType: "auth_type", profile: "profile",
};

/** A client's configuration from variables and, if its text is given, a profile file. */
export function configFromEnv(env, options) {
  const lookup = typeof env === "function" ? env : (name) => env?.[name];
  const [{ file, readFile, ...named }, rest] = take(options, ["file", "readFile", ...Object.keys(SETTINGS)], "The configuration");
  const other = ["azure", "federation", "session"].find((name) => rest[name] !== undefined);
  if (other !== undefined || typeof named.token === "function") {
    throw fail("InvalidInput", `\`${other ?? "token"}\` is a way to sign in by itself: give it to new WorkspaceClient() with the host.`);
  }
  const given = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  const pairs = given.map(([name, value]) => [SETTINGS[name], name === "scopes" ? joined(value) : typeof value === "string" ? value : writeJson(value, `\`${name}\``)]);
  watchPanics();
  const found = direct(() => readSettings({ given: pairs }, lookup, typeof file === "function" ? file : () => file));
  if (found.host === undefined) {
    throw fail("InvalidInput", "No workspace is named: set DATABRICKS_HOST to its address, such as https://my-workspace.cloud.databricks.com, or add it to the profile.");
  }
  const config = { ...rest, host: found.host };
  if (found.workspace_id !== undefined) config.workspaceId = found.workspace_id;
  const scopes = found.scopes === "" ? undefined : found.scopes;
  switch (found.method) {
    case "pat":
      return { ...config, token: found.token };
    case "oauth-m2m":
      return { ...config, clientId: found.client_id, clientSecret: found.client_secret, scopes, authorizationDetails: found.authorization_details, accountId: found.account_id, discoveryUrl: found.discovery_url };
    case "azure-client-secret":
      return {
        ...config,
        azure: {
          clientId: found.azure_client_id, clientSecret: found.azure_client_secret, tenantId: found.azure_tenant_id, environment: found.azure_environment,
          workspaceResourceId: found.azure_workspace_resource_id,
        },
      };
    case "env-oidc":
      return { ...config, federation: { token: () => lookup(found.oidc_token_env), clientId: found.client_id }, scopes, accountId: found.account_id, discoveryUrl: found.discovery_url };
    case "file-oidc":
      if (typeof readFile !== "function") throw fail("InvalidInput", "A token in a file needs files: use fromEnv() of \"lakewire/node\".");
      return { ...config, federation: { token: async () => `${await readFile(found.oidc_token_filepath)}`.trim(), clientId: found.client_id }, scopes, accountId: found.account_id, discoveryUrl: found.discovery_url };
    default:
      return config;
  }
}

function base64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function challengeOf(verifier) {
  if (globalThis.crypto?.subtle === undefined) throw fail("InvalidInput", "A sign-in needs the platform's crypto: serve the page over https, or from localhost.");
  return base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

const SIGN_IN = ["host", "clientId", "clientSecret", "redirectUri", "scopes", "accountId", "authorizationEndpoint", "tokenEndpoint", "dangerouslyAllowBrowser", "fetch"];

/** A user's sign-in through a browser, in two parts. */
export class SignIn {
  #core;

  constructor(config) {
    const { fetch, ...rest } = part(config, "SignIn", SIGN_IN);
    if (typeof rest.host !== "string") throw fail("InvalidInput", "SignIn needs { host }: the workspace's address.");
    if (fetch !== undefined && typeof fetch !== "function") throw fail("InvalidInput", "`fetch` must be a function.");
    watchPanics();
    this.#core = direct(() => new CoreSignIn({ ...rest, scopes: joined(rest.scopes) }, fetch));
  }

  /** The address to send the browser to, and what to keep until it comes back. */
  async begin() {
    const random = crypto.getRandomValues(new Uint8Array(48));
    const pending = { verifier: base64Url(random.subarray(0, 32)), state: base64Url(random.subarray(32)) };
    const challenge = await challengeOf(pending.verifier);
    return { url: await settle(this.#core.begin(pending.verifier, challenge, pending.state)), pending };
  }

  /** The session, from the address the browser came back to and what was kept. */
  async complete(callback, pending) {
    const { verifier, state } = pending ?? {};
    if (typeof verifier !== "string" || typeof state !== "string") throw fail("InvalidInput", "complete() needs what begin() gave as `pending`.");
    return new Session(await settle(this.#core.complete(`${callback}`, verifier, await challengeOf(verifier), state)));
  }
}

const KEPT = "lakewire.sign-in";

function inPage(config) {
  const { location, sessionStorage } = globalThis;
  if (location === undefined || sessionStorage === undefined) {
    throw fail("InvalidInput", "beginSignIn() and completeSignIn() are for pages: elsewhere use SignIn, or u2mLoopback() of \"lakewire/node\".");
  }
  const here = `${location.origin}${location.pathname}`;
  return { signIn: new SignIn({ redirectUri: here, ...config }), store: sessionStorage, location };
}

/** In a page: begins a sign-in, and gives the address to go to. */
export async function beginSignIn(config) {
  const { signIn, store } = inPage(config);
  const { url, pending } = await signIn.begin();
  store.setItem(KEPT, JSON.stringify(pending));
  return url;
}

/** In the page the browser came back to: the session. The verifier is used once, whatever comes of it. */
export async function completeSignIn(config, url) {
  const { signIn, store, location } = inPage(config);
  const kept = store.getItem(KEPT);
  store.removeItem(KEPT);
  if (kept === null) throw fail("Unauthenticated", "No sign-in was begun in this tab: begin one, and come back to the same tab.");
  return signIn.complete(url ?? location.href, JSON.parse(kept));
}
