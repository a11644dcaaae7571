// Asks Dolly at a Text Generation Inference server, word by word. `node examples/hub.mjs`
// Reads HF_TOKEN and HF_BASE_URL, the server's address; the emulator's is its own address with `/hf`.

import { dollyAnswer, dollyPrompt, HubClient } from "lakewire";

const hub = new HubClient({ baseUrl: process.env.HF_BASE_URL ?? "http://127.0.0.1:8787/hf", token: process.env.HF_TOKEN ?? "hf_emulator", provider: "tgi" });
const parameters = { max_new_tokens: 200, stop: ["### End"] };

const { text } = await hub.textGeneration(null, dollyPrompt("What is my name?", "My name is Ann."), parameters);
console.log(dollyAnswer(text));

process.stdout.write("Streamed: ");
for await (const word of await hub.textStream(null, dollyPrompt("Say hello."), parameters)) process.stdout.write(word);
console.log();
