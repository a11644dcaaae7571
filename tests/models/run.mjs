// Real models and apps behind the emulator: one that `mlflow models serve` serves as a custom model, and a Node app behind the
// driver proxy. Both faces ask them. Last line: `N passed, N failed`.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, run, start, stopAll, waitForUrl } from "../../scripts/lib.mjs";
import { bin, install, python } from "../clients/venv.mjs";
import { failure } from "../js/fakes.mjs";
import { HubClient, ROOT, WorkspaceClient } from "../js/package.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const TOKEN = "dapi-emulator";
const CLUSTER = "1120-090000-abcd1234";
let passed = 0;
let failed = 0;

async function test(name, act) {
  try {
    await act();
    passed += 1;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}: ${error?.stack ?? error}`);
  }
}

async function collect(stream) {
  const pieces = [];
  for await (const piece of await stream) pieces.push(piece);
  return pieces;
}

await install();
const work = await mkdtemp(join(tmpdir(), "lakewire-models-"));
try {
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, MLFLOW_TRACKING_URI: join(work, "runs"), GIT_PYTHON_REFRESH: "quiet" };
  const model = join(work, "model");
  await run(python, [join(here, "save_model.py"), join(here, "dolly_model.py"), model], { env, cwd: work });
  const [modelPort, appPort, silentPort] = [await freePort(), await freePort(), await freePort()];
  const serving = ["-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local", "--host", "127.0.0.1", "--port", `${modelPort}`];
  await start(python, serving, { env, cwd: work });
  await start(process.execPath, [join(ROOT, "examples", "apps", "driver_app.mjs"), `${appPort}`], { ready: /listening/ });
  await waitForUrl(`http://127.0.0.1:${modelPort}/ping`, { timeoutMs: 120_000 });
  const program = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
  const flags = ["--port", "0", "--token", TOKEN, "--custom", `parrot=http://127.0.0.1:${modelPort}`];
  for (const port of [appPort, silentPort]) flags.push("--driver-proxy", `${CLUSTER}/${port}`);
  const emulator = await start(program, flags, { ready: /listening on (http:\S+)/ });
  const host = emulator.match[1].replace(/\/$/, "");
  const client = new WorkspaceClient({ host, token: TOKEN, retry: { maxAttempts: 1 } });

  await test("a served model is looked up, asked and read", async () => {
    const parrot = client.completions("parrot", { stop: ["### End"] });
    assert.equal((await parrot.invoke("Hi")).trim(), "You said: Hi\nI am a parrot.");
    const { text, raw, attempts } = await parrot.generate("Hi", { stop: [" Hi"] });
    assert.deepEqual([text, raw, attempts], ["You said:", { predictions: ["You said:"] }, 1]);
    assert.match(await client.completions("parrot").invoke("Hi"), /and more\.$/);
  });

  await test("it takes every input format, and params beside", async () => {
    for (const inputFormat of ["dataframe_records", "dataframe_split", "inputs", "instances"]) {
      const parrot = client.completions("parrot", { inputFormat });
      // MLflow's server turns instances into columns: a text reaches the model as a list of texts
      const said = inputFormat === "instances" ? ["You said: ['2+2?']", "You said: ['2+2']?!"] : ["You said: 2+2?", "You said: 2+2?!"];
      const [plain, ended] = [await parrot.invoke("2+2?"), await parrot.invoke("2+2", { params: { ending: "?!" } })];
      assert.deepEqual([inputFormat, plain.split("\n")[0], ended.split("\n")[0]], [inputFormat, ...said]);
    }
    for (const inputFormat of ["dataframe_records", "dataframe_split"]) {
      assert.equal(await client.completions("parrot", { inputFormat, stop: ["\n", "?"] }).invoke("2+2?"), "You said: 2+2", inputFormat);
    }
  });

  await test("functions change its rows and read its predictions", async () => {
    const parrot = client.completions("parrot", {
      transformInput: (request) => ({ ...request, prompt: `${request.prompt} Be concise.` }),
      transformOutput: async (prediction) => prediction.split("\n")[0].toUpperCase(),
    });
    assert.equal(await parrot.invoke("Hi."), "YOU SAID: HI. BE CONCISE.");
  });

  await test("it comes as one piece when streamed, and batches keep order", async () => {
    const parrot = client.completions("parrot", { stop: ["\n"] });
    assert.deepEqual(await collect(parrot.stream("Hi")), ["You said: Hi"]);
    const results = await parrot.batch(["a", "fail", "c"]);
    assert.deepEqual(results.map(({ value, reason }) => value ?? reason.kind), ["You said: a", "BadRequest", "You said: c"]);
  });

  await test("what the model refuses is told in its words", async () => {
    const missing = client.completions("parrot", { transformInput: () => ({ question: "x" }) });
    assert.match((await failure(missing.invoke("Hi"), "BadRequest")).message, /Failed to enforce schema/);
    await failure(client.completions("no-such-model").invoke("Hi"), "NotFound");
  });

  const app = (options, path) => client.completions({ clusterId: CLUSTER, clusterDriverPort: appPort, path }, options);

  await test("an app behind the driver proxy is asked at its root and below", async () => {
    assert.equal(await app().invoke("Hi."), "You said: Hi. And I, an app, say hello.");
    assert.equal(await app({ stop: ["And"] }).invoke("Hi."), "You said: Hi. ");
    assert.match(await app({ model_kwargs: { temperature: 0.1 } }).invoke("Hi."), /temperature 0\.1\.$/);
    assert.equal(await app({ transformOutput: ({ text, path }) => `${path} ${text.length}` }, "object").invoke("Hi."), "/object 39");
    assert.deepEqual(await collect(app({ stop: ["."] }).stream("Hi.")), ["You said: Hi"]);
  });

  await test("its refusals, its words that are no JSON, and its absence are told apart", async () => {
    assert.match((await failure(app({}, "fail").invoke("Hi."), "BadRequest")).message, /told to refuse/);
    await failure(app({}, "words").invoke("Hi."), "Decode");
    const silent = client.completions({ clusterId: CLUSTER, clusterDriverPort: silentPort });
    const error = await failure(silent.invoke("Hi."), "TemporarilyUnavailable");
    assert.deepEqual([error.status, error.attempts], [502, 1]);
    assert.match(error.message, /not reachable.*0\.0\.0\.0/);
    await failure(client.completions({ clusterId: "1120-090000-other", clusterDriverPort: appPort }).invoke("Hi."), "TemporarilyUnavailable");
  });

  const rust = async (example, more) => {
    const args = ["run", "-q", "--locked", "-p", "lakewire", "--features", "native", "--example", example];
    const { stdout } = await run("cargo", args, { cwd: ROOT, env: { DATABRICKS_HOST: host, DATABRICKS_TOKEN: TOKEN, ...more } });
    return stdout;
  };

  await test("the Rust face asks the same model and the same app", async () => {
    assert.match(await rust("dolly", { LAKEWIRE_ENDPOINT: "parrot" }), /^Dolly: I am a parrot\.$/m);
    assert.match(await rust("driver_proxy", { LAKEWIRE_APP_PORT: `${appPort}` }), /YOU SAID: /);
  });
} catch (error) {
  failed += 1;
  console.log(`not ok - setup: ${error?.stack ?? error}`);
} finally {
  await stopAll();
  await rm(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
