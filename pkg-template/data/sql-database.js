// A schema as LangChain's SQLDatabase shows it to models, and the guard.

import { LakewireError, fail } from "../errors.js";
import { splitCall, take } from "../options.js";
import { kept, operations, pure } from "./base.js";
import { StatementExecution, param } from "./sql.js";

const OPTIONS = ["catalog", "schema", "warehouseId", "clusterId", "includeTables", "ignoreTables", "sampleRowsInTableInfo", "customTableInfo", "viewSupport", "maxStringLength", "lazyTableReflection"];
/** How many tables are described at once. */
const AT_ONCE = 4;

const yes = (value) => (value ? "" : undefined);
const whole = (value) => Number.isSafeInteger(value) && value >= 0;

/** Options of a method that takes no others. */
function known(options, names, what) {
  const [call, fields] = splitCall(options);
  const [taken, rest] = take(fields, names, what);
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `${what} have no \`${stranger}\`.`);
  return [taken, kept(options, call)];
}

/** A list of names; an empty one when there is none. */
export function names(value, what) {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) throw fail("InvalidInput", `\`${what}\` must be a list of names.`);
  return value;
}

/** What every function gives for the items, in order, a few at once. */
async function eachOf(items, work) {
  const results = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [place, item] of queue) results[place] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

/** Lets a statement through that only reads, and says its kind; anything else fails with kind `StatementRefused`. */
export function checkReadOnly(statement, options) {
  const [given] = known(options, ["deniedFunctions", "allowedFunctions"], "The options of checkReadOnly()");
  if (typeof statement !== "string") throw fail("InvalidInput", "checkReadOnly() needs the statement's text.");
  return pure("guard.check", statement, ...["deniedFunctions", "allowedFunctions"].map((list) => JSON.stringify(names(given[list], list))));
}

/** The error as a text for a model; what ends the call is thrown on. */
export function told(error) {
  if (!(error instanceof LakewireError) || error.kind === "Cancelled" || error.kind === "Closed") throw error;
  return `Error: ${error.message}`;
}

/** The tables of a schema, and a warehouse to ask them; made by `SQLDatabase.fromDatabricks()`. */
export class SQLDatabase {
  #operations;
  #execution;
  #options;
  #names;
  #tables = new Map();

  constructor(secret, operations, execution, options) {
    if (secret !== OPTIONS) throw fail("InvalidInput", "A SQLDatabase is made by SQLDatabase.fromDatabricks().");
    this.#operations = operations;
    this.#execution = execution;
    this.#options = options;
  }

  /** The tables of a schema of Unity Catalog. */
  static async fromDatabricks(client, options) {
    const [given, call] = known(options, OPTIONS, "The options of fromDatabricks()");
    const { catalog, schema, warehouseId, clusterId, sampleRowsInTableInfo = 3, customTableInfo = {}, viewSupport = false, maxStringLength = 300, lazyTableReflection = true } = given;
    const [include, ignore] = [names(given.includeTables, "includeTables"), names(given.ignoreTables, "ignoreTables")];
    pure("db.check", catalog, schema, yes(warehouseId), yes(clusterId), yes(include.length), yes(ignore.length));
    if (!whole(sampleRowsInTableInfo)) throw fail("InvalidInput", "`sampleRowsInTableInfo` must be a whole number, 0 for no samples.");
    if (!whole(maxStringLength)) throw fail("InvalidInput", "`maxStringLength` must be a whole number, 0 for any length.");
    const settings = { catalog, schema, sampleRowsInTableInfo, customTableInfo: { ...customTableInfo }, maxStringLength };
    const execution = new StatementExecution(client, { warehouseId, catalog, schema });
    const database = new SQLDatabase(OPTIONS, operations(client), execution, settings);
    const show = (what) => database.#read(pure("db.about", `SHOW ${what} FROM`, catalog, schema), call);
    const [tables, views] = [await show("TABLES"), await show("VIEWS")];
    database.#names = [...pure("db.usable", tables.json, views.json, JSON.stringify(include), JSON.stringify(ignore), yes(viewSupport))];
    if (!lazyTableReflection) await eachOf(database.#names, (name) => database.#table(name, call));
    return database;
  }

  /** The dialect's name, for prompts. */
  get dialect() {
    return "databricks";
  }

  /** The names of the tables that may be used, sorted. */
  getUsableTableNames() {
    return [...this.#names];
  }

  /** The texts of tables, of all when no names are given: `CREATE TABLE` and sample rows. */
  async getTableInfo(tableNames, options) {
    const [, call] = known(options, [], "The options of getTableInfo()");
    const missing = this.#missing(tableNames);
    if (missing !== undefined) throw fail("InvalidInput", `The table_names ${missing} were not found in the database: getUsableTableNames() says what is there.`);
    const asked = this.#names.filter((name) => tableNames?.includes(name) ?? true);
    return pure("db.whole", ...(await eachOf(asked, (name) => this.#info(name, call))));
  }

  /** Like getTableInfo(); an error is a text that begins with `Error: `. */
  async getTableInfoNoThrow(tableNames, options) {
    let missing;
    try {
      missing = this.#missing(tableNames);
    } catch (error) {
      return told(error);
    }
    return missing === undefined ? this.getTableInfo(tableNames, options).catch(told) : `Error: table_names ${missing} not found in database`;
  }

  /** What a prompt says of the database: `{ table_info, table_names }`. */
  async getContext(options) {
    return { table_info: await this.getTableInfoNoThrow(undefined, options), table_names: this.#names.join(", ") };
  }

  /** Runs a statement, whatever it does, and gives its rows as Python prints them; with `fetch: "cursor"` as rows(). */
  async run(statement, options) {
    const [{ fetch: form = "all", includeColumns = false, ...rest }, call] = known(options, ["fetch", "includeColumns", "parameters", "rowLimit", "byteLimit"], "The options of run()");
    if (!["all", "one", "cursor"].includes(form)) throw fail("InvalidInput", "`fetch` must be \"all\", \"one\" or \"cursor\".");
    const rows = await this.rows(statement, { ...rest, ...call });
    return form === "cursor" ? rows : this.text(rows, { one: form === "one", includeColumns });
  }

  /** Like run(); an error is a text that begins with `Error: `. */
  runNoThrow(statement, options) {
    return this.run(statement, options).catch(told);
  }

  /** Runs a statement; gives `{ columns, rows, truncated }`, every cell a text as the service writes it, or null. */
  async rows(statement, options) {
    const [given, call] = known(options, ["parameters", "rowLimit", "byteLimit"], "The options of rows()");
    if (typeof statement !== "string") throw fail("InvalidInput", "run() and rows() need the statement's text.");
    const { columns, json, truncated } = await this.#read(statement, { ...given, ...call });
    return { columns, rows: JSON.parse(json).rows, truncated };
  }

  /** Rows as Python prints them. */
  text({ columns, rows }, { includeColumns = false, one = false } = {}) {
    return pure("db.text", JSON.stringify({ columns, rows }), `${this.#options.maxStringLength}`, yes(includeColumns), yes(one));
  }

  async #read(statement, options) {
    const result = await this.#execution.execute(statement, options);
    const decoder = new TextDecoder();
    const lists = [];
    // each chunk is a list of rows: one list of them all
    for await (const chunk of result.chunks()) lists.push(decoder.decode(chunk).trim().slice(1, -1));
    const columns = result.columns.map(({ name, type_text, type_name }) => ({ name, type_text, type_name }));
    const { truncated } = result;
    return { columns, truncated, json: `{"columns":${JSON.stringify(columns)},"rows":[${lists.filter((list) => list.trim() !== "").join(",")}]}` };
  }

  #missing(tableNames) {
    if (tableNames === undefined || tableNames === null) return undefined;
    return pure("db.missing", JSON.stringify(names(tableNames, "tableNames")), JSON.stringify(this.#names));
  }

  /** What a table is made of, asked for once: its description, and whether that is of `DESCRIBE`. */
  async #table(name, call) {
    let table = this.#tables.get(name);
    if (table === undefined) {
      const { catalog, schema } = this.#options;
      try {
        table = [(await this.#operations.send("db.table", [catalog, schema, name], call)).text, undefined];
      } catch (error) {
        // schemas outside Unity Catalog, and who may query but not browse
        if (!["NotFound", "PermissionDenied", "BadRequest"].includes(error.kind)) throw error;
        table = [(await this.#read(pure("db.about", "DESCRIBE TABLE EXTENDED", catalog, schema, name), call)).json, ""];
      }
      this.#tables.set(name, table);
    }
    return table;
  }

  async #info(name, call) {
    const { customTableInfo, sampleRowsInTableInfo: count } = this.#options;
    if (Object.hasOwn(customTableInfo, name)) return `${customTableInfo[name]}`;
    const table = await this.#table(name, call);
    const [text, query] = pure("db.create", name, ...table);
    if (count === 0) return text;
    const sampled = await this.#read(query, { ...call, parameters: { param_1: param.int(count) } }).catch((error) => {
      if (!["StatementFailed", "BadRequest"].includes(error.kind)) throw error;
      return {};
    });
    return text + pure("db.samples", name, ...table, `${count}`, sampled.json);
  }
}
