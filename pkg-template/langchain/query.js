// Filters that LangChain.js's SelfQueryRetriever has a model write, as an index takes them.

import { BaseTranslator, Comparators, Operators } from "@langchain/core/structured_query";
import { fail } from "../errors.js";

/** A filter that is still to be rendered for the kind of the index's endpoint. */
const node = (filter) => filter?.toJSON?.().$filter ?? filter?.$filter;

const none = (filter) => filter === undefined || filter === null || filter === "" || (typeof filter === "object" && node(filter) === undefined && Object.keys(filter).length === 0);

/** What a model wrote, as a filter of the index. */
export class DatabricksVectorSearchTranslator extends BaseTranslator {
  constructor(options) {
    super();
    this.allowedOperators = options?.allowedOperators ?? [Operators.and, Operators.or, Operators.not];
    this.allowedComparators = options?.allowedComparators ?? [Comparators.eq, Comparators.ne, Comparators.gt, Comparators.gte, Comparators.lt, Comparators.lte];
  }

  /** A word of LangChain's as filters here have it: the same. */
  formatFunction(word) {
    const words = [...this.allowedComparators, ...this.allowedOperators];
    if (!words.includes(word)) throw fail("InvalidInput", `\`${word}\` is not allowed in a filter here: allowed are ${words.join(", ")}.`);
    return word;
  }

  visitOperation({ operator, args }) {
    const filters = (args ?? []).map((arg) => arg.accept(this).$filter);
    return { $filter: [this.formatFunction(operator), ...filters] };
  }

  visitComparison({ comparator, attribute, value }) {
    return { $filter: [this.formatFunction(comparator), attribute, value] };
  }

  visitStructuredQuery({ filter }) {
    return filter ? { filter: filter.accept(this) } : {};
  }

  /** The app's filter and the model's. The app's holds, whatever the model wrote, unless it may be replaced or joined by `or`. */
  mergeFilters(defaultFilter, generatedFilter, mergeType = "and") {
    if (!["and", "or", "replace"].includes(mergeType)) throw fail("InvalidInput", "Filters are merged by \"and\", \"or\" or \"replace\".");
    if (none(generatedFilter)) return none(defaultFilter) ? undefined : defaultFilter;
    if (none(defaultFilter) || mergeType === "replace") return generatedFilter;
    const both = [node(defaultFilter), node(generatedFilter)];
    if (both.includes(undefined)) throw fail("InvalidInput", "A filter beside a model's must be a `Filter` of lakewire/data: Filter.eq(\"lang\", \"en\").");
    return { $filter: [mergeType, ...both] };
  }
}
