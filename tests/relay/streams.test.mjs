// Answers under way: limits, breaks on both sides, clients that read slowly or not at all, and what stands between.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { eventually } from "../js/emulator.mjs";
import { ask, bytes, CHAT, chunk, createRelay, events, json, listen, nodeHandler, options, PAGE, refused, relayServer, STREAMED, workspace } from "./lab.mjs";

const stream = (port) => ask(port, { body: STREAMED });
/** The shortest of a few times. */
async function best(act, times = 5) {
  const all = [];
  for (let at = 0; at < times; at += 1) all.push(await act());
  return Math.min(...all);
}
/** The data of the events of a stream. */
const data = (text) => text.split(/\n\n+/).filter((event) => event.startsWith("data: ")).map((event) => event.slice(6));
/** The error that a cut stream ends with; every event before it came whole. */
function last(text) {
  const all = data(text).map((value) => JSON.parse(value));
  const error = all.at(-1);
  assert.equal(typeof error.error_code, "string", text.slice(-300));
  assert.match(error.message, /[.]$/);
  for (const event of all.slice(0, -1)) assert.equal(event.object, "chat.completion.chunk");
  return error;
}

/** A workspace that streams without end, as fast as it is read; counts the bytes it got rid of. */
async function flood(piece = chunk("x".repeat(1_000))) {
  const counted = { bytes: 0 };
  const upstream = await workspace((_, res) => {
    events(res);
    const more = () => {
      while (!res.destroyed && counted.bytes < 512e6) {
        counted.bytes += piece.length;
        if (!res.write(piece)) return void res.once("drain", more);
      }
      res.end();
    };
    more();
  });
  return { ...upstream, counted };
}

test("a stream passes byte by byte, as it is", async () => {
  const text = `${chunk("Grüße 🌊")}: comment\r\n\r\n${chunk("two")}data: [DONE]\n\n`;
  const utf8 = Buffer.from(text);
  const upstream = await workspace(async (_, res) => {
    events(res);
    for (const byte of utf8) if (!res.write(Buffer.of(byte))) await new Promise((resolve) => res.once("drain", resolve));
    res.end();
  });
  const relay = await relayServer(upstream.host);
  const answer = await stream(relay.port);
  assert.deepEqual([answer.status, answer.text, answer.cut], [200, text, false]);
  assert.equal(answer.headers["content-type"], "text/event-stream");
  // what has no line end at its end passes too
  const open = await workspace((_, res) => (events(res), res.end("data: {}\n\ndata: [DONE]")));
  assert.equal((await stream((await relayServer(open.host)).port)).text, "data: {}\n\ndata: [DONE]");
});

test("P18: streams and answers beyond the limit are cut: with an event, or so that no part looks whole", async () => {
  const endless = await flood();
  const relay = await relayServer(endless.host, { limits: { streamBytes: 100_000 } });
  const cut = await stream(relay.port);
  assert.equal(cut.cut, false);
  assert.ok(cut.text.length <= 101_000, `${cut.text.length}`);
  last(cut.text);
  assert.equal(relay.told.at(-1).reason, "size");
  await eventually(() => endless.seen[0].closed, "the workspace to be left");

  const long = await workspace((_, res) => json(res, { text: "x".repeat(200_000) }, 200, { "content-length": 200_011 }));
  refused(await ask((await relayServer(long.host, { limits: { responseBytes: 100_000 } })).port), 502);
  const unsaid = await workspace((_, res) => {
    res.writeHead(200, { "content-type": "application/json" });
    res.write(`{"text":"${"x".repeat(60_000)}`);
    setTimeout(() => res.end(`${"x".repeat(60_000)}"}`), 20);
  });
  const answer = await ask((await relayServer(unsaid.host, { limits: { responseBytes: 100_000 } })).port);
  assert.equal(answer.cut, true, "a part of an answer must not look like the whole");
});

test("P18: a stream that pauses or lasts too long is cut with an event", async () => {
  for (const [limits, reason] of [[{ idleMs: 60 }, "idle"], [{ streamMs: 60 }, "time"]]) {
    const upstream = await workspace((_, res) => (events(res), res.write(`${chunk("one")}data: {"choi`)));
    const relay = await relayServer(upstream.host, { limits });
    const answer = await stream(relay.port);
    assert.equal(last(answer.text).error_code, "DEADLINE_EXCEEDED");
    assert.equal(data(answer.text).length, 2, "the line that was not whole is left out");
    assert.equal(relay.told.at(-1).reason, reason);
    await eventually(() => upstream.seen[0].closed, "the workspace to be left");
  }
});

test("P18: a workspace that does not begin to answer is given up", async () => {
  const silent = await workspace(() => {});
  const relay = await relayServer(silent.host, { limits: { firstByteMs: 60 } });
  refused(await stream(relay.port), 504);
  await eventually(() => silent.seen[0].closed, "the workspace to be left");
});

test("P20: a client that closes ends the request to the workspace, in the middle and before the beginning", async () => {
  const endless = await workspace((_, res) => (events(res), res.write(chunk("one"))));
  const relay = await relayServer(endless.host);
  const socket = connect(relay.port, "127.0.0.1");
  socket.write(bytes(CHAT, { body: STREAMED }));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
  await eventually(() => endless.seen[0].closed, "the workspace to be left");
  assert.equal(relay.told.at(-1).reason, "client");

  // the best of a few: a machine may be busy, what waits by itself is slow each time
  const took = await best(async () => {
    const client = connect(relay.port, "127.0.0.1");
    client.write(bytes(CHAT, { body: STREAMED }));
    await new Promise((resolve) => client.once("data", resolve));
    const of = endless.seen.at(-1);
    const left = new Promise((resolve) => (of.left = resolve));
    const from = performance.now();
    client.destroy();
    await left;
    return performance.now() - from;
  });
  console.log(`# P20 on Node: the workspace was left after ${Math.round(took)} ms`);
  assert.ok(took < 250, `${took} ms`);

  const silent = await workspace(() => {});
  const other = await relayServer(silent.host);
  const early = connect(other.port, "127.0.0.1");
  early.write(bytes(CHAT, { body: STREAMED }));
  await eventually(() => silent.seen.length === 1, "the workspace to be asked");
  early.destroy();
  await eventually(() => silent.seen[0].closed, "the workspace to be left");
});

test("P20: a cancelled body, and a signal, end the request to the workspace", async () => {
  for (const how of ["cancel", "signal", "context"]) {
    let upstream;
    let cancelled = false;
    const fetch = async (_, { signal }) => {
      upstream = signal;
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(new TextEncoder().encode(chunk("one"))), cancel: () => (cancelled = true) }, { highWaterMark: 0 });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const told = [];
    const relay = createRelay(options("https://workspace.example", { fetch, onEvent: (event) => told.push(event) }));
    const controller = new AbortController();
    const request = new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: PAGE, body: STREAMED, ...(how === "signal" ? { signal: controller.signal } : {}) });
    const answer = await relay(request, how === "context" ? { signal: controller.signal } : {});
    const reader = answer.body.getReader();
    await reader.read();
    if (how === "cancel") await reader.cancel("enough");
    else controller.abort();
    await eventually(() => upstream.aborted && cancelled, how);
    if (how !== "cancel") await assert.rejects(async () => { for (;;) if ((await reader.read()).done) throw new Error("a clean end"); }, (error) => error.message !== "a clean end");
    assert.equal(told.at(-1).reason, "client");
  }
});

test("P21: a workspace that dies in the middle leaves an error event, never a clean end", async () => {
  for (const die of [(res) => res.destroy(), (res) => res.socket.resetAndDestroy()]) {
    const upstream = await workspace((_, res) => {
      events(res);
      res.write(`${chunk("one")}${chunk("two")}data: {"choices":[{"de`);
      setTimeout(() => die(res), 30);
    });
    const relay = await relayServer(upstream.host);
    const answer = await stream(relay.port);
    assert.equal(last(answer.text).error_code, "TEMPORARILY_UNAVAILABLE");
    assert.equal(data(answer.text).length, 3);
    assert.equal(relay.told.at(-1).reason, "upstream");
  }
  const short = await workspace((_, res) => {
    res.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
    res.write("{\"a\":");
    setTimeout(() => res.destroy(), 30);
  });
  assert.equal((await ask((await relayServer(short.host)).port)).cut, true);
});

test("P22: a client that does not read holds the workspace back: 256 MB stay there", async () => {
  const endless = await flood();
  let held;
  const handler = nodeHandler(createRelay(options(endless.host, { limits: { streamBytes: 2 ** 30 } })));
  const relay = { port: await listen(createServer((req, res) => handler(req, (held = res)))) };
  const socket = connect({ port: relay.port, host: "127.0.0.1" });
  socket.pause();
  socket.write(bytes(CHAT, { body: STREAMED }));
  await eventually(() => endless.counted.bytes > 0, "the stream to begin");
  // taken until nobody takes any more: what lies between is the sockets' buffers and the relay's few
  let before = -1;
  await eventually(async () => {
    if (before === endless.counted.bytes) return true;
    before = endless.counted.bytes;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return false;
  }, "the stream to stand still", 60_000);
  console.log(`# P22 on Node: ${endless.counted.bytes} bytes were taken from the workspace and lie in buffers`);
  // what this process keeps for the client; the rest lies in the system's buffers of three connections
  assert.ok(held.writableLength + held.socket.writableLength <= 256 * 1024, `${held.writableLength} ${held.socket.writableLength}`);
  assert.ok(endless.counted.bytes < 32e6, `${endless.counted.bytes}`);
  socket.destroy();
  await eventually(() => endless.seen[0].closed, "the workspace to be left");
});

test("P22: nothing is read ahead of the client, and at most one unfinished line is kept", async () => {
  let pulled = 0;
  const piece = new TextEncoder().encode("x".repeat(16 * 1024));
  const fetch = async () => new Response(new ReadableStream({ pull: (controller) => (pulled += piece.length, controller.enqueue(piece)) }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
  const relay = createRelay(options("https://workspace.example", { fetch }));
  const answer = await relay(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: PAGE, body: STREAMED }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(pulled, 0, "nothing was asked for");
  const reader = answer.body.getReader();
  const { value } = await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // a line that never ends: kept up to 64 KiB, then passed
  assert.ok(pulled <= 96 * 1024 && value.length <= pulled, `${pulled} ${value.length}`);
  await reader.cancel();
});

test("a line in tiny pieces is kept in time that grows with its length alone, and passes as it is", async () => {
  const line = (length) => `data: "${"0123456789abcdef".repeat(length / 16)}"\n\n`;
  const through = async (text, size) => {
    const all = new TextEncoder().encode(text);
    let at = 0;
    const fetch = async () => new Response(new ReadableStream({ pull: (controller) => (at < all.length ? controller.enqueue(all.subarray(at, (at += size))) : controller.close()) }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
    const relay = createRelay(options("https://workspace.example", { fetch }));
    const answer = await relay(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: PAGE, body: STREAMED }));
    const from = process.cpuUsage();
    const got = await answer.text();
    const { user, system } = process.cpuUsage(from);
    assert.equal(got, text);
    return (user + system) / 1_000;
  };
  for (const size of [1, 7, 1_000, 65_536, 100_000]) await through(`${line(48 * 1024)}${line(160 * 1024)}data: end`, size);
  // as much in one line as in many: the same pieces, the same work
  const many = line(256).repeat(2 * 1024);
  const [long, short] = [await best(() => through(line(512 * 1024), 8), 3), await best(() => through(many, 8), 3)];
  assert.ok(long < 1.5 * short, `${long} ms and ${short} ms`);
});

test("P23: the first event passes at once, uncompressed, and nothing between may change it", async () => {
  let res;
  const upstream = await workspace((_, own) => {
    res = own;
    events(own);
    own.write(chunk("first"));
  });
  const relay = await relayServer(upstream.host);
  const socket = connect(relay.port, "127.0.0.1");
  socket.write(bytes(CHAT, { body: STREAMED, lines: ["accept-encoding: gzip, br"] }));
  let text = "";
  socket.setEncoding("utf8").on("data", (more) => (text += more));
  // the workspace says nothing more until this came
  await eventually(() => text.includes("first"), "the first event");
  assert.match(text, /cache-control: no-store, no-transform/);
  assert.ok(!/content-encoding/.test(text));
  res.end(`${chunk("second")}data: [DONE]\n\n`);
  await eventually(() => text.includes("[DONE]"), "the rest");

  // from the workspace's writing to the client's reading
  let wrote;
  const quick = await workspace((_, own) => {
    events(own);
    setTimeout(() => (wrote = performance.now(), own.end(`${chunk("first")}data: [DONE]\n\n`)), 20);
  });
  const port = (await relayServer(quick.host)).port;
  const took = await best(
    () =>
      new Promise((resolve, reject) => {
        const client = connect(port, "127.0.0.1");
        client.once("error", reject).write(bytes(CHAT, { body: STREAMED }));
        client.setEncoding("utf8").on("data", (more) => {
          if (!more.includes("first")) return;
          client.destroy();
          resolve(performance.now() - wrote);
        });
      }),
  );
  assert.ok(took < 50, `${took} ms`);
});
