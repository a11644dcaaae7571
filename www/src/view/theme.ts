// Light, dark, or as the system says.

import { icon } from "./dom.js";

const KEY = "lakewire-demo/theme";

/** Makes the button switch between light and dark; until it is pressed, the system decides. */
export function mountTheme(button: HTMLButtonElement): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const label = button.querySelector("span");
  const isDark = (): boolean => (document.documentElement.dataset["theme"] ?? (system.matches ? "dark" : "light")) === "dark";
  const show = (): void => {
    const next = isDark() ? "Light colours" : "Dark colours";
    button.querySelector("svg")?.remove();
    button.prepend(icon(isDark() ? "sun" : "moon"));
    button.title = next;
    if (label) label.textContent = next;
  };
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It holds for as long as the page is open.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
