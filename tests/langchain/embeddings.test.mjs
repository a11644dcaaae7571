// DatabricksEmbeddings, by itself and in LangChain's own memory store.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabricksEmbeddings } from "lakewire/langchain";
import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { json, script } from "./fakes.mjs";
import { host, token, workspace } from "./setup.mjs";

const endpoint = "databricks-gte-large-en";

test("embedQuery and embedDocuments give lists of numbers, in order", async () => {
  const embeddings = new DatabricksEmbeddings({ ...workspace, endpoint });
  const query = await embeddings.embedQuery("a lake");
  const [same, other] = await embeddings.embedDocuments(["a lake", "a mountain"]);
  assert.ok(Array.isArray(query) && query.length > 100 && query.every(Number.isFinite));
  assert.deepEqual(same, query);
  assert.notDeepEqual(other, query);
});

test("LangChain's memory store finds by them", async () => {
  const store = await MemoryVectorStore.fromTexts(["The office dog is called Bilbo.", "Rain falls in Oslo."], [{ id: 1 }, { id: 2 }], new DatabricksEmbeddings({ ...workspace, endpoint }));
  const [found] = await store.similaritySearch("What is the office dog called?", 1);
  assert.equal(found.metadata.id, 1);
});

test("queryParams go with queries alone, documentsParams with documents", async () => {
  const bodies = [];
  const fetch = (url, init) => {
    bodies.push(JSON.parse(typeof init.body === "string" ? init.body : new TextDecoder().decode(init.body)));
    return globalThis.fetch(url, init);
  };
  const embeddings = new DatabricksEmbeddings({ host, token, fetch, endpoint: "databricks-bge-large-en", queryParams: { instruction: "Find:" }, documentsParams: { user: "u" } });
  await embeddings.embedQuery("one");
  await embeddings.embedDocuments(["two"]);
  assert.equal(bodies[0].instruction, "Find:");
  assert.equal(bodies[0].user, undefined);
  assert.equal(bodies[1].instruction, undefined);
  assert.equal(bodies[1].user, "u");
});

test("failures in LangChain's words, and fields that cannot work", async () => {
  const { calls, fields } = script(json({ error_code: "REQUEST_LIMIT_EXCEEDED", message: "slow down" }, 429));
  await assert.rejects(new DatabricksEmbeddings({ ...fields, endpoint, maxRetries: 0 }).embedDocuments(["x"]), (failure) => failure.lc_error_code === "MODEL_RATE_LIMIT");
  assert.equal(calls.length, 1);
  assert.equal(new DatabricksEmbeddings(endpoint).endpoint, endpoint);
  assert.throws(() => new DatabricksEmbeddings({}), /needs `endpoint`/);
});
