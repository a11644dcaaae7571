"use client";
import { useEffect } from "react";
import * as lakewire from "lakewire";
import { each, same, smoke } from "./smoke.mjs";

const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
const ASK = "My name is Ada. What is my name?";

/** Through the relay, as an app would. */
const relayed = () => {
  const client = new lakewire.WorkspaceClient({ relay: "/api/lakewire" });
  return each({
    "relay: an answer, whole and streamed": async () => {
      const { text } = await client.chat(ENDPOINT).invoke(ASK);
      let words = "";
      for await (const word of await client.chat(ENDPOINT).textStream(ASK)) words += word;
      same([words, text.includes("Ada")], [text, true], "the answer");
    },
    "relay: what is not named is refused": async () => {
      const error = await client.chat("another-endpoint").invoke(ASK).catch((thrown) => thrown);
      same([error.kind, error.status], ["NotFound", 404], "the refusal");
    },
  });
};

/** In the browser: everything that `smoke.mjs` tries, which the test run puts beside this file, and the relay. */
export function Ask() {
  useEffect(() => {
    smoke(lakewire, { host: "/api/databricks" })
      .then(async (results) => [...results, ...(await relayed())])
      .then((results) => (globalThis.results = results), (error) => (globalThis.results = [["starts", String(error)]]));
  }, []);
  return null;
}
