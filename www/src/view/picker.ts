// The model picker: endpoints that can chat, then the others with the reason why not.

import type { Choice } from "../chat/endpoints.js";
import { byId, h } from "./dom.js";

export class Picker {
  #select = byId<HTMLSelectElement>("model");

  constructor(private readonly onPick: (name: string) => void) {
    this.#select.addEventListener("change", () => this.onPick(this.#select.value));
  }

  /** Fills the list and selects `wanted`, or the first that can chat. Returns the name selected, or "" when none can. */
  show(choices: readonly Choice[], wanted: string): string {
    const open = choices.filter(({ reason }) => reason === undefined);
    const closed = choices.filter(({ reason }) => reason !== undefined);
    const selected = open.find(({ name }) => name === wanted)?.name ?? open[0]?.name ?? "";
    this.#select.replaceChildren(
      ...(open.length > 0
        ? [h("optgroup", { label: "Ready to chat" }, ...open.map(({ name }) => h("option", { value: name }, name)))]
        : [h("option", { value: "" }, "No chat model is ready")]),
      ...(closed.length > 0
        ? [
            h(
              "optgroup",
              { label: "Not for this page" },
              ...closed.map(({ name, reason }) => h("option", { value: name, disabled: true }, `${name} (${reason})`)),
            ),
          ]
        : []),
    );
    this.#select.disabled = open.length === 0;
    this.#select.value = selected;
    return selected;
  }

  /** Says that the list could not be had. */
  fail(): void {
    this.#select.replaceChildren(h("option", { value: "" }, "No models"));
    this.#select.disabled = true;
  }
}
