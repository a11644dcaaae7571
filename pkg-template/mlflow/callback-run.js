// The run that a callback handler logs into: made when it is first needed, fed by a bounded queue beside the app's calls.

import { fail } from "../errors.js";
import { MlflowClient } from "./client.js";
import { quietly } from "./context.js";
import { lastingClient, onHide } from "./queue.js";

/** How many events go as one batch: of 15 metrics each, they fit one request. */
const EVENTS = 60;
/** How many files are sent at once. */
const FILES = 4;

/** The `%` at a name's end becomes seven characters, as in LangChain's handler. */
function runNameOf(name) {
  if (!name.endsWith("-%")) return name;
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return name.slice(0, -1) + Array.from({ length: 7 }, () => letters[Math.floor(Math.random() * letters.length)]).join("");
}

/** What is wrong with a plain name on Databricks. */
const advised = (experiment) => (error) => {
  if (error?.errorCode !== "INVALID_PARAMETER_VALUE" || experiment.startsWith("/")) throw error;
  const { kind, message, status, errorCode, requestId } = error;
  throw fail(kind, `${message} On Databricks experiments are named by a path of the workspace: give one, such as \`/Users/me@example.com/my-app\`.`, { status, errorCode, requestId, cause: error });
};

export class RunLog {
  #mlflow;
  #settings;
  #items = [];
  #busy = new Set();
  #pump;
  #timer;
  #opening;
  #clock = 0;
  #silent = false;
  #unhook;
  sent = 0;
  failed = 0;
  dropped = 0;

  constructor(client, settings) {
    this.#mlflow = new MlflowClient(lastingClient(client));
    this.#settings = settings;
    this.#unhook = onHide(() => void this.#send(this.#items.splice(0), Infinity));
  }

  get waiting() {
    return this.#items.length + [...this.#busy].reduce((sum, items) => sum + items.length, 0);
  }

  /** Whether anything was logged into a run that has not ended. */
  get begun() {
    return this.#opening !== undefined || this.#items.length > 0;
  }

  /** A time that no other has: of two values, the later one is the last for MLflow, too. */
  #now(at) {
    this.#clock = Math.max(at, this.#clock + 1);
    return this.#clock;
  }

  #make(item) {
    const [metrics, files] = quietly(() => item.make()) ?? [[], []];
    item.make = undefined;
    for (const list of metrics) {
      const timestamp = this.#now(item.at);
      for (let at = 0; at < list.length; at += 2) item.metrics.push({ key: list[at], value: list[at + 1], timestamp, step: 0 });
    }
    for (let at = 0; at < files.length; at += 2) item.files.push([files[at], files[at + 1]]);
  }

  /** What is logged, when it is asked for: lists `[name, value, …]` of metrics, and `[name, text, …]` of files. */
  push(make) {
    if (this.#items.length >= this.#settings.maxQueue) {
      this.dropped += 1;
      return;
    }
    this.#items.push({ make, at: Date.now(), metrics: [], files: [], bad: false });
    // not at once: the call that is watched goes on first
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#go();
    }, 0);
  }

  #go() {
    this.#pump ??= (async () => {
      while (this.#items.length > 0) await this.#send(this.#items.splice(0, EVENTS), FILES);
    })().finally(() => {
      this.#pump = undefined;
    });
    return this.#pump;
  }

  /** The run: found by its id, or made in the experiment of the name. */
  open() {
    this.#opening ??= this.#find().catch((error) => {
      // the next event tries again
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #find() {
    const { runId, experiment, name, tags } = this.#settings;
    const run = runId === undefined
      ? await this.#mlflow.createRun((await this.#mlflow.experiment(experiment).catch(advised(experiment))).experiment_id, { runName: runNameOf(name), tags })
      : await this.#mlflow.getRun(runId);
    return { id: run.info.run_id, artifacts: await this.#mlflow.artifacts(run) };
  }

  /** Told once until something succeeds again: a server that is down is one piece of news. */
  #tell(error) {
    if (this.#silent) return;
    this.#silent = true;
    const { onError } = this.#settings;
    quietly(() => (onError === undefined ? console.warn(`MlflowCallbackHandler: ${error?.message ?? error}`) : onError(error)));
  }

  async #tried(items, act) {
    try {
      await act();
      this.#silent = false;
      return true;
    } catch (error) {
      for (const item of items) item.bad = true;
      this.#tell(error);
      return false;
    }
  }

  async #send(items, files) {
    if (items.length === 0) return;
    this.#busy.add(items);
    for (const item of items) this.#make(item);
    let run;
    const opened = await this.#tried(items, async () => {
      run = await this.open();
    });
    if (opened) {
      const metrics = items.flatMap((item) => item.metrics);
      const batch = metrics.length === 0 ? undefined : this.#tried(items, () => this.#mlflow.logBatch(run.id, { metrics }));
      // a page that is left waits for nothing
      if (files !== Infinity) await batch;
      await Promise.all([batch, this.#write(run, items, files)]);
    }
    for (const { bad } of items) {
      if (bad) this.failed += 1;
      else this.sent += 1;
    }
    this.#busy.delete(items);
  }

  /** Sends files, a few at once. */
  async #write(run, items, most) {
    const files = items.flatMap((item) => item.files.map(([name, text]) => [item, name, text]));
    const next = async () => {
      for (let file = files.shift(); file !== undefined; file = files.shift()) {
        const [item, name, text] = file;
        const { artifactsDir } = this.#settings;
        await this.#tried([item], () => run.artifacts.log(artifactsDir === "" ? name : `${artifactsDir}/${name}`, text));
      }
    };
    await Promise.all(Array.from({ length: Math.min(most, files.length) }, next));
  }

  /** Waits until everything was sent, or could not be. */
  async flush() {
    await this.#go();
    while (this.#busy.size > 0 || this.#items.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.#go();
    }
  }

  /** Ends the run. What comes later begins another, unless the run's id was given. */
  async end(status) {
    const opening = this.#opening;
    if (opening === undefined) return;
    await this.#tried([], async () => this.#mlflow.setTerminated((await opening).id, status));
    this.#opening = undefined;
  }

  close() {
    this.#unhook();
  }
}
