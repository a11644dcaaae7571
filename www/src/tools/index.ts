// The tools the page offers to the model. They are ordinary functions and run here, in the browser.

import { tool } from "lakewire";
import { readClock } from "./clock.js";
import { evaluate } from "./expression.js";
import { convert } from "./units.js";

/** A tool with the words the settings panel shows for it. */
export interface PageTool {
  name: string;
  label: string;
  about: string;
  tool: ReturnType<typeof tool>;
}

const calculator = tool({
  name: "calculator",
  description:
    "Computes an arithmetic expression exactly. Use it for every calculation. Knows + - * / % ^, parentheses, sqrt, round, min, max, log, ln, sin, cos, tan, pi and e.",
  parameters: {
    type: "object",
    properties: { expression: { type: "string", description: "The arithmetic expression, for example 12.5 * (3 + 4)" } },
    required: ["expression"],
    additionalProperties: false,
  },
  execute: async (args: unknown) => {
    const expression = String(field(args, "expression") ?? "");
    return { result: Number(evaluate(expression).toPrecision(15)) };
  },
});

const current_time = tool({
  name: "current_time",
  description: "Tells the current date and time, the clock, in a city or time zone; without one, where the user is.",
  parameters: {
    type: "object",
    properties: {
      time_zone: { type: "string", description: "An IANA time zone such as Europe/Lisbon, or a city such as Tokyo" },
    },
    additionalProperties: false,
  },
  execute: async (args: unknown) => {
    const zone = field(args, "time_zone");
    return readClock(typeof zone === "string" ? zone : undefined, new Date());
  },
});

const convert_units = tool({
  name: "convert_units",
  description:
    "Converts a value from one unit of measurement to another: length, mass, temperature, volume, speed, time, area, data size.",
  parameters: {
    type: "object",
    properties: {
      value: { type: "number", description: "The value to convert" },
      from_unit: { type: "string", description: "The unit the value is in, for example miles or °F" },
      to_unit: { type: "string", description: "The unit wanted, for example kilometers or °C" },
    },
    required: ["value", "from_unit", "to_unit"],
    additionalProperties: false,
  },
  execute: async (args: unknown) => {
    const value = Number(field(args, "value"));
    const from_unit = String(field(args, "from_unit") ?? "");
    const to_unit = String(field(args, "to_unit") ?? "");
    return { result: convert(value, from_unit, to_unit), unit: to_unit };
  },
});

/** Every tool, in the order the settings show them. */
export const PAGE_TOOLS: readonly PageTool[] = [
  { name: "calculator", label: "Calculator", about: "Arithmetic, powers, roots, logarithms", tool: calculator },
  { name: "current_time", label: "Current time", about: "The clock in any city or time zone", tool: current_time },
  {
    name: "convert_units",
    label: "Unit converter",
    about: "Length, mass, temperature, volume, speed and more",
    tool: convert_units,
  },
];

/** One argument of a call. The model wrote it, so nothing about its shape is taken for granted. */
function field(args: unknown, name: string): unknown {
  return typeof args === "object" && args !== null ? (args as Record<string, unknown>)[name] : undefined;
}
