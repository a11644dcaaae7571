// Unity Catalog functions as tools of a chat.

import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { splitCall, take } from "../options.js";
import { operations, pure } from "./base.js";
import { chatTool } from "./chat-tool.js";
import { described, listed } from "./unity-catalog.js";
import { pause } from "./wait.js";

/** How many functions are read at once. */
const AT_ONCE = 8;

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
    const { functionNames = [], warehouseId, retryTimeoutS = 120 } = taken;
    if (!Array.isArray(functionNames)) throw fail("InvalidInput", "`functionNames` must be a list of catalog.schema.function names.");
    if (typeof warehouseId !== "string" || warehouseId === "") throw fail("InvalidInput", "Functions run on a SQL warehouse: give its id as `warehouseId`.");
    for (const name of functionNames) pure("fn.named", name);
    this.#options = { ...taken, functionNames: [...functionNames], retryTimeoutS };
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
      return chatTool(definition, (args, { signal }) => this.#run(one, args, { signal }));
    });
  }

  /** Runs a function of the toolkit; gives `{ format, value, truncated }`, or `{ error }` when it failed. */
  async execute(fullName, args, options) {
    const one = (await this.#load(options)).find(({ info }) => info.full_name === fullName);
    if (one === undefined) throw fail("NotFound", `The toolkit has no function ${fullName}: add it to its names.`);
    return JSON.parse(await this.#run(one, args, options));
  }

  /** The functions, read when they are first needed; a failure is not kept. */
  #load(options) {
    if (this.#loaded === undefined) {
      const loading = this.#read(splitCall(options)[0]);
      this.#loaded = loading;
      loading.catch(() => {
        if (this.#loaded === loading) this.#loaded = undefined;
      });
    }
    return this.#loaded;
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
          const { text } = await described(this.#at, "functions", name, scope);
          const info = JSON.parse(text);
          if (typeof info.full_name !== "string") throw fail("Decode", "The service did not say the function's full name.");
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

  async #run({ text }, args, options) {
    const [scope] = splitCall(options);
    const { warehouseId, rowLimit, byteLimit, waitTimeout, retryTimeoutS } = this.#options;
    const numbers = [rowLimit, byteLimit].map((number) => (number === undefined ? undefined : `${number}`));
    let answer = await this.#at.send("fn.execute", [text, argumentsText(args), warehouseId, ...numbers, waitTimeout], scope);
    let waited = 0;
    for (let looks = 0; ; looks += 1) {
      const [result, id, state] = pure("fn.judge", text, answer.text);
      if (result !== undefined) return result;
      const wait = pure("fn.pause", `${looks}`, `${waited}`, `${retryTimeoutS}`);
      // a statement nobody waits for any more is told to stop; whether it still can is its own affair
      const stop = () => this.#at.send("fn.cancel", [id], { ...scope, signal: undefined }).catch(() => {});
      if (wait === undefined) {
        await stop();
        return pure("fn.late", state, `${waited}`);
      }
      await pause(wait * 1000, this.#at.scope(scope).signals);
      waited += wait;
      try {
        answer = await this.#at.send("fn.poll", [id], scope);
      } catch (error) {
        if (error.kind === "Cancelled") await stop();
        throw error;
      }
    }
  }
}
