// Who gets in: origins, preflights, forms, paths, methods, who asks, and the switch that stops it all. Over real sockets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../scripts/lib.mjs";
import { entry } from "../js/package.mjs";
import { ask, bytes, CHAT, createRelay, LakewireError, ORIGIN, PAGE, raw, readSessionCookie, refused, relayServer, sameSecret, sessionCookie, statuses, TOKEN, unmade, options, workspace } from "./lab.mjs";

const upstream = await workspace();
const open = await relayServer(upstream.host);

/** Whatever happens, the workspace must not hear of it. */
async function unheard(act) {
  const before = upstream.seen.length;
  const given = await act();
  assert.equal(upstream.seen.length, before, "the workspace was asked");
  return given;
}

test("P1: only the exact origin gets in; the workspace hears of nobody else", async () => {
  assert.equal((await ask(open.port)).status, 200);
  const strangers = [undefined, "null", "https://other.example", `${ORIGIN}.evil`, "https://evil-app.example.com", `${ORIGIN}:8443`, "http://app.example.com", "HTTPS://APP.EXAMPLE.COM", `${ORIGIN}/`, `${ORIGIN}, ${ORIGIN}`];
  for (const origin of strangers) {
    const { origin: _, ...rest } = PAGE;
    const answer = await unheard(() => ask(open.port, { headers: origin === undefined ? rest : { ...rest, origin } }));
    refused(answer, 403);
    assert.equal(answer.headers["access-control-allow-origin"], undefined, origin);
  }
});

test("P2: a preflight names the exact origin; a stranger's says nothing", async () => {
  const headers = { origin: ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-lakewire-relay" };
  const good = await unheard(() => ask(open.port, { method: "OPTIONS", headers }));
  assert.ok(good.status === 204 || good.status === 200, `${good.status}`);
  assert.equal(good.headers["access-control-allow-origin"], ORIGIN);
  assert.match(good.headers.vary, /origin/i);
  assert.match(good.headers["access-control-allow-headers"], /x-lakewire-relay/);
  const bad = await unheard(() => ask(open.port, { method: "OPTIONS", headers: { ...headers, origin: "https://other.example" } }));
  assert.deepEqual(Object.keys(bad.headers).filter((name) => name.startsWith("access-control")), []);
  const answer = await ask(open.port);
  assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
  assert.match(answer.headers.vary, /origin/i);
});

test("P3: what a form or an image can send is refused", async () => {
  const { "x-lakewire-relay": _, ...plain } = PAGE;
  for (const headers of [plain, { ...PAGE, "content-type": "text/plain" }, { ...PAGE, "content-type": "application/x-www-form-urlencoded" }, { ...PAGE, "content-type": "multipart/form-data; boundary=x" }]) {
    const { status } = await unheard(() => ask(open.port, { headers }));
    assert.ok([400, 403, 415].includes(status), `${status}`);
  }
  const image = await unheard(() => ask(open.port, { method: "GET", headers: { origin: ORIGIN } }));
  assert.ok(image.status >= 400 && image.status < 500);
});

test("P4: what a browser calls cross-site needs a listed origin; nothing without an origin, and no navigation, gets in", async () => {
  const { origin: _, ...without } = PAGE;
  for (const site of ["cross-site", "same-site", "none", "same-origin", "x"]) refused(await unheard(() => ask(open.port, { headers: { ...without, "sec-fetch-site": site } })), 403);
  for (const more of [{ "sec-fetch-mode": "navigate" }, { "sec-fetch-mode": "no-cors" }, { "sec-fetch-dest": "image" }, { "sec-fetch-site": "none" }]) refused(await unheard(() => ask(open.port, { headers: { ...PAGE, ...more } })), 403);
  // its own origin and yet another site: a lie
  const own = await relayServer(upstream.host, { origins: [], sameOrigin: true });
  const origin = `http://127.0.0.1:${own.port}`;
  for (const site of ["cross-site", "same-site"]) refused(await unheard(() => ask(own.port, { headers: { ...without, origin, "sec-fetch-site": site } })), 403);
  assert.equal((await ask(open.port, { headers: { ...PAGE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" } })).status, 200, "a listed page of another site");
});

test("P5: the cookie helper knows the strict form only", () => {
  const cookie = sessionCookie("session", "abc.DEF-1", { maxAge: 60 });
  assert.equal(cookie, "__Host-session=abc.DEF-1; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Strict");
  assert.equal(sessionCookie("session", "", { maxAge: 0 }), "__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict");
  for (const act of [() => sessionCookie("s", "a;b"), () => sessionCookie("s", "a\r\nb"), () => sessionCookie("s s", "a"), () => sessionCookie("s", ""), () => sessionCookie("s", "a", { maxAge: -1 }), () => sessionCookie("s", "a", { sameSite: "None" }), () => sessionCookie("s", "a", { domain: "x" })]) {
    assert.throws(act, /must|takes/);
  }
  assert.equal(readSessionCookie(new Headers({ cookie: "a=1; __Host-session=abc; b=2" }), "session"), "abc");
  assert.equal(readSessionCookie({ cookie: "session=abc" }, "session"), undefined, "a cookie without the prefix could be set by another host");
  assert.equal(readSessionCookie({ cookie: "__Host-session=a; __Host-session=b" }, "session"), undefined);
  assert.equal(readSessionCookie({}, "session"), undefined);
});

test("P8 P9: targets are matched as they came; hostile ones never reach the workspace", async () => {
  const name = "/serving-endpoints/llama/invocations";
  const hostile = [
    "/api/lakewire/../api/2.0/token/list", `/api/lakewire/serving-endpoints/../secrets${name}`, "/api/lakewire/%2e%2e/api/2.0/token/list", "/api/lakewire/.%2e/x", "/api/lakewire/%252e%252e/x",
    "/api/lakewire/..%2f..%2fapi", "/api/lakewire/..%5cx", "/api/lakewire/\\..\\x", "/api/lakewire/;/../x", `/api/lakewire/${name}`, `/api/lakewire/.${name}`, "/api/lakewire/serving-endpoints/llama%00/invocations",
    "/api/lakewire/serving-endpoints/%c0%ae%c0%ae/invocations", "/api/lakewire/serving-endpoints/llama./invocations", "/api/lakewire/serving-endpoints/llama%20/invocations", `/api/lakewire/serving-endpoints/${"a".repeat(12_000)}/invocations`,
    "//evil.example/serving-endpoints/llama/invocations", "//evil.example/api/lakewire/serving-endpoints/llama/invocations", `http://evil.example${CHAT}`, `${CHAT}?x=1`, `${CHAT}#x`, `/@evil.example${CHAT}`,
  ];
  for (const target of hostile) {
    const said = await unheard(() => raw(open.port, bytes(target)));
    const [status] = statuses(said);
    assert.ok(status >= 400 && status < 500, `${target}: ${said.slice(0, 100)}`);
  }
});

test("P10: names that are none never reach the workspace", async () => {
  const relay = await relayServer(upstream.host, { allow: { chat: true } });
  for (const name of ["", "..", "../../2.0/secrets/get", "..%2f..%2f2.0%2fsecrets%2fget", "x".repeat(1_500), "x".repeat(10_000), "a%20b", "%C3%A9", "l\u006c\u00e4ma", "a%2Fb", "a;b", "a@b", "a:b", ".", "-%00"]) {
    const said = await unheard(() => raw(relay.port, bytes(`/api/lakewire/serving-endpoints/${name}/invocations`)));
    assert.ok(statuses(said)[0] >= 400 && statuses(said)[0] < 500, `${name.slice(0, 50)}: ${said.slice(0, 60)}`);
  }
  assert.equal((await ask(relay.port, { path: "/api/lakewire/serving-endpoints/any-name_1/invocations" })).status, 200);
});

test("P11: other methods are refused with what is taken; an override says nothing", async () => {
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    const answer = await unheard(() => ask(open.port, { method, body: undefined }));
    assert.equal(answer.status, 405, method);
    assert.match(answer.headers.allow, /POST/);
  }
  for (const text of [bytes(CHAT, { method: "TRACE", body: "" }), bytes(CHAT, { method: "CONNECT", body: "" }), bytes(CHAT, { method: "post" }), bytes(CHAT, { method: "BREW", body: "" })]) {
    const said = await unheard(() => raw(open.port, text));
    assert.ok(said === "" || statuses(said)[0] >= 400, said.slice(0, 80));
  }
  const answer = await unheard(() => ask(open.port, { method: "GET", body: undefined, headers: { ...PAGE, "x-http-method-override": "POST" } }));
  assert.equal(answer.status, 405);
});

test("P12: what is not allowed answers as what does not exist", async () => {
  const unknown = await unheard(() => ask(open.port, { path: "/api/lakewire/nothing/here" }));
  const body = refused(unknown, 404);
  for (const path of ["/api/2.0/secrets/get", "/api/2.0/token/list", "/api/2.0/preview/scim/v2/Users", "/api/2.1/jobs/run-now", "/api/2.0/dbfs/read", "/api/2.0/sql/statements", "/serving-endpoints/other/invocations"]) {
    const answer = await unheard(() => ask(open.port, { path: `/api/lakewire${path}` }));
    assert.deepEqual({ ...refused(answer, 404), request_id: 0 }, { ...body, request_id: 0 }, path);
  }
});

test("P31: a relay that could be open by mistake is not made", () => {
  const good = options(upstream.host);
  const { allow, origins, token, ...rest } = good;
  for (const [what, given] of Object.entries({
    "no origins": { ...good, origins: undefined }, "empty origins": { ...good, origins: [] }, "any origin": { ...good, origins: ["*"] }, "an origin with a path": { ...good, origins: [`${ORIGIN}/`] },
    "upper case": { ...good, origins: ["https://APP.example.com"] }, "http to elsewhere": { ...good, host: "http://workspace.example" }, "no host": { ...good, host: undefined }, "a path for a host": { ...good, host: "/x" },
    "nothing allowed": { ...good, allow: {} }, "no allow": { ...rest, origins, token }, "no token": { ...rest, origins, allow }, "half a principal": { ...rest, origins, allow, clientId: "x" },
    "two credentials": { ...good, clientId: "x", clientSecret: "y" }, "a token with a line end": { ...good, token: `${TOKEN}\r\nx: y` }, "nobody and not public": { ...good, public: undefined }, "both": { ...good, authorize: () => null },
    "public as text": { ...good, public: "yes" }, "a misspelt option": { ...good, orgins: [ORIGIN] }, "a misspelt limit": { ...good, limits: { bodyByte: 1 } }, "a limit of nothing": { ...good, limits: { idleMs: 0 } }, "a misspelt capability": { ...good, allow: { chats: ["llama"] } },
    "a negative limit": { ...good, limits: { bodyBytes: -1 } }, "snake case": { ...good, limits: { body_bytes: 1 } }, "no number": { ...good, limits: { maxTokens: Number.NaN } }, "no end": { ...good, limits: { rate: { requests: Number.POSITIVE_INFINITY } } }, "no number of rows": { ...good, allow: { sql: { warehouseId: "w1", statements: { a: { statement: "SELECT 1", rowLimit: Number.NaN } } } } },
    "an own origin with a path": { ...good, ownOrigin: `${ORIGIN}/` }, "an own origin that is none": { ...good, ownOrigin: "app.example.com" }, "nothing": undefined,
  })) {
    assert.match(unmade(given).message, /[.]$/, what);
  }
});

test("P32: who asks is asked first, and the door stays closed when that fails", async () => {
  let act = () => ({ id: "ada" });
  const asked = [];
  const relay = await relayServer(upstream.host, { authorize: (request) => (asked.push(request.headers.get("cookie")), act(request)), authorizeMs: 50 });
  assert.equal((await ask(relay.port, { headers: { ...PAGE, cookie: "__Host-session=1" } })).status, 200);
  assert.deepEqual(asked, ["__Host-session=1"]);
  for (const [how, status] of [
    [() => null, 401], [() => false, 401], [() => undefined, 401], [async () => null, 401],
    [() => { throw new Error("secret detail"); }, 503], [() => Promise.reject(new Error("secret detail")), 503], [() => new Promise(() => {}), 503],
    [() => true, 503], [() => "ada", 503], [() => ({}), 503], [() => ({ id: "" }), 503], [() => ({ id: 7 }), 503],
    [async (request) => (await request.text(), { id: "ada" }), 503],
  ]) {
    act = how;
    const answer = await unheard(() => ask(relay.port));
    refused(answer, status);
    assert.ok(!answer.text.includes("secret detail"));
    assert.equal(answer.headers["access-control-allow-origin"], ORIGIN, "the page can read why");
  }
  act = () => new Response("{\"error_code\":\"PAY\",\"message\":\"Pay.\"}", { status: 402, headers: { "content-type": "application/json" } });
  const own = await unheard(() => ask(relay.port));
  assert.equal(own.status, 402);
  assert.match(own.headers["cache-control"], /no-store/);
});

test("P34: what is logged holds no line ends, escapes or secrets", async () => {
  const told = [];
  const relay = await relayServer(upstream.host, { onEvent: (event) => told.push(event), authorize: () => ({ id: "ada\r\n\u001b[2Jroot\u202e" }) });
  await ask(relay.port);
  await ask(relay.port, { path: "/api/lakewire/x%0d%0a?token=hidden", headers: { ...PAGE, authorization: `Bearer ${TOKEN}` } });
  await raw(relay.port, bytes("/api/lakewire/\u00ff\u0085x"));
  await ask(relay.port, { headers: { ...PAGE, origin: "https://evil.example/\u009b31m" } });
  assert.ok(told.length >= 4, `${told.length}`);
  // what hooks throw may hold the secret they looked at
  const thrown = [];
  for (const more of [
    { authorize: () => { throw new Error(`jwt ${TOKEN} malformed`); } }, { authorize: async () => { throw Object.assign(new TypeError("x"), { name: TOKEN, message: TOKEN }); } }, { authorize: () => Promise.reject(TOKEN) },
    { credentials: () => { throw new Error(`no entry for ${TOKEN}`); } }, { credentials: () => Promise.reject(new LakewireError("TokenProvider", TOKEN)) },
    { clientKey: () => { throw new Error(TOKEN); } }, { fetch: () => Promise.reject(new Error(TOKEN)) }, { enabled: () => { throw new Error(TOKEN); } },
  ]) {
    const broken = await relayServer(upstream.host, { onEvent: (event) => (told.push(event), thrown.push(event)), ...more });
    refused(await unheard(() => ask(broken.port)), "fetch" in more ? 502 : "clientKey" in more ? 500 : 503);
  }
  assert.equal(thrown.length, 8);
  assert.equal(thrown[0].reason, "authorize failed: Error");
  for (const event of told) {
    for (const value of Object.values(event)) if (typeof value === "string") assert.match(value, /^[ -~]*$/, JSON.stringify(event));
    assert.ok(!JSON.stringify(event).includes(TOKEN) && !JSON.stringify(event).includes("hidden"), JSON.stringify(event));
  }
  assert.equal(told.find(({ user }) => user !== undefined).user, "ada\\r\\n\\u{1b}[2Jroot\\u{202e}");
});

test("P35: secrets are compared without an early end", () => {
  assert.ok(sameSecret("key-1", "key-1") && sameSecret("schlüssel", "schlüssel"));
  assert.ok(!sameSecret("key-1", "key-2") && !sameSecret("key", "key-1") && !sameSecret("key-1", "key") && !sameSecret(undefined, undefined) && !sameSecret("", null));
});

test("P37: the switch stops everything, and a switch that fails is off", async () => {
  let enabled = () => true;
  const relay = await relayServer(upstream.host, { enabled: () => enabled(), authorizeMs: 50 });
  assert.equal((await ask(relay.port)).status, 200);
  for (const how of [() => false, async () => false, () => undefined, () => { throw new Error("x"); }, () => new Promise(() => {})]) {
    enabled = how;
    refused(await unheard(() => ask(relay.port)), 503);
    assert.equal((await unheard(() => ask(relay.port, { method: "OPTIONS", headers: { origin: ORIGIN, "access-control-request-method": "POST" } }))).status, 503);
  }
  enabled = () => true;
  assert.equal((await ask(relay.port)).status, 200);
  const off = await relayServer(upstream.host, { enabled: false });
  refused(await unheard(() => ask(off.port)), 503);
});

test("own pages get in by their own name only: a foreign name that was made to lead here does not", async () => {
  const relay = await relayServer(upstream.host, { origins: [], sameOrigin: true });
  const own = `127.0.0.1:${relay.port}`;
  assert.equal((await ask(relay.port, { headers: { ...PAGE, host: own, origin: `http://${own}` } })).status, 200);
  const { origin: _, ...without } = PAGE;
  assert.equal((await ask(relay.port, { headers: { ...without, host: own, "sec-fetch-site": "same-origin" } })).status, 200);
  refused(await unheard(() => ask(relay.port, { headers: { ...PAGE, host: "evil.example", origin: "http://evil.example" } })), 403);
  refused(await unheard(() => ask(relay.port, { headers: { ...without, host: "evil.example", "sec-fetch-site": "same-origin" } })), 421);
});

test("an own origin is known behind a proxy that ends TLS, by whatever name the request came", async () => {
  const relay = await relayServer(upstream.host, { origins: [], ownOrigin: ORIGIN });
  const { origin: _, ...without } = PAGE;
  for (const host of ["app.example.com", "backend:3000", `127.0.0.1:${relay.port}`]) assert.equal((await ask(relay.port, { headers: { ...PAGE, host, "sec-fetch-site": "same-origin" } })).status, 200, host);
  assert.equal((await ask(relay.port, { headers: { ...without, host: "app.example.com", "sec-fetch-site": "same-origin" } })).status, 200);
  refused(await unheard(() => ask(relay.port, { headers: { ...without, host: "evil.example", "sec-fetch-site": "same-origin" } })), 421);
  for (const origin of ["http://app.example.com", "https://evil.example", `${ORIGIN}.evil`]) refused(await unheard(() => ask(relay.port, { headers: { ...PAGE, host: "evil.example", origin } })), 403);
  // a relay that was not told says so
  const untold = await relayServer(upstream.host, { origins: [], sameOrigin: true });
  refused(await unheard(() => ask(untold.port, { headers: { ...PAGE, host: "app.example.com" } })), 403);
  assert.match(untold.told.at(-1).reason, /ownOrigin/);
});

test("a context that is none is a refusal, never a rejection", async () => {
  const told = [];
  const relay = createRelay(options(upstream.host, { onEvent: (event) => told.push(event) }));
  for (const context of [{ target: {} }, { target: 7 }, { client: {} }, { client: Promise.resolve("192.0.2.1") }, { signal: true }, { waitUntil: 1 }]) {
    const answer = await unheard(() => relay(new Request("https://relay.example/api/lakewire/x", { headers: PAGE }), context));
    assert.equal(answer.status, 500);
    assert.match(told.at(-1).reason, new RegExp(`^the context's \`${Object.keys(context)[0]}\``));
  }
});

test("the slim entry says what it needs, and then is the same", async () => {
  // in a process of its own: here the core runs already
  const text = `
    import init, * as slim from ${JSON.stringify(entry("./relay/slim"))};
    import { readFile } from "node:fs/promises";
    const given = ${JSON.stringify(options(upstream.host))};
    let before;
    try { slim.createRelay(given); } catch (error) { before = error.kind + ": " + error.message; }
    await init(await readFile(new URL(${JSON.stringify(entry("./relay/core.wasm"))})));
    const { status } = await slim.createRelay(given)(new Request("https://relay.example/api/lakewire/x", { headers: ${JSON.stringify(PAGE)} }));
    console.log(JSON.stringify({ before, status, names: Object.keys(slim).sort() }));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", text]);
  const { before, status, names } = JSON.parse(stdout);
  assert.match(before, /^InvalidInput: .*await init\(\)/);
  assert.equal(status, 404);
  assert.deepEqual(names, ["LakewireError", "createRelay", "default", "readSessionCookie", "sameSecret", "sessionCookie"]);
});
