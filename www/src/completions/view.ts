// The completion playground: a prompt, the request as it is sent, the answer as it comes, and the transforms between them.

import { isCancelled } from "../chat/problem.js";
import type { View } from "../views.js";
import { field, fillEndpoints, problemBox, type Workbench } from "../workbench.js";
import { h } from "../view/dom.js";
import { INPUTS, OUTPUTS, type RequestFields } from "./transforms.js";

const EXAMPLE = "Lake Baikal, in the south of Siberia, is 1,642 metres deep. How deep is Lake Baikal?";

/** Tasks that make text; a model of the workspace's own has none. */
const TASKS = ["llm/v1/completions", "llm/v1/chat", undefined, null, ""];

export function mount(section: HTMLElement, { client, endpoints }: Workbench): View {
  const model = h("select", { id: "completion-model", disabled: true });
  const prompt = h("textarea", { id: "completion-prompt", rows: 5 });
  prompt.value = EXAMPLE;
  const stop = h("input", { id: "completion-stop", type: "text", autocomplete: "off" });
  const most = h("input", { id: "completion-tokens", type: "number", min: 1, max: 4096, value: "128", inputmode: "numeric" });
  const input = h("select", { id: "completion-input" }, ...INPUTS.map(({ name }, at) => h("option", { value: at }, name)));
  const output = h("select", { id: "completion-output" }, ...OUTPUTS.map(({ name }, at) => h("option", { value: at }, name)));
  const inputCode = h("code");
  const outputCode = h("code");
  const go = h("button", { type: "submit", class: "primary", disabled: true }, "Complete");
  const halt = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => running?.abort() }, "Stop");
  const status = h("p", { class: "note", role: "status" });
  const result = h("div", { class: "result" });
  let running: AbortController | undefined;

  const showCode = (): void => {
    inputCode.textContent = INPUTS[Number(input.value)]?.code ?? "";
    outputCode.textContent = OUTPUTS[Number(output.value)]?.code ?? "";
  };
  input.addEventListener("change", showCode);
  output.addEventListener("change", showCode);
  showCode();

  const code = (label: string, inner: HTMLElement): HTMLElement => h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": label }, inner);
  section.replaceChildren(
    h("h2", {}, "Completions"),
    h("p", { class: "about" }, "Text in, text out, over completion endpoints, chat endpoints and models of your own. What the transforms change is shown."),
    h(
      "div",
      { class: "split" },
      h(
        "form",
        { class: "side", onsubmit: (event: Event) => (event.preventDefault(), void complete()) },
        field("Endpoint", model),
        field("Prompt", prompt),
        h("div", { class: "two" }, field("Stop at", stop), field("Most tokens", most)),
        field("Input transform", input),
        code("The input transform", inputCode),
        field("Output transform", output),
        code("The output transform", outputCode),
        h("div", { class: "row" }, go, halt),
        status,
      ),
      result,
    ),
  );

  async function list(): Promise<void> {
    try {
      fillEndpoints(model, (await endpoints()).filter(({ task }) => TASKS.includes(task ?? "")).sort(byTask));
      go.disabled = model.disabled;
    } catch (error) {
      result.replaceChildren(problemBox(error, "The workspace"));
    }
  }

  async function complete(): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    const before = INPUTS[Number(input.value)]?.run;
    const after = OUTPUTS[Number(output.value)]?.run;
    let request: unknown;
    let sent: unknown;
    let raw: unknown;
    go.disabled = true;
    halt.hidden = false;
    status.textContent = "Asking …";
    try {
      const llm = client.completions(model.value, {
        max_tokens: Number(most.value) || 128,
        ...(stop.value === "" ? {} : { stop: [stop.value] }),
        transformInput: (fields) => {
          request = structuredClone(fields);
          sent = before === undefined ? fields : before(fields as RequestFields);
          return sent;
        },
        ...(after === undefined
          ? {}
          : {
              transformOutput: (response: unknown) => {
                raw = response;
                return after(response);
              },
            }),
      });
      const started = performance.now();
      const answer = await llm.generate(prompt.value, { signal: mine.signal });
      const took = Math.max(1, Math.round(performance.now() - started));
      raw ??= answer.raw;
      show(answer.text, request, sent, raw);
      status.textContent = `${answer.text.length.toLocaleString("en")} characters in ${took} ms.`;
    } catch (error) {
      status.textContent = isCancelled(error) ? "Stopped." : "";
      if (!isCancelled(error)) result.replaceChildren(problemBox(error, model.value));
    } finally {
      if (running === mine) {
        go.disabled = false;
        halt.hidden = true;
      }
    }
  }

  function show(text: string, request: unknown, sent: unknown, raw: unknown): void {
    const step = (title: string, value: unknown): HTMLElement =>
      h("section", { class: "step" }, h("h3", {}, title), code(title, h("code", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2))));
    result.replaceChildren(
      h("section", { class: "step said" }, h("h3", {}, "Text"), h("p", { class: "completion", "data-answer": "" }, text)),
      step("Request", request),
      step("After the input transform", sent),
      step("Answer, before the output transform", raw),
    );
  }

  void list();
  return { shown: () => void list() };
}

/** Completion endpoints first: the view is about them. */
function byTask(a: { task?: string | null; name: string }, b: { task?: string | null; name: string }): number {
  const rank = (task: string | null | undefined): number => (task === "llm/v1/completions" ? 0 : task ? 2 : 1);
  return rank(a.task) - rank(b.task) || a.name.localeCompare(b.name);
}
