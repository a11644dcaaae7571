// Prompt, model and parser in one line. `node examples/chain.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT.

import { ChatPromptTemplate, MessagesPlaceholder, passthrough, pipe, StrOutputParser, WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const chat = client.chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");

const prompt = ChatPromptTemplate.fromMessages([
  ["system", "Answer in the language of {team}."],
  new MessagesPlaceholder("history", { optional: true }),
  ["human", "{question}"],
]).partial({ team: "sales" });
const chain = prompt.pipe(chat).pipe(new StrOutputParser());

// words as they come
for await (const words of await chain.stream({ question: "What is a lakehouse?" })) process.stdout.write(words);
process.stdout.write("\n");

// the conversation so far, and braces in what people type, go in as they are
const history = [["human", "My name is Ann."], ["ai", "Hello Ann."]];
console.log(`Again: ${await chain.invoke({ question: "What is my name? {name}", history })}`);

// two questions side by side, whose answers fill the next prompt
const compare = pipe(
  { one: pipe(({ one }) => `What is ${one}?`, chat, new StrOutputParser()), two: pipe(({ two }) => `What is ${two}?`, chat, new StrOutputParser()), names: passthrough() },
  ({ one, two, names }) => `${names.one}: ${one.length} characters. ${names.two}: ${two.length} characters.`,
);
for (const result of await compare.batch([{ one: "a lake", two: "a warehouse" }])) {
  console.log(result.status === "fulfilled" ? `Compared: ${result.value}` : result.reason.message);
}
