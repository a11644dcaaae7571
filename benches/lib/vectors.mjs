// 512 vectors of 1024 numbers, as an embeddings endpoint answers with them, to one Float32Array.

import { median } from "./measure.mjs";

const ROWS = 512;
const WIDTH = 1024;

/** Numbers as a model gives them: 32-bit, normalized, the same in every run. */
function numbers() {
  let seed = 20_240_229;
  const draw = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const all = new Float32Array(ROWS * WIDTH);
  for (let at = 0; at < all.length; at += 1) {
    all[at] = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()) / Math.sqrt(WIDTH);
  }
  return all;
}

function base64(row) {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `"${btoa(text)}"`;
}

/** How servers write them. */
const FORMS = {
  "17 digits": (row) => `[${Array.from(row, (value) => String(value)).join(",")}]`,
  "9 digits": (row) => `[${Array.from(row, (value) => String(Number(value.toPrecision(9)))).join(",")}]`,
  base64,
};

function body(all, form) {
  const items = Array.from({ length: ROWS }, (_, at) => `{"object":"embedding","index":${at},"embedding":${FORMS[form](all.subarray(at * WIDTH, (at + 1) * WIDTH))}}`);
  return new TextEncoder().encode(`{"id":"e","object":"list","model":"gte","data":[${items.join(",")}],"usage":{"prompt_tokens":4096,"total_tokens":4096}}`);
}

function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return new Float32Array(bytes.buffer);
}

/** What is compared: each takes a fetch and gives all numbers. */
function contestants({ WorkspaceClient }) {
  const texts = Array.from({ length: ROWS }, () => "x");
  const parsed = async (fetch) => (await (await fetch()).json()).data;
  return {
    "JSON.parse + Float32Array.from": async (fetch) => {
      const rows = (await parsed(fetch)).map(({ embedding }) => (typeof embedding === "string" ? fromBase64(embedding) : Float32Array.from(embedding)));
      const all = new Float32Array(ROWS * WIDTH);
      rows.forEach((row, at) => all.set(row, at * WIDTH));
      return all;
    },
    "JSON.parse + set": async (fetch) => {
      const all = new Float32Array(ROWS * WIDTH);
      for (const { index, embedding } of await parsed(fetch)) all.set(typeof embedding === "string" ? fromBase64(embedding) : embedding, index * WIDTH);
      return all;
    },
    lakewire: async (fetch) => {
      const client = new WorkspaceClient({ host: "https://workspace.example", fetch });
      return (await client.embeddings("gte").embedDocuments(texts, { batchSize: ROWS })).data;
    },
  };
}

/** One read, or reads as a network gives them. */
function memoryFetch(bytes, size) {
  return async () => {
    let at = 0;
    const stream = new ReadableStream(
      {
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.subarray(at, at + size));
          at += size;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(stream, { headers: { "content-type": "application/json" } });
  };
}

/** A markdown table of medians: milliseconds of the first, ratios of the others. */
export async function compare(lakewire, { rounds, clock, note = () => {} }) {
  const all = numbers();
  const made = contestants(lakewire);
  const [first, ...others] = Object.keys(made);
  const out = [`| answer | MB | reads | ${first}, ms | ${others.join(" | ")} |`, `|${"---|".repeat(4 + others.length)}`];
  for (const form of Object.keys(FORMS)) {
    const bytes = body(all, form);
    for (const [name, size] of [["one", bytes.length], ["64 KiB", 65_536]]) {
      const fetch = memoryFetch(bytes, size);
      const expected = new Uint32Array((await made[first](fetch)).buffer);
      for (const contestant of others) {
        const found = await made[contestant](fetch);
        const bits = new Uint32Array(found.buffer, found.byteOffset, found.length);
        if (bits.length !== expected.length || bits.some((word, at) => word !== expected[at])) throw new Error(`${contestant}: other numbers than ${first} (${form})`);
      }
      const times = Object.fromEntries([first, ...others].map((contestant) => [contestant, []]));
      for (let round = -3; round < rounds; round += 1) {
        for (const contestant of Object.keys(times)) {
          const start = clock();
          await made[contestant](fetch);
          if (round >= 0) times[contestant].push(clock() - start);
        }
        note();
      }
      const base = median(times[first]);
      out.push(`| ${form} | ${(bytes.length / 1e6).toFixed(1)} | ${name} | ${base.toFixed(1)} | ${others.map((contestant) => (median(times[contestant]) / base).toFixed(2)).join(" | ")} |`);
    }
  }
  return out.join("\n");
}
