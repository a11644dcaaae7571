import { beginSignIn, completeSignIn, WorkspaceClient } from "/lakewire/index.js";

const { clientId, authorizationEndpoint, endpoint } = await (await fetch("/config.json")).json();
// calls and the token's form go to the page's own server; the browser itself goes to the workspace to sign in
const host = location.origin;
const config = { host, clientId, authorizationEndpoint, tokenEndpoint: `${host}/oauth/token` };
const [button, talk, form] = ["sign-in", "talk", "ask"].map((id) => document.getElementById(id));
let chat;

function say(text, kind = "") {
  const line = talk.appendChild(document.createElement("p"));
  line.className = kind;
  line.textContent = text;
  return line;
}

async function start() {
  if (!location.search.includes("state=")) return;
  try {
    const session = await completeSignIn(config);
    chat = new WorkspaceClient({ host, session }).chat(endpoint);
    button.hidden = true;
    form.hidden = false;
  } catch (error) {
    say(error.message, "wrong");
  } finally {
    // the code of the address is used up
    history.replaceState(null, "", "/");
  }
}

button.addEventListener("click", async () => location.assign(await beginSignIn(config)));
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = form.question.value;
  form.reset();
  say(question, "asked");
  const line = say("");
  try {
    for await (const words of await chat.textStream(question)) line.textContent += words;
    line.dataset.state = "done";
  } catch (error) {
    line.className = "wrong";
    line.textContent = error.message;
  }
});
await start();
