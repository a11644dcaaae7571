import { useChat } from "@ai-sdk/react";
import { DirectChatTransport } from "ai";
import { useState } from "react";
import { agent } from "./model.js";

// no server of its own: the agent is asked right here, and what fails may be shown as it is
const transport = new DirectChatTransport({ agent, onError: (error) => error?.message ?? "It failed." });
const QUESTIONS = ["What time is it in Oslo?", "Say hello in one sentence.", "Count to 200."];

/** Bold words and code, which models like to write; no more of Markdown than that. */
function Words({ text }) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((piece, at) => {
    if (at % 2 === 0) return piece;
    return piece.startsWith("`") ? <code key={at}>{piece.slice(1, -1)}</code> : <b key={at}>{piece.slice(2, -2)}</b>;
  });
}

function Part({ part }) {
  if (part.type === "text") return <p className="text"><Words text={part.text} /></p>;
  if (part.type === "reasoning") {
    if (part.text === "") return null;
    return (
      <details className="thought" open={part.state === "streaming"}>
        <summary>{part.state === "streaming" ? "Thinking …" : "What it thought"}</summary>
        <p>{part.text}</p>
      </details>
    );
  }
  if (part.type === "tool-get_time") {
    return (
      <p className="tool" data-state={part.state}>
        <code>get_time({part.input?.city ?? "…"})</code>
        {part.state === "output-available" && <span> {part.output.time}</span>}
        {part.state === "output-error" && <span> {part.errorText}</span>}
      </p>
    );
  }
  return null;
}

export function Chat() {
  const { messages, sendMessage, status, stop, error } = useChat({ transport });
  const [text, setText] = useState("");
  const busy = status === "submitted" || status === "streaming";
  const ask = (text) => {
    if (text.trim() === "" || busy) return;
    setText("");
    sendMessage({ text });
  };
  return (
    <main data-status={status}>
      <header>
        <h1>Chat in the page</h1>
        <p>The AI SDK runs here, in the browser. A relay adds the token and lets one endpoint through.</p>
      </header>
      <section aria-live="polite">
        {messages.length === 0 && (
          <div className="questions">
            {QUESTIONS.map((question) => <button key={question} onClick={() => ask(question)}>{question}</button>)}
          </div>
        )}
        {messages.map((message) => (
          <article key={message.id} className={message.role}>
            {message.parts.map((part, at) => <Part key={at} part={part} />)}
          </article>
        ))}
        {status === "submitted" && <article className="assistant"><p className="waiting"><i /><i /><i /></p></article>}
        {error && <p role="alert">{error.message}</p>}
      </section>
      <form onSubmit={(event) => { event.preventDefault(); ask(text); }}>
        <input value={text} onChange={(event) => setText(event.target.value)} placeholder="Ask something" aria-label="Your question" autoFocus />
        {busy ? <button type="button" className="stop" onClick={stop}>Stop</button> : <button type="submit" disabled={text.trim() === ""}>Send</button>}
      </form>
    </main>
  );
}
