// Genie: questions about data in plain words.

import { fail, toError } from "../errors.js";
import { writeJson } from "../json.js";
import { splitCall, take } from "../options.js";
import { ask, BILLED, DELETE, GET, kept, NEVER, operations, path, POST, pure, SAFE } from "./base.js";
import { paged } from "./pages.js";
import { pause } from "./wait.js";

const POLL_MS = 500;

/** How many looks in a row may fail for a passing reason. */
const PATIENCE = 5;

const SPACES = "/api/2.0/genie/spaces";

const WHOLE = ["INT", "SHORT", "BYTE"];

/** A cell as a value: 64-bit numbers as BigInt, decimals, dates and all else as exact text. */
function cell(value, type) {
  if (value === null || value === undefined) return null;
  if (type === "LONG") return BigInt(value);
  if (type === "BOOLEAN") return JSON.parse(`${value}`);
  const float = type === "FLOAT" || type === "DOUBLE";
  if (!float && !WHOLE.includes(type)) return value;
  const number = Number(value);
  if (Number.isNaN(number) && !(float && value === "NaN")) throw new TypeError("not a number");
  return number;
}

/** The rows of a Genie answer. */
export class GenieTable {
  #text;

  constructor(text, truncated) {
    const { manifest, result } = JSON.parse(text);
    this.#text = text;
    this.columns = manifest?.schema?.columns ?? [];
    this.truncated = truncated;
    this.rows = (result?.data_array ?? []).map((row, place) => {
      if (row.length !== this.columns.length) throw fail("Decode", `Row ${place} of the result does not fit its columns.`);
      try {
        return row.map((value, at) => cell(value, this.columns[at].type_name));
      } catch (cause) {
        throw fail("Decode", `Row ${place} of the result does not fit its columns.`, { cause });
      }
    });
  }

  /** The rows as objects by column name. */
  objects() {
    return this.rows.map((row) => Object.fromEntries(row.map((value, at) => [this.columns[at].name, value])));
  }

  /** The rows as a Markdown table, with their numbers in front unless `index` is false. */
  toMarkdown({ index = true } = {}) {
    return pure("genie.markdown", this.#text, index ? "index" : undefined);
  }
}

/** A Genie space. */
export class Genie {
  #at;
  #space;

  /** The path of a conversation, of a message in it, and of an attachment of that. */
  #path(...ids) {
    const [conversation, message, attachment] = ids;
    let to = path`/api/2.0/genie/spaces/${{ space: this.#space }}/conversations/${{ conversation }}`;
    if (ids.length > 1) to += path`/messages/${{ message }}`;
    return ids.length > 2 ? to + path`/attachments/${{ attachment }}` : to;
  }

  constructor(client, spaceId) {
    this.#at = operations(client);
    if (typeof spaceId !== "string" || spaceId === "") throw fail("InvalidInput", "A Genie space is named by its id.");
    this.#space = spaceId;
  }

  /** Lists the spaces the caller may see. */
  static spaces(client, options) {
    return list(operations(client), () => SPACES, {}, "spaces", options);
  }

  /** Describes the space. */
  async space(options) {
    const [scope, { includeSerializedSpace }] = splitCall(options);
    return this.#get(ask(this.#own(), { include_serialized_space: includeSerializedSpace ? true : undefined }), scope);
  }

  /** Asks a question, waits for the answer and fetches its rows. */
  async ask(question, options) {
    const read = ({ message, table, ...answer }) => ({ ...answer, rows: table?.rows.length });
    return this.#at.watch({ kind: "AGENT", name: `genie ${this.#space}`, inputs: question, read }, options, (own) => this.#ask(question, own));
  }

  async #ask(question, options) {
    const [own, more] = take(options, ["conversationId", "onStatus", "timeoutMs"], "The options of ask()");
    const scope = kept(options, more);
    const { conversationId, onStatus, timeoutMs = 250_000 } = own;
    const deadline = this.#deadline(timeoutMs);
    if (onStatus !== undefined && typeof onStatus !== "function") throw fail("InvalidInput", "`onStatus` must be a function.");
    if (`${question}`.trim() === "") throw fail("InvalidInput", "The question is empty: ask something.");
    const to = conversationId === undefined || conversationId === null ? `${this.#own()}/start-conversation` : `${this.#path(conversationId)}/messages`;
    // asking twice would leave two messages
    const asked = await this.#at.raw([POST, to, writeJson({ content: `${question}` }, "The question"), NEVER], scope);
    const id = pure("genie.ids", asked.text);
    let told;
    const tell = (status) => {
      if (status === told) return;
      told = status;
      onStatus?.(status);
    };
    const look = () => this.#look(this.#path(...id), scope);
    const { rest, message } = await this.#until(look, deadline, () => told, id, scope, (text) => {
      const [done, status] = pure("genie.judge", text);
      tell(done === undefined ? status : "COMPLETED");
      return done === undefined ? undefined : { rest: JSON.parse(done), message: JSON.parse(text) };
    });
    const table = rest.attachment_id === undefined ? undefined : await this.#rows(false, [...id, rest.attachment_id], deadline, scope);
    return { ...rest, conversation_id: id[0], message_id: id[1], message, ...(table === undefined ? {} : { table }) };
  }

  #own() {
    return path`/api/2.0/genie/spaces/${{ space: this.#space }}`;
  }

  #look(to, scope) {
    return this.#at.raw([GET, to, undefined, SAFE], scope);
  }

  #get(to, scope) {
    return this.#at.value(this.#look(to, scope));
  }

  #deadline(timeoutMs) {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw fail("InvalidInput", "`timeoutMs` must be above 0 and below 2^31 milliseconds.");
    return performance.now() + timeoutMs;
  }

  /** Looks until `judge` gives something. What fails for a passing reason is looked at again. */
  async #until(look, deadline, status, [conversation, message], scope, judge) {
    for (let failures = 0; ; ) {
      try {
        const { text, requestId, attempts } = await look();
        failures = 0;
        let seen;
        try {
          seen = judge(text);
        } catch (error) {
          throw Object.assign(error, { requestId, attempts });
        }
        if (seen !== undefined) return seen;
      } catch (error) {
        failures += 1;
        if (error?.isRetryable !== true || failures > PATIENCE) throw error;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw toError(pure("genie.late", status() ?? "", conversation, message));
      await pause(Math.min(POLL_MS, left), this.#at.scope(scope).signals);
    }
  }

  async #rows(runs, id, deadline, scope) {
    const to = this.#path(...id);
    let again = runs;
    const look = () => {
      if (!again) return this.#look(`${to}/query-result`, scope);
      // running a query again is asked for once
      again = false;
      return this.#at.raw([POST, `${to}/execute-query`, "{}", BILLED], scope);
    };
    return this.#until(look, deadline, () => "EXECUTING_QUERY", id, scope, (text) => {
      const rows = pure("genie.rows", text);
      return rows && new GenieTable(...rows);
    });
  }

  /** The rows of a query of an answer. */
  async queryResult(conversationId, messageId, attachmentId, options) {
    return this.#again(false, [conversationId, messageId, attachmentId], options);
  }

  /** Runs the query of an answer again, when its rows are gone. */
  async executeQuery(conversationId, messageId, attachmentId, options) {
    return this.#again(true, [conversationId, messageId, attachmentId], options);
  }

  async #again(runs, id, options) {
    const [{ timeoutMs = 250_000 }, scope] = take(options, ["timeoutMs"], "The options of the call");
    return this.#rows(runs, id, this.#deadline(timeoutMs), scope);
  }

  /** Describes a message as it is now. */
  async message(conversationId, messageId, options) {
    return this.#get(this.#path(conversationId, messageId), options);
  }

  /** Lists the conversations: the caller's own, or with `includeAll` everybody's. */
  conversations(options) {
    const [scope, { includeAll }] = splitCall(options);
    return list(this.#at, () => `${this.#own()}/conversations`, { include_all: includeAll ? true : undefined }, "conversations", scope);
  }

  /** Lists the messages of a conversation. */
  messages(conversationId, options) {
    return list(this.#at, () => `${this.#path(conversationId)}/messages`, {}, "messages", options);
  }

  /** Says what is thought of an answer. */
  async feedback(conversationId, messageId, rating, options) {
    const [{ comment }, scope] = take(options, ["comment"], "The options of feedback()");
    await this.#at.raw([POST, `${this.#path(conversationId, messageId)}/feedback`, writeJson({ rating, comment }, "The feedback"), BILLED], scope);
  }

  /** Deletes a conversation. */
  async deleteConversation(conversationId, options) {
    await this.#at.raw([DELETE, this.#path(conversationId), undefined, NEVER], options);
  }

  /** Deletes a message. */
  async deleteMessage(conversationId, messageId, options) {
    await this.#at.raw([DELETE, this.#path(conversationId, messageId), undefined, NEVER], options);
  }
}

/** A list at a path, which is built when it is first asked for. */
function list(at, to, query, key, options) {
  return paged((page_token) => at.value(at.raw([GET, ask(to(), { ...query, page_token }), undefined, SAFE], options)), key);
}
