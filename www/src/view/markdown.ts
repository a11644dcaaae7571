// Markdown while it is being written: blocks that are finished are rendered once and left alone, only the last ones are
// rendered again. Raw HTML is shown as text, and what remains goes through DOMPurify.

import DOMPurify, { type Config } from "dompurify";
import { Marked, type Token } from "marked";
import { closeMarks } from "./close-marks.js";

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escape(text),
    // Nothing is fetched from elsewhere: a picture becomes a link to it.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
});
const ALLOWED: Config & { RETURN_TRUSTED_TYPE: true } = {
  ALLOWED_TAGS: [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align", "class", "target", "rel"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_TRUSTED_TYPE: true,
};

/** Blocks at the end that may still change: a list or a table goes on, a paragraph becomes a heading by its underline. */
const OPEN_BLOCKS = 2;

/** Renders growing markdown text into an element. */
export class MarkdownView {
  readonly element: HTMLElement;
  #text = "";
  #live = false;
  /** How much of the text is in blocks that will not change. */
  #settled = 0;
  #open: HTMLElement[] = [];

  constructor(element: HTMLElement) {
    this.element = element;
  }

  /** Shows `written`. Cheap when it continues what was shown before: then only its last blocks are rendered. */
  update(written: string, live: boolean): void {
    const text = written.replace(/\r\n?/g, "\n");
    if (text === this.#text && live === this.#live) return;
    this.#live = live;
    if (!text.startsWith(this.#text)) this.#reset();
    this.#text = text;
    for (const block of this.#open) block.remove();
    this.#open = [];
    const tail = text.slice(this.#settled);
    const tokens = marked.lexer(live ? closeMarks(tail) : tail).filter(({ raw }) => raw !== "");
    const keep = Math.max(0, tokens.length - OPEN_BLOCKS);
    tokens.forEach((token, at) => {
      const block = render(token);
      if (at < keep) this.#settled += token.raw.length;
      if (!block) return;
      this.element.append(block);
      if (at >= keep) this.#open.push(block);
    });
  }

  #reset(): void {
    this.element.replaceChildren();
    this.#settled = 0;
    this.#open = [];
  }
}

function render(token: Token): HTMLElement | undefined {
  if (token.type === "space" || token.type === "def") return undefined;
  const block = document.createElement("div");
  block.className = "block";
  // The sanitiser's own Trusted Types policy made this value; nothing else may be set as HTML in this page.
  block.innerHTML = purify.sanitize(marked.parser([token]), ALLOWED) as unknown as string;
  for (const table of block.querySelectorAll("table")) {
    const wide = document.createElement("div");
    wide.className = "wide";
    table.replaceWith(wide);
    wide.append(table);
  }
  return block;
}
