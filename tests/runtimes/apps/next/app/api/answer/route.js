import { client, ENDPOINT } from "../../workspace.js";

/** A route that streams an answer as text. */
export async function POST(request) {
  const words = await client.chat(ENDPOINT).textStream(await request.text(), { signal: request.signal });
  return new Response(words.pipeThrough(new TextEncoderStream()), { headers: { "content-type": "text/plain; charset=utf-8" } });
}
