// Vector search: endpoints, indexes and their rows.

import { step } from "../core.js";
import { fail, toError } from "../errors.js";
import { direct } from "../guard.js";
import { writeJson } from "../json.js";
import { settings, take } from "../options.js";
import { operations, parse, pure } from "./base.js";
import { parseExact, writeExact } from "./exact.js";
import { pause } from "./wait.js";

export { Filter } from "./filter.js";

/** How many looks in a row may fail for a passing reason. */
const PATIENCE = 5;
/** What is kept for the last look, so that it can be answered within the wait. */
const LAST_MS = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const BATCH_ROWS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/** What a pure step reads of an answer; its error carries the facts of the answer. */
function reading({ text, ...facts }, name, ...args) {
  try {
    return pure(name, text, ...args);
  } catch (error) {
    throw Object.assign(error, facts);
  }
}

function named(name, what) {
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", `${what} must be a name.`);
  return name;
}

/** A number of 32 bits with no more digits than tell it from all others; nine do for every one. */
function short(number) {
  let told = number;
  for (let digits = 6; digits <= 9 && Number.isFinite(number); digits += 1) {
    told = +number.toPrecision(digits);
    if (Math.fround(told) === number) break;
  }
  return told;
}

/** A vector as its JSON text shall have it. */
export const numbers = (vector) => (vector instanceof Float32Array ? Array.from(vector, short) : vector);

/** The JSON text of a query. */
function requestText(request) {
  const vector = request?.query_vector;
  return writeExact(vector instanceof Float32Array ? { ...request, query_vector: numbers(vector) } : request, "The query");
}

/** Vector search of a workspace. */
export class VectorSearch {
  #send;

  constructor(client) {
    this.#send = operations(client);
  }

  /** An index, by its full name. Nothing is sent. */
  index(name, options) {
    return new VectorSearchIndex(this.#send, this, named(name, "The index"), options);
  }

  /** Creates an endpoint. It answers at once; the endpoint gets ready later. */
  createEndpoint(request, options) {
    return this.#send.json("vector.createEndpoint", [writeJson(request, "The endpoint")], options);
  }

  /** Describes an endpoint. */
  getEndpoint(name, options) {
    return this.#send.json("vector.getEndpoint", [name], options);
  }

  /** Lists the endpoints, all pages. */
  listEndpoints(options) {
    return this.#list("endpoints", "vector.listEndpoints", [], options);
  }

  /** Changes how much a standard endpoint shall bear. */
  updateEndpoint(name, { target_qps } = {}, options) {
    return this.#send.json("vector.updateEndpoint", [name, String(target_qps)], options);
  }

  /** Sets an endpoint's budget policy. */
  updateBudgetPolicy(name, policyId, options) {
    return this.#send.json("vector.updateBudgetPolicy", [name, policyId], options);
  }

  /** Replaces an endpoint's tags. */
  updateTags(name, tags, options) {
    return this.#send.json("vector.updateTags", [name, writeJson(tags, "The list of tags")], options);
  }

  /** Deletes an endpoint. */
  async deleteEndpoint(name, options) {
    await this.#send.send("vector.deleteEndpoint", [name], options);
  }

  /** Waits until an endpoint is online. */
  async waitUntilOnline(name, options) {
    return this.wait("endpoint", name, options, async (scope) => {
      const answer = await this.#send.send("vector.getEndpoint", [name], scope);
      return [answer, reading(answer, "vector.endpoint")];
    });
  }

  /** Creates an index. It answers at once; the index gets ready later. */
  createIndex(request, options) {
    const direct = request?.direct_access_index_spec;
    const schema = direct?.schema_json;
    // the service takes a text, people write an object
    const written = schema !== null && typeof schema === "object" ? { ...request, direct_access_index_spec: { ...direct, schema_json: writeJson(schema, "`schema_json`") } } : request;
    return this.#send.json("vector.createIndex", [writeJson(written, "The index")], options);
  }

  /** Lists the indexes of an endpoint, all pages. */
  listIndexes(endpointName, options) {
    return this.#list("vector_indexes", "vector.listIndexes", [endpointName], options);
  }

  async #list(name, operation, args, options) {
    const all = [];
    let walk = "";
    let token;
    do {
      const [items, count, next] = reading(await this.#send.send(operation, [...args, token], options), "vector.listed", name);
      all.push(...JSON.parse(items));
      walk = pure("vector.turn", walk, next, String(count));
      token = next;
    } while (walk !== undefined);
    return all;
  }

  /** Looks until it is done; gives the last description. For this package's own use. */
  async wait(what, name, options, look) {
    const [{ timeoutMs = DAY_MS, onProgress }, scope] = take(options, ["timeoutMs", "onProgress", "settled"], "The options of a wait");
    if (!(timeoutMs > 0 && Number.isFinite(timeoutMs))) throw fail("InvalidInput", "`timeoutMs` must be above 0.");
    const own = settings(scope.timeouts, "timeouts") ?? {};
    const ownMs = own.totalMs ?? 600_000;
    const begun = performance.now();
    const left = () => begun + timeoutMs - performance.now();
    let seen = [false, "", ""];
    let failures = 0;
    const late = () => toError(pure("vector.late", what, name, seen[1], seen[2]));
    for (let attempt = 1; ; attempt += 1) {
      // a timer may fire late: what is left is never nothing, which is no time limit
      const within = Math.max(left(), 1);
      try {
        const [{ text, ...facts }, judged] = await look({ ...scope, timeouts: { ...own, totalMs: Math.min(ownMs, within) } });
        seen = judged;
        failures = 0;
        const [done, state, message] = seen;
        const value = parse(text, facts);
        onProgress?.({ name, done, state, message, attempt, elapsedMs: performance.now() - begun, [what]: value });
        if (done) return value;
      } catch (thrown) {
        // the wait's own end cut the look short
        if (thrown?.phase === "total" && within < ownMs) throw late();
        failures += 1;
        if (thrown?.isRetryable !== true || failures > PATIENCE) throw thrown;
      }
      if (left() <= LAST_MS) throw late();
      const { signals } = this.#send.scope(scope);
      await pause(Math.min(Math.min(attempt, 30) * 1000 + Math.random() * 1000, left() - LAST_MS), signals);
    }
  }
}

/** One index; made by `vectorSearch.index(name)`. */
export class VectorSearchIndex {
  #send;
  #search;
  #storage;
  #key;

  constructor(send, search, name, options) {
    const [{ endpointType, primaryKey }, rest] = take(options, ["endpointType", "primaryKey"], "The options of an index");
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) throw fail("InvalidInput", `The options of an index have no \`${stranger}\`: they are endpointType and primaryKey.`);
    this.#send = send;
    this.#search = search;
    this.#storage = endpointType === "STORAGE_OPTIMIZED" ? "yes" : undefined;
    this.#key = primaryKey;
    this.name = name;
  }

  /** Describes it. */
  get(options) {
    return this.#send.json("vector.getIndex", [this.name], options);
  }

  /** Deletes it. */
  async delete(options) {
    await this.#send.send("vector.deleteIndex", [this.name], options);
  }

  /** Starts bringing a Delta Sync index up to its table. */
  async sync(options) {
    await this.#send.send("vector.syncIndex", [this.name], options);
  }

  /** Waits until it answers and, with `settled`, no update of it is running. */
  async waitUntilReady(options) {
    const settled = options?.settled === true ? "yes" : undefined;
    return this.#search.wait("index", this.name, options, async (scope) => {
      const answer = await this.#send.send("vector.getIndex", [this.name], scope);
      let seen = reading(answer, "vector.index", settled);
      if (seen[3] !== undefined) {
        const { endpoint_status } = await this.#search.getEndpoint(seen[3], scope);
        seen = reading(answer, "vector.index", settled, endpoint_status?.state ?? "");
      }
      return [answer, seen];
    });
  }

  /** Finds the rows nearest to a text or a vector, best first; the first page of them. */
  async query(request, options) {
    const call = { kind: "RETRIEVER", within: true, name: `search ${this.name}`, inputs: request };
    return this.#send.watch(call, options, async (own) => this.#page(await this.#send.send("vector.query", [this.name, requestText(request), this.#storage], own), []));
  }

  /** The page after this one; `undefined` after the last. */
  async nextPage(page, options) {
    if (!page?.next_page_token) return undefined;
    return this.#page(await this.#send.send("vector.nextPage", [this.name, page.next_page_token], options), page.columns);
  }

  #page(answer, known) {
    const [rows, , next, columns, facets, debug] = reading(answer, "vector.page", ...known);
    const page = { rows: parseExact(rows), columns, requestId: answer.requestId };
    if (next !== undefined) page.next_page_token = next;
    if (facets !== undefined) page.facets = parseExact(facets);
    if (debug !== undefined) page.debug_info = JSON.parse(debug);
    return page;
  }

  /** The rows of a query one by one, over all its pages; each page is asked for when it is needed. */
  async *queryRows(request, options) {
    let walk = "";
    for (let page = await this.query(request, options); ; page = await this.nextPage(page, options)) {
      yield* page.rows;
      walk = pure("vector.turn", walk, page.next_page_token, String(page.rows.length));
      if (walk === undefined) return;
    }
  }

  /** All rows by primary key; each page is asked for when it is needed. */
  async *scan(options) {
    const [{ pageSize = 100, after }, scope] = take(options, ["pageSize", "after"], "The options of a scan");
    if (!Number.isInteger(pageSize) || pageSize < 1) throw fail("InvalidInput", "`pageSize` must be a whole number, 1 or more.");
    let walk = "";
    let key = after === undefined ? undefined : String(after);
    do {
      const [rows, count, next] = reading(await this.#send.send("vector.scan", [this.name, String(pageSize), key], scope), "vector.scanned");
      yield* parseExact(rows);
      walk = pure("vector.turn", walk, next, String(count));
      key = next;
    } while (walk !== undefined);
  }

  /** Writes rows, over those of the same primary key, in batches one after the other. */
  async upsert(rows, options) {
    return complete(await this.upsertSettled(rows, options));
  }

  /** Writes rows and tells how each batch ended. */
  async upsertSettled(rows, options) {
    const [limits, scope] = batches(options);
    const texts = list(rows, "upsert() needs a list of rows.").map((row, at) => writeExact(row, `Row ${at}`));
    this.#key ??= (await this.get(scope)).primary_key;
    return this.#write("vector.upsert", texts, direct(() => step("vector.cut", [this.#key, ...limits, ...texts])), limits, scope);
  }

  /** Deletes rows by their primary keys, in batches one after the other. */
  async deleteRows(keys, options) {
    const [limits, scope] = batches(options);
    const texts = list(keys, "deleteRows() needs a list of primary keys.").map(String);
    return complete(await this.#write("vector.deleteRows", texts, direct(() => step("vector.cut", [undefined, ...limits, ...texts])), limits, scope));
  }

  async #write(operation, rows, [keys, ends], limits, scope) {
    const all = [];
    let start = 0;
    let stopped = false;
    for (const end of ends) {
      const batch = { start, end, status: "done", failedKeys: [] };
      const sent = keys.slice(start, end);
      try {
        if (stopped) throw toError(pure("vector.notSent"));
        const answer = await this.#send.send(operation, [this.name, ...rows.slice(start, end)], scope);
        const [failed, doubt] = reading(answer, "vector.verdict", ...sent);
        batch.failedKeys = failed.map((place) => sent[place]);
        if (doubt !== undefined) Object.assign(batch, { status: "unknown", error: fail("Protocol", doubt, { requestId: answer.requestId, attempts: answer.attempts }) });
      } catch (thrown) {
        const error = toError(thrown);
        stopped ||= !pure("vector.goesOn", error.kind);
        Object.assign(batch, { status: error.maybeProcessed || error.kind === "Decode" ? "unknown" : "failed", error });
      }
      all.push(batch);
      start = end;
    }
    const again = (open, options) => {
      const [left, places] = [open.map((place) => rows[place]), open.map((place) => keys[place])];
      const cut = direct(() => step("vector.cut", [undefined, ...limits, ...left]));
      return this.#write(operation, left, [places, cut[1]], limits, { ...scope, ...options });
    };
    return new WriteReport(all, keys, again);
  }
}

function list(items, sentence) {
  if (typeof items === "string" || typeof items?.[Symbol.iterator] !== "function") throw fail("InvalidInput", sentence);
  return [...items];
}

function batches(options) {
  const [{ batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES }, scope] = take(options, ["batchRows", "batchBytes"], "The options of a call");
  for (const [name, value] of Object.entries({ batchRows, batchBytes })) {
    if (!Number.isInteger(value) || value < 1) throw fail("InvalidInput", `\`${name}\` must be a whole number, 1 or more.`);
  }
  return [[String(batchRows), String(batchBytes)], scope];
}

/** A report whose every batch was answered and adds up; else its first failure, which holds the report. */
function complete(report) {
  const failed = report.batches.find(({ error }) => error !== undefined);
  if (failed === undefined) return report;
  // not enumerable: rows shall not land in logs that print an error's fields
  throw Object.defineProperty(failed.error, "report", { value: report, configurable: true, writable: true });
}

/** What became of rows that were written or deleted. */
export class WriteReport {
  #keys;
  #again;

  constructor(all, keys, again) {
    this.batches = all;
    this.#keys = keys;
    this.#again = again;
  }

  /** Places of rows by what became of them. */
  #places(fits) {
    return this.batches.flatMap((batch) => {
      const places = Array.from({ length: batch.end - batch.start }, (_, at) => batch.start + at);
      const refused = new Set(batch.failedKeys);
      return places.filter((place) => fits(batch.status, refused.has(this.#keys[place])));
    });
  }

  #named(fits) {
    return this.#places(fits).map((place) => this.#keys[place]);
  }

  get isComplete() {
    return this.batches.every(({ status, failedKeys }) => status === "done" && failedKeys.length === 0);
  }

  get failedKeys() {
    return this.#named((status, refused) => refused || status === "failed");
  }

  get unknownKeys() {
    return this.#named((status, refused) => status === "unknown" && !refused);
  }

  get writtenKeys() {
    return this.#named((status, refused) => status === "done" && !refused);
  }

  /** Sends again the rows that were not written for certain, and no others. */
  async resend(options) {
    return this.#again(this.#places((status, refused) => refused || status !== "done"), options);
  }
}
