// A fetch that follows a script and keeps what was sent.

const HEADERS = { "x-request-id": "r-1", "served-model-name": "served" };

/** A JSON answer. */
export const json = (value, status = 200, headers = {}) => () => new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...HEADERS, ...headers } });

/** A streamed answer of these events. */
export const sse = (...events) => () =>
  new Response([...events, "[DONE]"].map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join(""), { headers: { "content-type": "text/event-stream", ...HEADERS } });

/** A whole completion with this message. */
export const completion = (message, fields) => json({ id: "c1", object: "chat.completion", created: 1, model: "served", choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }, ...fields });

/** A chunk with this delta. */
export const chunk = (delta, fields = {}) => ({ id: "c1", object: "chat.completion.chunk", created: 1, model: "served", choices: [{ index: 0, delta, finish_reason: fields.finish_reason ?? null }], ...(fields.usage !== undefined && { usage: fields.usage }) });

/** Fields of a model whose workspace follows a script; `calls` holds what was sent. */
export function script(...answers) {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url: String(url), headers: new Headers(init.headers), body: init.body && JSON.parse(typeof init.body === "string" ? init.body : new TextDecoder().decode(init.body)) });
    if (answers.length === 0) throw new Error("The script has no further answer.");
    return answers.shift()(url, init);
  };
  return { calls, fields: { host: "https://workspace.example", token: "dapi-secret-0123456789", fetch } };
}
