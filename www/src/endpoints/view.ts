// The workspace's serving endpoints: which there are, in what state, a new external model, and the end of one.

import type { ServingEndpoint } from "lakewire";
import { isCancelled } from "../chat/problem.js";
import type { View } from "../views.js";
import { field, problemBox, type Workbench } from "../workbench.js";
import { h, icon } from "../view/dom.js";
import { externalEndpoint, PROVIDERS } from "./external.js";

/** How long the page waits for a new endpoint. */
const PATIENCE_MS = 10 * 60_000;

const TASK_WORDS: Record<string, string> = {
  "llm/v1/chat": "Chat",
  "llm/v1/completions": "Completions",
  "llm/v1/embeddings": "Embeddings",
  "agent/v1/responses": "Agent (Responses)",
  "agent/v1/chat": "Agent (ChatModel)",
  "agent/v2/chat": "Agent (ChatAgent)",
};

export function mount(section: HTMLElement, { client, endpoints }: Workbench): View {
  const rows = h("tbody");
  const status = h("p", { class: "note", role: "status" });
  const trouble = h("div");
  const unlisted = h("div");
  const name = h("input", { id: "endpoint-name", type: "text", required: true, autocomplete: "off", pattern: "[A-Za-z0-9][A-Za-z0-9_.\\-]*", value: "my-gpt" });
  const provider = h("select", { id: "endpoint-provider" }, ...PROVIDERS.map(({ id, label }) => h("option", { value: id }, label)));
  const model = h("input", { id: "endpoint-model", type: "text", required: true, autocomplete: "off" });
  const task = h("select", { id: "endpoint-task" }, ...["llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"].map((value) => h("option", { value }, TASK_WORDS[value])));
  const scope = h("input", { id: "endpoint-scope", type: "text", required: true, autocomplete: "off", value: "llm" });
  const key = h("input", { id: "endpoint-key", type: "text", required: true, autocomplete: "off", value: "openai" });
  const create = h("button", { type: "submit", class: "primary" }, "Create");
  const waits = new Set<AbortController>();

  const pick = (): void => {
    const found = PROVIDERS.find(({ id }) => id === provider.value);
    model.value = found?.model ?? "";
  };
  provider.addEventListener("change", pick);
  pick();

  section.replaceChildren(
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Serving endpoints"),
      h("button", { type: "button", class: "quiet", onclick: () => void list() }, icon("retry"), "Refresh"),
    ),
    trouble,
    unlisted,
    h(
      "div",
      { class: "split wide" },
      h(
        "form",
        { class: "side", onsubmit: (event: Event) => (event.preventDefault(), void make()) },
        h("h3", {}, "A new external model"),
        field("Name", name),
        h("div", { class: "two" }, field("Provider", provider), field("Task", task)),
        field("Model", model),
        h("div", { class: "two" }, field("Secret scope", scope), field("Secret key", key)),
        h("p", { class: "note" }, "The provider’s key is named, never typed here: the endpoint reads the secret in the workspace."),
        create,
        status,
      ),
      h(
        "div",
        { class: "scroller", tabindex: 0, role: "region", "aria-label": "Serving endpoints" },
        h(
          "table",
          { class: "grid" },
          h("thead", {}, h("tr", {}, ...["Name", "Task", "State", "Kind", ""].map((text) => h("th", { scope: "col" }, text || h("span", { class: "visually-hidden" }, "Actions"))))),
          rows,
        ),
      ),
    ),
  );

  async function list(): Promise<void> {
    try {
      const found = await endpoints();
      rows.replaceChildren(...found.sort((a, b) => a.name.localeCompare(b.name)).map(line));
      unlisted.replaceChildren();
    } catch (error) {
      unlisted.replaceChildren(problemBox(error, "The workspace"));
    }
  }

  function line(endpoint: ServingEndpoint): HTMLElement {
    const [words, kind] = stateOf(endpoint);
    const remove = h("button", { type: "button", class: "quiet", onclick: () => void end(endpoint.name, remove) }, icon("close"), "Delete", h("span", { class: "visually-hidden" }, ` ${endpoint.name}`));
    // The emulator and the service both keep the models they offer by themselves.
    const own = !endpoint.name.startsWith("databricks-");
    return h(
      "tr",
      { "data-endpoint": endpoint.name },
      h("th", { scope: "row", title: endpoint.description ?? "" }, endpoint.name),
      h("td", {}, TASK_WORDS[endpoint.task ?? ""] ?? endpoint.task ?? "Custom model"),
      h("td", {}, h("span", { class: `state ${kind}` }, words)),
      h("td", {}, kindOf(endpoint)),
      h("td", {}, own ? remove : null),
    );
  }

  async function make(): Promise<void> {
    const wanted = name.value.trim();
    const wait = new AbortController();
    waits.add(wait);
    create.disabled = true;
    trouble.replaceChildren();
    status.textContent = `Creating ${wanted} …`;
    try {
      const known = PROVIDERS.find(({ id }) => id === provider.value);
      if (known === undefined) return;
      const body = externalEndpoint({ name: wanted, provider: known, model: model.value.trim(), task: task.value, scope: scope.value.trim(), key: key.value.trim() });
      await client.servingEndpoints().create(body, { signal: wait.signal });
      create.disabled = false;
      await list();
      await client.servingEndpoints().waitUntilReady(wanted, {
        timeoutMs: PATIENCE_MS,
        signal: wait.signal,
        onProgress: () => {
          status.textContent = `${wanted} is starting …`;
          void list();
        },
      });
      status.textContent = `${wanted} is ready. It is in the lists of the other views now.`;
      await list();
    } catch (error) {
      status.textContent = "";
      if (!isCancelled(error)) trouble.replaceChildren(problemBox(error, wanted));
      await list();
    } finally {
      waits.delete(wait);
      create.disabled = false;
    }
  }

  /** Deleting takes a second press: what is gone is gone for everybody. */
  async function end(endpoint: string, button: HTMLButtonElement): Promise<void> {
    if (button.dataset["sure"] === undefined) {
      button.dataset["sure"] = "";
      button.lastChild?.before(" for good?");
      button.classList.add("danger");
      return;
    }
    button.disabled = true;
    trouble.replaceChildren();
    try {
      await client.servingEndpoints().delete(endpoint);
      status.textContent = `${endpoint} was deleted.`;
    } catch (error) {
      trouble.replaceChildren(problemBox(error, endpoint));
    }
    await list();
  }

  void list();
  addEventListener("pagehide", () => waits.forEach((wait) => wait.abort()));
  return { shown: () => void list() };
}

function stateOf({ state }: ServingEndpoint): [words: string, kind: string] {
  if (state?.config_update === "IN_PROGRESS") return [state.ready === "READY" ? "Updating" : "Starting", "busy"];
  if (state?.config_update === "UPDATE_FAILED") return ["Update failed", "bad"];
  return state?.ready === "READY" ? ["Ready", "good"] : ["Not ready", "bad"];
}

function kindOf({ endpoint_type: kind, config }: ServingEndpoint): string {
  const entity = config?.served_entities?.[0];
  const external = entity?.external_model as { provider?: string; name?: string } | null | undefined;
  if (external) return `External: ${[external.provider, external.name].filter(Boolean).join(", ")}`;
  if (entity?.foundation_model || kind === "FOUNDATION_MODEL_API") return "Databricks-hosted";
  return "Model of the workspace";
}
