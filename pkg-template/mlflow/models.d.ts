// Chains as MLflow models: written down for Python, logged, registered and served.

import type { Chain } from "../chain.js";
import type { CallOptions, Chat } from "../chat.js";
import type { MlflowClient } from "./client.js";

/** Where passages for the prompt come from: the rows of a vector search index that are nearest to a question. */
export interface RetrieverModel {
  /** The index, `catalog.schema.index`. */
  index: string;
  /** For an index whose embeddings are one's own: the column of the passages. */
  textColumn?: string;
  /** For an index whose embeddings are one's own: the endpoint that embeds questions. */
  embeddingEndpoint?: string;
  /** More columns that documents carry. */
  columns?: string[];
  /** How many passages, 4 unless said. */
  k?: number;
  /** `ANN`, `HYBRID` or `FULL_TEXT`. */
  queryType?: string;
  /** Filters as the index takes them. */
  filters?: Record<string, unknown>;
  /** Which input finds the passages; `question` unless said. */
  question?: string;
  /** Which variable of the prompt they become; `context` unless said. */
  context?: string;
}

/** What stands around a chain. */
export interface DescribeOptions {
  /** Functions of Unity Catalog (`catalog.schema.function`) that the model may ask for until it answers. */
  functions?: string[];
  /** Passages for the prompt. */
  retriever?: RetrieverModel;
  /** An input, stored as the model's example. */
  example?: Record<string, unknown>;
}

/** What is known of a model when its files are written. */
export interface ModelFacts {
  model_id?: string;
  run_id?: string;
  artifact_path?: string;
  /** When, in milliseconds since 1970; now unless said. */
  time_ms?: number;
  /** Python packages with versions, as `pip` takes them. */
  requirements?: string[];
}

/** A chain as MLflow can serve it; made by `describeChain(chain)`. */
export class ChainModel {
  private constructor();
  /** The Python file that MLflow runs. */
  source(): string;
  /** The files of the model by their paths: `MLmodel`, the code, what Python needs, and the examples. */
  files(facts?: ModelFacts): Record<string, string>;
  toJSON(): unknown;
}

/**
 * Reads what a chain is made of: a prompt, a chat and a parser, in this order.
 * @throws LakewireError `InvalidInput` for a step that only this program can run, naming it.
 */
export function describeChain(chain: Chain<never, unknown, unknown> | Chain<any, any, any> | Chat, options?: DescribeOptions): ChainModel;

/** A chain whose files the tracking server has. */
export interface LoggedChain {
  model_id?: string;
  run_id?: string;
  /** What MLflow finds it by. */
  model_uri: string;
}

/**
 * Logs a chain as a model of MLflow's LangChain flavour: every file is there before the model is ready. When one could not be
 * stored, the model is marked as failed. On Databricks the files lie with the run, which must be given.
 */
export function logChain(
  mlflow: MlflowClient,
  model: ChainModel,
  options: { experimentId: string; name: string; runId?: string; requirements?: string[] } & CallOptions,
): Promise<LoggedChain>;

/** A version of a registered model. */
export interface RegisteredChain {
  name: string;
  version: string;
  source?: string;
  run_id?: string;
  status?: string;
  [field: string]: unknown;
}

/** Makes a logged chain a version of a registered model, which is created unless it is there, and lets an alias point to it. */
export function registerChain(mlflow: MlflowClient, logged: LoggedChain, options: { name: string; alias?: string } & CallOptions): Promise<RegisteredChain>;

/**
 * The request for an endpoint that serves a version of a registered model on the smallest machine and sleeps when nobody asks;
 * give it to `client.servingEndpoints().createAndWait()`. Values of `environment` may be `{{secrets/scope/key}}`.
 */
export function endpointOf(
  endpoint: string,
  version: { name: string; version: string },
  environment?: Record<string, string>,
): {
  name: string;
  config: { served_entities: { entity_name: string; entity_version: string; workload_size: "Small"; scale_to_zero_enabled: boolean; environment_vars?: Record<string, string> }[] };
};
