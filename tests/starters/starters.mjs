// How each starter is started and used.

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { freePort, run, start } from "../../scripts/lib.mjs";
import { inBrowser } from "./browser.mjs";

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
const INVOCATIONS = `/api/lakewire/serving-endpoints/${ENDPOINT}/invocations`;
const QUESTION = JSON.stringify({ messages: [{ role: "user", content: "What is a lakehouse?" }] });
const exe = process.platform === "win32" ? ".cmd" : "";

/** Requests that end in the middle of their body or name no address: the server that they may end is asked for its page afterwards. */
async function outlives(origin, path, headers = {}) {
  const { hostname, port, host } = new URL(origin);
  const lines = Object.entries({ host, "content-type": "application/json", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const send = (text, leave) =>
    new Promise((done) => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => undefined);
      socket.on("close", done);
      socket.on("data", () => undefined);
      socket.write(text, () => leave && socket.end());
    });
  try {
    await send(`POST ${path} HTTP/1.1\r\n${lines}content-length: 100\r\n\r\n{`, true);
    await send(`GET // HTTP/1.1\r\n${lines}connection: close\r\n\r\n`, false);
    // a second time: what the first one broke has been seen by then
    await send(`POST ${path} HTTP/1.1\r\n${lines}content-length: 100\r\n\r\n{`, true);
    const page = await fetch(origin);
    await page.arrayBuffer();
    return page.status === 200 ? undefined : `the page then has the status ${page.status}`;
  } catch (error) {
    return `it is gone: ${error.cause?.message ?? error.message}`;
  }
}

/** The starters by name; each is given its folder, and gives `[what, why it is wrong or nothing]`. */
export function starters({ root, tools, here, host, token, key, load }) {
  const env = { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, APP_KEY: key, CHAT_ENDPOINT: ENDPOINT, NODE_OPTIONS: undefined, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" };
  const ready = /listening on (http:\S+)/;
  const denoOfTests = join(tools, "@deno", "linux-x64-glibc", "deno");
  const deno = existsSync(denoOfTests) ? denoOfTests : "deno";

  /** A server with the chat page: what it refuses, and a conversation in a browser. */
  async function chatServer(origin) {
    const results = [];
    const post = (headers, path = INVOCATIONS, body = QUESTION) => fetch(origin + path, { method: "POST", body, headers: { origin, "content-type": "application/json", "x-lakewire-relay": "1", ...headers } });
    const status = async (what, wanted, answer) => {
      const { status: got } = await answer.then(async (one) => (await one.arrayBuffer(), one));
      results.push([what, got === wanted ? undefined : `status ${got}, not ${wanted}`]);
    };
    results.push(["a sender that goes away ends its own request alone", await outlives(origin, "/sign-in")]);
    const cookie = { cookie: `__Host-key=${key}` };
    await status("a stranger is refused", 401, post({}));
    await status("a wrong key is refused", 401, post({}, "/sign-in", "no"));
    await status("who is signed in is let through", 200, post(cookie));
    await status("another site's page is refused", 403, post({ ...cookie, origin: "https://evil.example" }));
    await status("what is not named is not there", 404, post(cookie, "/api/lakewire/api/2.0/secrets/scopes/create", "{}"));
    await status("an endpoint that is not named is refused", 404, post(cookie, INVOCATIONS.replace(ENDPOINT, "another-endpoint")));
    results.push(["the page chats once the key is given", await inBrowser(async (page) => {
      await page.goto(origin);
      await page.fill('#ask input[name="question"]', "What is a lakehouse?");
      await page.click("#ask button");
      await page.waitForSelector("#key:not([hidden]) input");
      await page.fill("#key input", key);
      await page.click("#key button");
      await page.waitForSelector("#key", { state: "hidden" });
      await page.fill('#ask input[name="question"]', "What is a lakehouse?");
      await page.click("#ask button");
      await page.waitForSelector('#talk [data-state="done"]');
      const said = await page.textContent('#talk [data-state="done"]');
      return /lakehouse/i.test(said) ? undefined : `it said "${said}"`;
    })]);
    return results;
  }

  /** The same, for a server that says where it listens: `localhost`, where browsers keep secure cookies without TLS. */
  async function served(folder, command, args, more = {}) {
    const child = await start(command, args, { cwd: folder, env: { ...env, PORT: `${await freePort()}`, ...more }, ready, timeoutMs: 60_000 });
    try {
      return await chatServer(child.match[1]);
    } catch (error) {
      throw new Error(`${error.stack}\nThe server said:\n${child.output().slice(-2000)}`);
    } finally {
      await child.stop();
    }
  }

  return {
    node: (folder) => served(folder, process.execPath, ["server.mjs"]),
    deno: (folder) => served(folder, deno, ["task", "start"], { DENO_NO_UPDATE_CHECK: "1" }),
    bun: (folder) => served(folder, join(tools, ".bin", `bun${exe}`), ["server.js"]),

    async nextjs(folder) {
      const next = join(here, "node_modules", "next", "dist", "bin", "next");
      await run(process.execPath, [next, "build"], { cwd: folder, env, timeoutMs: 400_000 });
      const port = await freePort();
      const child = await start(process.execPath, [next, "start", "--port", `${port}`, "--hostname", "127.0.0.1"], { cwd: folder, env, ready: /Ready in/, timeoutMs: 60_000 });
      try {
        return await chatServer(`http://localhost:${port}`);
      } catch (error) {
        throw new Error(`${error.stack}\nThe server said:\n${child.output().slice(-2000)}`);
      } finally {
        await child.stop();
      }
    },

    /** As wrangler bundles it, in the runtime that it runs in. */
    async worker(folder) {
      const settings = await readFile(join(folder, "wrangler.toml"), "utf8");
      const value = (name) => new RegExp(`^${name} = (.*)$`, "m").exec(settings)[1];
      const { build } = await load(tools, "esbuild", "lib", "main.js");
      const { Miniflare } = await load(tools, "miniflare", "dist", "src", "index.js");
      const out = join(folder, "out");
      const { metafile } = await build({ entryPoints: [join(folder, JSON.parse(value("main")))], bundle: true, format: "esm", conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" }, outdir: out, outExtension: { ".js": ".mjs" }, metafile: true, logLevel: "silent", absWorkingDir: folder });
      const files = Object.keys(metafile.outputs).map((path) => join(folder, path)).sort((one) => (one.endsWith("index.mjs") ? -1 : 1));
      const modules = files.map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path }));
      const origin = JSON.parse(value("APP_ORIGIN"));
      const bindings = { DATABRICKS_HOST: host, DATABRICKS_CLIENT_ID: "emulator-client", DATABRICKS_CLIENT_SECRET: "emulator-secret", CHAT_ENDPOINT: ENDPOINT, APP_ORIGIN: origin, APP_KEY: key };
      const miniflare = new Miniflare({ modules, modulesRoot: out, compatibilityDate: JSON.parse(value("compatibility_date")), compatibilityFlags: JSON.parse(value("compatibility_flags")), bindings });
      const results = [];
      try {
        const url = `${await miniflare.ready}`.replace(/\/$/, "");
        const authorization = `Bearer ${key}`;
        const post = (headers, path = INVOCATIONS, body = QUESTION) => fetch(url + path, { method: "POST", body, headers: { origin, "content-type": "application/json", "x-lakewire-relay": "1", ...headers } });
        const status = async (what, wanted, answer) => {
          const one = await answer;
          const text = await one.text();
          results.push([what, one.status === wanted ? undefined : `status ${one.status}, not ${wanted}: ${text.slice(0, 300)}`]);
          return { one, text };
        };
        results.push(["its wasm is a module of its own", files.some((path) => basename(path).endsWith(".wasm")) ? undefined : files.join(", ")]);
        await status("a stranger is refused", 401, post({}));
        await status("another site's page is refused", 403, post({ authorization, origin: "https://evil.example" }));
        await status("an endpoint that is not named is refused", 404, post({ authorization }, INVOCATIONS.replace(ENDPOINT, "another-endpoint")));
        const { one } = await status("a page with the key is let through", 200, post({ authorization }));
        results.push(["its answer may be read by that page alone", one.headers.get("access-control-allow-origin") === origin ? undefined : `${one.headers.get("access-control-allow-origin")}`]);
        const preflight = await fetch(url + INVOCATIONS, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,x-lakewire-relay" } });
        results.push(["a page may ask first", preflight.status === 204 && /authorization/.test(preflight.headers.get("access-control-allow-headers")) ? undefined : `status ${preflight.status}`]);
        await status("the model's own route wants the key too", 401, post({}, "/ask", "What is a lakehouse?"));
        const { text } = await status("the model's own route streams words", 200, post({ authorization }, "/ask", "What is a lakehouse?"));
        results.push(["the words are an answer", /lakehouse/i.test(text) ? undefined : text.slice(0, 300)]);
        // the same client that a page has
        await writeFile(join(folder, "page.mjs"), `import { WorkspaceClient } from "lakewire/chat";\nconst client = new WorkspaceClient({ relay: ${JSON.stringify(`${url}/api/lakewire`)}, headers: { authorization: ${JSON.stringify(authorization)}, origin: ${JSON.stringify(origin)} } });\nconsole.log((await client.chat(${JSON.stringify(ENDPOINT)}).invoke("What is a lakehouse?")).text);\n`);
        const { code, stdout, stderr } = await run(process.execPath, ["page.mjs"], { cwd: folder, check: false, env: { NODE_OPTIONS: undefined } });
        results.push(["lakewire's client goes through it", code === 0 && /lakehouse/i.test(stdout) ? undefined : `${stdout}${stderr}`.slice(0, 800)]);
        return results;
      } finally {
        await miniflare.dispose();
      }
    },

    async "browser-u2m"(folder) {
      const child = await start(process.execPath, ["server.mjs"], { cwd: folder, env: { ...env, DATABRICKS_TOKEN: undefined, CLIENT_ID: "databricks-cli", PORT: `${await freePort()}` }, ready });
      const url = child.match[1];
      try {
        const other = await fetch(`${url.replace("localhost", "127.0.0.1")}/serving-endpoints/${ENDPOINT}/invocations`, { method: "POST", body: QUESTION, headers: { authorization: `Bearer ${token}` } });
        const secrets = await fetch(`${url.replace("localhost", "127.0.0.1")}/api/2.0/secrets/scopes/list`, { headers: { "sec-fetch-site": "same-origin", authorization: `Bearer ${token}` } });
        const talk = await inBrowser(async (page) => {
          await page.goto(url);
          await page.click("#sign-in");
          await page.waitForSelector("#ask:not([hidden]) input");
          if (new URL(page.url()).search !== "") return `the code stays in the address: ${page.url()}`;
          const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }) + document.cookie);
          if (kept !== "{}") return `something is kept: ${kept}`;
          await page.fill('#ask input[name="question"]', "What is a lakehouse?");
          await page.click("#ask button");
          await page.waitForSelector('#talk [data-state="done"]');
          const said = await page.textContent('#talk [data-state="done"]');
          return /lakehouse/i.test(said) ? undefined : `it said "${said}"`;
        });
        return [
          ["a sender that goes away ends its own request alone", await outlives(url, "/oauth/token", { "sec-fetch-site": "same-origin" })],
          ["who is not its page is refused", other.status === 403 ? undefined : `status ${other.status}`],
          ["what is not named is not there", secrets.status === 404 ? undefined : `status ${secrets.status}`],
          ["a person signs in and chats; nothing of it stays in the page's stores", talk],
        ];
      } catch (error) {
        throw new Error(`${error.stack}\nThe server said:\n${child.output().slice(-2000)}`);
      } finally {
        await child.stop();
      }
    },

    /** With the crate of this folder in the place of the published one, and the builds that the other suites made. */
    async rust(folder) {
      const lock = join(folder, "Cargo.lock");
      await writeFile(lock, await readFile(join(root, "Cargo.lock"), "utf8"));
      const profile = ["profile.dev.debug='line-tables-only'", "profile.dev.package.'*'.debug=false", `patch.crates-io.lakewire.path=${JSON.stringify(root)}`];
      const args = ["run", "--quiet", ...profile.flatMap((line) => ["--config", line]), "--", "What", "is", "a", "lakehouse?"];
      const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
      const { code, stdout, stderr } = await run("cargo", args, { cwd: folder, check: false, timeoutMs: 550_000, env: { ...env, CARGO_TARGET_DIR: target } });
      return [
        ["it builds without a warning", /^warning/m.test(stderr) ? stderr : undefined],
        ["it prints the answer", code === 0 && /lakehouse/i.test(stdout) ? undefined : `exit code ${code}\n${stdout}${stderr}`],
      ];
    },
  };
}
