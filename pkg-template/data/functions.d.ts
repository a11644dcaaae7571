import type { CallOptions, RunnableTool, WorkspaceClient } from "../chat.js";
import type { FunctionInfo, FunctionResult } from "../types.js";

/** What a toolkit is made of. */
export interface UCFunctionToolkitOptions {
  /** `catalog.schema.function`, or `catalog.schema.*` for all of a schema. */
  functionNames: readonly string[];
  /** The SQL warehouse the functions run on. */
  warehouseId: string;
  /** Whether functions the caller may not use are left out, in place of an error. */
  filterAccessibleFunctions?: boolean;
  /**
   * Whether schemas stay within what Databricks promises of tools: no `anyOf`, and parameters without a default are
   * required. For models that refuse the usual schemas, which are those of `unitycatalog-langchain`.
   */
  plainSchemas?: boolean;
  /** The most rows of a result; 100 unless given. */
  rowLimit?: number;
  /** The most bytes of a result; 1 MiB unless given. */
  byteLimit?: number;
  /** How long the service waits before it says that a statement goes on; `"30s"` unless given. */
  waitTimeout?: string;
  /** How many seconds are waited after that in all; 120 unless given. A statement that takes longer is told to stop. */
  retryTimeoutS?: number;
}

/**
 * Unity Catalog functions as tools of a chat.
 *
 * ```js
 * const toolkit = new UCFunctionToolkit(client, { functionNames: ["main.tools.*"], warehouseId });
 * const run = await client.chat("my-endpoint").runTools("What does 100 cost with tax?", { tools: await toolkit.tools() });
 * ```
 */
export class UCFunctionToolkit {
  constructor(client: WorkspaceClient, options: UCFunctionToolkitOptions);
  /** The functions, read when they are first needed. */
  functions(options?: CallOptions): Promise<FunctionInfo[]>;
  /** The tools; what one gives the model is the JSON text of a `FunctionResult`. */
  tools(options?: CallOptions): Promise<RunnableTool[]>;
  /**
   * Runs a function of the toolkit. What went wrong inside it is `error`; arguments that do not fit fail with kind
   * `InvalidArguments`. When the signal fires, the statement is told to stop; one that is still being sent is waited for
   * up to 15 seconds, as its id is needed for that.
   */
  execute(fullName: string, args: Record<string, unknown>, options?: CallOptions): Promise<FunctionResult>;
}
