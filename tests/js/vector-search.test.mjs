// Vector search in lakewire/data, over a scripted fetch.

import assert from "node:assert/strict";
import test from "node:test";
import { asksFor, completion, failure, json, refusal, scripted, withClock } from "./fakes.mjs";
import { entry } from "./package.mjs";

const { DatabricksVectorSearch, Filter, VectorSearch } = await import(entry("./data"));

const DIRECT = {
  name: "a.b.c", primary_key: "id", index_type: "DIRECT_ACCESS",
  direct_access_index_spec: { embedding_vector_columns: [{ name: "vec", embedding_dimension: 2 }], schema_json: '{"id":"string","body":"string","vec":"array<float>","url":"string"}' },
};
const MANAGED = {
  name: "a.b.c", primary_key: "id", index_type: "DELTA_SYNC",
  delta_sync_index_spec: { source_table: "a.b.t", embedding_source_columns: [{ name: "body", embedding_model_endpoint_name: "e" }] },
};
const embedding = { embedQuery: async () => Float32Array.of(1, 0.1), embedDocuments: async (texts) => texts.map(() => [0.5, 0.5]) };

function at(answers, options) {
  const { client, calls } = scripted(answers);
  return { client, calls, search: new VectorSearch(client), index: new VectorSearch(client).index("a.b.c", options) };
}

const page = (columns, data_array, next_page_token) => json({ manifest: { columns: columns.map((name) => ({ name })) }, result: { data_array }, next_page_token });
const wrote = (success_row_count, failed_primary_keys = []) => json({ status: failed_primary_keys.length ? "PARTIAL_SUCCESS" : "SUCCESS", result: { success_row_count, failed_primary_keys } });
const rows = (count) => Array.from({ length: count }, (_, at) => ({ id: `k${at}` }));

test("rows come page by page, in both spellings", async () => {
  const { index, calls } = at([page(["id", "score"], [["a", 0.9]], "t1"), json({ result: { dataArray: [["b", "0.8"]] }, nextPageToken: "" })]);
  const found = [];
  for await (const row of index.queryRows({ columns: ["id"], query_text: "q", filters: Filter.eq("lang", "en") })) found.push(row);
  assert.deepEqual(found, [{ id: "a", score: 0.9 }, { id: "b", score: 0.8 }]);
  assert.equal(calls[0].json.filters_json, '{"lang":"en"}');
  assert.deepEqual(calls[1].json, { page_token: "t1" });
});

test("filters are rendered for the endpoint's kind, and refused where it cannot say them", async () => {
  const filter = Filter.in("lang", ["en", "de"]).and(Filter.gte("t", new Date(0)), Filter.not(Filter.lt("year", 2021)));
  assert.equal(filter.toFiltersJson(), '{"lang":["en","de"],"t >=":"1970-01-01T00:00:00.000Z","year >=":2021}');
  assert.equal(filter.toFilterString(), "lang IN ('en', 'de') AND t >= TO_TIMESTAMP('1970-01-01T00:00:00.000Z') AND year >= 2021");
  const { index, calls } = at([page(["score"], [])], { endpointType: "STORAGE_OPTIMIZED" });
  await index.query({ columns: ["id"], query_text: "q", filters: Filter.eq("a", "x' OR 1=1") });
  assert.equal(calls[0].json.filter_string, "a = 'x'' OR 1=1'");
  await failure(() => index.query({ columns: ["id"], query_text: "q", filters: Filter.token("a", "x") }), "InvalidInput");
  assert.equal(calls.length, 1);
});

test("O10: a page that comes again ends the rows", async () => {
  const { index } = at(() => page(["id", "score"], [["a", 1]], "same"));
  await failure(async () => { for await (const row of index.queryRows({ columns: ["id"], query_text: "q" })) assert.equal(row.id, "a"); }, "Protocol");
  const lists = at(() => json({ endpoints: [{ name: "e" }], next_page_token: "same" }));
  await failure(lists.search.listEndpoints(), "Protocol");
});

test("scans go on after the last key", async () => {
  const { index, calls } = at([json({ data: [{ fields: [{ key: "id", value: { string_value: "a" } }] }], last_primary_key: "a" }), json({ data: [] })]);
  const found = [];
  for await (const row of index.scan({ pageSize: 1 })) found.push(row);
  assert.deepEqual(found, [{ id: "a" }]);
  assert.deepEqual(calls[1].json, { num_results: 1, last_primary_key: "a" });
});

const LONG = 9007199254740993n;

test("long keys keep their digits from a query, a scan and facets to the rows that are written and deleted", async () => {
  const found = `{"manifest":{"columns":[{"name":"id"},{"name":"list"},{"name":"score"}],"facet_columns":[{"name":"value"}]},
    "result":{"data_array":[[${LONG},[1,${LONG}],0.5]]},"facet_result":{"facet_array":[[${LONG}]]}}`;
  const scanned = `{"data":[{"fields":[{"key":"id","value":{"number_value":${LONG}}}]}],"last_primary_key":"${LONG}"}`;
  const { index, calls } = at([json(found), json(scanned), json({ data: [] }), json({ data: [] }), json(`{"status":"PARTIAL_SUCCESS","result":{"success_row_count":0,"failed_primary_keys":[${LONG}]}}`), wrote(1), wrote(1)], { primaryKey: "id" });
  const { rows: [row], facets } = await index.query({ columns: ["id", "list"], query_text: "q", filters: { id: LONG } });
  assert.deepEqual([row, facets], [{ id: LONG, list: [1, LONG], score: 0.5 }, [{ value: LONG }]]);
  assert.equal(calls[0].json.filters_json, `{"id":${LONG}}`);
  const all = [];
  for await (const each of index.scan()) all.push(each);
  assert.deepEqual(all, [{ id: LONG }]);
  for await (const each of index.scan({ after: row.id })) assert.fail(`${each.id}`);
  assert.equal(calls[3].json.last_primary_key, `${LONG}`);
  const report = await index.upsert([{ id: row.id, note: "a text \ue000 of it" }]);
  assert.equal(calls[4].json.inputs_json, `[{"id":${LONG},"note":"a text \ue000 of it"}]`);
  assert.deepEqual(report.failedKeys, [`${LONG}`]);
  assert.ok((await report.resend()).isComplete);
  assert.equal(calls[5].json.inputs_json, calls[4].json.inputs_json);
  assert.ok((await index.deleteRows([row.id])).isComplete);
  assert.deepEqual(calls[6].json, { primary_keys: [`${LONG}`] });
  assert.equal(Filter.in("id", [LONG, 1]).toFiltersJson(), `{"id":[${LONG},1]}`);
});

test("long keys keep their digits in documents, in texts that are added, and for a model", async () => {
  const columns = '{"manifest":{"columns":[{"name":"id"},{"name":"body"},{"name":"score"}]},"result":{"data_array":';
  const answer = () => json(`${columns}[[${LONG},"A",0.9]]}}`);
  const { client, calls } = at([json(DIRECT), answer(), wrote(1), answer()]);
  const store = await DatabricksVectorSearch.create(client, { indexName: "a.b.c", embedding, textColumn: "body" });
  const [document] = await store.similaritySearch("q", { k: 1, filter: { id: [LONG] } });
  assert.deepEqual(document, { page_content: "A", metadata: { id: LONG } });
  assert.equal(calls[1].json.filters_json, `{"id":[${LONG}]}`);
  assert.deepEqual(await store.addTexts(["one"], { ids: [document.metadata.id], metadatas: [{ of: LONG }] }), [`${LONG}`]);
  assert.equal(calls[2].json.inputs_json, `[{"id":${LONG},"body":"one","vec":[0.5,0.5],"of":${LONG}}]`);
  const tool = await store.asTool({ description: "d", numResults: 1 });
  const { execute } = tool[Symbol.for("lakewire.tool")];
  assert.deepEqual(await execute({ query: "q" }), [{ page_content: "A", metadata: { id: `${LONG}` } }]);
});

test("a search goes on until it has its documents", async () => {
  const three = ["id", "body", "score"];
  const { client, calls } = at([json(MANAGED), page(three, [["a", "A", 0.9]], "t1"), page(three, [], "t2"), page(three, [["b", "B", 0.8], ["c", "C", 0.7]], "t3"), page(three, [["a", "A", 0.9]])]);
  const store = await DatabricksVectorSearch.create(client, { indexName: "a.b.c" });
  const texts = async () => (await store.similaritySearch("q", { k: 2 })).map((document) => document.page_content);
  assert.deepEqual(await texts(), ["A", "B"]);
  assert.deepEqual(calls.slice(2).map((call) => call.json), [{ page_token: "t1" }, { page_token: "t2" }]);
  assert.deepEqual(await texts(), ["A"]);
});

test("O1: just the failed rows are sent again", async () => {
  const { index, calls } = at([wrote(2, ["k1"]), wrote(1)], { primaryKey: "id" });
  const report = await index.upsert(rows(3));
  assert.deepEqual([report.isComplete, report.failedKeys, report.writtenKeys], [false, ["k1"], ["k0", "k2"]]);
  const again = await report.resend();
  assert.deepEqual([again.isComplete, again.writtenKeys], [true, ["k1"]]);
  assert.equal(calls[1].json.inputs_json, '[{"id":"k1"}]');
});

test("O2: failure under a good status is an error, and the report is kept", async () => {
  const { index } = at([json({ status: "FAILURE", result: { success_row_count: 0 } })], { primaryKey: "id" });
  const error = await failure(index.upsert(rows(1)), "OperationFailed");
  assert.equal(error.errorCode, "FAILURE");
  assert.deepEqual(error.report.failedKeys, ["k0"]);
  assert.ok(!Object.keys(error).includes("report"));
});

test("O3: each batch says whether it was done", async () => {
  const broken = () => refusal(500);
  const { index } = at([wrote(2), broken, broken, broken, wrote(1), wrote(2)], { primaryKey: "id" });
  const report = await withClock(() => index.upsertSettled(rows(5), { batchRows: 2 }));
  assert.deepEqual(report.batches.map(({ status }) => status), ["done", "unknown", "done"]);
  assert.deepEqual(report.unknownKeys, ["k2", "k3"]);
  assert.ok((await report.resend()).isComplete);
});

test("O4: a limit is waited out and only the refused batch goes out again", async () => {
  const { index, calls } = at([wrote(1), refusal(429, { headers: { "retry-after": "7" } }), wrote(1)], { primaryKey: "id" });
  await withClock(async (clock) => {
    assert.ok((await index.upsert(rows(2), { batchRows: 1 })).isComplete);
    assert.ok(clock.fired.some((ms) => ms >= 7000));
  });
  assert.deepEqual(calls.map((call) => JSON.parse(call.json.inputs_json)[0].id), ["k0", "k1", "k1"]);
});

test("O5: an answer that does not add up is flagged", async () => {
  const { index } = at([wrote(1, ["stranger"])], { primaryKey: "id" });
  const error = await failure(index.upsert(rows(1)), "Protocol");
  assert.deepEqual(error.report.unknownKeys, ["k0"]);
});

test("O8: waits end typed", async () => {
  const index = (detailed_state) => json({ name: "a.b.c", endpoint_name: "vs", status: { detailed_state } });
  const endpoint = (state) => json({ name: "vs", endpoint_status: { state } });
  await withClock(async () => {
    const waiting = at([index("OFFLINE"), endpoint("STARTING"), index("PROVISIONING_X"), index("ONLINE")]);
    assert.equal((await waiting.index.waitUntilReady({ settled: true })).status.detailed_state, "ONLINE");
    const ended = at([index("OFFLINE"), endpoint("ONLINE")]);
    assert.equal((await failure(ended.index.waitUntilReady(), "OperationFailed")).errorCode, "OFFLINE");
    const late = at(() => endpoint("PROVISIONING"));
    await failure(late.search.waitUntilOnline("vs", { timeoutMs: 5000 }), "DeadlineExceeded");
  });
});

test("O9: a create whose fate is open is not sent again", async () => {
  const { search, calls } = at(() => new TypeError("fetch failed"));
  await failure(search.createEndpoint({ name: "vs", endpoint_type: "STANDARD" }));
  assert.equal(calls.length, 1);
});

test("stores check their options by the index's kind", async () => {
  const make = (described, options) => DatabricksVectorSearch.create(at([json(described)]).client, { indexName: "a.b.c", ...options });
  assert.match((await failure(make(MANAGED, { textColumn: "body" }), "InvalidInput")).message, /Do not pass `text_column`/);
  assert.match((await failure(make(DIRECT, { textColumn: "body" }), "InvalidInput")).message, /`embedding` is required/);
  const long = { ...embedding, embedQuery: async () => [1, 2, 3] };
  assert.match((await failure(make(DIRECT, { textColumn: "body", embedding: long }), "InvalidInput")).message, /dimension '3'/);
});

test("documents are picked in the order of their worth, and texts added", async () => {
  const columns = ["id", "body", "vec", "score"];
  const { client, calls } = at([json(DIRECT), page(columns, [["a", "A", [0.9, 0.1], 0.9], ["b", "B", [0.9, 0.11], 0.8], ["c", "C", [0, 1], 0.1]]), wrote(1, ["y"])]);
  const store = await DatabricksVectorSearch.create(client, { indexName: "a.b.c", embedding, textColumn: "body" });
  const picked = await store.asRetriever({ searchType: "mmr", k: 2, lambdaMult: 0.1 }).invoke("q");
  assert.deepEqual(picked, [{ page_content: "A", metadata: { id: "a" } }, { page_content: "C", metadata: { id: "c" } }]);
  assert.deepEqual(calls[1].json.query_vector, [1, 0.1]);
  assert.deepEqual(await store.addTexts(["one", "two"], { ids: ["x", "y"], metadatas: [{ url: "u" }, {}] }), ["x"]);
  assert.deepEqual(JSON.parse(calls[2].json.inputs_json)[0], { id: "x", body: "one", vec: [0.5, 0.5], url: "u" });
});

test("vectors of 32-bit numbers are written short, and come back as they were", async () => {
  const vector = Float32Array.from({ length: 300 }, (_, at) => Math.sin(at * at) * 10 ** ((at % 70) - 35));
  vector.set([0.1, 16777216, 3.4028234663852886e38, 1e-45, -0.3, 1 / 3]);
  const { index, calls } = at([page(["score"], []), page(["score"], [])]);
  await index.query({ columns: ["id"], query_vector: vector });
  assert.deepEqual(Float32Array.from(calls[0].json.query_vector), vector);
  assert.deepEqual(calls[0].json.query_vector.slice(0, 2), [0.1, 16777216]);
  assert.ok(calls[0].json.query_vector.every((number) => String(number).replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length <= 9));
  await failure(index.query({ columns: ["id"], query_vector: Float32Array.of(Number.NaN) }), "InvalidInput");
});

test("a store is a tool of a chat", async () => {
  const { client } = at([json(MANAGED), json({ columns: [{ name: "lang", type_text: "string" }] })]);
  const store = await DatabricksVectorSearch.create(client, { indexName: "a.b.c" });
  const tool = await store.asTool({ dynamicFilter: true });
  assert.equal(tool.function.name, "a__b__c");
  assert.match(tool.function.description, /lang \(string\)/);
  assert.ok(tool.function.parameters.properties.filters);
  await failure(store.asTool({ dynamicFilter: true, filters: { a: 1 } }), "InvalidInput");
});

test("the tool loop searches with the model's filters and gives the model the documents", async () => {
  const { client, chat, calls } = scripted([
    json(MANAGED), json({ columns: [{ name: "lang", type_text: "string" }] }),
    json(asksFor(["a__b__c", { query: "" }])), json(asksFor(["a__b__c", { query: "reset", filters: [{ key: "lang", value: "en" }] }])),
    page(["id", "body", "score"], [["a", "Hold the button.", 0.9]]), json(completion("Hold the button.")),
  ]);
  const store = await DatabricksVectorSearch.create(client, { indexName: "a.b.c" });
  const run = await chat.runTools("How do I reset it?", { tools: [await store.asTool({ dynamicFilter: true, numResults: 2 })] });
  assert.equal(run.answer.text, "Hold the button.");
  assert.equal(run.steps, 3);
  assert.match(run.messages[2].content, /The tool needs `query`/);
  assert.deepEqual(JSON.parse(run.messages[4].content), [{ page_content: "Hold the button.", metadata: { id: "a" } }]);
  assert.deepEqual(calls[4].json, { columns: ["id", "body"], num_results: 2, query_text: "reset", filters_json: '{"lang":"en"}' });
  assert.equal(calls[2].json.tools[0].function.name, "a__b__c");
});
