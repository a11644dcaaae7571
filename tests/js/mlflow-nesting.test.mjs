// How spans nest where the runtime does not follow asynchronous code, as in pages: by clients and options that carry the span.

import assert from "node:assert/strict";
import test from "node:test";
import { scripted } from "./fakes.mjs";
import { entry } from "./package.mjs";
import { MlflowTracing, model, server, tree } from "./tracing-fakes.mjs";

const { pipe, PromptTemplate, StrOutputParser } = await import(entry("."));

// before anything is watched: the package looks for it once
process.getBuiltinModule = undefined;
globalThis.AsyncLocalStorage = undefined;

/** A client that nobody watches yet, and what is kept of its spans. */
function plain() {
  const { client: target, kept } = server();
  const tracing = new MlflowTracing(target, { experimentId: "7" });
  const { client } = scripted(async (call) => {
    await new Promise((resolve) => setTimeout(resolve, call.json.messages[0].content === "slow" ? 10 : 1));
    return model(call);
  });
  return { client, tracing, kept };
}

test("nothing follows asynchronous code here", async () => {
  const { tracing } = plain();
  await tracing.withSpan({ name: "all" }, async (span) => {
    assert.equal(tracing.currentSpan, span);
    await null;
    assert.equal(tracing.currentSpan, undefined);
  });
});

test("a span's client, made of one that nobody watched, stands beneath the span: calls, streams and chains, side by side too", async () => {
  const { client, tracing, kept } = plain();
  const ask = (name, text) => tracing.withSpan({ name, parent: null }, async (span) => {
    await null;
    const chat = span.observe(client).chat("m");
    assert.equal((await chat.invoke(text)).text, "Hello.");
    let read = "";
    for await (const word of await chat.textStream(text)) read += word;
    assert.equal(read, "Hello.");
    const chain = pipe(PromptTemplate.fromTemplate("{x}"), chat, new StrOutputParser());
    assert.equal(await chain.invoke({ x: 1 }, span.options()), "Hello.");
    return name;
  });
  assert.deepEqual(await Promise.all([ask("one", "slow"), ask("two", "fast")]), ["one", "two"]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await tracing.close();
  assert.equal(kept.spans.length, 2);
  for (const name of ["one", "two"]) {
    const spans = kept.spans.find((list) => list.some((span) => span.name === name));
    assert.deepEqual(tree(spans), [name, "StrOutputParser < chain", `chain < ${name}`, "chat m < chain", `chat m < ${name}`, `chat m < ${name}`, "prompt < chain"].sort());
    assert.ok(spans.every(({ code }) => code === "OK"));
  }
  // the client itself stays unwatched
  await client.chat("m").invoke("fast");
  assert.equal(tracing.stats().exported, 2);
});
