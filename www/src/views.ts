// Which view of the page is shown. The address says it, so that a reload, the back button and a link keep it.

import { byId, h } from "./view/dom.js";
import type { Workbench } from "./workbench.js";

/** What a view's module gives: it fills its section once, and is told when it comes into view again. */
export interface View {
  shown(): void;
}

type Mount = (section: HTMLElement, bench: Workbench) => View;

/** The views beside the chat, each loaded when it is first asked for: charts are not small, and neither is what reads tables. */
const LATER: Record<string, () => Promise<Mount>> = {
  completions: async () => (await import("./completions/view.js")).mount,
  embeddings: async () => (await import("./embeddings/view.js")).mount,
  documents: async () => (await import("./documents/view.js")).mount,
  data: async () => (await import("./data/view.js")).mount,
  tools: async () => (await import("./functions/view.js")).mount,
  traces: async () => (await import("./traces/view.js")).mount,
  runs: async () => (await import("./runs/view.js")).mount,
  endpoints: async () => (await import("./endpoints/view.js")).mount,
};
const NAMES = ["chat", ...Object.keys(LATER)];

/** Shows the view that the address names, now and whenever that changes. `onChat` runs when the chat comes into view. */
export function mountViews(bench: Workbench, onChat: () => void): void {
  const mounted = new Map<string, Promise<View>>();
  const show = (): void => {
    // what follows a slash names something in the view
    const wanted = location.hash.slice(1).split("/", 1)[0] ?? "";
    const name = NAMES.includes(wanted) ? wanted : "chat";
    document.body.dataset["view"] = name;
    for (const each of NAMES) byId(`view-${each}`).hidden = each !== name;
    for (const link of document.querySelectorAll<HTMLAnchorElement>(".views a")) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const load = LATER[name];
    if (load === undefined) {
      onChat();
      return;
    }
    const section = byId(`view-${name}`);
    const again = mounted.get(name);
    const view = again ?? load().then((mount) => mount(section, bench));
    mounted.set(name, view);
    view.then(
      (ready) => {
        if (again !== undefined) ready.shown();
      },
      () => {
        mounted.delete(name);
        section.replaceChildren(h("p", { class: "note bad", role: "alert" }, "This view could not be loaded. Reload the page."));
      },
    );
  };
  addEventListener("hashchange", show);
  show();
}
