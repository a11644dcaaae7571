// From a question to a SQL statement, its result and an answer.

import { fail } from "../errors.js";
import { splitCall, take } from "../options.js";
import { SPAN, kept, pure } from "./base.js";
import { chatTool } from "./chat-tool.js";
import { SQLDatabase, checkReadOnly, names, told } from "./sql-database.js";

const OPTIONS = ["topK", "prompt", "answerPrompt", "returnSql", "returnDirect", "returnIntermediateSteps", "useQueryChecker", "tableSelection", "tableNamesToUse", "readOnly", "deniedFunctions", "allowedFunctions", "rowLimit", "byteLimit"];

const yes = (value) => (value ? "" : undefined);

function limit(value, name) {
  if (!Number.isSafeInteger(value) || value < 1) throw fail("InvalidInput", `\`${name}\` must be a whole number, 1 or more.`);
  return value;
}

function parts(chat, database, what) {
  if (typeof chat?.invoke !== "function") throw fail("InvalidInput", `${what} needs a chat, made by client.chat(endpoint).`);
  if (!(database instanceof SQLDatabase)) throw fail("InvalidInput", `${what} needs a SQLDatabase, made by SQLDatabase.fromDatabricks().`);
}

function settings(options, what) {
  const [given, rest] = take(options, OPTIONS, `The options of ${what}`);
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `The options of ${what} have no \`${stranger}\`.`);
  const { topK = 5, rowLimit = 100, byteLimit = 2 ** 20, readOnly = true } = given;
  for (const name of ["prompt", "answerPrompt"]) {
    if (given[name] !== undefined && typeof given[name] !== "string") throw fail("InvalidInput", `\`${name}\` must be a text with {input}.`);
  }
  // a setting that is missing must not turn the guard off
  if (typeof readOnly !== "boolean") throw fail("InvalidInput", "`readOnly` must be true or false.");
  const tableNamesToUse = given.tableNamesToUse == null ? undefined : names(given.tableNamesToUse, "tableNamesToUse");
  return { ...given, tableNamesToUse, readOnly, topK: limit(topK, "topK"), rowLimit: limit(rowLimit, "rowLimit"), byteLimit: limit(byteLimit, "byteLimit") };
}

/** Runs a statement that the guard lets through. */
function guarded(database, statement, { readOnly, deniedFunctions, allowedFunctions, rowLimit, byteLimit }, call) {
  if (readOnly) checkReadOnly(statement, { deniedFunctions, allowedFunctions });
  return database.rows(statement, { rowLimit, byteLimit, ...call });
}

/** Answers questions from a database, by a chat that writes. */
export class SQLDatabaseChain {
  #chat;
  #database;
  #options;

  constructor(chat, database, options) {
    parts(chat, database, "SQLDatabaseChain");
    this.#chat = chat;
    this.#database = database;
    this.#options = settings(options, "SQLDatabaseChain");
  }

  /** Answers a question: `{ result, sql, columns, rows, truncated }`, with `intermediateSteps` when they are asked for. */
  async invoke(question, options) {
    const [{ onEvent }, call] = this.#given(options, "invoke()");
    let last;
    const steps = [];
    try {
      for await (const event of this.#told(question, call, onEvent !== undefined)) {
        onEvent?.(event);
        if (event.type === "done") last = event;
        else if (event.type !== "words") steps.push(event);
      }
    } catch (error) {
      if (this.#options.returnIntermediateSteps && error instanceof Error) Object.defineProperty(error, "intermediateSteps", { value: steps, configurable: true });
      throw error;
    }
    const { type, ...outcome } = last;
    return this.#options.returnIntermediateSteps ? { ...outcome, intermediateSteps: steps } : outcome;
  }

  /** The steps as they are done, the answer's words as they come, and last `{ type: "done", … }` with what invoke() gives. */
  stream(question, options) {
    const [, call] = this.#given(options, "stream()");
    return this.#told(question, call, true);
  }

  /** A run that whoever watches the chat is told of: its calls of the chat and its statements stand beneath it. */
  #told(question, call, words) {
    const by = this.#chat[SPAN] ?? call[SPAN];
    if (by === undefined) return this.#run(question, call, words);
    const fold = (events) => {
      const { type, ...outcome } = events.at(-1) ?? {};
      return type === "done" ? outcome : events;
    };
    return by.observe({ kind: "CHAIN", name: "SQLDatabaseChain", inputs: question, pieces: true, fold }, call, (own) => this.#run(question, own, words));
  }

  #given(options, what) {
    const [call, fields] = splitCall(options);
    const [{ onEvent }, rest] = take(fields, ["onEvent"], `The options of ${what}`);
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw fail("InvalidInput", `The options of ${what} have no \`${stranger}\`.`);
    return [{ onEvent }, kept(options, call)];
  }

  async #ask(prompt, call) {
    return (await this.#chat.invoke(prompt, { stop: [pure("chain.stop")], ...call })).text;
  }

  async *#run(question, call, words) {
    if (typeof question !== "string" || question === "") throw fail("InvalidInput", "The chain needs a question.");
    const options = this.#options;
    const database = this.#database;
    let tables = options.tableNamesToUse;
    if (tables === undefined && options.tableSelection) {
      const known = database.getUsableTableNames();
      tables = [...pure("chain.named", await this.#ask(pure("chain.tables", question, known.join(", ")), call), ...known)];
      yield { type: "tables", tables };
    }
    const info = await database.getTableInfo(tables, call);
    let sql = pure("chain.statement", await this.#ask(pure("chain.query", options.prompt, question, info, `${options.topK}`), call));
    yield { type: "sql", sql };
    if (options.returnSql) return void (yield { type: "done", result: sql, sql });
    try {
      if (options.useQueryChecker) {
        sql = pure("chain.statement", await this.#ask(pure("chain.check", sql), call));
        yield { type: "checked", sql };
      }
      const { columns, rows, truncated } = await guarded(database, sql, options, call);
      let result = database.text({ columns, rows });
      yield { type: "rows", text: result, columns, rows, truncated };
      if (!options.returnDirect) {
        const prompt = pure("chain.answer", options.answerPrompt, question, sql, result, yes(truncated));
        if (words && typeof this.#chat.textStream === "function") {
          result = "";
          for await (const text of await this.#chat.textStream(prompt, { stop: [pure("chain.stop")], ...call })) {
            result += text;
            yield { type: "words", text };
          }
        } else {
          result = await this.#ask(prompt, call);
        }
        result = result.trim();
      }
      yield { type: "answer", text: result };
      yield { type: "done", result, sql, columns, rows, truncated };
    } catch (error) {
      // the statement, for who shows or mends it; as in Rust, not enumerable
      if (error instanceof Error && error.partial === undefined) Object.defineProperty(error, "partial", { value: sql, configurable: true, writable: true });
      throw error;
    }
  }
}

/** A function from questions to statements: nothing is run. */
export function createSqlQueryChain(chat, database, { k = 5, prompt } = {}) {
  const chain = new SQLDatabaseChain(chat, database, { topK: k, prompt, returnSql: true });
  return async (question, options) => (await chain.invoke(question, options)).sql;
}

/** A database as tools of a chat. */
export class SQLDatabaseToolkit {
  #database;
  #chat;
  #options;

  constructor(database, chat, options) {
    parts(chat, database, "SQLDatabaseToolkit");
    this.#database = database;
    this.#chat = chat;
    this.#options = settings(options, "SQLDatabaseToolkit");
  }

  /** The tools: query, schema, list, checker. */
  getTools() {
    const flat = pure("chain.tools");
    const run = {
      sql_db_query: async (query, call) => {
        try {
          const rows = await guarded(this.#database, query, this.#options, call);
          return this.#database.text(rows) + (rows.truncated ? pure("chain.more") : "");
        } catch (error) {
          return told(error);
        }
      },
      sql_db_schema: (names, call) => this.#database.getTableInfoNoThrow(names.split(",").map((name) => name.trim()), call),
      sql_db_list_tables: () => this.#database.getUsableTableNames().join(", "),
      sql_db_query_checker: async (query, call) => (await this.#chat.invoke(pure("chain.check", query), call)).text,
    };
    return [0, 4, 8, 12].map((at) => {
      const [name, given, what, description] = flat.slice(at, at + 4);
      const optional = name === "sql_db_list_tables";
      const parameters = { type: "object", properties: { [given]: { type: "string", description: what } }, required: optional ? [] : [given] };
      return chatTool({ name, description, parameters }, (args, { signal } = {}) => {
        const value = args[given];
        if (!optional && typeof value !== "string") throw fail("InvalidArguments", `The tool needs the text \`${given}\`.`);
        return run[name](value, { signal });
      });
    });
  }
}
