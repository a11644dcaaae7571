// The tracking client of lakewire/mlflow against a real MLflow server, whose address is in LAKEWIRE_MLFLOW.

import assert from "node:assert/strict";
import { test } from "node:test";
import { entry } from "../js/package.mjs";

const { WorkspaceClient } = await import(entry("."));
const { LakewireError, MlflowClient } = await import(entry("./mlflow"));
const host = process.env.LAKEWIRE_MLFLOW;
if (!host) throw new Error("LAKEWIRE_MLFLOW must name an MLflow server: run tests/mlflow/run.mjs, which starts one.");
const mlflow = new MlflowClient(new WorkspaceClient({ host }));
const unique = (name) => `${name}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
const refused = async (promise, kind) => {
  const error = await promise.then(() => assert.fail("expected a failure"), (thrown) => thrown);
  assert.ok(error instanceof LakewireError, `${error?.stack}`);
  assert.equal(error.kind, kind, error.message);
  return error;
};

test("an experiment is made, found, renamed, tagged, deleted and restored", async () => {
  const name = unique("experiment");
  const id = await mlflow.createExperiment(name, { tags: { team: "a" } });
  assert.equal((await mlflow.getExperimentByName(name)).experiment_id, id);
  assert.equal(await mlflow.getExperimentByName(unique("no")), undefined);
  await refused(mlflow.createExperiment(name), "ResourceConflict");
  await refused(mlflow.getExperiment("999999"), "NotFound");
  await mlflow.renameExperiment(id, `${name}/ü 2`);
  await mlflow.setExperimentTag(id, "k", "v");
  const found = await mlflow.searchExperiments({ filter: `name LIKE '${name}%'` }).all();
  assert.deepEqual(found.map(({ experiment_id }) => experiment_id), [id]);
  assert.deepEqual(Object.fromEntries(found[0].tags.map(({ key, value }) => [key, value])), { team: "a", k: "v" });
  assert.ok(Number.isSafeInteger(found[0].creation_time));
  await mlflow.deleteExperiment(id);
  await refused(mlflow.experiment(`${name}/ü 2`), "InvalidInput");
  await mlflow.restoreExperiment(id);
  assert.equal((await mlflow.experiment(`${name}/ü 2`)).experiment_id, id);
  assert.equal((await mlflow.experiment(unique("made"))).lifecycle_stage, "active");
});

test("a run logs, is read back exactly, searched for and ended", async () => {
  const { experiment_id } = await mlflow.experiment(unique("runs"));
  const run = await mlflow.startRun({ experimentId: experiment_id, runName: "try-1", tags: { "mlflow.note.content": "x" } });
  const long = 9007199254740993n;
  await run.logBatch({
    metrics: [{ key: "loss", value: 0.5, step: 2 }, { key: "loss", value: Number.NaN, step: long, timestamp: long }, { key: "up", value: Number.POSITIVE_INFINITY }, { key: "down", value: 1, step: -5 }],
    params: { k: 4, "a/b c": "ü", long: "v".repeat(7000) },
    tags: { "t.1": "y" },
  });
  await run.logMetric("loss", 0.25, { step: 3 });
  await run.logParam("k", 4);
  const changed = await refused(run.logParam("k", 5), "BadRequest");
  assert.match(changed.message, /Changing param values is not allowed/);
  const history = await mlflow.getMetricHistory(run.id, "loss").all();
  assert.deepEqual(history.map(({ value, step }) => [value, step]).sort((a, b) => Number(a[1]) - Number(b[1])), [[0.5, 2], [0.25, 3], [Number.NaN, long]]);
  assert.equal(history.find(({ value }) => Number.isNaN(value)).timestamp, long);
  assert.deepEqual(await mlflow.getMetricHistory(run.id, "none").all(), []);
  await run.finish();
  const read = await mlflow.getRun(run.id);
  assert.equal(read.info.status, "FINISHED");
  assert.ok(read.info.end_time >= read.info.start_time);
  const params = Object.fromEntries(read.data.params.map(({ key, value }) => [key, value]));
  // the server cuts what is longer than it keeps
  assert.deepEqual([params.k, params["a/b c"], params.long.length], ["4", "ü", 6000]);
  assert.equal(read.data.metrics.find(({ key }) => key === "up").value, Number.MAX_VALUE);
  await mlflow.deleteTag(run.id, "t.1");
  await refused(mlflow.deleteTag(run.id, "t.1"), "NotFound");
  await assert.rejects(mlflow.withRun({ experimentId: experiment_id, runName: "try-2" }, async (other) => {
    await other.logMetric("down", 9);
    throw new Error("mine");
  }), /mine/);
  const search = (filter, more) => mlflow.searchRuns([experiment_id], { filter, ...more }).all();
  assert.deepEqual((await search("metrics.down > 0", { orderBy: ["metrics.down DESC"], maxResults: 1 })).map(({ info }) => [info.run_name, info.status]), [["try-2", "FAILED"], ["try-1", "FINISHED"]]);
  assert.equal((await search("params.k = '4' and attributes.status = 'FINISHED'")).length, 1);
  assert.match((await refused(search("metrics"), "BadRequest")).message, /filter string/);
  await mlflow.deleteRun(run.id);
  assert.equal((await search("")).length, 1);
  assert.equal((await search("", { viewType: "ALL" })).length, 2);
  await mlflow.restoreRun(run.id);
  await refused(mlflow.getRun("0".repeat(32)), "NotFound");
});

test("thousands of values arrive in order, whatever the server's limits", async () => {
  const { experiment_id } = await mlflow.experiment(unique("batch"));
  const { info: { run_id } } = await mlflow.createRun(experiment_id);
  const metrics = Array.from({ length: 2345 }, (_, step) => ({ key: "m", value: step / 2, step, timestamp: step }));
  const params = Object.fromEntries(Array.from({ length: 230 }, (_, at) => [`p${at}`, "x".repeat(at * 20)]));
  const tags = Array.from({ length: 120 }, (_, at) => ({ key: `t${at}`, value: `${at}` }));
  await mlflow.logBatch(run_id, { metrics, params, tags });
  const history = await mlflow.getMetricHistory(run_id, "m", { maxResults: 1000 }).all();
  assert.deepEqual(history.map(({ value, step }) => [value, step]), metrics.map(({ value, step }) => [value, step]));
  const { data } = await mlflow.getRun(run_id);
  assert.equal(data.params.length, 230);
  assert.equal(data.tags.filter(({ key }) => /^t\d/.test(key)).length, 120);
  await refused(mlflow.logBatch("0".repeat(32), { metrics }), "NotFound");
});

test("artifacts of every kind go up, are listed, come down and are deleted", async () => {
  const { experiment_id } = await mlflow.experiment(unique("files"));
  const run = await mlflow.startRun({ experimentId: experiment_id });
  const files = await run.artifacts();
  const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256);
  await files.log("data/a b/ü.bin", bytes);
  await files.log("page.html", new Blob(["<html><p>hi</p></html>"]));
  await files.logDict("info.json", { x: [1], big: 2 });
  await mlflow.logText(run.id, "empty.txt", "");
  assert.deepEqual(await files.download("data/a b/ü.bin"), bytes);
  assert.equal(await files.downloadText("page.html"), "<html><p>hi</p></html>");
  assert.equal(await files.downloadText("info.json"), '{\n  "x": [\n    1\n  ],\n  "big": 2\n}');
  assert.equal((await files.download("empty.txt")).length, 0);
  assert.deepEqual((await files.list()).map(({ path, is_dir }) => [path, is_dir]), [["data", true], ["empty.txt", false], ["info.json", false], ["page.html", false]]);
  assert.deepEqual((await files.walk()).map(({ path }) => path).sort(), ["data/a b/ü.bin", "empty.txt", "info.json", "page.html"]);
  assert.deepEqual(await mlflow.listArtifacts(run.id, "data/a b"), [{ path: "data/a b/ü.bin", is_dir: false, file_size: 70_000 }]);
  await refused(files.download("none.txt"), "NotFound");
  // the server's own rule: its store's paths are URLs
  assert.match((await refused(files.log("a#b.txt", "x"), "BadRequest")).message, /Invalid path/);
  await files.delete("data");
  assert.equal((await files.walk()).length, 3);
});

test("models are logged, registered, named and found", async () => {
  const { experiment_id } = await mlflow.experiment(unique("models"));
  const run = await mlflow.startRun({ experimentId: experiment_id });
  const { info } = await mlflow.createLoggedModel(experiment_id, { name: "chain", sourceRunId: run.id, params: { a: 1 }, tags: { b: "c" } });
  assert.equal(info.status, "LOGGED_MODEL_PENDING");
  await mlflow.logOutputs(run.id, [{ model_id: info.model_id, step: 0 }]);
  const files = await mlflow.artifacts({ info });
  await files.log("MLmodel", "flavors: {}\n");
  await files.log("deep/x.txt", "x");
  assert.deepEqual((await files.walk()).map(({ path }) => path).sort(), ["MLmodel", "deep/x.txt"]);
  assert.equal((await mlflow.finalizeLoggedModel(info.model_id, "LOGGED_MODEL_READY")).info.status, "LOGGED_MODEL_READY");
  assert.equal((await mlflow.getLoggedModel(info.model_id)).info.name, "chain");
  assert.equal((await mlflow.searchLoggedModels([experiment_id], { filter: "name = 'chain'" }).all()).length, 1);
  // three parts: looked for in Unity Catalog first, which this server does not have
  for (const name of [unique("model"), `main.a.${unique("m").replaceAll("-", "_")}`]) {
    await mlflow.createRegisteredModel(name, { description: "About", tags: { a: "b" } });
    await refused(mlflow.createRegisteredModel(name), "ResourceConflict");
    const version = await mlflow.createModelVersion(name, `models:/${info.model_id}`, { runId: run.id, modelId: info.model_id });
    assert.equal(version.version, "1");
    await mlflow.setRegisteredModelAlias(name, "champion", version.version);
    assert.equal((await mlflow.getModelVersionByAlias(name, "champion")).version, "1");
    assert.match((await refused(mlflow.getModelVersionByAlias(name, "none"), "NotFound")).message, /alias none not found/);
    assert.equal((await mlflow.getRegisteredModel(name)).aliases[0].alias, "champion");
    assert.equal((await mlflow.getModelVersion(name, "1")).status, "READY");
    assert.match(await mlflow.getModelVersionDownloadUri(name, "1"), /m-|models/);
    assert.equal((await mlflow.updateRegisteredModel(name, "New")).description, "New");
    assert.equal((await mlflow.searchRegisteredModels({ filter: `name = '${name}'`, orderBy: ["name ASC"] }).all()).length, 1);
    assert.equal((await mlflow.searchModelVersions({ filter: `name = '${name}'` }).all()).length, 1);
    await mlflow.deleteRegisteredModelAlias(name, "champion");
    await mlflow.deleteRegisteredModel(name);
    await refused(mlflow.getRegisteredModel(name), "NotFound");
  }
});

test("a host that is no MLflow server is told so", async () => {
  const error = await refused(new MlflowClient(new WorkspaceClient({ host, fetch: (url, init) => fetch(url.replace("/api/2.0", "/api/none"), init) })).getRun("r"), "NotFound");
  assert.match(error.message, /root address of an MLflow tracking server/);
});
