// What an empty conversation shows: what this is, and one example for each thing it can do.

import { byId, h } from "./dom.js";

export interface Example {
  title: string;
  prompt: string;
  /** Settings the example needs. */
  format: "text" | "json";
}

const EXAMPLES: readonly Example[] = [
  { title: "Chat", format: "text", prompt: "Who are you, and what can you help me with?" },
  { title: "Use a tool", format: "text", prompt: "What is (1250 * 1.19 - 200) / 12? And what time is it in Tokyo?" },
  {
    title: "Ask about a passage",
    format: "text",
    prompt:
      "Lake Baikal, in the south of Siberia, is 1,642 metres deep. It holds about a fifth of the unfrozen fresh water on the surface of the Earth. The lake is home to the Baikal seal, the only seal that lives in fresh water alone.\n\nHow deep is Lake Baikal?",
  },
  {
    title: "Get JSON",
    format: "json",
    prompt: "Her name is Ann Berger, her role is hydrologist, she lives in the city of Bern and her age is 41.",
  },
];

/** Fills the empty state; `onPick` gets the example that was chosen. */
export function mountEmpty(onPick: (example: Example) => void): { show(visible: boolean): void; say(text: string): void } {
  const root = byId("empty");
  const about = h("p", { class: "empty-about" });
  root.append(
    h("h2", {}, "What would you like to know?"),
    about,
    h(
      "ul",
      { class: "examples", "aria-label": "Examples" },
      ...EXAMPLES.map((example) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "example", onclick: () => onPick(example) },
            h("span", { class: "example-title" }, example.title),
            h("span", { class: "example-text" }, example.prompt),
          ),
        ),
      ),
    ),
  );
  return {
    show: (visible) => void (root.hidden = !visible),
    say: (text) => void (about.textContent = text),
  };
}
