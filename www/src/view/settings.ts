// The settings panel: beside the chat where there is room, over it on a phone.

import { reasoningStyle } from "../chat/endpoints.js";
import type { Settings } from "../chat/types.js";
import { PAGE_TOOLS, type PageTool } from "../tools/index.js";
import { byId, h, icon } from "./dom.js";

export class SettingsPanel {
  #panel = byId("settings");
  #button = byId<HTMLButtonElement>("open-settings");
  #close = h(
    "button",
    { type: "button", id: "close-settings", class: "icon-button", title: "Close settings", onclick: () => this.toggle(false) },
    icon("close"),
    h("span", { class: "visually-hidden" }, "Close settings"),
  );
  #about = h("p", { class: "model-about" });
  #system = h("textarea", { id: "system", rows: 4, placeholder: "For example: Answer briefly, in plain words." });
  #temperature = h("input", {
    id: "temperature",
    type: "number",
    min: 0,
    max: 2,
    step: 0.1,
    title: "From 0 to 2; lower is more predictable",
    inputmode: "decimal",
    placeholder: "default",
  });
  #maxTokens = h("input", {
    id: "max-tokens",
    type: "number",
    min: 1,
    step: 1,
    title: "The longest answer, in tokens",
    inputmode: "numeric",
    placeholder: "default",
  });
  #reasoning = h(
    "select",
    { id: "reasoning" },
    ...["off", "low", "medium", "high"].map((value) => h("option", { value }, value === "off" ? "default" : value)),
  );
  #reasoningNote = h("p", { class: "note" }, "This model is not known to take a reasoning setting.");
  #format = h(
    "select",
    { id: "format" },
    h("option", { value: "text" }, "Text"),
    h("option", { value: "json" }, "JSON by a schema"),
  );
  #schema = h("textarea", { id: "schema", rows: 10, spellcheck: "false", class: "mono" });
  #schemaRow = field("schema", "Schema", this.#schema);
  #schemaNote = h("p", { class: "note bad", role: "alert", hidden: true });
  #tools = PAGE_TOOLS.map((entry) => ({
    name: entry.name,
    entry,
    input: h("input", { type: "checkbox", id: `tool-${entry.name}` }),
  }));
  #toolsNote = h("p", { class: "note" }, "Tools are off while the answer is JSON.");

  constructor(
    private settings: Settings,
    private readonly onChange: (settings: Settings) => void,
  ) {
    this.#schemaRow.append(this.#schemaNote);
    this.#panel.append(
      h("div", { class: "settings-head" }, h("h2", {}, "Settings"), this.#close),
      this.#about,
      field("system", "System prompt", this.#system),
      h(
        "div",
        { class: "two" },
        field("temperature", "Temperature", this.#temperature),
        field("max-tokens", "Max tokens", this.#maxTokens),
      ),
      h("div", { class: "field-group" }, field("reasoning", "Reasoning", this.#reasoning), this.#reasoningNote),
      h(
        "fieldset",
        { class: "tools" },
        h("legend", {}, "Tools"),
        h("p", { class: "note" }, "They run in this page."),
        ...this.#tools.map(({ entry, input }) => toolSwitch(entry, input)),
        this.#toolsNote,
      ),
      field("format", "Answer as", this.#format),
      this.#schemaRow,
    );
    this.#panel.addEventListener("input", () => this.#read());
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      // Here Escape closes the panel; the answer goes on.
      event.preventDefault();
      this.toggle(false);
    });
    this.#button.append(icon("sliders"));
    this.#button.addEventListener("click", () => this.toggle(Boolean(this.#panel.hidden)));
    this.show(settings);
  }

  /** Opens or closes the panel and moves the focus with it: to a button, since a field would raise a phone's keyboard. */
  toggle(open: boolean): void {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#close.focus({ preventScroll: true });
    else this.#button.focus();
  }

  show(settings: Settings, about?: string): void {
    this.settings = settings;
    if (about !== undefined) this.#about.textContent = about;
    this.#about.hidden = this.#about.textContent === "";
    this.#system.value = settings.system;
    this.#temperature.value = settings.temperature === null ? "" : String(settings.temperature);
    this.#maxTokens.value = settings.max_tokens === null ? "" : String(settings.max_tokens);
    this.#reasoning.value = settings.reasoning;
    this.#format.value = settings.format;
    this.#schema.value = settings.schema;
    for (const { name, input } of this.#tools) input.checked = settings.tools.includes(name);
    this.#dependent();
  }

  #read(): void {
    const schema = this.#schema.value;
    this.settings = {
      ...this.settings,
      system: this.#system.value,
      temperature: number(this.#temperature),
      max_tokens: number(this.#maxTokens),
      reasoning: this.#reasoning.value as Settings["reasoning"],
      format: this.#format.value as Settings["format"],
      tools: this.#tools.filter(({ input }) => input.checked).map(({ name }) => name),
      // A schema that does not parse is not kept; the last good one is used until it does.
      schema: isObject(schema) ? schema : this.settings.schema,
    };
    this.#dependent();
    this.onChange(this.settings);
  }

  /** What one setting means for another. */
  #dependent(): void {
    const json = this.settings.format === "json";
    const none = reasoningStyle(this.settings.model) === "none";
    this.#reasoning.disabled = none;
    this.#reasoningNote.hidden = !none || this.settings.model === "";
    this.#schemaRow.hidden = !json;
    this.#toolsNote.hidden = !json;
    for (const { input } of this.#tools) input.disabled = json;
    const bad = json && !isObject(this.#schema.value);
    this.#schemaNote.hidden = !bad;
    this.#schemaNote.textContent = bad ? "This is not a JSON object yet; the last valid schema is used." : "";
  }
}

function field(id: string, label: string, control: HTMLElement): HTMLElement {
  return h("div", { class: "field" }, h("label", { for: id }, label), control);
}

/** A switch named by the tool alone; what the tool does is its description. */
function toolSwitch({ label, about }: PageTool, input: HTMLInputElement): HTMLElement {
  const name = h("span", { id: `${input.id}-name` }, label);
  const note = h("span", { id: `${input.id}-about`, class: "note" }, about);
  input.setAttribute("role", "switch");
  input.setAttribute("aria-labelledby", name.id);
  input.setAttribute("aria-describedby", note.id);
  return h(
    "label",
    { class: "switch", for: input.id },
    input,
    h("span", { class: "track", "aria-hidden": "true" }),
    h("span", { class: "switch-text" }, name, note),
  );
}

/** The number in a field, or null when it is empty or outside what the field allows. */
function number(input: HTMLInputElement): number | null {
  input.toggleAttribute("aria-invalid", !input.validity.valid);
  return input.value === "" || !input.validity.valid ? null : input.valueAsNumber;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
