// What every runtime and bundler must be able to do with the package. Takes the package as it was imported there.

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
const ASK = "My name is Ada. What is my name?";

export function same(found, wanted, what) {
  const [one, two] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== two) throw new Error(`${what}: expected ${two}, got ${one}`);
}

/** Runs all; gives `[[name, why or null], …]`. */
export async function smoke({ WorkspaceClient, LakewireError, ChatStream, tool }, config) {
  const client = new WorkspaceClient(config);
  const chat = client.chat(ENDPOINT, { max_tokens: 100 });
  let whole;
  const checks = {
    "invoke": async () => {
      const answer = await chat.invoke(ASK);
      whole = answer.text;
      if (!whole.includes("Ada")) throw new Error(`the answer is ${whole}`);
      same([answer.finishReason, answer.attempts, typeof answer.requestId], ["stop", 1, "string"], "views");
    },
    "stream to the end": async () => {
      const stream = await chat.stream(ASK);
      if (!(stream instanceof ChatStream && stream instanceof ReadableStream)) throw new Error("not a ReadableStream");
      let text = "";
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
      same(text, whole, "text");
      same(stream.completeness.state, "complete", "completeness");
      same((await stream.finalCompletion()).text, whole, "final completion");
    },
    "text stream, by reader": async () => {
      const reader = (await chat.textStream(ASK)).getReader();
      let text = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
      same(text, whole, "text");
    },
    "text stream, through a pipe": async () => {
      same(await new Response((await chat.textStream(ASK)).pipeThrough(new TextEncoderStream())).text(), whole, "text");
    },
    "I15 abort": async () => {
      const controller = new AbortController();
      const stream = await chat.stream(ASK, { signal: controller.signal, headers: { "x-lakewire-fault": '{"repeat_text":100000}' } });
      let error;
      try {
        for await (const chunk of stream) if (chunk) controller.abort("enough");
      } catch (thrown) {
        error = thrown;
      }
      if (!(error instanceof LakewireError)) throw new Error(`ended with ${error}`);
      same([error.kind, error.cause], ["Cancelled", "enough"], "error");
    },
    "I15 abort before the headers": async () => {
      const controller = new AbortController();
      const running = chat.invoke(ASK, { signal: controller.signal, headers: { "x-lakewire-fault": '{"stall_before_headers":true}' } });
      setTimeout(() => controller.abort(), 20);
      same(await running.then(() => "answered", (error) => error.kind), "Cancelled", "kind");
    },
    "break, then more calls": async () => {
      for await (const chunk of await chat.stream(ASK, { headers: { "x-lakewire-fault": '{"repeat_text":100000}' } })) {
        if (chunk) break;
      }
      const results = await chat.batch([ASK, ASK, ASK]);
      same(results.map(({ value }) => value?.text), [whole, whole, whole], "batch");
    },
    "error": async () => {
      const error = await client.chat("no-such-endpoint").invoke(ASK).then(() => undefined, (thrown) => thrown);
      if (!(error instanceof LakewireError && error instanceof Error)) throw new Error(`ended with ${error}`);
      same([error.kind, error.status, typeof error.requestId], ["NotFound", 404, "string"], "error");
    },
    "a stream that breaks off": async () => {
      const stream = await chat.stream(ASK, { headers: { "x-lakewire-fault": '{"end_after_events":2}' } });
      let error;
      try {
        for await (const chunk of stream) void chunk;
      } catch (thrown) {
        error = thrown;
      }
      same(error?.kind, "Truncated", "kind");
    },
    "time-out": async () => {
      const error = await chat.invoke(ASK, { timeouts: { firstByteMs: 30 }, maxAttempts: 1, headers: { "x-lakewire-fault": '{"stall_before_headers":true}' } }).catch((thrown) => thrown);
      same([error.kind, error.phase], ["DeadlineExceeded", "first_byte"], "error");
    },
    "tools": async () => {
      const weather = tool({
        name: "get_weather",
        description: "Gets the weather of a city",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        execute: async ({ city }) => ({ city, celsius: 21 }),
      });
      const { answer, steps } = await chat.runTools("What is the weather in Paris?", { tools: [weather] });
      same([steps, answer.text.includes("21")], [2, true], "run");
    },
    "structured output, its validator loaded when needed": async () => {
      const schema = { title: "person", type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };
      const { value } = await chat.structuredOutput(schema).invoke("Ada is 36 years old. Give name and age.");
      same(value.age, 36, "age");
      const wrong = { title: "person", type: "object", properties: { age: { type: "integer", minimum: 1000 } }, required: ["age"] };
      const error = await chat.structuredOutput(wrong).invoke("Ada is 36 years old. Give the age.").catch((thrown) => thrown);
      if (error.kind !== undefined) same(error.kind, "OutputMismatch", "kind");
    },
    "serving endpoints": async () => {
      const names = (await client.servingEndpoints().list()).map(({ name }) => name);
      same(names.includes(ENDPOINT), true, "listed");
    },
  };
  // `lakewire/chat` has no other rooms
  if (client.servingEndpoints === undefined) delete checks["serving endpoints"];
  return each(checks);
}

/** Runs checks one after the other; gives `[[name, why or null], …]`. */
export async function each(checks) {
  const results = [];
  for (const [name, check] of Object.entries(checks)) {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("hangs")), 20_000)));
    try {
      await Promise.race([check(), late]);
      results.push([name, null]);
    } catch (error) {
      // Firefox and WebKit leave the sentence out of the stack
      results.push([name, `${error?.stack?.includes(error.message) ? "" : `${error} `}${error?.stack ?? ""}`]);
    } finally {
      clearTimeout(timer);
    }
  }
  return results;
}
