// What comes in as bytes: two readings of one request, bodies without end, clients that drip, other protocols.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect as connectSecond, createServer as createSecondServer } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { ask, bytes, CHAT, createRelay, listen, nodeHandler, options, PAGE, QUESTION, raw, refused, relayServer, statuses, workspace } from "./lab.mjs";

const upstream = await workspace();
const open = await relayServer(upstream.host);
const small = await relayServer(upstream.host, { limits: { bodyBytes: 2_000, bodyMs: 200 } });

async function unheard(act) {
  const before = upstream.seen.length;
  const given = await act();
  assert.equal(upstream.seen.length, before, "the workspace was asked");
  return given;
}

const size = Buffer.byteLength(QUESTION);

test("P16: a request that can be read in two ways is not read at all", async () => {
  const twice = { "content-length twice": [`content-length: ${size}`, "content-length: 3"], "both lengths": [`content-length: ${size}`, "transfer-encoding: chunked"], "a signed length": [`content-length: +${size}`], "an unknown coding": ["transfer-encoding: xchunked"], "space before the colon": [`content-length : ${size}`], "a folded header": [`content-length: ${size}`, "x-a: b\r\n c"], "a lone CR": [`content-length: ${size}`, "x-a: b\rc"], "a NUL": [`content-length: ${size}`, "x-a: b\0c"] };
  for (const [what, lines] of Object.entries(twice)) {
    const said = await unheard(() => raw(open.port, bytes(CHAT, { length: false, lines })));
    const [status] = statuses(said);
    assert.ok(status === undefined || (status >= 400 && status < 500), `${what}: ${said.slice(0, 200)}`);
  }
  // lines that end in LF alone
  const [status] = statuses(await unheard(() => raw(open.port, bytes(CHAT).replaceAll("\r\n", "\n"))));
  assert.ok(status === undefined || status === 400, `${status}`);
});

test("P16 P6: what reaches the workspace is one well-formed request of known headers", async () => {
  const before = upstream.seen.length;
  const hostile = {
    authorization: "Bearer theirs", cookie: "a=b", "x-databricks-org-id": "1", "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil.example", forwarded: "for=1.2.3.4", "x-http-method-override": "DELETE",
    "proxy-authorization": "Basic eDp5", host: "evil.example", "accept-encoding": "gzip", te: "trailers", "x-real-ip": "1.2.3.4", "databricks-x": "1", traceparent: "00-1", range: "bytes=0-1", "if-none-match": "x",
  };
  refused(await unheard(() => ask(open.port, { headers: { ...PAGE, content_length: "3" } })), 400);
  assert.equal((await ask(open.port, { headers: { ...PAGE, ...hostile } })).status, 200);
  const [{ method, url, headers, body }] = upstream.seen.slice(before);
  assert.deepEqual([method, url], ["POST", "/serving-endpoints/llama/invocations"]);
  assert.equal(headers.authorization, "Bearer dapi-canary-5f1e");
  assert.equal(headers.host, upstream.host.slice("http://".length));
  assert.equal(headers["content-length"], `${Buffer.byteLength(body)}`);
  // what fetch adds by itself stands beside what the relay says
  const known = ["accept", "accept-encoding", "accept-language", "authorization", "connection", "content-length", "content-type", "host", "sec-fetch-mode", "user-agent", "x-request-id"];
  assert.deepEqual(Object.keys(headers).filter((name) => !known.includes(name)), []);
  assert.notEqual(headers["accept-encoding"], "gzip");
});

test("P17: one byte over the limit, no length, a wrong length", async () => {
  const exact = (length) => JSON.stringify({ messages: [{ role: "user", content: "x".repeat(length - 49) }] }).padEnd(length, " ");
  const most = exact(2_000);
  assert.equal(Buffer.byteLength(most), 2_000);
  assert.equal((await ask(small.port, { body: most })).status, 200);
  refused(await unheard(() => ask(small.port, { body: `${most} ` })), 413);
  const chunked = (body) => raw(small.port, bytes(CHAT, { length: false, lines: ["transfer-encoding: chunked"], body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` }));
  assert.deepEqual(statuses(await chunked(most)), [200]);
  assert.deepEqual(statuses(await unheard(() => chunked(`${most} `))), [413]);
  // more was promised than comes: nothing of it is sent on
  const short = await unheard(() => raw(small.port, bytes(CHAT, { length: false, lines: ["content-length: 1900"] })));
  assert.deepEqual(statuses(short), [408]);
});

test("P17: a body without end is not read on, and its connection closes", async () => {
  const piece = `ffff\r\n${"x".repeat(0xffff)}\r\n`;
  const sent = await unheard(
    () =>
      new Promise((resolve, reject) => {
        const socket = connect(small.port, "127.0.0.1");
        let total = 0;
        let said = "";
        const write = () => {
          while (!socket.destroyed && total < 1e9) {
            total += piece.length;
            if (!socket.write(piece)) return void socket.once("drain", write);
          }
        };
        socket.setEncoding("latin1").on("data", (data) => (said += data));
        socket.on("error", () => {});
        socket.once("close", () => resolve({ total, said }));
        socket.setTimeout(30_000, () => reject(new Error("the connection stayed open")));
        socket.write(bytes(CHAT, { length: false, lines: ["transfer-encoding: chunked"], body: "" }));
        write();
      }),
  );
  assert.ok(sent.total < 1e9, "the relay read on");
  if (sent.said !== "") assert.deepEqual(statuses(sent.said), [413]);
});

test("P17: compressed bodies are refused, however small they are", async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000, " "));
  const answer = await unheard(() => ask(open.port, { headers: { ...PAGE, "content-encoding": "gzip" }, body: bomb }));
  assert.ok([400, 415].includes(answer.status), `${answer.status}`);
});

test("P17: a body that drips is not waited for", async () => {
  const said = await unheard(
    () =>
      new Promise((resolve) => {
        const socket = connect(small.port, "127.0.0.1");
        let text = "";
        socket.setEncoding("latin1").on("data", (data) => (text += data));
        socket.on("error", () => {});
        socket.write(bytes(CHAT, { length: false, lines: ["content-length: 1999"], body: "{" }));
        const drip = setInterval(() => socket.write(" "), 20);
        socket.once("close", () => (clearInterval(drip), resolve(text)));
      }),
  );
  assert.deepEqual(statuses(said), [408]);
});

test("P17: what is no JSON object, or not UTF-8, is refused", async () => {
  for (const body of ["", "null", "[]", "{", "{\"messages\":1", Buffer.from([0x7b, 0xff, 0x7d])]) {
    const answer = await unheard(() => ask(open.port, { body }));
    assert.equal(answer.status, 400, `${body}: ${answer.text}`);
  }
});

test("P19: headers that drip, and a thousand half-open connections, hold nobody up", async () => {
  const relay = await relayServer(upstream.host, {}, { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 100 });
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, () =>
      new Promise((resolve, reject) => {
        const socket = connect(relay.port, "127.0.0.1", () => {
          socket.write("POST / HTTP/1.1\r\nhost: x\r\nx-a: ");
          resolve(socket);
        });
        socket.resume();
        socket.on("error", reject);
      }),
    ),
  );
  for (const socket of sockets) socket.on("error", () => {});
  assert.equal((await ask(relay.port)).status, 200, "others are answered meanwhile");
  await Promise.all(sockets.map((socket) => socket.destroyed || new Promise((resolve) => socket.once("close", resolve))));
});

test("P19 P24: a client has so many requests open and no more; each that ends makes room", async () => {
  const waiting = [];
  const slow = await workspace((_, res) => waiting.push(res));
  const relay = await relayServer(slow.host, { limits: { openPerClient: 3 } });
  const answers = Array.from({ length: 3 }, () => ask(relay.port));
  while (waiting.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  const full = await ask(relay.port);
  refused(full, 429);
  assert.match(full.headers["retry-after"], /^\d+$/);
  for (const res of waiting.splice(0)) res.writeHead(200, { "content-type": "application/json" }).end("{}");
  assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), [200, 200, 200]);
  // those that fail, or whose client goes away, make room too
  for (let round = 0; round < 10; round += 1) {
    const answer = ask(relay.port);
    while (waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    waiting.pop().destroy();
    refused(await answer, 502);
  }
});

test("P25: what would be dear is made less, or refused", async () => {
  const relay = await relayServer(upstream.host, { limits: { maxTokens: 500 } });
  const sent = async (more) => {
    const before = upstream.seen.length;
    const answer = await ask(relay.port, { body: JSON.stringify({ ...JSON.parse(QUESTION), ...more }) });
    return answer.status === 200 ? JSON.parse(upstream.seen[before].body) : answer.status;
  };
  assert.equal((await sent({ max_tokens: 1_000_000_000 })).max_tokens, 500);
  assert.equal((await sent({})).max_tokens, 500);
  assert.equal((await sent({ max_tokens: 20 })).max_tokens, 20);
  assert.equal(await sent({ n: 128 }), 400);
  assert.equal(await sent({ tools: Array.from({ length: 10_000 }, (_, at) => ({ type: "function", function: { name: `f${at}` } })) }), 400);
});

test("P28: upgrades, expectations and pipelines are refused", async () => {
  for (const lines of [["upgrade: websocket", "sec-websocket-key: x"], ["upgrade: h2c", "http2-settings: AAMAAABk"], ["expect: 100-continue"], ["expect: something"]]) {
    const text = bytes(CHAT, { lines }).replace("connection: close", lines[0].startsWith("upgrade") ? "connection: upgrade, http2-settings" : "connection: close");
    const said = await unheard(() => raw(open.port, text));
    // nobody is told to go on first
    const [first, ...more] = statuses(said);
    assert.ok(first >= 400 && first < 500 && more.length === 0, `${lines[0]}: ${said.slice(0, 120)}`);
    assert.ok(!said.includes("101 "), lines[0]);
  }
  const before = upstream.seen.length;
  const piped = await raw(open.port, bytes(CHAT).replace("connection: close\r\n", "") + bytes(CHAT));
  assert.deepEqual(statuses(piped), [200, 400]);
  assert.equal(upstream.seen.length - before, 1);
  const prior = await unheard(() => raw(open.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  assert.ok(!/^HTTP\/\S+ 2/.test(prior));
});

test("a hook that throws, and an answer that Node cannot send, end their request and not the process", async () => {
  const broken = await relayServer(upstream.host, { handler: { client: (req) => req.headers["x-real-ip"].split(",")[0] } });
  refused(await unheard(() => ask(broken.port)), 500);
  assert.equal((await ask(broken.port, { headers: { ...PAGE, "x-real-ip": "192.0.2.1" } })).status, 200, "the next one is answered");
  for (const wrapped of [async () => Response.error(), async () => undefined, async () => ({ status: 1_000, headers: new Headers(), body: null }), () => { throw new Error("x"); }]) {
    const port = await listen(createServer(nodeHandler(wrapped)));
    refused(await ask(port), 500);
    refused(await ask(port), 500);
  }
});

test("HTTP/2: many requests share a connection, and a refusal ends one of them alone", async () => {
  const server = createSecondServer();
  server.on("request", nodeHandler(createRelay(options(upstream.host, { limits: { bodyBytes: 2_000 } }))));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connectSecond(`http://127.0.0.1:${server.address().port}`);
  const send = (body) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":method": "POST", ":path": CHAT, ...PAGE });
      let status;
      stream.once("response", (headers) => (status = headers[":status"]));
      stream.on("error", reject).once("close", () => resolve(status)).resume().end(body);
    });
  try {
    const statuses = await Promise.all([send(QUESTION), send(QUESTION), send(QUESTION.padEnd(5_000)), send(QUESTION)]);
    assert.deepEqual(statuses, [200, 200, 413, 200]);
    assert.equal(await send(QUESTION), 200);
  } finally {
    session.close();
    server.close();
  }
});
