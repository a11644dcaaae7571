// The AI SDK's call settings as fields of a request, with warnings for what an endpoint would refuse.

import { fail } from "../errors.js";

const LATER = "Open-weight endpoints refuse the field: put it into providerOptions.databricks if your endpoint takes it.";

export function unsupported(feature, details) {
  return { type: "unsupported", feature, ...(details === undefined ? {} : { details }) };
}

/** The options of a call of ours. The AI SDK repeats failed calls itself, so ours sends once. */
export function scopeOf({ abortSignal, headers }, own) {
  const all = Object.entries({ ...own, ...headers }).filter(([name, value]) => value !== undefined && name.toLowerCase() !== "user-agent");
  return { signal: abortSignal, headers: all, maxAttempts: 1 };
}

/** Options of `@databricks/ai-sdk-provider`, and of `@ai-sdk/openai-compatible`, by the service's names: as they are, endpoints refuse them. */
const NAMES = { reasoningEffort: "reasoning_effort", topK: "top_k", topLogprobs: "top_logprobs", parallelToolCalls: "parallel_tool_calls" };

/** `providerOptions.databricks` in the service's words; what is said in both wins in those. */
function ownOptions({ providerOptions }) {
  const { includeTrace, ...given } = providerOptions?.databricks ?? {};
  const own = {};
  for (const [name, value] of Object.entries(given)) {
    const wire = NAMES[name];
    if (wire === undefined) own[name] = value;
    else if (value !== null && given[wire] === undefined) own[wire] = value;
  }
  if (includeTrace !== undefined && includeTrace !== null) own.databricks_options = { return_trace: includeTrace, ...own.databricks_options };
  return own;
}

/** The request fields of `providerOptions.databricks`: they go into the body as they are. */
export function extraParams(options) {
  const extra = ownOptions(options);
  const taken = ["messages", "input", "stream"].find((name) => extra[name] !== undefined);
  if (taken !== undefined) throw fail("InvalidInput", `providerOptions.databricks must not hold \`${taken}\`: the AI SDK says it.`);
  return Object.keys(extra).length === 0 ? undefined : extra;
}

/** Settings that only endpoints of some classes take. */
function strangers({ seed, presencePenalty, frequencyPenalty, topK, stopSequences }, names, warnings) {
  const given = { seed, presencePenalty, frequencyPenalty, topK, stopSequences: stopSequences?.length ? stopSequences : undefined };
  for (const name of names) if (given[name] !== undefined) warnings.push(unsupported(name, LATER));
}

const EFFORTS = { minimal: "low", low: "low", medium: "medium", high: "high", xhigh: "high", max: "high" };
const BUDGETS = { low: 1024, medium: 4096, high: 16_384 };

/** The service's word for how hard to think; it knows three. Nothing, with a warning, for what it has no word for. */
function effortOf(reasoning, warnings) {
  const effort = EFFORTS[reasoning];
  if (effort === undefined) warnings.push(unsupported("reasoning", "Endpoints know no word for no reasoning; the endpoint's default holds. If yours knows one, put it into providerOptions.databricks."));
  else if (effort !== reasoning) warnings.push({ type: "compatibility", feature: "reasoning", details: `"${reasoning}" is sent as "${effort}".` });
  return effort;
}

const isClaude = (endpoint) => /claude/i.test(endpoint);
const thinks = (thinking) => thinking !== undefined && thinking !== null && thinking.type !== "disabled";

/** How hard a chat model shall think: the Claude class is given a budget, the others a word. */
function chatReasoning(options, { defaults }, endpoint, warnings) {
  const { reasoning, maxOutputTokens } = options;
  const own = ownOptions(options);
  const most = own.max_tokens ?? maxOutputTokens ?? defaults?.max_tokens ?? undefined;
  if (reasoning === undefined || reasoning === "provider-default" || own.thinking !== undefined || own.reasoning_effort !== undefined) return {};
  const claude = isClaude(endpoint);
  // a null takes back what the defaults say
  if (claude && reasoning === "none") return thinks(defaults?.thinking) ? { thinking: null } : {};
  const effort = effortOf(reasoning, warnings);
  if (effort === undefined) return defaults?.reasoning_effort ? { reasoning_effort: null } : {};
  if (!claude) return { reasoning_effort: effort };
  const room = most === undefined ? BUDGETS[effort] : Math.floor(most * 0.8);
  const budget = Math.min(BUDGETS[effort], room);
  if (budget < 1024) {
    warnings.push(unsupported("reasoning", "The Claude class thinks with 1,024 tokens at least: raise maxOutputTokens above 1,280."));
    return {};
  }
  // the budget counts as output: the endpoint's own limit may be below it
  const fields = { thinking: { type: "enabled", budget_tokens: budget } };
  return most === undefined ? { ...fields, max_tokens: budget + 4096 } : fields;
}

/** How to pick words; the Claude class takes next to nothing of it while it thinks. */
function sampling({ temperature, topP, topK, ...options }, { thinking }, { defaults }, endpoint, warnings) {
  const own = ownOptions(options).thinking;
  const given = { temperature, topP, topK };
  if (isClaude(endpoint) && thinks([own, thinking, defaults?.thinking].find((one) => one !== undefined))) {
    const refused = { temperature: temperature !== 1, topP: topP < 0.95, topK: true };
    for (const name of Object.keys(given).filter((name) => given[name] !== undefined && refused[name])) {
      given[name] = undefined;
      warnings.push(unsupported(name, "The Claude class refuses it while it thinks: it is left out."));
    }
  }
  return { temperature: given.temperature, top_p: given.topP, top_k: given.topK };
}

/** A function tool's definition, in the words both forms share. */
function definition(tool, strictTools, warnings) {
  const { $schema, ...parameters } = tool.inputSchema ?? {};
  if (tool.inputExamples?.length) warnings.push(unsupported("inputExamples", `The examples of tool ${tool.name} are left out.`));
  if (tool.strict && !strictTools) warnings.push(unsupported("strict", `Tool ${tool.name}: only endpoints of the GPT class hold to schemas; set strictTools if yours does.`));
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: { type: "object", properties: {}, ...parameters },
    ...(tool.strict && strictTools ? { strict: true } : {}),
  };
}

/** Tools and tool choice; `form` writes one definition, `named` the choice of one tool. */
function toolFields({ tools = [], toolChoice }, { strictTools, form, named }, warnings) {
  const written = [];
  for (const tool of tools) {
    if (tool.type === "function") written.push({ ...form(definition(tool, strictTools, warnings)), ...tool.providerOptions?.databricks });
    else warnings.push(unsupported(`provider-defined tool ${tool.id}`));
  }
  if (written.length === 0) return {};
  const choice = { none: "none", required: "required", tool: named(toolChoice?.toolName) }[toolChoice?.type];
  return choice === undefined ? { tools: written } : { tools: written, tool_choice: choice };
}

/** Whether an endpoint holds tools to their schemas, when nobody says. */
const strict = ({ strictTools }, endpoint) => strictTools ?? /gpt/i.test(endpoint);

/** Whether a service can hold a model to a schema: it then asks that every property be required. */
function canBeStrict(schema) {
  if (Array.isArray(schema)) return schema.every(canBeStrict);
  if (schema === null || typeof schema !== "object") return true;
  if (Object.keys(schema.properties ?? {}).some((name) => !schema.required?.includes(name))) return false;
  // these hold schemas by names of the app's, which are no words of a schema
  const named = ["properties", "$defs", "definitions"];
  return Object.entries(schema).every(([word, value]) => (named.includes(word) ? Object.values(value ?? {}).every(canBeStrict) : canBeStrict(value)));
}

function jsonSchema({ name = "response", description, schema }, { strictJsonSchema }, warnings) {
  const { $schema, ...rest } = schema;
  const strict = strictJsonSchema ?? canBeStrict(rest);
  if (strictJsonSchema === undefined && !strict) {
    warnings.push({ type: "compatibility", feature: "responseFormat", details: "A property of the schema is not required, so that no endpoint could hold strictly to it: `strict: false` is sent. Make it nullable instead, or set strictJsonSchema." });
  }
  return { name, ...(description === undefined ? {} : { description }), schema: rest, strict };
}

function chatFormat({ responseFormat }, settings, warnings) {
  const { structuredOutputs = true } = settings;
  if (responseFormat?.type !== "json") return {};
  if (responseFormat.schema === undefined) return { response_format: { type: "json_object" } };
  if (structuredOutputs) return { response_format: { type: "json_schema", json_schema: jsonSchema(responseFormat, settings, warnings) } };
  warnings.push(unsupported("responseFormat", "structuredOutputs is off: the endpoint is asked for JSON, and the schema is not sent."));
  return { response_format: { type: "json_object" } };
}

const bare = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The fields of a chat request. */
export function chatFields(options, settings, endpoint, warnings) {
  strangers(options, ["seed", "presencePenalty", "frequencyPenalty"], warnings);
  const form = (one) => ({ type: "function", function: one });
  const named = (name) => ({ type: "function", function: { name } });
  const reasoning = chatReasoning(options, settings, endpoint, warnings);
  return bare({
    max_tokens: options.maxOutputTokens,
    ...sampling(options, reasoning, settings, endpoint, warnings),
    stop: options.stopSequences?.length ? options.stopSequences : undefined,
    ...reasoning,
    ...toolFields(options, { strictTools: strict(settings, endpoint), form, named }, warnings),
    ...chatFormat(options, settings, warnings),
    extra_params: extraParams(options),
  });
}

/** The fields of a Responses request. */
export function responsesFields(options, settings, endpoint, warnings) {
  strangers(options, ["seed", "presencePenalty", "frequencyPenalty", "topK", "stopSequences"], warnings);
  const { responseFormat, reasoning } = options;
  const own = ownOptions(options).reasoning;
  const effort = own !== undefined || reasoning === undefined || reasoning === "provider-default" ? undefined : effortOf(reasoning, warnings);
  const form = (one) => ({ type: "function", ...one });
  const named = (name) => ({ type: "function", name });
  const format = responseFormat?.schema === undefined ? { type: "json_object" } : { type: "json_schema", ...jsonSchema(responseFormat, settings, warnings) };
  return bare({
    max_output_tokens: options.maxOutputTokens,
    temperature: options.temperature,
    top_p: options.topP,
    reasoning: effort === undefined ? undefined : { effort },
    text: responseFormat?.type === "json" ? { format } : undefined,
    ...toolFields(options, { strictTools: strict(settings, endpoint), form, named }, warnings),
    extra_params: extraParams(options),
  });
}

/** What a form without any settings warns of. */
export function noSettings(options, names, warnings) {
  for (const name of names) {
    const value = options[name];
    const empty = value === undefined || (Array.isArray(value) && value.length === 0) || value.type === "text" || value === "provider-default";
    if (!empty) warnings.push(unsupported(name, "Agents of this form take no such setting."));
  }
}
