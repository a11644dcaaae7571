// Experiments, runs and what they log.

import { AT, NEVER, ROOT, SAFE, fail, known, metrics, named, paged, pairs, pure, runOf, tagsOf } from "./base.js";
import { writeExact } from "../data/exact.js";

const E = `${ROOT}experiments/`;
const R = `${ROOT}runs/`;

/** A time as milliseconds since 1970. */
const time = (value) => (value instanceof Date ? value.getTime() : value);

/** A metric as the wire has it: what JSON has no number for is a text. */
function metricOf(one) {
  const { key, value, timestamp, step } = one ?? {};
  const wire = typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
  return { key, value: wire, timestamp: time(timestamp), step };
}

/** Metrics from `{ key: value }` or a list. */
function metricsOf(given) {
  if (given === undefined || given === null) return [];
  if (typeof given !== "object") throw fail("InvalidInput", "The metrics must be an object or a list of { key, value, timestamp, step }.");
  return (Array.isArray(given) ? given : Object.entries(given).map(([key, value]) => ({ key, value }))).map(metricOf);
}

export const withRuns = (Base) =>
  class extends Base {
    /** A change that says nothing back. */
    async #change(to, body, options, repeat = SAFE) {
      const [scope] = known(options, []);
      await this[AT].send(to, body, scope, repeat);
    }

    /** Creates an experiment and gives its id. */
    async createExperiment(name, options) {
      const [scope, { tags, artifactLocation: artifact_location }] = known(options, ["tags", "artifactLocation"]);
      const body = { name: named(name, "experiment's name"), tags: tagsOf(tags), artifact_location };
      return (await this[AT].send(`${E}create`, body, scope)).experiment_id;
    }

    /** Describes an experiment. */
    async getExperiment(experiment_id, options) {
      return (await this[AT].get(`${E}get`, { experiment_id: named(experiment_id, "experiment's id") }, options)).experiment;
    }

    /** Describes the experiment of a name; nothing when there is none. */
    async getExperimentByName(experiment_name, options) {
      try {
        return (await this[AT].get(`${E}get-by-name`, { experiment_name: named(experiment_name, "experiment's name") }, options)).experiment;
      } catch (error) {
        if (error.kind === "NotFound" && error.errorCode !== undefined) return undefined;
        throw error;
      }
    }

    /** The experiment of a name, created when there is none. */
    async experiment(name, options) {
      let found = await this.getExperimentByName(name, options);
      if (found === undefined) {
        try {
          return await this.getExperiment(await this.createExperiment(name, options), options);
        } catch (error) {
          // somebody else was faster
          if (error.kind === "ResourceConflict") found = await this.getExperimentByName(name, options);
          if (found === undefined) throw error;
        }
      }
      if (found.lifecycle_stage === "deleted") throw fail("InvalidInput", `The experiment \`${name}\` was deleted: restore it with restoreExperiment, or take another name.`);
      return found;
    }

    /** Lists experiments. */
    searchExperiments(options) {
      const [scope, { filter, orderBy: order_by, viewType: view_type, maxResults: max_results = 1000 }] = known(options, ["filter", "orderBy", "viewType", "maxResults"]);
      return paged((page_token) => this[AT].send(`${E}search`, { max_results, filter, order_by, view_type, page_token }, scope, SAFE), "experiments");
    }

    /** Gives an experiment another name. */
    async renameExperiment(experiment_id, new_name, options) {
      return this.#change(`${E}update`, { experiment_id, new_name: named(new_name, "new name") }, options);
    }

    /** Sets a tag of an experiment. */
    async setExperimentTag(experiment_id, key, value, options) {
      return this.#change(`${E}set-experiment-tag`, { experiment_id, ...tagsOf([{ key, value }])[0] }, options);
    }

    /** Deletes an experiment; it can be restored. */
    async deleteExperiment(experiment_id, options) {
      return this.#change(`${E}delete`, { experiment_id }, options, NEVER);
    }

    /** Restores a deleted experiment. */
    async restoreExperiment(experiment_id, options) {
      return this.#change(`${E}restore`, { experiment_id }, options, NEVER);
    }

    /** Creates a run. */
    async createRun(experiment_id, options) {
      const [scope, { runName: run_name, startTime = Date.now(), userId: user_id, tags }] = known(options, ["runName", "startTime", "userId", "tags"]);
      const body = { experiment_id: named(experiment_id, "experiment's id"), run_name, start_time: time(startTime), user_id, tags: tagsOf(tags) };
      return runOf((await this[AT].send(`${R}create`, body, scope)).run);
    }

    /** Reads a run. */
    async getRun(run_id, options) {
      return runOf((await this[AT].get(`${R}get`, { run_id: named(run_id, "run's id") }, options)).run);
    }

    /** Changes a run's status or name. */
    async updateRun(run_id, options) {
      const [scope, { status, runName: run_name, endTime }] = known(options, ["status", "runName", "endTime"]);
      return (await this[AT].send(`${R}update`, { run_id: named(run_id, "run's id"), status, run_name, end_time: time(endTime) }, scope, SAFE)).run_info;
    }

    /** Ends a run. */
    async setTerminated(run_id, status = "FINISHED", options) {
      const [scope, { endTime = Date.now() }] = known(options, ["endTime"]);
      await this.updateRun(run_id, { ...scope, status, endTime });
    }

    /** Logs a value of a metric. */
    async logMetric(runId, key, value, options) {
      const [scope, { step, timestamp }] = known(options, ["step", "timestamp"]);
      return this.logBatch(runId, { metrics: [{ key, value, step, timestamp }] }, scope);
    }

    /** Logs a parameter. */
    async logParam(run_id, key, value, options) {
      const [param] = pairs([{ key, value }], "parameters");
      pure("mlflow.key", "parameter", key);
      return this.#change(`${R}log-parameter`, { run_id, ...param }, options);
    }

    /** Sets a tag of a run. */
    async setTag(run_id, key, value, options) {
      return this.#change(`${R}set-tag`, { run_id, ...tagsOf([{ key, value }])[0] }, options);
    }

    /** Deletes a tag of a run. */
    async deleteTag(run_id, key, options) {
      return this.#change(`${R}delete-tag`, { run_id, key }, options, NEVER);
    }

    /** Logs metrics, parameters and tags, any number of them, in requests of the size that MLflow takes. */
    async logBatch(runId, items, options) {
      const [scope] = known(options, []);
      if (items === null || typeof items !== "object") throw fail("InvalidInput", "logBatch() needs an object with metrics, params or tags.");
      const stranger = Object.keys(items).find((name) => !["metrics", "params", "tags"].includes(name));
      if (stranger !== undefined) throw fail("InvalidInput", `A batch has no \`${stranger}\`: it has metrics, params and tags.`);
      const given = [metricsOf(items.metrics), pairs(items.params, "parameters"), pairs(items.tags, "tags")];
      const texts = given.map((list) => writeExact(list, "The batch"));
      const parts = pure("mlflow.batch", named(runId, "run's id"), ...texts, `${Date.now()}`);
      const arrived = [0, 0, 0];
      for (let at = 0; at < parts.length; at += 4) {
        try {
          await this[AT].raw([4, `${R}log-batch`, parts[at], SAFE], scope);
        } catch (error) {
          const [told] = [arrived.map((count, of) => `${count} of ${given[of].length} ${["metrics", "parameters", "tags"][of]}`).join(", ")];
          error.message += ` Of this batch arrived, in order: ${told}.${error.maybeProcessed ? " The request that failed may have arrived too; it can be sent again as it is." : ""}`;
          const [metrics, params, tags] = arrived;
          Object.defineProperty(error, "partial", { value: { metrics, params, tags }, configurable: true, writable: true });
          throw error;
        }
        for (const of of [0, 1, 2]) arrived[of] += parts[at + 1 + of];
      }
    }

    /** Searches runs. */
    searchRuns(experiment_ids, options) {
      const [scope, { filter, orderBy: order_by, viewType: run_view_type, maxResults: max_results = 1000 }] = known(options, ["filter", "orderBy", "viewType", "maxResults"]);
      if (!Array.isArray(experiment_ids)) throw fail("InvalidInput", "searchRuns() needs a list of experiment ids.");
      const page = async (page_token) => {
        const answer = await this[AT].send(`${R}search`, { experiment_ids, max_results, filter, order_by, run_view_type, page_token }, scope, SAFE);
        answer.runs?.forEach(runOf);
        return answer;
      };
      return paged(page, "runs");
    }

    /** All values a metric had. */
    getMetricHistory(run_id, metric_key, options) {
      const [scope, { maxResults: max_results = 25_000 }] = known(options, ["maxResults"]);
      const page = async (page_token) => {
        const answer = await this[AT].get(`${ROOT}metrics/get-history`, { run_id: named(run_id, "run's id"), metric_key, max_results, page_token }, scope);
        metrics(answer.metrics);
        return answer;
      };
      return paged(page, "metrics");
    }

    /** Deletes a run; it can be restored. */
    async deleteRun(run_id, options) {
      return this.#change(`${R}delete`, { run_id }, options, NEVER);
    }

    /** Restores a deleted run. */
    async restoreRun(run_id, options) {
      return this.#change(`${R}restore`, { run_id }, options, NEVER);
    }

    /** Says which logged models a run wrote. */
    async logOutputs(run_id, models, options) {
      return this.#change(`${R}outputs`, { run_id, models }, options);
    }

    /** Creates a run and gives it with the calls that log into it. */
    async startRun(options = {}) {
      const { experimentId, experimentName, signal, ...run } = options;
      const scope = signal === undefined ? {} : { signal };
      if ((experimentId === undefined) === (experimentName === undefined)) throw fail("InvalidInput", "A run needs an experiment: give `experimentId` or `experimentName`, and not both.");
      const id = experimentId ?? (await this.experiment(experimentName, scope)).experiment_id;
      return new ActiveRun(this, await this.createRun(id, { ...run, ...scope }));
    }

    /** Does something inside a run, which then ends: `FINISHED` when it went well, else `FAILED`. */
    async withRun(options, work) {
      if (typeof work !== "function") throw fail("InvalidInput", "withRun() needs a function that is given the run.");
      const run = await this.startRun(options);
      let value;
      try {
        value = await work(run);
      } catch (error) {
        await run.fail().catch(() => {});
        throw error;
      }
      await run.finish();
      return value;
    }
  };

/** A run under way. */
export class ActiveRun {
  #client;

  constructor(client, run) {
    this.#client = client;
    this.run = run;
    this.id = run.info.run_id;
  }

  logMetric(...args) {
    return this.#client.logMetric(this.id, ...args);
  }

  logParam(...args) {
    return this.#client.logParam(this.id, ...args);
  }

  setTag(...args) {
    return this.#client.setTag(this.id, ...args);
  }

  logBatch(...args) {
    return this.#client.logBatch(this.id, ...args);
  }

  /** Its files. */
  artifacts() {
    return this.#client.artifacts(this.run);
  }

  /** Ends it as `FINISHED`. */
  finish() {
    return this.#client.setTerminated(this.id, "FINISHED");
  }

  /** Ends it as `FAILED`. */
  fail() {
    return this.#client.setTerminated(this.id, "FAILED");
  }
}
