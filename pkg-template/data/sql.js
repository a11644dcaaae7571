// Statements on a warehouse: sent once, looked at until they end, and their results.

import { LakewireError, fail } from "../errors.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";
import { kept, operations, parse, pure } from "./base.js";
import { Chunks, about, checkSize, wait } from "./chunks.js";
import { BatchReader } from "./rows.js";
import { pause } from "./wait.js";

/** How many looks in a row may fail for a passing reason. */
const PATIENCE = 5;
/** How long a cancelled statement is looked at for its end, and a sending in flight is waited for after an abort. */
const ENDING_MS = 15_000;
/** How many rows a batch has at least, but for the last of a chunk. */
const BATCH = 8192;

const CALL = ["signal", "timeouts", "headers", "maxAttempts"];
const READING = ["prefetch", "prefetchBytes", "allowTruncated", "decimals", "nested", "binary", "timestamps"];
const REQUEST = ["warehouseId", "catalog", "schema", "parameters", "rowLimit", "byteLimit", "disposition", "format", "queryTags"];

/** A typed value of a marker; made by `param`. */
class Param {
  constructor(value, type) {
    this.value = value;
    this.type = type;
    Object.freeze(this);
  }
}

const invalid = (sentence) => fail("InvalidInput", sentence);

function decimalText(value) {
  const text = typeof value === "bigint" || typeof value === "string" ? `${value}` : "";
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) throw invalid("`param.decimal()` takes the digits as text, such as \"9.50\", or a BigInt: a number may have lost some.");
  return text;
}

function whole(value, bits, what) {
  if (typeof value === "number" ? !Number.isSafeInteger(value) : typeof value !== "bigint") throw invalid(`${what} takes a whole number that is exact: a BigInt, or a number up to 2^53.`);
  if (BigInt.asIntN(bits, BigInt(value)) !== BigInt(value)) throw invalid(`${what} takes a whole number of ${bits} bits.`);
  return `${value}`;
}

function text(value, what) {
  if (typeof value !== "string") throw invalid(`${what} takes a text.`);
  // a lone surrogate would be sent as another character in silence
  if (value.isWellFormed?.() === false) throw invalid("A parameter is no text that UTF-8 can hold: it has half a surrogate pair.");
  return value;
}

function instant(value, what) {
  if (!(value instanceof Date)) return text(value, what);
  if (Number.isNaN(value.getTime())) throw invalid(`${what} takes a valid Date, or a text.`);
  return value.toISOString();
}

/** Makes typed values of markers. */
export const param = {
  string: (value) => new Param(text(value, "`param.string()`"), "STRING"),
  int: (value) => new Param(whole(value, 32, "`param.int()`"), "INT"),
  bigint: (value) => new Param(whole(value, 64, "`param.bigint()`"), "BIGINT"),
  double: (value) => {
    if (typeof value !== "number") throw invalid("`param.double()` takes a number.");
    return new Param(Object.is(value, -0) ? "-0.0" : `${value}`, "DOUBLE");
  },
  boolean: (value) => {
    if (typeof value !== "boolean") throw invalid("`param.boolean()` takes true or false.");
    return new Param(`${value}`, "BOOLEAN");
  },
  decimal: (value, precision, scale) => {
    const digits = decimalText(value);
    if (!(Number.isInteger(precision) && Number.isInteger(scale) && scale >= 0 && precision >= Math.max(scale, 1) && precision <= 38)) throw invalid("`param.decimal()` takes the digits, how many there may be (1 to 38) and how many of them behind the point.");
    return new Param(digits, `DECIMAL(${precision},${scale})`);
  },
  date: (value) => new Param(instant(value, "`param.date()`").slice(0, value instanceof Date ? 10 : undefined), "DATE"),
  timestamp: (value) => new Param(instant(value, "`param.timestamp()`"), "TIMESTAMP"),
  null: (type = "STRING") => new Param(undefined, text(type, "`param.null()`")),
  typed: (value, type) => new Param(text(value, "`param.typed()`"), text(type, "`param.typed()`")),
};

/** A value as a typed one. */
function typed(value, name) {
  if (value instanceof Param) return value;
  switch (typeof value) {
    case "string":
      return param.string(value);
    case "boolean":
      return param.boolean(value);
    case "bigint":
      return param.bigint(value);
    case "number":
      if (!Number.isInteger(value) || Object.is(value, -0)) return param.double(value);
      if (!Number.isSafeInteger(value)) throw invalid(`The parameter \`${name}\` is a whole number that may have lost digits: give a BigInt, or param.double(value) for a DOUBLE.`);
      return Math.abs(value) < 2 ** 31 ? param.int(value) : param.bigint(value);
    default:
      if (value === null) return param.null();
      if (value instanceof Date) return param.timestamp(value);
      throw invalid(`The parameter \`${name}\` must be a text, a number, a BigInt, a truth, a Date, null or made by param.`);
  }
}

function parameters(values) {
  if (values === undefined || values === null) return undefined;
  if (typeof values !== "object" || Array.isArray(values)) throw invalid("`parameters` must be an object of the markers' names and their values.");
  return Object.entries(values).map(([name, value]) => {
    const { value: written, type } = typed(value, name);
    return { name, value: written, type };
  });
}

/** Quotes names from outside, so that they are nothing but names in a statement, and joins them by points. */
export function quoteIdentifier(...names) {
  if (names.length === 0 || names.some((name) => typeof name !== "string")) throw invalid("quoteIdentifier() takes the parts of a name, each a text.");
  return names.map((name) => pure("sql.quote", name)).join(".");
}

/** What a promise gives, or nothing when the signal fires before. */
function unless(signal, promise) {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** The error that a step throws, with facts of its own. */
function thrownBy(step, args, facts) {
  try {
    pure(step, ...args);
  } catch (error) {
    return told(Object.assign(error, facts));
  }
  return fail("InternalError", "A step that should fail did not; this is a bug in lakewire.");
}

/** Puts what an error tells of its statement where it is easily found. */
function told(error) {
  const { statement_id: statementId, sql_state: sqlState, state } = error.details ?? {};
  return Object.assign(error, statementId && { statementId }, sqlState && { sqlState }, state && { state });
}

function judge(answer) {
  try {
    const [done, state, id] = pure("sql.judge", answer.text);
    return { done, state, id };
  } catch (error) {
    throw told(Object.assign(error, { attempts: answer.attempts, ...(answer.requestId && { requestId: answer.requestId }) }));
  }
}

function counted(value, name) {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalid(`\`${name}\` must be a whole number, 0 or more.`);
}

function among(value, name, words) {
  if (value === undefined || words.includes(value)) return value;
  throw invalid(`\`${name}\` must be ${words.map((word) => `"${word}"`).join(" or ")}.`);
}

/** How a result is read, checked. */
function reading({ prefetch = 2, prefetchBytes = 8 * 2 ** 20, allowTruncated = false, decimals, nested, binary, timestamps }) {
  counted(prefetch, "prefetch");
  counted(prefetchBytes, "prefetchBytes");
  among(decimals, "decimals", ["string", "number"]);
  among(nested, "nested", ["json", "text"]);
  among(binary, "binary", ["bytes", "text"]);
  among(timestamps, "timestamps", ["text", "date"]);
  return { prefetch, prefetchBytes, allowTruncated, decimals, nested, binary, timestamps };
}

/** Runs statements on a warehouse. */
export class StatementExecution {
  #operations;
  #defaults;

  constructor(client, defaults) {
    this.#operations = operations(client);
    const [known, rest] = take(defaults, [...REQUEST, ...READING, "timeoutMs"], "The options of StatementExecution");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw invalid(`The options of StatementExecution have no \`${stranger}\`.`);
    reading(known);
    this.#defaults = known;
  }

  /** Runs a statement and waits for its end; gives its result. */
  async execute(statement, options) {
    const [given, rest] = take(options, [...REQUEST, ...READING, ...CALL, "timeoutMs"], "The options of execute()");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw invalid(`The options of execute() have no \`${stranger}\`.`);
    if (typeof statement !== "string") throw invalid("execute() needs the statement's text; values go into `parameters`.");
    const all = { ...this.#defaults, ...given };
    const { timeoutMs = 20 * 60_000 } = all;
    if (!(timeoutMs > 0)) throw invalid("`timeoutMs` must be a number above 0.");
    const format = among(all.format, "format", ["JSON_ARRAY", "ARROW_STREAM", "CSV"]);
    const disposition = among(all.disposition, "disposition", ["INLINE", "EXTERNAL_LINKS"]) ?? (format === undefined || format === "JSON_ARRAY" ? undefined : "EXTERNAL_LINKS");
    if (disposition === "INLINE" && format !== undefined && format !== "JSON_ARRAY") throw invalid("Only JSON_ARRAY comes inline: leave the disposition out for the other formats.");
    const settings = reading(all);
    const call = kept(options, Object.fromEntries(CALL.filter((name) => given[name] !== undefined).map((name) => [name, given[name]])));
    const body = writeJson({
      statement,
      warehouse_id: all.warehouseId,
      catalog: all.catalog,
      schema: all.schema,
      parameters: parameters(all.parameters),
      row_limit: counted(all.rowLimit, "rowLimit"),
      byte_limit: counted(all.byteLimit, "byteLimit"),
      disposition,
      format,
      query_tags: all.queryTags,
      // who may abort wants the id soon; a limit of seconds leaves no time for a long first answer
      wait_timeout: call.signal !== undefined || timeoutMs < 15_000 ? "0s" : "10s",
      on_wait_timeout: "CONTINUE",
    }, "The statement");
    const limits = [all.rowLimit, all.byteLimit];
    // what is watched is the statement; its rows are read later, or never
    const told = { kind: "TASK", name: "sql statement", body, get inputs() { return JSON.parse(body); }, read: ({ statementId: statement_id, columns, rowCount: row_count, truncated }) => ({ statement_id, row_count, truncated, columns: columns.map(({ name, type_text }) => ({ name, type_text })) }) };
    return this.#operations.watch(told, call, async (own) => new StatementResult(this.#operations, await this.#run(body, timeoutMs, own), { ...settings, limits, call }));
  }

  /** Sends a statement and gives the first answer, whatever its state: `{ statement_id, status, … }`. */
  async submit(statement, options) {
    const [given, rest] = take(options, [...REQUEST, ...CALL, "waitTimeout", "onWaitTimeout"], "The options of submit()");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw invalid(`The options of submit() have no \`${stranger}\`.`);
    const all = { ...this.#defaults, ...given };
    const call = Object.fromEntries(CALL.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
    const body = writeJson({
      statement, warehouse_id: all.warehouseId, catalog: all.catalog, schema: all.schema, parameters: parameters(all.parameters), row_limit: all.rowLimit,
      byte_limit: all.byteLimit, disposition: all.disposition, format: all.format, query_tags: all.queryTags, wait_timeout: all.waitTimeout, on_wait_timeout: all.onWaitTimeout,
    }, "The statement");
    return parse((await this.#send(body, call)).text);
  }

  /** Looks at a statement. */
  async get(statementId, options) {
    return parse((await about(this.#operations, "sql.get", [statementId], options)).text);
  }

  /** Asks for a statement's end; get() says what became of it. */
  async cancel(statementId, options) {
    await this.#operations.send("sql.cancel", [statementId], options);
  }

  async #send(body, call) {
    try {
      return await this.#operations.send("sql.execute", [body], call);
    } catch (error) {
      if (error instanceof LakewireError && error.maybeProcessed && pure("sql.doubtful", error.status === undefined ? undefined : `${error.status}`)) error.message += ` ${pure("sql.unsure")}`;
      throw error;
    }
  }

  async #run(body, timeoutMs, { signal, ...call }) {
    const deadline = performance.now() + timeoutMs;
    const within = (ms) => ({ ...call, timeouts: { ...call.timeouts, totalMs: Math.max(1, Math.min(ms, call.timeouts?.totalMs ?? ms)) } });
    const aborted = (state, id) => thrownBy("sql.aborted", [state, id], { cause: signal.reason });
    this.#operations.scope({ signal, ...call });
    if (signal?.aborted) throw fail("Cancelled", "The statement was aborted before it was sent.", { cause: signal.reason });
    const sending = this.#send(body, within(Math.min(timeoutMs, 600_000)));
    let answer = await unless(signal, sending);
    // what is in flight may run: its id is needed to end it
    if (answer === undefined) {
      const patience = new AbortController();
      answer = await Promise.race([sending, pause(ENDING_MS, [patience.signal])]).finally(() => patience.abort());
    }
    if (answer === undefined) {
      sending.catch(() => {});
      const error = aborted("", "");
      error.message += ` ${pure("sql.unsure")}`;
      throw error;
    }
    let known = "";
    let state = "";
    let failures = 0;
    for (let looks = 0; ; ) {
      const look = judge(answer);
      known = look.id || known;
      ({ state } = look);
      if (look.done) return { ...answer, id: known };
      for (answer = undefined; answer === undefined; looks += 1) {
        const left = deadline - performance.now();
        if (left > 0) await wait(looks, signal, left);
        if (signal?.aborted || performance.now() >= deadline) {
          state = await this.#end(known, state, call);
          throw signal?.aborted ? aborted(state, known) : thrownBy("sql.late", [state, known]);
        }
        try {
          answer = await about(this.#operations, "sql.get", [known], { ...within(deadline - performance.now()), signal });
          failures = 0;
        } catch (error) {
          const ours = signal?.aborted || (error.phase === "total" && performance.now() >= deadline);
          if (!ours && !(error.isRetryable && failures < PATIENCE)) throw error;
          failures += 1;
        }
      }
    }
  }

  /** Cancels a statement and looks at it until it ends, for a while; gives its last state. */
  async #end(id, state, call) {
    const deadline = performance.now() + ENDING_MS;
    const within = () => ({ ...call, timeouts: { ...call.timeouts, totalMs: Math.max(1, deadline - performance.now()) } });
    await this.#operations.send("sql.cancel", [id], within()).catch(() => {});
    for (let looks = 0; ; looks += 1) {
      try {
        const { text: answer } = await this.#operations.send("sql.get", [id], within());
        state = parse(pure("sql.head", answer)).status?.state ?? state;
      } catch {
        // a look that fails tells nothing
      }
      if (pure("sql.ended", state) || performance.now() >= deadline) return state;
      await wait(looks, undefined, deadline - performance.now());
    }
  }
}

/** Where an Arrow stream ends. */
const END_OF_STREAM = [255, 255, 255, 255, 0, 0, 0, 0];

/** The result of a statement that ended well; it can be read more than once, as long as the service keeps it. */
export class StatementResult {
  #operations;
  #settings;
  #first;
  #manifest;

  constructor(operations, { text: answer, id, requestId, attempts }, settings) {
    const head = parse(pure("sql.head", answer));
    this.#operations = operations;
    this.#settings = settings;
    this.#manifest = head.manifest ?? {};
    pure("sql.manifest", JSON.stringify(this.#manifest));
    const { schema, total_row_count, total_chunk_count, truncated, format } = this.#manifest;
    this.statementId = id;
    this.columns = schema?.columns ?? [];
    this.rowCount = total_row_count;
    this.truncated = truncated === true;
    this.format = format ?? "JSON_ARRAY";
    if (requestId) this.requestId = requestId;
    this.attempts = attempts;
    // DDL has no chunks and an empty result
    const empty = total_chunk_count === 0 || (total_chunk_count === undefined && head.result === undefined);
    this.#first = empty ? null : head.result?.data_array !== undefined ? answer : head.result && JSON.stringify(head.result);
  }

  #chunks() {
    const { total_chunk_count: total, chunks = [] } = this.#manifest;
    const { prefetch, prefetchBytes, call } = this.#settings;
    const first = this.#first ?? undefined;
    return new Chunks(this.#operations, this.statementId, { total, sizes: chunks.map(({ byte_count }) => byte_count), first, prefetch, prefetchBytes, call });
  }

  #end() {
    if (!this.truncated || this.#settings.allowTruncated) return;
    // throws unless the limits that were set explain it
    pure("sql.truncated", ...[this.rowCount, ...this.#settings.limits].map((count) => (count === undefined || count === null ? undefined : `${count}`)));
  }

  /** The rows, by batches of columns. */
  async *batches() {
    if (this.format !== "JSON_ARRAY") throw invalid("Rows are read from JSON_ARRAY only: take the bytes of other formats by chunks(), or by arrow().");
    const reader = new BatchReader(this.columns, this.#settings);
    try {
      if (this.#first !== null) {
        for await (const { index, next, facts } of this.#chunks()) {
          const before = reader.total;
          let rows = 0;
          let streamed = false;
          for (let piece = await next(); piece !== undefined; piece = await next()) {
            streamed = piece.text === undefined;
            rows = streamed ? reader.push(piece) : reader.answer(piece.text);
            if (rows >= BATCH) {
              yield reader.take();
              rows = 0;
            }
          }
          if (streamed) rows = reader.finish();
          if (rows > 0) yield reader.take();
          checkSize(`chunk ${index}`, "rows", facts()?.rows, reader.total - before);
        }
      }
      checkSize("the result", "rows", this.rowCount, reader.total);
      this.#end();
    } finally {
      reader.free();
    }
  }

  /** The rows as objects, one by one. */
  async *rows() {
    for await (const batch of this.batches()) yield* batch;
  }

  [Symbol.asyncIterator]() {
    return this.rows();
  }

  /** All rows in memory, and whether some were cut off. */
  async all() {
    const rows = [];
    for await (const batch of this.batches()) for (const row of batch) rows.push(row);
    return { rows, columns: this.columns, truncated: this.truncated };
  }

  /** The chunks' bytes, each whole: an Arrow stream of its own, a part of a CSV text, or a list of lists. */
  async *chunks() {
    if (this.#first !== null) {
      for await (const { next } of this.#chunks()) {
        const pieces = [];
        for (let piece = await next(); piece !== undefined; piece = await next()) pieces.push(piece.text === undefined ? piece : new TextEncoder().encode(pure("sql.rows", piece.text)));
        yield joined(pieces);
      }
    }
    this.#end();
  }

  /** The result as one Arrow IPC stream, piece by piece, for `tableFromIPC` and `RecordBatchReader` of `apache-arrow`. */
  async *arrow() {
    if (this.format !== "ARROW_STREAM") throw invalid("The result is not in Arrow's format: set `format: \"ARROW_STREAM\"`.");
    let first = true;
    for await (const chunk of this.chunks()) {
      // each chunk is a stream of its own: its schema is said once, and the end only at the end
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const marked = chunk.length >= 8 && view.getInt32(0) === -1;
      const schema = first || !marked ? 0 : 8 + view.getInt32(4, true);
      const end = END_OF_STREAM.every((byte, at) => chunk[chunk.length - 8 + at] === byte) ? chunk.length - 8 : chunk.length;
      if (end > schema) yield chunk.subarray(schema, end);
      first = false;
    }
    if (!first) yield Uint8Array.from(END_OF_STREAM);
  }
}

function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
