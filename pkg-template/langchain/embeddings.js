// Embeddings in LangChain.js's form.

import { Embeddings } from "@langchain/core/embeddings";
import { fail } from "../errors.js";
import { clientOf, method, withoutClient } from "./client.js";

/** LangChain's embeddings over a serving endpoint. */
export class DatabricksEmbeddings extends Embeddings {
  #embedder;

  constructor(fields) {
    const { endpoint, model = endpoint, queryParams, documentsParams, batchSize, maxConcurrency, encodingFormat, timeout, maxRetries } = typeof fields === "string" ? { endpoint: fields } : (fields ?? {});
    // repeats are the client's: two loops around each other would multiply
    super({ ...withoutClient(fields), maxRetries: 0 });
    if (typeof model !== "string" || model === "") throw fail("InvalidInput", "DatabricksEmbeddings needs `endpoint`, the name of an embeddings endpoint.");
    this.endpoint = model;
    this.queryParams = queryParams;
    this.documentsParams = documentsParams;
    const client = clientOf(typeof fields === "string" ? {} : fields);
    const options = {
      ...(queryParams && { query_params: queryParams }), ...(documentsParams && { documents_params: documentsParams }),
      ...(batchSize && { batchSize }), ...(Number.isFinite(maxConcurrency) && { maxConcurrency }), ...(encodingFormat && { encodingFormat }),
    };
    this.#embedder = async () => method(await client(), "embeddings")(model, options);
    this.#call = { ...(timeout !== undefined && { timeouts: { totalMs: timeout } }), ...(maxRetries !== undefined && { maxAttempts: maxRetries + 1 }) };
  }

  #call;

  /** The vector of a text that is asked with. */
  async embedQuery(text) {
    return Array.from(await (await this.#embedder()).embedQuery(text, this.#call));
  }

  /** The vectors of texts that are kept, in their order. */
  async embedDocuments(texts) {
    return (await (await this.#embedder()).embedDocuments(texts, this.#call)).toArrays();
  }
}
