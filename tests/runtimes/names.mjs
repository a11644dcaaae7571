// The names of the scenarios, which must be the same in both faces.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { scenarios } from "./scenarios.mjs";

/** A name as Rust writes it. */
export const rust = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");

/** The names as JavaScript has them. */
export function namesInJs() {
  const handle = new Proxy(function () {}, { construct: () => handle, apply: () => handle, get: () => handle });
  return Object.keys(scenarios({ lakewire: handle, data: handle, mlflow: handle, config: {}, hub: {} }));
}

/** The names as Rust has them. */
export async function namesInRust(root) {
  const texts = await Promise.all(["conformance.rs", "conformance_data.rs"].map((file) => readFile(join(root, "tests", file), "utf8")));
  return texts.flatMap((text) => [...text.matchAll(/#\[tokio::test\]\nasync fn (\w+)/g)].map(([, name]) => name));
}

/** Why the two lists differ; nothing when they do not. */
export async function difference(root) {
  const [js, native] = [namesInJs().map(rust), await namesInRust(root)];
  const [more, fewer] = [js.filter((name) => !native.includes(name)), native.filter((name) => !js.includes(name))];
  if (js.length === 0 || new Set(js).size !== js.length) return "the list of JavaScript is empty or has a name twice";
  if (more.length + fewer.length > 0) return `in JavaScript alone: ${more.join(", ") || "none"}; in Rust alone: ${fewer.join(", ") || "none"}`;
  return null;
}
