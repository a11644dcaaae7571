// `lakewire/ai-sdk`: Databricks as a provider of the AI SDK.

import { NoSuchModelError } from "@ai-sdk/provider";
import { fail } from "../errors.js";
import { AgentModel } from "./agent-model.js";
import { ChatModel } from "./chat-model.js";
import { EmbeddingModel } from "./embedding-model.js";
import { ResponsesModel } from "./responses-model.js";
import { clientOf } from "./source.js";

const SETTINGS = {
  chat: ["remoteImages", "strictTools", "structuredOutputs", "strictJsonSchema", "includeUsage", "defaults"],
  responses: ["remoteImages", "strictTools", "strictJsonSchema", "useRemoteToolCalling", "route", "defaults"],
  chatAgent: ["defaults"],
  embeddingModel: ["maxEmbeddingsPerCall", "defaults"],
};

/** An endpoint's name and settings, checked. */
function checked(method, endpoint, settings = {}) {
  if (typeof endpoint !== "string" || endpoint === "") throw fail("InvalidInput", `${method}() needs the endpoint's name.`);
  const stranger = Object.keys(settings).find((name) => !SETTINGS[method].includes(name));
  if (stranger !== undefined) throw fail("InvalidInput", `${method}() has no setting \`${stranger}\`: it takes ${SETTINGS[method].join(", ")}; fields of the request go into \`defaults\`.`);
  return [endpoint, settings];
}

/** Makes a provider. Nothing is sent or loaded before the first call. */
export function createDatabricks(options = {}) {
  if (options === null || typeof options !== "object") throw fail("InvalidInput", "createDatabricks() takes an object of options.");
  const { name = "databricks", useRemoteToolCalling, ...rest } = options;
  // beside a client of the app's, headers are all there is to say: they go with every call
  const { headers, ...others } = rest;
  const given = rest.client !== undefined;
  const shared = { name, client: clientOf(given ? others : rest), headers: given ? Object.fromEntries(new Headers(headers ?? {})) : undefined, remoteTools: useRemoteToolCalling };
  const chat = (endpoint, settings) => new ChatModel(...checked("chat", endpoint, settings), shared);
  const responses = (endpoint, settings) => new ResponsesModel(...checked("responses", endpoint, settings), shared);
  const chatAgent = (endpoint, settings) => new AgentModel(...checked("chatAgent", endpoint, settings), shared);
  const embeddingModel = (endpoint, settings) => new EmbeddingModel(...checked("embeddingModel", endpoint, settings), shared);
  const none = (modelType) => (modelId) => {
    throw new NoSuchModelError({ modelId, modelType });
  };
  const provider = function (endpoint, settings) {
    if (new.target) throw fail("InvalidInput", "A provider is a function, not a class: leave out `new`.");
    return chat(endpoint, settings);
  };
  return Object.assign(provider, {
    specificationVersion: "v4",
    languageModel: chat,
    chat,
    chatCompletions: chat,
    responses,
    chatAgent,
    embeddingModel,
    textEmbeddingModel: embeddingModel,
    imageModel: none("imageModel"),
    transcriptionModel: none("transcriptionModel"),
    speechModel: none("speechModel"),
    rerankingModel: none("rerankingModel"),
  });
}

/** Under the name and with the options of `@databricks/ai-sdk-provider`. */
export function createDatabricksProvider({ provider, formatUrl, ...settings } = {}) {
  if (formatUrl !== undefined) throw fail("InvalidInput", "`formatUrl` is not supported: give createDatabricks() a `relay`, a `host`, or a `fetch` that sends requests elsewhere.");
  const made = createDatabricks({ ...settings, ...(provider === undefined ? {} : { name: provider }) });
  const { responses } = made;
  // theirs asks `{baseURL}/responses`, which models of OpenAI's need; a relay knows the endpoints' own addresses alone
  const route = settings.relay === undefined ? "openai" : "invocations";
  return Object.assign(made, { responses: (endpoint, own) => responses(endpoint, { route, ...own }) });
}

/** The provider of the environment: `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and what else tells how to sign in. Read with the first call. */
export const databricks = createDatabricks();
