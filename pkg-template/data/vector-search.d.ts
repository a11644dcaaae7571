import type { CallOptions, RunnableTool } from "../chat.js";
import type {
  BudgetPolicy, CreateIndexRequest, CreateVectorEndpointRequest, CustomTag, CustomTags, DirectAccessIndexSpec, Document, QueryRequest, QueryType,
  Reranker, VectorEndpoint, VectorIndex,
} from "../types.js";

export type {
  BudgetPolicy, CreateIndexRequest, CreateVectorEndpointRequest, CustomTag, CustomTags, DeltaSyncIndexSpec, DirectAccessIndexSpec, Document, EndpointType,
  IndexSubtype, IndexType, PipelineType, QueryRequest, QueryType, Reranker, RerankerParameters, VectorEndpoint, VectorIndex,
} from "../types.js";

/** A value a column is compared with; a `Date` is a point in time. */
export type FilterValue = string | number | bigint | boolean | Date;

/**
 * Which rows of an index a query looks at. Rendered for the endpoint's kind when the query is sent; what that kind cannot
 * say is refused with a sentence.
 *
 * ```js
 * const filter = Filter.eq("lang", "en").and(Filter.gte("year", 2021));
 * ```
 */
export class Filter {
  private constructor();
  /** Rows whose column is this value; of a column of lists, those with an element that is. */
  static eq(column: string, value: FilterValue): Filter;
  /** Rows whose column is not this value. */
  static ne(column: string, value: FilterValue): Filter;
  /** Rows whose column is below this value. */
  static lt(column: string, value: FilterValue): Filter;
  /** Rows whose column is at most this value. */
  static lte(column: string, value: FilterValue): Filter;
  /** Rows whose column is above this value. */
  static gt(column: string, value: FilterValue): Filter;
  /** Rows whose column is at least this value. */
  static gte(column: string, value: FilterValue): Filter;
  /** Rows whose column is one of these values. */
  static in(column: string, values: Iterable<FilterValue>): Filter;
  /** Rows whose column is none of these values. */
  static notIn(column: string, values: Iterable<FilterValue>): Filter;
  /** Rows whose text fits an SQL pattern, where `%` is any text: for storage-optimised endpoints alone. */
  static like(column: string, pattern: string): Filter;
  /** Rows whose text holds this word between spaces: for standard endpoints alone. */
  static token(column: string, word: string): Filter;
  /** Rows that fit all of these. */
  static and(...filters: Filter[]): Filter;
  /** Rows that fit one of these. */
  static or(...filters: Filter[]): Filter;
  /** Rows that do not fit. */
  static not(filter: Filter): Filter;
  /** Rows that fit this filter and the others. */
  and(...others: Filter[]): Filter;
  /** Rows that fit this filter or one of the others. */
  or(...others: Filter[]): Filter;
  /** Rows that do not fit this filter. */
  not(): Filter;
  /** As standard endpoints take it: the JSON text of a dictionary, or of a list of them. */
  toFiltersJson(): string;
  /** As storage-optimised endpoints take it: SQL-like text. */
  toFilterString(): string;
  /** What requests know as a filter that is still to be rendered. */
  toJSON(): { $filter: unknown };
}

/** A filter in any form: a `Filter`, a dictionary, a list of them, or SQL-like text. */
export type AnyFilter = Filter | Record<string, unknown> | readonly Record<string, unknown>[] | string;

/** A query: as the service takes it, but for `filters`. `Columns` are the columns asked for. */
export type IndexQuery<Columns extends readonly string[] = readonly string[]> = Omit<QueryRequest, "columns" | "query_vector" | "filters" | "columns_to_rerank" | "query_columns" | "sort_columns" | "facets"> & {
  /** The columns to give back; the score is added. */
  columns: Columns;
  /** The vector to find, for an index whose embeddings are given. */
  query_vector?: Float32Array | readonly number[] | null;
  /** Which rows are looked at. */
  filters?: AnyFilter | null;
  /** The older form of `reranker`. */
  columns_to_rerank?: readonly string[] | null;
  /** The text columns searched for words; all unless set. */
  query_columns?: readonly string[] | null;
  /** Sorts rows by columns: `"year DESC"`. */
  sort_columns?: readonly string[] | null;
  /** Counts values: `"lang"`, `"lang TOP 5"`. */
  facets?: readonly string[] | null;
};

/**
 * A row that was found: the columns asked for, as the index types them, and the score. Whole numbers beyond 2⁵³, which a
 * `number` would round, are a `bigint`, alone and in lists.
 */
export type FoundRow<Row, Columns extends readonly string[]> = { [K in Exclude<Columns[number], "score">]: K extends keyof Row ? Row[K] : unknown } & { score: number };

/** One page of what a query found, best first. */
export interface QueryPage<Found> {
  /** The rows. */
  rows: Found[];
  /** The names of the cells, `score` last. */
  columns: string[];
  /** What asks for the next page. */
  next_page_token?: string;
  /** The facets, when some were asked for; whole numbers beyond 2⁵³ in them are a `bigint`. */
  facets?: Record<string, unknown>[];
  /** What the service says of the query's course, with `debug_level`. */
  debug_info?: unknown;
  /** The id to quote to Databricks support. */
  requestId?: string;
}

/** How far an endpoint or an index is. */
export interface VectorProgress {
  /** Its name. */
  name: string;
  /** Whether the wait is over. */
  done: boolean;
  /** Its state; empty when the service did not say. */
  state: string;
  /** What the service says of it. */
  message: string;
  /** Which look it was, from 1. */
  attempt: number;
  /** How long the wait has lasted. */
  elapsedMs: number;
  /** The endpoint as it is, in a wait for one. */
  endpoint?: VectorEndpoint;
  /** The index as it is, in a wait for one. */
  index?: VectorIndex;
}

/** How to wait. `signal` ends the wait, not what is waited for; `timeouts` are those of each look. */
export interface VectorWaitOptions extends CallOptions {
  /** The longest wait, looks included; a day unless set. */
  timeoutMs?: number;
  /** Told of every look. */
  onProgress?: (progress: VectorProgress) => void;
}

/** How an index is reached. */
export interface IndexOptions {
  /** The type of its endpoint; filters are sent as SQL-like text to one of type `STORAGE_OPTIMIZED`. */
  endpointType?: "STANDARD" | "STORAGE_OPTIMIZED";
  /** Its primary key, so that writing rows need not ask for it. */
  primaryKey?: string;
}

/** A new index; `schema_json` may be an object. */
export type NewIndex = Omit<CreateIndexRequest, "direct_access_index_spec"> & {
  /** For `DIRECT_ACCESS`. */
  direct_access_index_spec?: (Omit<DirectAccessIndexSpec, "schema_json"> & { schema_json?: string | Record<string, string> | null }) | null;
};

/** Vector search of a workspace.
 *
 * ```js
 * const index = new VectorSearch(client).index("main.docs.manual_idx");
 * const { rows } = await index.query({ columns: ["id", "body"], query_text: "How do I reset it?", filters: Filter.eq("lang", "en") });
 * console.log(rows[0].score, rows[0].body);
 * ```
 */
export class VectorSearch {
  /** Over a client of `lakewire` or `lakewire/chat`. */
  constructor(client: object);
  /** An index, by its full name. Nothing is sent. `Row` says what its columns hold. */
  index<Row extends object = Record<string, unknown>>(name: string, options?: IndexOptions): VectorSearchIndex<Row>;
  /** Creates an endpoint. It answers at once; the endpoint gets ready later. After a time-out it is not sent again: `getEndpoint` tells whether it was made. */
  createEndpoint(request: CreateVectorEndpointRequest, options?: CallOptions): Promise<VectorEndpoint>;
  /** Describes an endpoint. */
  getEndpoint(name: string, options?: CallOptions): Promise<VectorEndpoint>;
  /** Lists the endpoints, all pages. */
  listEndpoints(options?: CallOptions): Promise<VectorEndpoint[]>;
  /** Changes how much a standard endpoint shall bear, in queries per second. */
  updateEndpoint(name: string, change: { target_qps: number }, options?: CallOptions): Promise<VectorEndpoint>;
  /** Sets an endpoint's budget policy. */
  updateBudgetPolicy(name: string, policyId: string, options?: CallOptions): Promise<BudgetPolicy>;
  /** Replaces an endpoint's tags. */
  updateTags(name: string, tags: readonly CustomTag[], options?: CallOptions): Promise<CustomTags>;
  /** Deletes an endpoint. */
  deleteEndpoint(name: string, options?: CallOptions): Promise<void>;
  /** Waits until an endpoint is online. Fails with kind `OperationFailed` when it is offline, stopped or broken (its state as `errorCode`). */
  waitUntilOnline(name: string, options?: VectorWaitOptions): Promise<VectorEndpoint>;
  /** Creates an index. It answers at once; the index gets ready later. Its description is checked before it is sent. */
  createIndex(request: NewIndex, options?: CallOptions): Promise<VectorIndex>;
  /** Lists the indexes of an endpoint, all pages; each is described in short. */
  listIndexes(endpointName: string, options?: CallOptions): Promise<VectorIndex[]>;
}

/** How rows are sent. */
export interface WriteOptions extends CallOptions {
  /** Rows in one request; 500 unless set. */
  batchRows?: number;
  /** Bytes of rows in one request; 4 MiB unless set. */
  batchBytes?: number;
}

/** One index; made by `vectorSearch.index(name)`. */
export class VectorSearchIndex<Row extends object = Record<string, unknown>> {
  private constructor();
  /** Its full name. */
  readonly name: string;
  /** Describes it. */
  get(options?: CallOptions): Promise<VectorIndex>;
  /** Deletes it. */
  delete(options?: CallOptions): Promise<void>;
  /** Starts bringing a Delta Sync index with a `TRIGGERED` pipeline up to its table. */
  sync(options?: CallOptions): Promise<void>;
  /** Waits until it answers and, with `settled`, no update of it is running. */
  waitUntilReady(options?: VectorWaitOptions & { settled?: boolean }): Promise<VectorIndex>;
  /** Finds the rows nearest to a text or a vector, best first; the first page of them. */
  query<const Columns extends readonly string[]>(request: IndexQuery<Columns>, options?: CallOptions): Promise<QueryPage<FoundRow<Row, Columns>>>;
  /** The page after this one; `undefined` after the last. */
  nextPage<Found>(page: QueryPage<Found>, options?: CallOptions): Promise<QueryPage<Found> | undefined>;
  /** The rows of a query one by one, over all its pages; each page is asked for when it is needed. */
  queryRows<const Columns extends readonly string[]>(request: IndexQuery<Columns>, options?: CallOptions): AsyncGenerator<FoundRow<Row, Columns>, void, undefined>;
  /** All rows by primary key, `pageSize` (100 unless set) a request, from behind the key `after`. Whole numbers beyond 2⁵³ are a `bigint`. */
  scan(options?: CallOptions & { pageSize?: number; after?: string | number | bigint }): AsyncGenerator<Row, void, undefined>;
  /**
   * Writes rows into a Direct Access index, over those of the same primary key, in batches one after the other. A `bigint`
   * is sent as its digits. Rows the service refused one by one stand in the report. When a batch fails as a whole the first such error is thrown; its
   * `report` is the report.
   */
  upsert(rows: Iterable<object>, options?: WriteOptions): Promise<WriteReport>;
  /** Writes rows and tells how each batch ended; a failed one leaves the others. */
  upsertSettled(rows: Iterable<object>, options?: WriteOptions): Promise<WriteReport>;
  /** Deletes rows by their primary keys; ends as `upsert` does. */
  deleteRows(keys: Iterable<string | number | bigint>, options?: WriteOptions): Promise<WriteReport>;
}

/** One request's rows and what became of them. */
export interface WriteBatch {
  /** The place of the first row. */
  start: number;
  /** The place after the last row. */
  end: number;
  /** `done`: every row was written but for `failedKeys`. `failed`: none was. `unknown`: whether rows were written is not known. */
  status: "done" | "failed" | "unknown";
  /** The primary keys of rows the service said it failed on. */
  failedKeys: string[];
  /** Why, when it is not `done`. */
  error?: Error;
}

/** What became of rows that were written or deleted. */
export class WriteReport {
  private constructor();
  /** The batches, in the order of the rows. */
  readonly batches: WriteBatch[];
  /** Whether every row was written. */
  readonly isComplete: boolean;
  /** The primary keys of rows that failed, alone or with their batch. */
  readonly failedKeys: string[];
  /** The primary keys of rows whose fate is not known. */
  readonly unknownKeys: string[];
  /** The primary keys of rows that were written. */
  readonly writtenKeys: string[];
  /** Sends again the rows that were not written for certain, and no others. */
  resend(options?: CallOptions): Promise<WriteReport>;
}

/** What makes vectors of texts: `client.embeddings(endpoint)`, or anything with these methods. */
export interface EmbedTexts {
  /** The vector of a question. */
  embedQuery(text: string, options?: CallOptions): Promise<Float32Array | number[]>;
  /** The vectors of texts, in their order. */
  embedDocuments(texts: string[], options?: CallOptions): Promise<Iterable<Float32Array | number[]>>;
}

/** How an index is used as a store of documents. */
export interface StoreOptions extends CallOptions {
  /** The index's full name. */
  indexName: string;
  /** What makes vectors of texts; not for indexes that compute embeddings themselves, needed for all others. */
  embedding?: EmbedTexts;
  /** The column that holds the text of a document; as `embedding`. */
  textColumn?: string;
  /** More columns to give back in a document's metadata. */
  columns?: readonly string[];
  /** The column given back as `doc_uri`. */
  docUri?: string;
  /** The column given back as `chunk_id`. */
  primaryKey?: string;
  /** Whether a document's metadata has its score. */
  includeScore?: boolean;
  /** Sorts what every search found anew, unless the search has one of its own. */
  reranker?: Reranker;
  /** The type of the index's endpoint. */
  endpointType?: "STANDARD" | "STORAGE_OPTIMIZED";
}

/** How to search. */
export interface SearchOptions extends CallOptions {
  /** How many documents; 4 unless set. */
  k?: number;
  /** Which rows are looked at. */
  filter?: AnyFilter;
  /** How rows are found; by the nearest vectors unless set. */
  queryType?: QueryType;
  /** Sorts what was found anew. */
  reranker?: Reranker;
  /** The lowest score to give back. */
  scoreThreshold?: number;
}

/** How to search by a vector. */
export interface VectorSearchOptions extends SearchOptions {
  /** The question, in a hybrid search. */
  query?: string;
}

/** How to pick documents that differ. */
export interface MmrOptions extends VectorSearchOptions {
  /** Of how many rows is picked; 20 unless set. */
  fetchK?: number;
  /** From 0, as different as can be, to 1, as like the question as can be; 0.5 unless set. */
  lambdaMult?: number;
}

/** A store with one way to search; a step of a chain. */
export interface Retriever {
  /** The documents for a question. */
  invoke(query: string, options?: MmrOptions): Promise<Document[]>;
}

/** An index as a store of documents, by the rules of LangChain's `DatabricksVectorSearch`. Whole numbers beyond 2⁵³ in the
 * metadata are a `bigint`. A search asks for the next page until it has its documents.
 *
 * ```js
 * const store = await DatabricksVectorSearch.create(client, { indexName: "main.docs.manual_idx" });
 * const documents = await store.similaritySearch("How do I reset it?", { k: 3 });
 * ```
 */
export class DatabricksVectorSearch {
  private constructor();
  /** Looks at the index and checks that the options go with its kind. */
  static create(client: object, options: StoreOptions): Promise<DatabricksVectorSearch>;
  /** What is known of the index. */
  readonly index: { name: string; kind: "managed" | "self_managed" | "direct_access"; primaryKey: string; textColumn: string; vectorColumn?: string; sourceTable?: string };
  /** The documents nearest to a text. */
  similaritySearch(query: string, options?: SearchOptions): Promise<Document[]>;
  /** The documents nearest to a text, with their scores. */
  similaritySearchWithScore(query: string, options?: SearchOptions): Promise<[Document, number][]>;
  /** The documents nearest to a vector. */
  similaritySearchByVector(vector: Float32Array | readonly number[], options?: VectorSearchOptions): Promise<Document[]>;
  /** The documents nearest to a vector, with their scores. */
  similaritySearchByVectorWithScore(vector: Float32Array | readonly number[], options?: VectorSearchOptions): Promise<[Document, number][]>;
  /** Documents near a text that differ from each other, in the order they were picked. */
  maxMarginalRelevanceSearch(query: string, options?: MmrOptions): Promise<Document[]>;
  /** Documents near a vector that differ from each other, in the order they were picked. */
  maxMarginalRelevanceSearchByVector(vector: Float32Array | readonly number[], options?: MmrOptions): Promise<Document[]>;
  /**
   * Embeds texts and writes them with their metadata; gives the ids that were written, as texts. Ids are random texts unless
   * given; for a key of whole numbers give numbers, each a `bigint` when it is beyond 2⁵³.
   */
  addTexts(texts: Iterable<string>, options?: CallOptions & { metadatas?: readonly object[]; ids?: Iterable<string | number | bigint> }): Promise<string[]>;
  /** Deletes documents by their ids. */
  delete(ids: Iterable<string | number | bigint>, options?: CallOptions): Promise<true>;
  /** The store as a retriever with one way to search. */
  asRetriever(options?: MmrOptions & { searchType?: "similarity" | "mmr" | "similarity_score_threshold" }): Retriever;
  /**
   * The store as a tool for `chat.runTools`. Its name is the index's with `__` for its dots, its description tells of the
   * index's columns; `dynamicFilter` lets the model set filters. Whole numbers beyond 2⁵³ are texts in what the
   * model reads.
   */
  asTool(options?: CallOptions & { name?: string; description?: string; dynamicFilter?: boolean; numResults?: number; filters?: AnyFilter; queryType?: QueryType; reranker?: Reranker; scoreThreshold?: number }): Promise<RunnableTool>;
}
