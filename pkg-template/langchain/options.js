// Options in LangChain's words (camelCase) and the wire's (snake_case) → fields of a request.

import { fail } from "../errors.js";

/** Fields of a chat request that are options of the model and of each call, each with its name here. */
export const WIRE_NAMES = {
  temperature: "temperature", max_tokens: "maxTokens", top_p: "topP", top_k: "topK", stop: "stop", n: "n", logprobs: "logprobs",
  top_logprobs: "topLogprobs", reasoning_effort: "reasoningEffort", thinking: "thinking", user: "user", seed: "seed",
  presence_penalty: "presencePenalty", frequency_penalty: "frequencyPenalty", response_format: "responseFormat",
  databricks_options: "databricksOptions", custom_inputs: "customInputs", client_request_id: "clientRequestId",
  usage_context: "usageContext", stream_options: "streamOptions", parallel_tool_calls: "parallelToolCalls",
};

/** The names of those options, as fields of the model. */
export const MODEL_FIELDS = Object.values(WIRE_NAMES);

const given = (value) => value !== undefined && value !== null;

/** What both the model and the call set, in the wire's names; the call wins. */
export function chatFields(model, call) {
  const fields = {};
  for (const [wire, name] of Object.entries(WIRE_NAMES)) {
    const value = [call[wire], call[name], model[name]].find(given);
    if (given(value)) fields[wire] = value;
  }
  // one choice is what everybody gives; several endpoints refuse the word
  if (fields.n === 1) delete fields.n;
  if (Array.isArray(fields.stop) && fields.stop.length === 0) delete fields.stop;
  if (fields.response_format?.type === "json_schema") fields.response_format = readable(fields.response_format);
  const extra = { ...model.extraParams, ...call.extraParams, ...call.extra_params };
  if (Object.keys(extra).length > 0) fields.extra_params = extra;
  return fields;
}

/** A schema's dialect says nothing to an endpoint, and some refuse the word. */
export function plainSchema(schema) {
  const { $schema, ...rest } = schema ?? {};
  return rest;
}

/** A response format without nothings. */
function readable({ json_schema: { name, description, schema, strict, ...rest }, ...format }) {
  return { ...format, json_schema: { name, ...(description && { description }), schema: plainSchema(schema), ...(given(strict) && { strict }), ...rest } };
}

/** LangChain's tool choice in the wire's form; `undefined` when nothing was chosen. */
export function toolChoice(choice) {
  if (choice === undefined || choice === null || choice === false) return undefined;
  if (choice === true || choice === "any" || choice === "required") return "required";
  if (choice === "auto" || choice === "none") return choice;
  if (typeof choice === "string") return { type: "function", function: { name: choice } };
  if (typeof choice === "object") {
    const own = choice.type !== undefined && choice.type !== "function" && choice.type !== "tool";
    const name = own ? undefined : (choice.function?.name ?? choice.name);
    if (typeof name === "string") return { type: "function", function: { name } };
    return choice;
  }
  throw fail("InvalidInput", "`tool_choice` must be auto, any, required, none, or a tool's name.");
}

/** The options of the call itself: signal, time limits, headers, requests at most. */
export function callOptions({ timeout, maxRetries }, { signal, headers }) {
  return {
    ...(signal && { signal }), ...(headers && { headers }),
    ...(given(timeout) && { timeouts: { totalMs: timeout } }), ...(given(maxRetries) && { maxAttempts: maxRetries + 1 }),
  };
}

/** The same request in the words of Responses. Fails with kind `InvalidInput` for what Responses has no word for. */
export function responsesFields(fields) {
  const { max_tokens, temperature, top_p, tools, tool_choice, parallel_tool_calls, response_format, reasoning_effort, custom_inputs, databricks_options, user, extra_params, stream_options, ...others } = fields;
  const stranger = Object.keys(others)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `Responses has no \`${stranger}\`: leave it out, or set \`useResponsesApi: false\`.`);
  const format = response_format?.type === "json_schema" ? { type: "json_schema", ...response_format.json_schema } : response_format;
  const chosen = tool_choice?.type === "function" ? { type: "function", name: tool_choice.function.name } : tool_choice;
  const all = {
    max_output_tokens: max_tokens, temperature, top_p, tools: tools?.length > 0 ? tools : undefined, tool_choice: chosen, parallel_tool_calls, text: format && { format },
    reasoning: reasoning_effort && { effort: reasoning_effort }, custom_inputs, databricks_options, user, ...extra_params,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => given(value)));
}

/** The same request for a ChatAgent. Fails with kind `InvalidInput` for settings of a model: the agent's own program has those. */
export function agentFields({ custom_inputs, databricks_options, extra_params, stream_options, ...others }) {
  const stranger = Object.keys(others)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `An agent of MLflow's ChatAgent form takes no \`${stranger}\`: leave it out, or hand it to the agent's program in \`customInputs\`.`);
  return { ...(custom_inputs && { custom_inputs }), ...(databricks_options && { databricks_options }), ...extra_params };
}
