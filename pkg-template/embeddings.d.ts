import type { CallOptions, LakewireError } from "./chat.js";
import type { EmbeddingParams } from "./types.js";

/** How lists of texts are cut into requests, and how their answers are written. */
export interface EmbeddingLimits {
  /** Texts of one request; 100 unless set. Older documentation names 150 as the most an endpoint takes. */
  batchSize?: number;
  /** Requests at once; 4 unless set. */
  maxConcurrency?: number;
  /**
   * How vectors shall be written in the answer; both forms are read, whichever was asked for. Unset, nothing is asked for and
   * endpoints write decimal numbers. `base64` is a third of the bytes; some gateways refuse the word, some ignore it.
   * `auto` reads the endpoint's description once, and asks for base64 when all models behind it are of provider `openai`;
   * where that look fails nothing is asked for, and the next call looks again.
   */
  encodingFormat?: "float" | "base64" | "auto";
}

/** What holds for every call of an embeddings handle. */
export interface EmbedderOptions extends EmbeddingLimits {
  /** What queries set besides their text, such as an `instruction`. */
  query_params?: EmbeddingParams;
  /** What documents set besides their texts. */
  documents_params?: EmbeddingParams;
}

/** The options of one call: request fields, limits and call options. A total time limit holds for all requests of the call together. */
export type EmbedOptions = EmbeddingParams & EmbeddingLimits & CallOptions;

/** An embeddings endpoint; made by `client.embeddings(endpoint, options)`.
 *
 * ```js
 * const embedder = client.embeddings("databricks-bge-large-en");
 * const documents = await embedder.embedDocuments(["A lake holds water.", "A lakehouse holds tables."]);
 * const query = await embedder.embedQuery("Where are my tables?");
 * console.log(similarities(query, documents));
 * ```
 */
export class Embedder {
  private constructor();
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Embeds one text as a query. */
  embedQuery(text: string, options?: EmbedOptions): Promise<Float32Array>;
  /**
   * Embeds texts as documents, in their order; without texts nothing is sent. A batch that the service refuses as malformed
   * is sent again in halves, to find the text at fault or to get below a limit of the endpoint. After a failure no further
   * batch is sent; the error names the inputs, and its `batches` keep what did arrive (see `EmbeddingsError`).
   */
  embedDocuments(texts: Iterable<string>, options?: EmbedOptions): Promise<Embeddings>;
  /**
   * Embeds texts as documents and tells how each batch ended, in their order; a failed one leaves the others. Of a refused
   * batch the texts at fault are found by halving, in about `2 * log2(batchSize)` requests each, and the others are
   * embedded. Only when no request of the call was good so far, one text was refused by itself and 24 more requests for
   * other parts of the batch, long and short ones in turn, were refused too, is the rest of that batch not sent: it comes
   * back with kind `Cancelled`.
   */
  embedDocumentsSettled(texts: Iterable<string>, options?: EmbedOptions): Promise<EmbeddedBatch[]>;
}

/** How the inputs from `start` up to but not including `end` ended. */
export type EmbeddedBatch =
  | { start: number; end: number; status: "fulfilled"; value: Embeddings }
  | { start: number; end: number; status: "rejected"; reason: LakewireError };

/** What `embedDocuments` and `embedQuery` reject with once a request was sent. */
export interface EmbeddingsError extends LakewireError {
  /** How each batch ended, those that did arrive included. */
  readonly batches?: EmbeddedBatch[];
}

/** Vectors of texts: rows of one buffer, in the order of the texts. Iterating gives a view of each row. */
export class Embeddings implements Iterable<Float32Array> {
  /** Takes all numbers, row behind row; fails with kind `InvalidInput` when they are not whole rows. */
  constructor(data: Float32Array, dimensions: number);
  /** All numbers, row behind row. */
  readonly data: Float32Array;
  /** How long each row is; 0 when there are none. */
  readonly dimensions: number;
  /** How many rows there are. */
  readonly length: number;
  /** The tokens of all requests, as far as the service counted them. */
  readonly usage: { prompt_tokens: number; total_tokens: number } | undefined;
  /** The model that answered, when the service names it. */
  readonly model: string | undefined;
  /** The ids to quote to Databricks support, one for each request. */
  readonly requestIds: string[];
  /** A view of the row at a place; negative places count from the end. */
  at(place: number): Float32Array | undefined;
  [Symbol.iterator](): IterableIterator<Float32Array>;
  /** The rows as plain lists of numbers. */
  toArrays(): number[][];
}

/** The dot product of two vectors. Fails with kind `InvalidInput` when they differ in length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number;

/**
 * How alike two vectors point: 1 for the same direction, -1 for the opposite one. A vector of zeros points nowhere and is like
 * nothing: 0. Fails with kind `InvalidInput` when they differ in length.
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number;

/** The cosine similarity of a query with every row, in the order of the rows. Fails as `cosineSimilarity` does. */
export function similarities(query: ArrayLike<number>, embeddings: Iterable<ArrayLike<number>>): number[];
