// The tools the page offers: they compute what they say, and refuse in sentences what they cannot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./modules.mjs";

const { evaluate, ExpressionError } = await pageModule("tools/expression.ts");
const { convert, UnitError } = await pageModule("tools/units.ts");
const { readClock, TimeZoneError } = await pageModule("tools/clock.ts");

test("calculator: precedence, signs, powers and functions", () => {
  const cases = [
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["2 * -3", -6],
    ["2 ^ -1", 0.5],
    ["10 - 4 - 3", 3],
    ["100 / 10 / 5", 2],
    ["17 % 5", 2],
    ["1_000 * 2", 2000],
    ["1.5e3 + .5", 1500.5],
    ["12 × 3 ÷ 4 − 1", 8],
    ["2 ** 10", 1024],
    ["√16 + sqrt(9)", 7],
    ["max(1, 5, 3) - min(4, 2)", 3],
    ["round(pi, 2)", 3.14],
    ["log(1000) + log(8, 2) + ln(e)", 7],
    ["(1250 * 1.19 - 200) / 12", (1250 * 1.19 - 200) / 12],
  ];
  for (const [expression, value] of cases)
    assert.ok(Math.abs(evaluate(expression) - value) < 1e-12, `${expression} gave ${evaluate(expression)}`);
});

test("calculator: refuses what is not arithmetic, and says why", () => {
  const cases = [
    ["", /empty/],
    ["1 +", /ends where a number/],
    ["1 2", /not expected/],
    ["(1", /"\)" is missing/],
    ["1 / 0", /Division by zero/],
    ["5 % 0", /zero/],
    ["process.exit(1)", /not/],
    ["constructor", /"constructor" is not known/],
    ["alert(1)", /"alert" is not known/],
    ["sqrt(-1)", /not a number/],
    ["9 ^ 9 ^ 9", /infinite/],
    ["sin(1, 2)", /2 arguments/],
    ["(".repeat(500), /nested too deeply|ends/],
    ["1+".repeat(600) + "1", /longer than/],
  ];
  for (const [expression, message] of cases) {
    assert.throws(
      () => evaluate(expression),
      (error) => error instanceof ExpressionError && message.test(error.message),
      expression.slice(0, 30),
    );
  }
});

test("units: exact factors, temperatures with their offset, plurals and symbols", () => {
  const cases = [
    [26.2, "miles", "km", 42.1648128],
    [100, "°C", "°F", 212],
    [-40, "fahrenheit", "celsius", -40],
    [0, "K", "C", -273.15],
    [1, "inch", "cm", 2.54],
    [150, "pounds", "kg", 68.0388555],
    [90, "km/h", "m/s", 25],
    [2, "weeks", "hours", 336],
    [1, "GiB", "MB", 1073.741824],
    [3, "cups", "ml", 709.7647095],
  ];
  for (const [value, from, to, expected] of cases)
    assert.ok(
      Math.abs(convert(value, from, to) - expected) < 1e-7,
      `${value} ${from} gave ${convert(value, from, to)} ${to}`,
    );
});

test("units: refuses unknown units, other quantities and no number", () => {
  assert.throws(
    () => convert(1, "furlong", "m"),
    (error) => error instanceof UnitError && /"furlong" is not known/.test(error.message),
  );
  assert.throws(
    () => convert(1, "kg", "m"),
    (error) => error instanceof UnitError && /mass.*length/.test(error.message),
  );
  assert.throws(() => convert(Number.NaN, "kg", "lb"), UnitError);
});

test("clock: zones by name and by city, with their offset on that day", () => {
  const summer = new Date("2026-07-01T12:00:00Z");
  assert.deepEqual(readClock("Asia/Tokyo", summer), {
    time_zone: "Asia/Tokyo",
    local_time: "Wednesday, 1 July 2026 at 21:00",
    utc_offset: "+09:00",
  });
  assert.equal(readClock("tokyo", summer).time_zone, "Asia/Tokyo");
  assert.equal(readClock("the city of Port-au-Prince, Haiti", summer).time_zone, "America/Port-au-Prince");
  assert.equal(readClock("New York", summer).utc_offset, "-04:00");
  assert.equal(readClock("New York", new Date("2026-01-01T12:00:00Z")).utc_offset, "-05:00");
  assert.equal(readClock("UTC", summer).utc_offset, "+00:00");
  assert.throws(() => readClock("Atlantis", summer), TimeZoneError);
});
