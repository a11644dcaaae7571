import type { BatchResult, CallOptions, ChatAnswer, StructuredChat } from "./chat.js";

declare const PIECE: unique symbol;
declare const ADDS: unique symbol;
declare const PASSES: unique symbol;

/** What a chain's steps are made of. Anything with an `invoke` that gives a promise is a step: models of this package and of others. */
export interface Invokable<I, O = unknown> {
  /** Runs it to its end. */
  invoke: (input: I, options?: any) => Promise<O>;
}

/** A step that takes an `I`: a prompt, a model, a parser, a function, or an object of steps that run side by side. */
export type StepFor<I> = Invokable<I> | ((input: I, options: CallOptions) => unknown) | StepsFor<I>;

/** Steps that run side by side on the same input; their outputs keep their names. */
export interface StepsFor<I> {
  readonly [name: string]: StepFor<I>;
}

/** What is known of a step from its type. */
export namespace Step {
  /** What it takes. */
  type Input<S> =
    S extends Passthrough ? unknown
    : S extends Assign<infer A> ? InputOfAll<A>
    : S extends { invoke(input: infer I, options?: any): Promise<unknown> } ? I
    : S extends (input: infer I, ...more: any) => unknown ? I
    : S extends object ? InputOfAll<S>
    : never;
  /** What all of these take. */
  type InputOfAll<S> = { [K in keyof S]: (input: Input<S[K]>) => void }[keyof S] extends (input: infer I) => void ? I : never;
  /** What it gives, when it takes an `I`. */
  type Output<S, I> =
    S extends Passthrough ? I
    : S extends Assign<infer A> ? I & { -readonly [K in keyof A]: Output<A[K], I> }
    : S extends StructuredChat<infer T> ? T
    : S extends { invoke(input: any, options?: any): Promise<infer O> } ? O
    : S extends (...input: any) => infer O ? Awaited<O>
    : S extends object ? { -readonly [K in keyof S]: Output<S[K], I> }
    : never;
  /** What a stream of it gives, piece by piece. */
  type Piece<S, I> =
    S extends { readonly [PIECE]: infer P } ? P
    : S extends StructuredChat<infer T> ? T
    : S extends { stream(input: any, options?: any): Promise<AsyncIterable<infer P>> } ? P
    : S extends { invoke: unknown } | ((...input: any) => unknown) | Passthrough | Assign<any> ? Output<S, I>
    : S extends object ? { -readonly [K in keyof S]?: Piece<S[K], I> }
    : never;
}

/** A value as far as it has come. */
export type PartialDeep<T> = T extends (infer Item)[] ? PartialDeep<Item>[] : T extends object ? { [K in keyof T]?: PartialDeep<T[K]> } : T;

/** The output of a chain as it comes: a `ReadableStream` that is async-iterable in every runtime. Read it once. */
export class ChainStream<T> extends ReadableStream<T> {
  private constructor();
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/**
 * Steps one after the other; made by `pipe()`. An error keeps the kind of the step that failed; its message begins with the
 * step's number and name, `step` is the number. What a function throws is the cause of an error of kind `TransformFailed`.
 */
export class Chain<I, O, P = O> {
  private constructor();
  /** Its steps, for who writes it down, such as `describeChain()` of `lakewire/mlflow`. */
  toJSON(): unknown[];
  /** Runs the chain to its end. The options go to every step. */
  invoke(input: I, options?: CallOptions): Promise<O>;
  /**
   * Runs the chain and gives what comes as it comes: text from models and through parsers, piece by piece; one piece when
   * the last step has nothing before its end. `break`, `cancel()` and the signal end the model's answer at the server.
   */
  stream(input: I, options?: CallOptions): Promise<ChainStream<P>>;
  /** Runs the chain many times, a bounded number at once. Results keep the order; a failed one leaves the others. */
  batch(inputs: Iterable<I>, options?: CallOptions & { /** Runs at once; 4 unless set. */ maxConcurrency?: number }): Promise<BatchResult<O>[]>;
  /** A chain with more steps at its end. */
  pipe<const A extends StepFor<O>>(next: A): Chain<I, Step.Output<A, O>, Step.Piece<A, O>>;
  pipe<const A extends StepFor<O>, const B extends StepFor<Step.Output<A, O>>>(
    first: A, second: B,
  ): Chain<I, Step.Output<B, Step.Output<A, O>>, Step.Piece<B, Step.Output<A, O>>>;
}

/**
 * Joins steps: prompts, models, parsers, functions, and objects of steps, which run side by side.
 *
 * ```js
 * const chain = pipe(PromptTemplate.fromTemplate("Tell me about {topic}."), client.chat("my-endpoint"), new StrOutputParser());
 * for await (const words of await chain.stream({ topic: "lakes" })) process.stdout.write(words);
 * ```
 */
export function pipe<const A extends StepFor<any>>(a: A): Chain<Step.Input<A>, Out<A>, Step.Piece<A, Step.Input<A>>>;
export function pipe<const A extends StepFor<any>, const B extends StepFor<Out<A>>>(
  a: A, b: B,
): Chain<Step.Input<A>, Step.Output<B, Out<A>>, Step.Piece<B, Out<A>>>;
export function pipe<const A extends StepFor<any>, const B extends StepFor<Out<A>>, const C extends StepFor<Step.Output<B, Out<A>>>>(
  a: A, b: B, c: C,
): Chain<Step.Input<A>, Step.Output<C, Step.Output<B, Out<A>>>, Step.Piece<C, Step.Output<B, Out<A>>>>;
export function pipe<
  const A extends StepFor<any>, const B extends StepFor<Out<A>>, const C extends StepFor<Step.Output<B, Out<A>>>,
  const D extends StepFor<Out3<A, B, C>>,
>(a: A, b: B, c: C, d: D): Chain<Step.Input<A>, Step.Output<D, Out3<A, B, C>>, Step.Piece<D, Out3<A, B, C>>>;
export function pipe<
  const A extends StepFor<any>, const B extends StepFor<Out<A>>, const C extends StepFor<Step.Output<B, Out<A>>>,
  const D extends StepFor<Out3<A, B, C>>, const E extends StepFor<Step.Output<D, Out3<A, B, C>>>,
>(a: A, b: B, c: C, d: D, e: E): Chain<Step.Input<A>, Step.Output<E, Step.Output<D, Out3<A, B, C>>>, Step.Piece<E, Step.Output<D, Out3<A, B, C>>>>;
export function pipe<
  const A extends StepFor<any>, const B extends StepFor<Out<A>>, const C extends StepFor<Step.Output<B, Out<A>>>,
  const D extends StepFor<Out3<A, B, C>>, const E extends StepFor<Step.Output<D, Out3<A, B, C>>>,
  const F extends StepFor<Step.Output<E, Step.Output<D, Out3<A, B, C>>>>,
>(
  a: A, b: B, c: C, d: D, e: E, f: F,
): Chain<Step.Input<A>, Step.Output<F, Step.Output<E, Step.Output<D, Out3<A, B, C>>>>, Step.Piece<F, Step.Output<E, Step.Output<D, Out3<A, B, C>>>>>;

type Out<A> = Step.Output<A, Step.Input<A>>;
type Out3<A, B, C> = Step.Output<C, Step.Output<B, Out<A>>>;

/** A step that gives what it takes; made by `passthrough()`. */
export interface Passthrough {
  readonly [PASSES]: true;
  readonly invoke: (input: any) => Promise<any>;
}

/** A step that adds to the object it takes; made by `assign()`. */
export interface Assign<A> {
  readonly [ADDS]: A;
  readonly invoke: (input: any) => Promise<any>;
}

/** A step that gives what it takes, for objects of steps: `{ context: search, question: passthrough() }`. */
export function passthrough(): Passthrough;

/** A step that adds the outputs of steps to the object it takes: `assign({ context: ({ question }) => search(question) })`. */
export function assign<const A extends StepsFor<any>>(steps: A): Assign<A>;

/** What an output parser takes: text, an answer, or a message. */
export type HasText = string | ChatAnswer | { readonly text: string } | { readonly content?: string | readonly unknown[] | null };

/** The text of an answer; streams word by word. */
export class StrOutputParser {
  /** The text of an answer. */
  parse(input: HasText): string;
  /** As `parse`, for chains. */
  invoke(input: HasText): Promise<string>;
  readonly [PIECE]: string;
}

/**
 * The JSON of an answer; a Markdown fence around it is taken off. A stream gives the value as far as it came, each time it
 * grows (of an answer beyond 4 kB when it grew by a sixteenth of what is beyond): open strings, lists and objects are closed,
 * numbers come when they are complete. The model must be told to answer with JSON alone; `chat.structuredOutput()` holds it
 * to a schema. Fails with kind `OutputMismatch` when there is no JSON.
 */
export class JsonOutputParser<T = unknown> {
  /** The JSON of an answer. */
  parse(input: HasText): T;
  /** As `parse`, for chains. */
  invoke(input: HasText): Promise<T>;
  /** What to tell the model. */
  getFormatInstructions(): string;
  readonly [PIECE]: PartialDeep<T>;
}

/**
 * The items of a comma separated list; a stream gives each item when it is complete, in a list of its own. Line breaks
 * separate too, and an item in double quotes may hold commas.
 */
export class CommaSeparatedListOutputParser {
  /** The items. */
  parse(input: HasText): string[];
  /** As `parse`, for chains. */
  invoke(input: HasText): Promise<string[]>;
  /** What to tell the model. */
  getFormatInstructions(): string;
  readonly [PIECE]: string[];
}

// without this, a declaration file exports all that it declares
export {};
