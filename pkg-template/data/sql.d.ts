// SQL statements, their results and the warehouses that run them.

import type { CallOptions, WorkspaceClient } from "../chat.js";

declare const typed: unique symbol;

/** A typed value of a marker; made by `param`. */
export interface Param {
  readonly [typed]: true;
  readonly value: string | undefined;
  readonly type: string;
}

/** What a marker can be given: texts are STRING, whole numbers INT or BIGINT, others DOUBLE, dates TIMESTAMP. */
export type ParamValue = Param | string | number | bigint | boolean | Date | null;

/** Makes typed values of markers. */
export const param: {
  string(value: string): Param;
  int(value: number | bigint): Param;
  bigint(value: number | bigint): Param;
  double(value: number): Param;
  boolean(value: boolean): Param;
  /** The digits as text, or a BigInt: a number may have lost some. */
  decimal(value: string | bigint, precision: number, scale: number): Param;
  date(value: string | Date): Param;
  timestamp(value: string | Date): Param;
  null(type?: string): Param;
  /** A value by its text and the SQL type it is cast to. */
  typed(value: string, type: string): Param;
};

/** Quotes names from outside, so that they are nothing but names in a statement, and joins them by points. */
export function quoteIdentifier(...names: string[]): string;

/** How a result is read. */
export interface ReadOptions {
  /** How many chunks are fetched ahead of the one that is read; 2 unless set. */
  prefetch?: number;
  /** How many bytes are held ahead; 8 MiB unless set. */
  prefetchBytes?: number;
  /** Whether a result that the service cut off at its own limit may end without an error. */
  allowTruncated?: boolean;
  /** DECIMAL as exact text, or as a number that may lose digits; text unless set. */
  decimals?: "string" | "number";
  /** ARRAY, MAP, STRUCT and VARIANT as values (whole numbers beyond 2^53 as BigInt, decimals with more digits than a number keeps as text), or as the JSON text; values unless set. */
  nested?: "json" | "text";
  /** BINARY as bytes or as the text that came; bytes unless set. */
  binary?: "bytes" | "text";
  /** DATE and TIMESTAMP as exact text or as Date; text unless set. */
  timestamps?: "text" | "date";
}

/** What runs statements, and how. */
export interface StatementOptions extends ReadOptions {
  warehouseId?: string;
  /** The catalog of names that name none. */
  catalog?: string;
  /** The schema of names that name none. */
  schema?: string;
  /** The values of the markers (`:name` in the text), by their names. */
  parameters?: Record<string, ParamValue>;
  /** Rows at most. */
  rowLimit?: number;
  /** Bytes at most, as the service counts them. */
  byteLimit?: number;
  /** Where the rows are: in the answers (25 MiB at most), or in files behind links. */
  disposition?: "INLINE" | "EXTERNAL_LINKS";
  /** How the rows are written. */
  format?: "JSON_ARRAY" | "ARROW_STREAM" | "CSV";
  /** Labels of the statement. */
  queryTags?: { key: string; value?: string }[];
  /** How long the statement may take from its sending to its end, in milliseconds; it is then cancelled. 20 minutes unless set. */
  timeoutMs?: number;
}

/** A column of a result. */
export interface ResultColumn {
  name: string;
  type_text?: string;
  type_name?: string;
  position?: number;
  type_precision?: number;
  type_scale?: number;
  type_interval_type?: string;
}

/** A cell's value. */
export type CellValue = string | number | bigint | boolean | Uint8Array | Date | null | object;

/** One column of a batch. */
export class Column {
  private constructor();
  readonly name: string;
  readonly type: string | undefined;
  readonly typeText: string | undefined;
  readonly length: number;
  /** The cells of numbers and truths as they are kept; nothing for columns kept as text. */
  readonly values: Int32Array | BigInt64Array | Float64Array | Uint8Array | undefined;
  /** A bit for each cell, the first in the lowest, set when it is NULL; nothing when none is. May be shorter than the rows need. */
  readonly nulls: Uint8Array | undefined;
  isNull(row: number): boolean;
  get(row: number): CellValue;
  /** The text of a cell of a column kept as text, as the service wrote it. */
  text(row: number): string | undefined;
  toArray(from?: number, to?: number): CellValue[];
  [Symbol.iterator](): Iterator<CellValue>;
}

/** Some rows of a result, by columns. */
export class Batch<Row = Record<string, CellValue>> implements Iterable<Row> {
  private constructor();
  readonly length: number;
  readonly columns: Column[];
  column(name: string): Column | undefined;
  rows(): Row[];
  /** Rows as objects, some at a time. */
  blocks(): Iterable<Row[]>;
  [Symbol.iterator](): Iterator<Row>;
}

/** Reads chunks of rows (JSON_ARRAY) into batches, read by read; for bytes that came by a way of your own. */
export class BatchReader {
  constructor(columns: ResultColumn[], options: ReadOptions);
  /** How many rows were taken. */
  readonly total: number;
  /** Reads on; gives how many rows can be taken. */
  push(bytes: Uint8Array): number;
  /** Ends a chunk. */
  finish(): number;
  /** The rows that are there. */
  take(): Batch;
  free(): void;
}

/** The result of a statement that ended well; it can be read more than once, as long as the service keeps it. */
export class StatementResult<Row = Record<string, CellValue>> implements AsyncIterable<Row> {
  private constructor();
  readonly statementId: string;
  readonly columns: ResultColumn[];
  readonly rowCount: number | undefined;
  /** Whether rows were cut off by a limit. Reading to the end of a result that no limit of the call cut is an error too. */
  readonly truncated: boolean;
  readonly format: string;
  readonly requestId?: string;
  readonly attempts: number;
  batches(): AsyncIterableIterator<Batch<Row>>;
  rows(): AsyncIterableIterator<Row>;
  [Symbol.asyncIterator](): AsyncIterableIterator<Row>;
  all(): Promise<{ rows: Row[]; columns: ResultColumn[]; truncated: boolean }>;
  /** The chunks' bytes, each whole: an Arrow stream of its own, a part of a CSV text, or a list of lists. */
  chunks(): AsyncIterableIterator<Uint8Array>;
  /** The result as one Arrow IPC stream, for `tableFromIPC` and `RecordBatchReader` of `apache-arrow`. */
  arrow(): AsyncIterableIterator<Uint8Array>;
}

/** A statement as the service describes it. */
export interface StatementResponse {
  statement_id: string;
  status: { state: string; sql_state?: string; error?: { error_code?: string; message?: string } };
  manifest?: Record<string, unknown>;
  result?: Record<string, unknown>;
}

/** Runs statements on a warehouse. */
export class StatementExecution {
  constructor(client: WorkspaceClient, options?: StatementOptions);
  /** Runs a statement and waits for its end; an abort cancels it. */
  execute<Row = Record<string, CellValue>>(statement: string, options?: StatementOptions & CallOptions): Promise<StatementResult<Row>>;
  /** Sends a statement and gives the first answer, whatever its state. */
  submit(statement: string, options?: StatementOptions & CallOptions & { waitTimeout?: string; onWaitTimeout?: "CONTINUE" | "CANCEL" }): Promise<StatementResponse>;
  get(statementId: string, options?: CallOptions): Promise<StatementResponse>;
  /** Asks for a statement's end; get() says what became of it. */
  cancel(statementId: string, options?: CallOptions): Promise<void>;
}

/** A warehouse: what runs statements. */
export interface Warehouse {
  id?: string;
  name?: string;
  state?: "RUNNING" | "STARTING" | "STOPPED" | "STOPPING" | "DELETING" | "DELETED" | (string & {});
  cluster_size?: string;
  auto_stop_mins?: number;
  [field: string]: unknown;
}

/** The workspace's SQL warehouses. */
export class Warehouses {
  constructor(client: WorkspaceClient);
  list(options?: CallOptions): Promise<Warehouse[]>;
  /** The id of a warehouse to take when none is named: the first that runs, else the first that is not deleted. */
  choose(options?: CallOptions): Promise<string>;
  get(id: string, options?: CallOptions): Promise<Warehouse>;
  start(id: string, options?: CallOptions): Promise<void>;
  stop(id: string, options?: CallOptions): Promise<void>;
  create(warehouse: Warehouse, options?: CallOptions): Promise<string>;
  edit(id: string, warehouse: Warehouse, options?: CallOptions): Promise<void>;
  delete(id: string, options?: CallOptions): Promise<void>;
  /** Waits until a warehouse runs; it is not started by that. */
  waitUntilRunning(id: string, options?: CallOptions & { timeoutMs?: number }): Promise<Warehouse>;
}

// without this, a declaration file exports all that it declares
export {};
