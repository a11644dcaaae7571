// LangChain.js tools: functions of Unity Catalog, and searches of an index.

import { BaseToolkit, DynamicStructuredTool } from "@langchain/core/tools";
import { fail } from "../errors.js";
import { clientOf } from "./client.js";
import { documentOf } from "./documents.js";
import { dataEntry, lazily, picked } from "./lazy.js";

const FUNCTIONS = ["functionNames", "warehouseId", "filterAccessibleFunctions", "plainSchemas", "rowLimit", "byteLimit", "waitTimeout", "retryTimeoutS"];
const STORE = ["indexName", "embedding", "textColumn", "columns", "docUri", "primaryKey", "includeScore", "reranker", "endpointType"];
const SEARCH = ["numResults", "filters", "queryType", "scoreThreshold", "dynamicFilter"];
const SHOWN = ["verbose", "callbacks", "tags", "metadata", "returnDirect"];
const OWN = Symbol("lakewire.tools");
/** The code of a tool that `lakewire/data` made. */
const CODE = Symbol.for("lakewire.tool");

/** What a call of LangChain's hands on to ours. */
const scopeOf = (config) => (config?.signal === undefined ? {} : { signal: config.signal });

/** Functions of Unity Catalog as tools; made by `UCFunctionToolkit.create()`. */
export class UCFunctionToolkit extends BaseToolkit {
  #toolkit;

  constructor(parts) {
    if (parts?.key !== OWN) throw fail("InvalidInput", "A UCFunctionToolkit reads its functions first: `await UCFunctionToolkit.create({ functionNames, warehouseId })`.");
    super();
    this.#toolkit = parts.toolkit;
    this.tools = parts.tools;
  }

  /** Reads the functions and makes a tool of each. */
  static async create(fields = {}) {
    const clientOnce = clientOf(fields);
    const [client, data] = await Promise.all([clientOnce(), dataEntry(fields)]);
    const toolkit = new data.UCFunctionToolkit(client, picked(fields, FUNCTIONS));
    const [functions, tools] = [await toolkit.functions(), await toolkit.tools()];
    return new this({ key: OWN, toolkit, tools: tools.map((tool, at) => functionTool(toolkit, functions[at].full_name, tool.function)) });
  }

  /** Runs a function of the toolkit; gives `{ format, value, truncated }`, or `{ error }` when it failed. */
  async executeFunction(functionName, parameters, options) {
    return this.#toolkit.execute(functionName, parameters, options);
  }

  /** What Unity Catalog says of the functions. */
  async functions(options) {
    return this.#toolkit.functions(options);
  }
}

function functionTool(toolkit, fullName, { name, description, parameters }) {
  return new DynamicStructuredTool({
    // some clients refuse a tool without a word about it
    name, description: description || fullName, schema: parameters, metadata: { uc_function_name: fullName },
    func: async (args, manager, config) => {
      try {
        return JSON.stringify(await toolkit.execute(fullName, args ?? {}, scopeOf(config)));
      } catch (error) {
        // a model can mend its arguments when it is told; everything else ends the run
        if (error?.kind !== "InvalidArguments") throw error;
        return JSON.stringify({ error: error.message });
      }
    },
  });
}

/** Tools of lakewire's, those of an MCP server among them, as LangChain's. */
export function langchainTools(tools) {
  return [...tools].map((tool) => {
    const code = tool?.[CODE];
    if (code === undefined) throw fail("InvalidInput", "langchainTools() takes tools made by lakewire: of `tool()`, or of an McpClient's `tools()`.");
    const { name, description, parameters = { type: "object", properties: {} } } = tool.function;
    return new DynamicStructuredTool({
      name, description: description || name, schema: parameters,
      func: async (args = {}, manager, config) => {
        const { signal = new AbortController().signal, toolCall } = config ?? {};
        const value = await code.execute(code.check === undefined ? args : await code.check(args), { signal, toolCallId: toolCall?.id ?? "" });
        return typeof value === "string" ? value : JSON.stringify(value ?? null);
      },
    });
  });
}

const QUERY = { type: "object", properties: { query: { type: "string", description: "The text to search for." } }, required: ["query"] };

/** The name of a tool for an index, as Databricks makes it. */
function nameOf(indexName, given) {
  const name = given ?? indexName.replaceAll(".", "__").slice(-64);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) throw fail("InvalidInput", "A tool's name has 1 to 64 letters, digits, `_` and `-`: give `toolName`.");
  return name;
}

/** A search of an index as a tool. The model reads the documents as JSON; they are the message's artifact, too. */
export class VectorSearchRetrieverTool extends DynamicStructuredTool {
  static lc_name() {
    return "VectorSearchRetrieverTool";
  }

  constructor(fields = {}) {
    const { indexName, toolName, toolDescription, dynamicFilter = false, filters, key, made } = fields;
    if (typeof indexName !== "string" || indexName === "") throw fail("InvalidInput", "A VectorSearchRetrieverTool needs `indexName`, the full name of an index: catalog.schema.index.");
    if (dynamicFilter && filters !== undefined) throw fail("InvalidInput", "`dynamicFilter` leaves the filters to the model: do not set `filters` as well.");
    if (dynamicFilter && key !== OWN) throw fail("InvalidInput", "With `dynamicFilter` the model is told of the index's columns: `await VectorSearchRetrieverTool.create(fields)` reads them first.");
    const open = key === OWN ? () => made : lazily(opening(fields));
    super({
      ...picked(fields, SHOWN),
      name: made?.tool.function.name ?? nameOf(indexName, toolName),
      description: made?.tool.function.description ?? toolDescription ?? `Searches the index ${indexName} for the documents nearest to a text.`,
      schema: made?.tool.function.parameters ?? QUERY,
      responseFormat: "content_and_artifact",
      func: async (args, manager, config) => {
        const { tool, primaryKey } = await open();
        const found = await tool[CODE].execute(args, scopeOf(config));
        return [JSON.stringify(found), found.map((one) => documentOf(one, primaryKey))];
      },
    });
    this.indexName = indexName;
  }

  /** A tool whose description tells of the index's columns, which are read first. */
  static async create(fields) {
    // what a constructor refuses is refused before anything is asked
    const given = { ...fields, dynamicFilter: false, filters: undefined };
    new this(given);
    const made = await opening(fields, true)();
    return new this({ ...fields, key: OWN, made });
  }
}

/** How the tool of `lakewire/data` is made. */
function opening(fields, described = false) {
  const clientOnce = clientOf(fields);
  const { indexName, toolName, toolDescription, embedding } = fields;
  return async () => {
    const [client, data] = await Promise.all([clientOnce(), dataEntry(fields)]);
    const embeds = embedding && { embedQuery: (text) => embedding.embedQuery(text), embedDocuments: (texts) => embedding.embedDocuments(texts) };
    const store = await data.DatabricksVectorSearch.create(client, { ...picked(fields, STORE), embedding: embeds });
    // a model that has been told already needs no reading of columns
    const description = toolDescription ?? (described ? undefined : indexName);
    const tool = await store.asTool({ ...picked(fields, SEARCH), name: nameOf(indexName, toolName), description });
    return { tool, primaryKey: store.index.primaryKey };
  };
}
