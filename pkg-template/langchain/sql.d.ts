// SqlDatabase, in the form that LangChain.js's SQL toolkit, agents and chains take.

import { Serializable } from "@langchain/core/load/serializable";
import type { SerializedNotImplemented } from "@langchain/core/load/serializable";
import type { CallOptions } from "../chat.js";
import type { DatabricksClientFields } from "./client.js";

/** Which tables of which schema, reached through which warehouse; names as in Python's `SQLDatabase.from_databricks`. */
export interface SqlDatabaseFields extends DatabricksClientFields {
  catalog: string;
  schema: string;
  /** The SQL warehouse that runs the statements. */
  warehouseId?: string | undefined;
  /** Refused with a sentence: clusters run no statements over REST. */
  clusterId?: string | undefined;
  /** These tables alone. */
  includesTables?: readonly string[] | undefined;
  /** The same, by Python's name. */
  includeTables?: readonly string[] | undefined;
  /** All tables but these. */
  ignoreTables?: readonly string[] | undefined;
  /** How many sample rows stand behind each table's text; 3 unless set, 0 for none. */
  sampleRowsInTableInfo?: number | undefined;
  /** Words of your own above a table's text, by table. */
  customDescription?: Record<string, string> | undefined;
  /** Texts of your own by table, in place of what the catalog says. */
  customTableInfo?: Readonly<Record<string, string>> | undefined;
  /** Whether views count as tables; they do not unless set. */
  viewSupport?: boolean | undefined;
  /** Whether tables are described when they are asked for (the default), or all at once. */
  lazyTableReflection?: boolean | undefined;
  /** Whether statements that do more than read are refused; they are unless set to false. */
  readOnly?: boolean | undefined;
  /** Functions that the guard refuses besides its own list. */
  deniedFunctions?: readonly string[] | undefined;
  /** Functions of the guard's own list that it lets through; `["*"]` all. */
  allowedFunctions?: readonly string[] | undefined;
  /** The most rows of a result; 100 unless set, 0 for any number. */
  rowLimit?: number | undefined;
  /** The most bytes of a result; 1 MiB unless set, 0 for any number. */
  byteLimit?: number | undefined;
  /** The longest text in a result, in characters; 0, the default, for any length. Python's is 300. */
  maxStringLength?: number | undefined;
  /** The module `lakewire/data` when the app has it; else it is loaded. */
  data?: object | undefined;
}

/** A table, as far as LangChain.js's tools read it. */
export interface SqlTable {
  tableName: string;
  /** Left empty: `getTableInfo` tells of columns. */
  columns: { columnName: string; dataType?: string; isNullable?: boolean }[];
}

/**
 * The tables of a schema of Unity Catalog and a warehouse to ask them, where LangChain.js takes a `SqlDatabase`: its
 * `SqlToolkit`, `createSqlAgent`, `SqlDatabaseChain`, `createSqlQueryChain` and SQL tools. No TypeORM, no driver; also in
 * a page.
 *
 * What models write is read by a guard first: a statement that does more than read fails with kind `StatementRefused`.
 * Grants of the caller in Unity Catalog hold besides.
 *
 * @example
 * const db = await SqlDatabase.fromDatabricks({ client, catalog: "samples", schema: "tpch", warehouseId });
 * const toolkit = new SqlToolkit(db, model);
 * toolkit.dialect = db.dialect;
 * const { output } = await createSqlAgent(model, toolkit).invoke({ input: "Which nation has the most customers?" });
 */
export class SqlDatabase extends Serializable {
  private constructor();
  lc_namespace: string[];
  /** Asks which tables there are. Fails with kind `InvalidInput` when fields do not go together. */
  static fromDatabricks(fields: SqlDatabaseFields): Promise<SqlDatabase>;
  toJSON(): SerializedNotImplemented;
  /** `type` is `databricks`. LangChain.js has TypeORM's options here, which this only stands in for: hence `any`. */
  appDataSourceOptions: any;
  /** As far as LangChain.js's chains ask it: `options`, and `query(statement)`, which is guarded. It stands in for TypeORM's. */
  appDataSource: any;
  /** The tables that may be used. */
  allTables: SqlTable[];
  includesTables: string[];
  ignoreTables: string[];
  sampleRowsInTableInfo: number;
  customDescription?: Record<string, string>;
  /** The dialect's name, for prompts. */
  readonly dialect: "databricks";
  /** Texts of tables, of all when no names are given: `CREATE TABLE` and sample rows. */
  getTableInfo(targetTables?: string[], options?: CallOptions): Promise<string>;
  /**
   * Runs a statement; gives its rows as the JSON text of a list of objects, or with `"one"` the first row's. When a limit
   * cut the result a line behind the list says so. Numbers that JavaScript cannot hold exactly, decimals, dates and nested
   * values are texts as the service writes them.
   */
  run(command: string, fetch?: "all" | "one", options?: CallOptions): Promise<string>;
  /** Its options, without credentials. */
  serialize(): any;
}
