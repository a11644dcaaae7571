// A LangChain.js agent in a page: its model is a Databricks serving endpoint, reached through the relay of the page's own server.

import { createAgent } from "langchain";
import type { BaseMessage } from "@langchain/core/messages";
import { ChatDatabricks } from "lakewire/langchain";
import { multiply, weather } from "./tools.js";
import { Turn } from "./view.js";

const IDEAS = ["What is the weather in Paris and Oslo?", "Multiply 17 and 24.", "Say hello."];

const { endpoint } = (await (await fetch("/settings.json")).json()) as { endpoint: string };
const agent = createAgent({
  model: new ChatDatabricks({ model: endpoint, relay: "/api/lakewire" }),
  tools: [weather, multiply],
  systemPrompt: "Answer in short, plain sentences. Use the tools when they fit.",
});

let history: BaseMessage[] = [];
let running: AbortController | undefined;

/** Asks the agent, and shows its steps and words as they come. */
async function ask(question: string) {
  const turn = new Turn(question);
  running = new AbortController();
  button();
  try {
    const messages = [...history, { role: "user" as const, content: question }];
    const stream = await agent.stream({ messages }, { streamMode: ["updates", "messages", "values"], signal: running.signal });
    for await (const [mode, piece] of stream) {
      if (mode === "messages") {
        const [message] = piece;
        if (message.type === "ai") turn.words(message.text);
      } else if (mode === "updates") {
        for (const message of Object.values(piece).flatMap((update) => (update as { messages?: BaseMessage[] } | null)?.messages ?? [])) {
          if (message.type === "ai" && "tool_calls" in message) for (const call of message.tool_calls as { id: string; name: string; args: object }[]) turn.call(call.id, call.name, call.args);
          if (message.type === "tool" && "tool_call_id" in message) turn.result(message.tool_call_id as string, message.text);
        }
      } else {
        history = (piece as { messages: BaseMessage[] }).messages;
      }
    }
  } catch (failure) {
    turn.failed(running.signal.aborted ? "Stopped." : (failure as Error).message);
  } finally {
    turn.done();
    running = undefined;
    button();
  }
}

const form = document.querySelector<HTMLFormElement>("#form")!;
const input = document.querySelector<HTMLInputElement>("#question")!;
const send = document.querySelector<HTMLButtonElement>("#send")!;

function button() {
  send.textContent = running ? "Stop" : "Ask";
  input.required = !running;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const question = input.value.trim();
  input.value = "";
  if (question !== "") void ask(question);
});

for (const idea of IDEAS) {
  const made = document.createElement("button");
  made.textContent = idea;
  made.addEventListener("click", () => running || void ask(idea));
  document.querySelector("#ideas")!.append(made);
}
document.querySelector("#model")!.textContent = endpoint;
document.body.dataset.ready = "true";
