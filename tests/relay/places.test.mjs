// Deno, Bun and workerd: what each does with a client that goes, a workspace that breaks off, and a client that does not read.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { start } from "../../scripts/lib.mjs";
import { eventually } from "../js/emulator.mjs";
import { entry, PACKAGE } from "../js/package.mjs";
import { ask, bytes, CHAT, chunk, events, json, ORIGIN, options, PAGE, raw, refused, statuses, STREAMED, workspace } from "./lab.mjs";

const tools = fileURLToPath(new URL("../runtimes/node_modules", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "lakewire-relay-"));
after(() => rm(folder, { recursive: true, force: true }));

const making = (more) => `createRelay(${JSON.stringify(options("UPSTREAM", more))})`;
const imported = `import { createRelay } from ${JSON.stringify(entry("./relay"))};\n`;

let files = 0;
async function child(name, text, command, args) {
  const path = join(folder, `${(files += 1)}-${name}`);
  await writeFile(path, text);
  const { match, stop } = await start(command, [...args, path], { ready: /listening on (\d+)/, cwd: folder, env: { NO_COLOR: "1", NODE_OPTIONS: undefined } });
  return { port: Number(match[1]), stop };
}

const deno = join(tools, "@deno", "linux-x64-glibc", "deno");
const PLACES = {
  Deno: (make) =>
    child("deno.mjs", `${imported}const relay = ${make};\nDeno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log("listening on " + port) }, relay);\n`, existsSync(deno) ? deno : "deno", ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--no-lock"]),
  Bun: (make) =>
    child(
      "bun.mjs",
      `${imported}const relay = ${make};\nconst server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request, server) => relay(request, { client: server.requestIP(request)?.address }) });\nconsole.log("listening on " + server.port);\n`,
      join(tools, ".bin", "bun"),
      ["run"],
    ),
  async workerd(make, { compatibilityDate = "2026-04-01", compatibilityFlags = ["enable_request_signal"] } = {}) {
    const { build } = await import(pathToFileURL(join(tools, "esbuild", "lib", "main.js")).href);
    const { Miniflare } = await import(pathToFileURL(join(tools, "miniflare", "dist", "src", "index.js")).href);
    const path = join(folder, `worker-${(files += 1)}.mjs`);
    await writeFile(path, `import { createRelay } from ${JSON.stringify(join(PACKAGE, "dist", "relay", "index.workerd.js"))};\nconst relay = ${make};\nexport default { fetch: (request, env, context) => relay(request, { client: request.headers.get("cf-connecting-ip") ?? undefined, waitUntil: (work) => context.waitUntil(work) }) };\n`);
    const out = await mkdtemp(join(folder, "worker-"));
    const { metafile } = await build({ entryPoints: [path], bundle: true, format: "esm", conditions: ["workerd"], loader: { ".wasm": "copy" }, outdir: out, outExtension: { ".js": ".mjs" }, metafile: true, logLevel: "silent", absWorkingDir: folder });
    const modules = Object.keys(metafile.outputs)
      .map((file) => join(folder, file))
      .sort((one) => (basename(one) === basename(path) ? -1 : 1))
      .map((file) => ({ type: file.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path: file }));
    assert.ok(modules.some(({ type }) => type === "CompiledWasm"));
    const miniflare = new Miniflare({ modules, modulesRoot: out, compatibilityDate, compatibilityFlags, host: "127.0.0.1", port: 0, handleRuntimeStdio: (...streams) => streams.forEach((stream) => stream.resume()) });
    return { port: Number((await miniflare.ready).port), stop: () => miniflare.dispose() };
  },
};

/** A workspace with a service principal, whose tokens come slowly. */
async function slowly() {
  let tokens = 0;
  const upstream = await workspace((req, res) => {
    if (req.url.startsWith("/.well-known/") || req.url.startsWith("/oidc/.well-known/")) return json(res, {}, 404);
    if (req.url === "/oidc/v1/token") return void setTimeout(() => json(res, { access_token: `t-${(tokens += 1)}`, expires_in: 3600 }), 300);
    return json(res, { object: "chat.completion" });
  });
  return { ...upstream, tokens: () => tokens, asks: () => upstream.seen.filter(({ url }) => url === "/oidc/v1/token").length };
}

/** A workspace whose answer depends on the question's first word. */
function scripted() {
  const counted = { bytes: 0 };
  return workspace((_, res, body) => {
    const { messages } = JSON.parse(body);
    switch (messages[0].content) {
      case "silent":
        return;
      case "dies":
        events(res);
        res.write(`${chunk("one")}${chunk("two")}data: {"choices":[{"de`);
        return void setTimeout(() => res.socket.resetAndDestroy(), 50);
      case "flood": {
        events(res);
        const piece = chunk("x".repeat(4_000));
        const more = () => {
          while (!res.destroyed && counted.bytes < 256e6) {
            counted.bytes += piece.length;
            if (!res.write(piece)) return void res.once("drain", more);
          }
          res.end();
        };
        return more();
      }
      default: {
        // a stream goes on, and by what cannot be written any more a place hears of a client that only closed
        events(res);
        const timer = setInterval(() => res.write(chunk("one")), 20);
        return void res.once("close", () => clearInterval(timer));
      }
    }
  }).then((upstream) => ({ ...upstream, counted }));
}

const question = (word) => STREAMED.replace("Hi", word);

for (const [name, begin] of Object.entries(PLACES)) {
  describe(`the relay in ${name}`, async () => {
    const upstream = await scripted();
    const place = await begin(making({ limits: { streamBytes: 2 ** 30, openPerClient: 100 } }).replace("UPSTREAM", upstream.host));
    after(() => place.stop());
    const last = () => upstream.seen.at(-1);

    /** Asks over a socket of its own, which reads only what `read` says. */
    async function socket(word) {
      const before = upstream.seen.length;
      const client = connect(place.port, "127.0.0.1");
      client.on("error", () => {});
      client.write(bytes(CHAT, { body: question(word) }));
      await eventually(() => upstream.seen.length > before, "the workspace to be asked");
      return client;
    }

    test(`P1 P12: in ${name} strangers and unknown routes are refused`, async () => {
      refused(await ask(place.port, { headers: { ...PAGE, origin: "https://other.example" } }), 403);
      refused(await ask(place.port, { path: "/api/lakewire/api/2.0/token/list" }), 404);
      assert.equal(upstream.seen.length, 0);
    });

    test(`P16: in ${name} what can be read in two ways is refused, or reaches the workspace in one`, async () => {
      const size = Buffer.byteLength(question("dies"));
      const twice = [
        [`content-length: ${size}`, "content-length: 3"], [`content-length: ${size}`, "transfer-encoding: chunked"], [`content-length: +${size}`], ["transfer-encoding: xchunked"], [`content-length : ${size}`],
        [`content-length: ${size}`, "content_length: 3"], [`content-length: ${size}`, "x-a: b\r\n c"], [`content-length: ${size}`, "x-a: b\0c"],
      ];
      const seen = [];
      for (const lines of twice) {
        const before = upstream.seen.length;
        const said = await raw(place.port, bytes(CHAT, { length: false, lines, body: question("dies") }));
        const asked = upstream.seen.slice(before);
        seen.push(`${lines.at(-1).split(":")[0]} ${statuses(said)[0] ?? "closed"}`);
        assert.ok(asked.length <= 1, `${lines}: ${asked.length} requests`);
        for (const { url, headers, body } of asked) {
          assert.equal(url, "/serving-endpoints/llama/invocations");
          assert.equal(headers["content-length"] ?? `${Buffer.byteLength(body)}`, `${Buffer.byteLength(body)}`);
          assert.equal(JSON.parse(body).messages[0].content, "dies");
        }
        if (lines.length > 1 && !lines[1].startsWith("x-a")) assert.equal(asked.length, 0, `${lines}: it was let through`);
      }
      console.log(`# P16 in ${name}: ${seen.join(", ")}`);
    });

    test(`P20: in ${name} a client that closes in the middle ends the request to the workspace`, async () => {
      // the best of a few: a machine may be busy, what waits by itself is slow each time
      const all = [];
      for (let round = 0; round < 5; round += 1) {
        const client = await socket("waits");
        await new Promise((resolve) => client.once("data", resolve));
        const of = last();
        const left = new Promise((resolve) => (of.left = resolve));
        const from = performance.now();
        client.destroy();
        await left;
        all.push(performance.now() - from);
      }
      console.log(`# P20 in ${name}: the workspace was left after ${all.map(Math.round).join(", ")} ms`);
      assert.ok(Math.min(...all) < 250, `${all} ms`);
    });

    test(`P20: in ${name} a client that closes before the answer ends the request to the workspace`, async () => {
      const client = await socket("silent");
      const from = performance.now();
      // workerd takes the end of what a client sends for no more than that; a reset it hears
      if (name === "workerd") client.resetAndDestroy();
      else client.destroy();
      await eventually(() => last().closed, "the workspace to be left");
      console.log(`# P20 in ${name}, before the answer: after ${Math.round(performance.now() - from)} ms`);
    });

    test(`P36: in ${name} requests share a token, also when the one that asked for it is gone`, async () => {
      const home = await slowly();
      const { token: _, ...given } = options("UPSTREAM", { limits: { openPerClient: 100 } });
      const other = await begin(`createRelay(${JSON.stringify({ ...given, clientId: "principal", clientSecret: "dose" })})`.replace("UPSTREAM", home.host));
      try {
        const first = connect(other.port, "127.0.0.1");
        first.on("error", () => {});
        first.write(bytes(CHAT));
        await eventually(() => home.asks() === 1, "the token to be asked for");
        const rest = Array.from({ length: 10 }, () => ask(other.port));
        await new Promise((resolve) => setTimeout(resolve, 50));
        first.resetAndDestroy();
        assert.deepEqual((await Promise.all(rest)).map(({ status, text }) => [status, text.slice(0, 100)]), rest.map(() => [200, "{\"object\":\"chat.completion\"}"]));
        console.log(`# P36 in ${name}: ${home.asks()} requests for a token`);
        assert.ok(home.asks() <= 2);
        assert.equal((await ask(other.port)).status, 200);
      } finally {
        await other.stop();
      }
    });

    test(`P21: in ${name} a workspace that dies leaves an error event`, async () => {
      const { status, text, headers } = await ask(place.port, { body: question("dies") });
      assert.equal(status, 200);
      assert.equal(headers["access-control-allow-origin"], ORIGIN);
      const all = text.split(/\n\n+/).filter((event) => event.startsWith("data: ")).map((event) => JSON.parse(event.slice(6)));
      assert.equal(all.length, 3, text);
      assert.equal(all[2].error_code, "TEMPORARILY_UNAVAILABLE");
    });

    test(`P22: in ${name} a client that does not read holds the workspace back`, async () => {
      const client = await socket("flood");
      client.pause();
      let before = -1;
      await eventually(async () => {
        if (before === upstream.counted.bytes) return true;
        before = upstream.counted.bytes;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return false;
      }, "the stream to stand still", 60_000);
      console.log(`# P22 in ${name}: ${upstream.counted.bytes} bytes were taken from the workspace and lie in buffers`);
      assert.ok(upstream.counted.bytes < 32e6, `${upstream.counted.bytes}`);
      client.destroy();
      await eventually(() => last().closed, "the workspace to be left");
    });
  });
}

test("P21: workerd of an old date, without a signal of requests, answers too, and ends its streams by their cancelling", async () => {
  const upstream = await scripted();
  const place = await PLACES.workerd(making({}).replace("UPSTREAM", upstream.host), { compatibilityDate: "2024-01-01", compatibilityFlags: [] });
  try {
    const { status, text } = await ask(place.port, { body: question("dies") });
    assert.equal(status, 200, text);
    assert.match(text, /TEMPORARILY_UNAVAILABLE/);
    const client = connect(place.port, "127.0.0.1");
    client.on("error", () => {});
    client.write(bytes(CHAT, { body: question("waits") }));
    await new Promise((resolve) => client.once("data", resolve));
    client.destroy();
    await eventually(() => upstream.seen.at(-1).closed, "the workspace to be left");
  } finally {
    await place.stop();
  }
});
