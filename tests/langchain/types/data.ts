// The declarations of stores, databases, tools and callbacks against LangChain.js's own types.

import type { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { DocumentInterface } from "@langchain/core/documents";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseRetriever } from "@langchain/core/retrievers";
import type { BaseToolkit, StructuredToolInterface } from "@langchain/core/tools";
import type { VectorStore, VectorStoreInterface, VectorStoreRetriever } from "@langchain/core/vectorstores";
import { SqlToolkit, createSqlAgent } from "@langchain/classic/agents/toolkits/sql";
import { createRetrievalChain } from "@langchain/classic/chains/retrieval";
import { SqlDatabaseChain, createSqlQueryChain } from "@langchain/classic/chains/sql_db";
import { InfoSqlTool, QuerySqlTool } from "@langchain/classic/tools/sql";
import { SelfQueryRetriever } from "@langchain/classic/retrievers/self_query";
import { createAgent } from "langchain";
import { WorkspaceClient } from "lakewire";
import { Filter } from "lakewire/data";
import { MlflowTracing } from "lakewire/mlflow";
import { DatabricksFunctionClient, DatabricksVectorSearch, DatabricksVectorSearchTranslator, MlflowCallbackHandler, MlflowTracer, SqlDatabase, UCFunctionToolkit, VectorSearchRetrieverTool } from "lakewire/langchain";

declare const embeddings: EmbeddingsInterface;
declare const model: BaseChatModel;
declare const combine: Parameters<typeof createRetrievalChain>[0]["combineDocsChain"];
const client = new WorkspaceClient({ host: "https://w.example", token: "t" });

const store: VectorStore = new DatabricksVectorSearch(embeddings, { client, indexName: "a.b.c", textColumn: "body" });
const own = new DatabricksVectorSearch({ relay: "/api/lakewire", indexName: "a.b.c" });
const seen: VectorStoreInterface = own;
const retriever: VectorStoreRetriever<DatabricksVectorSearch> = own.asRetriever({ k: 2, filter: Filter.eq("lang", "en"), searchType: "mmr", searchKwargs: { lambda: 0.2, fetchK: 9 } });
const base: BaseRetriever = own.asRetriever(3, { lang: "en" });
const documents: DocumentInterface[] = await own.similaritySearch("q", { k: 2, queryType: "HYBRID", scoreThreshold: 0.3 });
const scored: [DocumentInterface, number][] = await store.similaritySearchWithScore("q", 2, "lang = 'en'");
const ids: string[] = await own.addDocuments(documents, { ids: ["a", 2n] });
await own.delete({ ids });
const { answer } = await (await createRetrievalChain({ retriever, combineDocsChain: combine })).invoke({ input: "q" });
const more: VectorStore = await DatabricksVectorSearch.fromTexts(["a"], [{}], embeddings, { client, indexName: "a.b.c", textColumn: "body", ids: ["a"] });
const selfQuery = SelfQueryRetriever.fromLLM({ llm: model, vectorStore: own, documentContents: "d", attributeInfo: [], structuredQueryTranslator: new DatabricksVectorSearchTranslator() });
// @ts-expect-error an index has a name
new DatabricksVectorSearch(embeddings, { client });
// @ts-expect-error no such way to search
own.asRetriever({ searchType: "best" });
// @ts-expect-error no such option
await own.similaritySearch("q", { limit: 3 });

const db = await SqlDatabase.fromDatabricks({ client, catalog: "c", schema: "s", warehouseId: "w", readOnly: true });
const executor = createSqlAgent(model, new SqlToolkit(db, model));
const chain = await createSqlQueryChain({ llm: model, db, dialect: "sqlite" });
const tools: StructuredToolInterface[] = [new QuerySqlTool(db), new InfoSqlTool(db)];
const asked = new SqlDatabaseChain({ llm: model, database: db });
const rows: string = await db.run("SELECT 1", "one");
// @ts-expect-error a schema is needed
await SqlDatabase.fromDatabricks({ client, catalog: "c" });
// @ts-expect-error it is made by fromDatabricks()
new SqlDatabase({});

const toolkit: BaseToolkit = await UCFunctionToolkit.create({ client, functionNames: ["c.s.*"], warehouseId: "w" });
const search = new VectorSearchRetrieverTool({ client, indexName: "a.b.c", toolDescription: "d", numResults: 3 });
const agent = createAgent({ model, tools: [search] });
createAgent({ model, tools: (await UCFunctionToolkit.create({ client, functionNames: [], warehouseId: "w" })).tools });
const { value } = await new DatabricksFunctionClient({ client, warehouseId: "w" }).executeFunction("c.s.f", { a: 1 });
// @ts-expect-error functions run on a warehouse
await UCFunctionToolkit.create({ client, functionNames: [] });

const handlers: BaseCallbackHandler[] = [
  new MlflowCallbackHandler({ client, experiment: "/e", tags: { a: "b" } }),
  await MlflowTracer.create({ client, experimentName: "/e", redact: () => null }),
  new MlflowTracer({ tracing: new MlflowTracing(client, { experimentName: "/e" }), tokens: true }),
];
await agent.invoke({ messages: "hi" }, { callbacks: handlers });
// @ts-expect-error a tracer needs a tracing
new MlflowTracer({});

export { answer, asked, base, chain, executor, more, retriever, rows, scored, seen, selfQuery, toolkit, tools, value };
