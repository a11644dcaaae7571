// DatabricksVectorSearch, by itself and under LangChain.js's own splitters, retrievers, chains and agents.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { Document } from "@langchain/core/documents";
import { index as indexed } from "@langchain/core/indexing";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { Comparators, Comparison, Operation, Operators, StructuredQuery } from "@langchain/core/structured_query";
import { VectorStore, VectorStoreRetriever } from "@langchain/core/vectorstores";
import { createStuffDocumentsChain } from "@langchain/classic/chains/combine_documents";
import { createRetrievalChain } from "@langchain/classic/chains/retrieval";
import { ParentDocumentRetriever } from "@langchain/classic/retrievers/parent_document";
import { ScoreThresholdRetriever } from "@langchain/classic/retrievers/score_threshold";
import { createRetrieverTool } from "@langchain/classic/tools/retriever";
import { SelfQueryRetriever } from "@langchain/classic/retrievers/self_query";
import { InMemoryStore } from "@langchain/core/stores";
import { createAgent } from "langchain";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { WorkspaceClient } from "lakewire";
import { Filter, VectorSearch } from "lakewire/data";
import { ChatDatabricks, DatabricksEmbeddings, DatabricksVectorSearch, DatabricksVectorSearchTranslator } from "lakewire/langchain";
import { llama, token, workspace } from "./setup.mjs";

const client = new WorkspaceClient(workspace);
const search = new VectorSearch(client);
const embedding = new DatabricksEmbeddings({ client, endpoint: "databricks-gte-large-en" });
const made = [];

/** A new Direct Access index, deleted after the tests. */
async function index(schema, key = "id") {
  const name = `main.default.langchain_${randomUUID().replaceAll("-", "")}`;
  await search.createIndex({
    name, endpoint_name: "emulator-vs", primary_key: key, index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { schema_json: { vec: "array<float>", ...schema }, embedding_vector_columns: [{ name: "vec", embedding_dimension: (await embedding.embedQuery("test")).length }] },
  });
  made.push(name);
  await search.index(name).waitUntilReady();
  return name;
}

const TEXTS = ["The office dog is called Bilbo.", "Rain falls in Oslo on most days.", "Bilbo the office dog sleeps under the desk.", "The cafeteria opens at eight."];
const LANGS = ["en", "en", "de", "en"];
let indexName;
let store;

before(async () => {
  indexName = await index({ id: "string", body: "string", lang: "string" });
  store = new DatabricksVectorSearch(embedding, { client, indexName, textColumn: "body", columns: ["lang"] });
  const ids = await store.addDocuments(TEXTS.map((pageContent, at) => new Document({ pageContent, metadata: { lang: LANGS[at] }, id: `k${at}` })));
  assert.deepEqual(ids, ["k0", "k1", "k2", "k3"]);
});
after(async () => {
  for (const name of made) await search.index(name).delete();
});

test("a search gives LangChain's documents, with ids, metadata and scores", async () => {
  assert.ok(store instanceof VectorStore);
  const found = await store.similaritySearch("What is the office dog called?", 2);
  assert.ok(found.every((one) => one instanceof Document));
  assert.deepEqual(found.map(({ id }) => id).sort(), ["k0", "k2"]);
  assert.deepEqual(found.find(({ id }) => id === "k2").metadata, { id: "k2", lang: "de" });
  const scored = await store.similaritySearchWithScore("What is the office dog called?", 4);
  assert.equal(scored.length, 4);
  assert.ok(scored.every(([, score], at) => at === 0 || scored[at - 1][1] >= score));
  const vector = await embedding.embedQuery("What is the office dog called?");
  assert.deepEqual(await store.similaritySearchVectorWithScore(vector, 4), scored);
});

test("filters, hybrid search and thresholds go with a call, a retriever or the store", async () => {
  assert.deepEqual((await store.similaritySearch("the office dog", 4, { lang: "de" })).map(({ id }) => id), ["k2"]);
  assert.deepEqual((await store.similaritySearch("the office dog", { k: 1, filter: { lang: "de" }, queryType: "HYBRID" })).map(({ id }) => id), ["k2"]);
  const [[, best], [, second]] = await store.similaritySearchWithScore("office dog Bilbo", 2);
  const between = (best + second) / 2;
  assert.equal((await store.asRetriever({ searchType: "similarity_score_threshold", scoreThreshold: between }).invoke("office dog Bilbo")).length, 1);
  assert.equal((await new DatabricksVectorSearch(embedding, { client, indexName, textColumn: "body", scoreThreshold: between }).similaritySearch("office dog Bilbo")).length, 1);
  const own = store.asRetriever({ k: 4, filter: { lang: "en" }, searchKwargs: { queryType: "HYBRID" } });
  assert.ok(own instanceof VectorStoreRetriever);
  assert.deepEqual((await own.invoke("office dog")).map(({ metadata }) => metadata.lang), ["en", "en", "en"]);
});

test("MMR picks documents that differ, by itself and in a retriever", async () => {
  const [first, second] = await store.maxMarginalRelevanceSearch("the office dog Bilbo", { k: 2, fetchK: 4, lambda: 0 });
  assert.match(first.pageContent, /Bilbo/);
  assert.doesNotMatch(second.pageContent, /Bilbo/);
  const retriever = store.asRetriever({ k: 2, searchType: "mmr", searchKwargs: { fetchK: 4, lambda: 0 } });
  assert.deepEqual((await retriever.invoke("the office dog Bilbo")).map(({ id }) => id), [first.id, second.id]);
});

test("fromTexts writes into an existing index, delete takes out, whole numbers are keys", async () => {
  const name = await index({ id: "long", body: "string" });
  const fields = { client, indexName: name, textColumn: "body" };
  const texts = await DatabricksVectorSearch.fromTexts(["one lake", "two lakes"], [{ id: 7 }, { id: 8 }], embedding, { ...fields, ids: ["7", "9007199254740993"] });
  const ids = async () => (await texts.similaritySearch("lake", 4)).map(({ id }) => id).sort();
  // an id that is given holds before what metadata says, which holds where none is given
  assert.deepEqual(await ids(), ["7", "9007199254740993"]);
  const [long] = await texts.similaritySearch("two lakes", 1);
  assert.deepEqual(await texts.addDocuments([new Document({ pageContent: "three", metadata: { id: 8 } }), new Document({ ...long, pageContent: "a long key" })]), ["8", "9007199254740993"]);
  assert.deepEqual(await ids(), ["7", "8", "9007199254740993"]);
  assert.equal(JSON.parse(JSON.stringify(await texts.similaritySearch("a long key", 1)))[0].metadata.id, "9007199254740993");
  await texts.delete({ ids: ["7", "9007199254740993"] });
  assert.deepEqual(await ids(), ["8"]);
  await assert.rejects(texts.addDocuments([new Document({ pageContent: "no key" })]), /whole numbers/);
  const again = await DatabricksVectorSearch.fromExistingIndex(embedding, fields);
  assert.deepEqual((await again.similaritySearch("lakes")).map(({ pageContent }) => pageContent), ["three"]);
});

test("what text splitters make is stored; the lines they tell of have no column", async () => {
  const name = await index({ id: "string", body: "string", source: "string" });
  const chunks = await new RecursiveCharacterTextSplitter({ chunkSize: 40, chunkOverlap: 0 }).createDocuments([TEXTS.join(" ")], [{ source: "office.txt" }]);
  assert.ok(chunks.length > 3 && chunks[0].metadata.loc !== undefined);
  const filled = await DatabricksVectorSearch.fromDocuments(chunks, embedding, { client, indexName: name, textColumn: "body", columns: ["source"] });
  const [found] = await filled.similaritySearch("What is the office dog called?", 1);
  assert.deepEqual(Object.keys(found.metadata).sort(), ["id", "source"]);
  assert.equal(found.metadata.source, "office.txt");
});

test("LangChain's retrieval chain answers from the index", async () => {
  const model = new ChatDatabricks({ client, endpoint: llama });
  const prompt = ChatPromptTemplate.fromMessages([["system", "Use only this text. {context}"], ["human", "{input}"]]);
  const combineDocsChain = await createStuffDocumentsChain({ llm: model, prompt });
  const chain = await createRetrievalChain({ retriever: store.asRetriever({ k: 2 }), combineDocsChain });
  const { answer, context } = await chain.invoke({ input: "What is the office dog called?" });
  assert.match(answer, /Bilbo/);
  assert.equal(context.length, 2);
  const words = [];
  for await (const piece of await chain.stream({ input: "What is the office dog called?" })) if (piece.answer) words.push(piece.answer);
  assert.match(words.join(""), /Bilbo/);
  const lcel = RunnableSequence.from([{ context: store.asRetriever(2).pipe((found) => found.map(({ pageContent }) => pageContent).join("\n")), input: new RunnablePassthrough() }, prompt, model, new StringOutputParser()]);
  assert.match(await lcel.invoke("What is the office dog called?"), /Bilbo/);
});

test("LangChain's retrievers that hold a store work on it", async () => {
  const threshold = ScoreThresholdRetriever.fromVectorStore(store, { minSimilarityScore: 0.01, maxK: 4, kIncrement: 2 });
  assert.equal((await threshold.invoke("the office dog")).length, 4);
  const name = await index({ id: "string", body: "string", doc_id: "string" });
  const parents = new ParentDocumentRetriever({
    vectorstore: new DatabricksVectorSearch(embedding, { client, indexName: name, textColumn: "body", columns: ["doc_id"] }), byteStore: new InMemoryStore(), parentK: 1, idKey: "doc_id",
    childSplitter: new RecursiveCharacterTextSplitter({ chunkSize: 40, chunkOverlap: 0 }),
  });
  await parents.addDocuments([new Document({ pageContent: TEXTS.slice(0, 2).join(" ") }), new Document({ pageContent: TEXTS[3] })]);
  assert.deepEqual((await parents.invoke("What is the office dog called?")).map(({ pageContent }) => pageContent), [TEXTS.slice(0, 2).join(" ")]);
});

test("LangChain's self-query retriever searches with the filters a model wrote, and the app's hold", async () => {
  const wrote = { filter: undefined };
  const found = async (searchParams, vectorStore = store) => {
    const queryConstructor = new RunnableLambda({ func: ({ query }) => new StructuredQuery(query, wrote.filter) });
    const retriever = new SelfQueryRetriever({ vectorStore, queryConstructor, structuredQueryTranslator: new DatabricksVectorSearchTranslator(), searchParams: { k: 4, ...searchParams } });
    return (await retriever.invoke("the office dog")).map(({ id }) => id).sort();
  };
  const is = (lang) => new Comparison(Comparators.eq, "lang", lang);
  wrote.filter = is("de");
  assert.deepEqual(await found(), ["k2"]);
  wrote.filter = new Operation(Operators.or, [is("de"), new Comparison(Comparators.eq, "id", "k0")]);
  assert.deepEqual(await found(), ["k0", "k2"]);
  // a tenant's filter is no matter of the model's
  assert.deepEqual(await found({ filter: Filter.eq("lang", "en") }), ["k0"]);
  wrote.filter = undefined;
  assert.deepEqual(await found({ filter: Filter.eq("lang", "en") }), ["k0", "k1", "k3"]);
  wrote.filter = new Operation(Operators.not, [is("en")]);
  assert.deepEqual(await found(), ["k2"]);
  wrote.filter = is("de");
  await assert.rejects(found({ filter: { lang: "en" } }), /must be a `Filter`/);
  assert.throws(() => new DatabricksVectorSearchTranslator({ allowedComparators: [Comparators.lt] }).visitComparison(is("de")), /not allowed/);
});

test("LangChain's indexing keeps the index in step with its documents", async () => {
  const name = await index({ id: "string", body: "string", source: "string" });
  const filled = new DatabricksVectorSearch(embedding, { client, indexName: name, textColumn: "body", columns: ["source"] });
  const held = new Map();
  let now = 0;
  /** LangChain's interface of a record manager, in memory. */
  const recordManager = {
    createSchema: async () => {}, getTime: async () => (now += 1),
    update: async (keys, given) => keys.forEach((key, at) => held.set(key, { at: now, group: given?.groupIds?.[at] ?? held.get(key)?.group })),
    exists: async (keys) => keys.map((key) => held.has(key)),
    listKeys: async ({ before, groupIds }) => [...held].filter(([, { at, group }]) => at < before && (groupIds ?? [group]).includes(group)).map(([key]) => key),
    deleteKeys: async (keys) => keys.forEach((key) => held.delete(key)),
  };
  const bring = (texts) => indexed({ docsSource: texts.map((pageContent) => new Document({ pageContent, metadata: { source: "office" } })), recordManager, vectorStore: filled, options: { cleanup: "full", sourceIdKey: "source" } });
  const counts = ({ numAdded, numDeleted, numSkipped }) => [numAdded, numDeleted, numSkipped];
  assert.deepEqual(counts(await bring(TEXTS)), [4, 0, 0]);
  assert.deepEqual(counts(await bring(TEXTS.slice(0, 3))), [0, 1, 3]);
  assert.deepEqual((await filled.similaritySearch("the cafeteria", 9)).map(({ pageContent }) => pageContent).sort(), TEXTS.slice(0, 3).sort());
});

test("an agent answers through LangChain's retriever tool; an aborted search ends", async () => {
  const retrieverTool = createRetrieverTool(store.asRetriever(2), { name: "search_office", description: "Search documents about the office." });
  const agent = createAgent({ model: new ChatDatabricks({ client, endpoint: llama }), tools: [retrieverTool] });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "Search the documents: what is the office dog called?" }] });
  assert.deepEqual(messages.map((message) => message.getType()), ["human", "ai", "tool", "ai"]);
  assert.match(messages.at(-1).text, /Bilbo/);
  await assert.rejects(store.similaritySearch("dog", { k: 1, signal: AbortSignal.abort() }), (error) => error.kind === "Cancelled");
});

test("an index that computes embeddings needs none, and refuses what it cannot do", async () => {
  const calls = [];
  const answer = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
  const fetch = async (url, init) => {
    calls.push(new URL(url).pathname);
    if (init.method === "GET") return answer({ name: "a.b.c", primary_key: "id", index_type: "DELTA_SYNC", delta_sync_index_spec: { source_table: "a.b.t", embedding_source_columns: [{ name: "body", embedding_model_endpoint_name: "e" }] } });
    const { query_text, columns } = JSON.parse(await new Response(init.body).text());
    assert.equal(query_text, "q");
    return answer({ manifest: { columns: [...columns, "score"].map((name) => ({ name })) }, result: { data_array: [columns.map((name) => `${name} 1`).concat(0.5)] } });
  };
  const managed = new DatabricksVectorSearch({ ...workspace, fetch, indexName: "a.b.c" });
  assert.deepEqual(calls, []);
  const [[found, score]] = await managed.similaritySearchWithScore("q", 1);
  assert.deepEqual([found.pageContent, found.id, score], ["body 1", "id 1", 0.5]);
  assert.equal((await managed.asRetriever(1).invoke("q"))[0].pageContent, "body 1");
  const before = calls.length;
  await assert.rejects(managed.addDocuments([new Document({ pageContent: "x" })]), /Delta|source|table|sync/i);
  await assert.rejects(managed.maxMarginalRelevanceSearch("q", { k: 1 }));
  await assert.rejects(managed.similaritySearchVectorWithScore([1, 2], 1));
  assert.equal(calls.length, before, "nothing was sent for what is refused");
});

test("secrets stand neither in what is inspected nor in what is serialised", async () => {
  const secret = "dapi-very-secret";
  const one = new DatabricksVectorSearch(embedding, { host: workspace.host, token: secret, indexName, textColumn: "body" });
  const texts = [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one), inspect(one.asRetriever(), { depth: 9, showHidden: true }), JSON.stringify(one.asRetriever())];
  for (const text of texts) assert.doesNotMatch(text, new RegExp(secret));
  assert.ok(!JSON.stringify(store).includes(token));
});

test("bad fields are refused with a sentence", async () => {
  assert.throws(() => new DatabricksVectorSearch(embedding, {}), /needs `indexName`/);
  assert.throws(() => store.asRetriever({ searchType: "best" }), /must be one of/);
  assert.throws(() => store.asRetriever({ searchType: "similarity_score_threshold" }), /needs `scoreThreshold`/);
  await assert.rejects(store.delete(), /needs the ids/);
  await assert.rejects(store.addVectors([[1]], []), /one vector/);
});
