// Tracing in a page that is hidden or left: what has ended is sent so that it outlives the page.

import assert from "node:assert/strict";
import test from "node:test";
import { MlflowTracing, server } from "./tracing-fakes.mjs";

test("a page that is hidden sends what has ended with keepalive, as far as 64 KiB go", async () => {
  const listeners = new Map();
  globalThis.document = { visibilityState: "visible", addEventListener: (name, act) => listeners.set(name, act), removeEventListener: (name) => listeners.delete(name) };
  try {
    const { kept, client: target } = server();
    const tracing = new MlflowTracing(target, { experimentId: "7" });
    for (const size of [10, 100_000]) tracing.startSpan({ name: `${size}`, inputs: "x".repeat(size) }).end();
    await tracing.flush();
    assert.ok(kept.calls.every(({ init }) => init.keepalive === undefined));
    for (const size of [10, 100_000]) tracing.startSpan({ name: `${size}`, inputs: "x".repeat(size) }).end();
    globalThis.document.visibilityState = "hidden";
    kept.calls.length = 0;
    listeners.get("visibilitychange")();
    await tracing.close();
    const sent = kept.calls.map(({ url, text, init }) => [url.endsWith("traces.json") && text.length > 60_000, init.keepalive === true]);
    assert.deepEqual(sent.map(([large, alive]) => large !== alive), [true, true, true, true]);
    assert.equal(tracing.stats().exported, 4);
    assert.equal(listeners.size, 0);
  } finally {
    delete globalThis.document;
  }
});

test("a page that is left says so while it can be seen: what has ended goes with keepalive, spans beside the trace", async () => {
  const windows = new Map();
  let gate;
  globalThis.document = { visibilityState: "visible", addEventListener() {}, removeEventListener() {} };
  const before = { addEventListener: globalThis.addEventListener, removeEventListener: globalThis.removeEventListener };
  Object.assign(globalThis, { addEventListener: (name, act) => windows.set(name, act), removeEventListener: (name) => windows.delete(name) });
  try {
    const { kept, client: target } = server(({ method }) => (method === "POST" ? gate : undefined));
    const tracing = new MlflowTracing(target, { experimentId: "7" });
    const traced = async (name) => {
      kept.calls.length = 0;
      tracing.startSpan({ name }).end();
      if (name === "left") windows.get("pagehide")({ persisted: true });
      if (name === "back") windows.get("pageshow")({ persisted: true });
      await tracing.flush();
      return kept.calls.map(({ init }) => init.keepalive === true);
    };
    assert.deepEqual(await traced("first"), [false, false]);
    assert.deepEqual(await traced("left"), [true, true]);
    assert.deepEqual(await traced("back"), [false, false]);
    // nobody reads an answer in a page that is gone: the spans do not wait for it
    windows.get("pagehide")({});
    kept.calls.length = 0;
    tracing.startSpan({ name: "last" }).end();
    windows.get("pagehide")({});
    for (let turn = 0; turn < 50; turn += 1) await null;
    assert.equal(kept.calls.length, 2);
    await tracing.flush();
    // nor of what was on its way before
    windows.get("pageshow")({});
    kept.calls.length = 0;
    let open;
    gate = new Promise((resolve) => (open = resolve));
    tracing.startSpan({ name: "on its way" }).end();
    while (kept.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    windows.get("pagehide")({});
    for (let turn = 0; turn < 50; turn += 1) await null;
    assert.deepEqual(kept.calls.map(({ method, init }) => [method, init.keepalive === true]), [["POST", false], ["PUT", true]]);
    open();
    await tracing.close();
    assert.deepEqual([kept.calls.length, tracing.stats().exported, tracing.stats().failed, windows.size], [2, 5, 0, 0]);
  } finally {
    Object.assign(globalThis, before);
    delete globalThis.document;
  }
});
