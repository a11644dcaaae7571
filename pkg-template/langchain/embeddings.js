// Embeddings in LangChain.js's form.

import { Embeddings } from "@langchain/core/embeddings";
import { fail } from "../errors.js";
import { clientOf, method, withoutClient } from "./client.js";
import { explain } from "./failures.js";
import { callOptions } from "./options.js";

/** LangChain's embeddings over a serving endpoint. */
export class DatabricksEmbeddings extends Embeddings {
  #embedder;
  #call;

  constructor(given) {
    const fields = typeof given === "string" ? { endpoint: given } : { ...given };
    const { endpoint, model = endpoint, queryParams, documentsParams, batchSize, maxConcurrency, encodingFormat } = fields;
    // repeats are the client's: two loops around each other would multiply
    super({ ...withoutClient(fields), maxRetries: 0 });
    if (typeof model !== "string" || model === "") throw fail("InvalidInput", "DatabricksEmbeddings needs `endpoint`, the name of an embeddings endpoint.");
    this.endpoint = model;
    this.queryParams = queryParams;
    this.documentsParams = documentsParams;
    const client = clientOf(fields);
    const options = {
      ...(queryParams && { query_params: queryParams }), ...(documentsParams && { documents_params: documentsParams }),
      ...(batchSize && { batchSize }), ...(Number.isFinite(maxConcurrency) && { maxConcurrency }), ...(encodingFormat && { encodingFormat }),
    };
    this.#embedder = async () => method(await client(), "embeddings")(model, options);
    this.#call = callOptions(fields, {});
  }

  async #ask(act) {
    try {
      return await act(await this.#embedder());
    } catch (failure) {
      throw explain(failure);
    }
  }

  /** The vector of a text that is asked with. */
  embedQuery(text) {
    return this.#ask(async (embedder) => Array.from(await embedder.embedQuery(text, this.#call)));
  }

  /** The vectors of texts that are kept, in their order. */
  embedDocuments(texts) {
    return this.#ask(async (embedder) => (await embedder.embedDocuments(texts, this.#call)).toArrays());
  }
}
