// Answers of a schema's form, by a tool, by JSON alone, or by a schema the service holds the model to.

import { JsonOutputKeyToolsParser } from "@langchain/core/output_parsers/openai_tools";
import { JsonOutputParser, StructuredOutputParser } from "@langchain/core/output_parsers";
import { RunnableLambda, RunnablePassthrough, RunnableSequence } from "@langchain/core/runnables";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { isInteropZodSchema } from "@langchain/core/utils/types";
import { fail } from "../errors.js";
import { plainSchema } from "./options.js";

/** The ways, in LangChain.js's words and Python's. */
const METHODS = {
  functionCalling: "functionCalling", function_calling: "functionCalling", jsonMode: "jsonMode", json_mode: "jsonMode",
  jsonSchema: "jsonSchema", json_schema: "jsonSchema",
};

const standard = (schema) => schema?.["~standard"];

/** Checks a value by a Standard Schema. */
async function checked(schema, value) {
  const { value: good, issues } = await standard(schema).validate(value);
  if (issues) throw fail("OutputMismatch", `The model's answer does not fit the schema: ${issues[0]?.message ?? "it was refused"}.`);
  return good;
}

/** The words of an answer, thoughts left out: a model that thinks before it answers gives a list. */
const words = RunnableLambda.from((message) => message.text);

/** What reads a value out of words. */
function contentParser(schema) {
  if (isInteropZodSchema(schema)) return words.pipe(StructuredOutputParser.fromZodSchema(schema));
  const json = words.pipe(new JsonOutputParser());
  return standard(schema) ? json.pipe(RunnableLambda.from((value) => checked(schema, value))) : json;
}

/** What reads a value out of a tool's arguments. */
function callParser(schema, keyName) {
  if (isInteropZodSchema(schema)) return new JsonOutputKeyToolsParser({ returnSingle: true, keyName, zodSchema: schema });
  const json = new JsonOutputKeyToolsParser({ returnSingle: true, keyName });
  return standard(schema) ? json.pipe(RunnableLambda.from((value) => checked(schema, value))) : json;
}

/** A model whose answers are values of a schema: zod's, another Standard Schema that knows its JSON Schema, or a JSON Schema. */
export function structured(model, given, config = {}) {
  const { method: asked = "functionCalling", includeRaw = config.include_raw, strict } = config;
  const way = METHODS[asked];
  if (way === undefined) throw fail("InvalidInput", "`method` must be functionCalling, jsonMode or jsonSchema.");
  if (strict !== undefined && way === "jsonMode") throw fail("InvalidInput", "`strict` has no meaning for jsonMode: leave it out.");
  // a tool definition stands for its parameters
  const definition = given?.type === "function" ? given.function : given;
  const isDefinition = definition !== null && typeof definition === "object" && !isInteropZodSchema(definition) && !standard(definition) && "parameters" in definition && typeof definition.name === "string";
  const schema = isDefinition ? definition.parameters : definition;
  const json = plainSchema(toJsonSchema(schema));
  const name = config.name ?? (isDefinition ? definition.name : undefined) ?? (/^[a-zA-Z0-9_-]{1,64}$/.test(json.title ?? "") ? json.title : "extract");
  const description = (isDefinition ? definition.description : undefined) ?? json.description;
  const traced = (word) => ({ ls_structured_output_format: { kwargs: { method: word }, schema: { title: name, ...json } } });
  let llm;
  let parser;
  if (way === "functionCalling") {
    const tool = { type: "function", function: { name, description: description ?? "A function available to call.", parameters: json } };
    llm = model.bindTools([tool], { tool_choice: name, strict, outputVersion: "v0", ...traced("function_calling") });
    parser = callParser(schema, name);
  } else {
    const format = way === "jsonMode" ? { type: "json_object" } : { type: "json_schema", json_schema: { name, ...(description && { description }), schema: json, strict: strict ?? true } };
    llm = model.withConfig({ response_format: format, outputVersion: "v0", ...traced(way === "jsonMode" ? "json_mode" : "json_schema") });
    parser = contentParser(schema);
  }
  if (!includeRaw) return llm.pipe(parser).withConfig({ runName: "StructuredOutput" });
  const parsed = RunnablePassthrough.assign({ parsed: (input, options) => parser.invoke(input.raw, options) });
  const nothing = RunnablePassthrough.assign({ parsed: () => null });
  return RunnableSequence.from([{ raw: llm }, parsed.withFallbacks({ fallbacks: [nothing] })]).withConfig({ runName: "StructuredOutputRunnable" });
}
