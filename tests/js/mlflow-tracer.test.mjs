// Where traces go: observers, queues, redaction, sampling, and that nothing of it reaches the calls.

import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { failure, json, never, refusal, scripted, withClock } from "./fakes.mjs";
import { entry } from "./package.mjs";
import { MlflowTracing, model, noting, observed, traced, tree } from "./tracing-fakes.mjs";

const { pipe, PromptTemplate, StrOutputParser } = await import(entry("."));

test("an observer that throws, everywhere, is not noticed", async () => {
  const boom = () => { throw new Error("boom"); };
  const bad = [{ start: boom }, { get tokens() { return boom(); }, start: boom }, { tokens: true, start: () => ({ event: boom, set: boom, end: boom, fail: boom, get traceparent() { return boom(); } }) }];
  const { client, calls } = scripted(model);
  const watched = observed(client, ...bad);
  assert.equal((await watched.chat("m").invoke("Hi.")).text, "Hello.");
  let text = "";
  for await (const word of await watched.chat("m").textStream("Hi.")) text += word;
  assert.equal(text, "Hello.");
  assert.equal(await pipe(watched.chat("m"), new StrOutputParser()).invoke("Hi."), "Hello.");
  assert.equal(calls.length, 3);
  await failure(() => observed({}, bad[0]), "InvalidInput");
  await failure(() => observed(client, {}), "InvalidInput");
});

test("several observers each see their own calls around, and tokens when they ask", async () => {
  const one = noting({ tokens: true });
  const two = noting();
  const { client } = scripted(model);
  const watched = observed(observed(client, one.observer), two.observer);
  const chain = pipe(PromptTemplate.fromTemplate("{x}"), watched.chat("m"), new StrOutputParser());
  for await (const _ of await chain.stream({ x: 1 }));
  for (const { told } of [one, two]) {
    assert.deepEqual(told.map(({ kind, name, parent }) => [kind, name, parent?.name]), [["CHAIN", "chain", undefined], ["CHAIN", "prompt", "chain"], ["CHAT_MODEL", "chat m", "chain"], ["CHAIN", "StrOutputParser", "chain"]]);
    assert.ok(told.every(({ outputs }) => outputs !== undefined));
  }
  const tokens = ({ told }) => told.find(({ kind }) => kind === "CHAT_MODEL").events.filter(([name]) => name === "new_token").map(([, { token }]) => token);
  assert.deepEqual(tokens(one), ["Hel", "lo."]);
});

test("the server's slowness and failure are not the calls'", async () => {
  const slow = traced(model, { maxQueue: 2 }, () => never({ signal: new AbortController().signal }));
  for (let n = 0; n < 20; n += 1) assert.equal((await slow.client.chat("m").invoke("Hi.")).text, "Hello.");
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { dropped, waiting, exported } = slow.tracing.stats();
  assert.ok(dropped > 0 && waiting <= 6, `${dropped} dropped, ${waiting} waiting`);
  assert.equal(exported, 0);
  slow.target.close();
  const broken = traced(model, {}, () => refusal(403));
  await broken.client.chat("m").invoke("Hi.");
  const { stats, errors } = await broken.done();
  assert.deepEqual([stats.failed, stats.exported, errors.length, errors[0].kind], [1, 0, 1, "PermissionDenied"]);
});

test("redaction sees copies, may change and drop, and withholds when it fails", async () => {
  const given = [];
  const { client, done } = traced(model, {
    redact: (copy) => {
      given.push(copy);
      copy.inputs.messages[0].content = "***";
      delete copy.attributes["lakewire.attempts"];
    },
  });
  const message = { role: "user", content: "CANARY" };
  await client.chat("m").invoke([message]);
  const changed = await done();
  assert.equal(message.content, "CANARY");
  assert.doesNotMatch(JSON.stringify([changed.spans, changed.infos]), /CANARY/);
  assert.deepEqual([given[0].span.name, given[0].span.type, changed.spans[0][0].inputs.messages[0].content, changed.infos[0].request_preview], ["chat m", "CHAT_MODEL", "***", "***"]);

  for (const redact of [() => null, () => { throw new Error("no"); }, async () => { throw new Error("no"); }]) {
    const dropping = traced(() => refusal(400, { message: "CANARY is bad" }), { redact });
    await failure(dropping.client.chat("m").invoke("CANARY"));
    const { spans, infos, stats } = await dropping.done();
    assert.equal(spans[0][0].code, "ERROR");
    assert.doesNotMatch(JSON.stringify([spans, infos]), /CANARY/);
    assert.equal(stats.exported, 1);
  }
});

test("sampling is decided once, by the root", async () => {
  const none = traced(model, { sampling: 0 });
  await none.tracing.withSpan({ name: "root" }, async (span) => {
    assert.equal(span.sampled, false);
    await none.client.chat("m").invoke("Hi.");
  });
  const { stats, spans } = await none.done();
  assert.deepEqual([stats.unsampled, stats.exported, stats.open, spans], [1, 0, 0, []]);
  assert.match(none.calls[0].headers.get("traceparent"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("traceparent goes out and comes in", async () => {
  const { tracing, client, calls, done } = traced();
  const parent = tracing.fromTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert.deepEqual(parent, { traceId: "tr-0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true });
  await tracing.withSpan({ name: "here", parent }, () => client.chat("m").invoke("Hi.", { headers: { "X-Mine": "1" } }));
  await client.chat("m").invoke("Hi.", { headers: { traceparent: "theirs" } });
  assert.equal(calls[0].headers.get("x-mine"), "1");
  assert.equal(calls[1].headers.get("traceparent"), "theirs");
  // the other service keeps its trace: ours is one of its own, which names the span there
  const { infos, spans } = await done();
  const [own] = infos.filter(({ trace_metadata: told }) => told.traceparent === "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert.ok(own !== undefined && infos.every(({ trace_id }) => trace_id !== parent.traceId));
  assert.equal(calls[0].headers.get("traceparent").slice(3, 35), own.trace_id.slice(3));
  assert.deepEqual(tree(spans.find(({ length }) => length === 2)), ["chat m < here", "here"]);

  // where the server joins spans, ours stand beneath that one, and nothing else of the trace is told
  const joining = traced(model, { export: "otlp" }, ({ url }) => (url.endsWith("/v1/traces") ? json({}) : undefined));
  await joining.tracing.withSpan({ name: "here", parent }, () => joining.client.chat("m").invoke("Hi."));
  assert.equal((await joining.done()).stats.exported, 1);
  assert.deepEqual(joining.kept.calls.map(({ url }) => new URL(url).pathname), ["/v1/traces"]);
  const [here, call] = joining.kept.calls[0].json.resourceSpans[0].scopeSpans[0].spans;
  assert.deepEqual([here.traceId, here.parentSpanId, call.traceId, call.parentSpanId], [parent.traceId.slice(3), parent.spanId, parent.traceId.slice(3), here.spanId]);
  assert.match(joining.calls[0].headers.get("traceparent"), /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  for (const header of ["", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01", undefined, 7]) assert.equal(tracing.fromTraceparent(header), undefined);
  const silent = traced(model, { propagate: false });
  await silent.client.chat("m").invoke("Hi.");
  assert.equal(silent.calls[0].headers.get("traceparent"), null);
});

test("the experiment is found by its name or made, once, and asked for again after a failure", async () => {
  let made = 0;
  let fails = 1;
  const named = traced(model, { experimentId: undefined, experimentName: "/Users/me/lakes & more" }, ({ url, method }) => {
    if (url.includes("/experiments/get-by-name")) {
      if (fails-- > 0) return refusal(403);
      assert.match(url, /experiment_name=%2FUsers%2Fme%2Flakes%20%26%20more$/);
      return refusal(404, { error_code: "RESOURCE_DOES_NOT_EXIST" });
    }
    if (method === "POST" && url.endsWith("/experiments/create")) {
      made += 1;
      return json({ experiment_id: "42" });
    }
    if (url.endsWith("/experiments/get?experiment_id=42")) return json({ experiment: { experiment_id: "42", lifecycle_stage: "active" } });
    return undefined;
  });
  await named.client.chat("m").invoke("Hi.");
  assert.equal((await named.done()).stats.failed, 1);
  await named.client.chat("m").invoke("Hi.");
  await named.client.chat("m").invoke("Hi.");
  const { stats, infos } = await named.done();
  assert.deepEqual([stats.exported, made, infos[0].trace_location.mlflow_experiment.experiment_id], [2, 1, "42"]);
});

test("a deleted experiment is told as one, before anything is sent to it", async () => {
  let stage = "deleted";
  const { client, done, kept } = traced(model, { experimentId: undefined, experimentName: "old" }, ({ url }) =>
    (url.includes("/experiments/get-by-name") ? json({ experiment: { experiment_id: "9", lifecycle_stage: stage } }) : undefined));
  await client.chat("m").invoke("Hi.");
  const { errors, stats } = await done();
  assert.deepEqual([stats.failed, errors[0].kind, kept.infos.length], [1, "InvalidInput", 0]);
  assert.match(errors[0].message, /`old` was deleted/);
  stage = "active";
  await client.chat("m").invoke("Hi.");
  assert.equal((await done()).infos[0].trace_location.mlflow_experiment.experiment_id, "9");
});

test("a workspace keeps the spans at a signed address, which gets no token and stands in no error", async () => {
  for (const [type, methods] of [["AWS_PRESIGNED_URL", ["PUT"]], ["AZURE_SAS_URI", ["PUT"]], ["AZURE_ADLS_GEN2_SAS_URI", ["PUT", "PATCH", "PATCH"]]]) {
    const stored = [];
    const workspace = (status) => ({ url, method, headers, text }) => {
      if (url.startsWith("https://store.example")) {
        stored.push({ method, headers, text, url });
        return new Response(null, { status });
      }
      if (url.endsWith("/credentials-for-data-upload")) return json({ credential_info: { type, signed_uri: "https://store.example/t?sig=CANARY", headers: [{ name: "x-given", value: "1" }] } });
      if (method === "POST") return json({ trace: { trace_info: { tags: { "mlflow.artifactLocation": "dbfs:/databricks/mlflow-tracking/7/traces/x/artifacts" } } } });
      return undefined;
    };
    const { client, done } = traced(model, {}, workspace(200));
    await client.chat("m").invoke("Hi.");
    const { stats, errors } = await done();
    assert.deepEqual([stats.exported, errors], [1, []], type);
    assert.deepEqual(stored.map(({ method }) => method), methods);
    for (const { headers } of stored) assert.deepEqual([headers.get("authorization"), headers.get("x-given")], [null, "1"]);
    if (type === "AZURE_SAS_URI") assert.equal(stored[0].headers.get("x-ms-blob-type"), "BlockBlob");
    if (type.includes("ADLS")) assert.match(stored[2].url, /&action=flush&position=\d+$/);
    const refused = traced(model, {}, workspace(403));
    await refused.client.chat("m").invoke("Hi.");
    const [error] = (await refused.done()).errors;
    assert.equal(error.status, 403);
    assert.doesNotMatch(JSON.stringify(error) + error.message + error.stack, /CANARY|store\.example/);
  }
});

test("a store that never answers holds no trace for ever, and the client's end ends the sending", async () => {
  for (const deaf of [false, true]) {
    const silent = ({ url, method, init }) => {
      if (url.startsWith("https://store.example")) return deaf ? new Promise(() => {}) : never(init);
      if (url.endsWith("/credentials-for-data-upload")) return json({ credential_info: { type: "AWS_PRESIGNED_URL", signed_uri: "https://store.example/t?sig=CANARY" } });
      if (method === "POST") return json({ trace: { trace_info: { tags: { "mlflow.artifactLocation": "dbfs:/databricks/mlflow-tracking/7/traces/x/artifacts" } } } });
      return undefined;
    };
    await withClock(async (clock) => {
      const { tracing, errors } = traced(model, {}, silent);
      for (let n = 0; n < 6; n += 1) tracing.startSpan({ name: `${n}` }).end();
      await tracing.close();
      assert.deepEqual(errors.map(({ kind }) => kind), Array(6).fill("DeadlineExceeded"));
      assert.ok(clock.fired.includes(60_000));
      assert.doesNotMatch(errors[0].message, /CANARY/);
      assert.deepEqual([tracing.stats().failed, tracing.stats().waiting], [6, 0]);
    });
    const closed = traced(model, {}, silent);
    closed.tracing.startSpan({ name: "one" }).end();
    const flushed = closed.tracing.flush();
    while (!closed.kept.calls.some(({ url }) => url.startsWith("https://store.example"))) await new Promise((resolve) => setTimeout(resolve, 1));
    closed.target.close();
    await flushed;
    assert.deepEqual(closed.errors.map(({ kind }) => kind), ["Closed"]);
  }
});

test("what no JSON can hold does not stop a trace", async () => {
  const { tracing, done } = traced(model, { maxValueBytes: 1000 });
  const circle = { big: 10n, map: new Map([["k", new Set([1])]]), bytes: new Uint8Array(4), f() {}, nan: NaN, when: new Date(0), get bad() { throw new Error("no"); } };
  circle.self = circle;
  const work = tracing.trace((given) => given.length);
  work([circle, "x".repeat(5000)]);
  tracing.startSpan({ name: "plain", inputs: { big: 10n, map: new Map([["k", 1]]), nan: Infinity, when: new Date(0), error: new TypeError("t") } }).end({ stream: new ReadableStream() });
  const { spans, stats } = await done();
  assert.deepEqual([stats.exported, stats.failed], [2, 0]);
  assert.ok(JSON.stringify(spans[0]).length < 3000);
  assert.deepEqual(spans[1][0].inputs, { big: "10", map: { k: 1 }, nan: "Infinity", when: "1970-01-01T00:00:00.000Z", error: { name: "TypeError", message: "t" } });
  assert.deepEqual(spans[1][0].outputs, { stream: "[stream]" });
});

test("a trace waits for a stream that is read after its root has ended, and flush does not", async () => {
  const { tracing, client, done, kept } = traced();
  const chat = client.chat("m");
  const stream = await tracing.withSpan({ name: "root" }, () => chat.stream("Hi."));
  assert.equal(tracing.stats().open, 1);
  for await (const _ of stream);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { spans: [spans] } = await done();
  assert.equal(spans.find(({ name }) => name === "chat m").outputs.choices[0].message.content, "Hello.");
  await tracing.withSpan({ name: "other" }, () => chat.stream("Hi."));
  await tracing.flush();
  assert.equal(kept.spans.length, 2);
});

test("numbers, names and lists count as texts do: nothing is kept beyond the limit", async () => {
  const long = (make) => Object.fromEntries(Array.from({ length: 50_000 }, make));
  for (const value of [
    long((_, n) => [`n${n}`, n]), Array.from({ length: 1_500 }, () => new Array(1_500).fill(0.5)), new Map(Array.from({ length: 50_000 }, (_, n) => [n, true])),
    Array.from({ length: 300 }, () => new Array(300).fill(null)), long((_, n) => ["n".repeat(200) + n, {}]), { ["k".repeat(100_000)]: 1 }, [10n ** 9_000n],
  ]) {
    const { tracing, done } = traced(model, { maxValueBytes: 500 });
    tracing.startSpan({ name: "big", inputs: { value } }).end();
    const { spans: [[span]], stats } = await done();
    assert.equal(stats.exported, 1);
    assert.ok(JSON.stringify(span.inputs).length < 1_500, JSON.stringify(span.inputs).slice(0, 200));
    assert.match(JSON.stringify(span.inputs), /…|\[cut\]/);
  }
  const { tracing, done } = traced(model, { maxValueBytes: 500 });
  tracing.startSpan({ name: "text", inputs: { messages: "x".repeat(5_000), later: 1 } }).end();
  const { spans: [[{ inputs }]] } = await done();
  assert.deepEqual(Object.keys(inputs), ["messages", "…"]);
  assert.match(inputs.messages, /^x{400,}… \(5000 characters\)$/);
});

test("what a redaction hook gives for events is made fit for JSON", async () => {
  const { tracing, done } = traced(model, {
    redact: (copy) => ({ ...copy, attributes: "none", events: [...copy.events, { name: "own", time_ns: copy.events[0].time_ns, attributes: { big: 10n, long: "x".repeat(100_000) } }, { name: "bad" }, null, 7] }),
  });
  tracing.startSpan({ name: "one" }).addEvent("noted", { a: 1 }).end();
  const { spans, stats } = await done();
  assert.deepEqual([stats.exported, stats.failed], [1, 0]);
  assert.deepEqual(spans[0][0].events, ["noted", "own"]);
});

test("a stream may be read long after its root has ended; one that never is holds its trace for ten minutes", async () => {
  await withClock(async () => {
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const { tracing, client, kept } = traced();
    const chat = client.chat("m");
    const stream = await tracing.withSpan({ name: "root" }, () => chat.stream("Hi."));
    await wait(60_000);
    assert.deepEqual([tracing.stats().open, kept.spans.length], [1, 0]);
    for await (const _ of stream);
    await wait(5);
    assert.equal(kept.spans[0].find(({ name }) => name === "chat m").outputs.choices[0].message.content, "Hello.");
    assert.equal(tracing.stats().droppedSpans, 0);
    await tracing.withSpan({ name: "forgotten" }, () => chat.stream("Hi."));
    await wait(599_000);
    assert.equal(kept.spans.length, 1);
    await wait(2_000);
    assert.deepEqual([kept.spans.length, tracing.stats().open, tracing.stats().droppedSpans], [2, 0, 1]);
  });
});

test("what begins beneath a span that was sent is a trace of its own that names it; where spans are joined it joins", async () => {
  const late = async ({ tracing, client, done }) => {
    let began;
    let go;
    const root = await tracing.withSpan({ name: "root" }, (span) => {
      began = new Promise((resolve) => (go = resolve)).then(() => client.chat("m").invoke("Late.", span.options()));
      return span;
    });
    await done();
    assert.equal(root.run(() => tracing.updateCurrentTrace({ tags: { lost: "yes" } })), false);
    go();
    await began;
    tracing.startSpan({ name: "child", parent: root }).end();
    return [root, await done()];
  };
  const [root, { infos, spans, stats }] = await late(traced());
  assert.deepEqual(spans.map(tree), [["root"], ["chat m"], ["child"]]);
  assert.equal(new Set(infos.map(({ trace_id }) => trace_id)).size, 3);
  assert.deepEqual(infos.map(({ trace_metadata: told }) => told.traceparent), [undefined, root.traceparentHeader, root.traceparentHeader]);
  assert.deepEqual([stats.exported, stats.failed, stats.open, stats.droppedSpans], [3, 0, 0, 0]);
  const joining = traced(model, { export: "otlp" }, ({ url }) => (url.endsWith("/v1/traces") ? json({}) : undefined));
  const [first] = await late(joining);
  const sent = joining.kept.calls.filter(({ url }) => url.endsWith("/v1/traces")).map(({ json: body }) => body.resourceSpans[0].scopeSpans[0].spans[0]);
  assert.deepEqual(sent.map(({ traceId, parentSpanId }) => [traceId, parentSpanId || undefined]), [[first.traceId.slice(3), undefined], ...Array(2).fill([first.traceId.slice(3), first.spanId])]);
  assert.equal(joining.kept.infos.length, 1);
});

test("spans beneath a trace that was given up are counted, not kept", async () => {
  const { tracing, done } = traced();
  const open = Array.from({ length: 1_001 }, (_, n) => tracing.startSpan({ name: `${n}`, parent: null }));
  tracing.startSpan({ name: "child", parent: open[0] }).end();
  for (const span of open) span.end();
  const { stats } = await done();
  assert.deepEqual([stats.dropped >= 1, stats.droppedSpans, stats.open], [true, 1, 0]);
});

test("what a span was given is let go of when its trace was sent, though a timer of that time goes on", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const { tracing, done, client } = traced();
  const timers = [];
  // outside of the function below: a closure of it would hold its rows itself
  const tick = () => timers.push(setInterval(() => {}, 60_000));
  const [inputs, outputs] = await (async () => {
    const rows = [{ given: [{ row: 1 }] }, { given: [{ row: 2 }] }];
    await tracing.withSpan({ name: "root", inputs: { deep: [rows[0]] } }, async () => {
      tick();
      await client.chat("m").invoke("Hi.");
      return { deep: [rows[1]] };
    });
    return rows.map((row) => new WeakRef(row.given));
  })();
  try {
    assert.equal((await done()).stats.exported, 1);
    for (let turn = 0; turn < 50 && (inputs.deref() ?? outputs.deref()) !== undefined; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    assert.deepEqual([inputs.deref(), outputs.deref()], [undefined, undefined]);
  } finally {
    timers.forEach(clearInterval);
  }
});

test("after close nothing is traced, and the app goes on", async () => {
  const { tracing, client, done } = traced();
  const span = tracing.startSpan({ name: "open" });
  await tracing.close();
  span.end();
  assert.equal((await client.chat("m").invoke("Hi.")).text, "Hello.");
  assert.equal(await tracing.withSpan({ name: "late" }, async (off) => {
    off.setAttribute("a", 1).end();
    return (await off.observe(client).chat("m").invoke("Hi.", off.options())).text;
  }), "Hello.");
  assert.equal((await done()).spans.length, 0);
  await failure(() => tracing.startSpan({ name: "x" }), "Closed");
});

test("options are checked", async () => {
  const { client } = scripted(model);
  for (const options of [undefined, {}, { experimentId: 7 }, { experimentId: "7", sampling: 2 }, { experimentId: "7", export: "grpc" }, { experimentId: "7", redact: "x" }, { experimentId: "7", nope: 1 }, { experimentId: "7", maxQueue: 0 }, { experimentId: "7", ucTable: "a.b.c" }]) {
    await failure(() => new MlflowTracing(client, options), "InvalidInput");
  }
  await failure(() => new MlflowTracing({}, { experimentId: "7" }), "InvalidInput");
  const tracing = new MlflowTracing(client, { experimentId: "7" });
  await failure(() => tracing.withSpan({ nope: 1 }, () => {}), "InvalidInput");
  await failure(() => tracing.withSpan({ name: "x" }), "InvalidInput");
  await failure(() => tracing.trace("x"), "InvalidInput");
  await failure(() => tracing.observe({}), "InvalidInput");
});
