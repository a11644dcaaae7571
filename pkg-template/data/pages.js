// Lists that come page by page.

import { fail } from "../errors.js";

/**
 * A list: `for await` gives its items, `pages()` its pages as arrays, `all()` everything at once. `ask(token)` gives an
 * answer, whose items stand under `key`. A page may be empty and the list still go on.
 */
export function paged(ask, key) {
  async function* pages() {
    const seen = new Set();
    for (let token; ; seen.add(token)) {
      const page = await ask(token);
      yield page[key] ?? [];
      token = page.next_page_token || undefined;
      if (token === undefined) return;
      if (seen.has(token) || seen.size >= 10_000) {
        throw fail("Protocol", "The service's list does not end: it names a page that was already read, or more than 10,000 of them.");
      }
    }
  }
  async function* items() {
    for await (const page of pages()) yield* page;
  }
  return {
    [Symbol.asyncIterator]: items,
    pages,
    async all() {
      const all = [];
      for await (const page of pages()) all.push(...page);
      return all;
    },
  };
}
