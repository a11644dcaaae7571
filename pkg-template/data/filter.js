// Filters of vector search: built here, rendered by the core.

import { fail } from "../errors.js";
import { pure } from "./base.js";
import { writeExact } from "./exact.js";

const value = (given) => (given instanceof Date ? { timestamp: given.toISOString() } : given);

function test(name, column, values) {
  if (typeof column !== "string") throw fail("InvalidInput", "A filter needs the column's name.");
  return new Filter([name, column, ...values.map(value)]);
}

function node(filter) {
  if (!(filter instanceof Filter)) throw fail("InvalidInput", "A filter is joined with other filters: make one by Filter.eq(column, value) and its neighbours.");
  return filter.toJSON().$filter;
}

/** Which rows of an index a query looks at. */
export class Filter {
  #node;

  constructor(expression) {
    this.#node = expression;
  }

  static in = (column, values) => test("in", column, [...values]);
  static notIn = (column, values) => test("notIn", column, [...values]);
  static not = (filter) => new Filter(["not", node(filter)]);
  static and = (...filters) => new Filter(["and", ...filters.map(node)]);
  static or = (...filters) => new Filter(["or", ...filters.map(node)]);

  static {
    for (const name of ["eq", "ne", "lt", "lte", "gt", "gte", "like", "token"]) this[name] = (column, given) => test(name, column, [given]);
  }

  and(...others) {
    return Filter.and(this, ...others);
  }

  or(...others) {
    return Filter.or(this, ...others);
  }

  not() {
    return Filter.not(this);
  }

  /** As standard endpoints take it: the JSON text of a dictionary, or of a list of them. */
  toFiltersJson() {
    return pure("vector.filtersJson", writeExact(this.#node, "The filter"));
  }

  /** As storage-optimised endpoints take it: SQL-like text. */
  toFilterString() {
    return pure("vector.filterString", writeExact(this.#node, "The filter"));
  }

  /** What requests know as a filter that is still to be rendered. */
  toJSON() {
    return { $filter: this.#node };
  }
}
