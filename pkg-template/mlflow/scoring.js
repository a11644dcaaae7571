// A model that `mlflow models serve` serves, or any other server that speaks as it does.

import { BILLED, POST, SAFE, operations, parse, pure } from "../data/base.js";
import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";

const GET = 0;

/** A refusal as a sentence, where it is about the model's signature. */
function told(error) {
  const sentence = typeof error?.message === "string" ? pure("scoring.advice", error.message) : undefined;
  if (sentence === undefined) return error;
  const { kind, status, errorCode, requestId, attempts, isRetryable } = error;
  return fail(kind, `POST /invocations failed: ${sentence}`, { status, errorCode, requestId, attempts, isRetryable });
}

/** An MLflow scoring server: the host of the client. */
export class ScoringServer {
  #at;

  constructor(client) {
    this.#at = operations(client);
  }

  /** Whether the server and its model are up: the status says it. */
  async ping(options) {
    try {
      await this.#at.raw([GET, "/ping", undefined, SAFE], options);
      return true;
    } catch (error) {
      if (error?.status === 404) return false;
      throw error;
    }
  }

  /** The server's version of MLflow: plain text, whatever its header says. */
  async version(options) {
    return (await this.#at.raw([GET, "/version", undefined, SAFE], options)).text.trim();
  }

  /** Asks the model. */
  async invoke(input, options) {
    const [{ form = "inputs", params }, scope] = take(options, ["form", "params"], "The options of invoke()");
    const given = writeJson(input, "The input");
    const body = pure("scoring.body", `${form}`, given, params === undefined || params === null ? undefined : writeJson(params, "`params`"));
    let sent;
    try {
      sent = await this.#at.raw([POST, "/invocations", body, BILLED], scope);
    } catch (error) {
      throw told(error);
    }
    const { text, ...facts } = sent;
    const answer = parse(text, facts);
    const result = form !== "unwrapped" && answer?.predictions !== undefined ? answer.predictions : answer;
    // servers with a signature make a list of the one result; a table's results stay a list
    return (form === "inputs" || form === "unwrapped") && given.startsWith("{") && Array.isArray(result) && result.length === 1 ? result[0] : result;
  }
}
