import { WorkspaceClient } from "lakewire/chat";

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
const chat = new WorkspaceClient({ relay: "/api/lakewire" }).chat(ENDPOINT);
const [keyForm, talk, askForm] = ["key", "talk", "ask"].map((id) => document.getElementById(id));
const messages = [];

function say(text, kind = "") {
  const line = talk.appendChild(document.createElement("p"));
  line.className = kind;
  line.textContent = text;
  return line;
}

askForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = askForm.question.value;
  askForm.reset();
  say(content, "asked");
  const line = say("");
  try {
    const stream = await chat.textStream([...messages, { role: "user", content }]);
    for await (const words of stream) line.textContent += words;
    messages.push({ role: "user", content }, { role: "assistant", content: line.textContent });
    line.dataset.state = "done";
  } catch (error) {
    line.className = "wrong";
    line.textContent = error.message;
    if (error.status === 401) keyForm.hidden = false;
  }
});

keyForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/sign-in", { method: "POST", body: keyForm.key.value });
  keyForm.hidden = answer.ok;
  say(answer.ok ? "You are signed in." : "That is not the key.", answer.ok ? "" : "wrong");
});
