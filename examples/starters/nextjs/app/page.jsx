"use client";

import { WorkspaceClient } from "lakewire/chat";
import { useRef, useState } from "react";

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
/** Made in the browser, with the first question: on the server a page has no relay to ask. */
let chat;

export default function Page() {
  const [lines, setLines] = useState([]);
  const [locked, setLocked] = useState(false);
  const messages = useRef([]);
  const add = (line) => setLines((before) => [...before, line]);
  const change = (line) => setLines((before) => [...before.slice(0, -1), line]);

  async function ask(event) {
    event.preventDefault();
    const content = new FormData(event.target).get("question");
    event.target.reset();
    add({ kind: "asked", text: content });
    add({ kind: "answer", text: "" });
    let text = "";
    try {
      chat ??= new WorkspaceClient({ relay: "/api/lakewire" }).chat(ENDPOINT);
      const stream = await chat.textStream([...messages.current, { role: "user", content }]);
      for await (const words of stream) change({ kind: "answer", text: (text += words) });
      messages.current.push({ role: "user", content }, { role: "assistant", content: text });
      change({ kind: "done", text });
    } catch (error) {
      change({ kind: "wrong", text: error.message });
      if (error.status === 401) setLocked(true);
    }
  }

  async function signIn(event) {
    event.preventDefault();
    const answer = await fetch("/sign-in", { method: "POST", body: new FormData(event.target).get("key") });
    setLocked(!answer.ok);
  }

  return (
    <>
      <main id="talk" aria-live="polite">
        {lines.map(({ kind, text }, at) => (
          <p key={at} className={kind} data-state={kind} style={{ whiteSpace: "pre-wrap", fontWeight: kind === "asked" ? 600 : 400 }}>
            {text}
          </p>
        ))}
      </main>
      {locked && (
        <form id="key" onSubmit={signIn}>
          <label>
            Key <input name="key" type="password" required />
          </label>{" "}
          <button>Sign in</button>
        </form>
      )}
      <form id="ask" onSubmit={ask}>
        <label>
          Question <input name="question" autoComplete="off" required />
        </label>{" "}
        <button>Ask</button>
      </form>
    </>
  );
}
