// MLflow's tracking client.

import type { CallOptions, WorkspaceClient } from "../chat.js";
import type { Paged } from "../data/pages.js";
import type { Experiment, FileInfo, LifecycleStage, LoggedModel, LoggedModelData, LoggedModelInfo, LoggedModelStatus, Metric, MlflowParam, MlflowTag, ModelVersion, RegisteredModel, Run, RunInfo, RunStatus, ViewType } from "../types.js";

export type { Experiment, FileInfo, LifecycleStage, LoggedModel, LoggedModelData, LoggedModelInfo, LoggedModelStatus, Metric, MlflowParam, MlflowTag, ModelVersion, Paged, RegisteredModel, Run, RunInfo, RunStatus, ViewType };

/**
 * A 64-bit number. Answers give a BigInt for those beyond 2⁵³ (for which `number` in the types stands too), and every number
 * else; what is given may be either, or digits as a text.
 */
export type Int64 = number | bigint | string;

/** Tags: by name, or as a list. Values become texts. */
export type Tags = Record<string, string | number | boolean> | { key: string; value: string | number | boolean }[];
/** Parameters: by name, or as a list. Values become texts; objects and lists their JSON. */
export type Params = Record<string, unknown> | { key: string; value: unknown }[];

/** A value of a metric, to log. */
export interface MetricInput {
  /** The metric's name: letters, digits, `_ - . / :` and spaces, at most 250 characters. */
  key: string;
  /** The value; `NaN` and infinities too. */
  value: number;
  /** At which step, which may be negative; 0 unless given. */
  step?: Int64;
  /** When it was measured, in milliseconds since 1970; now unless given. */
  timestamp?: Int64 | Date;
}

/** What a batch logs. */
export interface BatchItems {
  /** Values of metrics, in order; by name for one of each, now and at step 0. */
  metrics?: MetricInput[] | Record<string, number>;
  /** Parameters. */
  params?: Params;
  /** Tags. */
  tags?: Tags;
}

/** What a new run is given. */
export interface RunOptions {
  /** Its name; MLflow invents one unless given. */
  runName?: string;
  /** When it began; now unless given. */
  startTime?: Int64 | Date;
  /** Who starts it. */
  userId?: string;
  /** Its tags. */
  tags?: Tags;
}

/** What a search asks for. */
export interface SearchOptions extends CallOptions {
  /** MLflow's filter language, such as `metrics.loss < 1 and params.k = 'v'`. */
  filter?: string;
  /** Such as `["metrics.loss DESC"]`. */
  orderBy?: string[];
  /** The most items on a page. */
  maxResults?: number;
}

/** A file to log: a text goes as UTF-8. */
export type ArtifactData = string | ArrayBuffer | ArrayBufferView | Blob;

/**
 * The files of a run or of a logged model. Which way they go is told by where they lie: through the tracking server, or to and
 * from the workspace's store by signed addresses, which get nothing of the client's and stand in no error; a file ends
 * with `timeouts.totalMs` of the call or the client, or after ten minutes.
 *
 * Paths begin at the run's artifacts, with `/` between their parts; what leads out of there is refused.
 */
export class Artifacts {
  private constructor();
  /** Logs a file, over one of the same path. */
  log(path: string, data: ArtifactData, options?: CallOptions): Promise<void>;
  /** Logs a value as JSON, indented by two spaces; `.yaml` files get the same, which is YAML too. */
  logDict(path: string, value: unknown, options?: CallOptions): Promise<void>;
  /** Downloads a file; fails with kind `NotFound` when there is none. */
  download(path: string, options?: CallOptions): Promise<Uint8Array>;
  /** Downloads a file of text. */
  downloadText(path: string, options?: CallOptions): Promise<string>;
  /** Lists a folder, the topmost without a path; with paths from the run's artifacts on. */
  list(path?: string, options?: CallOptions): Promise<FileInfo[]>;
  /** Lists every file below a folder, the topmost without a path. */
  walk(path?: string, options?: CallOptions): Promise<FileInfo[]>;
  /** Deletes a file, or a folder with all it holds; fails with kind `NotImplemented` in a workspace, which has no call for it. */
  delete(path: string, options?: CallOptions): Promise<void>;
}

/** A run under way, with the calls that log into it. Nothing ends it but `finish`, `fail` or `withRun`. */
export class ActiveRun {
  private constructor();
  /** The run as it was when it began. */
  readonly run: Run;
  /** Its id. */
  readonly id: string;
  logMetric(key: string, value: number, options?: CallOptions & { step?: Int64; timestamp?: Int64 | Date }): Promise<void>;
  logParam(key: string, value: unknown, options?: CallOptions): Promise<void>;
  setTag(key: string, value: string | number | boolean, options?: CallOptions): Promise<void>;
  logBatch(items: BatchItems, options?: CallOptions): Promise<void>;
  /** Its files. */
  artifacts(): Promise<Artifacts>;
  /** Ends it as `FINISHED`. */
  finish(): Promise<void>;
  /** Ends it as `FAILED`. */
  fail(): Promise<void>;
}

/**
 * MLflow's tracking client: experiments, runs, artifacts and models of a workspace, or of the MLflow server that a client is
 * for (its `host` is the tracking URI). Names as in Python, in camelCase; data as on the wire.
 *
 * ```js
 * const mlflow = new MlflowClient(new WorkspaceClient({ host: "http://localhost:5000" }));
 * await mlflow.withRun({ experimentName: "my-experiment" }, async (run) => {
 *   await run.logParam("temperature", 0.2);
 *   await run.logMetric("loss", 0.5, { step: 1 });
 * });
 * ```
 */
export class MlflowClient {
  /** Over a client of `lakewire` or `lakewire/chat`. */
  constructor(client: WorkspaceClient);

  /** Creates an experiment and gives its id; in a workspace its name is an absolute path. Fails with kind `ResourceConflict` when the name is taken, also by a deleted one. */
  createExperiment(name: string, options?: CallOptions & { tags?: Tags; artifactLocation?: string }): Promise<string>;
  /** Describes an experiment; fails with kind `NotFound` when there is none of this id. */
  getExperiment(experimentId: string, options?: CallOptions): Promise<Experiment>;
  /** Describes the experiment of a name; nothing when there is none. */
  getExperimentByName(name: string, options?: CallOptions): Promise<Experiment | undefined>;
  /** The experiment of a name, created when there is none. */
  experiment(name: string, options?: CallOptions): Promise<Experiment>;
  /** Lists experiments, by a filter such as `name LIKE 'x%'`. */
  searchExperiments(options?: SearchOptions & { viewType?: ViewType }): Paged<Experiment>;
  /** Gives an experiment another name. */
  renameExperiment(experimentId: string, newName: string, options?: CallOptions): Promise<void>;
  /** Sets a tag of an experiment. */
  setExperimentTag(experimentId: string, key: string, value: string | number | boolean, options?: CallOptions): Promise<void>;
  /** Deletes an experiment with its runs; it can be restored. */
  deleteExperiment(experimentId: string, options?: CallOptions): Promise<void>;
  /** Restores a deleted experiment with its runs. */
  restoreExperiment(experimentId: string, options?: CallOptions): Promise<void>;

  /** Creates a run, which is `RUNNING` until it is ended. */
  createRun(experimentId: string, options?: CallOptions & RunOptions): Promise<Run>;
  /** Creates a run and gives it with the calls that log into it. The experiment is named, and created when there is none, or given by its id. */
  startRun(options: RunOptions & { experimentId?: string; experimentName?: string; signal?: AbortSignal }): Promise<ActiveRun>;
  /** Does something inside a run, which then ends: `FINISHED` when it went well, else `FAILED`. Gives or throws what the work does. */
  withRun<T>(options: RunOptions & { experimentId?: string; experimentName?: string; signal?: AbortSignal }, work: (run: ActiveRun) => T | Promise<T>): Promise<T>;
  /** Reads a run; fails with kind `NotFound` when there is none of this id. */
  getRun(runId: string, options?: CallOptions): Promise<Run>;
  /** Changes a run's status, its name or when it ended. */
  updateRun(runId: string, options: CallOptions & { status?: RunStatus; runName?: string; endTime?: Int64 | Date }): Promise<RunInfo>;
  /** Ends a run: as `FINISHED` and now, unless given. */
  setTerminated(runId: string, status?: RunStatus, options?: CallOptions & { endTime?: Int64 | Date }): Promise<void>;
  /** Logs a value of a metric: now and at step 0, unless given. */
  logMetric(runId: string, key: string, value: number, options?: CallOptions & { step?: Int64; timestamp?: Int64 | Date }): Promise<void>;
  /** Logs a parameter. A run's parameters never change: another value is an error. */
  logParam(runId: string, key: string, value: unknown, options?: CallOptions): Promise<void>;
  /** Sets a tag of a run. */
  setTag(runId: string, key: string, value: string | number | boolean, options?: CallOptions): Promise<void>;
  /** Deletes a tag of a run. */
  deleteTag(runId: string, key: string, options?: CallOptions): Promise<void>;
  /**
   * Logs metrics, parameters and tags, any number of them: they are sent in order, in requests of the size that MLflow takes.
   * What cannot be logged is refused before anything is sent. When a later request fails, the error's `partial` says how many
   * of each arrived: `{ metrics, params, tags }`.
   */
  logBatch(runId: string, items: BatchItems, options?: CallOptions): Promise<void>;
  /** Searches runs. */
  searchRuns(experimentIds: string[], options?: SearchOptions & { viewType?: ViewType }): Paged<Run>;
  /** All values a metric had; none for one the run does not have. */
  getMetricHistory(runId: string, key: string, options?: CallOptions & { maxResults?: number }): Paged<Metric>;
  /** Deletes a run; it can be restored. */
  deleteRun(runId: string, options?: CallOptions): Promise<void>;
  /** Restores a deleted run. */
  restoreRun(runId: string, options?: CallOptions): Promise<void>;
  /** Says which logged models a run wrote, and at which step. */
  logOutputs(runId: string, models: { model_id: string; step: Int64 }[], options?: CallOptions): Promise<void>;

  /** The files of a run, given by its id or as it was read, or of a logged model. */
  artifacts(of: string | Run | LoggedModel | { info: RunInfo | LoggedModelInfo }, options?: CallOptions): Promise<Artifacts>;
  /** Logs a file of a run. For more than one, `artifacts()` asks only once where they go. */
  logArtifact(runId: string, path: string, data: ArtifactData, options?: CallOptions): Promise<void>;
  /** Logs a text as a file of a run. */
  logText(runId: string, path: string, text: string, options?: CallOptions): Promise<void>;
  /** Logs a value as a JSON file of a run. */
  logDict(runId: string, path: string, value: unknown, options?: CallOptions): Promise<void>;
  /** Lists a folder of a run's files, the topmost without a path. */
  listArtifacts(runId: string, path?: string, options?: CallOptions): Promise<FileInfo[]>;
  /** Downloads a file of a run. */
  downloadArtifact(runId: string, path: string, options?: CallOptions): Promise<Uint8Array>;

  /** Creates a registered model; in Unity Catalog its name is `catalog.schema.model`. */
  createRegisteredModel(name: string, options?: CallOptions & { description?: string; tags?: Tags }): Promise<RegisteredModel>;
  /** Describes a registered model; fails with kind `NotFound` when there is none of this name. */
  getRegisteredModel(name: string, options?: CallOptions): Promise<RegisteredModel>;
  /** Gives a registered model another name. */
  renameRegisteredModel(name: string, newName: string, options?: CallOptions): Promise<RegisteredModel>;
  /** Says what a registered model is about. */
  updateRegisteredModel(name: string, description: string, options?: CallOptions): Promise<RegisteredModel>;
  /** Deletes a registered model with all its versions. */
  deleteRegisteredModel(name: string, options?: CallOptions): Promise<void>;
  /** Lists registered models; `unityCatalog` for those of Unity Catalog. */
  searchRegisteredModels(options?: SearchOptions & { unityCatalog?: boolean }): Paged<RegisteredModel>;
  /** Names a version of a registered model, such as `champion`; the name then stands for this version alone. */
  setRegisteredModelAlias(name: string, alias: string, version: string | number, options?: CallOptions): Promise<void>;
  /** Takes a name of a version away. */
  deleteRegisteredModelAlias(name: string, alias: string, options?: CallOptions): Promise<void>;
  /** The version that an alias stands for; fails with kind `NotFound` when there is no such alias. */
  getModelVersionByAlias(name: string, alias: string, options?: CallOptions): Promise<ModelVersion>;
  /** Makes a version of a registered model out of what lies at `source`, such as `models:/m-…`. */
  createModelVersion(name: string, source: string, options?: CallOptions & { runId?: string; modelId?: string; description?: string; tags?: Tags }): Promise<ModelVersion>;
  /** Describes a version of a registered model. */
  getModelVersion(name: string, version: string | number, options?: CallOptions): Promise<ModelVersion>;
  /** Where the files of a version lie. */
  getModelVersionDownloadUri(name: string, version: string | number, options?: CallOptions): Promise<string>;
  /** Lists versions of registered models, by a filter such as `name = 'my-model'`. */
  searchModelVersions(options?: SearchOptions & { unityCatalog?: boolean }): Paged<ModelVersion>;

  /** Creates a logged model, which is `LOGGED_MODEL_PENDING` until its files are there and `finalizeLoggedModel` says so. */
  createLoggedModel(experimentId: string, options?: CallOptions & { name?: string; modelType?: string; sourceRunId?: string; params?: Params; tags?: Tags }): Promise<LoggedModel>;
  /** Says whether a logged model's files are there. */
  finalizeLoggedModel(modelId: string, status: LoggedModelStatus, options?: CallOptions): Promise<LoggedModel>;
  /** Describes a logged model. */
  getLoggedModel(modelId: string, options?: CallOptions): Promise<LoggedModel>;
  /** Lists logged models of experiments, by a filter such as `name = 'x'`. */
  searchLoggedModels(experimentIds: string[], options?: SearchOptions): Paged<LoggedModel>;
}
