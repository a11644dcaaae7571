// Every way to sign in that asks for tokens, against a scripted fetch, and the entry for Node, Deno and Bun.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect, promisify } from "node:util";
import { emulator, LLAMA } from "./emulator.mjs";
import { completion, failure, HOST, json, refusal, scripted, withClock } from "./fakes.mjs";
import lakewire, { entry, WorkspaceClient } from "./package.mjs";

const real = await emulator();
const { configFromEnv, onBehalfOf, Session, SignIn } = lakewire;
const SECRET = "dose0canary0secret0of0the0principal";
const M2M = { token: undefined, clientId: "client-1", clientSecret: SECRET };
const good = () => json(completion());
const bearer = (call) => call.headers.get("authorization");
const isToken = (call) => call.url.endsWith("/token");
const granted = (token, more) => json({ access_token: token, token_type: "Bearer", expires_in: 3600, ...more });

/** A workspace that knows where its endpoints are; `grant(call, number)` answers the token endpoint, `serve(call)` the rest. */
function workspace(grant, serve = good) {
  let asked = 0;
  return (call) => {
    if (call.url.endsWith("/.well-known/databricks-config")) return json({ oidc_endpoint: `${HOST}/oidc` });
    if (call.url.endsWith("/oauth-authorization-server")) return json({ authorization_endpoint: `${HOST}/oidc/v1/authorize`, token_endpoint: `${HOST}/oidc/v1/token` });
    if (isToken(call)) return grant(call, (asked += 1));
    return serve(call);
  };
}

/** Runs a module in a process of its own, with this environment. */
async function elsewhere(script, env = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DATABRICKS_|ARM_|GOOGLE_)/.test(name)));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env: { ...clean, ...env } });
  assert.ok(!`${stdout}${stderr}`.includes("canary"), "a secret was printed");
  return JSON.parse(stdout);
}

test("K2: a service principal asks once for a hundred calls, and again at the end of the hour", async () => {
  await withClock(async (clock) => {
    const { client, chat, calls } = scripted(workspace((_, number) => granted(`token-${number}`)), M2M);
    await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
    const [asked] = calls.filter(isToken);
    assert.equal(calls.filter(isToken).length, 1);
    assert.deepEqual(asked.form, { grant_type: "client_credentials", scope: "all-apis" });
    assert.equal(bearer(asked), `Basic ${Buffer.from(`client-1:${SECRET}`).toString("base64")}`);
    clock.advance(3_600_000);
    await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
    assert.equal(calls.filter(isToken).length, 2);
    assert.equal(bearer(calls.at(-1)), "Bearer token-2");
    assert.ok(!inspect(client, { depth: null, showHidden: true }).includes("canary"));
  });
});

test("K10: a token endpoint that refuses, breaks or lies is one typed error, and nothing of its body is shown", async () => {
  const page = (status) => new Response("<p>canary</p>", { status, headers: { "content-type": "text/html" } });
  for (const [answer, status, errorCode, isRetryable] of [
    [() => refusal(429, { headers: { "retry-after": "9" } }), 429, undefined, true],
    [() => page(503), 503, undefined, true],
    [() => page(200), 200, undefined, false],
    [() => json({ id_token: "canary" }), 200, undefined, false],
    [() => new Response(null, { status: 307, headers: { location: "https://evil.example/?canary" } }), 307, undefined, false],
    [() => json({ error: "invalid_client", error_description: "canary" }, { status: 401 }), 401, "invalid_client", false],
    [() => new Error("canary"), undefined, undefined, false],
  ]) {
    const { chat, calls } = scripted(workspace((call, number) => { const one = answer(call, number); if (one instanceof Error) throw one; return one; }), M2M);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => chat.invoke("Hi")));
    for (const { reason } of results) {
      assert.deepEqual([reason.kind, reason.status, reason.errorCode, reason.isRetryable], ["TokenEndpoint", status, errorCode, isRetryable]);
      assert.ok(!inspect(reason, { depth: null }).includes("canary"), reason.message);
    }
    assert.equal(calls.filter(isToken).length, 1);
    assert.ok(calls.every((call) => call.url.startsWith(HOST)));
  }
});

test("K5: a token refused with 401, or with 403 for its age, is asked for anew once; K8: other 403s are not", async () => {
  const refusing = (first) => {
    let served = 0;
    return scripted(workspace((_, number) => granted(`token-${number}`), () => ((served += 1) === 1 ? first() : good())), M2M);
  };
  for (const first of [() => refusal(401), () => refusal(403, { message: "Invalid access token." })]) {
    const { chat, calls } = refusing(first);
    await chat.invoke("Hi");
    assert.deepEqual(calls.filter((call) => call.json).map(bearer), ["Bearer token-1", "Bearer token-2"]);
  }
  const { chat, calls } = refusing(() => refusal(403, { message: "No permission to query." }));
  await failure(() => chat.invoke("Hi"), "PermissionDenied");
  assert.equal(calls.filter(isToken).length, 1);
});

test("K9: odd lifetimes of granted tokens cause no storm", async () => {
  for (const expires_in of [0, -1, "3600", "soon", 1e12, null]) {
    const { chat, calls } = scripted(workspace((_, number) => granted(`token-${number}`, { expires_in })), M2M);
    for (let place = 0; place < 10; place += 1) await chat.invoke("Hi");
    assert.ok(calls.filter(isToken).length <= 2, `${expires_in}`);
  }
});

test("K16 K18: secrets that cannot be ones, halves and mixtures are refused without echo; so is any secret in a page", async () => {
  const make = (config) => failure(async () => new WorkspaceClient({ host: HOST, ...config }), "InvalidInput");
  for (const config of [
    { clientId: "id", clientSecret: "canary\n" }, { clientId: "id", clientSecret: "canäry-canary" }, { clientId: "id", clientSecret: "" },
    { clientId: "canary id", clientSecret: "s" }, { clientSecret: "canary" }, { clientId: "id" },
    { clientId: "id", clientSecret: "canary", token: "dapi-canary" }, { clientId: "id", clientSecret: "s", scopes: 7 },
    { azure: { clientId: "id" } }, { azure: { clientId: "id", clientSecret: "canary", tenant: "x" } }, { azure: { clientId: "id", clientSecret: "canary", environment: "MOON" } },
    { federation: { token: "canary" } }, { accountId: "canary" }, { token: "dapi-canary", scopes: "sql" }, { azure: { clientId: "id", clientSecret: "canary" }, discoveryUrl: "https://canary" },
    { federation: { token: () => "canary" }, authorizationDetails: "canary" }, { session: {} }, { session: "canary" }, { workspaceId: "canary" },
  ]) assert.ok(!(await make(config)).message.includes("canary"));
  const said = await elsewhere(`
    globalThis.window = globalThis; globalThis.document = {};
    const { WorkspaceClient, SignIn } = await import(${JSON.stringify(entry("."))});
    const says = (make) => { try { make(); return "fine"; } catch (error) { return error.message; } };
    const host = "https://x.example", both = { clientId: "id", clientSecret: "canary" };
    console.log(JSON.stringify([
      says(() => new WorkspaceClient({ host, ...both })), says(() => new WorkspaceClient({ host, azure: both })), says(() => new SignIn({ host, ...both })),
      says(() => new WorkspaceClient({ host, ...both, dangerouslyAllowBrowser: true })), says(() => new SignIn({ host, clientId: "id" })),
    ]));`);
  for (const refused of said.slice(0, 3)) assert.match(refused, /A token or secret in a page/);
  assert.deepEqual(said.slice(3), ["fine", "fine"]);
});

test("lakewire/chat says that it takes tokens only", async () => {
  const { WorkspaceClient: ChatOnly } = await import(entry("./chat"));
  const thrown = await failure(async () => new ChatOnly({ host: HOST, clientId: "id", clientSecret: "s" }), "InvalidInput");
  assert.match(thrown.message, /`clientId`.*import "lakewire"/);
});

test("K17: each client of the same principal asks at its own workspace", async () => {
  for (const name of ["one", "two"]) {
    const host = `https://${name}.example`;
    const { chat, calls } = scripted((call) => (call.url.includes("well-known") ? new Response(null, { status: 404 }) : isToken(call) ? granted(`token-${name}`) : good()), { ...M2M, host });
    await chat.invoke("Hi");
    assert.ok(calls.every((call) => new URL(call.url).origin === host));
    assert.equal(bearer(calls.at(-1)), `Bearer token-${name}`);
    assert.equal(calls.filter(isToken)[0].url, `${host}/oidc/v1/token`);
  }
});

test("scopes, details and the workspace's id travel; a token of another provider is exchanged", async () => {
  const details = [{ type: "workspace_permission", object_path: "/serving-endpoints/1" }];
  const one = scripted(workspace(() => granted("token-1")), { ...M2M, scopes: ["sql", "all-apis", "sql"], authorizationDetails: details, workspaceId: "77" });
  await one.chat.invoke("Hi");
  const { form } = one.calls.find(isToken);
  assert.deepEqual([form.scope, JSON.parse(form.authorization_details)], ["all-apis sql", details]);
  assert.equal(one.calls.at(-1).headers.get("x-databricks-workspace-id"), "77");
  assert.equal(one.calls.find(isToken).headers.get("x-databricks-workspace-id"), null);

  const two = scripted(workspace(() => granted("token-2")), { token: undefined, federation: { token: async () => "their.jwt", clientId: "client-1" } });
  await two.chat.invoke("Hi");
  const exchanged = two.calls.find(isToken);
  assert.deepEqual([exchanged.form.grant_type, exchanged.form.subject_token, exchanged.form.client_id], ["urn:ietf:params:oauth:grant-type:token-exchange", "their.jwt", "client-1"]);
  assert.equal(bearer(exchanged), null);
});

test("a federation's account and document say where tokens are exchanged, from the environment too", async () => {
  const answer = (call) => {
    if (call.url.endsWith("/.well-known/databricks-config")) return json({ oidc_endpoint: `${HOST}/oidc/accounts/{account_id}` });
    if (call.url.endsWith("/accounts/a-1/.well-known/oauth-authorization-server")) return json({ authorization_endpoint: `${HOST}/a`, token_endpoint: `${HOST}/a-1/token` });
    if (call.url === "https://login.example/document") return json({ authorization_endpoint: `${HOST}/a`, token_endpoint: "https://login.example/token" });
    return isToken(call) ? granted("token-1") : good();
  };
  const environment = (name, value) => configFromEnv({ DATABRICKS_HOST: HOST, DATABRICKS_OIDC_TOKEN: "their.jwt", [name]: value });
  for (const [settings, url] of [
    [{ federation: { token: () => "their.jwt" }, accountId: "a-1" }, `${HOST}/a-1/token`],
    [{ federation: { token: () => "their.jwt" }, discoveryUrl: "https://login.example/document" }, "https://login.example/token"],
    [environment("DATABRICKS_ACCOUNT_ID", "a-1"), `${HOST}/a-1/token`],
    [environment("DATABRICKS_DISCOVERY_URL", "https://login.example/document"), "https://login.example/token"],
  ]) {
    const { chat, calls } = scripted(answer, { token: undefined, ...settings });
    await chat.invoke("Hi");
    assert.deepEqual(calls.filter(isToken).map((call) => call.url), [url]);
  }
});

test("a principal of Azure brings both of its tokens", async () => {
  const azure = { clientId: "client-1", clientSecret: SECRET, workspaceResourceId: "/subscriptions/1" };
  const { chat, calls } = scripted((call) => {
    if (call.url.endsWith("/aad/auth")) return new Response(null, { status: 302, headers: { location: "https://login.microsoftonline.com/tenant-1/oauth2/authorize?x=y" } });
    if (isToken(call)) return granted(call.form.resource.startsWith("https://management") ? "second" : "first");
    return good();
  }, { token: undefined, azure });
  await chat.invoke("Hi");
  assert.equal(calls[1].url, "https://login.microsoftonline.com/tenant-1/oauth2/token");
  const { headers } = calls.at(-1);
  assert.deepEqual(["authorization", "x-databricks-azure-sp-management-token", "x-databricks-azure-workspace-resource-id"].map((name) => headers.get(name)), ["Bearer first", "second", "/subscriptions/1"]);
});

test("K12: redirects on the own origin are followed when asked for, five at most; K11: never to another", async () => {
  const moved = (location) => () => new Response(null, { status: 307, headers: { location } });
  let hops = 0;
  const five = scripted((call) => ((hops += 1) <= 5 ? moved(`/moved/${hops}`)() : good(call)), { followRedirects: true });
  await five.chat.invoke("Hi");
  assert.equal(five.calls.length, 6);
  for (const call of five.calls) assert.deepEqual([new URL(call.url).origin, bearer(call), call.json.messages[0].content], [HOST, "Bearer dapi-scripted", "Hi"]);
  const endless = scripted(moved("/moved"), { followRedirects: true });
  await failure(() => endless.chat.invoke("Hi"), "Redirect");
  assert.equal(endless.calls.length, 6);
  for (const away of ["https://evil.example/", "http://workspace.example/", "//evil.example/", "https://workspace.example:444/"]) {
    const { chat, calls } = scripted(moved(away), { followRedirects: true });
    await failure(() => chat.invoke("Hi"), "Redirect");
    assert.equal(calls.length, 1, away);
  }
});

test("a sign-in sends the browser off, checks what comes back, and its session renews itself", async () => {
  await withClock(async (clock) => {
    const answer = workspace((call, number) => granted(`token-${number}`, { refresh_token: `refresh-${number}` }));
    const { client, calls } = scripted(answer);
    const fetch = (url, init) => answer({ url, form: Object.fromEntries(new URLSearchParams(new TextDecoder().decode(init.body ?? new Uint8Array()))) });
    const signIn = new SignIn({ host: HOST, redirectUri: "http://localhost:8020", fetch });
    const { url, pending } = await signIn.begin();
    const sent = Object.fromEntries(new URL(url).searchParams);
    assert.deepEqual([new URL(url).pathname, sent.response_type, sent.client_id, sent.redirect_uri, sent.scope, sent.state, sent.code_challenge_method], ["/oidc/v1/authorize", "code", "databricks-cli", "http://localhost:8020", "all-apis offline_access", pending.state, "S256"]);
    assert.equal(sent.code_challenge, createHash("sha256").update(pending.verifier).digest("base64url"));

    for (const [callback, says] of [["/?code=canary&state=other", "another sign-in"], [`/?error=access_denied&error_description=canary&state=${pending.state}`, "access_denied"], [`/?state=${pending.state}`, "without a code"]]) {
      const refused = await failure(() => signIn.complete(callback, pending), "Unauthenticated");
      assert.ok(refused.message.includes(says) && !refused.message.includes("canary"));
    }
    const session = await signIn.complete(new URL(`http://localhost:8020/?code=c&state=${pending.state}`), pending);
    assert.ok(session instanceof Session && !inspect(session, { depth: null, showHidden: true }).includes("token-1"));
    const mine = scripted(answer, { token: undefined, session });
    await mine.chat.invoke("Hi");
    clock.advance(3_600_000);
    await mine.chat.invoke("Hi");
    assert.deepEqual(mine.calls.filter((call) => call.json).map(bearer), ["Bearer token-1", "Bearer token-2"]);
    assert.equal(calls.length, 0);
    client.close();
    await failure(async () => scripted(good, { token: undefined, session, host: "https://other.example" }), "InvalidInput");
    await failure(async () => new Session({}), "InvalidInput");
  });
});

test("in a page a sign-in keeps verifier and state for one return, and tokens nowhere", async () => {
  const kept = await elsewhere(`
    const store = new Map();
    globalThis.window = globalThis; globalThis.document = {};
    Object.defineProperty(globalThis, "sessionStorage", { value: { setItem: (k, v) => store.set(k, v), getItem: (k) => store.get(k) ?? null, removeItem: (k) => store.delete(k) } });
    Object.defineProperty(globalThis, "location", { value: { origin: "https://page.example", pathname: "/app", href: "" }, writable: true });
    const { beginSignIn, completeSignIn, WorkspaceClient } = await import(${JSON.stringify(entry("."))});
    const seen = [];
    const answer = (body) => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
    const fetch = async (url, init) => {
      seen.push([url, new Headers(init.headers).get("authorization")]);
      return url.endsWith("/token") ? answer({ access_token: "token-1", refresh_token: "refresh-canary", expires_in: 3600 }) : answer({ choices: [{ index: 0, message: { role: "assistant", content: "Hi." } }] });
    };
    const config = { host: "/databricks", clientId: "app", authorizationEndpoint: "https://x.example/oidc/v1/authorize", tokenEndpoint: "/oauth/token", fetch };
    const url = new URL(await beginSignIn(config));
    const stored = Object.keys(JSON.parse(store.get("lakewire.sign-in"))).sort();
    location.href = "https://page.example/app?code=c&state=" + url.searchParams.get("state");
    const session = await completeSignIn(config);
    await new WorkspaceClient({ host: "/databricks", session, fetch }).chat("e").invoke("Hi");
    const again = await completeSignIn(config).catch((error) => error.kind);
    console.log(JSON.stringify({ redirect: url.searchParams.get("redirect_uri"), stored, left: [...store.keys()], again, seen }));`);
  assert.deepEqual(kept, {
    redirect: "https://page.example/app", stored: ["state", "verifier"], left: [], again: "Unauthenticated",
    seen: [["/oauth/token", null], ["/databricks/serving-endpoints/e/invocations", "Bearer token-1"]],
  });
  await failure(() => lakewire.beginSignIn({ host: HOST }), "InvalidInput");
});

test("an app acts for the user whose request it serves", async () => {
  for (const headers of [new Headers({ "X-Forwarded-Access-Token": "user-1" }), { "x-forwarded-access-token": "user-1" }, [["X-Forwarded-Access-Token", "user-1"]]]) assert.equal(onBehalfOf(headers), "user-1");
  for (const headers of [new Headers(), {}, { "x-forwarded-access-token": "" }]) {
    assert.match((await failure(async () => onBehalfOf(headers), "Unauthenticated")).message, /X-Forwarded-Access-Token/);
  }
  await failure(async () => onBehalfOf(undefined), "InvalidInput");
});

test("settings come from arguments, then variables, then the profile file", async () => {
  const file = "[DEFAULT]\nhost = default.example\ntoken = canary-d\n[robot]\nhost = robot.example\nclient_id = id\nclient_secret = canary-s\nscopes = sql, all-apis sql\n[__settings__]\ndefault_profile = robot\n";
  const { clientSecret, ...robot } = configFromEnv({}, { file });
  assert.equal(clientSecret, "canary-s");
  assert.deepEqual({ ...robot, authorizationDetails: undefined }, { host: "robot.example", clientId: "id", scopes: "all-apis sql", authorizationDetails: undefined, accountId: undefined, discoveryUrl: undefined });
  assert.deepEqual(configFromEnv({}, { file, profile: "DEFAULT" }), { host: "default.example", token: "canary-d" });
  assert.deepEqual(configFromEnv({ DATABRICKS_HOST: "env.example", DATABRICKS_TOKEN: "t", ARM_CLIENT_ID: "" }, { file: () => { throw new Error("not needed"); } }), { host: "env.example", token: "t" });
  assert.equal(configFromEnv((name) => (name === "DATABRICKS_TOKEN" ? "t" : undefined), { host: "given.example", timeouts: { idleMs: 5 } }).timeouts.idleMs, 5);
  for (const [env, options, says] of [
    [{ DATABRICKS_TOKEN: "canary", DATABRICKS_CLIENT_ID: "id", DATABRICKS_CLIENT_SECRET: "canary", DATABRICKS_HOST: "x.example" }, {}, "oauth and pat"],
    [{}, { file, profile: "nobody" }, "`nobody`"],
    [{}, {}, "DATABRICKS_HOST"],
    [{}, { file: "[a]\ntoken canary" }, "Line 2"],
    [{}, { file: () => { throw new Error("canary"); } }, "cannot be read"],
    [{ DATABRICKS_OIDC_TOKEN_FILEPATH: "/canary" }, { host: HOST }, "lakewire/node"],
  ]) {
    const thrown = await failure(async () => configFromEnv(env, options), "InvalidInput");
    assert.ok(thrown.message.includes(says) && !thrown.message.includes("canary"), thrown.message);
  }
  const federated = configFromEnv({ DATABRICKS_OIDC_TOKEN: "their.jwt", DATABRICKS_CLIENT_ID: "id" }, { host: HOST });
  assert.deepEqual([federated.federation.clientId, federated.federation.token()], ["id", "their.jwt"]);
});

test("fromEnv and fromProfile read this machine's environment and files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lakewire-"));
  writeFileSync(join(folder, ".databrickscfg"), "[DEFAULT]\nhost = default.example\ntoken = dapi-canary-d\n[user]\nhost = user.example\nauth_type = databricks-cli\n");
  writeFileSync(join(folder, "jwt"), " their.canary \n");
  const script = `
    const { fromEnv, fromProfile } = await import(${JSON.stringify(entry("./node"))});
    const seen = [];
    const fetch = async (url, init) => { seen.push(url.split("/")[2]); return new Response("{}", { status: url.endsWith("/token") ? 400 : 404 }); };
    const ask = async (make) => { seen.length = 0; try { await make().chat("e").invoke("Hi"); } catch (error) { return [error.kind, [...new Set(seen)].join()]; } };
    console.log(JSON.stringify([await ask(() => fromEnv({ fetch })), await ask(() => fromProfile("user", { fetch })), await ask(() => fromProfile("nobody", { fetch })), await ask(() => fromProfile(""))]));`;
  assert.deepEqual(await elsewhere(script, { HOME: folder, USERPROFILE: folder }), [["NotFound", "default.example"], ["InvalidInput", ""], ["InvalidInput", ""], ["InvalidInput", ""]]);
  const other = { HOME: "/nowhere", USERPROFILE: "/nowhere", DATABRICKS_CONFIG_FILE: join(folder, ".databrickscfg"), DATABRICKS_CONFIG_PROFILE: "DEFAULT" };
  assert.deepEqual((await elsewhere(script, other))[0], ["NotFound", "default.example"]);
  const federated = { HOME: "/nowhere", DATABRICKS_HOST: "x.example", DATABRICKS_CLIENT_ID: "id", DATABRICKS_OIDC_TOKEN_FILEPATH: join(folder, "jwt") };
  assert.deepEqual((await elsewhere(script, federated))[0], ["TokenEndpoint", "x.example"]);
});

test("u2mLoopback waits for the browser on loopback, and its signal ends the wait", async () => {
  const { u2mLoopback } = await import(entry("./node"));
  const answer = workspace(() => granted("token-1"));
  const api = async (url, init) => answer({ url, form: Object.fromEntries(new URLSearchParams(new TextDecoder().decode(init.body ?? new Uint8Array()))) });
  const pages = [];
  const show = async (url) => {
    const { redirect_uri, state } = Object.fromEntries(new URL(url).searchParams);
    const back = redirect_uri.replace("localhost", "127.0.0.1");
    for (const path of ["/favicon.ico", "/?code=evil&state=other", "/?error=access_denied", `/?code=c&state=${state}`]) {
      const page = await fetch(back + path);
      pages.push([page.status, (await page.text()).includes("You can close this page")]);
    }
  };
  const session = await u2mLoopback({ host: HOST, fetch: api, show });
  assert.deepEqual(pages, [[404, false], [404, false], [404, false], [200, true]]);
  const { chat, calls } = scripted(answer, { token: undefined, session });
  await chat.invoke("Hi");
  assert.equal(bearer(calls.at(-1)), "Bearer token-1");

  // whenever the signal fires the wait ends, nothing is left over to reject, and the port is free again
  const loose = [];
  const note = (reason) => loose.push(reason);
  process.on("unhandledRejection", note);
  const ports = [];
  const abortedAt = async (make) => {
    const controller = new AbortController();
    await failure(() => u2mLoopback({ host: HOST, fetch: api, show: () => {}, signal: controller.signal, ...make(controller) }), "Cancelled");
    await new Promise((resolve) => setImmediate(resolve));
  };
  const forEver = new Promise(() => {});
  await abortedAt((controller) => (queueMicrotask(() => controller.abort()), {}));
  await abortedAt((controller) => ({ fetch: () => (controller.abort(), forEver) }));
  await abortedAt((controller) => ({ show: () => controller.abort() }));
  await abortedAt((controller) => ({ show: () => (controller.abort(), forEver) }));
  await abortedAt((controller) => ({ show: async () => { setImmediate(() => controller.abort()); await new Promise((resolve) => setTimeout(resolve, 20)); throw new Error("nobody listens"); } }));
  await abortedAt((controller) => ({ fetch: (url, init) => (isToken({ url }) ? (controller.abort(), forEver) : api(url, init)), show }));
  await abortedAt((controller) => ({ show: (url) => (ports.push(new URL(new URL(url).searchParams.get("redirect_uri")).port), controller.abort()) }));
  await new Promise((resolve) => setTimeout(resolve, 40));
  process.off("unhandledRejection", note);
  assert.deepEqual(loose, []);
  await assert.rejects(fetch(`http://127.0.0.1:${ports[0]}/`));
  await failure(() => u2mLoopback({ host: HOST, fetch: api, signal: AbortSignal.abort(), show }), "Cancelled");
  await failure(() => u2mLoopback({ host: HOST }), "InvalidInput");
});

/** Tells the emulator to refuse people or to end tokens. */
const control = (what) => fetch(`${real.url}/_emulator/oauth`, { method: "POST", body: JSON.stringify(what), headers: { "content-type": "application/json" } });
const PRINCIPAL = { token: undefined, clientId: "emulator-client", clientSecret: "emulator-secret" };

/** Where a visit leads to, as a browser would follow it. */
async function visit(url) {
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("location") ?? answer.text();
}

test("K10: at the emulator a service principal signs in, and a wrong secret is a typed error", async () => {
  const { client, seen } = real.client(PRINCIPAL);
  assert.match((await client.chat(LLAMA).invoke("Hi")).text, /\S/);
  assert.equal((await seen())[0].authorized, true);
  const wrong = real.client({ ...PRINCIPAL, clientSecret: "canary-wrong" });
  const error = await failure(() => wrong.client.chat(LLAMA).invoke("Hi"), "TokenEndpoint");
  assert.deepEqual([error.status, error.errorCode], [401, "invalid_client"]);
  assert.ok(!inspect(error).includes("canary"));
});

test("K5: at the emulator a token that expired early is refused with 403, and the call goes on with the next one", async () => {
  const { client, seen } = real.client(PRINCIPAL);
  await client.chat(LLAMA).invoke("Hi");
  await control({ expire_all: true });
  assert.equal((await client.chat(LLAMA).invoke("Hi")).attempts, 2);
  assert.deepEqual((await seen()).map(({ status }) => status), [200, 403, 200]);
});

test("at the emulator a principal of Azure and a token of another provider sign in", async () => {
  const azure = { clientId: "emulator-client", clientSecret: "emulator-secret", loginEndpoint: `${real.url}/aad/` };
  const jwt = ["{\"alg\":\"none\"}", "{\"sub\":\"pipeline\"}", "x"].map((part) => Buffer.from(part).toString("base64url")).join(".");
  for (const way of [{ azure }, { federation: { token: () => jwt } }]) {
    assert.match((await real.client({ token: undefined, ...way }).client.chat(LLAMA).invoke("Hi")).text, /\S/);
  }
});

test("at the emulator a person signs in through the loopback, stays signed in, and may say no", async () => {
  const { u2mLoopback } = await import(entry("./node"));
  const show = async (url) => void (await visit((await visit(url)).replace("localhost", "127.0.0.1")));
  const session = await u2mLoopback({ host: real.url, show });
  const { client } = real.client({ token: undefined, session });
  await client.chat(LLAMA).invoke("Hi");
  await control({ expire_all: true });
  assert.equal((await client.chat(LLAMA).invoke("Hi")).attempts, 2, "renewed with the refresh token");
  await control({ expire_all: true, revoke_refresh_tokens: true });
  assert.match((await failure(() => client.chat(LLAMA).invoke("Hi"), "TokenEndpoint")).message, /Sign in again/);
  await control({ deny: 1 });
  assert.match((await failure(() => u2mLoopback({ host: real.url, show }), "Unauthenticated")).message, /access_denied/);
});
