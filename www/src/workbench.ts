// What the views share: the client, the list of endpoints, and how a failure is shown.

import type { ServingEndpoint, WorkspaceClient } from "lakewire";
import type { Recorder } from "./traces/record.js";
import { toProblem } from "./chat/problem.js";
import { h, icon } from "./view/dom.js";

export interface Workbench {
  client: WorkspaceClient;
  /** Writes down as traces what is asked, when that is wanted. */
  recorder: Recorder;
  /** The workspace's endpoints, asked for anew. */
  endpoints(): Promise<ServingEndpoint[]>;
}

/** Whether an endpoint takes queries now. */
export function isReady(endpoint: ServingEndpoint): boolean {
  return endpoint.state?.ready === "READY";
}

/** A failure as a person reads it: what happened, what to do, the service's own words. */
export function problemBox(error: unknown, about: string): HTMLElement {
  const { title, advice, detail, request_id: id } = toProblem(error, about);
  return h(
    "div",
    { class: "problem", role: "alert" },
    icon("alert"),
    h(
      "div",
      {},
      h("p", { class: "problem-title" }, title),
      h("p", {}, advice),
      detail ? h("p", { class: "problem-detail" }, detail) : null,
      id ? h("p", { class: "problem-detail" }, `Request id: ${id}`) : null,
    ),
  );
}

/** A labelled control of a form. */
export function field(label: string, control: HTMLElement, note?: string): HTMLElement {
  const text = note === undefined ? null : h("p", { class: "note", id: `${control.id}-note` }, note);
  if (text) control.setAttribute("aria-describedby", text.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, text);
}

/** A select of endpoints; keeps what was picked when the list comes again. */
export function fillEndpoints(select: HTMLSelectElement, endpoints: readonly ServingEndpoint[]): void {
  const before = select.value;
  const names = endpoints.filter(isReady).map(({ name }) => name);
  select.replaceChildren(
    ...(names.length > 0 ? names.map((name) => h("option", { value: name }, name)) : [h("option", { value: "" }, "None is ready")]),
  );
  select.disabled = names.length === 0;
  if (names.includes(before)) select.value = before;
}
