// Tells a screen reader what is being written, a sentence at a time: token by token would be noise.

import type { AnswerTurn } from "../chat/types.js";

/** Sentences that stay in the live region; older ones were read and only make the document longer. */
const KEPT = 12;

export class Announcer {
  #rest = "";
  /** Which answer is followed, and how much of each of its parts was taken. */
  #turn: AnswerTurn | undefined;
  #taken: number[] = [];

  constructor(private readonly region: HTMLElement) {}

  /** Takes what an answer holds more than last time: words, and tools that gave a result. */
  follow(turn: AnswerTurn): void {
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#taken = [];
    }
    turn.parts.forEach((part, at) => {
      const taken = this.#taken[at] ?? 0;
      if (part.kind === "text" && part.text.length > taken) {
        this.#taken[at] = part.text.length;
        this.#write(part.text.slice(taken));
      } else if (part.kind === "tool" && part.result !== undefined && taken === 0) {
        this.#taken[at] = 1;
        this.say(`Used ${part.name}.`);
      }
    });
  }

  #write(text: string): void {
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
