// Unity Catalog: catalogs, schemas, tables, volumes and functions.

import { writeJson } from "../json.js";
import { splitCall } from "../options.js";
import { operations } from "./base.js";
import { paged } from "./pages.js";

/** Options as the service's query has them: snake_case, without what is absent. */
function query(options, more) {
  const named = Object.entries(options).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return writeJson({ ...more, ...Object.fromEntries(named) }, "The options");
}

/** What Unity Catalog of a workspace holds. */
export class UnityCatalog {
  #at;

  constructor(client) {
    this.#at = operations(client);
  }

  #list(kind, names, options) {
    const [scope, rest] = splitCall(options);
    const key = kind === "table-summaries" ? "tables" : kind;
    return paged((page_token) => this.#at.json("uc.list", [kind, query(rest, { ...names, page_token })], scope), key);
  }

  #get(kind, name, options) {
    const [scope, rest] = splitCall(options);
    return this.#at.json("uc.get", [kind, name, query(rest)], scope);
  }

  /** Lists the catalogs the caller may see. */
  listCatalogs(options) {
    return this.#list("catalogs", {}, options);
  }

  /** Describes a catalog. */
  async getCatalog(name, options) {
    return this.#get("catalogs", name, options);
  }

  /** Lists the schemas of a catalog. */
  listSchemas(catalog_name, options) {
    return this.#list("schemas", { catalog_name }, options);
  }

  /** Describes a schema. */
  async getSchema(fullName, options) {
    return this.#get("schemas", fullName, options);
  }

  /** Lists the tables and views of a schema. */
  listTables(catalog_name, schema_name, options) {
    return this.#list("tables", { catalog_name, schema_name }, options);
  }

  /** Describes a table, view or vector index. */
  async getTable(fullName, options) {
    return this.#get("tables", fullName, options);
  }

  /** Whether a table is there. */
  async tableExists(fullName, options) {
    return (await this.#at.json("uc.tableExists", [fullName], options)).table_exists === true;
  }

  /** Lists names and types of a catalog's tables, across schemas. */
  listTableSummaries(catalog_name, options) {
    return this.#list("table-summaries", { catalog_name }, options);
  }

  /** Lists the volumes of a schema. */
  listVolumes(catalog_name, schema_name, options) {
    return this.#list("volumes", { catalog_name, schema_name }, options);
  }

  /** Lists the functions of a schema. */
  listFunctions(catalog_name, schema_name, options) {
    return this.#list("functions", { catalog_name, schema_name }, options);
  }

  /** Describes a function. */
  async getFunction(fullName, options) {
    return this.#get("functions", fullName, options);
  }

  /** Creates a function; experimental at Databricks, where `CREATE FUNCTION` is the usual way. */
  async createFunction(info, options) {
    return this.#at.json("uc.createFunction", [writeJson(info, "The function")], options);
  }

  /** Changes who owns a function. */
  async updateFunction(fullName, changes, options) {
    return this.#at.json("uc.updateFunction", [fullName, writeJson(changes, "The changes")], options);
  }

  /** Deletes a function. */
  async deleteFunction(fullName, options) {
    const [scope, rest] = splitCall(options);
    await this.#at.send("uc.deleteFunction", [fullName, query(rest)], scope);
  }
}
