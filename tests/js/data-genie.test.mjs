// Genie, over a scripted fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, json, never, refusal, scripted, withClock } from "./fakes.mjs";
import { entry } from "./package.mjs";

const { Genie } = await import(entry("./data"));

const message = (status, more = {}) => json({ message_id: "m9", id: "m9", conversation_id: "c4", space_id: "sp1", status, ...more });
const QUERY = { attachment_id: "at1", query: { query: "SELECT 1", description: "One", title: "T" } };
const WORDS = { attachment_id: "at2", text: { content: "The north leads." } };
const NEXT = { suggested_questions: { questions: ["And per month?"] } };
const done = (attachments = [QUERY, WORDS, NEXT]) => message("COMPLETED", { attachments });
const COLUMNS = [{ name: "region", type_name: "STRING" }, { name: "n", type_name: "LONG" }, { name: "d", type_name: "DECIMAL" }, { name: "f", type_name: "DOUBLE" }, { name: "ok", type_name: "BOOLEAN" }];
const ROWS = [["north", "9007199254740993", "123456789012345678.90", "1.5", "true"], [null, null, null, null, null]];
const rows = (state = "SUCCEEDED", data_array = ROWS, more = {}) =>
  json({ statement_response: { statement_id: "s1", status: { state, ...more }, manifest: { schema: { columns: COLUMNS } }, result: { data_array } } });
const space = (answers) => {
  const { client, calls } = scripted(answers);
  return { genie: new Genie(client, "sp1"), calls, client };
};
const route = ({ method, url }) => `${method} ${url.replace("https://workspace.example/api/2.0/genie/spaces", "")}`;
const M = "/sp1/conversations/c4/messages/m9";

test("a question is asked, waited for, and its rows are typed", async () => {
  await withClock(async (clock) => {
    const { genie, calls } = space([message("SUBMITTED"), message("ASKING_AI"), message("ASKING_AI"), message("NEW_STATUS"), done(), rows("RUNNING"), rows()]);
    const told = [];
    const reply = await genie.ask("Sales?", { onStatus: (status) => told.push(status) });
    assert.deepEqual(told, ["ASKING_AI", "NEW_STATUS", "COMPLETED"]);
    const { table, message: whole, ...answer } = reply;
    assert.deepEqual(answer, { conversation_id: "c4", message_id: "m9", text: "The north leads.", query: "SELECT 1", description: "One", title: "T", attachment_id: "at1", suggested_questions: ["And per month?"] });
    assert.equal(whole.attachments.length, 3);
    assert.deepEqual(table.rows, [["north", 9007199254740993n, "123456789012345678.90", 1.5, true], [null, null, null, null, null]]);
    assert.equal(table.objects()[0].n, 9007199254740993n);
    assert.equal(table.truncated, false);
    assert.match(table.toMarkdown(), /^\| \| region \| n \| d \| f \| ok \|\n\|---:\|:---\|---:\|:---\|:---\|:---\|\n\| 0 \| north \|/);
    assert.match(table.toMarkdown({ index: false }), /^\| region \|/);
    assert.deepEqual(calls.map(route), ["POST /sp1/start-conversation", ...Array(4).fill(`GET ${M}`), ...Array(2).fill(`GET ${M}/attachments/at1/query-result`)]);
    assert.deepEqual(calls[0].json, { content: "Sales?" });
    assert.deepEqual(clock.fired, [500, 500, 500, 500]);
  });
});

test("an answer in words has no table, and a conversation goes on", async () => {
  const { genie, calls } = space([message("SUBMITTED"), done([WORDS])]);
  const reply = await genie.ask("Why?", { conversationId: "c4" });
  assert.equal("table" in reply, false);
  assert.equal("query" in reply, false);
  assert.equal(route(calls[0]), "POST /sp1/conversations/c4/messages");
  assert.equal(calls.length, 2);
});

test("N2: bad ends are errors, never texts", async () => {
  for (const [bad, errorCode] of [
    [message("FAILED", { error: { error: "no such table", type: "SQL_EXECUTION_EXCEPTION" } }), "SQL_EXECUTION_EXCEPTION"],
    [message("CANCELLED"), "CANCELLED"],
    [message("QUERY_RESULT_EXPIRED"), "QUERY_RESULT_EXPIRED"],
  ]) {
    const error = await failure(space([message("SUBMITTED"), bad]).genie.ask("x"), "OperationFailed");
    assert.equal(error.errorCode, errorCode);
  }
  const failed = rows("FAILED", [], { error: { error_code: "BAD_REQUEST", message: "no" } });
  assert.equal((await failure(space([message("SUBMITTED"), done(), failed]).genie.ask("x"), "OperationFailed")).errorCode, "BAD_REQUEST");
});

test("N3: the wait is bounded, and the error names status and message", async () => {
  await withClock(async () => {
    const { genie } = space(() => message("PENDING_WAREHOUSE"));
    const error = await failure(genie.ask("x", { timeoutMs: 5000 }), "DeadlineExceeded");
    assert.match(error.message, /PENDING_WAREHOUSE/);
    assert.deepEqual(error.details, { conversation_id: "c4", message_id: "m9" });
  });
});

test("N1 N4: looks that fail in passing are repeated, the question is not", async () => {
  await withClock(async () => {
    const { genie } = space([message("SUBMITTED"), ...Array(3).fill(0).map(() => refusal(503)), done([WORDS])]);
    assert.equal((await genie.ask("x")).text, "The north leads.");
  });
  const lost = space([new TypeError("fetch failed")]);
  await failure(lost.genie.ask("x"));
  assert.equal(lost.calls.length, 1);
  await failure(lost.genie.ask(" "), "InvalidInput");
});

test("N5: a signal ends the wait", async () => {
  const controller = new AbortController();
  const { genie, calls } = space([message("SUBMITTED"), (call) => { controller.abort(); return never(call); }]);
  await failure(genie.ask("x", { signal: controller.signal }), "Cancelled");
  assert.equal(calls.length, 2);
});

test("N10 N11: rows that do not fit are an error, rows that are not all say so", async () => {
  for (const row of [["a"], ["a", "x", "1", "1", "true"], ["a", "1", "1", "y", "true"], ["a", "1", "1", "1", "yes"]]) {
    await failure(space([rows("SUCCEEDED", [row])]).genie.queryResult("c4", "m9", "at1"), "Decode");
  }
  const { statement_response } = await rows().json();
  const cut = json({ statement_response: { ...statement_response, result: { ...statement_response.result, next_chunk_index: 1 } } });
  assert.equal((await space([cut]).genie.queryResult("c4", "m9", "at1")).truncated, true);
  assert.equal((await space([rows("SUCCEEDED", [])]).genie.queryResult("c4", "m9", "at1")).toMarkdown(), "EMPTY");
});

test("every other operation has its route", async () => {
  const { genie, calls, client } = space((call) => (/execute-query/.test(call.url) ? rows() : json({ spaces: [{ space_id: "s" }], conversations: [{}], messages: [{}] })));
  assert.deepEqual(await Genie.spaces(client).all(), [{ space_id: "s" }]);
  await genie.space({ includeSerializedSpace: true });
  await genie.message("c4", "m9");
  await genie.conversations({ includeAll: true }).all();
  await genie.messages("c4").all();
  await genie.feedback("c4", "m9", "NEGATIVE", { comment: 'the "year"' });
  await genie.deleteMessage("c4", "m9");
  await genie.deleteConversation("c4");
  assert.equal((await genie.executeQuery("c4", "m9", "at1")).rows.length, 2);
  assert.deepEqual(calls.map(route), [
    "GET ", "GET /sp1?include_serialized_space=true", `GET ${M}`, "GET /sp1/conversations?include_all=true", "GET /sp1/conversations/c4/messages",
    `POST ${M}/feedback`, `DELETE ${M}`, "DELETE /sp1/conversations/c4", `POST ${M}/attachments/at1/execute-query`,
  ]);
  assert.deepEqual(calls[5].json, { rating: "NEGATIVE", comment: 'the "year"' });
});

test("O10: pages of conversations go on by their token and end when it repeats", async () => {
  const { genie, calls } = space([json({ conversations: [{ id: 1 }], next_page_token: "p" }), json({ conversations: [{ id: 2 }], next_page_token: "p" })]);
  await failure(genie.conversations().all(), "Protocol");
  assert.deepEqual(calls.map(route), ["GET /sp1/conversations", "GET /sp1/conversations?page_token=p"]);
});
