// Unity Catalog: catalogs, schemas, tables, volumes and functions.

import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { splitCall } from "../options.js";
import { ask, DELETE, GET, NEVER, operations, PATCH, path, POST, SAFE } from "./base.js";
import { paged } from "./pages.js";

const ROOT = "/api/2.1/unity-catalog/";

/** What full names look like. */
const FORMS = { catalogs: "catalog", schemas: "catalog.schema", tables: "catalog.schema.table", functions: "catalog.schema.function" };

/** Options as the service's query has them: snake_case, each a text, a number or true or false. */
function query(options, more) {
  const named = { ...more };
  for (const [key, value] of Object.entries(options)) {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const plain = value == null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
    if (!plain) throw fail("InvalidInput", `\`${name}\` must be a text, a number or true or false.`);
    named[name] = value;
  }
  if (named.max_results < 0) throw fail("InvalidInput", "`max_results` must not be negative: leave it out for the service's own size of page.");
  return named;
}

/** The path of something with a full name. */
function at(kind, full) {
  const form = FORMS[kind];
  const parts = `${full}`.split(".");
  if (parts.length !== form.split(".").length || parts.includes("")) throw fail("InvalidInput", `The full name must have the form ${form}.`);
  return path`/api/2.1/unity-catalog/${{ kind }}/${{ full }}`;
}

/** The list of a kind, in what `names` names. */
export function listed(send, kind, names, options) {
  const [scope, rest] = splitCall(options);
  const key = kind === "table-summaries" ? "tables" : kind;
  const page = (page_token) => {
    const missing = Object.keys(names).find((name) => typeof names[name] !== "string" || names[name] === "");
    if (missing !== undefined) throw fail("InvalidInput", `The list of ${kind} needs a \`${missing}\`.`);
    return send.value(send.raw([GET, ask(ROOT + kind, query(rest, { ...names, page_token })), undefined, SAFE], scope));
  };
  return paged(page, key);
}

/** Asks for one of a kind, and gives the answer as it comes. */
export async function described(send, kind, name, options) {
  const [scope, rest] = splitCall(options);
  return send.raw([GET, ask(at(kind, name), query(rest)), undefined, SAFE], scope);
}

/** What Unity Catalog of a workspace holds. */
export class UnityCatalog {
  #at;

  constructor(client) {
    this.#at = operations(client);
  }

  #list(kind, names, options) {
    return listed(this.#at, kind, names, options);
  }

  #get(kind, name, options) {
    return this.#at.value(described(this.#at, kind, name, options));
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
    return (await this.#at.value(this.#at.raw([GET, `${at("tables", fullName)}/exists`, undefined, SAFE], options))).table_exists === true;
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
    if (info === null || typeof info !== "object" || Array.isArray(info)) throw fail("InvalidInput", "What describes the function must be an object.");
    return this.#at.value(this.#at.raw([POST, `${ROOT}functions`, writeJson({ function_info: info }, "The function"), NEVER], options));
  }

  /** Changes who owns a function. */
  async updateFunction(fullName, changes, options) {
    return this.#at.value(this.#at.raw([PATCH, at("functions", fullName), writeJson(changes, "The changes"), NEVER], options));
  }

  /** Deletes a function. */
  async deleteFunction(fullName, options) {
    const [scope, rest] = splitCall(options);
    await this.#at.raw([DELETE, ask(at("functions", fullName), query(rest)), undefined, NEVER], scope);
  }
}
