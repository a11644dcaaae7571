// The handles of a watched client. Each is a Proxy of the handle it watches: `instanceof` holds, and what is not watched
// goes through.

import { SPAN, quietly } from "./context.js";
import { firstRead, watchStream } from "./streams.js";
import { runLoop } from "./loop.js";

const OVER = Symbol.for("lakewire.over");
const CALL = ["signal", "timeouts", "headers", "maxAttempts"];

/** The fields of a request among the options of a call. */
export function fieldsOf(options, ...others) {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => !CALL.includes(name) && !others.includes(name)));
}

/** Messages as they are sent: a text is the user's. */
const messagesOf = (input) => (typeof input === "string" ? [{ role: "user", content: input }] : input);

/** A handle whose methods of these names are others. */
function proxy(target, watch, methods) {
  const bound = new Map();
  return new Proxy(target, {
    get(_, name) {
      if (name === SPAN) return watch;
      if (Object.hasOwn(methods, name)) return methods[name];
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "constructor") return value;
      if (!bound.has(name)) bound.set(name, value.bind(target));
      return bound.get(name);
    },
    // a setter may stand over private fields as well
    set: (_, name, value) => Reflect.set(target, name, value),
  });
}

/** `batch` of a handle: each item is a call of its own, beneath where the batch was asked for. */
const batch = (target, one) => (inputs, options) => {
  const under = options?.[SPAN];
  return target.batch.call({ invoke: (input, rest) => one(input, under === undefined ? rest : { ...rest, [SPAN]: under }) }, inputs, options);
};

/** The facts of an answer's headers. */
export const factsOf = (answer) => ({ requestId: answer?.requestId, attempts: answer?.attempts, servedModelName: answer?.servedModelName });

const answered = (place, answer) => {
  place.set(factsOf(answer));
  place.end(answer);
};

/** A call of a chat; `body` is the text that was sent, once it was. */
export function chatCall(endpoint, provider, request) {
  return {
    kind: "CHAT_MODEL",
    name: `chat ${endpoint ?? ""}`.trim(),
    endpoint,
    provider,
    sends: true,
    body: undefined,
    get inputs() {
      return this.body === undefined ? request() : JSON.parse(this.body);
    },
  };
}

/** A watched chat; `provider` is who serves it, when that is known. */
function chatHandle(plain, watch, provider, defaults) {
  // the call whose request is being made: a handle makes and sends it before it first waits
  let asking;
  const over = (change) => plain[OVER]?.(change) ?? plain;
  const chat = over((own) => ({
    ...own,
    ask: (core, method, args, scope) => {
      if (asking !== undefined) [asking.call.body] = args;
      return own.ask(core, method, args, scope);
    },
    begin: (core, method, args, scope) => {
      if (asking === undefined) return own.begin(core, method, args, scope);
      const { call, place } = asking;
      [call.body] = args;
      return own.begin(core, method, args, scope).then((source) => firstRead(source, place));
    },
  }));
  const call = (input, options, settle) => Object.assign(chatCall(plain.endpoint, provider, () => ({ ...defaults, ...fieldsOf(options), messages: messagesOf(input) })), { settle });
  const asked = (own, options, act) => watch.observe(own, options, (given, place) => {
    asking = { call: own, place };
    try {
      return act(given);
    } finally {
      asking = undefined;
    }
  });
  const invoke = (input, options) => asked(call(input, options, answered), options, (given) => chat.invoke(input, given));
  const streamed = (name) => (input, options) => asked(call(input, options, streams(watch, options)), options, (given) => chat[name](input, given));
  const structured = (schema, given) => {
    const target = chat.structuredOutput(schema, given);
    const settle = (place, { completion }) => answered(place, completion);
    return proxy(target, watch, { invoke: (input, options) => asked(call(input, options, settle), options, (more) => target.invoke(input, more)) });
  };
  return proxy(plain, watch, {
    invoke,
    stream: streamed("stream"),
    textStream: streamed("textStream"),
    batch: batch(plain, invoke),
    structuredOutput: structured,
    runTools: (input, options) => {
      const request = () => ({ ...defaults, ...fieldsOf(options, "maxSteps", "toolTimeoutMs", "onEvent", "stream"), messages: messagesOf(input) });
      return runLoop(watch, { endpoint: plain.endpoint, request }, options, (given, place) => over((own) => loopChat(own, place, plain.endpoint, provider)).runTools(input, given));
    },
  });
}

/** What the chat of a tool loop sends through: each answer is a call beneath the loop's place. */
function loopChat(own, place, endpoint, provider) {
  let opened;
  const call = (body) => Object.assign(chatCall(endpoint, provider), { body });
  return {
    ...own,
    ask: (core, method, args, scope) => place.observe(
      Object.assign(call(args[0]), {
        settle: (at, answer) => {
          at.set(factsOf(answer));
          at.end(quietly(() => JSON.parse(answer.text)));
        },
      }),
      scope,
      (given) => own.ask(core, method, args, given),
    ),
    begin: (core, method, args, scope) => place.observe(
      Object.assign(call(args[0]), {
        settle: (at, source) => {
          opened = at;
          return firstRead(source, at);
        },
      }),
      scope,
      (given) => own.begin(core, method, args, given),
    ),
    track: (stream) => {
      if (opened !== undefined) watchStream(stream, opened);
      opened = undefined;
      return own.track(stream);
    },
  };
}

/** Ends a place when the stream that a call gave ends. */
const streams = (watch, options) => (place, stream) => watchStream(stream, place, { tokens: watch.tokens, first: false, signal: options?.signal });
/** The same for streams whose first read nobody else tells of. */
const firstStreams = (watch, options) => (place, stream) => watchStream(stream, place, { tokens: watch.tokens, first: true, signal: options?.signal });

function completionsHandle(target, watch, provider, defaults) {
  const call = (prompt, options, settle) => ({ kind: "LLM", name: `completions ${target.endpoint ?? "app"}`, endpoint: target.endpoint, provider, sends: true, get inputs() { return { ...defaults, ...fieldsOf(options), prompt }; }, settle });
  const settle = (place, generation) => {
    place.set(factsOf(generation));
    place.end(generation.raw);
  };
  const generate = (prompt, options) => watch.observe(call(prompt, options, settle), options, (given) => target.generate(prompt, given));
  const invoke = async (prompt, options) => (await generate(prompt, options)).text;
  return proxy(target, watch, {
    generate,
    invoke,
    stream: (prompt, options) => watch.observe(call(prompt, options, firstStreams(watch, options)), options, (given) => target.stream(prompt, given)),
    batch: batch(target, invoke),
  });
}

/** What is told of vectors: how many, how long, and what they cost. */
const vectors = (place, { length, dimensions, usage, model }) => void place.end({ count: length, dimensions, usage, model });

function embeddingsHandle(target, watch, provider, asQueries) {
  const call = (input, options, settle) => ({ kind: "EMBEDDING", name: `embeddings ${target.endpoint}`, endpoint: target.endpoint, provider, sends: true, get inputs() { return { ...fieldsOf(options), input }; }, settle });
  const settled = (place, batches) => place.end(batches.map(({ start, end, status, value }) => ({ start, end, status, dimensions: value?.dimensions })));
  const method = (name, settle) => (input, options) => watch.observe(call(input, options, settle), options, (given) => target[name](input, given));
  // the vector of a query says no more what it cost: it is asked for as a document with a query's fields, which is the same request
  let queries;
  const query = (text, given) => {
    if (typeof text !== "string") return target.embedQuery(text, given);
    queries ??= asQueries();
    return queries.embedDocuments([text], given);
  };
  const single = (place, found) => {
    vectors(place, found);
    return found.data;
  };
  return proxy(target, watch, {
    embedQuery: (text, options) => watch.observe(call(text, options, single), options, (given) => query(text, given)),
    embedDocuments: method("embedDocuments", vectors),
    embedDocumentsSettled: method("embedDocumentsSettled", settled),
  });
}

function agentHandle(target, watch, provider, field, defaults, again) {
  const request = (input, options, ...others) => ({ ...defaults, ...fieldsOf(options, ...others), [field]: input });
  const call = (input, options, settle) => ({ kind: "AGENT", name: `agent ${target.endpoint}`, endpoint: target.endpoint, provider, sends: true, get inputs() { return request(input, options); }, settle });
  const invoke = (input, options) => watch.observe(call(input, options, answered), options, (given) => target.invoke(input, given));
  const streamed = (name) => (input, options) => watch.observe(call(input, options, firstStreams(watch, options)), options, (given) => target[name](input, given));
  const methods = { invoke, stream: streamed("stream"), textStream: streamed("textStream"), batch: batch(target, invoke) };
  if (again !== undefined) {
    methods.runTools = (input, options) => runLoop(
      watch,
      { endpoint: target.endpoint, request: () => request(input, options, "maxSteps", "toolTimeoutMs", "onEvent", "stream") },
      options,
      (given, place) => again((own) => loopAgent(own, place, target.endpoint, provider)).runTools(input, given),
    );
  }
  return proxy(target, watch, methods);
}

/** The same as `loopChat` for agents, whose request is the last of the operation's texts. */
function loopAgent(own, place, endpoint, provider) {
  let opened;
  const call = (args, settle) => ({ kind: "AGENT", name: `agent ${endpoint}`, endpoint, provider, sends: true, body: args.at(-1), get inputs() { return JSON.parse(this.body); }, settle });
  const settle = (at, answer) => {
    at.set(factsOf(answer));
    at.end(quietly(() => JSON.parse(answer.text)));
  };
  const begun = (at, source) => {
    opened = at;
    return firstRead(source, at);
  };
  return {
    ...own,
    call: (operation, args, scope) => place.observe(call(args, settle), scope, (given) => own.call(operation, args, given)),
    open: (operation, args, scope) => place.observe(call(args, begun), scope, (given) => own.open(operation, args, given)),
    track: (stream) => {
      if (opened !== undefined) watchStream(stream, opened);
      opened = undefined;
      return own.track(stream);
    },
  };
}

/** The methods of a client that make watched handles, and those of a Hub's client that generate. */
export function handles(client, inner, watch) {
  const provider = inner === undefined ? undefined : "databricks";
  const made = { chat: (endpoint, defaults) => chatHandle(client.chat(endpoint, defaults), watch, provider, defaults) };
  const offers = (name) => typeof client[name] === "function";
  if (offers("completions")) made.completions = (target, options) => completionsHandle(client.completions(target, options), watch, provider, fieldsOf(options, "transformInput", "transformOutput"));
  if (offers("embeddings")) made.embeddings = (endpoint, options) => embeddingsHandle(client.embeddings(endpoint, options), watch, provider, () => client.embeddings(endpoint, { ...options, documents_params: options?.query_params }));
  if (offers("responses")) {
    made.responses = (endpoint, defaults) => {
      const target = client.responses(endpoint, defaults);
      return agentHandle(target, watch, provider, "input", fieldsOf(defaults, "route"), (change) => new target.constructor(change(inner), endpoint, defaults));
    };
  }
  if (offers("chatAgent")) made.chatAgent = (endpoint, defaults) => agentHandle(client.chatAgent(endpoint, defaults), watch, provider, "messages", defaults);
  const generation = (name, settle) => (model, inputs, parameters, options) => watch.observe(
    { kind: "LLM", name: `text generation ${model ?? ""}`.trim(), endpoint: model ?? undefined, inputs: { inputs, parameters }, settle: settle(watch, options) },
    options,
    (given) => client[name](model, inputs, parameters, given),
  );
  if (offers("textGeneration")) {
    made.textGeneration = generation("textGeneration", () => (place, { raw }) => place.end(raw));
    for (const name of ["textGenerationStream", "textStream"]) made[name] = generation(name, firstStreams);
  }
  return made;
}
