// LangChain's DatabricksVectorSearch: an index as a store of documents, a retriever and a tool of a chat.

import { mmr_pick } from "../core.js";
import { fail } from "../errors.js";
import { direct } from "../guard.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";
import { SPAN, kept, operations, pure } from "./base.js";
import { chatTool } from "./chat-tool.js";
import { parseExact, writeExact } from "./exact.js";
import { numbers, VectorSearch } from "./vector-search.js";

const STORE = ["indexName", "embedding", "textColumn", "columns", "docUri", "primaryKey", "includeScore", "reranker", "endpointType"];
const SEARCH = ["k", "filter", "queryType", "reranker", "scoreThreshold", "query", "fetchK", "lambdaMult"];
const OWN = Symbol();

/** The named options, the options of a call, and no others. */
function split(options, names, what) {
  const [own, rest] = take(options, names, what);
  const [stranger] = Object.keys(rest).filter((name) => !["signal", "timeouts", "headers", "maxAttempts"].includes(name));
  if (stranger !== undefined) throw fail("InvalidInput", `${what} have no \`${stranger}\`: they are ${names.join(", ")}.`);
  return [own, kept(options, rest)];
}

function whole(number, name) {
  if (Number.isInteger(number) && number >= 1) return number;
  throw fail("InvalidInput", `\`${name}\` must be a whole number, 1 or more.`);
}

/** An index as a store of documents; made by `DatabricksVectorSearch.create(client, options)`. */
export class DatabricksVectorSearch {
  #send;
  #index;
  #described;
  #options;
  #embedding;
  #reranker;
  #plan;

  constructor(key, parts) {
    if (key !== OWN) throw fail("InvalidInput", "A DatabricksVectorSearch is made by DatabricksVectorSearch.create(client, { indexName }).");
    [this.#send, this.#index, this.#described, this.#options, this.#embedding, this.#reranker, this.#plan] = parts;
  }

  /** Looks at the index and checks that the options go with its kind. */
  static async create(client, given) {
    const [{ indexName, embedding, textColumn, columns, docUri, primaryKey, includeScore, reranker, endpointType }, scope] = split(given, STORE, "The options of a store");
    const send = operations(client);
    const search = new VectorSearch(client);
    const { text: described } = await send.send("vector.getIndex", [indexName], scope);
    const options = writeJson({ text_column: textColumn, columns, doc_uri: docUri, primary_key: primaryKey, include_score: includeScore, has_embedding: embedding !== undefined && embedding !== null }, "The options of a store");
    const plan = pure("vector.plan", described, options);
    const index = search.index(indexName, { endpointType, primaryKey: plan[1] });
    const store = new DatabricksVectorSearch(OWN, [send, index, described, options, embedding, reranker, plan]);
    if (embedding) pure("vector.dimension", described, options, String((await embedding.embedQuery("test", scope)).length));
    return store;
  }

  /** What is known of the index. */
  get index() {
    const [kind, key, text, vector, source] = this.#plan;
    return { name: this.#index.name, kind, primaryKey: key, textColumn: text, vectorColumn: vector, sourceTable: source };
  }

  #step(name, ...args) {
    return pure(`vector.${name}`, this.#described, this.#options, ...args);
  }

  /** The documents nearest to a text. */
  async similaritySearch(query, options) {
    return (await this.similaritySearchWithScore(query, options)).map(([document]) => document);
  }

  /** A search that whoever watches is told of; what it embeds and asks stands beneath it. */
  #told(query, search, scope, find) {
    const { name } = this.#index;
    return this.#send.watch({ kind: "RETRIEVER", sends: false, name: `search ${name}`, get inputs() { return { query, ...search }; } }, scope, find);
  }

  /** The documents nearest to a text, with their scores. */
  async similaritySearchWithScore(query, options) {
    const [search, scope] = split(options, SEARCH, "The options of a search");
    if (typeof query !== "string") throw fail("InvalidInput", "A search needs a text to find.");
    return this.#told(query, search, scope, async (own) => {
      const vector = this.#step("embeds", search.queryType) ? await this.#embedding.embedQuery(query, own) : undefined;
      return this.#scored(await this.#found("text", { ...search, query }, vector, search.k ?? 4, own));
    });
  }

  /** The documents nearest to a vector. */
  async similaritySearchByVector(vector, options) {
    return (await this.similaritySearchByVectorWithScore(vector, options)).map(([document]) => document);
  }

  /** The documents nearest to a vector, with their scores. */
  async similaritySearchByVectorWithScore(vector, options) {
    const [search, scope] = split(options, SEARCH, "The options of a search");
    return this.#told(search.query, search, scope, async (own) => this.#scored(await this.#found("vector", search, vector, search.k ?? 4, own)));
  }

  /** Documents near a text that differ from each other, in the order they were picked. */
  async maxMarginalRelevanceSearch(query, options) {
    const [search, scope] = split(options, SEARCH, "The options of a search");
    // before a text is embedded in vain
    this.#step("request", '{"by":"mmr","query":"","vector":[]}');
    return this.#told(query, search, scope, async (own) => this.#picked({ ...search, query }, await this.#embedding.embedQuery(query, own), own));
  }

  /** Documents near a vector that differ from each other, in the order they were picked. */
  async maxMarginalRelevanceSearchByVector(vector, options) {
    const [search, scope] = split(options, SEARCH, "The options of a search");
    return this.#told(search.query, search, scope, (own) => this.#picked(search, vector, own));
  }

  /** The rows of a search. */
  async #found(by, { query, queryType, filter, scoreThreshold, reranker = this.#reranker }, vector, k, scope) {
    const search = { by, query, vector: vector === undefined ? undefined : Array.from(numbers(vector)), k: whole(k, "k"), query_type: queryType, filters: filter, score_threshold: scoreThreshold, reranker };
    const request = parseExact(this.#step("request", writeExact(search, "The search")));
    const rows = [];
    // a page may hold fewer than were asked for, and name a next one
    for await (const row of this.#index.queryRows(request, scope)) if (rows.push(row) >= k) break;
    return rows;
  }

  #documents(rows) {
    return parseExact(this.#step("documents", writeExact(rows, "The rows")));
  }

  #scored(rows) {
    return this.#documents(rows).map((document, at) => {
      const { score } = rows[at];
      if (typeof score !== "number") throw fail("Decode", "A row of the answer has no score.");
      return [document, score];
    });
  }

  async #picked(search, vector, scope) {
    const rows = await this.#found("mmr", search, vector, search.fetchK ?? 20, scope);
    const documents = this.#documents(rows);
    const column = this.#plan[3];
    const vectors = new Float32Array(rows.length * vector.length);
    rows.forEach((row, at) => {
      if (row[column]?.length !== vector.length) throw fail("Decode", "A row of the answer has no vector as long as the question's.");
      vectors.set(Array.from(row[column], Number), at * vector.length);
    });
    const picked = direct(() => mmr_pick(Float32Array.from(vector), vectors, whole(search.k ?? 4, "k"), search.lambdaMult ?? 0.5));
    return Array.from(picked, (place) => documents[place]);
  }

  /** Embeds texts and writes them with their metadata; gives the ids that were written. */
  async addTexts(given, options) {
    const [{ metadatas, ids }, scope] = split(options, ["metadatas", "ids"], "The options of addTexts()");
    this.#step("writable", "add_texts");
    const texts = [...given];
    const keys = ids === undefined ? texts.map(() => crypto.randomUUID()) : [...ids];
    if (keys.length !== texts.length || (metadatas !== undefined && metadatas.length !== texts.length)) {
      throw fail("InvalidInput", "addTexts() needs one id and one object of metadata for each text, or none at all.");
    }
    if (texts.length === 0) return [];
    const vectors = [...(await this.#embedding.embedDocuments(texts, scope))];
    if (vectors.length !== texts.length) throw fail("Decode", `The embedding model gave ${vectors.length} vectors for ${texts.length} texts.`);
    const [, key, textColumn, vectorColumn] = this.#plan;
    const rows = texts.map((text, at) => ({ [key]: keys[at], [textColumn]: text, [vectorColumn]: Array.from(numbers(vectors[at])), ...metadatas?.[at] }));
    return (await this.#index.upsert(rows, scope)).writtenKeys;
  }

  /** Deletes documents by their ids. */
  async delete(ids, options) {
    this.#step("writable", "delete");
    if (ids === undefined || ids === null) throw fail("InvalidInput", "delete() needs the ids of the documents.");
    await this.#index.deleteRows(ids, options);
    return true;
  }

  /** The store as a retriever with one way to search: anything with `invoke` is a step of a chain. */
  asRetriever(options) {
    const [{ searchType = "similarity", ...search }, scope] = split(options, ["searchType", ...SEARCH], "The options of a retriever");
    const kinds = ["similarity", "mmr", "similarity_score_threshold"];
    if (!kinds.includes(searchType)) throw fail("InvalidInput", `\`searchType\` must be one of ${kinds.join(", ")}.`);
    if (searchType === kinds[2] && typeof search.scoreThreshold !== "number") throw fail("InvalidInput", "`searchType` similarity_score_threshold needs `scoreThreshold`, a number.");
    const find = searchType === "mmr" ? "maxMarginalRelevanceSearch" : "similaritySearch";
    // it tells of itself: in a chain its search is the step
    return { [SPAN]: this.#send.watching, invoke: (query, more) => this[find](query, { ...scope, ...search, ...more }) };
  }

  /** The store as a tool for `chat.runTools`. The model reads the documents as JSON. */
  async asTool(options) {
    const [{ name, description, dynamicFilter, numResults = 5, filters, queryType, reranker, scoreThreshold }, scope] = split(
      options, ["name", "description", "dynamicFilter", "numResults", "filters", "queryType", "reranker", "scoreThreshold"], "The options of a tool",
    );
    if (dynamicFilter && filters !== undefined) throw fail("InvalidInput", "`dynamicFilter` leaves the filters to the model: do not set `filters` as well.");
    const dynamic = dynamicFilter ? "yes" : undefined;
    const definition = { name: pure("vector.toolName", this.#index.name, name), description, parameters: JSON.parse(pure("vector.toolParameters", dynamic)) };
    definition.description ??= await this.#toolText(dynamic, scope);
    return chatTool(definition, async (args, { signal, ...context } = {}) => {
      const [query, asked] = pure("vector.toolArguments", writeJson(args, "The arguments"), dynamic);
      const filter = asked === undefined ? filters : JSON.parse(asked);
      const found = await this.similaritySearch(query, { ...kept(context, scope), signal: signal ?? scope.signal, k: numResults, filter, queryType, reranker, scoreThreshold });
      // tool results are plain JSON, where a model would lose digits as JavaScript does
      return JSON.parse(JSON.stringify(found, (_, value) => (typeof value === "bigint" ? `${value}` : value)));
    });
  }

  async #toolText(dynamic, scope) {
    let table;
    try {
      table = (await this.#send.send("vector.table", [this.#index.name], scope)).text;
    } catch (thrown) {
      // the model cannot filter by columns it is not told of
      if (dynamic) throw thrown;
    }
    return pure("vector.toolText", this.#described, table);
  }
}
