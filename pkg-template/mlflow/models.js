// Chains as MLflow models: written down for Python, logged, registered and served.

import { NEVER, PATCH, POST, SAFE, operations, pure } from "../data/base.js";
import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";

/** Where chains and prompts keep what they are as a step, whichever entry of the package they come from. */
const STEP = Symbol.for("lakewire.step");
const PUT = 1;
const API = "/api/2.0/mlflow/";

const OUTPUTS = { StrOutputParser: "text", JsonOutputParser: "json", CommaSeparatedListOutputParser: "list" };
const ALONE = "it runs in this program alone. Passages from vector search are given as `retriever`, functions of Unity Catalog as `functions`.";

/** A retriever's options as the core takes them. */
function readRetriever(given) {
  if (given === undefined || given === null) return undefined;
  const known = ["index", "textColumn", "embeddingEndpoint", "columns", "k", "queryType", "filters", "question", "context"];
  const [taken, rest] = take(given, known, "The retriever");
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw fail("InvalidInput", `The retriever has no \`${stranger}\`: it takes ${known.join(", ")}.`);
  const { textColumn: text_column, embeddingEndpoint: embedding_endpoint, queryType: query_type, ...same } = taken;
  return { ...same, text_column, embedding_endpoint, query_type };
}

/** The steps of a chain, with chains in it opened. */
function steps(chain) {
  const own = chain?.[STEP];
  const given = own?.name === "chain" ? chain.toJSON() : undefined;
  return Array.isArray(given) ? given.flatMap(steps) : [chain];
}

/** What a chain is made of, as the core takes it. */
function describe(chain, more) {
  const out = { ...more };
  const put = (name, value, fits) => {
    if (!fits || out[name] !== undefined) throw fail("InvalidInput", "a chain is a prompt, a chat and a parser, in this order.");
    out[name] = value;
  };
  for (const [at, step] of steps(chain).entries()) {
    const name = step?.[STEP]?.name ?? (typeof step === "function" ? step.name || "function" : typeof step?.endpoint === "string" ? `endpoint ${step.endpoint}` : "step");
    const early = out.chat === undefined && out.output === undefined;
    try {
      if (name === "passthrough") continue;
      if (name === "prompt" || name === "chat prompt") {
        const { template, partial } = step.toJSON();
        put("prompt", name === "prompt" ? { text: template } : { messages: JSON.parse(template) }, early);
        const computed = Object.keys(partial).find((key) => typeof partial[key] === "function");
        if (computed !== undefined) throw fail("InvalidInput", `the value of \`${computed}\` is a function of this program: give a text.`);
        if (Object.keys(partial).length > 0) out.values = partial;
      } else if (typeof step?.endpoint === "string" && typeof step.runTools === "function" && typeof step.toJSON === "function") {
        put("chat", step.toJSON(), out.output === undefined);
      } else if (OUTPUTS[name] !== undefined && step?.[STEP] !== undefined) {
        put("output", OUTPUTS[name], out.chat !== undefined);
      } else {
        throw fail("InvalidInput", ALONE);
      }
    } catch (error) {
      if (error?.kind !== "InvalidInput") throw error;
      throw fail("InvalidInput", `Step ${at + 1} (${name}) cannot be carried over to Python: ${error.message}`);
    }
  }
  if (out.chat === undefined) throw fail("InvalidInput", "The chain has no chat: a model that MLflow serves asks one.");
  return out;
}

/** A chain as MLflow can serve it; made by `describeChain(chain, options)`. */
export class ChainModel {
  #text;

  constructor(text) {
    this.#text = text;
    // what cannot be carried over is refused here
    pure("models.source", text);
  }

  /** The Python file that MLflow runs. */
  source() {
    return pure("models.source", this.#text);
  }

  /** The files of the model by their paths. */
  files(facts = {}) {
    const list = pure("models.files", this.#text, writeJson({ time_ms: Date.now(), ...facts }, "What is known of the model"));
    const files = {};
    for (let at = 0; at + 1 < list.length; at += 2) files[list[at]] = list[at + 1];
    return files;
  }

  toJSON() {
    return JSON.parse(this.#text);
  }
}

/** Reads what a chain is made of: a prompt, a chat, a parser, and what `options` put around them. */
export function describeChain(chain, options = {}) {
  const [{ functions, retriever, example }, rest] = take(options, ["functions", "retriever", "example"], "The options of describeChain()");
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw fail("InvalidInput", `describeChain() has no option \`${stranger}\`: it takes functions, retriever, example.`);
  const described = describe(chain, { functions: functions ?? undefined, retriever: readRetriever(retriever), example: example ?? undefined });
  return new ChainModel(writeJson(described, "The chain"));
}

function known(model) {
  if (!(model instanceof ChainModel)) throw fail("InvalidInput", "The model must be made by describeChain(chain).");
  return model;
}

/** The path of a file in the server's own store. */
function stored(root, file) {
  const parts = [...root.split("/").filter((part) => part !== ""), file];
  return pure("path", "/api/2.0/mlflow-artifacts/artifacts/", ...parts.flatMap((part) => ["folder", part, "/"])).slice(0, -1);
}

/** Logs a chain as a model of MLflow's LangChain flavour; gives `{ model_id, run_id, model_uri }`. */
export async function logChain(client, model, options) {
  const [{ experimentId, name, runId, requirements }, scope] = take(options, ["experimentId", "name", "runId", "requirements"], "The options of logChain()");
  known(model);
  if (typeof experimentId !== "string") throw fail("InvalidInput", "`experimentId` must be the experiment's id as a text.");
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", "`name` must be the model's name.");
  const at = operations(client);
  const ask = (method, route, body, repeat) => at.value(at.raw([method, `${API}${route}`, writeJson(body, "The request"), repeat], scope));
  const created = await ask(POST, "logged-models", { experiment_id: experimentId, name, source_run_id: runId }, NEVER);
  const { model_id: id, artifact_uri: uri = "" } = created.model?.info ?? {};
  if (typeof id !== "string") throw fail("Decode", "The answer does not name the logged model: check that the host is an MLflow server.");
  const finish = (status) => ask(PATCH, pure("path", "logged-models/", "model", id), { model_id: id, status }, SAFE);
  try {
    if (runId !== undefined) await ask(POST, "runs/outputs", { run_id: runId, models: [{ model_id: id, step: "0" }] }, SAFE);
    const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.+)$/.exec(uri);
    if (match === null) throw fail("NotImplemented", "The server keeps logged models in a store of its own: from JavaScript chains are logged to servers that pass artifacts on (--serve-artifacts).");
    const files = model.files({ model_id: id, run_id: runId, artifact_path: uri, requirements });
    for (const [file, text] of Object.entries(files)) await at.raw([PUT, stored(match[1], file), text, SAFE], scope);
  } catch (error) {
    // the first error is the one to tell
    await finish("LOGGED_MODEL_UPLOAD_FAILED").catch(() => {});
    throw error;
  }
  await finish("LOGGED_MODEL_READY");
  return { model_id: id, run_id: runId, model_uri: `models:/${id}` };
}

/** Makes a logged chain a version of a registered model, and lets an alias point to it. */
export async function registerChain(client, logged, options) {
  const [{ name, alias }, scope] = take(options, ["name", "alias"], "The options of registerChain()");
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", "`name` must be the registered model's name.");
  const at = operations(client);
  let root = API;
  const ask = (route, body) => at.value(at.raw([POST, `${root}${route}`, writeJson(body, "The request"), NEVER], scope));
  const create = () => ask("registered-models/create", { name });
  const taken = (error) => {
    if (error?.errorCode !== "RESOURCE_ALREADY_EXISTS" && error?.errorCode !== "ALREADY_EXISTS") throw error;
  };
  if (name.split(".").length === 3) {
    // the models of Unity Catalog have routes of their own, which only a workspace has
    root = `${API}unity-catalog/`;
    try {
      await create().catch(taken);
    } catch (error) {
      if (error?.status !== 404 || error.errorCode !== undefined) throw error;
      root = API;
      await create().catch(taken);
    }
  } else {
    await create().catch(taken);
  }
  const { model_version: version } = await ask("model-versions/create", { name, source: logged.model_uri, run_id: logged.run_id, model_id: logged.model_id });
  if (alias !== undefined) await ask("registered-models/alias", { name, alias, version: version.version });
  return version;
}

/** The request for an endpoint that serves a version of a registered model, for `client.servingEndpoints().createAndWait()`. */
export function endpointOf(endpoint, version, environment) {
  const entity = { entity_name: version.name, entity_version: `${version.version}`, workload_size: "Small", scale_to_zero_enabled: true, environment_vars: environment };
  return { name: endpoint, config: { served_entities: [entity] } };
}
