// Tools for LangChain.js: functions of Unity Catalog, and searches of an index.

import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { BaseToolkit, DynamicStructuredTool } from "@langchain/core/tools";
import type { UCFunctionToolkitOptions } from "../data/functions.js";
import type { AnyFilter, QueryType, Reranker } from "../data/vector-search.js";
import type { FunctionInfo, FunctionResult } from "../types.js";
import type { RunnableTool } from "../chat.js";
import type { DatabricksClientFields } from "./client.js";

/** Which functions, and where they run; names as in Python's `unitycatalog-langchain`, in camelCase. */
export interface UCFunctionToolkitFields extends DatabricksClientFields, UCFunctionToolkitOptions {
  /** The module `lakewire/data` when the app has it; else it is loaded. */
  data?: object | undefined;
}

/**
 * Functions of Unity Catalog as LangChain.js tools.
 *
 * A tool's name is the function's full name with `__` for its dots, its description the function's comment. What a model
 * reads is JSON text `{ format, value, truncated }`, or `{ error }` when the function failed or arguments do not fit.
 * A run's signal ends the statement.
 *
 * @example
 * const { tools } = await UCFunctionToolkit.create({ client, functionNames: ["main.tools.*"], warehouseId });
 * const agent = createAgent({ model, tools });
 */
export class UCFunctionToolkit extends BaseToolkit {
  private constructor();
  /** Reads the functions. Fails with kind `NotFound` when there is none of a name, `PermissionDenied` when one may not be used. */
  static create(fields: UCFunctionToolkitFields): Promise<UCFunctionToolkit>;
  /** The tools, also by `getTools()`. */
  tools: DynamicStructuredTool[];
  getTools(): DynamicStructuredTool[];
  /** Runs a function of the toolkit by its full name. Arguments that do not fit fail with kind `InvalidArguments`. */
  executeFunction(functionName: string, parameters: Record<string, unknown>, options?: { signal?: AbortSignal }): Promise<FunctionResult>;
  /** What Unity Catalog says of the functions. */
  functions(options?: { signal?: AbortSignal }): Promise<FunctionInfo[]>;
}

/** What is searched, and how the model is told of it; names as in Python's `databricks-langchain`, in camelCase. */
export interface VectorSearchRetrieverToolFields extends DatabricksClientFields {
  /** The index's full name, `catalog.schema.index`. */
  indexName: string;
  /** The tool's name; the index's with `__` for its dots unless set. */
  toolName?: string | undefined;
  /** What the model is told of the tool. */
  toolDescription?: string | undefined;
  /** How many documents; 5 unless set. */
  numResults?: number | undefined;
  /** Which rows are looked at. */
  filters?: AnyFilter | undefined;
  /** Lets the model set filters. Needs `VectorSearchRetrieverTool.create()`. */
  dynamicFilter?: boolean | undefined;
  embedding?: EmbeddingsInterface | undefined;
  textColumn?: string | undefined;
  columns?: readonly string[] | undefined;
  docUri?: string | undefined;
  primaryKey?: string | undefined;
  includeScore?: boolean | undefined;
  queryType?: QueryType | undefined;
  reranker?: Reranker | undefined;
  scoreThreshold?: number | undefined;
  endpointType?: "STANDARD" | "STORAGE_OPTIMIZED" | undefined;
  data?: object | undefined;
  verbose?: boolean | undefined;
  callbacks?: Callbacks | undefined;
  tags?: string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
  returnDirect?: boolean | undefined;
}

/**
 * A search of an index as a tool. The model reads the documents as a JSON list of `{ page_content, metadata }`; the tool
 * message's `artifact` holds LangChain's documents.
 *
 * @example
 * const search = await VectorSearchRetrieverTool.create({ client, indexName: "main.docs.manual_idx", dynamicFilter: true });
 * const agent = createAgent({ model, tools: [search] });
 */
export class VectorSearchRetrieverTool extends DynamicStructuredTool {
  /** A tool that asks nothing until it is called. Give `toolDescription`, or use `create()`. */
  constructor(fields: VectorSearchRetrieverToolFields);
  /** A tool whose description tells of the index's table and columns, which are read first. */
  static create(fields: VectorSearchRetrieverToolFields): Promise<VectorSearchRetrieverTool>;
  /** The index's full name. */
  readonly indexName: string;
}

/**
 * Tools of lakewire's as LangChain.js tools, which its agents run: of an MCP server (`McpClient` of `lakewire/data`), or made by
 * `tool()`. Fails with kind `InvalidInput` for a tool that is none of lakewire's.
 *
 * @example
 * const mcp = new McpClient(client, "/api/2.0/mcp/functions/main/tools");
 * const agent = createAgent({ model, tools: langchainTools(await mcp.tools()) });
 */
export function langchainTools(tools: Iterable<RunnableTool>): DynamicStructuredTool[];
