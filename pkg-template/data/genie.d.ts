import type { CallOptions, WorkspaceClient } from "../chat.js";
import type { ColumnTypeName, GenieAnswer, GenieConversation, GenieMessage, GenieRating, GenieSpace, GenieStatus } from "../types.js";
import type { Paged } from "./pages.js";

/** A value of a row: 64-bit numbers are BigInts; decimals, dates, times and nested values are exact text. */
export type GenieCell = string | number | bigint | boolean | null;

/** The rows of a Genie answer. */
export class GenieTable {
  private constructor();
  /** The columns. */
  readonly columns: { name: string; type_name?: ColumnTypeName; type_text?: string }[];
  /** The rows. */
  readonly rows: GenieCell[][];
  /** Whether the query gave more rows than are here. */
  readonly truncated: boolean;
  /** The rows as objects by column name. */
  objects(): Record<string, GenieCell>[];
  /** The rows as a Markdown table, with their numbers in front unless `index` is false; `EMPTY` without rows. */
  toMarkdown(options?: { index?: boolean }): string;
}

/** What Genie answered. */
export interface GenieReply extends GenieAnswer {
  /** The rows of its query; absent when it has no query. */
  table?: GenieTable;
  /** The whole message. */
  message: GenieMessage;
}

/**
 * A Genie space: questions about data in plain words.
 *
 * ```js
 * const { text, query, table } = await new Genie(client, spaceId).ask("What were the sales per region?");
 * ```
 */
export class Genie {
  constructor(client: WorkspaceClient, spaceId: string);
  /** Lists the spaces the caller may see. */
  static spaces(client: WorkspaceClient, options?: CallOptions): Paged<GenieSpace>;
  /** Describes the space. */
  space(options?: CallOptions & { includeSerializedSpace?: boolean }): Promise<GenieSpace>;
  /**
   * Asks a question, waits for the answer and fetches its rows. Fails with kind `OperationFailed` when Genie or its query
   * failed (`errorCode` says how), and with kind `DeadlineExceeded` when the time is up (`details` name the message).
   */
  ask(
    question: string,
    options?: CallOptions & {
      /** The conversation to ask on in; a new one unless given. */
      conversationId?: string;
      /** Called with every new status. */
      onStatus?: (status: GenieStatus) => void;
      /** How long is waited in all; 250 s unless given. */
      timeoutMs?: number;
    },
  ): Promise<GenieReply>;
  /** The rows of a query of an answer. */
  queryResult(conversationId: string, messageId: string, attachmentId: string, options?: CallOptions & { timeoutMs?: number }): Promise<GenieTable>;
  /** Runs the query of an answer again, when its rows are gone. */
  executeQuery(conversationId: string, messageId: string, attachmentId: string, options?: CallOptions & { timeoutMs?: number }): Promise<GenieTable>;
  /** Describes a message as it is now. */
  message(conversationId: string, messageId: string, options?: CallOptions): Promise<GenieMessage>;
  /** Lists the conversations: the caller's own, or everybody's. */
  conversations(options?: CallOptions & { includeAll?: boolean }): Paged<GenieConversation>;
  /** Lists the messages of a conversation. */
  messages(conversationId: string, options?: CallOptions): Paged<GenieMessage>;
  /** Says what is thought of an answer. */
  feedback(conversationId: string, messageId: string, rating: GenieRating, options?: CallOptions & { comment?: string }): Promise<void>;
  /** Deletes a conversation. */
  deleteConversation(conversationId: string, options?: CallOptions): Promise<void>;
  /** Deletes a message. */
  deleteMessage(conversationId: string, messageId: string, options?: CallOptions): Promise<void>;
}
