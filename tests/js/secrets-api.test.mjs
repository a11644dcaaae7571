// Secrets of the workspace: every operation, and values that no sink shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { emulator } from "./emulator.mjs";
import { failure, json, refusal, scripted } from "./fakes.mjs";
import lakewire from "./package.mjs";

const { SecretValue, secretReference } = lakewire;
const CANARY = "hunter2 \"canary\" ü";
const written = Buffer.from(CANARY).toString("base64");
const of = (answers) => {
  const { client, calls } = scripted(answers, { retry: { maxAttempts: 1 } });
  return { secrets: client.secrets(), calls };
};

test("every operation has its route and body", async () => {
  const { secrets, calls } = of(() => json({ value: "" }));
  await secrets.createScope("llm");
  await secrets.createScope({ scope: "llm", initial_manage_principal: "users" });
  assert.deepEqual(await secrets.listScopes(), []);
  await secrets.put("llm", "k", "v");
  await secrets.put("llm", "k", new Uint8Array([0, 255]));
  await secrets.put("llm", "k", new Uint8Array([1]).buffer);
  assert.deepEqual(await secrets.list("llm"), []);
  await secrets.get("llm", "k");
  await secrets.putAcl("llm", "ann@example.com", "READ");
  await secrets.getAcl("llm", "ann@example.com");
  assert.deepEqual(await secrets.listAcls("llm"), []);
  await secrets.deleteAcl("llm", "users");
  await secrets.delete("llm", "k");
  await secrets.deleteScope("llm");
  const root = "https://workspace.example/api/2.0/secrets/";
  assert.deepEqual(calls.map(({ method, url, json }) => [method, url.replace(root, ""), json]), [
    ["POST", "scopes/create", { scope: "llm" }],
    ["POST", "scopes/create", { scope: "llm", initial_manage_principal: "users" }],
    ["GET", "scopes/list", undefined],
    ["POST", "put", { scope: "llm", key: "k", string_value: "v" }],
    ["POST", "put", { scope: "llm", key: "k", bytes_value: "AP8=" }],
    ["POST", "put", { scope: "llm", key: "k", bytes_value: "AQ==" }],
    ["GET", "list?scope=llm", undefined],
    ["GET", "get?scope=llm&key=k", undefined],
    ["POST", "acls/put", { scope: "llm", principal: "ann@example.com", permission: "READ" }],
    ["GET", "acls/get?scope=llm&principal=ann%40example.com", undefined],
    ["GET", "acls/list?scope=llm", undefined],
    ["POST", "acls/delete", { scope: "llm", principal: "users" }],
    ["POST", "delete", { scope: "llm", key: "k" }],
    ["POST", "scopes/delete", { scope: "llm" }],
  ]);
});

test("what no scope can hold is refused before it is sent, and not repeated", async () => {
  const { secrets, calls } = of([]);
  const bad = [
    () => secrets.createScope(""), () => secrets.createScope("a b"), () => secrets.createScope("x".repeat(129)),
    () => secrets.createScope({ scope: "a", scope_backend_type: "AZURE_KEYVAULT" }), () => secrets.createScope({ scope: "a", initial_manage_principal: "me" }),
    () => secrets.put("s", "sk-canary{}", "v"), () => secrets.put("s", "k", "v".repeat(128 * 1024 + 1)), () => secrets.put("s", "k", new Uint8Array(128 * 1024 + 1)),
    () => secrets.put("s", "k", 7), () => secrets.put("s", "k"), () => secrets.put("s", "k", { of: "canary" }), () => secrets.put("s", "k", "lone \ud800 canary"),
    () => secrets.get("s"), () => secrets.list(), () => secrets.putAcl("s", "", "READ"), () => secrets.putAcl("s", "u"),
  ];
  for (const act of bad) {
    const error = await failure(async () => act(), "InvalidInput");
    assert.ok(!inspect(error).includes("canary"), inspect(error));
  }
  assert.equal(calls.length, 0);
  await of(() => json({})).secrets.put("s", "k", "v".repeat(128 * 1024));
});

test("L11: a value is shown only when it is asked for", async () => {
  const { secrets } = of(() => json({ key: "k", value: written }));
  const value = await secrets.get("s", "k");
  assert.ok(value instanceof SecretValue);
  assert.equal(value.expose(), CANARY);
  assert.deepEqual(Buffer.from(value.exposeBytes()).toString(), CANARY);
  value.exposeBytes().fill(0);
  assert.equal(value.expose(), CANARY, "what is given is a copy");
  const sinks = [
    `${value}`, value + "", String(value), JSON.stringify({ value }), inspect(value), inspect({ value }, { depth: null, showHidden: true, getters: true }),
    inspect(structuredClone({ value })), Object.keys(value).join(), JSON.stringify(Object.getOwnPropertyDescriptors(value)), [value].join(), value.toLocaleString(),
  ];
  for (const sink of sinks) for (const secret of ["canary", "hunter2", written]) assert.ok(!sink.includes(secret), sink);
  assert.deepEqual([`${value}`, JSON.stringify(value), inspect(value)], ["[redacted]", "\"[redacted]\"", "[redacted]"]);
  const logged = [];
  const { log } = console;
  console.log = (...args) => logged.push(inspect(args));
  try {
    console.log(value, [value], { value });
  } finally {
    console.log = log;
  }
  assert.ok(!logged.join().includes("canary"));
});

test("L11: bytes that are no text are given as bytes alone", async () => {
  const { secrets } = of(() => json({ key: "k", value: "//79" }));
  const value = await secrets.get("s", "k");
  await failure(async () => value.expose(), "Decode");
  assert.deepEqual([...value.exposeBytes()], [255, 254, 253]);
  const bom = of(() => json({ value: Buffer.from("\ufeffx").toString("base64") }));
  assert.equal((await bom.secrets.get("s", "k")).expose(), "\ufeffx");
});

test("L11: no error repeats what was put or got, nor what fetch itself said of it", async () => {
  const errors = [
    () => refusal(400, { message: `bad value ${CANARY}`, error_code: CANARY }), () => refusal(400, { message: `bad value ${written}` }),
    () => json({ error: { message: CANARY } }), () => new Response(`INTERNAL_ERROR: ${CANARY}`, { status: 500 }), () => new Error(`sending ${CANARY}`),
  ];
  for (const answer of errors) {
    for (const value of [CANARY, new TextEncoder().encode(CANARY)]) {
      const error = await failure(of([answer()]).secrets.put("s", "k", value));
      for (const said of [inspect(error, { depth: null, showHidden: true }), JSON.stringify(error), `${error}`]) {
        assert.ok(!said.includes("canary") && !said.includes("hunter2") && !said.includes(written), said);
      }
      assert.equal(error.cause, undefined);
    }
  }
  for (const answer of [{ key: "k" }, { value: "canary!" }, { value: 7 }, { value: "a" }]) {
    const error = await failure(of([json(answer)]).secrets.get("s", "k"), "Decode");
    assert.ok(!inspect(error, { showHidden: true }).includes("canary"));
    assert.equal(error.cause, undefined);
  }
});

test("L11: a value quoted as another language writes JSON is not shown", async () => {
  const value = "kanärie-secret/42";
  const quoted = ['{"string_value": "kan\\u00e4rie-secret\\/42"}', '{"v":"kan\\u00E4rie-secret/42"}', JSON.stringify(JSON.stringify({ v: value })).replaceAll("/", "\\/"), value.replace("/", "\\/")];
  for (const message of quoted) {
    for (const answer of [refusal(400, { message: `Malformed: ${message}` }), json({ error: { message } }), new Response(`INTERNAL_ERROR: ${message}`, { status: 500 })]) {
      const error = await failure(of([answer]).secrets.put("s", "k", value));
      assert.ok(!inspect(error, { depth: null, showHidden: true }).includes("rie-secret"), inspect(error));
    }
  }
});

test("references are made of names that can be names", async () => {
  assert.equal(secretReference("llm", "openai"), "{{secrets/llm/openai}}");
  for (const [scope, key] of [["", "k"], ["s", ""], ["a/b", "k"], ["s", "k}}"], ["s"], [undefined, "k"]]) await failure(async () => secretReference(scope, key), "InvalidInput");
  await failure(async () => new SecretValue("x"), "InvalidInput");
});

test("emulator: scopes, secrets and permissions from end to end", async () => {
  const workspace = await emulator();
  const { client } = workspace.client();
  const secrets = client.secrets();
  const scope = `scope-${Math.random().toString(36).slice(2, 8)}`;
  await secrets.createScope(scope);
  try {
    await failure(secrets.createScope(scope), "ResourceConflict");
    assert.ok((await secrets.listScopes()).some(({ name }) => name === scope));
    assert.deepEqual(await secrets.list(scope), []);
    await secrets.put(scope, "text", CANARY);
    await secrets.put(scope, "bytes", new Uint8Array([0, 255, 10]));
    const copied = await secrets.get(scope, "text");
    await secrets.put(scope, "copy", copied);
    assert.equal((await secrets.get(scope, "copy")).expose(), CANARY);
    assert.deepEqual([...(await secrets.get(scope, "bytes")).exposeBytes()], [0, 255, 10]);
    assert.deepEqual((await secrets.list(scope)).map(({ key }) => key).sort(), ["bytes", "copy", "text"]);
    await secrets.put(scope, "text", "other");
    assert.equal((await secrets.get(scope, "text")).expose(), "other");
    await secrets.putAcl(scope, "users", "READ");
    assert.deepEqual(await secrets.getAcl(scope, "users"), { principal: "users", permission: "READ" });
    assert.ok((await secrets.listAcls(scope)).length >= 1);
    await secrets.deleteAcl(scope, "users");
    await failure(secrets.getAcl(scope, "users"), "NotFound");
    await secrets.delete(scope, "text");
    await failure(secrets.get(scope, "text"), "NotFound");
    await failure(secrets.list(`${scope}-none`), "NotFound");
  } finally {
    await secrets.deleteScope(scope);
  }
});
