// An embeddings endpoint as an embedding model.

import { TooManyEmbeddingValuesForCallError } from "@ai-sdk/provider";
import { asFailure, wholeClient } from "./failure.js";
import { facts } from "./parts.js";
import { extraParams, scopeOf } from "./settings.js";

/** Texts of one request unless set: below the least limit that is documented. */
const BATCH = 100;

/** An embeddings endpoint; made by `databricks.embeddingModel(endpoint)`. */
export class EmbeddingModel {
  specificationVersion = "v4";
  supportsParallelCalls = true;
  #client;
  #settings;
  #headers;

  constructor(endpoint, settings, { name, client, headers }) {
    this.modelId = endpoint;
    this.provider = `${name}.embedding`;
    this.maxEmbeddingsPerCall = settings.maxEmbeddingsPerCall ?? BATCH;
    this.#client = client;
    this.#settings = settings;
    this.#headers = headers;
  }

  async doEmbed({ values, dimensions, abortSignal, headers, providerOptions }) {
    const most = this.maxEmbeddingsPerCall;
    if (values.length > most) throw new TooManyEmbeddingValuesForCallError({ provider: this.provider, modelId: this.modelId, maxEmbeddingsPerCall: most, values });
    const extra = extraParams({ providerOptions });
    const failure = (thrown) => {
      const path = `/serving-endpoints/${encodeURIComponent(this.modelId)}/invocations`;
      return asFailure(thrown, { path, values: facts({ input: values, dimensions, ...extra }), signal: abortSignal });
    };
    abortSignal?.throwIfAborted();
    const client = await this.#client();
    if (typeof client.embeddings !== "function") throw wholeClient("Embeddings");
    const embedder = client.embeddings(this.modelId, { batchSize: most });
    let vectors;
    try {
      vectors = await embedder.embedDocuments(values, { ...facts({ dimensions }), ...this.#settings.defaults, ...extra, ...scopeOf({ abortSignal, headers }, this.#headers) });
    } catch (thrown) {
      throw failure(thrown);
    }
    const [requestId] = vectors.requestIds;
    const tokens = vectors.usage?.prompt_tokens ?? vectors.usage?.total_tokens;
    return {
      embeddings: vectors.toArrays(),
      ...(tokens === undefined ? {} : { usage: { tokens } }),
      response: { headers: facts({ "x-request-id": requestId }) },
      providerMetadata: { databricks: facts({ requestId, model: vectors.model }) },
      warnings: [],
    };
  }
}
