// Tools as LangChain binds them → tool definitions on the wire.

import { isLangChainTool } from "@langchain/core/utils/function_calling";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { fail } from "../errors.js";
import { plainSchema } from "./options.js";

/** Arguments of a tool that has none: services ask for an object. */
const NOTHING = { type: "object", properties: {} };

const schemaOf = (schema) => (schema === undefined || schema === null ? NOTHING : { ...NOTHING, ...plainSchema(toJsonSchema(schema)) });

function definition(tool) {
  if (tool?.type === "function" && tool.function) {
    const { parameters, ...rest } = tool.function;
    return { ...tool, function: { ...rest, parameters: schemaOf(parameters) } };
  }
  if (isLangChainTool(tool)) return { type: "function", function: { name: tool.name, ...(tool.description && { description: tool.description }), parameters: schemaOf(tool.schema) } };
  if (typeof tool?.name === "string") {
    const schema = tool.schema ?? tool.parameters ?? tool.inputSchema ?? tool.input_schema;
    return { type: "function", function: { name: tool.name, ...(tool.description && { description: tool.description }), parameters: schemaOf(schema) } };
  }
  throw fail("InvalidInput", "A tool must be one of LangChain's, a definition { type: \"function\", function: { name, … } }, or an object with a name and a schema.");
}

/**
 * Definitions of tools. `strict` is sent to models of the GPT class alone: others refuse it, or compile it into a grammar
 * of hundreds of megabytes.
 */
export function wireTools(tools, endpoint, strict) {
  const mayBeStrict = /gpt/i.test(endpoint);
  return tools.map((tool) => {
    const made = definition(tool);
    const { strict: own, ...rest } = made.function;
    const wanted = own ?? strict;
    return { ...made, function: { ...rest, ...(mayBeStrict && typeof wanted === "boolean" && { strict: wanted }) } };
  });
}
