// What a runtime does while the server looks. Uses what every runtime has; `base` is the server's address, or a page's path.

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const body = JSON.stringify({ messages: [{ role: "user", content: "Hi" }], stream: true });
const plain = (base, name, signal) => fetch(`${base}/serving-endpoints/${name}/invocations`, { method: "POST", headers: { "content-type": "application/json" }, body, ...(signal && { signal }) });

/** Gives up streams at their second event: by lakewire, and by fetch alone. Gives how many aborts of fetch had no effect. */
async function cancel({ WorkspaceClient }, config, base, times) {
  const client = new WorkspaceClient(config);
  let lost = 0;
  for (let at = 0; at < times; at += 1) {
    const controller = new AbortController();
    let chunks = 0;
    try {
      for await (const chunk of await client.chat("cancel-lakewire").stream("Hi", { signal: controller.signal })) if (chunk && (chunks += 1) === 2) controller.abort();
    } catch {
      // aborted
    }
    const own = new AbortController();
    const reader = (await plain(base, "cancel-fetch", own.signal)).body.getReader();
    let timer;
    try {
      // on a busy machine two events may come in one read
      for (let text = ""; text.split("data: ").length < 3; ) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream ended by itself");
        text += new TextDecoder().decode(value);
      }
      own.abort();
      // in Deno one of some thirty such reads never ends, and the connection stays
      await Promise.race([reader.read(), new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("late")), 3000)))]);
    } catch (error) {
      if (error.message === "late") {
        lost += 1;
        reader.cancel().catch(() => undefined);
      }
    } finally {
      clearTimeout(timer);
    }
    await pause(20);
  }
  return lost;
}

/** Reads one event of an endless stream and stalls. */
async function push({ WorkspaceClient }, config, base) {
  const reader = (await new WorkspaceClient({ ...config, timeouts: { idleMs: 60_000 } }).chat("push-lakewire").stream("Hi")).getReader();
  await reader.read();
  await pause(4000);
  await reader.cancel().catch(() => undefined);
  const other = (await plain(base, "push-fetch")).body.getReader();
  await other.read();
  await pause(4000);
  await other.cancel().catch(() => undefined);
}

/** Whether fetch sends a stream as a body. */
async function upload(base) {
  const pieces = ["one ", "two ", "three"];
  const stream = new ReadableStream({
    async pull(controller) {
      if (pieces.length === 0) return controller.close();
      await pause(30);
      controller.enqueue(new TextEncoder().encode(pieces.shift()));
    },
  });
  try {
    await (await fetch(`${base}/serving-endpoints/upload-fetch/invocations`, { method: "POST", body: stream, duplex: "half" })).text();
    return "sent";
  } catch (error) {
    return `refused: ${error?.name} ${error?.message}`;
  }
}

/** Everything but loading and memory. */
export async function probe(lakewire, config, base, times) {
  const lost = await cancel(lakewire, config, base, times);
  await push(lakewire, config, base);
  return { lost, upload: await upload(base) };
}

/** Opens idle streams and gives the memory of each, in bytes; `memory()` collects garbage and gives what is in use, `{ heap, rss }`. */
export async function idle({ WorkspaceClient }, config, base, count, memory, kind) {
  const client = new WorkspaceClient({ ...config, timeouts: { idleMs: 600_000 } });
  const open = async () => {
    const reader = kind === "lakewire" ? (await client.chat("idle-lakewire").stream("Hi")).getReader() : (await plain(base, "idle-fetch")).body.getReader();
    await reader.read();
    reader.read().catch(() => undefined);
    return reader;
  };
  const warm = [await open(), await open()];
  const before = await memory();
  const kept = [];
  for (let at = 0; at < count; at += 20) kept.push(...(await Promise.all(Array.from({ length: Math.min(20, count - at) }, open))));
  await pause(200);
  const after = await memory();
  if (kept.length + warm.length !== count + 2) throw new Error("not all streams are open");
  return { heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count };
}
