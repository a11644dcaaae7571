// A schema of Unity Catalog in the form of LangChain.js's SqlDatabase: what its SQL toolkit, chains and agents ask.

import { Serializable } from "@langchain/core/load/serializable";
import { fail } from "../errors.js";
import { clientOf } from "./client.js";
import { dataEntry, picked } from "./lazy.js";

const DATABASE = ["catalog", "schema", "warehouseId", "clusterId", "ignoreTables", "sampleRowsInTableInfo", "customTableInfo", "viewSupport", "lazyTableReflection"];
const GUARD = ["deniedFunctions", "allowedFunctions"];
const OWN = Symbol("lakewire.sql");

/** A cell as JavaScript has it; what it has no exact value for stays the text of the service. */
function cell(text, { type_text, type_name }) {
  if (text === null) return null;
  const type = `${type_name ?? type_text ?? ""}`.toUpperCase();
  if (type === "BOOLEAN") return text === "true";
  if (["BYTE", "SHORT", "INT", "LONG", "TINYINT", "SMALLINT", "BIGINT"].includes(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  if (type === "FLOAT" || type === "DOUBLE") return Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}

/** The rows of a schema, as LangChain.js's SqlDatabase gives them; made by `fromDatabricks()`. */
export class SqlDatabase extends Serializable {
  #database;
  #check;
  #settings;
  lc_namespace = ["langchain", "sql_db"];

  static lc_name() {
    return "SqlDatabase";
  }

  constructor(parts) {
    if (parts?.key !== OWN) throw fail("InvalidInput", "A SqlDatabase is made by `await SqlDatabase.fromDatabricks({ catalog, schema, warehouseId })`.");
    // nothing of it is kept for inspection
    super({});
    const { database, check, settings } = parts;
    [this.#database, this.#check, this.#settings] = [database, check, settings];
    const { catalog, schema, includesTables, ignoreTables, sampleRowsInTableInfo = 3, customDescription } = settings;
    this.appDataSourceOptions = { type: "databricks", database: catalog, schema };
    /** As far as LangChain.js's chains ask a data source. */
    this.appDataSource = { options: this.appDataSourceOptions, isInitialized: true, initialize: async () => this.appDataSource, query: async (statement) => (await this.#rows(statement)).rows };
    this.allTables = database.getUsableTableNames().map((tableName) => ({ tableName, columns: [] }));
    this.includesTables = includesTables;
    this.ignoreTables = ignoreTables;
    this.sampleRowsInTableInfo = sampleRowsInTableInfo;
    this.customDescription = customDescription;
  }

  /** The tables of a schema, and a warehouse to ask them. */
  static async fromDatabricks(given) {
    const fields = given ?? {};
    const { includeTables, includesTables = includeTables ?? [], ignoreTables = [], customDescription, readOnly = true, rowLimit = 100, byteLimit = 2 ** 20, maxStringLength = 0 } = fields;
    if (typeof readOnly !== "boolean") throw fail("InvalidInput", "`readOnly` must be true or false.");
    for (const [name, value] of Object.entries({ rowLimit, byteLimit, maxStringLength })) {
      if (!Number.isSafeInteger(value) || value < 0) throw fail("InvalidInput", `\`${name}\` must be a whole number, 0 for no limit.`);
    }
    const clientOnce = clientOf(fields);
    const [client, data] = await Promise.all([clientOnce(), dataEntry(fields)]);
    const database = await data.SQLDatabase.fromDatabricks(client, { ...picked(fields, DATABASE), includeTables: includesTables });
    const guard = picked(fields, GUARD);
    const check = readOnly ? (statement) => data.checkReadOnly(statement, guard) : () => {};
    // a list of the guard that is no list shows here, not at the first statement
    check("SELECT 1");
    const settings = { ...picked(fields, ["catalog", "schema", "sampleRowsInTableInfo"]), includesTables: [...includesTables], ignoreTables: [...ignoreTables], customDescription, rowLimit, byteLimit, maxStringLength };
    return new this({ key: OWN, database, check, settings });
  }

  toJSON() {
    return this.toJSONNotImplemented();
  }

  /** The dialect's name, for prompts. */
  get dialect() {
    return "databricks";
  }

  /** Texts of tables, of all when no names are given: `CREATE TABLE` and sample rows. */
  async getTableInfo(targetTables, options) {
    const names = targetTables?.length > 0 ? targetTables : this.#database.getUsableTableNames();
    const told = this.customDescription ?? {};
    if (!names.some((name) => Object.hasOwn(told, name))) return this.#database.getTableInfo(names, options);
    const texts = await Promise.all(names.map((name) => this.#database.getTableInfo([name], options)));
    return names.map((name, at) => (Object.hasOwn(told, name) ? `${told[name]}\n${texts[at]}` : texts[at])).join("\n\n");
  }

  /** Runs a statement that only reads; gives its rows as JSON text. */
  async run(command, fetch = "all", options = {}) {
    if (fetch !== "all" && fetch !== "one") throw fail("InvalidInput", "`fetch` must be \"all\" or \"one\".");
    const { rows, truncated } = await this.#rows(command, options);
    if (fetch === "one") return rows.length > 0 ? JSON.stringify(rows[0]) : "";
    const text = JSON.stringify(rows);
    // whoever reads a part must not take it for the whole
    return truncated ? `${text}\n(There are more rows than these ${rows.length}: a limit cut them.)` : text;
  }

  async #rows(statement, options) {
    const { rowLimit, byteLimit, maxStringLength } = this.#settings;
    if (typeof statement !== "string") throw fail("InvalidInput", "run() needs the statement's text.");
    this.#check(statement);
    const limits = Object.fromEntries(Object.entries({ rowLimit, byteLimit }).filter(([, limit]) => limit > 0));
    const { columns, rows, truncated } = await this.#database.rows(statement, { ...options, ...limits });
    const short = (value) => (maxStringLength > 0 && typeof value === "string" && value.length > maxStringLength ? `${value.slice(0, Math.max(0, maxStringLength - 3))}...` : value);
    return { rows: rows.map((row) => Object.fromEntries(columns.map((column, at) => [column.name, short(cell(row[at], column))]))), truncated };
  }

  serialize() {
    const { includesTables, ignoreTables, sampleRowsInTableInfo } = this;
    return { _type: "sql_database", appDataSourceOptions: this.appDataSourceOptions, includesTables, ignoreTables, sampleRowsInTableInfo };
  }
}
