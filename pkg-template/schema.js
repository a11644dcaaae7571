// Schemas as callers have them: a JSON Schema object, or anything that follows the Standard Schema
// interface (zod, valibot …) and can describe itself as JSON Schema.

import { fail } from "./errors.js";

/** `{ json, check }`: the JSON Schema, and an async check that gives the value or throws a reason. */
export function readSchema(schema, what) {
  const standard = schema?.["~standard"];
  if (standard === undefined) {
    if (schema === null || typeof schema !== "object" || Array.isArray(schema)) {
      throw fail("InvalidInput", `${what} must be a JSON Schema object or a Standard Schema (zod, valibot).`);
    }
    return { json: schema, check: (value) => checkJsonSchema(schema, value) };
  }
  const describe = standard.jsonSchema?.input;
  if (typeof describe !== "function") {
    throw fail(
      "InvalidInput",
      `${what} follows Standard Schema but cannot describe itself as JSON Schema: use zod 4.2 or newer, ` +
        "toStandardJsonSchema of @valibot/to-json-schema, or a JSON Schema object.",
    );
  }
  let json;
  try {
    const { $schema, ...rest } = describe({ target: "draft-07" });
    json = rest;
  } catch (cause) {
    throw fail("InvalidInput", `${what} holds something JSON Schema cannot express.`, { cause });
  }
  return { json, check: (value) => checkStandard(standard, value) };
}

async function checkStandard(standard, value) {
  const result = await standard.validate(value);
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((step) => (typeof step === "object" ? step.key : step)).join(".");
  throw new Error(`${path ? `${path}: ` : ""}${issue?.message ?? "it does not fit"}`);
}

async function checkJsonSchema(schema, value) {
  // loaded when first needed: people who only chat do not run it
  const { Validator } = await import("./validator.js");
  const result = new Validator(schema, "2020-12").validate(value);
  if (result.valid) return value;
  const [deepest] = result.errors.slice(-1);
  throw new Error(`${deepest?.instanceLocation ?? "#"}: ${deepest?.error ?? "it does not fit"}`);
}
