// MLflow's tracking client over a scripted fetch: routes, batches, exact numbers, artifacts both ways, refusals.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, json, refusal, scripted, withClock } from "./fakes.mjs";
import { entry } from "./package.mjs";

const { MlflowClient } = await import(entry("./mlflow"));
const chatOnly = await import(entry("./chat"));

const at = (answers, config) => {
  const { client, calls } = scripted(answers, config);
  return { mlflow: new MlflowClient(client), client, calls };
};
const route = ({ method, url }) => `${method} ${url.replace("https://workspace.example/api/2.0/", "")}`;
const INFO = { run_id: "r1", experiment_id: "7", status: "RUNNING", artifact_uri: "mlflow-artifacts:/7/r1/artifacts" };
const RUN = { run: { info: INFO, data: {} } };
const DBFS = { run: { info: { ...INFO, artifact_uri: "dbfs:/databricks/mlflow-tracking/7/r1/artifacts" } } };
const page = () => new Response("<!doctype html><title>404 Not Found</title>", { status: 404, headers: { "content-type": "text/html" } });

test("every operation of experiments and runs has its route", async () => {
  const experiment = { experiment_id: "7", name: "/e" };
  const { mlflow, calls } = at(() => json({ ...RUN, experiment_id: "7", experiment, experiments: [experiment], run_info: INFO, runs: [RUN.run] }));
  assert.equal(await mlflow.createExperiment("/e", { tags: { a: 1 } }), "7");
  assert.deepEqual(await mlflow.getExperiment("7"), experiment);
  assert.deepEqual(await mlflow.getExperimentByName("/e x"), experiment);
  assert.deepEqual(await mlflow.searchExperiments({ filter: "name = 'x'", viewType: "ALL" }).all(), [experiment]);
  await mlflow.renameExperiment("7", "/f");
  await mlflow.setExperimentTag("7", "k", true);
  await mlflow.deleteExperiment("7");
  await mlflow.restoreExperiment("7");
  await mlflow.createRun("7", { runName: "n", startTime: new Date(5), tags: [{ key: "a", value: "b" }] });
  assert.equal((await mlflow.getRun("r1")).info.run_id, "r1");
  await mlflow.updateRun("r1", { status: "KILLED", runName: "m" });
  await mlflow.setTerminated("r1", "FAILED", { endTime: 9n });
  await mlflow.logMetric("r1", "m", 0.5, { step: 3, timestamp: 4 });
  await mlflow.logParam("r1", "k", { deep: [1] });
  await mlflow.setTag("r1", "k", "v");
  await mlflow.deleteTag("r1", "k");
  await mlflow.searchRuns(["7"], { filter: "metrics.m > 1", orderBy: ["metrics.m DESC"], maxResults: 5 }).all();
  await mlflow.deleteRun("r1");
  await mlflow.restoreRun("r1");
  await mlflow.logOutputs("r1", [{ model_id: "m-1", step: 0 }]);
  assert.deepEqual(calls.map(route), [
    "POST mlflow/experiments/create", "GET mlflow/experiments/get?experiment_id=7", "GET mlflow/experiments/get-by-name?experiment_name=%2Fe%20x",
    "POST mlflow/experiments/search", "POST mlflow/experiments/update", "POST mlflow/experiments/set-experiment-tag", "POST mlflow/experiments/delete",
    "POST mlflow/experiments/restore", "POST mlflow/runs/create", "GET mlflow/runs/get?run_id=r1", "POST mlflow/runs/update", "POST mlflow/runs/update",
    "POST mlflow/runs/log-batch", "POST mlflow/runs/log-parameter", "POST mlflow/runs/set-tag", "POST mlflow/runs/delete-tag", "POST mlflow/runs/search",
    "POST mlflow/runs/delete", "POST mlflow/runs/restore", "POST mlflow/runs/outputs",
  ]);
  assert.deepEqual(calls[0].json, { name: "/e", tags: [{ key: "a", value: "1" }] });
  assert.deepEqual(calls[8].json, { experiment_id: "7", run_name: "n", start_time: 5, tags: [{ key: "a", value: "b" }] });
  assert.deepEqual(calls[11].json, { run_id: "r1", status: "FAILED", end_time: 9 });
  assert.deepEqual(calls[12].json, { run_id: "r1", metrics: [{ key: "m", value: 0.5, timestamp: 4, step: 3 }] });
  assert.equal(calls[13].json.value, '{"deep":[1]}');
  assert.deepEqual(calls[16].json, { experiment_ids: ["7"], max_results: 5, filter: "metrics.m > 1", order_by: ["metrics.m DESC"] });
});

test("64-bit numbers are exact both ways, and metrics have the values that JSON has no number for", async () => {
  const wire = '{"metrics":[{"key":"m","value":"NaN","timestamp":9007199254740993,"step":-9223372036854775808},{"key":"m","value":12345678901234567890,"timestamp":1,"step":0}]}';
  const { mlflow, calls } = at([json(wire), json("{}")]);
  const [first, second] = await mlflow.getMetricHistory("r1", "m").all();
  assert.deepEqual([first.timestamp, first.step], [9007199254740993n, -9223372036854775808n]);
  assert.ok(Number.isNaN(first.value));
  assert.deepEqual(second, { key: "m", value: 12345678901234567890, timestamp: 1, step: 0 });
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  await mlflow.logBatch("r1", { metrics: values.map((value) => ({ key: "m", value, timestamp: 9007199254740993n, step: -9223372036854775808n })) });
  assert.match(calls[1].text, /"value":"NaN","timestamp":9007199254740993,"step":-9223372036854775808\}/);
  assert.deepEqual(calls[1].json.metrics.map(({ value }) => value), ["NaN", "Infinity", "-Infinity"]);
});

test("a batch of any size goes in requests of the documented size, and one that breaks says what arrived", async () => {
  const metrics = Array.from({ length: 2500 }, (_, step) => ({ key: "m", value: step, step, timestamp: 1 }));
  const params = Object.fromEntries(metrics.slice(0, 150).map(({ step }) => [`p${step}`, step]));
  const { mlflow, calls } = at(() => json("{}"));
  await mlflow.logBatch("r1", { metrics, params, tags: { a: "b" } });
  const total = (name) => calls.flatMap(({ json: body }) => body[name] ?? []);
  assert.deepEqual(total("metrics").map(({ step }) => step), metrics.map(({ step }) => step));
  assert.equal(total("params").length, 150);
  for (const { json: body } of calls) {
    const [m, p, t] = ["metrics", "params", "tags"].map((name) => body[name]?.length ?? 0);
    assert.ok(m <= 1000 && p <= 100 && t <= 100 && m + p + t <= 1000);
  }
  const broken = at([json("{}"), json("{}"), refusal(400, { error_code: "INVALID_PARAMETER_VALUE", message: "No." })]);
  const error = await failure(broken.mlflow.logBatch("r1", { metrics }), "BadRequest");
  assert.deepEqual(error.partial, { metrics: 2000, params: 0, tags: 0 });
  assert.match(error.message, /2000 of 2500 metrics/);
});

test("what cannot be logged is refused before anything is sent", async () => {
  const { mlflow, calls } = at([]);
  for (const act of [
    () => mlflow.logMetric("r1", "a?", 1), () => mlflow.logMetric("r1", "m", "high"), () => mlflow.logMetric("r1", "m", 1, { step: 1.5 }), () => mlflow.logMetric("", "m", 1),
    () => mlflow.logMetric("r1", "m"), () => mlflow.logParam("r1", "p", undefined), () => mlflow.logParam("r1", "../p", 1), () => mlflow.setTag("r1", "", "x"),
    () => mlflow.logBatch("r1", { params: [{ key: "a", value: 1 }, { key: "a", value: 2 }] }), () => mlflow.logBatch("r1", { metric: [] }), () => mlflow.logBatch("r1", null),
    () => mlflow.createRun("7", { name: "n" }), () => mlflow.createRun(7), () => mlflow.getRun(), () => mlflow.searchRuns("7").all(), () => mlflow.withRun({ experimentId: "7" }), () => mlflow.startRun({}),
    () => mlflow.logText("r1", "../x", "x"), () => mlflow.logText("r1", "a\\b", "x"), () => mlflow.logText("r1", "x", 5), () => mlflow.downloadArtifact("r1", ""), () => mlflow.listArtifacts("r1", "/a"),
    () => mlflow.getLoggedModel(".."), () => mlflow.getRegisteredModel(""),
  ]) await failure(async () => act(), "InvalidInput");
  assert.equal(calls.length, 0);
});

test("refusals of MLflow have our kinds, and a page in place of an answer says what to check", async () => {
  const refused = (status, error_code, message) => at([refusal(status, { error_code, message })]).mlflow;
  await failure(refused(400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=x) already exists.").createExperiment("x"), "ResourceConflict");
  await failure(refused(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=x not found").getRun("x"), "NotFound");
  const alias = await failure(refused(400, "INVALID_PARAMETER_VALUE", "Registered model alias champion not found.").getModelVersionByAlias("m", "champion"), "NotFound");
  assert.equal(alias.status, 400);
  assert.equal(await refused(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with name 'x'").getExperimentByName("x"), undefined);
  const stray = await failure(at([page()]).mlflow.getExperimentByName("x"), "NotFound");
  assert.match(stray.message, /root address of an MLflow tracking server/);
  assert.match((await failure(at([json("not json")]).mlflow.getRun("r1"))).message, /check that the host/);
});

test("a run ends well or failed, and an experiment is made when there is none", async () => {
  const { mlflow, calls } = at(({ url }) => (url.includes("get-by-name") ? refusal(404, { error_code: "RESOURCE_DOES_NOT_EXIST" }) : json({ ...RUN, experiment_id: "7", experiment: { experiment_id: "7", name: "x" }, run_info: INFO })));
  assert.equal(await mlflow.withRun({ experimentName: "x", runName: "n" }, async (run) => (await run.logParam("k", 1), run.id)), "r1");
  const own = new Error("mine");
  await assert.rejects(mlflow.withRun({ experimentId: "7" }, () => Promise.reject(own)), own);
  const ends = calls.filter(({ url }) => url.endsWith("runs/update")).map(({ json: body }) => body.status);
  assert.deepEqual(ends, ["FINISHED", "FAILED"]);
  assert.deepEqual(calls.slice(0, 4).map(route), ["GET mlflow/experiments/get-by-name?experiment_name=x", "POST mlflow/experiments/create", "GET mlflow/experiments/get?experiment_id=7", "POST mlflow/runs/create"]);
});

test("artifacts go through the server as the bytes they are, from clients of either entry", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  for (const settings of ["whole", "chat"]) {
    const { client, calls } = scripted([]);
    const answers = [json(RUN), new Response(null, { status: 200 }), new Response(bytes), json({ files: [{ path: "a", is_dir: true }, { path: "t.txt", is_dir: false, file_size: 3 }] }), json({ files: [{ path: "a/u.txt" }] }), new Response(null, { status: 204 })];
    const fetch = async (url, init) => {
      calls.push({ url, method: init.method, headers: new Headers(init.headers), body: init.body });
      return answers.shift();
    };
    const config = { host: "https://workspace.example", token: "t", fetch };
    const user = settings === "whole" ? new client.constructor(config) : new chatOnly.WorkspaceClient(config);
    const files = await new MlflowClient(user).artifacts("r1");
    await files.log("a b/c.json", new Blob([bytes]), { headers: { "x-own": "1" } });
    assert.deepEqual(await files.download("p.html"), bytes);
    assert.deepEqual((await files.walk()).map(({ path }) => path), ["t.txt", "a/u.txt"]);
    await files.delete("a");
    assert.deepEqual(calls.map(route), [
      "GET mlflow/runs/get?run_id=r1", "PUT mlflow-artifacts/artifacts/7/r1/artifacts/a%20b/c.json", "GET mlflow-artifacts/artifacts/7/r1/artifacts/p.html",
      "GET mlflow/artifacts/list?run_id=r1", "GET mlflow/artifacts/list?run_id=r1&path=a", "DELETE mlflow-artifacts/artifacts/7/r1/artifacts/a",
    ]);
    assert.deepEqual(new Uint8Array(calls[1].body), bytes);
    assert.deepEqual([calls[1].headers.get("content-type"), calls[1].headers.get("x-own"), calls[1].headers.get("authorization")], ["text/plain", "1", "Bearer t"]);
  }
});

const leave = (type) => json({ credential_infos: [{ run_id: "r1", path: "a.bin", signed_uri: "https://store.example/a.bin?sig=CANARY", headers: [{ name: "x-ms-x", value: "CANARY-h" }], type }] });

test("K15: artifacts of a workspace go by signed addresses, with nothing of the client's", async () => {
  for (const [type, expected] of [
    ["AWS_PRESIGNED_URL", ["PUT sig=CANARY 3"]],
    ["AZURE_SAS_URI", ["PUT sig=CANARY 3"]],
    ["AZURE_ADLS_GEN2_SAS_URI", ["PUT sig=CANARY&resource=file 0", "PATCH sig=CANARY&action=append&position=0 3", "PATCH sig=CANARY&action=flush&position=3 0"]],
  ]) {
    const { mlflow, calls } = at([json(DBFS), leave(type), ...expected.map(() => new Response(null, { status: 201 }))]);
    await mlflow.logArtifact("r1", "a.bin", Uint8Array.of(0, 255, 1));
    assert.deepEqual(calls[1].json, { run_id: "r1", path: ["a.bin"] });
    assert.deepEqual(calls.slice(2).map(({ method, url, bytes }) => `${method} ${url.split("?")[1]} ${bytes?.length ?? 0}`), expected);
    for (const { headers, init } of calls.slice(2)) {
      assert.equal(headers.get("authorization"), null);
      assert.equal(headers.get("x-ms-x"), "CANARY-h");
      assert.equal(headers.get("x-ms-blob-type"), type === "AZURE_SAS_URI" ? "BlockBlob" : null);
      assert.equal(init.credentials, "omit");
      // workers know no "error"
      assert.equal(init.redirect, "manual");
    }
  }
  const moved = at([json(DBFS), ...[1, 2].flatMap(() => [leave("AWS_PRESIGNED_URL"), new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } })])]);
  assert.equal((await failure(moved.mlflow.logArtifact("r1", "a.bin", Uint8Array.of(1)), "PermissionDenied")).status, 302);
  assert.ok(moved.calls.every(({ url }) => !url.includes("elsewhere")));
});

test("L8: an expired address is asked anew once, what passes is tried again, and no error shows an address", async () => {
  const good = at([json(DBFS), leave("AWS_PRESIGNED_URL"), new Response("sig=CANARY", { status: 403 }), leave("AWS_PRESIGNED_URL"), new Response("abc")]);
  assert.equal(new TextDecoder().decode(await good.mlflow.downloadArtifact("r1", "a.bin")), "abc");
  const shown = (error) => `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`;
  const refused = at([json(DBFS), ...[1, 2].flatMap(() => [leave("AWS_PRESIGNED_URL"), new Response("sig=CANARY", { status: 403 })])]);
  assert.doesNotMatch(shown(await failure(refused.mlflow.logText("r1", "a.bin", "x"), "PermissionDenied")), /CANARY/);
  await withClock(async () => {
    const shaky = at([json(DBFS), leave("AWS_PRESIGNED_URL"), new TypeError("CANARY"), new Response(null, { status: 503 }), new TypeError("CANARY")]);
    const error = await failure(shaky.mlflow.logText("r1", "a.bin", "x"), "Connect");
    assert.doesNotMatch(shown(error), /CANARY/);
    assert.equal(shaky.calls.length, 5);
  });
  const odd = at([json(DBFS), json({ credential_infos: [{ signed_uri: "http://store.example/CANARY", type: "AWS_PRESIGNED_URL" }] })]);
  assert.doesNotMatch(shown(await failure(odd.mlflow.logText("r1", "a.bin", "x"), "InvalidInput")), /CANARY/);
  await failure(at([json(DBFS)]).mlflow.artifacts("r1").then((files) => files.delete("a")), "NotImplemented");
  await failure(at([json({ run: { info: { ...INFO, artifact_uri: "s3://bucket/x" } } })]).mlflow.artifacts("r1"), "InvalidInput");
});

test("a store that never answers ends with the call's time limit, the client's, or one of its own", async () => {
  const silent = () => ({ url }) => (url.startsWith("https://store.example") ? new Promise(() => {}) : json(url.includes("credentials") ? { credential_infos: [{ signed_uri: "https://store.example/a?sig=CANARY", type: "AWS_PRESIGNED_URL" }] } : DBFS));
  for (const [limit, config, options] of [[70, {}, { timeouts: { totalMs: 70 } }], [90, { timeouts: { totalMs: 90 } }], [600_000, {}]]) {
    await withClock(async (clock) => {
      const files = await at(silent(), config).mlflow.artifacts("r1");
      const error = await failure(files.log("a.bin", "x", options), "DeadlineExceeded");
      assert.doesNotMatch(error.message, /CANARY/);
      assert.ok(clock.fired.includes(limit), `${clock.fired}`);
      await failure(files.download("a.bin", options), "DeadlineExceeded");
    });
  }
});

test("a value logged as a JSON file keeps its whole numbers, whatever their size", async () => {
  const { mlflow, calls } = at(({ method }) => json(method === "GET" ? RUN : "{}"));
  const value = { id: 9007199254740993n, most: [9223372036854775807n, -9223372036854775808n], small: 1n, text: "9223372036854775807 \ue000", part: 0.1, none: null };
  await mlflow.logDict("r1", "ids.json", value);
  assert.equal(new TextDecoder().decode(calls[1].bytes), `{
  "id": 9007199254740993,
  "most": [
    9223372036854775807,
    -9223372036854775808
  ],
  "small": 1,
  "text": "9223372036854775807 \ue000",
  "part": 0.1,
  "none": null
}`);
});

test("models have their routes, and Unity Catalog its prefix where there is one", async () => {
  const { mlflow, calls } = at(() => json({ registered_model: { name: "m" }, model_version: { version: "1" }, artifact_uri: "x", registered_models: [], model_versions: [], model: { info: { model_id: "m-1" } }, models: [] }));
  await mlflow.createRegisteredModel("main.a.m", { description: "About", tags: { a: "b" } });
  await mlflow.getRegisteredModel("m");
  await mlflow.renameRegisteredModel("m", "n");
  await mlflow.updateRegisteredModel("m", "d");
  await mlflow.deleteRegisteredModel("m");
  await mlflow.searchRegisteredModels({ filter: "name = 'm'", orderBy: ["name ASC"] }).all();
  await mlflow.setRegisteredModelAlias("m", "champion", 1);
  await mlflow.getModelVersionByAlias("m", "champion");
  await mlflow.deleteRegisteredModelAlias("m", "champion");
  await mlflow.createModelVersion("m", "models:/m-1", { runId: "r1" });
  await mlflow.getModelVersion("m", "1");
  assert.equal(await mlflow.getModelVersionDownloadUri("m", "1"), "x");
  await mlflow.searchModelVersions({ unityCatalog: true }).all();
  await mlflow.createLoggedModel("7", { name: "n", params: { a: 1 } });
  await mlflow.finalizeLoggedModel("m-1", "LOGGED_MODEL_READY");
  await mlflow.getLoggedModel("m-1");
  await mlflow.searchLoggedModels(["7"], { filter: "name = 'n'" }).all();
  assert.deepEqual(calls.map(route), [
    "POST mlflow/unity-catalog/registered-models/create", "GET mlflow/registered-models/get?name=m", "POST mlflow/registered-models/rename", "PATCH mlflow/registered-models/update",
    "DELETE mlflow/registered-models/delete", "GET mlflow/registered-models/search?order_by=name%20ASC&filter=name%20%3D%20'm'", "POST mlflow/registered-models/alias",
    "GET mlflow/registered-models/alias?name=m&alias=champion", "DELETE mlflow/registered-models/alias", "POST mlflow/model-versions/create", "GET mlflow/model-versions/get?name=m&version=1",
    "GET mlflow/model-versions/get-download-uri?name=m&version=1", "GET mlflow/unity-catalog/model-versions/search", "POST mlflow/logged-models", "PATCH mlflow/logged-models/m-1",
    "GET mlflow/logged-models/m-1", "POST mlflow/logged-models/search",
  ]);
  assert.deepEqual(calls[9].json, { name: "m", source: "models:/m-1", run_id: "r1" });
  const plain = at([page(), json({ registered_model: {} }), json({ registered_model: {} })]);
  await plain.mlflow.getRegisteredModel("a.b.c");
  await plain.mlflow.getRegisteredModel("a.b.c");
  const own = "GET mlflow/registered-models/get?name=a.b.c";
  assert.deepEqual(plain.calls.map(route), ["GET mlflow/unity-catalog/registered-models/get?name=a.b.c", own, own]);
});
