import { Embeddings, type EmbeddingsParams } from "@langchain/core/embeddings";
import type { EmbeddingParams } from "../types.js";
import type { DatabricksClientFields } from "./client.js";

/** What embeddings are made with. */
export interface DatabricksEmbeddingsFields extends EmbeddingsParams, DatabricksClientFields {
  /** The endpoint's name. */
  endpoint?: string;
  /** The same as `endpoint`. */
  model?: string;
  /** What queries set besides their text, such as `{ instruction: "…" }`. */
  queryParams?: EmbeddingParams;
  /** What documents set besides their texts. */
  documentsParams?: EmbeddingParams;
  /** Texts of one request; 100 unless set. */
  batchSize?: number;
  /** How vectors are asked for; see `client.embeddings`. */
  encodingFormat?: "float" | "base64" | "auto";
  /** How long a call may take with its repeats, in milliseconds. */
  timeout?: number;
}

/**
 * LangChain's embeddings over a serving endpoint. Failures are `LakewireError`s.
 *
 * ```js
 * import { DatabricksEmbeddings } from "lakewire/langchain";
 * const embeddings = new DatabricksEmbeddings({ endpoint: "databricks-gte-large-en" });
 * const vector = await embeddings.embedQuery("Where are my tables?");
 * ```
 */
export class DatabricksEmbeddings extends Embeddings {
  /** Fails with kind `InvalidInput` without an endpoint. */
  constructor(fields: DatabricksEmbeddingsFields | string);
  /** The endpoint's name. */
  endpoint: string;
  /** What queries set besides their text. */
  queryParams?: EmbeddingParams;
  /** What documents set besides their texts. */
  documentsParams?: EmbeddingParams;
  /** The vector of a text that is asked with. */
  embedQuery(text: string): Promise<number[]>;
  /** The vectors of texts that are kept, in their order. */
  embedDocuments(texts: string[]): Promise<number[][]>;
}
