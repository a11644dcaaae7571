// Which failures are tried again, when, how often, and with what. Time is the test's own: minutes pass at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, failure, json, refusal, scripted, withClock } from "./fakes.mjs";

const good = () => json(completion("done"));

/** The wait before the second request after a first answer with these headers. */
async function waitAfter(status, headers, random = 0) {
  return withClock(async (clock) => {
    const at = [];
    const { chat } = scripted((_, n) => (at.push(clock.now), n === 1 ? refusal(status, { headers }) : good()));
    const answer = await chat.invoke("Hi");
    assert.equal(answer.attempts, 2);
    assert.equal(at.length, 2);
    return Math.round(at[1] - at[0]);
  }, { random });
}

/** The failure of a call that must be sent `requests` times, whatever time it takes. */
async function fails(answer, kind, requests, options) {
  return withClock(async () => {
    const { chat, calls } = scripted(answer);
    const error = await failure(() => chat.invoke("Hi", options), kind);
    assert.equal(calls.length, requests);
    assert.equal(error.attempts, requests);
    return error;
  }, { random: 0.5 });
}

test("D1: Retry-After in seconds is waited out, with jitter only on top", async () => {
  assert.equal(await waitAfter(429, { "retry-after": "2" }, 0), 2000);
  const most = await waitAfter(429, { "retry-after": "2" }, 0.999);
  assert.ok(most > 2000 && most < 4000, `${most}`);
  assert.equal(await waitAfter(503, { "retry-after": "7" }, 0), 7000);
});

test("D2: Retry-After as a date is waited out, counted from the answer's own date", async () => {
  const base = Date.UTC(2030, 0, 1);
  const headers = (ahead) => ({ date: new Date(base).toUTCString(), "retry-after": new Date(base + ahead).toUTCString() });
  assert.equal(await waitAfter(429, headers(3000), 0), 3000);
});

test("D3 D5 D7 D9: past dates, negative numbers, garbage and nothing mean our own backoff", async () => {
  for (const value of ["Fri, 01 Jan 2021 00:00:00 GMT", "-5", "garbage", "", undefined]) {
    const headers = value === undefined ? {} : { "retry-after": value };
    assert.equal(await waitAfter(429, headers, 0.5), 1000, `Retry-After: ${value}`);
  }
});

test("D4: Retry-After: 0 is no hot loop", async () => {
  assert.ok((await waitAfter(429, { "retry-after": "0" }, 0)) >= 50);
});

test("D6: a Retry-After beyond a minute is neither waited for nor ignored", async () => {
  for (const value of ["99999", "2592000", "1e999", "9".repeat(400)]) {
    const error = await fails(() => refusal(429, { headers: { "retry-after": value } }), "TooManyRequests", 1);
    assert.ok(error.retryAfterMs > 60_000 && Number.isSafeInteger(error.retryAfterMs), value);
  }
});

test("D7: fractions are read; of two headers the first valid one counts", async () => {
  assert.equal(await waitAfter(429, { "retry-after": "1.5" }, 0), 1500);
  assert.ok((await waitAfter(429, { "retry-after": "4, 9" }, 0)) >= 50);
});

test("D8: retry-after-ms goes before Retry-After", async () => {
  assert.equal(await waitAfter(429, { "retry-after-ms": "250", "retry-after": "9" }, 0), 250);
});

test("D9 D12 D14: throttling, failures and time-outs of chat are tried again, three requests in all", async () => {
  for (const [status, kind] of [[429, "TooManyRequests"], [500, "InternalError"], [502, "TemporarilyUnavailable"], [503, "TemporarilyUnavailable"], [504, "TemporarilyUnavailable"], [408, "TemporarilyUnavailable"]]) {
    const error = await fails(() => refusal(status), kind, 3);
    assert.equal(error.status, status);
    assert.equal(error.isRetryable, true, `${status}`);
  }
});

test("D12: maxAttempts of client and call bound the requests; 1 turns retries off", async () => {
  assert.equal((await fails(() => refusal(500), "InternalError", 1, { maxAttempts: 1 })).maybeProcessed, true);
  await fails(() => refusal(500), "InternalError", 5, { maxAttempts: 5 });
  const { chat, calls } = scripted(() => refusal(500), { retry: { maxAttempts: 1 } });
  await failure(() => chat.invoke("Hi"), "InternalError");
  assert.equal(calls.length, 1);
  for (const maxAttempts of [0, -1, 1.5, Number.NaN, "3"]) await failure(() => chat.invoke("Hi", { maxAttempts }), "InvalidInput");
  assert.equal(calls.length, 1);
});

test("D10: a used-up quota is not tried again", async () => {
  await fails(() => json({ error: { code: "insufficient_quota", message: "Quota used up." } }, { status: 429 }), "TooManyRequests", 1);
});

test("D15 D16 D17: conflicts, refusals and what is not there are not tried again", async () => {
  const kinds = { 400: "BadRequest", 401: "Unauthenticated", 403: "PermissionDenied", 404: "NotFound", 409: "ResourceConflict", 422: "BadRequest", 501: "NotImplemented" };
  for (const [status, kind] of Object.entries(kinds)) {
    const error = await fails(() => refusal(Number(status), { message: "Unexpected error, please try again" }), kind, 1);
    assert.equal(error.status, Number(status));
  }
});

test("D18: a service that is down for good gets no more than 10,100 requests for 10,000 calls", async () => {
  await withClock(async () => {
    const { chat, calls } = scripted(() => refusal(500));
    for (let round = 0; round < 100; round += 1) {
      const results = await chat.batch(Array.from({ length: 100 }, () => "Hi"), { maxConcurrency: 100 });
      assert.ok(results.every(({ reason }) => reason?.kind === "InternalError"));
    }
    assert.ok(calls.length >= 10_000 && calls.length <= 10_100, `${calls.length} requests`);
  }, { random: 0 });
});

test("D19: an empty budget never blocks first attempts and refills with successes", async () => {
  await withClock(async () => {
    let down = true;
    const { chat, calls } = scripted(() => (down ? refusal(500) : good()), { retry: { budget: 5 } });
    await failure(() => chat.invoke("Hi"));
    assert.equal(calls.length, 2, "one retry is what the budget holds");
    await failure(() => chat.invoke("Hi"));
    assert.equal(calls.length, 3, "the next call is sent, once");
    down = false;
    for (let place = 0; place < 5; place += 1) await chat.invoke("Hi");
    down = true;
    calls.length = 0;
    await failure(() => chat.invoke("Hi"));
    assert.equal(calls.length, 2, "five successes paid for one retry");
  }, { random: 0 });
});

test("D21: every attempt sends the same bytes and the same ids", async () => {
  await withClock(async () => {
    const { chat, calls } = scripted([refusal(500), refusal(503), good()]);
    const text = `${"é\u{1f600}x".repeat(50_000)}`;
    await chat.invoke(text, { client_request_id: "id-1", headers: { "x-one": "1" } });
    assert.equal(calls.length, 3);
    for (const call of calls) {
      assert.equal(call.text, calls[0].text);
      assert.equal(call.url, calls[0].url);
      assert.deepEqual([...call.headers], [...calls[0].headers]);
    }
    assert.equal(calls[0].json.messages[0].content, text);
  }, { random: 0 });
});

test("D22: a thousand throttled clients come back spread out", async () => {
  await withClock(async (clock) => {
    const again = [];
    const answers = (_, n) => (n === 1 ? refusal(429) : (again.push(clock.now), good()));
    const begin = clock.now;
    await Promise.all(Array.from({ length: 1000 }, () => scripted(answers).chat.invoke("Hi")));
    const buckets = new Map();
    for (const at of again) {
      const bucket = Math.floor((at - begin) / 100);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    assert.equal(again.length, 1000);
    assert.ok(Math.max(...buckets.values()) <= 100, `${[...buckets]}`);
  });
});

test("D23 K11: redirects are not followed, to wherever they point", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of ["https://evil.example/x", "http://workspace.example/x", "https://workspace.example:444/", "/elsewhere"]) {
      const error = await fails((call) => {
        assert.equal(call.init.redirect, "manual");
        return new Response(null, { status, headers: { location } });
      }, "Redirect", 1);
      assert.equal(error.status, status);
      assert.ok(!error.message.includes("/x"), "the address is named without its path");
    }
  }
});

test("D23: an opaque redirect of a browser is a Redirect too", async () => {
  const opaque = { status: 0, type: "opaqueredirect", headers: new Headers(), body: null, bodyUsed: false };
  await fails(() => opaque, "Redirect", 1);
});

test("D24 H13: no body where one is required", async () => {
  for (const status of [204, 205, 304]) await fails(() => new Response(null, { status }), "EmptyBody", 1);
  await fails(() => json(""), "EmptyBody", 1);
  await fails(() => json("  \n"), "EmptyBody", 1);
});

test("D25: impossible statuses are protocol errors", async () => {
  for (const status of [999, 600, 199, 99]) {
    const error = await fails(() => ({ status, headers: new Headers(), body: null, bodyUsed: false }), "Protocol", 1);
    assert.equal(error.maybeProcessed, true);
  }
});

test("D26: pages, gzip, endless bodies and broken JSON of refusals give a short error of the status's kind", async () => {
  let read = 0;
  const endless = () => new ReadableStream({ pull(controller) { read += 1; controller.enqueue(new Uint8Array(64 * 1024).fill(120)); } }, { highWaterMark: 0 });
  for (const body of [
    () => "<html><head><title>Bad gateway</title></head><body>long</body></html>",
    () => new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0xff]),
    () => '{"error_code":"X","message":',
    endless,
    () => "",
  ]) {
    const error = await fails(() => new Response(body(), { status: 500 }), "InternalError", 3);
    assert.ok(new TextEncoder().encode(error.message).length < 4600, `${error.message.length}`);
  }
  assert.ok(read <= 3 * 4, `${read} reads of an endless body`);
});

test("D27: every shape of a Databricks error body is read", async () => {
  for (const [body, code, says] of [
    [{ error_code: "BAD_REQUEST", message: "m1" }, "BAD_REQUEST", "m1"],
    [{ error_code: 400, message: "m2" }, "400", "m2"],
    [{ error_code: "NEW_CODE_OF_TOMORROW", message: "m3", details: [{ a: 1 }] }, "NEW_CODE_OF_TOMORROW", "m3"],
    [{ schemas: ["urn:x"], detail: "m4", status: "400", scimType: "invalidFilter" }, "SCIM_400", "m4"],
    [{ error: { message: "m5", type: "invalid_request_error", code: null } }, "invalid_request_error", "m5"],
    [{ error: { message: "m6", code: "context_length_exceeded" } }, "context_length_exceeded", "m6"],
    [{ error: "m7" }, undefined, "m7"],
    ["MALFORMED_REQUEST: m8", "MALFORMED_REQUEST", "m8"],
    ["m9 in plain words", undefined, "m9 in plain words"],
    [{ error: "Received error from openai", external_model_message: { error: { code: "c", message: "m10" } } }, "c", "m10"],
  ]) {
    const error = await fails(() => new Response(typeof body === "string" ? body : JSON.stringify(body), { status: 400 }), "BadRequest", 1);
    assert.equal(error.errorCode, code, JSON.stringify(body));
    assert.ok(error.message.includes(says), error.message);
    if (body.details) assert.deepEqual(error.details, body.details);
  }
});

test("D28: the request id is in the error, nothing else of the headers", async () => {
  const headers = { "x-request-id": "req-7", "x-databricks-org-id": "canary-org", "set-cookie": "canary-cookie", "www-authenticate": "canary-auth" };
  const error = await fails(() => refusal(404, { headers }), "NotFound", 1);
  assert.equal(error.requestId, "req-7");
  assert.ok(!JSON.stringify({ ...error, message: error.message, stack: error.stack }).includes("canary"));
});

test("D29: an abort during the backoff ends at once and sends nothing more", async () => {
  await withClock(async (clock) => {
    const controller = new AbortController();
    const { chat, calls } = scripted(() => refusal(429, { headers: { "retry-after": "30" } }));
    const running = failure(() => chat.invoke("Hi", { signal: controller.signal }), "Cancelled");
    while (calls.length < 1) await new Promise((resolve) => setImmediate(resolve));
    setTimeout(() => controller.abort(), 1000);
    const begin = clock.now;
    await running;
    assert.equal(Math.round(clock.now - begin), 1000, "not a moment of the backoff after the abort");
    assert.equal(calls.length, 1);
  });
});

test("D30: an error body with status 200 is an error", async () => {
  await fails(() => json({ error_code: "PERMISSION_DENIED", message: "No." }), "PermissionDenied", 1);
  const { message, status } = await fails(() => json({ error: { message: "It broke.", code: "x" } }), "InternalError", 1);
  assert.match(message, /It broke/);
  assert.equal(status, 200);
});

test("A3 A7 A12: a rejected fetch is tried again; refused is provably unsent, broken is not", async () => {
  const refusedPort = Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
  const unsent = await fails(() => { throw refusedPort; }, "Connect", 3);
  assert.equal(unsent.maybeProcessed, false);
  const doubt = await fails(() => { throw new TypeError("fetch failed"); }, "Connect", 3);
  assert.equal(doubt.maybeProcessed, true);
  assert.equal(doubt.isRetryable, true);
});

test("H1: a body over the limit is refused before it is held", async () => {
  let read = 0;
  const endless = () => new Response(new ReadableStream({ pull(controller) { read += 1; controller.enqueue(new Uint8Array(65_536)); } }, { highWaterMark: 0 }), { headers: { "content-type": "application/json" } });
  const { chat } = scripted(endless, { maxBodyBytes: 200_000, retry: { maxAttempts: 1 } });
  await failure(() => chat.invoke("Hi"), "BodyTooLarge");
  assert.ok(read <= 5, `${read} reads`);
  const { chat: announced } = scripted(() => json("{}", { headers: { "content-length": "999999999999" } }), { retry: { maxAttempts: 1 } });
  await failure(() => announced.invoke("Hi"), "BodyTooLarge");
});
