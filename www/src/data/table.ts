// Rows as a table of which only what is in view exists: 100,000 rows scroll as ten do.

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { h } from "../view/dom.js";
import type { Result } from "./chart.js";

const ROW_HEIGHT = 34;
/** Rows looked at to find how wide a column should be. */
const LOOK = 200;
const FIGURES = /^(BYTE|SHORT|INT|LONG|FLOAT|DOUBLE|DECIMAL)$/;

/** A result's table in an element that scrolls; `end` lets it go. */
export function table(result: Result): { element: HTMLElement; end(): void } {
  const { columns, rows } = result;
  const widths = columns.map((column, at) => `minmax(${width(result, column.name, at)}ch, 1fr)`).join(" ");
  const body = h("div", { class: "rows", role: "rowgroup" });
  const head = h(
    "div",
    { class: "cells head-cells", role: "row", "aria-rowindex": 1 },
    ...columns.map(({ name, type }) => h("div", { role: "columnheader", title: type, class: FIGURES.test(type) ? "number" : null }, name)),
  );
  const sheet = h(
    "div",
    { class: "sheet", role: "table", "aria-label": "Result", "aria-rowcount": rows.length + 1, "aria-colcount": columns.length },
    h("div", { role: "rowgroup", class: "sheet-head" }, head),
    body,
  );
  const element = h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Rows" }, sheet);
  // set by script, which the page's policy allows where it forbids styles in the markup
  sheet.style.setProperty("--columns", widths);

  const virtual = new Virtualizer<HTMLElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => element,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: draw,
  });
  const end = virtual._didMount();

  function draw(): void {
    body.style.height = `${virtual.getTotalSize()}px`;
    body.replaceChildren(
      ...virtual.getVirtualItems().map(({ index, start }) => {
        const line = h(
          "div",
          { class: "cells", role: "row", "aria-rowindex": index + 2 },
          ...columns.map(({ type }, at) => cell(rows[index]?.[at], type)),
        );
        line.style.transform = `translateY(${start}px)`;
        return line;
      }),
    );
  }

  queueMicrotask(() => {
    virtual._willUpdate();
    draw();
  });
  return { element, end };
}

function cell(value: unknown, type: string): HTMLElement {
  if (value === null || value === undefined) return h("div", { role: "cell", class: "null" }, "null");
  const text = show(value);
  return h("div", { role: "cell", class: FIGURES.test(type) ? "number" : null, title: text.length > 40 ? text : null }, text);
}

/** A typed value as text. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object") return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
  return String(value);
}

/** A column's least width, in characters: what its name and its first values need. */
function width({ rows }: Result, name: string, at: number): number {
  const longest = rows.slice(0, LOOK).reduce((most, row) => Math.max(most, show(row[at]).length), name.length);
  return Math.min(Math.max(longest, 6), 40) + 2;
}
