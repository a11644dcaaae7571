// DatabricksVectorSearch, LangChain.js's vector store over an index.

import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { Document, DocumentInterface } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { VectorStore } from "@langchain/core/vectorstores";
import type { MaxMarginalRelevanceSearchOptions, VectorStoreRetriever } from "@langchain/core/vectorstores";
import type { AnyFilter, QueryType, Reranker } from "../data/vector-search.js";
import type { CallOptions } from "../chat.js";
import type { DatabricksClientFields } from "./client.js";

export type { AnyFilter, QueryType, Reranker } from "../data/vector-search.js";

/** How an index is searched, when the search does not say otherwise. */
export interface DatabricksSearchDefaults {
  /** How rows are found: `ANN` (by the nearest vectors) unless set, `HYBRID` (with keywords) or `FULL_TEXT`. */
  queryType?: QueryType | undefined;
  /** Sorts what was found anew. */
  reranker?: Reranker | undefined;
  /** The lowest score to give back, from 0 to 1. */
  scoreThreshold?: number | undefined;
}

/** What a store needs to know besides its embedding model; names as in Python's `databricks-langchain`, in camelCase. */
export interface DatabricksVectorSearchFields extends DatabricksClientFields, DatabricksSearchDefaults {
  /** The index's full name, `catalog.schema.index`. */
  indexName: string;
  /** What makes vectors of texts; not for indexes that compute embeddings themselves, needed for all others. */
  embedding?: EmbeddingsInterface | undefined;
  /** The column that holds the text of a document; as `embedding`. */
  textColumn?: string | undefined;
  /** More columns to give back in a document's metadata. */
  columns?: readonly string[] | undefined;
  /** The column given back as `doc_uri`. */
  docUri?: string | undefined;
  /** The column given back as `chunk_id`. */
  primaryKey?: string | undefined;
  /** Whether a document's metadata has its score. */
  includeScore?: boolean | undefined;
  /** The type of the index's endpoint: filters are written for it. */
  endpointType?: "STANDARD" | "STORAGE_OPTIMIZED" | undefined;
  /** Taken for Python's sake; the index knows its endpoint. */
  endpoint?: string | undefined;
  /** The module `lakewire/data` (or `lakewire/data/slim`, begun) when the app has it; else it is loaded on the first call. */
  data?: object | undefined;
}

/** A search with all that there is to say, a signal and time limits among it. */
export interface DatabricksSearchOptions extends DatabricksSearchDefaults, CallOptions {
  /** How many documents; 4 unless set. */
  k?: number | undefined;
  /** Which rows are looked at: a dictionary, SQL-like text, or a `Filter` of `lakewire/data`. */
  filter?: AnyFilter | undefined;
}

/** How a retriever searches. */
export interface DatabricksRetrieverFields<Store extends VectorStore = DatabricksVectorSearch> {
  /** How many documents; 4 unless set. */
  k?: number | undefined;
  /** Which rows are looked at. */
  filter?: AnyFilter | undefined;
  /** `similarity` unless set; `similarity_score_threshold` needs `scoreThreshold`. */
  searchType?: "similarity" | "mmr" | "similarity_score_threshold" | undefined;
  /** The lowest score to give back, from 0 to 1. */
  scoreThreshold?: number | undefined;
  /** As in Python; `fetchK` (20 unless set) and `lambda` (0.5) are for `mmr`. */
  searchKwargs?: (DatabricksSearchDefaults & { k?: number | undefined; filter?: AnyFilter | undefined; fetchK?: number | undefined; lambda?: number | undefined; lambdaMult?: number | undefined }) | undefined;
  callbacks?: Callbacks | undefined;
  tags?: string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
  verbose?: boolean | undefined;
}

/** What is known of an index. */
export interface DatabricksIndexFacts {
  name: string;
  /** `managed` indexes compute embeddings themselves; only `direct_access` ones are written to. */
  kind: "managed" | "self_managed" | "direct_access";
  primaryKey: string;
  textColumn: string;
  vectorColumn?: string;
  sourceTable?: string;
}

/**
 * An index of Databricks Vector Search as LangChain.js's `VectorStore`. Made at once; the index is looked at on the first
 * call, and options that do not go with its kind fail then with a sentence. Errors are a `LakewireError`.
 *
 * A document's `id` is its primary key. Whole numbers beyond 2⁵³ in the metadata are texts of their digits.
 *
 * @example
 * const embeddings = new DatabricksEmbeddings({ client, endpoint: "databricks-gte-large-en" });
 * const store = new DatabricksVectorSearch(embeddings, { client, indexName: "main.docs.manual_idx", textColumn: "body" });
 * const documents = await store.similaritySearch("How do I reset it?", 3, { lang: "en" });
 * const retriever = store.asRetriever({ k: 3, searchType: "mmr" });
 *
 * @example
 * // an index that computes embeddings itself
 * const store = new DatabricksVectorSearch({ relay: "/api/lakewire", indexName: "main.docs.manual_idx" });
 */
export class DatabricksVectorSearch extends VectorStore {
  FilterType: AnyFilter;
  /** As LangChain.js has it, or in one object as Python has it. */
  constructor(embeddings: EmbeddingsInterface, fields: DatabricksVectorSearchFields);
  constructor(fields: DatabricksVectorSearchFields);
  /** The index's full name. */
  readonly indexName: string;
  _vectorstoreType(): string;
  /** What is known of the index. Fails with kind `NotFound` when there is none of this name. */
  describe(): Promise<DatabricksIndexFacts>;

  /** The documents nearest to a text; `k` is 4 unless set, or an object with all that there is to say. */
  similaritySearch(query: string, k?: number | DatabricksSearchOptions, filter?: this["FilterType"], callbacks?: Callbacks): Promise<Document[]>;
  /** The documents nearest to a text with their scores, best first. */
  similaritySearchWithScore(query: string, k?: number | DatabricksSearchOptions, filter?: this["FilterType"], callbacks?: Callbacks): Promise<[Document, number][]>;
  /** The documents nearest to a vector with their scores. Fails for indexes that compute embeddings themselves. */
  similaritySearchVectorWithScore(query: number[], k?: number | (DatabricksSearchOptions & { query?: string }), filter?: this["FilterType"]): Promise<[Document, number][]>;
  /** Documents near a text that differ from each other. `lambda` goes from 0, as different as can be, to 1; 0.5 unless set. `fetchK` is 20 unless set. */
  maxMarginalRelevanceSearch(query: string, options: MaxMarginalRelevanceSearchOptions<this["FilterType"]> & DatabricksSearchDefaults, callbacks?: Callbacks): Promise<Document[]>;

  /**
   * Embeds documents and writes them into a Direct Access index; gives the ids that were written. The row's columns are the
   * document's metadata; objects in it that no column holds, such as the `loc` of text splitters, are left out. Ids are
   * `options.ids`, those of the documents, what metadata has of the key, or random ones; where the key holds whole numbers
   * they must be given.
   */
  addDocuments(documents: DocumentInterface[], options?: { ids?: (string | number | bigint)[] }): Promise<string[]>;
  /** Writes documents whose vectors are known. */
  addVectors(vectors: number[][], documents: DocumentInterface[], options?: { ids?: (string | number | bigint)[] }): Promise<string[]>;
  /** Deletes documents by their ids. */
  delete(params: { ids: (string | number | bigint)[] } | (string | number | bigint)[]): Promise<void>;

  /** The store as a retriever; anything of `searchKwargs` holds for it alone. */
  asRetriever(fields: DatabricksRetrieverFields<this>): VectorStoreRetriever<this>;
  asRetriever(k?: number, filter?: this["FilterType"], callbacks?: Callbacks, tags?: string[], metadata?: Record<string, unknown>, verbose?: boolean): VectorStoreRetriever<this>;

  /** A store on an index that exists, into which the texts are written; `ids` are those of the texts. */
  static fromTexts(texts: string[], metadatas: object[] | object, embeddings: EmbeddingsInterface, fields: DatabricksVectorSearchFields & { ids?: (string | number | bigint)[] }): Promise<DatabricksVectorSearch>;
  /** The same with documents. */
  static fromDocuments(documents: DocumentInterface[], embeddings: EmbeddingsInterface, fields: DatabricksVectorSearchFields & { ids?: (string | number | bigint)[] }): Promise<DatabricksVectorSearch>;
  /** A store on an index that exists, which was looked at. */
  static fromExistingIndex(embeddings: EmbeddingsInterface | undefined, fields: DatabricksVectorSearchFields): Promise<DatabricksVectorSearch>;
}
