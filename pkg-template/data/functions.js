// Unity Catalog functions as tools of a chat.

import { LakewireError, fail } from "../errors.js";
import { writeJson } from "../json.js";
import { splitCall, take } from "../options.js";
import { kept, operations, parse, pure } from "./base.js";
import { chatTool } from "./chat-tool.js";
import { described, listed } from "./unity-catalog.js";
import { pause, shared, unless } from "./wait.js";

/** How many functions are read at once. */
const AT_ONCE = 8;
/** How many looks at a statement in a row may fail for a passing reason. */
const PATIENCE = 5;
/** How long a sending in flight is waited for after an abort. */
const ENDING_MS = 15_000;

const OPTIONS = ["functionNames", "warehouseId", "filterAccessibleFunctions", "plainSchemas", "rowLimit", "byteLimit", "waitTimeout", "retryTimeoutS"];

/** Arguments as JSON text. Whole numbers beyond 2^53 were rounded when they were parsed: they must come as texts or BigInts. */
function argumentsText(args) {
  const exact = {};
  for (const [name, value] of Object.entries(args ?? {})) {
    if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw fail("InvalidArguments", `The number for ${name} is too long to be exact here: give its digits as text.`);
    }
    if (value !== undefined) exact[name] = typeof value === "bigint" ? `${value}` : value;
  }
  return writeJson(exact, "The arguments");
}

/** A limit as text; the core counts in 32 bits. */
function counted(value, name) {
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return `${value}`;
  throw fail("InvalidInput", `\`${name}\` must be a whole number, 0 or more.`);
}

/** Functions of Unity Catalog, described to models and run on a SQL warehouse. */
export class UCFunctionToolkit {
  #at;
  #options;
  #loaded;

  constructor(client, options) {
    this.#at = operations(client);
    const [taken, rest] = take(options, OPTIONS, "The options of UCFunctionToolkit");
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) throw fail("InvalidInput", `UCFunctionToolkit has no option \`${stranger}\`: it takes ${OPTIONS.join(", ")}.`);
    const { functionNames = [], warehouseId, waitTimeout } = taken;
    if (!Array.isArray(functionNames)) throw fail("InvalidInput", "`functionNames` must be a list of catalog.schema.function names.");
    if (typeof warehouseId !== "string" || warehouseId === "") throw fail("InvalidInput", "Functions run on a SQL warehouse: give its id as `warehouseId`.");
    if (waitTimeout !== undefined && waitTimeout !== null && typeof waitTimeout !== "string") throw fail("InvalidInput", "`waitTimeout` must be a text such as \"30s\".");
    for (const name of functionNames) pure("fn.named", name);
    const [rowLimit, byteLimit, retryTimeoutS = "120"] = ["rowLimit", "byteLimit", "retryTimeoutS"].map((name) => counted(taken[name], name));
    this.#options = { ...taken, functionNames: [...functionNames], waitTimeout: waitTimeout ?? undefined, rowLimit, byteLimit, retryTimeoutS };
  }

  /** The functions' descriptions, read once. */
  async functions(options) {
    return (await this.#load(options)).map(({ info }) => info);
  }

  /** The tools, for `runTools()` of a chat. */
  async tools(options) {
    const plain = this.#options.plainSchemas ? "plain" : undefined;
    return (await this.#load(options)).map((one) => {
      const { full_name: fullName, comment = "" } = one.info;
      let described;
      try {
        described = pure("fn.describe", fullName, one.text, plain);
      } catch (error) {
        throw fail(error.kind, `The function ${fullName}: ${error.message}`, { cause: error });
      }
      const definition = { name: described[0], description: comment ?? "", parameters: JSON.parse(described[1]) };
      return chatTool(definition, (args, { signal, ...context }) => this.#told(one, args, kept(context, { signal })));
    });
  }

  /** Runs a function of the toolkit; gives `{ format, value, truncated }`, or `{ error }` when it failed. */
  async execute(fullName, args, options) {
    const one = (await this.#load(options)).find(({ info }) => info.full_name === fullName);
    if (one === undefined) throw fail("NotFound", `The toolkit has no function ${fullName}: add it to its names.`);
    return JSON.parse(await this.#told(one, args, options));
  }

  /** A run that whoever watches is told of, unless it is the work of a tool that is told of. */
  #told(one, args, options) {
    return this.#at.watch({ kind: "TOOL", within: true, name: one.info.full_name, inputs: args, read: JSON.parse }, options, (own) => this.#run(one, args, own));
  }

  /** The functions, read when they are first needed, for all who wait: no caller's signal or time limits end it. A failure is not kept. */
  #load(options) {
    const [{ signal, headers }] = splitCall(options);
    this.#at.scope(options);
    if (this.#loaded === undefined) {
      const loading = this.#read({ headers });
      this.#loaded = loading;
      loading.catch(() => {
        if (this.#loaded === loading) this.#loaded = undefined;
      });
    }
    return shared(signal, this.#loaded);
  }

  async #read(scope) {
    const names = new Set();
    for (const name of this.#options.functionNames) {
      const schema = pure("fn.named", name);
      if (schema === undefined) {
        names.add(name);
        continue;
      }
      const [catalog_name, schema_name] = schema;
      for await (const { full_name, name } of listed(this.#at, "functions", { catalog_name, schema_name }, { ...scope, max_results: 100 })) names.add(full_name ?? `${catalog_name}.${schema_name}.${name}`);
    }
    const found = [];
    const all = [...names];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const group = all.slice(from, from + AT_ONCE).map(async (name) => {
        try {
          const { text, ...facts } = await described(this.#at, "functions", name, scope);
          const info = parse(text, facts);
          if (typeof info?.full_name !== "string") throw fail("Decode", "The service did not say the function's full name.");
          return { text, info };
        } catch (error) {
          if (this.#options.filterAccessibleFunctions && error.kind === "PermissionDenied") return undefined;
          throw error;
        }
      });
      found.push(...(await Promise.all(group)).filter((one) => one !== undefined));
    }
    return found;
  }

  async #send(args, scope) {
    try {
      return await this.#at.send("fn.execute", args, scope);
    } catch (error) {
      if (error instanceof LakewireError && error.maybeProcessed && pure("sql.doubtful", error.status === undefined ? undefined : `${error.status}`)) error.message += ` ${pure("sql.unsure")}`;
      throw error;
    }
  }

  async #run({ text }, args, options) {
    const [{ signal, ...split }] = splitCall(options);
    const scope = kept(options, split);
    const { signals } = this.#at.scope({ signal, ...scope });
    if (signal?.aborted) throw fail("Cancelled", "The call was aborted before the function was run.", { cause: signal.reason });
    const { warehouseId, rowLimit, byteLimit, waitTimeout, retryTimeoutS } = this.#options;
    // a statement nobody waits for any more is told to stop; whether it still can is its own affair
    const stop = (id) => this.#at.send("fn.cancel", [id], scope).catch(() => {});
    const aborted = (more = "") => fail("Cancelled", `The call was aborted.${more}`, { cause: signal.reason });
    const sending = this.#send([text, argumentsText(args), warehouseId, rowLimit, byteLimit, waitTimeout], scope);
    const sent = await unless(signal, sending);
    if (sent === undefined) {
      // what is in flight may run: its id is needed to end it
      const stopped = sending.then(async (answer) => {
        const [result, id] = pure("fn.judge", text, answer.text);
        if (result === undefined) await stop(id);
        return true;
      });
      const patience = new AbortController();
      const known = await Promise.race([stopped, pause(ENDING_MS, [patience.signal])]).catch(() => {}).finally(() => patience.abort());
      stopped.catch(() => {});
      throw known ? aborted() : aborted(` ${pure("sql.unsure")}`);
    }
    let [answer] = sent;
    let waited = 0;
    let failures = 0;
    for (let looks = 0; ; looks += 1) {
      const [result, id, state] = pure("fn.judge", text, answer.text);
      if (result !== undefined) return result;
      const wait = pure("fn.pause", `${looks}`, `${waited}`, retryTimeoutS);
      if (wait === undefined) {
        await stop(id);
        return pure("fn.late", state, `${waited}`);
      }
      await pause(wait * 1000, signals);
      waited += wait;
      try {
        answer = await this.#at.send("fn.poll", [id], { ...scope, signal });
        failures = 0;
      } catch (error) {
        if (error.isRetryable && failures < PATIENCE && !signal?.aborted) {
          failures += 1;
          continue;
        }
        await stop(id);
        throw error;
      }
    }
  }
}
