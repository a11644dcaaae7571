// Node (this one and others that npm has), Deno, Bun and workerd: the conformance scenarios, and the package's other forms.

import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../../scripts/lib.mjs";
import { EXCEPTIONS } from "./exceptions.mjs";
import { inWorkerd, nodes } from "./worker.mjs";

const exe = process.platform === "win32" ? ".exe" : "";

/** The places as functions that try the package there; `row` takes the results of a runtime's scenarios for the table. */
export function runtimes({ folder, tools, smoke, smokeData, scenarios, engine, host, token }, row) {
  const config = JSON.stringify({ host, token });
  const load = `import { smoke } from ${JSON.stringify(pathToFileURL(smoke).href)};`;
  const esm = `import * as lakewire from "lakewire";\n${load}\nconsole.log("RESULT " + JSON.stringify(await smoke(lakewire, ${config})));\n`;
  const slim = `import init, * as lakewire from "lakewire/slim";\nimport { readFile } from "node:fs/promises";\n${load}\nawait init(await readFile(new URL(import.meta.resolve("lakewire/core.wasm"))));\nconsole.log("RESULT " + JSON.stringify(await smoke(lakewire, ${config})));\n`;
  const chat = esm.replace('"lakewire"', '"lakewire/chat"');
  const chatSlim = slim.replace('"lakewire/slim"', '"lakewire/chat/slim"').replace("lakewire/core.wasm", "lakewire/chat/core.wasm");
  const dataImports = `import * as lakewire from "lakewire/chat";\nimport * as data from "lakewire/data";\nimport * as sql from "lakewire/sql";\nimport { smokeData } from `;
  const dataCall = `await smokeData(lakewire, data, sql, ${JSON.stringify({ host, token, engine })})`;
  const data = `${dataImports}${JSON.stringify(pathToFileURL(smokeData).href)};\nconsole.log("RESULT " + JSON.stringify(${dataCall}));\n`;
  const cjs = `const lakewire = require("lakewire");\nimport(${JSON.stringify(pathToFileURL(smoke).href)}).then(({ smoke }) => smoke(lakewire, ${config})).then((all) => console.log("RESULT " + JSON.stringify(all)));\n`;

  const visit = `const visit = async (url) => { const answer = await fetch(url, { redirect: "manual" }); return answer.headers.get("location") ?? answer.text(); };`;
  const signIn = `import { fromEnv, u2mLoopback } from "lakewire/node";\nimport { WorkspaceClient } from "lakewire";\n${visit}
const host = ${JSON.stringify(host)};
const check = async (name, act) => [name, await act().then((text) => (text ? null : "no answer"), (error) => \`\${error?.stack ?? error}\`)];
const ask = async (client) => (await client.chat("databricks-meta-llama-3-3-70b-instruct").invoke("Hi")).text;
console.log("RESULT " + JSON.stringify([
  await check("a person signs in", async () => ask(new WorkspaceClient({ host, session: await u2mLoopback({ host, show: async (url) => visit((await visit(url)).replace("localhost", "127.0.0.1")) }) }))),
  await check("a service principal signs in", () => ask(fromEnv({ host, clientId: "emulator-client", clientSecret: "emulator-secret" }))),
]));\n`;

  /** Writes a program, runs it, and reads what it reported. Whatever it says besides is a failure. */
  async function program(name, text, command, args) {
    await writeFile(join(folder, name), text);
    const { code, stdout, stderr } = await run(command, [...args, name], { cwd: folder, check: false, timeoutMs: 120_000, env: { NO_COLOR: "1", NODE_OPTIONS: undefined, DATABRICKS_TOKEN: undefined } });
    const found = /^RESULT (.*)$/m.exec(stdout);
    if (!found || code !== 0) throw new Error(`it ended with exit code ${code}\n${stdout}${stderr}`);
    return [...JSON.parse(found[1]), ["says nothing by itself", stderr.trim() === "" ? null : stderr.trim()]];
  }
  const node = (name, text) => () => program(name, text, process.execPath, []);

  const kit = `{ config: ${config}, hub: { baseUrl: ${JSON.stringify(`${host}/hf`)}, token: "hf_emulator" } }`;
  const imports = `import * as lakewire from "lakewire";\nimport * as data from "lakewire/data";\nimport * as mlflow from "lakewire/mlflow";\n`;
  const told = (exceptions) => JSON.stringify({ engine, exceptions });
  const conforming = `${imports}import * as node from "lakewire/node";\nimport { conform } from ${JSON.stringify(pathToFileURL(scenarios).href)};
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node;
console.log("RESULT " + JSON.stringify([["version", version], ...await conform({ lakewire, data, mlflow, node, ...${kit} }, ${told(EXCEPTIONS.process)})]));\n`;
  /** The scenarios in a process. */
  const conforms = (runtime, command, args = []) => async () => {
    const [[, version], ...results] = await program(`conform-${runtime.replace(/\W/g, "-")}.mjs`, conforming, command, args);
    row({ runtime, version: `${runtime.split(" ")[0]} ${version}`, results, exceptions: EXCEPTIONS.process });
    return results;
  };

  // one platform's Deno comes from npm; elsewhere it is the one on PATH
  const deno = join(tools, "@deno", "linux-x64-glibc", "deno");

  // every entry of the package but the adapters', which need what they adapt to: their own suites try them in these runtimes
  const manifest = JSON.parse(readFileSync(join(folder, "node_modules", "lakewire", "package.json"), "utf8"));
  const entries = Object.keys(manifest.exports).filter((name) => !/\.(wasm|json)$/.test(name) && !/^\.\/(langchain|ai-sdk)$/.test(name)).map((name) => name.replace(/^\./, "lakewire"));
  const importing = (names) => `const entries = { ${names.map((name) => `${JSON.stringify(name)}: () => import(${JSON.stringify(name)})`).join(", ")} };
const all = async () => Promise.all(Object.entries(entries).map(async ([name, load]) => [name, await load().then((entry) => (Object.keys(entry).length > 0 ? null : "it exports nothing"), String)]));\n`;
  const entering = `${importing(entries)}console.log("RESULT " + JSON.stringify(await all()));\n`;

  const everything = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-env", "--allow-sys", "--node-modules-dir=manual", "--no-lock"];
  return {
    ...Object.fromEntries([...nodes(tools)].map(([major, path]) => [`Node ${major}, scenarios`, conforms(`Node ${major}`, path)])),
    "Deno, scenarios": conforms("Deno", existsSync(deno) ? deno : "deno", everything),
    "Bun, scenarios": conforms("Bun", join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    "workerd, scenarios": async () => {
      const results = await worker("2026-04-01", "scenarios", `${imports}import { conform } from ${JSON.stringify(scenarios)};\nexport default { async fetch() { return Response.json(await conform({ lakewire, data, mlflow, ...${kit} }, ${told(EXCEPTIONS.workerd)})); } };\n`);
      const { version } = JSON.parse(await readFile(join(tools, "workerd", "package.json"), "utf8"));
      row({ runtime: "workerd", version: `workerd ${version}`, results, exceptions: EXCEPTIONS.workerd });
      return results;
    },
    "Node, every entry": node("entries.mjs", entering),
    "Deno, every entry": () => program("entries.mjs", entering, existsSync(deno) ? deno : "deno", everything),
    "Bun, every entry": () => program("entries.mjs", entering, join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    // the entries for Node's own modules are for Node, Deno and Bun
    "workerd, every entry": () => worker("2026-04-01", "entries", `${importing(entries.filter((name) => !name.endsWith("/node")))}export default { async fetch() { return Response.json(await all()); } };\n`),
    "Node, import": node("node.mjs", esm),
    "Node, require": async () => {
      const results = await program("node.cjs", cjs, process.execPath, []);
      // Node 20 and 22 warn of require() of an ES module; that is theirs to say
      return results.map(([name, why]) => [name, name.startsWith("says") && why?.includes("ExperimentalWarning: Support for loading ES Module in require()") ? null : why]);
    },
    "Node, slim": node("slim.mjs", slim),
    "Node, chat alone": node("chat.mjs", chat),
    "Node, chat alone, slim": node("chat-slim.mjs", chatSlim),
    "Node, data": node("data.mjs", data),
    "Node, bundled by esbuild": async () => {
      const { build } = await import(pathToFileURL(join(tools, "esbuild", "lib", "main.js")).href);
      await writeFile(join(folder, "bundle-me.mjs"), esm.replace(pathToFileURL(smoke).href, smoke));
      await build({ entryPoints: [join(folder, "bundle-me.mjs")], bundle: true, platform: "node", format: "esm", outfile: join(folder, "bundled.mjs"), logLevel: "silent", absWorkingDir: folder });
      return program("bundled.mjs", await readFile(join(folder, "bundled.mjs"), "utf8"), process.execPath, []);
    },
    "Deno": () => program("deno.mjs", esm, existsSync(deno) ? deno : "deno", ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--node-modules-dir=manual", "--no-lock"]),
    "Deno, data": () => program("data.mjs", data, existsSync(deno) ? deno : "deno", ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--node-modules-dir=manual", "--no-lock"]),
    "Bun, import": () => program("bun.mjs", esm, join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    "Bun, require": () => program("bun.cjs", cjs, join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    "Bun, data": () => program("data.mjs", data, join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    "Node, sign-in": node("sign-in.mjs", signIn),
    "Deno, sign-in": () => program("sign-in.mjs", signIn, existsSync(deno) ? deno : "deno", ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-env", "--allow-sys", "--node-modules-dir=manual", "--no-lock"]),
    "Bun, sign-in": () => program("sign-in.mjs", signIn, join(tools, ".bin", `bun${exe && ".cmd"}`), ["run"]),
    "workerd, oldest date": () => worker("2024-01-01"),
    "workerd, newest date": () => worker("2026-04-01"),
    "workerd, chat alone": () => worker("2026-04-01", "lakewire/chat"),
    "workerd, data": () => worker("2026-04-01", "data", `${dataImports}${JSON.stringify(smokeData)};\nexport default { async fetch() { return Response.json(${dataCall}); } };\n`),
  };

  /** A worker that tries the smoke test with an entry, or the one whose text is given. */
  function worker(compatibilityDate, name = "lakewire", text = `import * as lakewire from "${name}";\n${load.replace(pathToFileURL(smoke).href, smoke)}\nexport default { async fetch() { return Response.json(await smoke(lakewire, ${config})); } };\n`) {
    return inWorkerd({ folder, tools }, `worker-${compatibilityDate}-${basename(name)}`, text, compatibilityDate);
  }
}
