// SQLDatabase, the guard and the chain.

import type { CallOptions, Chat, RunnableTool, WorkspaceClient } from "../chat.js";

/** Which tables of which schema, reached through which warehouse, and how they are shown. */
export interface SQLDatabaseOptions extends CallOptions {
  catalog: string;
  schema: string;
  /** The SQL warehouse that runs the statements. */
  warehouseId?: string;
  /** Refused with a sentence: clusters run no statements over REST. */
  clusterId?: string;
  /** These tables alone. */
  includeTables?: readonly string[];
  /** All tables but these. */
  ignoreTables?: readonly string[];
  /** How many sample rows stand behind each table's text; 3 unless set, 0 for none. */
  sampleRowsInTableInfo?: number;
  /** Texts of your own by table, shown in place of what the catalog says. */
  customTableInfo?: Readonly<Record<string, string>>;
  /** Whether views count as tables; they do not unless set. */
  viewSupport?: boolean;
  /** The longest text in the result of run(), in characters; 300 unless set, 0 for any length. */
  maxStringLength?: number;
  /** Whether tables are described when they are asked for (the default), or all at once when the database is made. */
  lazyTableReflection?: boolean;
}

/** A value for a marker such as `:name`; `param` of this entry makes the types that JavaScript has not. */
export type SQLParameters = Readonly<Record<string, unknown>>;

/** How a statement is run. */
export interface SQLRowsOptions extends CallOptions {
  /** Values for the statement's markers. */
  parameters?: SQLParameters;
  /** At most so many rows; `truncated` says whether there were more. */
  rowLimit?: number;
  /** At most about so many bytes. */
  byteLimit?: number;
}

/** How a statement is run and its result written. */
export interface SQLRunOptions extends SQLRowsOptions {
  /** All rows, the first one, or (`cursor`) what rows() gives. */
  fetch?: "all" | "one" | "cursor";
  /** Dictionaries with the columns' names, not tuples. */
  includeColumns?: boolean;
}

/** A column of a result. */
export interface SQLColumn {
  name: string;
  /** Its SQL type, such as `DECIMAL(10,2)`. */
  type_text?: string;
  type_name?: string;
}

/** A result: every cell is a text as the service writes it, or null. */
export interface SQLRows {
  columns: SQLColumn[];
  rows: (string | null)[][];
  /** Whether a limit cut it. */
  truncated: boolean;
}

/** The tables of a schema as LangChain's `SQLDatabase` shows them to models, and a warehouse to ask them. */
export class SQLDatabase {
  private constructor();

  /**
   * The tables of a schema of Unity Catalog.
   *
   * @example
   * const database = await SQLDatabase.fromDatabricks(client, { catalog: "samples", schema: "tpch", warehouseId });
   * console.log(await database.getTableInfo(["nation"]));
   * console.log(await database.run("SELECT count(*) FROM nation")); // [(25,)]
   */
  static fromDatabricks(client: WorkspaceClient, options: SQLDatabaseOptions): Promise<SQLDatabase>;

  /** The dialect's name, for prompts. */
  readonly dialect: "databricks";

  /** The names of the tables that may be used, sorted. */
  getUsableTableNames(): string[];

  /** The texts of tables, of all when no names are given: `CREATE TABLE` and sample rows. */
  getTableInfo(tableNames?: readonly string[], options?: CallOptions): Promise<string>;

  /** Like getTableInfo(); an error is a text that begins with `Error: `. */
  getTableInfoNoThrow(tableNames?: readonly string[], options?: CallOptions): Promise<string>;

  /** What a prompt says of the database. */
  getContext(options?: CallOptions): Promise<{ table_info: string; table_names: string }>;

  /** Runs a statement, whatever it does, and gives its columns and rows. */
  run(statement: string, options: SQLRunOptions & { fetch: "cursor" }): Promise<SQLRows>;
  /** Runs a statement, whatever it does, and gives its rows as Python prints them; an empty text when there are none. */
  run(statement: string, options?: SQLRunOptions & { fetch?: "all" | "one" }): Promise<string>;

  /** Like run(); an error is a text that begins with `Error: `. */
  runNoThrow(statement: string, options?: SQLRunOptions & { fetch?: "all" | "one" }): Promise<string>;

  /** Runs a statement, whatever it does, and gives its columns and rows. */
  rows(statement: string, options?: SQLRowsOptions): Promise<SQLRows>;

  /** Rows as Python prints them. */
  text(rows: Pick<SQLRows, "columns" | "rows">, options?: { includeColumns?: boolean; one?: boolean }): string;
}

/**
 * Lets one statement through that only reads, and says its kind; anything else fails with kind `StatementRefused`.
 * It reads the text's tokens: comments, quotes and statement ends do not fool it, and it asks no model.
 *
 * `deniedFunctions` are names of functions that may not be called, besides those that reach out of the tables
 * (`ai_*`, `http_request`, `read_*`, `reflect`, `secret` …); `allowedFunctions` lifts some of the latter, `["*"]` all. Only
 * what stands behind a name's last point counts, and a name that ends with `*` is a beginning.
 */
export function checkReadOnly(statement: string, options?: { deniedFunctions?: readonly string[]; allowedFunctions?: readonly string[] }): "query" | "show" | "describe" | "explain";

/** What the chain does besides asking, and how far it goes. */
export interface SQLDatabaseChainOptions {
  /** How many rows the model is told to ask for; 5 unless set. */
  topK?: number;
  /** A prompt of your own for the statement, with `{input}`, `{table_info}` and `{top_k}`. */
  prompt?: string;
  /** A prompt of your own for the answer, with `{input}`. */
  answerPrompt?: string;
  /** Whether to end with the statement: nothing is run. */
  returnSql?: boolean;
  /** Whether to end with the result's text: no answer is asked for. */
  returnDirect?: boolean;
  /** Whether invoke() gives the steps too; an error then holds those done in `intermediateSteps`. */
  returnIntermediateSteps?: boolean;
  /** Whether a second call looks for common mistakes in the statement. */
  useQueryChecker?: boolean;
  /** Whether a first call picks the tables a question needs, for schemas too large for one prompt. */
  tableSelection?: boolean;
  /** The tables to show, in place of all or of a selection. */
  tableNamesToUse?: readonly string[];
  /** Whether the guard refuses statements that do more than read; it does unless set to false. */
  readOnly?: boolean;
  /** Functions that the guard refuses besides its own list, see checkReadOnly(). */
  deniedFunctions?: readonly string[];
  /** Functions of the guard's own list that it lets through, see checkReadOnly(). */
  allowedFunctions?: readonly string[];
  /** The most rows of a result; 100 unless set. */
  rowLimit?: number;
  /** The most bytes of a result; 1 MiB unless set. */
  byteLimit?: number;
}

/** A step that a chain has done. */
export type SQLChainStep =
  | { type: "tables"; tables: string[] }
  | { type: "sql"; sql: string }
  | { type: "checked"; sql: string }
  | ({ type: "rows"; text: string } & SQLRows)
  | { type: "answer"; text: string };

/** What a chain gives. */
export interface SQLChainResult {
  /** The answer; with `returnDirect` the result's text, with `returnSql` the statement. */
  result: string;
  /** The statement. */
  sql: string;
  /** Its columns; absent when it was not run. */
  columns?: SQLColumn[];
  /** Its rows; absent when it was not run. */
  rows?: (string | null)[][];
  /** Whether a limit cut the rows. */
  truncated?: boolean;
  /** The steps, when they are asked for. */
  intermediateSteps?: SQLChainStep[];
}

/** Steps, words of the answer as they come, and last what invoke() gives. */
export type SQLChainEvent = SQLChainStep | { type: "words"; text: string } | ({ type: "done" } & SQLChainResult);

/** What a chain needs of a chat. */
export type SQLChat = Pick<Chat, "invoke"> & Partial<Pick<Chat, "textStream">>;

/**
 * Answers questions from a database. Every statement goes through the guard; when one is refused or fails, it is the error's
 * `partial`.
 *
 * @example
 * const chain = new SQLDatabaseChain(client.chat("databricks-meta-llama-3-3-70b-instruct"), database);
 * const { result, sql } = await chain.invoke("Which nation has the most customers?");
 * for await (const event of chain.stream("And the fewest?", { signal })) if (event.type === "words") show(event.text);
 */
export class SQLDatabaseChain {
  constructor(chat: SQLChat, database: SQLDatabase, options?: SQLDatabaseChainOptions);

  /** Answers a question. */
  invoke(question: string, options?: CallOptions & { onEvent?: (event: SQLChainEvent) => void }): Promise<SQLChainResult>;

  /** Answers a question, telling the steps; leaving it ends the answer that comes in, a signal ends whatever runs. */
  stream(question: string, options?: CallOptions): AsyncGenerator<SQLChainEvent, void, undefined>;
}

/** A function from questions to statements, as LangChain's `create_sql_query_chain`: nothing is run. */
export function createSqlQueryChain(chat: SQLChat, database: SQLDatabase, options?: { k?: number; prompt?: string }): (question: string, options?: CallOptions) => Promise<string>;

/**
 * A database as tools by which a model asks itself: `sql_db_query` (guarded), `sql_db_schema`, `sql_db_list_tables`,
 * `sql_db_query_checker`.
 *
 * @example
 * await chat.runTools("How many orders are there?", { tools: new SQLDatabaseToolkit(database, chat).getTools() });
 */
export class SQLDatabaseToolkit {
  constructor(database: SQLDatabase, chat: SQLChat, options?: Pick<SQLDatabaseChainOptions, "readOnly" | "deniedFunctions" | "allowedFunctions" | "rowLimit" | "byteLimit">);

  /** The tools, for runTools(). */
  getTools(): RunnableTool[];
}
