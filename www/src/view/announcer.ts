// Tells a screen reader what is being written, a sentence at a time: token by token would be noise.

/** Sentences that stay in the live region; older ones were read and only make the document longer. */
const KEPT = 12;

export class Announcer {
  #rest = "";

  constructor(private readonly region: HTMLElement) {}

  /** Takes more of the answer; what completes a sentence or a line is announced. */
  write(text: string): void {
    this.#rest += text;
    for (;;) {
      const end = /[.!?…:](?=\s)|\n/.exec(this.#rest);
      if (!end) return;
      const at = end.index + end[0].length;
      this.say(this.#rest.slice(0, at));
      this.#rest = this.#rest.slice(at);
    }
  }

  /** The answer is over: announces what has no full stop. */
  finish(): void {
    this.say(this.#rest);
    this.#rest = "";
  }

  /** Announces one thing: its words, without the marks that only shape them. */
  say(text: string): void {
    const spoken = text
      .replace(/^\s*```.*$/gm, " ")
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[*_`#>|~]+/g, " ")
      .replace(/\s+/g, " ")
      .trim();
    if (!/[\p{L}\p{N}]/u.test(spoken)) return;
    const line = document.createElement("p");
    line.textContent = spoken;
    this.region.append(line);
    while (this.region.childElementCount > KEPT) this.region.firstElementChild?.remove();
  }
}
