// The same plain requests to a real MLflow server and to the emulator, answer by answer: status, content type, body.
//
// The emulator stands twice: as a self-hosted server, where everything is as the real one has it, and as a Databricks workspace,
// where this differs on purpose: experiments have paths for names and no field `workspace`, artifacts lie below `dbfs:` and go
// by signed links, errors have no `sqlstate` and `error_class`, and there is no proxy, no `/v1/traces` and no `/health` (what
// the scenarios call `selfHosted`; tests/mlflow/databricks.test.mjs has the links). What no two servers have alike (ids, times, invented
// names, the database's own words) is evened out by parity/world.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { stopAll } from "../../scripts/lib.mjs";
import artifacts, { selfHosted as artifactsOfServers } from "./parity/artifacts.mjs";
import experiments from "./parity/experiments.mjs";
import runs from "./parity/runs.mjs";
import traces, { selfHosted as tracesOfServers } from "./parity/traces.mjs";
import { World } from "./parity/world.mjs";
import { startEmulator } from "./server.mjs";

const unique = Date.now().toString(36);
const both = { ...experiments, ...runs, ...artifacts, ...traces };
const servers = { ...artifactsOfServers, ...tracesOfServers };
let real;
let server;
let workspace;

before(async () => {
  real = { base: process.env.LAKEWIRE_MLFLOW, unique };
  assert.ok(real.base, "LAKEWIRE_MLFLOW names the real server: run tests/mlflow/run.mjs");
  server = { base: (await startEmulator("--mlflow-server")).url, unique };
  workspace = { base: (await startEmulator()).url, token: "dapi-emulator", workspace: true, unique };
});
after(stopAll);

/** What a server said in a scenario. */
async function said(scenario, options) {
  const world = new World(options);
  await scenario(world);
  return world.said();
}

/** Compares answer by answer, so that a failure names its request. */
function same(expected, found) {
  for (const [index, record] of expected.entries()) assert.deepEqual(found[index], { ...record, call: found[index]?.call }, record.call);
  assert.equal(found.length, expected.length);
}

/** What a real server says, as a workspace would: without the fields that only self-hosted servers have. */
function asWorkspace(records) {
  const plain = (value) => {
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).filter(([name]) => !["sqlstate", "error_class", "workspace"].includes(name)).map(([name, item]) => [name, plain(item)]));
  };
  return records.map((record) => ({ ...record, body: plain(record.body) }));
}

describe("the emulator answers as MLflow does", { concurrency: false }, () => {
  for (const [name, scenario] of Object.entries(both)) {
    test(name, async () => {
      const expected = await said(scenario, real);
      assert.ok(expected.length > 3);
      same(expected, await said(scenario, server));
      same(asWorkspace(expected), await said(scenario, workspace));
    });
  }
  for (const [name, scenario] of Object.entries(servers)) {
    test(`${name} (self-hosted)`, async () => same(await said(scenario, real), await said(scenario, server)));
  }
  test("a workspace has none of what only self-hosted servers have", async () => {
    const world = new World(workspace);
    for (const path of ["/health", "/version", "/v1/traces", "/api/2.0/mlflow-artifacts/artifacts?path=x"]) await world.send("GET", path);
    for (const { call, status, body } of world.said()) {
      assert.equal(status, 404, call);
      assert.equal(body.error_code, "ENDPOINT_NOT_FOUND", call);
    }
  });
});
