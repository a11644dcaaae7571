// The crate's public items and the methods of its types, read from rustdoc's pages: what a stable compiler says without help.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/lib.mjs";

const DOCS = fileURLToPath(new URL("../../target/reference/rust/lakewire/", import.meta.url));
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'", "#x27": "'" };

/** A piece of a page as plain text in one line. */
function plain(html) {
  const text = html
    // rustdoc folds long types behind summaries, and writes doc comments of fields elsewhere
    .replaceAll(/<summary[\s\S]*?<\/summary>/g, "")
    .replaceAll(/<span class="(?:comment|since|rightside)[\s\S]*?<\/span>/g, "")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
  return text.replaceAll(/\s+/g, " ").trim();
}

/** The items of one page: its declaration, and the methods of the type itself. */
function itemsOf(page) {
  const declaration = /<pre class="rust item-decl"><code>([\s\S]*?)<\/code><\/pre>/.exec(page)?.[1];
  if (declaration === undefined) return undefined;
  const methods = [];
  // what traits give is the traits' promise
  const own = /<div id="implementations-list">([\s\S]*?)(?=<h2 id="(?:trait-implementations|synthetic|blanket|deref))/.exec(`${page}<h2 id="trait-implementations`)?.[1] ?? "";
  for (const [, header] of own.matchAll(/<section id="(?:method|associatedconstant)\.[^"]*"[^>]*>([\s\S]*?)<\/section>/g)) {
    const text = /<h4 class="code-header">([\s\S]*?)<\/h4>/.exec(header)?.[1];
    if (text !== undefined) methods.push(plain(text));
  }
  return [plain(declaration), ...methods];
}

export async function crateNames() {
  const all = await readFile(join(DOCS, "all.html"), "utf8").catch(() => {
    throw new Error("There is no reference of the crate: run `npm run docs` first.");
  });
  // another release of rustdoc may print the same items in another way: a difference in this line says so
  const { stdout } = await run("rustdoc", ["--version"]);
  const lines = [`# ${/^rustdoc \d+\.\d+/.exec(stdout)[0]}`];
  for (const [, path, name] of all.matchAll(/<li><a href="([^"]+)">([\s\S]*?)<\/a><\/li>/g)) {
    const items = itemsOf(await readFile(join(DOCS, path), "utf8"));
    if (items === undefined) throw new Error(`${path} shows no declaration: rustdoc writes its pages in another way now.`);
    lines.push(...items.map((item) => `${plain(name)}: ${item}`));
  }
  return { lines };
}
