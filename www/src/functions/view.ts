// Functions of Unity Catalog as tools: which there are, a chat that calls them, a new one, and the end of one.

import type { Message, ServingEndpoint } from "lakewire";
import { type FunctionInfo, StatementExecution, UCFunctionToolkit, UnityCatalog } from "lakewire/data";
import { ask } from "../chat/ask.js";
import { isCancelled } from "../chat/problem.js";
import { load } from "../chat/store.js";
import type { AnswerTurn } from "../chat/types.js";
import { warehouse } from "../data/warehouse.js";
import { AnswerView } from "../view/answer.js";
import { h, icon } from "../view/dom.js";
import type { View } from "../views.js";
import { field, fillEndpoints, problemBox, type Workbench } from "../workbench.js";

const EXAMPLES = ["What is a net price of 250 with tax at a rate of 0.2?", "How many days lie between 1995-01-01 and 1995-12-31?", "What is the revenue of Germany?", "Who are the top 3 customers?"];
const NEW = `CREATE FUNCTION main.tools.celsius(fahrenheit DOUBLE COMMENT 'Degrees Fahrenheit')
RETURNS DOUBLE
COMMENT 'Degrees Fahrenheit as degrees Celsius'
RETURN (fahrenheit - 32) * 5 / 9`;
const NAME = /^[^.\s]+\.[^.\s]+$/;

export function mount(section: HTMLElement, { client, recorder, endpoints }: Workbench): View {
  const catalog = new UnityCatalog(client);
  const schema = h("input", { id: "tools-schema", type: "text", value: "main.tools", autocomplete: "off", spellcheck: false, onchange: () => void list() });
  const model = h("select", { id: "tools-model", disabled: true });
  const found = h("ul", { class: "functions" });
  const status = h("p", { class: "note", role: "status" });
  const trouble = h("div");
  const turns = h("div", { class: "turns" });
  const question = h("input", { id: "tools-question", type: "text", autocomplete: "off", placeholder: "Ask something a function can answer" });
  const send = h("button", { type: "submit", class: "primary" }, "Ask");
  const stop = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => running?.abort() }, icon("stop"), "Stop");
  const text = h("textarea", { id: "tools-sql", rows: 6, class: "sql-editor", spellcheck: false });
  text.value = NEW;
  const create = h("button", { type: "submit", class: "primary" }, "Create");
  let functions: FunctionInfo[] = [];
  const picked = new Set<string>();
  let messages: Message[] = [];
  let running: AbortController | undefined;
  let changing: AbortController | undefined;

  section.replaceChildren(
    h("h2", {}, "Tools"),
    h("p", { class: "about" }, "Functions of Unity Catalog as tools of a chat: the model asks for one, it runs on the SQL warehouse, and the answer draws on what it gave."),
    trouble,
    h(
      "div",
      { class: "split" },
      h(
        "div",
        { class: "side" },
        field("Schema", schema),
        field("Model", model),
        found,
        status,
        h(
          "details",
          {},
          h("summary", {}, "A new function"),
          h("form", { onsubmit: (event: Event) => (event.preventDefault(), void make()) }, field("CREATE FUNCTION", text), create),
        ),
      ),
      h(
        "div",
        { class: "result" },
        h(
          "form",
          { class: "row", onsubmit: (event: Event) => (event.preventDefault(), void answer()) },
          field("Question", question),
          send,
          stop,
        ),
        h(
          "div",
          { class: "examples" },
          ...EXAMPLES.map((example) => h("button", { type: "button", onclick: () => ((question.value = example), void answer()) }, example)),
        ),
        turns,
      ),
    ),
  );

  async function list(): Promise<void> {
    trouble.replaceChildren();
    try {
      const name = schema.value.trim();
      if (!NAME.test(name)) {
        status.textContent = "Name a schema as catalog.schema.";
        return;
      }
      const [catalogName = "", schemaName = ""] = name.split(".");
      const before = new Set(functions.map(({ full_name }) => full_name));
      const now: FunctionInfo[] = [];
      for await (const each of catalog.listFunctions(catalogName, schemaName)) now.push(each);
      functions = now;
      for (const { full_name } of functions) if (full_name && !before.has(full_name)) picked.add(full_name);
      for (const name of [...picked]) if (!functions.some(({ full_name }) => full_name === name)) picked.delete(name);
      found.replaceChildren(...functions.map(line));
      status.textContent = functions.length === 0 ? `${name} holds no functions.` : `${functions.length} functions; the ticked ones are offered to the model.`;
    } catch (error) {
      trouble.replaceChildren(problemBox(error, "Unity Catalog"));
    }
  }

  function line(info: FunctionInfo): HTMLElement {
    const name = info.full_name ?? "";
    const id = `function-${name.replaceAll(".", "-")}`;
    const tick = h("input", { type: "checkbox", id, checked: picked.has(name), onchange: () => void (tick.checked ? picked.add(name) : picked.delete(name)) });
    const remove = h("button", { type: "button", class: "quiet", onclick: () => void end(name, remove) }, icon("close"), "Delete", h("span", { class: "visually-hidden" }, ` ${name}`));
    const parameters = (info.input_params?.parameters ?? []).map(({ name, type_text, parameter_default: given }) => `${name} ${type_text}${given ? ` = ${given}` : ""}`);
    return h(
      "li",
      { "data-function": name },
      tick,
      h("label", { for: id }, h("code", {}, `${info.name}(${parameters.join(", ")})`)),
      remove,
      h("p", { class: "note" }, [info.comment, `Gives ${info.full_data_type ?? info.data_type ?? "something"}`].filter(Boolean).map((sentence) => `${sentence}.`).join(" ")),
    );
  }

  async function answer(): Promise<void> {
    const asked = question.value.trim();
    if (asked === "" || running) return;
    question.value = "";
    const mine = (running = new AbortController());
    busy(true);
    const turn: AnswerTurn = { role: "assistant", id: crypto.randomUUID(), state: "waiting", parts: [], facts: {} };
    const view = new AnswerView(turn, () => {
      question.value = asked;
      void answer();
    });
    turns.prepend(h("article", { class: "turn user", "aria-label": "Question" }, h("p", { class: "said" }, asked)), view.element);
    try {
      const warehouseId = await warehouse(client, mine.signal, (words) => (status.textContent = words));
      // Llama's endpoints refuse `anyOf`, which LangChain's form of a parameter that may be null has
      messages.push({ role: "user", content: asked });
      await recorder.answer(turn, messages, async (watched) => {
        const tools = await new UCFunctionToolkit(watched, { functionNames: [...picked], warehouseId, plainSchemas: true }).tools({ signal: mine.signal });
        await ask({
          client: watched,
          settings: { ...load().settings, model: model.value, format: "text", tools: [] },
          messages: [...messages],
          turn,
          signal: mine.signal,
          tools,
          changed: () => view.update(turn),
        });
      });
      view.update(turn);
      if (turn.messages) messages.push(...turn.messages);
      else messages = messages.slice(0, -1);
    } catch (error) {
      turn.state = isCancelled(error) ? "stopped" : "failed";
      if (!isCancelled(error)) trouble.replaceChildren(problemBox(error, "The functions"));
      view.update(turn);
    } finally {
      running = undefined;
      busy(false);
    }
  }

  function busy(on: boolean): void {
    send.disabled = on || model.disabled;
    stop.hidden = !on;
    if (!on) question.focus();
  }

  async function run(statement: string, done: string): Promise<void> {
    changing?.abort();
    const mine = (changing = new AbortController());
    trouble.replaceChildren();
    try {
      const warehouseId = await warehouse(client, mine.signal, (words) => (status.textContent = words));
      await new StatementExecution(client, { warehouseId }).execute(statement, { signal: mine.signal });
      await list();
      status.textContent = done;
    } catch (error) {
      if (!isCancelled(error)) trouble.replaceChildren(problemBox(error, "The warehouse"));
    }
  }

  async function make(): Promise<void> {
    if (!/^\s*create\s+(or\s+replace\s+)?function\s/i.test(text.value)) {
      status.textContent = "Write one CREATE FUNCTION statement.";
      return;
    }
    create.disabled = true;
    await run(text.value, "The function is there, and offered to the model.");
    create.disabled = false;
  }

  /** Deleting takes a second press: what is gone is gone for everybody. */
  async function end(name: string, button: HTMLButtonElement): Promise<void> {
    if (button.dataset["sure"] === undefined) {
      button.dataset["sure"] = "";
      button.lastChild?.before(" for good?");
      button.classList.add("danger");
      return;
    }
    button.disabled = true;
    trouble.replaceChildren();
    try {
      await catalog.deleteFunction(name);
    } catch (error) {
      trouble.replaceChildren(problemBox(error, name));
    }
    await list();
  }

  async function models(): Promise<void> {
    try {
      const chats = (await endpoints()).filter(({ task }: ServingEndpoint) => task === "llm/v1/chat");
      fillEndpoints(model, chats);
      send.disabled = model.disabled;
    } catch (error) {
      trouble.replaceChildren(problemBox(error, "The workspace"));
    }
  }

  void models();
  void list();
  addEventListener("pagehide", () => (running?.abort(), changing?.abort()));
  return { shown: () => (void models(), void list()) };
}
