// Lines of text as embeddings: which are alike, as a heat map, on a plane, and in words.

import { cosineSimilarity } from "lakewire";
import type { View } from "../views.js";
import { field, fillEndpoints, problemBox, type Workbench } from "../workbench.js";
import { h } from "../view/dom.js";
import { draw } from "./charts.js";
import { pairs, project } from "./project.js";

const EXAMPLE = [
  "How do I reset my password?",
  "I forgot my password and cannot log in.",
  "The invoice for March is wrong.",
  "I was billed twice last month.",
  "The app crashes when I open a large file.",
  "Opening big files makes the program crash.",
  "Do you ship to Norway?",
  "What does delivery to Oslo cost?",
];
/** More lines make the drawings unreadable. */
const MOST = 40;

export function mount(section: HTMLElement, { client, endpoints }: Workbench): View {
  const model = h("select", { id: "embedding-model", disabled: true });
  const lines = h("textarea", { id: "embedding-lines", rows: 9, spellcheck: false });
  lines.value = EXAMPLE.join("\n");
  const go = h("button", { type: "submit", class: "primary", disabled: true }, "Compare");
  const status = h("p", { class: "note", role: "status" });
  const result = h("div", { class: "result" });
  const form = h(
    "form",
    { class: "side", onsubmit: (event: Event) => (event.preventDefault(), void compare()) },
    field("Embedding model", model),
    field("Lines to compare", lines, `One text a line, 2 to ${MOST} of them.`),
    go,
    status,
  );
  section.replaceChildren(
    h("h2", {}, "Embeddings"),
    h("p", { class: "about" }, "Each line becomes a vector. Lines that mean alike point alike: see which, by the cosine between them."),
    h("div", { class: "split" }, form, result),
  );
  let running: AbortController | undefined;
  let drawn: (() => void) | undefined;

  async function list(): Promise<void> {
    try {
      fillEndpoints(model, (await endpoints()).filter(({ task }) => task === "llm/v1/embeddings"));
      go.disabled = model.disabled;
    } catch (error) {
      result.replaceChildren(problemBox(error, "The workspace"));
    }
  }

  async function compare(): Promise<void> {
    const texts = lines.value.split("\n").map((text) => text.trim()).filter((text) => text !== "");
    if (texts.length < 2 || texts.length > MOST) {
      status.textContent = `Give 2 to ${MOST} lines; there ${texts.length === 1 ? "is 1" : `are ${texts.length}`}.`;
      return;
    }
    running?.abort();
    const mine = (running = new AbortController());
    go.disabled = true;
    status.textContent = "Asking …";
    try {
      const started = performance.now();
      const found = await client.embeddings(model.value).embedDocuments(texts, { signal: mine.signal });
      const took = performance.now() - started;
      const rows = [...found];
      const similarity = rows.map((row) => rows.map((other) => cosineSimilarity(row, other)));
      show(texts, similarity, project(rows));
      status.textContent = `${texts.length} lines, ${found.dimensions} dimensions each, in ${Math.max(1, Math.round(took))} ms.`;
    } catch (error) {
      if (mine.signal.aborted) return;
      status.textContent = "";
      result.replaceChildren(problemBox(error, model.value));
    } finally {
      if (running === mine) go.disabled = false;
    }
  }

  function show(texts: string[], similarity: number[][], points: [number, number][]): void {
    drawn?.();
    const heat = h("canvas", { role: "img", "aria-label": "Heat map of the similarities; the list below says the same in words" });
    const plane = h("canvas", { role: "img", "aria-label": "The lines as points on a plane; those that mean alike lie close together" });
    const closest = pairs(similarity).slice(0, 8);
    result.replaceChildren(
      h(
        "div",
        { class: "charts" },
        h("figure", {}, h("figcaption", {}, "Similarity of every pair"), h("div", { class: "canvas" }, heat)),
        h("figure", {}, h("figcaption", {}, "The plane on which they differ most"), h("div", { class: "canvas" }, plane)),
      ),
      h(
        "table",
        { class: "grid" },
        h("caption", {}, "Most alike"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Cosine"), h("th", { scope: "col" }, "Lines"))),
        h(
          "tbody",
          {},
          ...closest.map(({ a, b, value }) =>
            h("tr", {}, h("td", { class: "number" }, value.toFixed(3)), h("td", {}, h("div", {}, `${a + 1}. ${texts[a]}`), h("div", {}, `${b + 1}. ${texts[b]}`))),
          ),
        ),
      ),
    );
    drawn = draw(heat, plane, { lines: texts, similarity, points });
  }

  void list().then(() => {
    if (!go.disabled) void compare();
  });
  return { shown: () => void list() };
}
