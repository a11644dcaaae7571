// Runs every example of both faces against the emulator that LAKEWIRE_EMULATOR names, and looks at what it prints.
// With `--write` it also puts what they printed into examples/README.md.

import { mkdtemp, mkdir, readdir, readFile, rm, symlink, copyFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, start, stopAll } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
/** Where the emulator lets the driver proxy reach an app. */
const APP_PORT = process.env.LAKEWIRE_APP_PORT ?? "7777";
const host = process.env.LAKEWIRE_EMULATOR?.replace(/\/$/, "");
const env = { LAKEWIRE_APP_PORT: APP_PORT, DATABRICKS_HOST: host, DATABRICKS_TOKEN: "dapi-emulator", HF_BASE_URL: `${host}/hf`, HF_TOKEN: "hf_emulator" };
/** What each must say, whichever face it shows. */
const SAYS = {
  responses: /42[^]*function_call, function_call_output, message[^]*42/,
  chat: /tokens, request \S+/,
  stream: /\S{3}/,
  embeddings: /^1024 numbers: -?[\d.e-]+, -?[\d.e-]+, -?[\d.e-]+ …$[^]*^nearest of 3: \S/m,
  external_endpoint: /^llm\/v1\/chat is ready\.\nAnswer: .*Ann[^]*\nDeleted\.$/m,
  // rows, columns, and a result in several files: lineitem at the engine's scale of 0.01
  sql: /^5 large orders:\n(?:\d+ +\d+\.\d{2} +\d{4}-\d{2}-\d{2}\n){5}Orders: 15000, mean price \d+\.\d{2}\nLine items: 60175, (?:[2-9]|\d\d+) batches, quantity \d+\.\d{2}$/m,
  // the stand-in writes the statement, the SQL engine runs it
  sql_chain: /^Tables: .*nation[^]*SELECT[^]*\d+/,
  // the stand-in writes the statement, its rows come through the SQL engine
  genie: /^… COMPLETED$[^]*number of orders[^]*^SELECT[^]*^GROUP BY[^]*^\|(?: \d+ \|)? O \| \d+ \|$/m,
  // the toolkit's schema, the stand-in's arguments, the function's body in the SQL engine
  uc_functions: /^main\.tools\.add_tax: Adds tax[^]*120\.0[^]*\(2 steps\)$/m,
  secrets: /^certificate\nopenai\n[^]*^users may READ$[^]*^The key is \[redacted\], 9 characters long\.$/m,
  // two starts, two ends, and the tables
  mlflow_callback: /^FINISHED: 2 starts, 2 ends, 0 errors; 5 sent, 0 dropped\nchat_html\.html\nllm_end_1_generation_0\.json\n[^]*^table_session_analysis\.html$/m,
  // 1500 values in two requests, read back
  mlflow_tracking: /^fit FINISHED: loss 0\.00003 at step 1499\nHistory: 1500 values\nsummary\.json, \d+ bytes\nFound: true$/m,
  structured: /^Ann is 31$/m,
  chain: /^\S[^]*^Again: [^]*Ann[^]*^Compared: .*\d+ characters/m,
  // the answer, and the same chain as Python that MLflow serves
  serve_chain: /^\S[^]*^prompt = ChatPromptTemplate\.from_messages\([^]*^mlflow\.models\.set_model\(chain\)$/m,
  tools: /42.*\(2 steps\)/s,
  // the spans as the server has them: in Rust with their tokens, in JavaScript as a tree with how they ended
  tracing: /^UNKNOWN answer\nCHAIN chain\n[^]*CHAT_MODEL \S+[^]*^Tokens: .*input_tokens[^]*^Sent: 1$|^AGENT question: OK\n {2}CHAIN chain: OK\n(?: {4}\w+ .*: OK\n)+State OK, session example\.$/m,
  dolly: /^Dolly: \S+/m,
  hub: /Ann.*\nStreamed: \S+/,
  // a Direct Access index: written, searched with a filter, deleted
  vector_search: /^Written: pump, boat, pumpe\n0\.\d\d To reset the pump, hold its button\.\n0\.\d\d Boats float on water\.\nDeleted\.$/m,
  driver_proxy: /^You said: Hello\. And .*\nYou said: How are you\?.*\n.*temperature 0\.1\.\n.*temperature 0\.9\.\n.*Be concise\..*\nYOU SAID: HELLO\./,
};

/** What each printed, by its name. */
const printed = new Map();
let passed = 0;
let failed = 0;
async function one(name, command, args, cwd) {
  const says = SAYS[name.split(".")[0]];
  const { code, stdout, stderr } = await run(command, args, { cwd, env, check: false }).catch((error) => ({ code: 1, stdout: "", stderr: error.message }));
  const good = code === 0 && says !== undefined && says.test(stdout);
  printed.set(name, stdout.trim());
  if (good) passed += 1;
  else failed += 1;
  process.stdout.write(good ? `ok - ${name}\n` : `not ok - ${name}: ${says === undefined ? "scripts/examples.mjs does not know it" : `${stdout}${stderr}`.trim()}\n`);
}

/** An example that serves: started, asked once through a page's request, and stopped. */
async function served(name) {
  let why;
  try {
    const { code, stderr } = await run("cargo", ["build", "-q", "--locked", "-p", "lakewire", "--features", "relay", "--example", "relay"], { cwd: ROOT, check: false });
    if (code !== 0) throw new Error(stderr);
    const program = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", "examples", `relay${process.platform === "win32" ? ".exe" : ""}`);
    const origin = "http://localhost:5173";
    const { match } = await start(program, [], { env: { ...env, LAKEWIRE_ORIGIN: origin, PORT: "0" }, ready: /listens on (http:\S+)/ });
    const ask = (from) =>
      fetch(`${match[1]}/serving-endpoints/databricks-meta-llama-3-3-70b-instruct/invocations`, {
        method: "POST",
        headers: { origin: from, "content-type": "application/json", "x-lakewire-relay": "1" },
        body: '{"messages":[{"role":"user","content":"My name is Ann. What is my name?"}]}',
      });
    const [answer, stranger] = [await ask(origin), await ask("https://evil.example")];
    const text = await answer.text();
    if (answer.status !== 200 || !text.includes("Ann") || stranger.status !== 403) why = `${answer.status} ${text}, and to a stranger ${stranger.status}`;
  } catch (error) {
    why = error.message;
  }
  if (why === undefined) passed += 1;
  else failed += 1;
  process.stdout.write(why === undefined ? `ok - ${name}\n` : `not ok - ${name}: ${why}\n`);
}

// the examples import the package by its name, as a user's code does
const folder = await mkdtemp(join(tmpdir(), "lakewire-examples-"));
try {
  await start(process.execPath, [join(EXAMPLES, "apps", "driver_app.mjs"), APP_PORT], { ready: /listening/ });
  await mkdir(join(folder, "node_modules"));
  await symlink(join(ROOT, "pkg"), join(folder, "node_modules", "lakewire"), "junction");
  for (const name of (await readdir(EXAMPLES)).filter((name) => /\.(mjs|rs)$/.test(name)).sort()) {
    if (name.endsWith(".mjs")) {
      await copyFile(join(EXAMPLES, name), join(folder, name));
      await one(name, process.execPath, [join(folder, name)], folder);
    } else if (name === "relay.rs") {
      await served(name);
    } else {
      await one(name, "cargo", ["run", "-q", "--locked", "-p", "lakewire", "--features", "native", "--example", name.replace(/\.rs$/, "")], ROOT);
    }
  }
} finally {
  await stopAll();
  await rm(folder, { recursive: true, force: true });
}
if (process.argv.includes("--write") && failed === 0) await writeReadme();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** The examples with what they printed here; the first comment of each file says what it shows. */
async function writeReadme() {
  const fence = "```";
  const parts = [
    "# Examples",
    "",
    "Each task in JavaScript and in Rust, with what both printed against the emulator, whose stand-in model answers.",
    "`npm test -- examples` runs them all; `node scripts/examples.mjs --write`, with `LAKEWIRE_EMULATOR` set, writes this page.",
    "",
  ];
  for (const name of [...printed.keys()].filter((name) => name.endsWith(".mjs"))) {
    const base = name.replace(/\.mjs$/, "");
    const about = /^\/\/ (.*)$/m.exec(await readFile(join(EXAMPLES, name), "utf8"))?.[1] ?? "";
    parts.push(`## ${base}`, "", about, "");
    for (const file of [name, `${base}.rs`].filter((file) => printed.has(file))) parts.push(`[\`${file}\`](${file}):`, "", `${fence}text`, printed.get(file), fence, "");
  }
  await writeFile(join(EXAMPLES, "README.md"), parts.join("\n"));
}
