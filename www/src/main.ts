// Puts the page together: one client, one conversation, and the views that show them.

import { LakewireError, WorkspaceClient } from "lakewire";
import { ask } from "./chat/ask.js";
import { toChoices, type Choice } from "./chat/endpoints.js";
import { toMessages } from "./chat/history.js";
import { toProblem } from "./chat/problem.js";
import { load, save } from "./chat/store.js";
import type { AnswerTurn, Settings, Turn } from "./chat/types.js";
import { Recorder } from "./traces/record.js";
import { Announcer } from "./view/announcer.js";
import { Composer } from "./view/composer.js";
import { byId, h, icon } from "./view/dom.js";
import { mountEmpty } from "./view/empty.js";
import { Picker } from "./view/picker.js";
import { SettingsPanel } from "./view/settings.js";
import { mountTheme } from "./view/theme.js";
import { Transcript } from "./view/transcript.js";
import { mountViews } from "./views.js";
import "./styles/index.css";

/** How often a growing answer is saved while it grows. */
const SAVE_EVERY_MS = 500;
/** How often what was written is put into sentences for screen readers. */
const ANNOUNCE_EVERY_MS = 500;

// The relay on the page's own server has the token; this page never has one.
const client = new WorkspaceClient({ relay: "/api/lakewire" });

const recorder = new Recorder(client);

const saved = load();
const turns: Turn[] = saved.turns;
let settings: Settings = saved.settings;
let choices: Choice[] = [];
let running: AbortController | undefined;
let saveTimer = 0;

const announcer = new Announcer(byId("announcer"));
const transcript = new Transcript((turn) => void again(turn));
const composer = new Composer(
  (text) => void send(text),
  () => running?.abort(),
);
const empty = mountEmpty((example) => {
  change({ ...settings, format: example.format });
  panel.show(settings);
  composer.fill(example.prompt);
});
const panel = new SettingsPanel(settings, change);
const picker = new Picker((name) => {
  change({ ...settings, model: name });
  panel.show(settings, about(name));
});

function change(next: Settings): void {
  settings = next;
  showMode();
  saveSoon();
}

/** Answers by a schema are said beside the message field: a setting in a closed panel is easily forgotten. */
function showMode(): void {
  byId("mode").hidden = settings.format !== "json";
}

function about(name: string): string {
  return choices.find((choice) => choice.name === name)?.description ?? "";
}

async function send(text: string): Promise<void> {
  const question: Turn = { role: "user", id: crypto.randomUUID(), text };
  turns.push(question);
  transcript.add(question);
  empty.show(false);
  await answer();
}

/** Asks for the last answer anew; what came of it is dropped, and everything after it. */
async function again(turn: AnswerTurn): Promise<void> {
  if (running) return;
  const at = turns.indexOf(turn);
  if (at < 0) return;
  turns.splice(at);
  transcript.show(turns);
  await answer();
}

async function answer(): Promise<void> {
  const turn: AnswerTurn = { role: "assistant", id: crypto.randomUUID(), state: "waiting", parts: [], facts: {} };
  const messages = toMessages(turns, settings.system);
  turns.push(turn);
  transcript.add(turn);
  transcript.toEnd();
  running = new AbortController();
  composer.setBusy(true);
  // Said twice a second and not for every chunk: putting a long answer together is not free.
  const announcing = window.setInterval(() => announcer.follow(turn), ANNOUNCE_EVERY_MS);
  const exchange = {
    settings: { ...settings },
    messages,
    turn,
    signal: running.signal,
    changed: () => {
      transcript.changed(turn);
      saveSoon();
    },
  };
  await recorder.answer(turn, messages, (watched) => ask({ ...exchange, client: watched }));
  recorder.answered(settings.model, turn);
  transcript.changed(turn);
  clearInterval(announcing);
  running = undefined;
  transcript.flush();
  announcer.follow(turn);
  announcer.finish();
  if (turn.problem) announcer.say(`${turn.problem.title} ${turn.problem.advice}`);
  else if (turn.state === "stopped") announcer.say("Stopped.");
  composer.setBusy(false);
  saveNow();
}

function saveSoon(): void {
  saveTimer ||= window.setTimeout(saveNow, SAVE_EVERY_MS);
}

function saveNow(): void {
  clearTimeout(saveTimer);
  saveTimer = 0;
  save({ turns, settings });
}

function newChat(): void {
  running?.abort();
  turns.length = 0;
  recorder.ended();
  transcript.show(turns);
  empty.show(true);
  saveNow();
  composer.focus();
}

/** What the server tells about the workspace behind it. */
interface WorkspaceFacts {
  host: string;
  kind: "workspace" | "emulator";
  /** Who answers in an emulator. */
  model?: "stand-in" | "upstream";
}

/** Says where the page's calls go, and who answers there. */
async function showWorkspace(): Promise<void> {
  const line = byId("workspace");
  try {
    const { host, kind, model } = (await (await fetch("/workspace.json")).json()) as WorkspaceFacts;
    const [name, short, long] = describe(host, kind, model);
    line.replaceChildren(h("span", { class: kind === "emulator" ? "badge stand-in" : "badge" }, name), short);
    empty.say(long);
  } catch {
    line.textContent = "The demo’s server does not answer. Is it still running?";
  }
}

function describe(
  host: string,
  kind: WorkspaceFacts["kind"],
  model: WorkspaceFacts["model"],
): [name: string, short: string, long: string] {
  if (kind === "workspace")
    return ["Workspace", host, `This page talks to ${host} through a small server on this machine, which holds the token.`];
  if (model === "upstream") {
    return [
      "Emulator",
      `on this machine, ${host}. A model of your own answers.`,
      "This page talks to the workspace emulator on this machine, which passes the conversation on to the model server it was started with.",
    ];
  }
  return [
    "Emulator",
    `on this machine, ${host}. A stand-in model answers.`,
    "This page talks to the workspace emulator on this machine. A stand-in model answers: it draws on your words and on the tools, not on knowledge of the world.",
  ];
}

async function loadModels(): Promise<void> {
  try {
    choices = toChoices(await client.servingEndpoints().list());
    settings.model = picker.show(choices, settings.model);
    panel.show(settings, about(settings.model));
    composer.setReady(settings.model !== "");
    document.getElementById("list-problem")?.remove();
  } catch (error) {
    picker.fail();
    showListProblem(error);
  }
}

function showListProblem(error: unknown): void {
  const { title, advice } = toProblem(error, "The workspace");
  const box = h("div", { class: "problem", id: "list-problem", role: "alert" }, icon("alert"));
  const retry = h(
    "button",
    { type: "button", class: "retry", onclick: () => (box.remove(), void loadModels()) },
    icon("retry"),
    "Try again",
  );
  box.append(
    h(
      "div",
      {},
      h("p", { class: "problem-title" }, "The list of models could not be loaded."),
      h("p", {}, `${title} ${advice}`),
      error instanceof LakewireError ? h("p", { class: "problem-detail" }, error.message) : null,
      retry,
    ),
  );
  byId("turns").before(box);
}

const newChatButton = byId<HTMLButtonElement>("new-chat");
newChatButton.prepend(icon("plus"));
newChatButton.addEventListener("click", newChat);
byId("back-to-text").addEventListener("click", () => {
  change({ ...settings, format: "text" });
  panel.show(settings);
  composer.focus();
});
showMode();
mountTheme(byId<HTMLButtonElement>("theme"));
empty.show(turns.length === 0);
transcript.show(turns);
window.addEventListener("pagehide", () => {
  // The answer ends with the page; said now, it is kept as stopped and not as broken.
  running?.abort();
  saveNow();
});
void showWorkspace();
mountViews({ client, recorder, endpoints: () => client.servingEndpoints().list() }, () => {
  void loadModels();
  if (matchMedia("(hover: hover)").matches) composer.focus();
});
