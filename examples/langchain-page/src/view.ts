// What the page shows of a turn. Text is always set as text.

const log = document.querySelector<HTMLElement>("#log")!;

function add(parent: HTMLElement, tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  made.scrollIntoView({ block: "nearest" });
  return made;
}

/** One question, the agent's steps, and its answer. */
export class Turn {
  readonly #box: HTMLElement;
  readonly #steps = new Map<string, HTMLElement>();
  #answer: HTMLElement | undefined;

  constructor(question: string) {
    add(log, "p", "question", question);
    this.#box = add(log, "section", "turn busy");
  }

  /** A tool the model asks for. */
  call(id: string, name: string, args: unknown) {
    if (this.#steps.has(id)) return;
    const step = add(this.#box, "div", "step");
    add(step, "code", "call", `${name}(${Object.entries(args as object).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")})`);
    this.#steps.set(id, step);
    this.#answer = undefined;
  }

  /** What a tool gave. */
  result(id: string, text: string) {
    const step = this.#steps.get(id);
    if (step && !step.querySelector(".result")) add(step, "span", "result", text);
  }

  /** Words of the answer. */
  words(text: string) {
    if (text === "") return;
    this.#answer ??= add(this.#box, "p", "answer");
    this.#answer.textContent += text;
    this.#answer.scrollIntoView({ block: "nearest" });
  }

  /** What went wrong. */
  failed(text: string) {
    add(this.#box, "p", "failure", text);
  }

  done() {
    this.#box.classList.remove("busy");
  }
}
