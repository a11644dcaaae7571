// Documents of an index as LangChain.js has them.

import { Document } from "@langchain/core/documents";
import { fail } from "../errors.js";

/** Whole numbers beyond 2^53 as their digits: LangChain writes metadata as JSON, which has no BigInt. */
function plain(value) {
  if (typeof value === "bigint") return `${value}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

/** A document that was found; its id is what stands in the index's primary key. */
export function documentOf({ page_content: pageContent, metadata }, key) {
  const told = plain(metadata ?? {});
  const id = told[key] ?? told.chunk_id;
  return new Document({ pageContent, metadata: told, ...(id === undefined || id === null ? {} : { id: `${id}` }) });
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);

/** What of metadata goes into a row. No column holds an object, such as the `loc` that text splitters add. */
export function columnsOf(metadata, columns) {
  return Object.fromEntries(Object.entries(metadata ?? {}).filter(([name, value]) => value !== undefined && (!isObject(value) || (columns !== undefined && Object.hasOwn(columns, name)))));
}

/** The keys of rows: LangChain's ids are texts, the index's may be whole numbers. */
export function keysOf(ids, type) {
  if (type !== "integer" && type !== "long") return ids.map((id) => (id === undefined || id === null ? crypto.randomUUID() : id));
  return ids.map((id) => {
    if (typeof id === "bigint" || Number.isSafeInteger(id)) return id;
    if (typeof id !== "string" || !/^-?\d{1,19}$/.test(id)) throw fail("InvalidInput", "The primary key of the index holds whole numbers: give every document an id of digits.");
    return Number.isSafeInteger(Number(id)) ? Number(id) : BigInt(id);
  });
}
