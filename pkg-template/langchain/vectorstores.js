// LangChain.js's VectorStore over an index of Databricks Vector Search.

import { VectorStore } from "@langchain/core/vectorstores";
import { fail } from "../errors.js";
import { clientOf } from "./client.js";
import { columnsOf, documentOf, keysOf } from "./documents.js";
import { dataEntry, lazily, picked } from "./lazy.js";

const INDEX = ["indexName", "textColumn", "columns", "docUri", "primaryKey", "includeScore", "endpointType"];
const SEARCH = ["queryType", "reranker", "scoreThreshold"];
/** A store that another one shares what it knows with. */
const SHARED = Symbol("lakewire.store");

const managed = async () => {
  throw fail("NotImplemented", "This store was made without an embedding model: its index computes embeddings itself. For an index that does not, give `embedding`.");
};
/** LangChain's stores always have embeddings. */
const NONE = { embedQuery: managed, embedDocuments: managed };

/** `(embeddings, fields)` as LangChain.js has it, or `(fields)` with `embedding` as Python has it. */
function fieldsOf(first, second) {
  const alone = second === undefined && typeof first?.embedQuery !== "function";
  const fields = (alone ? first : second) ?? {};
  const embeddings = (alone ? undefined : first) ?? fields.embedding ?? fields.embeddings ?? undefined;
  if (typeof fields.indexName !== "string" || fields.indexName === "") throw fail("InvalidInput", "A DatabricksVectorSearch needs `indexName`, the full name of an index: catalog.schema.index.");
  return [embeddings === NONE ? undefined : embeddings, fields];
}

/** What a search is given: LangChain's `k` and `filter`, or an object with what else there is. */
function searchOf(k, filter) {
  const given = k !== null && typeof k === "object" ? k : { k, filter };
  const { lambda, ...search } = given;
  return Object.fromEntries(Object.entries({ lambdaMult: lambda, ...search }).filter(([, value]) => value !== undefined && value !== null));
}

/** An index as a store of documents. */
export class DatabricksVectorSearch extends VectorStore {
  #fields;
  #search;
  #open;
  #described;

  static lc_name() {
    return "DatabricksVectorSearch";
  }

  constructor(first, second) {
    const [embeddings, fields] = fieldsOf(first, second);
    // what LangChain keeps for inspection holds neither client nor token
    super(embeddings ?? NONE, picked(fields, INDEX));
    this.#fields = fields;
    this.#search = picked(fields, SEARCH);
    const shared = fields[SHARED];
    const clientOnce = shared === undefined ? clientOf(fields) : undefined;
    this.#open = shared?.open ?? lazily(async () => {
      const embedding = embeddings && { embedQuery: (text) => embeddings.embedQuery(text), embedDocuments: (texts) => embeddings.embedDocuments(texts) };
      const [client, data] = await Promise.all([clientOnce(), dataEntry(fields)]);
      const store = await data.DatabricksVectorSearch.create(client, { ...picked(fields, INDEX), embedding });
      const { endpointType } = fields;
      return { store, index: new data.VectorSearch(client).index(fields.indexName, { endpointType, primaryKey: store.index.primaryKey }) };
    });
    this.#described = shared?.described ?? lazily(async () => (await this.#open()).index.get());
  }

  _vectorstoreType() {
    return "databricks";
  }

  /** The index's full name. */
  get indexName() {
    return this.#fields.indexName;
  }

  /** What is known of the index: its kind, key and columns. */
  async describe() {
    return { ...(await this.#open()).store.index };
  }

  async #found(method, what, k, filter) {
    const { store } = await this.#open();
    const key = store.index.primaryKey;
    const found = await store[method](what, { ...this.#search, ...searchOf(k, filter) });
    return found.map((one) => (Array.isArray(one) ? [documentOf(one[0], key), one[1]] : documentOf(one, key)));
  }

  async similaritySearch(query, k, filter) {
    return this.#found("similaritySearch", query, k, filter);
  }

  async similaritySearchWithScore(query, k, filter) {
    return this.#found("similaritySearchWithScore", query, k, filter);
  }

  async similaritySearchVectorWithScore(query, k, filter) {
    return this.#found("similaritySearchByVectorWithScore", query, k, filter);
  }

  async maxMarginalRelevanceSearch(query, options) {
    return this.#found("maxMarginalRelevanceSearch", query, options ?? {});
  }

  async addDocuments(documents, options) {
    const { store } = await this.#open();
    // an index that follows a table is refused before anything is embedded
    await store.addTexts([]);
    if (documents.length === 0) return [];
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    return this.addVectors(vectors, documents, options);
  }

  async addVectors(vectors, documents, options) {
    const { store, index } = await this.#open();
    await store.addTexts([]);
    const ids = options?.ids ?? documents.map(({ id }) => id);
    if (vectors.length !== documents.length || ids.length !== documents.length) {
      throw fail("InvalidInput", `Each document needs one vector and, when ids are given, one id: there are ${documents.length} documents, ${vectors.length} vectors and ${ids.length} ids.`);
    }
    if (documents.length === 0) return [];
    const { primaryKey, textColumn, vectorColumn } = store.index;
    const columns = schemaOf(await this.#described());
    const keys = keysOf(ids.map((id, at) => id ?? documents[at].metadata?.[primaryKey]), columns?.[primaryKey]);
    // an id that was given holds: whoever gave it deletes by it
    const rows = documents.map(({ pageContent, metadata }, at) => ({
      ...columnsOf(metadata, columns), [primaryKey]: keys[at], [textColumn]: pageContent, [vectorColumn]: Array.from(vectors[at]),
    }));
    return (await index.upsert(rows)).writtenKeys;
  }

  /** Deletes documents by their ids: `{ ids }`, or the ids. */
  async delete(params) {
    const ids = Array.isArray(params) ? params : params?.ids;
    if (!Array.isArray(ids)) throw fail("InvalidInput", "delete() needs the ids of the documents: delete({ ids: [\"a\", \"b\"] }).");
    await (await this.#open()).store.delete(ids);
  }

  asRetriever(given, ...more) {
    if (given === null || typeof given !== "object") return super.asRetriever(given, ...more);
    const { searchKwargs, searchType = "similarity", scoreThreshold, ...fields } = given;
    const { k, filter, fetchK, lambda, lambdaMult, score_threshold: threshold, ...search } = searchKwargs ?? {};
    const own = picked({ scoreThreshold: scoreThreshold ?? threshold, ...search }, SEARCH);
    const kinds = ["similarity", "mmr", "similarity_score_threshold"];
    if (!kinds.includes(searchType)) throw fail("InvalidInput", `\`searchType\` must be one of ${kinds.join(", ")}.`);
    if (searchType === kinds[2] && typeof (own.scoreThreshold ?? this.#search.scoreThreshold) !== "number") throw fail("InvalidInput", "`searchType` similarity_score_threshold needs `scoreThreshold`, a number.");
    const mmr = searchType === "mmr";
    const retriever = { ...fields, k: fields.k ?? k, filter: fields.filter ?? filter, searchType: mmr ? "mmr" : "similarity" };
    if (mmr) retriever.searchKwargs = picked({ fetchK, lambda: lambda ?? lambdaMult }, ["fetchK", "lambda"]);
    return super.asRetriever.call(this.#with(own), retriever);
  }

  /** This store with another way to search. */
  #with(search) {
    if (Object.keys(search).length === 0) return this;
    return new DatabricksVectorSearch(this.embeddings, { ...this.#fields, ...search, [SHARED]: { open: this.#open, described: this.#described } });
  }

  /** An existing index, into which texts are written. */
  static async fromTexts(texts, metadatas, embeddings, fields) {
    const list = Array.isArray(metadatas);
    if (list && metadatas.length !== texts.length) throw fail("InvalidInput", "fromTexts() needs one object of metadata for each text, or one for all.");
    return this.fromDocuments(texts.map((pageContent, at) => ({ pageContent, metadata: list ? metadatas[at] : metadatas })), embeddings, fields);
  }

  /** An existing index, into which documents are written. */
  static async fromDocuments(documents, embeddings, fields) {
    const store = new this(embeddings, fields);
    await store.addDocuments(documents, fields?.ids === undefined ? undefined : { ids: fields.ids });
    return store;
  }

  /** An existing index, looked at before it is given. */
  static async fromExistingIndex(embeddings, fields) {
    const store = new this(embeddings, fields);
    await store.describe();
    return store;
  }
}

/** The types of the columns, when the index has told them. */
function schemaOf({ direct_access_index_spec: spec }) {
  const schema = spec?.schema_json;
  if (typeof schema !== "string") return schema ?? undefined;
  try {
    return JSON.parse(schema);
  } catch {
    return undefined;
  }
}
