// Functions of Unity Catalog by name, as Python's DatabricksFunctionClient has them.

import { fail } from "../errors.js";
import { clientOf } from "./client.js";
import { dataEntry, lazily, picked } from "./lazy.js";

const OPTIONS = ["warehouseId", "plainSchemas", "rowLimit", "byteLimit", "waitTimeout", "retryTimeoutS"];

/** Describes, lists and runs functions of Unity Catalog on a SQL warehouse. */
export class DatabricksFunctionClient {
  #fields;
  #open;
  /** A toolkit of each function that was run: it is described once. */
  #toolkits = new Map();

  constructor(fields = {}) {
    if (typeof fields.warehouseId !== "string" || fields.warehouseId === "") throw fail("InvalidInput", "Functions run on a SQL warehouse: give its id as `warehouseId`.");
    this.#fields = fields;
    const client = clientOf(fields);
    this.#open = lazily(async () => {
      const [workspace, data] = await Promise.all([client(), dataEntry(fields)]);
      return { workspace, data, catalog: new data.UnityCatalog(workspace) };
    });
  }

  /** What Unity Catalog says of a function. */
  async getFunction(functionName, options) {
    return (await this.#open()).catalog.getFunction(functionName, options);
  }

  /** All functions of a schema. */
  async listFunctions(catalog, schema, options) {
    return (await this.#open()).catalog.listFunctions(catalog, schema, options).all();
  }

  /** Runs a function; gives `{ format, value, truncated }`, or `{ error }` when it failed. */
  async executeFunction(functionName, parameters = {}, options = undefined) {
    const { workspace, data } = await this.#open();
    let toolkit = this.#toolkits.get(functionName);
    if (toolkit === undefined) {
      toolkit = new data.UCFunctionToolkit(workspace, { ...picked(this.#fields, OPTIONS), functionNames: [functionName] });
      this.#toolkits.set(functionName, toolkit);
    }
    return toolkit.execute(functionName, parameters, options);
  }
}
