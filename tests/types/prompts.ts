// Prompts and chains: what must type-check, and after each directive what must not.

import { assign, Chain, ChainStream, ChatPromptTemplate, CommaSeparatedListOutputParser, JsonOutputParser, MessagesPlaceholder, passthrough, pipe, PromptTemplate, StrOutputParser, WorkspaceClient } from "lakewire";
import type { ChatAnswer, ChatCompletionChunk, Message, MessageList, TemplateVariables, TextValue, BatchResult } from "lakewire";
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : ["the types differ"]): void {}

const client = new WorkspaceClient({ host: "x" });
const chat = client.chat("e");

same<TemplateVariables<"{a} {{b}} {c}{{{d}}}">, "a" | "c" | "d">();
same<TemplateVariables<"none">, never>();
same<TemplateVariables<string>, string>();
const two = PromptTemplate.fromTemplate("{a} and {b} {{c}}");
same<string, ReturnType<typeof two.format>>();
two.format({ a: "x", b: 1 });
const extra = { a: 1n, b: true, c: "more" };
two.format(extra);
const one = PromptTemplate.fromTemplate("{a}");
one.format("x");
one.format({ a: 5 });
PromptTemplate.fromTemplate("none").format();
const dynamic: string = "{a}";
PromptTemplate.fromTemplate(dynamic).format({ anything: 1 });
PromptTemplate.fromTemplate(dynamic).format("x");
const rest = two.partial({ a: () => "now" });
rest.format({ b: 1 });
rest.format("b");
rest.format({ a: "wins", b: 1 });

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "You help {team}."],
  new MessagesPlaceholder("history", { optional: true }),
  ["placeholder", "{more}"],
  ["placeholder", ["{needed}", false]],
  new MessagesPlaceholder("last", { nMessages: 2 }),
  { role: "assistant", content: "{not}" },
  "{question}",
  ["human", [{ type: "text", text: "{what}" }, { type: "image_url", image_url: { url: "{image}", detail: "low" } }]],
]);
const messages: Message[] = prompt.formatMessages({ team: "a", needed: [], last: [["ai", "x"], "y", { role: "tool", tool_call_id: "a", content: "4" }], question: "x", what: "y", image: "z", history: [], more: ["x"] });
type V = Parameters<typeof prompt.invoke>[0];
same<V, { team: TextValue; history?: MessageList; more?: MessageList; needed: MessageList; last: MessageList; question: TextValue; what: TextValue; image: TextValue }>();
await chat.invoke(messages);
await chat.invoke(one.format("x"));

const simple = ChatPromptTemplate.fromMessages([["system", "Be brief."], ["human", "{question}"]]);
const chain = pipe(simple, chat, new StrOutputParser());
same<typeof chain, Chain<{ question: TextValue } | TextValue, string, string>>();
const text: string = await chain.invoke({ question: "x" });
const words: ChainStream<string> = await chain.stream("x", { signal: new AbortController().signal, timeouts: { totalMs: 4 } });
for await (const word of words) same<typeof word, string>();
const results: BatchResult<string>[] = await chain.batch(["a", { question: "b" }], { maxConcurrency: 2 });
const chunks = await pipe(simple, chat).stream("x");
same<typeof chunks, ChainStream<ChatCompletionChunk>>();
const answer = await simple.pipe(chat).invoke("x");
same<typeof answer, ChatAnswer>();
const fluent = simple.pipe(chat).pipe(new JsonOutputParser<{ name: string; tags: string[] }>());
const value = await fluent.invoke("x");
same<typeof value, { name: string; tags: string[] }>();
for await (const part of await fluent.stream("x")) same<typeof part, { name?: string; tags?: string[] }>();
const list = await simple.pipe(chat, new CommaSeparatedListOutputParser()).invoke("x");
same<typeof list, string[]>();

const lambda = pipe(simple, (messages, { signal }) => { same<typeof messages, Message[]>(); void signal; return messages.length; }, async (count) => { same<typeof count, number>(); return count > 1; });
same<typeof lambda, Chain<{ question: TextValue } | TextValue, boolean, boolean>>();

const search = async (question: string) => question.toUpperCase();
const rag = pipe({ context: search, question: passthrough() }, PromptTemplate.fromTemplate("{context} {question}"), chat, new StrOutputParser());
same<typeof rag, Chain<string, string, string>>();
const six = pipe(simple, chat, new StrOutputParser(), (text) => ({ text }), assign({ size: ({ text }: { text: string }) => text.length }), ({ text, size }) => { same<typeof size, number>(); return text + size; });
same<typeof six, Chain<{ question: TextValue } | TextValue, string, string>>();
const side = pipe({ a: pipe(one, chat, new StrOutputParser()), b: one });
same<Awaited<ReturnType<typeof side.invoke>>, { a: string; b: string }>();
for await (const piece of await side.stream("x")) same<typeof piece, { a?: string; b?: string }>();
const typed = chat.structuredOutput<{ x: number }>({ type: "object" });
const person = await pipe(simple, typed).invoke("x");
same<typeof person, { x: number }>();
const comp = pipe(one, client.completions("e"));
same<typeof comp, Chain<{ a: TextValue } | TextValue, string, string>>();
const nested = pipe(comp, PromptTemplate.fromTemplate("{x}"), chat);
same<typeof nested, Chain<{ a: TextValue } | TextValue, ChatAnswer, ChatCompletionChunk>>();
void [text, results];

// @ts-expect-error b is missing
two.format({ a: "x" });
// @ts-expect-error two variables need names
two.format("x");
// @ts-expect-error an object is no text
one.format({ a: {} });
// @ts-expect-error messages are no text
one.format({ a: ["x"] });
// @ts-expect-error no such variable
two.partial({ c: 1 });
// @ts-expect-error the question is missing
prompt.formatMessages({ team: "x" });
// @ts-expect-error text is no list of messages
prompt.formatMessages({ team: "a", needed: "x", last: [], question: "x", what: "y", image: "z" });
// @ts-expect-error a chat takes no number
pipe(() => 5, chat);
// @ts-expect-error a parser takes what has a text
pipe(() => 5, new StrOutputParser());
// @ts-expect-error the prompt wants another name
pipe(() => ({ other: "x" }), simple);
// @ts-expect-error a number is no step
pipe(simple, 7);
// @ts-expect-error what the chain gives is text
(await chain.invoke("x")).choices;
// @ts-expect-error the chain's input has a question
await chain.invoke({ other: "x" });
// @ts-expect-error model settings belong to the model
await chain.invoke("x", { temperature: 1 });
// @ts-expect-error prompts are made by fromTemplate
new PromptTemplate("x");
// @ts-expect-error chains are made by pipe
new Chain();
// @ts-expect-error no such option
new MessagesPlaceholder("x", { last: 2 });
