import type { Chain, Step, StepFor } from "./chain.js";
import type { ContentPart, Message, Role } from "./types.js";

/** What may stand for a variable: text, or what is written as text. */
export type TextValue = string | number | bigint | boolean;

/** What may stand for a placeholder: messages, texts (what the user says), and `[role, content]` pairs. */
export type MessageList = readonly (string | Message | readonly [Role | "human" | "ai", string | ContentPart[]])[];

/** The names in a template, when its text is known: `"{a} {{b}}"` has `a`. */
export type TemplateVariables<T extends string, Found extends string = never> = string extends T
  ? string
  : T extends `${string}{${infer Rest}`
    ? Rest extends `{${infer After}`
      ? TemplateVariables<After, Found>
      : Rest extends `${infer Name}}${infer After}`
        ? TemplateVariables<After, Found | Name>
        : Found
    : Found;

type Flat<T> = { [K in keyof T]: T[K] };
type Together<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;
type Texts<Names extends string> = { [N in Names]: TextValue };

/** The texts in a content's parts, as names. */
type PartVariables<P> =
  P extends string ? TemplateVariables<P>
  : P extends readonly (infer Item)[] ? PartVariables<Item>
  : P extends object ? { [K in keyof P]: PartVariables<P[K]> }[keyof P]
  : never;

type RequiredKeys<V> = { [K in keyof V]-?: {} extends Pick<V, K> ? never : K }[keyof V];
type IsUnion<T, U = T> = [T] extends [never] ? false : T extends unknown ? ([U] extends [T] ? false : true) : never;

/** The value of the only variable, when there is just one. */
type Sole<V> = string extends keyof V ? TextValue : [RequiredKeys<V>] extends [never] ? never : IsUnion<RequiredKeys<V>> extends true ? never : V[RequiredKeys<V>];

/** What fills a prompt: an object of values, or the only value of a prompt of one variable. */
export type PromptInput<V> = V | Sole<V>;

/** Whether values may be left out altogether. */
type Given<V> = {} extends V ? [values?: PromptInput<V>] : [values: PromptInput<V>];

/** Values given beforehand; a function is called each time the prompt is used. */
type PartialValues<V> = { [K in keyof V]?: V[K] | (() => V[K]) };

/** What is left of the values when some are given: these may still be given, to win. */
type Without<V, K extends PropertyKey> = Flat<Omit<V, K> & { [N in keyof V & K]?: V[N] }>;

/**
 * A text with named variables: `{name}` stands for a value, `{{` and `}}` for braces themselves. A value goes in as it is:
 * braces in it mean nothing. Values no variable asks for are ignored.
 *
 * ```js
 * const prompt = PromptTemplate.fromTemplate("Tell me a joke about {topic}.");
 * prompt.format({ topic: "lakes" }); // "Tell me a joke about lakes."
 * const chain = prompt.pipe(client.chat("my-endpoint"), new StrOutputParser());
 * ```
 */
export class PromptTemplate<V = Record<string, TextValue>> {
  private constructor();
  /** What it is made of. */
  toJSON(): { template: string; partial: Record<string, unknown> };
  /** Parses a text; fails with kind `InvalidInput`, naming line and column, when a brace has no partner. */
  static fromTemplate<const T extends string>(text: T): PromptTemplate<Texts<TemplateVariables<T>>>;
  /** The names that still need a value. */
  readonly variables: string[];
  /** A prompt that has these values already; values given later win. */
  partial<const K extends keyof V>(values: Pick<PartialValues<V>, K>): PromptTemplate<Without<V, K>>;
  /** The text with the values in place; fails with kind `InvalidInput`, naming what is missing. */
  format(...values: Given<V>): string;
  /** As `format`, for chains. */
  invoke(values: PromptInput<V>): Promise<string>;
  /** A chain that begins with this prompt. */
  pipe<const A extends StepFor<string>>(next: A): Chain<PromptInput<V>, Step.Output<A, string>, Step.Piece<A, string>>;
  pipe<const A extends StepFor<string>, const B extends StepFor<Step.Output<A, string>>>(
    first: A, second: B,
  ): Chain<PromptInput<V>, Step.Output<B, Step.Output<A, string>>, Step.Piece<B, Step.Output<A, string>>>;
}

/** A place in a chat prompt for a list of messages, such as the conversation so far. */
export interface MessagesPlaceholder<N extends string = string, O extends boolean = boolean> {
  /** The variable's name. */
  readonly name: N;
  /** Whether the messages may be left out. */
  readonly optional: O;
  /** How many messages are kept. */
  readonly nMessages: number | undefined;
}

/** How a placeholder behaves. */
export interface PlaceholderOptions<O extends boolean> {
  /** The messages may be left out. */
  optional?: O;
  /** Keeps the last messages of those that are given, at most this many. */
  nMessages?: number;
}

/** Makes a place for messages, which must be given unless it is `optional`. */
export const MessagesPlaceholder: {
  /** A placeholder whose messages may be left out. */
  new <N extends string>(name: N, options: PlaceholderOptions<true> & { optional: true }): MessagesPlaceholder<N, true>;
  /** A placeholder whose messages must be given. */
  new <N extends string>(name: N, options?: PlaceholderOptions<false>): MessagesPlaceholder<N, false>;
};

/**
 * What one message of a chat prompt is made of: a text (what the user says) or a `[role, content]` pair, whose texts are
 * templates; a placeholder; or a message object, which is sent as it is.
 */
export type PromptMessage =
  | string
  | readonly ["placeholder", string | readonly [string, boolean]]
  | readonly [Role | "human" | "ai", string | readonly ContentPartTemplate[]]
  | MessagesPlaceholder
  | Message;

/** A typed part of a message, whose texts and addresses are templates. */
export type ContentPartTemplate = { readonly type: string } & { readonly [field: string]: unknown };

/** What the messages of a chat prompt ask for. */
type MessageValues<M> =
  M extends string ? Texts<TemplateVariables<M>>
  : M extends MessagesPlaceholder<infer N, infer O> ? ([O] extends [true] ? { [K in N]?: MessageList } : { [K in N]: MessageList })
  : M extends readonly ["placeholder", infer P] ? (
    P extends `{${infer N}}` ? { [K in N]?: MessageList }
    : P extends readonly [`{${infer N}}`, infer O] ? ([O] extends [true] ? { [K in N]?: MessageList } : { [K in N]: MessageList })
    : {})
  : M extends readonly [string, infer C] ? Texts<PartVariables<C>>
  : {};

/** What a chat prompt's messages ask for together. */
export type ChatPromptValues<M extends readonly unknown[]> = Flat<Together<{ [K in keyof M]: MessageValues<M[K]> }[number]>>;

/**
 * Messages with named variables.
 *
 * ```js
 * const prompt = ChatPromptTemplate.fromMessages([
 *   ["system", "You help {team}."],
 *   new MessagesPlaceholder("history", { optional: true }),
 *   ["human", "{question}"],
 * ]);
 * await chat.invoke(prompt.formatMessages({ team: "sales", question: "What is a lakehouse?" }));
 * ```
 */
export class ChatPromptTemplate<V = Record<string, TextValue | MessageList>> {
  private constructor();
  /** What it is made of. */
  toJSON(): { template: string; partial: Record<string, unknown> };
  /** Takes what each message is made of; fails with kind `InvalidInput`, saying which message and where, for a brace without a partner. */
  static fromMessages<const M extends readonly PromptMessage[]>(messages: M): ChatPromptTemplate<ChatPromptValues<M>>;
  /** The names that still need a value. */
  readonly variables: string[];
  /** The placeholders that may be left out. */
  readonly optionalVariables: string[];
  /** A prompt that has these values already; values given later win. */
  partial<const K extends keyof V>(values: Pick<PartialValues<V>, K>): ChatPromptTemplate<Without<V, K>>;
  /** The messages with the values in place; fails with kind `InvalidInput`, naming what is missing. */
  formatMessages(...values: Given<V>): Message[];
  /** As `formatMessages`, for chains. */
  invoke(values: PromptInput<V>): Promise<Message[]>;
  /** A chain that begins with this prompt. */
  pipe<const A extends StepFor<Message[]>>(next: A): Chain<PromptInput<V>, Step.Output<A, Message[]>, Step.Piece<A, Message[]>>;
  pipe<const A extends StepFor<Message[]>, const B extends StepFor<Step.Output<A, Message[]>>>(
    first: A, second: B,
  ): Chain<PromptInput<V>, Step.Output<B, Step.Output<A, Message[]>>, Step.Piece<B, Step.Output<A, Message[]>>>;
}

// without this, a declaration file exports all that it declares
export {};
