// LangChain's MlflowCallbackHandler.

import type { WorkspaceClient } from "../chat.js";

/** What `MlflowCallbackHandler` takes. */
export interface MlflowCallbackOptions {
  /** The run's name; a `-%` at its end becomes seven random characters. Default: `langchainrun-%`. */
  name?: string;
  /** The experiment's name, which is created when there is none; on Databricks a path of the workspace, and there it must be given. Default: `langchain`. */
  experiment?: string;
  /** Tags of the run. */
  tags?: Record<string, string>;
  /** A run that exists, to log into that. */
  runId?: string;
  /** A folder of the run for the files. */
  artifactsDir?: string;
  /**
   * Whether each piece of a streamed answer is logged, as LangChain's handler does: one file and fifteen metrics for each. Default:
   * those that `handleLLMNewToken` is given are, those of clients from `observe` are not.
   */
  tokens?: boolean;
  /** Whether the fifteen text metrics of each answer are logged. Default: true. */
  textMetrics?: boolean;
  /** How many events wait for the server at most. Default: 1000. */
  maxQueue?: number;
  /** How many records are kept for the tables at most. Default: 10,000. */
  maxRecords?: number;
  /** How much of an event's values is kept, in characters. Default: 1,048,576. */
  maxValueBytes?: number;
  /** Told of what went wrong with the server, once until something succeeds again. Default: a warning on the console. */
  onError?: (error: unknown) => void;
}

/** What became of the events. */
export interface MlflowCallbackStats {
  /** Events that were logged. */
  sent: number;
  /** Events that could not be, wholly or in part. */
  failed: number;
  /** Events that did not fit the queue: they are in no file and in no table. Their numbers go on. */
  dropped: number;
  /** Events that wait or are under way. */
  waiting: number;
  /** Records that did not fit the tables. */
  forgottenRecords: number;
}

/** How a run is flushed. */
export interface MlflowFlushOptions {
  /** Whether the run ends, and everything counts from 0 again. */
  finish?: boolean;
  /** How it ended. Default: `FINISHED`. */
  status?: "FINISHED" | "FAILED" | "KILLED";
}

/**
 * Logs what models, chains, tools and searches do into a run of MLflow: LangChain's metrics, files and tables. Its methods are those
 * of a handler of LangChain.js. Nothing here waits for the server, and nothing throws into the call that is watched. There is no
 * redaction and no sampling: prompts, answers and what tools are given go to the run's files as they are. Where they must not, use
 * `MlflowTracing` and its `redact`.
 */
export class MlflowCallbackHandler {
  /** Over a client of `lakewire` or `lakewire/chat`. */
  constructor(client: WorkspaceClient, options?: MlflowCallbackOptions);
  /** LangChain knows handlers by their names. */
  readonly name: string;
  /** A client of the same kind whose calls are logged. */
  observe<C extends object>(client: C): C;
  /** The id of the run, which is made when there is none yet. */
  runId(): Promise<string>;
  /** What became of the events. */
  stats(): MlflowCallbackStats;
  /** How many events did not fit the queue. */
  dropped(): number;
  /** Logs the tables and waits until everything was sent, or could not be; the server's errors are in `stats()` and `onError`. */
  flushTracker(options?: MlflowFlushOptions): Promise<MlflowCallbackStats>;
  /** Flushes and ends the run; what comes later is not logged. */
  close(options?: Pick<MlflowFlushOptions, "status">): Promise<MlflowCallbackStats>;

  handleLLMStart(serialized: unknown, prompts: string[], ...more: unknown[]): void;
  handleChatModelStart(serialized: unknown, messages: unknown[][], ...more: unknown[]): void;
  handleLLMNewToken(token: string, ...more: unknown[]): void;
  handleLLMEnd(result: unknown, ...more: unknown[]): void;
  handleLLMError(error: unknown, ...more: unknown[]): void;
  handleChainStart(serialized: unknown, inputs: unknown, ...more: unknown[]): void;
  handleChainEnd(outputs: unknown, ...more: unknown[]): void;
  handleChainError(error: unknown, ...more: unknown[]): void;
  handleToolStart(serialized: unknown, input: string, ...more: unknown[]): void;
  handleToolEnd(output: unknown, ...more: unknown[]): void;
  handleToolError(error: unknown, ...more: unknown[]): void;
  handleText(text: string, ...more: unknown[]): void;
  handleAgentAction(action: unknown, ...more: unknown[]): void;
  handleAgentEnd(finish: unknown, ...more: unknown[]): void;
  handleRetrieverStart(serialized: unknown, query: string, ...more: unknown[]): void;
  handleRetrieverEnd(documents: unknown[], ...more: unknown[]): void;
  handleRetrieverError(error: unknown, ...more: unknown[]): void;
}
