// Filters that LangChain.js's SelfQueryRetriever has a model write.

import { BaseTranslator } from "@langchain/core/structured_query";
import type { Comparator, Comparison, Operation, Operator, StructuredQuery } from "@langchain/core/structured_query";
import type { AnyFilter } from "../data/vector-search.js";
import type { DatabricksVectorSearch } from "./vectorstores.js";

/** A filter that is rendered for the kind of the index's endpoint when it is sent. */
export interface DatabricksFilter {
  $filter: unknown;
  [key: string]: unknown;
}

/**
 * Gives a `SelfQueryRetriever` filters for an index, as Python's `DatabricksVectorSearchTranslator` does; for standard and
 * storage-optimised endpoints.
 *
 * @example
 * const retriever = SelfQueryRetriever.fromLLM({
 *   llm, vectorStore: store, documentContents: "A manual", attributeInfo, structuredQueryTranslator: new DatabricksVectorSearchTranslator(),
 * });
 */
export class DatabricksVectorSearchTranslator extends BaseTranslator<DatabricksVectorSearch> {
  VisitOperationOutput: DatabricksFilter;
  VisitComparisonOutput: DatabricksFilter;
  VisitStructuredQueryOutput: { filter?: AnyFilter };
  constructor(options?: { allowedOperators?: Operator[]; allowedComparators?: Comparator[] });
  allowedOperators: Operator[];
  allowedComparators: Comparator[];
  /** The word itself. Fails with kind `InvalidInput` for one that is not allowed. */
  formatFunction(word: Operator | Comparator): string;
  /** Fails with kind `InvalidInput` for what is not allowed, as `visitComparison` does. */
  visitOperation(operation: Operation): DatabricksFilter;
  visitComparison(comparison: Comparison): DatabricksFilter;
  visitStructuredQuery(query: StructuredQuery): this["VisitStructuredQueryOutput"];
  /**
   * The app's filter and the model's, joined by `and` unless said otherwise. Where the model wrote none the app's holds
   * (LangChain.js's own translator drops it then, unless it is forced).
   */
  mergeFilters(
    defaultFilter: this["VisitStructuredQueryOutput"]["filter"] | undefined, generatedFilter: this["VisitStructuredQueryOutput"]["filter"] | undefined,
    mergeType?: "and" | "or" | "replace", forceDefaultFilter?: boolean,
  ): this["VisitStructuredQueryOutput"]["filter"] | undefined;
}
