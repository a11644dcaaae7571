// A real MLflow server for tests: SQLite and a folder of artifacts, both temporary, on a port of its own.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, start, waitForUrl } from "../../scripts/lib.mjs";
import * as environment from "../clients/venv.mjs";

/** The Python that has MLflow: the one of the environment that the client suites share, or `LAKEWIRE_PYTHON`. */
export async function mlflowPython() {
  if (process.env.LAKEWIRE_PYTHON) return process.env.LAKEWIRE_PYTHON;
  await environment.install();
  return environment.python;
}

/** What every MLflow process of ours gets: its own programs first on PATH, no warnings, no telemetry, no git. */
export function mlflowEnv(python, more = {}) {
  return {
    PATH: `${dirname(python)}${delimiter}${process.env.PATH}`,
    PYTHONWARNINGS: "ignore",
    GIT_PYTHON_REFRESH: "quiet",
    MLFLOW_DISABLE_TELEMETRY: "true",
    DO_NOT_TRACK: "true",
    // background jobs (evaluations) would be a second process, which no test asks for
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    ...more,
  };
}

/**
 * Starts `mlflow server` and resolves with `{ url, folder, python, stop(), output() }` once `/health` answers.
 *
 * Artifacts go through the server (`mlflow-artifacts:`). Writes from a page of another origin are answered when that
 * origin is on loopback (any port) or in `corsOrigins`, which replaces MLflow's list; the Host header may name loopback
 * or a private address, else it must be in `allowedHosts`. Options: `corsOrigins`, `allowedHosts` (lists), `args` (more
 * arguments), `env`, `port`.
 */
export async function startMlflow({ corsOrigins, allowedHosts, args = [], env = {}, port } = {}) {
  const python = await mlflowPython();
  const folder = await mkdtemp(join(tmpdir(), "lakewire-mlflow-"));
  await mkdir(join(folder, "artifacts"));
  const bound = port ?? (await freePort());
  const url = `http://127.0.0.1:${bound}`;
  const options = ["--host", "127.0.0.1", "--port", `${bound}`, "--workers", "1"];
  options.push("--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`, "--serve-artifacts", "--artifacts-destination", join(folder, "artifacts"));
  if (corsOrigins) options.push("--cors-allowed-origins", corsOrigins.join(","));
  if (allowedHosts) options.push("--allowed-hosts", allowedHosts.join(","));
  // the server's database is made on the first start, which takes a while on a small machine
  const child = await start(python, ["-m", "mlflow", "server", ...options, ...args], { env: mlflowEnv(python, env), cwd: folder });
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const ended = child.exited.then(({ code, signal }) => {
    throw new Error(`mlflow server ended (${signal ?? `exit code ${code}`}) before it was ready\n${child.output()}`);
  });
  try {
    await Promise.race([waitForUrl(`${url}/health`, { timeoutMs: 240_000 }), ended]);
  } catch (error) {
    await stop();
    throw error;
  }
  ended.catch(() => {});
  return { url, folder, python, stop, output: child.output };
}

/** Starts an emulator of a test's own with these arguments; resolves with `{ url, stop() }`. */
export async function startEmulator(...args) {
  const target = join(fileURLToPath(new URL("../..", import.meta.url)), process.env.CARGO_TARGET_DIR ?? "target");
  const program = join(target, "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
  const child = await start(program, ["--port", "0", "--token-delay-ms", "0", ...args], { ready: /listening on (http:\S+)/ });
  return { url: child.match[1].replace(/\/$/, ""), stop: child.stop };
}
