// Vector search as users write it.

import { WorkspaceClient } from "lakewire";
import { DatabricksVectorSearch, Filter, VectorSearch } from "lakewire/data";
import type { Document, VectorIndex } from "lakewire/data";

const client = new WorkspaceClient({ host: "https://workspace.example", token: "t" });
const search = new VectorSearch(client);

interface Page {
  id: string;
  year: number;
  lang: "en" | "de";
}

export async function makes(signal: AbortSignal): Promise<VectorIndex> {
  await search.createEndpoint({ name: "vs1", endpoint_type: "STANDARD", target_qps: 100 }, { signal });
  const state: string | null | undefined = (await search.waitUntilOnline("vs1", { timeoutMs: 60_000, onProgress: ({ state, elapsedMs }) => void [state, elapsedMs] })).endpoint_status?.state;
  await search.createIndex({
    name: "main.docs.idx", endpoint_name: "vs1", primary_key: "id", index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { embedding_vector_columns: [{ name: "vec", embedding_dimension: 1024 }], schema_json: { id: "string", vec: "array<float>" } },
  });
  await search.createIndex({
    name: "main.docs.synced", endpoint_name: "vs1", primary_key: "id", index_type: "DELTA_SYNC",
    delta_sync_index_spec: { source_table: "main.docs.t", pipeline_type: "TRIGGERED", embedding_source_columns: [{ name: "body", embedding_model_endpoint_name: "e" }] },
  });
  await search.updateEndpoint("vs1", { target_qps: 200 });
  const names: string[] = (await search.listIndexes("vs1")).map(({ name }) => name);
  return search.index(names[0] ?? state ?? "a.b.c", { endpointType: "STORAGE_OPTIMIZED", primaryKey: "id" }).waitUntilReady({ settled: true });
}

export async function finds(): Promise<number> {
  const index = search.index<Page>("main.docs.idx");
  const filters = Filter.eq("lang", "en").and(Filter.gte("year", 2021), Filter.not(Filter.in("id", ["a", "b"]))).or(Filter.lt("seen", new Date()));
  const found = await index.query({ columns: ["id", "year"], query_text: "q", filters, num_results: 5, query_type: "HYBRID", reranker: { model: "databricks_reranker", parameters: { columns_to_rerank: ["id"] } } });
  let sum = 0;
  for (const { id, year, score } of found.rows) sum += id.length + year + score;
  const next = await index.nextPage(found);
  sum += next?.rows[0]?.year ?? 0;
  for await (const row of index.queryRows({ columns: ["lang"], query_vector: Float32Array.of(1, 2), filters: { lang: ["en"] } })) sum += row.lang === "en" ? row.score : 0;
  for await (const row of index.scan({ pageSize: 10, after: "k" })) sum += row.year;
  for await (const row of search.index("a.b.c").queryRows({ columns: ["x"], query_text: "q", filters: "x = 1" })) sum += typeof row.x === "number" ? row.x : row.score;
  const report = await index.upsert([{ id: "a" }], { batchRows: 10, batchBytes: 1000 });
  if (!report.isComplete) sum += (await report.resend()).failedKeys.length;
  for (const { status, start, end } of (await index.upsertSettled([])).batches) sum += status === "unknown" ? end - start : 0;
  const gone: string[] = (await index.deleteRows(["a", 7])).writtenKeys;
  return sum + gone.length + filters.toFiltersJson().length + filters.toFilterString().length;
}

export async function stores(): Promise<string> {
  const store = await DatabricksVectorSearch.create(client, { indexName: "main.docs.idx", embedding: client.embeddings("e"), textColumn: "body", columns: ["lang"], includeScore: true });
  await DatabricksVectorSearch.create(client, { indexName: "a.b.c", embedding: { embedQuery: async () => [1], embedDocuments: async (texts) => texts.map(() => [1]) }, textColumn: "body" });
  const documents: Document[] = await store.similaritySearch("q", { k: 3, filter: Filter.eq("lang", "en"), queryType: "HYBRID" });
  const scored: [Document, number][] = await store.similaritySearchWithScore("q");
  const varied = await store.maxMarginalRelevanceSearch("q", { k: 3, fetchK: 30, lambdaMult: 0.3 });
  const ids: string[] = await store.addTexts(["one"], { ids: ["x"], metadatas: [{ lang: "en" }] });
  const retrieved = await store.asRetriever({ searchType: "mmr", k: 2 }).invoke("q");
  const run = await client.chat("m").runTools("q", { tools: [await store.asTool({ dynamicFilter: true, numResults: 3 })] });
  const kind: "managed" | "self_managed" | "direct_access" = store.index.kind;
  return [...documents, ...varied, ...retrieved].map(({ page_content }) => page_content).join() + String(scored[0]?.[1]) + ids.join() + run.answer.text + kind;
}
