// Tools as LangChain binds them → tool definitions on the wire.

import { isLangChainTool } from "@langchain/core/utils/function_calling";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { fail } from "../errors.js";
import { plainSchema } from "./options.js";

/** The code of a tool that lakewire made. */
const CODE = Symbol.for("lakewire.tool");

/** Arguments of a tool that has none: services ask for an object. */
const NOTHING = { type: "object", properties: {} };

const schemaOf = (schema) => (schema === undefined || schema === null ? NOTHING : { ...NOTHING, ...plainSchema(toJsonSchema(schema)) });

function definition(tool) {
  // LangChain's agents take it for a tool of the service's own, and never run it
  if (tool?.[CODE] !== undefined) throw fail("InvalidInput", "LangChain does not run lakewire's tools as they are: `langchainTools([…])` of lakewire/langchain makes LangChain's of them.");
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

/** A tool of the service's own, such as `{ type: "web_search" }`: it is no function of the app's. */
function serviceTool(tool) {
  const own = isLangChainTool(tool) ? tool.extras?.providerToolDefinition : tool;
  return typeof own?.type === "string" && own.type !== "function" && !isLangChainTool(own) ? own : undefined;
}

/**
 * Definitions of tools. `strict` is sent to models of the GPT class alone: others refuse it, or compile it into a grammar
 * of hundreds of megabytes. `more` says what an endpoint takes besides functions: tools of `its own`, or `none` at all.
 */
export function wireTools(tools, endpoint, strict, more) {
  if (more === "none" && tools.length > 0) throw fail("InvalidInput", "An agent of MLflow's ChatAgent form takes no `tools`, nor a schema for its answers: its program has tools of its own.");
  const mayBeStrict = /gpt/i.test(endpoint);
  return tools.map((tool) => {
    const service = serviceTool(tool);
    if (service !== undefined) {
      if (more !== "its own") throw fail("InvalidInput", `Chat endpoints know function tools alone, and this one is of type \`${service.type}\`: set \`useResponsesApi: true\`.`);
      return service;
    }
    const made = definition(tool);
    const { strict: own, ...rest } = made.function;
    const wanted = own ?? strict;
    return { ...made, function: { ...rest, ...(mayBeStrict && typeof wanted === "boolean" && { strict: wanted }) } };
  });
}
