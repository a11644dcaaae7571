// The conversation on the page: a view for each turn, kept at its end while it grows unless the reader scrolled away.

import type { AnswerTurn, Turn, UserTurn } from "../chat/types.js";
import { AnswerView } from "./answer.js";
import { byId, h, icon } from "./dom.js";

/** How far from the end, in pixels, still counts as "at the end". */
const NEAR_END = 80;

export class Transcript {
  #scroll = byId("scroll");
  #list = byId("turns");
  #toLatest = byId<HTMLButtonElement>("to-latest");
  #views = new Map<string, AnswerView>();
  #follow = true;
  #dirty = new Set<AnswerTurn>();
  #frame = 0;

  constructor(private readonly onRetry: (turn: AnswerTurn) => void) {
    this.#toLatest.prepend(icon("down"));
    this.#scroll.addEventListener("scroll", () => this.#watch(), { passive: true });
    this.#toLatest.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#follow && this.#jump()).observe(this.#scroll);
  }

  /** Replaces everything that is shown. */
  show(turns: readonly Turn[]): void {
    this.#views.clear();
    this.#dirty.clear();
    this.#list.replaceChildren();
    for (const turn of turns) this.add(turn);
    this.toEnd();
  }

  add(turn: Turn): void {
    if (turn.role === "user") {
      this.#list.append(question(turn));
    } else {
      const view = new AnswerView(turn, () => this.onRetry(turn));
      this.#views.set(turn.id, view);
      this.#list.append(view.element);
    }
  }

  /** Takes an answer away, to be asked for again. */
  remove(turn: AnswerTurn): void {
    this.#views.get(turn.id)?.element.remove();
    this.#views.delete(turn.id);
  }

  /** An answer changed. Drawn at most once a frame, however fast chunks come. */
  changed(turn: AnswerTurn): void {
    this.#dirty.add(turn);
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    for (const turn of this.#dirty) this.#views.get(turn.id)?.update(turn);
    this.#dirty.clear();
    if (this.#follow) this.#jump();
  }

  toEnd(): void {
    this.#follow = true;
    this.#jump();
    this.#watch();
  }

  #jump(): void {
    // Nothing to follow yet: the empty page is read from its beginning.
    if (this.#list.childElementCount === 0) return void (this.#scroll.scrollTop = 0);
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #watch(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    this.#follow = scrollHeight - scrollTop - clientHeight < NEAR_END;
    this.#toLatest.hidden = this.#follow || this.#list.childElementCount === 0;
  }
}

function question(turn: UserTurn): HTMLElement {
  return h("article", { class: "turn question", "aria-label": "You" }, h("p", {}, turn.text));
}
