// Functions of Unity Catalog by name, as Python's DatabricksFunctionClient has them.

import type { CallOptions } from "../chat.js";
import type { UCFunctionToolkitOptions } from "../data/functions.js";
import type { FunctionInfo, FunctionResult } from "../types.js";
import type { DatabricksClientFields } from "./client.js";

/** Where functions run. */
export interface DatabricksFunctionClientFields extends DatabricksClientFields, Omit<UCFunctionToolkitOptions, "functionNames" | "filterAccessibleFunctions"> {
  /** The module `lakewire/data` when the app has it; else it is loaded on the first call. */
  data?: object | undefined;
}

/**
 * Describes, lists and runs functions of Unity Catalog on a SQL warehouse, by the names of Python's
 * `DatabricksFunctionClient`. For tools of an agent there is `UCFunctionToolkit`.
 *
 * @example
 * const functions = new DatabricksFunctionClient({ client, warehouseId });
 * const { value } = await functions.executeFunction("main.tools.add_tax", { net: 100 });
 */
export class DatabricksFunctionClient {
  constructor(fields: DatabricksFunctionClientFields);
  /** What Unity Catalog says of a function; fails with kind `NotFound` when there is none of this name. */
  getFunction(functionName: string, options?: CallOptions): Promise<FunctionInfo>;
  /** All functions of a schema. */
  listFunctions(catalog: string, schema: string, options?: CallOptions): Promise<FunctionInfo[]>;
  /** Runs a function. What went wrong inside it is `error`; arguments that do not fit fail with kind `InvalidArguments`. */
  executeFunction(functionName: string, parameters?: Record<string, unknown>, options?: CallOptions): Promise<FunctionResult>;
}
