// Chains as MLflow models: written down for Python, logged, registered and served.

import { pure } from "../data/base.js";
import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";
import { known } from "./base.js";

/** Where chains and prompts keep what they are as a step, whichever entry of the package they come from. */
const STEP = Symbol.for("lakewire.step");

/** How a chat gives a handle of its kind over another client. */
const OVER = Symbol.for("lakewire.over");

const OUTPUTS = { StrOutputParser: "text", JsonOutputParser: "json", CommaSeparatedListOutputParser: "list" };
const ALONE = "it runs in this program alone. Passages from vector search are given as `retriever`, functions of Unity Catalog as `functions`.";

/** A retriever's options as the core takes them. */
function readRetriever(given) {
  if (given === undefined || given === null) return undefined;
  const names = ["index", "textColumn", "embeddingEndpoint", "columns", "k", "queryType", "filters", "question", "context"];
  const [taken, rest] = take(given, names, "The retriever");
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw fail("InvalidInput", `The retriever has no \`${stranger}\`: it takes ${names.join(", ")}.`);
  const { textColumn: text_column, embeddingEndpoint: embedding_endpoint, queryType: query_type, ...same } = taken;
  return { ...same, text_column, embedding_endpoint, query_type };
}

/** The steps of a chain, with chains in it opened. */
function steps(chain) {
  const own = chain?.[STEP];
  const given = own?.name === "chain" ? chain.toJSON() : undefined;
  return Array.isArray(given) ? given.flatMap(steps) : [chain];
}

/** A chat's endpoint and what it sends with every question: asked of a handle like it whose client sends nothing. */
function defaultsOf(chat) {
  let sent = "{}";
  const take = (_core, _method, [body]) => {
    sent = body;
    return new Promise(() => {});
  };
  void chat[OVER]((client) => ({ ...client, ask: take })).invoke("x");
  const { messages, ...defaults } = JSON.parse(sent);
  return { ...defaults, endpoint: chat.endpoint };
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
      } else if (typeof step?.endpoint === "string" && typeof step.runTools === "function" && typeof step[OVER] === "function") {
        put("chat", defaultsOf(step), out.output === undefined);
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

function checked(mlflow, model) {
  if (typeof mlflow?.createLoggedModel !== "function") throw fail("InvalidInput", "The first argument must be an MlflowClient: write new MlflowClient(client).");
  if (model !== undefined && !(model instanceof ChainModel)) throw fail("InvalidInput", "The model must be made by describeChain(chain).");
}

/** Logs a chain as a model of MLflow's LangChain flavour; gives `{ model_id, run_id, model_uri }`. */
export async function logChain(mlflow, model, options) {
  const [scope, { experimentId, name, runId, requirements }] = known(options, ["experimentId", "name", "runId", "requirements"]);
  checked(mlflow, model);
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", "`name` must be the model's name.");
  const store = async (artifacts, before, facts) => {
    for (const [file, text] of Object.entries(model.files({ ...facts, run_id: runId, requirements }))) await artifacts.log(`${before}${file}`, text, scope);
  };
  if (runId !== undefined) {
    const run = await mlflow.getRun(runId, scope);
    const root = run.info.artifact_uri ?? "";
    if (root.startsWith("dbfs:")) {
      // a workspace gives signed addresses for the files of runs
      const model_uri = `${root.replace(/\/+$/, "")}/${name}`;
      await store(await mlflow.artifacts(run, scope), `${name}/`, { artifact_path: model_uri });
      return { run_id: runId, model_uri };
    }
  }
  const created = await mlflow.createLoggedModel(experimentId, { ...scope, name, sourceRunId: runId });
  const { model_id, artifact_uri } = created.info;
  try {
    if (runId !== undefined) await mlflow.logOutputs(runId, [{ model_id, step: 0 }], scope);
    await store(await mlflow.artifacts(created, scope), "", { model_id, artifact_path: artifact_uri });
  } catch (error) {
    // the first error is the one to tell
    await mlflow.finalizeLoggedModel(model_id, "LOGGED_MODEL_UPLOAD_FAILED", scope).catch(() => {});
    throw error;
  }
  await mlflow.finalizeLoggedModel(model_id, "LOGGED_MODEL_READY", scope);
  return { model_id, run_id: runId, model_uri: `models:/${model_id}` };
}

/** Makes a logged chain a version of a registered model, and lets an alias point to it. */
export async function registerChain(mlflow, logged, options) {
  const [scope, { name, alias }] = known(options, ["name", "alias"]);
  checked(mlflow);
  try {
    await mlflow.createRegisteredModel(name, scope);
  } catch (error) {
    const taken = error?.kind === "ResourceConflict" || ["RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"].includes(error?.errorCode);
    if (!taken) throw error;
  }
  const version = await mlflow.createModelVersion(name, logged.model_uri, { ...scope, runId: logged.run_id, modelId: logged.model_id });
  if (alias !== undefined) await mlflow.setRegisteredModelAlias(name, alias, version.version, scope);
  return version;
}

/** The request for an endpoint that serves a version of a registered model, for `client.servingEndpoints().createAndWait()`. */
export function endpointOf(endpoint, version, environment) {
  const entity = { entity_name: version.name, entity_version: `${version.version}`, workload_size: "Small", scale_to_zero_enabled: true, environment_vars: environment };
  return { name: endpoint, config: { served_entities: [entity] } };
}
