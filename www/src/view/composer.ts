// The message field: Enter sends, Shift and Enter break the line, Escape stops.

import { byId, icon } from "./dom.js";

export class Composer {
  #form = byId<HTMLFormElement>("composer");
  #field = byId<HTMLTextAreaElement>("prompt");
  #send = byId<HTMLButtonElement>("send");
  #stop = byId<HTMLButtonElement>("stop");
  #busy = false;
  #ready = false;

  constructor(
    private readonly onSend: (text: string) => void,
    private readonly onStop: () => void,
  ) {
    this.#send.prepend(icon("send"));
    this.#stop.prepend(icon("stop"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter picks its suggestion.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.#fit());
    this.#stop.addEventListener("click", () => this.onStop());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#busy && !event.defaultPrevented) this.onStop();
    });
    this.#fit();
  }

  /** While an answer is on its way the stop button stands where the send button was. */
  setBusy(busy: boolean): void {
    const hadFocus = document.activeElement === this.#stop || document.activeElement === this.#send;
    this.#busy = busy;
    this.#send.hidden = busy;
    this.#stop.hidden = !busy;
    if (hadFocus) (busy ? this.#stop : this.#field).focus();
    this.#fit();
  }

  /** Whether there is a model to send to. */
  setReady(ready: boolean): void {
    this.#ready = ready;
    this.#fit();
  }

  fill(text: string): void {
    this.#field.value = text;
    this.#fit();
    this.focus();
    this.#field.setSelectionRange(text.length, text.length);
  }

  focus(): void {
    this.#field.focus();
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (text === "" || this.#busy || !this.#ready) return;
    this.#field.value = "";
    this.#fit();
    this.onSend(text);
  }

  /** As tall as its text, up to the limit the style sheet sets. */
  #fit(): void {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    this.#send.disabled = !this.#ready || this.#field.value.trim() === "";
  }
}
