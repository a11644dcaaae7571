// Embeddings: texts in, vectors out.

import { fail, toError } from "./errors.js";
import { settle } from "./guard.js";
import { writeJson } from "./json.js";
import { take } from "./options.js";

const LIMITS = ["batchSize", "maxConcurrency", "encodingFormat"];
const SCOPE = ["signal", "timeouts", "headers", "maxAttempts"];

function count(value, name) {
  if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
  throw fail("InvalidInput", `\`${name}\` must be a whole number, 1 or more.`);
}

/** How a call is cut and written, checked. */
function limits({ batchSize = 100, maxConcurrency = 4, encodingFormat } = {}) {
  if (![undefined, null, "float", "base64", "auto"].includes(encodingFormat)) {
    throw fail("InvalidInput", "`encodingFormat` must be \"float\", \"base64\" or \"auto\".");
  }
  return { batchSize: count(batchSize, "batchSize"), maxConcurrency: count(maxConcurrency, "maxConcurrency"), encodingFormat: encodingFormat ?? undefined };
}

/** An embeddings endpoint; made by `client.embeddings(endpoint, options)`. */
export class Embedder {
  #client;
  #endpoint;
  #limits;
  #query;
  #documents;
  /** What `encodingFormat: "auto"` found the endpoint to give, once it answered. */
  #found;

  constructor(client, endpoint, options) {
    if (typeof endpoint !== "string") throw fail("InvalidInput", "embeddings() needs the endpoint's name.");
    const [{ query_params, documents_params, ...given }, rest] = take(options, [...LIMITS, "query_params", "documents_params"], "The options of embeddings()");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) {
      throw fail("InvalidInput", `The options of embeddings() have no \`${stranger}\`: fields of the request go into query_params and documents_params.`);
    }
    this.#client = client;
    this.#endpoint = endpoint;
    limits(given);
    this.#limits = given;
    this.#query = writeJson(query_params ?? {}, "`query_params`");
    this.#documents = writeJson(documents_params ?? {}, "`documents_params`");
  }

  get endpoint() {
    return this.#endpoint;
  }

  /** The vector of one text, embedded as a query. */
  async embedQuery(text, options) {
    if (typeof text !== "string") throw fail("InvalidInput", `embedQuery() needs a text, not ${kind(text)}.`);
    return whole(await this.#embed([text], this.#query, options, false)).data;
  }

  /** The vectors of texts, embedded as documents, in their order. */
  async embedDocuments(texts, options) {
    return whole(await this.#embed(list(texts), this.#documents, options, false));
  }

  /** How each batch of texts ended, in their order; a failed one leaves the others. */
  async embedDocumentsSettled(texts, options) {
    return settled(await this.#embed(list(texts), this.#documents, options, true));
  }

  async #embed(texts, defaults, options, keepGoing) {
    const [{ signal, timeouts, headers, maxAttempts, ...given }, fields] = take(options, [...LIMITS, ...SCOPE], "The options of a call");
    for (const name of LIMITS) given[name] ??= this.#limits[name] ?? undefined;
    const { batchSize, maxConcurrency, encodingFormat } = limits(given);
    const own = writeJson(fields, "The fields of the request");
    const scope = this.#client.scope({ signal, timeouts, headers, maxAttempts });
    if (texts.length === 0) return [undefined, new Float32Array(0), 0, []];
    const auto = encodingFormat === "auto";
    const encoding = auto && this.#found !== undefined ? this.#found.encoding : encodingFormat;
    const answer = await settle(
      this.#client.core.embed(this.#endpoint, JSON.stringify(texts), [defaults, own], encoding, batchSize, maxConcurrency, keepGoing, scope),
      signal,
    );
    // "auto" again: the look failed, and the next call looks anew
    if (auto && answer[0] !== "auto") this.#found = { encoding: answer[0] };
    return answer;
  }
}

function kind(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}

/** Texts of any iterable; one that is none is named by its place. */
function list(texts) {
  if (typeof texts === "string") throw fail("InvalidInput", "embedDocuments() needs a list of texts: write [text], or use embedQuery().");
  if (typeof texts?.[Symbol.iterator] !== "function") throw fail("InvalidInput", "embedDocuments() needs a list of texts.");
  const all = [...texts];
  const place = all.findIndex((text) => typeof text !== "string");
  if (place >= 0) throw fail("InvalidInput", `Input ${place} of embedDocuments() is not text but ${kind(all[place])}.`);
  return all;
}

/** Batches as callers see them; `data` holds all rows when all are good. */
function settled([, data, , batches]) {
  let at = 0;
  return batches.map(([start, end, error, own, dimensions, prompt_tokens, total_tokens, model, requestId]) => {
    if (error !== undefined) return { start, end, status: "rejected", reason: toError(error) };
    const from = at;
    at += (end - start) * dimensions;
    const usage = prompt_tokens === undefined ? undefined : { prompt_tokens, total_tokens };
    const facts = { usage, model, requestIds: requestId === undefined ? [] : [requestId] };
    return { start, end, status: "fulfilled", value: new Embeddings(own ?? data.subarray(from, at), dimensions, facts) };
  });
}

/** One whole of all batches, or the first failure with what did arrive. */
function whole(answer) {
  const batches = settled(answer);
  const failures = batches.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  if (failures.length > 0) {
    const error = failures.find(({ kind }) => kind !== "Cancelled") ?? failures[0];
    // not enumerable: vectors shall not land in logs that print an error's fields
    Object.defineProperty(error, "batches", { value: batches, configurable: true, writable: true });
    throw error;
  }
  const values = batches.map(({ value }) => value);
  const counted = values.map(({ usage }) => usage).filter((usage) => usage !== undefined);
  const sum = (name) => counted.reduce((total, usage) => total + usage[name], 0);
  const usage = counted.length === 0 ? undefined : { prompt_tokens: sum("prompt_tokens"), total_tokens: sum("total_tokens") };
  return new Embeddings(answer[1], answer[2], { usage, model: values.find(({ model }) => model)?.model, requestIds: values.flatMap(({ requestIds }) => requestIds) });
}

/** Vectors of texts: rows of one buffer. */
export class Embeddings {
  constructor(data, dimensions, { usage, model, requestIds = [] } = {}) {
    if (!(data instanceof Float32Array)) throw fail("InvalidInput", "Embeddings need a Float32Array of all numbers.");
    const rows = data.length === 0 ? 0 : data.length / dimensions;
    if (!Number.isInteger(rows)) throw fail("InvalidInput", "The numbers are not whole rows: their count must be a multiple of the dimensions.");
    this.data = data;
    this.dimensions = dimensions;
    this.length = rows;
    this.usage = usage;
    this.model = model;
    this.requestIds = requestIds;
  }

  /** The vector of the text at a place; negative places count from the end. */
  at(place) {
    const row = Math.trunc(place) || 0;
    const from = (row < 0 ? row + this.length : row) * this.dimensions;
    return from >= 0 && from < this.data.length ? this.data.subarray(from, from + this.dimensions) : undefined;
  }

  *[Symbol.iterator]() {
    for (let row = 0; row < this.length; row += 1) yield this.at(row);
  }

  /** The vectors as plain lists of numbers. */
  toArrays() {
    return Array.from(this, (row) => Array.from(row));
  }
}

function sum(a, b) {
  let total = 0;
  for (let at = 0; at < a.length; at += 1) total += a[at] * b[at];
  return total;
}

function comparable(a, b) {
  for (const vector of [a, b]) {
    if (typeof vector !== "object" || typeof vector?.length !== "number" || vector instanceof Embeddings) {
      throw fail("InvalidInput", `A vector must be a Float32Array or a list of numbers, not ${vector instanceof Embeddings ? "Embeddings: take a row with at()" : kind(vector)}.`);
    }
  }
  if (a.length !== b.length) {
    throw fail("InvalidInput", `The vectors have ${a.length} and ${b.length} numbers: only vectors of one model can be compared.`);
  }
}

function cosine(a, b, own) {
  const length = Math.sqrt(own) * Math.sqrt(sum(b, b));
  // rounding may go past 1 by the last bit
  return length > 0 ? Math.max(-1, Math.min(1, sum(a, b) / length)) : 0;
}

/** The dot product of two vectors. */
export function dot(a, b) {
  comparable(a, b);
  return sum(a, b);
}

/** How alike two vectors point: from -1 to 1, and 0 for a vector of zeros. */
export function cosineSimilarity(a, b) {
  comparable(a, b);
  return cosine(a, b, sum(a, a));
}

/** The cosine similarity of a query with every row, in their order. */
export function similarities(query, embeddings) {
  if (typeof embeddings?.[Symbol.iterator] !== "function") {
    throw fail("InvalidInput", "similarities() needs the vectors to compare with: Embeddings or a list of vectors.");
  }
  const own = typeof query?.length === "number" ? sum(query, query) : 0;
  return Array.from(embeddings, (row) => {
    comparable(query, row);
    return cosine(query, row, own);
  });
}
