// Warehouses: what runs statements.

import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { take } from "../options.js";
import { operations, parse, pure } from "./base.js";
import { wait } from "./chunks.js";
import { paged } from "./pages.js";

/** How many looks in a row may fail for a passing reason. */
const PATIENCE = 5;

/** The workspace's SQL warehouses. */
export class Warehouses {
  #operations;

  constructor(client) {
    this.#operations = operations(client);
  }

  async #do(operation, args, options) {
    await this.#operations.send(`sql.${operation}`, args, options);
  }

  /** Lists the warehouses the caller may see, all pages of them. */
  list(options) {
    return paged((token) => this.#operations.json("sql.warehouses", [token], options), "warehouses").all();
  }

  /** The id of a warehouse to take when none is named: the first that runs, else the first that is not deleted. */
  async choose(options) {
    const id = pure("sql.choose", JSON.stringify(await this.list(options)));
    if (id === undefined) throw fail("NotFound", "There is no SQL warehouse that the caller may use: create one, or ask for the permission.");
    return id;
  }

  /** Describes a warehouse. */
  get(id, options) {
    return this.#operations.json("sql.warehouse", [id], options);
  }

  /** Starts a warehouse; it runs later. */
  start(id, options) {
    return this.#do("start", [id], options);
  }

  /** Switches a warehouse off; statements it runs end. */
  stop(id, options) {
    return this.#do("stop", [id], options);
  }

  /** Creates a warehouse; gives its id. */
  async create(warehouse, options) {
    return (await this.#operations.json("sql.create", [writeJson(warehouse, "The warehouse")], options)).id;
  }

  /** Changes a warehouse. */
  edit(id, warehouse, options) {
    return this.#do("edit", [id, writeJson(warehouse, "The warehouse")], options);
  }

  /** Deletes a warehouse. */
  delete(id, options) {
    return this.#do("delete", [id], options);
  }

  /** Waits until a warehouse runs, at most 20 minutes unless `timeoutMs` says otherwise; it is not started by that. */
  async waitUntilRunning(id, options) {
    const [{ timeoutMs = 20 * 60_000 }, call] = take(options, ["timeoutMs"], "The options of waitUntilRunning()");
    const deadline = performance.now() + timeoutMs;
    for (let looks = 3, failures = 0; ; looks += 1) {
      try {
        const { text } = await this.#operations.send("sql.warehouse", [id], call);
        failures = 0;
        if (pure("sql.runs", text)) return parse(text);
      } catch (error) {
        if (!error.isRetryable || failures >= PATIENCE) throw error;
        failures += 1;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw fail("DeadlineExceeded", "The warehouse did not run in time: wait again, or allow more time.", { phase: "total" });
      await wait(looks, call.signal, left);
    }
  }
}
