// What a Databricks workspace has instead of a proxy for artifacts: signed links, of every cloud's kind, and the faults around
// them. The judge of the forms is Databricks' own Python client (tests/clients/python/test_mlflow_tracking.py); these
// are the emulator's own rules.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stopAll } from "../../scripts/lib.mjs";
import { startEmulator } from "./server.mjs";

const TOKEN = "dapi-emulator";
const MIB = 1024 * 1024;
let base;
let experiment_id;
let run_id;

async function call(method, path, body, headers = {}) {
  const response = await fetch(`${base}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
}
const post = (path, body, headers) => call("POST", `/api/2.0/mlflow/${path}`, body, headers);
const fault = (mlflow) => ({ "x-lakewire-fault": JSON.stringify({ mlflow }) });

/** The links to one path. */
async function links(path, faults = {}) {
  const ask = async (way) => (await post(`artifacts/credentials-for-${way}`, { run_id, path: [path] }, fault(faults))).body.credential_infos[0];
  return { write: await ask("write"), read: await ask("read") };
}

before(async () => {
  base = (await startEmulator()).url;
  ({ experiment_id } = (await post("experiments/create", { name: "/Shared/links" })).body);
  run_id = (await post("runs/create", { experiment_id })).body.run.info.run_id;
});
after(stopAll);

test("experiments have absolute paths for names", async () => {
  for (const name of ["plain", "Shared/x", "/", "/Shared/"]) {
    const { status, body } = await post("experiments/create", { name });
    assert.deepEqual([status, body.error_code], [400, "INVALID_PARAMETER_VALUE"]);
    assert.match(body.message, /absolute path within the Databricks workspace/);
  }
  const { body } = await call("GET", `/api/2.0/mlflow/runs/get?run_id=${run_id}`);
  assert.equal(body.run.info.artifact_uri, `dbfs:/databricks/mlflow-tracking/${experiment_id}/${run_id}/artifacts`);
});

test("nothing without a token, and nothing with a wrong one", async () => {
  for (const authorization of ["", "Bearer wrong"]) {
    const { status } = await call("GET", `/api/2.0/mlflow/runs/get?run_id=${run_id}`, undefined, { authorization });
    assert.ok([401, 403].includes(status), `${status}`);
  }
});

test("a link moves the bytes of one file, one way, without a token, from any origin", async () => {
  const { write, read } = await links("notes/a b+é.txt");
  assert.deepEqual([write.run_id, write.path, write.type, write.headers], [run_id, "notes/a b+é.txt", "AWS_PRESIGNED_URL", []]);
  const bytes = new Uint8Array(5 * MIB).fill(7);
  const put = await fetch(write.signed_uri, { method: "PUT", body: bytes, headers: { origin: "https://example.com" } });
  assert.deepEqual([put.status, put.headers.get("access-control-allow-origin")], [200, "*"]);
  const preflight = await fetch(write.signed_uri, { method: "OPTIONS", headers: { origin: "https://example.com", "access-control-request-headers": "x-ms-blob-type" } });
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-ms-blob-type");
  assert.match(preflight.headers.get("access-control-allow-methods"), /PUT/);
  const got = await fetch(read.signed_uri);
  assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytes);
  const { body } = await call("GET", `/api/2.0/mlflow/artifacts/list?run_id=${run_id}&path=notes`);
  assert.deepEqual(body.files, [{ path: "notes/a b+é.txt", is_dir: false, file_size: 5 * MIB }]);

  const refused = async (url, init, status, code) => {
    const response = await fetch(url, init);
    assert.equal(response.status, status);
    assert.match(await response.text(), new RegExp(`<Code>${code}</Code>`));
  };
  await refused(read.signed_uri, { method: "PUT", body: "x" }, 403, "AccessDenied");
  await refused(write.signed_uri, {}, 403, "AccessDenied");
  await refused(read.signed_uri, { headers: { authorization: `Bearer ${TOKEN}` } }, 400, "InvalidArgument");
  await refused(read.signed_uri.replace("a%20b", "other"), {}, 403, "SignatureDoesNotMatch");
  await refused(read.signed_uri.replace("for=read", "for=write"), { method: "PUT", body: "x" }, 403, "SignatureDoesNotMatch");
  await refused((await links("nobody")).read.signed_uri, {}, 404, "NoSuchKey");
  assert.deepEqual(new Uint8Array(await (await fetch(read.signed_uri)).arrayBuffer()), bytes, "the refused changed nothing");
});

test("a link that is over, and one that names headers", async () => {
  const over = await links("late.txt", { link_expired: true });
  const response = await fetch(over.write.signed_uri, { method: "PUT", body: "x" });
  assert.equal(response.status, 403);
  assert.match(await response.text(), /Request has expired/);
  const { write } = await links("named.txt", { link_headers: { "x-amz-server-side-encryption": "AES256" } });
  assert.deepEqual(write.headers, [{ name: "x-amz-server-side-encryption", value: "AES256" }]);
  assert.equal((await fetch(write.signed_uri, { method: "PUT", body: "x" })).status, 403);
  assert.equal((await fetch(write.signed_uri, { method: "PUT", body: "x", headers: { "x-amz-server-side-encryption": "AES256" } })).status, 200);
});

test("Azure's blobs want their type, or blocks and a list", async () => {
  const { write, read } = await links("blob.bin", { credential_type: "AZURE_SAS_URI" });
  assert.equal(write.type, "AZURE_SAS_URI");
  assert.equal((await fetch(write.signed_uri, { method: "PUT", body: "x" })).status, 400);
  assert.equal((await fetch(write.signed_uri, { method: "PUT", body: "whole", headers: { "x-ms-blob-type": "BlockBlob" } })).status, 201);
  assert.equal(await (await fetch(read.signed_uri)).text(), "whole");
  for (const [id, body] of [["QQ==", "one "], ["Qg==", "two"]])
    assert.equal((await fetch(`${write.signed_uri}&comp=block&blockid=${encodeURIComponent(id)}`, { method: "PUT", body })).status, 201);
  const list = (ids) => `<?xml version="1.0"?><BlockList>${ids.map((id) => `<Uncommitted>${id}</Uncommitted>`).join("")}</BlockList>`;
  const commit = (ids) => fetch(`${write.signed_uri}&comp=blocklist`, { method: "PUT", body: list(ids) });
  assert.equal((await commit(["QQ==", "nobody"])).status, 400);
  assert.equal((await commit(["QQ==", "Qg=="])).status, 201);
  assert.equal(await (await fetch(read.signed_uri)).text(), "one two");
});

test("Azure's data lake: create, append, flush", async () => {
  const { write, read } = await links("lake.bin", { credential_type: "AZURE_ADLS_GEN2_SAS_URI" });
  const send = async (method, query, body) => (await fetch(`${write.signed_uri}&${query}`, { method, body })).status;
  assert.equal(await send("PATCH", "action=append&position=0", "early"), 400);
  assert.equal(await send("PUT", "resource=file"), 201);
  assert.equal(await send("PATCH", "action=append&position=0", "hello"), 202);
  assert.equal(await send("PATCH", "action=append&position=3", "wrong"), 400);
  assert.equal((await fetch(read.signed_uri)).status, 404, "not there before it is flushed");
  assert.equal(await send("PATCH", "action=flush&position=5"), 200);
  assert.equal(await (await fetch(read.signed_uri)).text(), "hello");
  assert.equal(await send("PUT", "", "x"), 400);
});

test("links come in pages, and not for paths that lead out", async () => {
  const path = Array.from({ length: 5 }, (_, index) => `p${index}`);
  const first = await post("artifacts/credentials-for-write", { run_id, path }, fault({ page_rows: 2 }));
  assert.deepEqual(first.body.credential_infos.map((info) => info.path), ["p0", "p1"]);
  const next = await post("artifacts/credentials-for-write", { run_id, path, page_token: first.body.next_page_token }, fault({ page_rows: 9 }));
  assert.deepEqual(next.body.credential_infos.map((info) => info.path), ["p2", "p3", "p4"]);
  assert.equal(next.body.next_page_token, undefined);
  for (const bad of ["../x", "/x", "a/../../b", "a\\b"]) assert.equal((await post("artifacts/credentials-for-write", { run_id, path: [bad] })).status, 400, bad);
  assert.equal((await post("artifacts/credentials-for-read", { run_id: "nobody", path: ["x"] })).status, 404);
  assert.equal((await post("artifacts/credentials-for-read", { run_id, path: Array(2001).fill("x") })).status, 400);
});

test("a trace's data goes by links of its own", async () => {
  const trace_id = `tr-${"5".repeat(32)}`;
  const trace_info = { trace_id, trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id } }, request_time: "2026-03-01T10:20:30.123Z", state: "OK" };
  const posted = await call("POST", "/api/3.0/mlflow/traces", { trace: { trace_info } });
  assert.match(posted.body.trace.trace_info.tags["mlflow.artifactLocation"], /^dbfs:\/databricks\/mlflow-tracking\/\d+\/tr-5+\//);
  const credentials = (way, id = trace_id) => call("GET", `/api/2.0/mlflow/traces/${id}/credentials-for-data-${way}`);
  assert.equal((await credentials("download")).status, 404, "nothing is there yet");
  assert.equal((await credentials("upload", "tr-nobody")).status, 404);
  const { credential_info } = (await credentials("upload")).body;
  assert.equal((await fetch(credential_info.signed_uri, { method: "PUT", body: '{"spans":[]}' })).status, 200);
  assert.equal(await (await fetch((await credentials("download")).body.credential_info.signed_uri)).text(), '{"spans":[]}');
});

test("the registry of Unity Catalog wants names of three parts", async () => {
  const create = (name) => post("unity-catalog/registered-models/create", { name });
  assert.equal((await create("model")).status, 400);
  assert.equal((await create("main..model")).status, 400);
  assert.equal((await create("main.default.model")).body.registered_model.name, "main.default.model");
  const version = await post("unity-catalog/model-versions/create", { name: "main.default.model", source: "s3://bucket/model" });
  assert.equal(version.body.model_version.version, "1");
  await post("unity-catalog/registered-models/alias", { name: "main.default.model", alias: "champion", version: "1" });
  const { body } = await call("GET", "/api/2.0/mlflow/unity-catalog/registered-models/alias?name=main.default.model&alias=champion");
  assert.deepEqual([body.model_version.version, body.model_version.aliases], ["1", ["champion"]]);
});

test("spans for a table of Unity Catalog", async () => {
  const spans = [{ traceId: "6".repeat(32), spanId: "6".repeat(16), name: "s", startTimeUnixNano: "1", endTimeUnixNano: "2" }];
  const send = (headers) => call("POST", "/api/2.0/otel/v1/traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] }, headers);
  assert.equal((await send({})).status, 400);
  assert.equal((await send({ "x-databricks-uc-table-name": "main.spans" })).status, 400);
  assert.equal((await send({ "x-databricks-uc-table-name": "main.default.spans" })).status, 200);
  const { body } = await call("GET", `/api/3.0/mlflow/traces/get?trace_id=tr-${"6".repeat(32)}`);
  assert.deepEqual(body.trace.spans.map(({ name }) => name), ["s"]);
});

test("faults happen to MLflow's calls as to the others'", async () => {
  const get = (faults) => call("GET", `/api/2.0/mlflow/runs/get?run_id=${run_id}`, undefined, { "x-lakewire-fault": JSON.stringify(faults) });
  for (const status of [429, 500, 503]) assert.equal((await get({ status })).status, status);
  await assert.rejects(get({ cut_after_bytes: 20 }));
  const search = (mlflow) => post("runs/search", { experiment_ids: [experiment_id] }, fault(mlflow));
  await post("runs/create", { experiment_id });
  assert.equal((await search({ page_rows: 1 })).body.runs.length, 1);
  const empty = (await search({ pages: "empty" })).body;
  assert.deepEqual([empty.runs, typeof empty.next_page_token], [undefined, "string"]);
  assert.equal((await search({ nonsense: 1 })).status, 400);
});

test("--mlflow passes a real server's answers on, and keeps the token", { skip: process.env.LAKEWIRE_MLFLOW ? false : "needs LAKEWIRE_MLFLOW" }, async () => {
  const { url } = await startEmulator("--mlflow", process.env.LAKEWIRE_MLFLOW);
  const ask = (path, init = {}) => fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
  assert.equal(await (await ask("/version")).text(), await (await fetch(`${process.env.LAKEWIRE_MLFLOW}/version`)).text());
  assert.equal((await fetch(`${url}/version`)).status, 401);
  const json = { method: "POST", headers: { "content-type": "application/json" } };
  const name = `passed-${Date.now()}`;
  const { experiment_id: id } = await (await ask("/api/2.0/mlflow/experiments/create", { ...json, body: JSON.stringify({ name }) })).json();
  const direct = await (await fetch(`${process.env.LAKEWIRE_MLFLOW}/api/2.0/mlflow/experiments/get?experiment_id=${id}`)).json();
  assert.equal(direct.experiment.name, name);
  const { run } = await (await ask("/api/2.0/mlflow/runs/create", { ...json, body: JSON.stringify({ experiment_id: id }) })).json();
  const path = `/api/2.0/mlflow-artifacts/artifacts/${id}/${run.info.run_id}/artifacts/big.bin`;
  const bytes = new Uint8Array(6 * MIB).fill(3);
  assert.equal((await ask(path, { method: "PUT", body: bytes })).status, 200);
  assert.deepEqual(new Uint8Array(await (await ask(path)).arrayBuffer()), bytes);
  const gone = await startEmulator("--mlflow", "http://127.0.0.1:9");
  const refused = await fetch(`${gone.url}/version`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(refused.status, 503);
  assert.match((await refused.json()).message, /could not be asked/);
});
