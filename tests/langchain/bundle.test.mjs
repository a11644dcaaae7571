// What a bundler takes of the entry: the classes an app imports and nothing else, and no second copy of the core.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const resolveDir = fileURLToPath(new URL(".", import.meta.url));

/** The core stays outside, and `lakewire/langchain` does not. */
const core = { name: "core", setup: (builder) => void builder.onResolve({ filter: /^lakewire(\/data|\/mlflow)?$/ }, ({ path }) => ({ path, external: true })) };

/** The modules of the package in a bundle of this code, by the name of their file; LangChain.js and the core stay outside. */
async function taken(code) {
  const { metafile } = await build({ stdin: { contents: code, resolveDir }, bundle: true, minify: true, format: "esm", write: false, outdir: "out", metafile: true, external: ["@langchain/*"], logLevel: "silent", absWorkingDir: resolveDir, plugins: [core] });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output.inputs).filter(([path, { bytesInOutput }]) => path.includes("lakewire/dist/langchain/") && bytesInOutput > 0).map(([path]) => path.split("/").pop()).sort();
}

test("an app that embeds takes no chat model, and one that imports nothing takes nothing", async () => {
  assert.deepEqual(await taken('import { DatabricksEmbeddings } from "lakewire/langchain"; console.log(DatabricksEmbeddings);'), ["client.js", "embeddings.js", "errors.js", "failures.js", "options.js"]);
  assert.deepEqual(await taken('import { ChatDatabricks } from "lakewire/langchain"; console.log("nothing of it");'), []);
  const chat = await taken('import { ChatDatabricks } from "lakewire/langchain"; console.log(ChatDatabricks);');
  assert.ok(chat.includes("chat-models.js") && !chat.includes("embeddings.js") && !chat.includes("llms.js"), chat.join());
});

test("a store brings neither models nor tools, a tracer neither stores nor SQL", async () => {
  assert.deepEqual(await taken('import { DatabricksVectorSearch } from "lakewire/langchain"; console.log(DatabricksVectorSearch);'), ["client.js", "documents.js", "errors.js", "lazy.js", "vectorstores.js"]);
  assert.deepEqual(await taken('import { SqlDatabase } from "lakewire/langchain"; console.log(SqlDatabase);'), ["client.js", "errors.js", "lazy.js", "sql.js"]);
  assert.deepEqual(await taken('import { MlflowTracer } from "lakewire/langchain"; console.log(MlflowTracer);'), ["callbacks.js", "client.js", "errors.js", "lazy.js", "told.js"]);
});
