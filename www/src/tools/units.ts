// Unit conversion: every unit as a factor (and, for temperatures, an offset) to its quantity's base unit.

/** A conversion that cannot be done, with the units that could. */
export class UnitError extends Error {
  override name = "UnitError";
}

interface Unit {
  quantity: string;
  /** base = value * factor + offset */
  factor: number;
  offset?: number;
}

const UNITS = new Map<string, Unit>();

function define(quantity: string, entries: Record<string, number | [factor: number, offset: number]>): void {
  for (const [names, scale] of Object.entries(entries)) {
    const [factor, offset] = typeof scale === "number" ? [scale, 0] : scale;
    for (const name of names.split("|")) UNITS.set(name, { quantity, factor, offset });
  }
}

define("length", {
  "mm|millimeter|millimetre": 0.001,
  "cm|centimeter|centimetre": 0.01,
  "m|meter|metre": 1,
  "km|kilometer|kilometre": 1000,
  "in|inch|inches": 0.0254,
  "ft|foot|feet": 0.3048,
  "yd|yard": 0.9144,
  "mi|mile": 1609.344,
  "nmi|nautical mile": 1852,
});
define("mass", {
  "mg|milligram": 1e-6,
  "g|gram": 0.001,
  "kg|kilogram|kilo": 1,
  "t|tonne|metric ton": 1000,
  "oz|ounce": 0.028349523125,
  "lb|lbs|pound": 0.45359237,
  "st|stone": 6.35029318,
});
define("temperature", {
  "k|kelvin": 1,
  "c|°c|celsius|degree celsius|degrees celsius": [1, 273.15],
  "f|°f|fahrenheit|degree fahrenheit|degrees fahrenheit": [5 / 9, 459.67 * (5 / 9)],
});
define("volume", {
  "ml|milliliter|millilitre": 1e-6,
  "cl|centiliter|centilitre": 1e-5,
  "l|liter|litre": 0.001,
  "m3|m³|cubic meter|cubic metre": 1,
  "tsp|teaspoon": 4.92892159375e-6,
  "tbsp|tablespoon": 1.478676478125e-5,
  cup: 2.365882365e-4,
  "pt|pint": 4.73176473e-4,
  "gal|gallon": 3.785411784e-3,
});
define("speed", {
  "m/s|meters per second|metres per second": 1,
  "km/h|kmh|kph|kilometers per hour|kilometres per hour": 1 / 3.6,
  "mph|miles per hour": 0.44704,
  "kn|knot": 1852 / 3600,
});
define("time", {
  "ms|millisecond": 0.001,
  "s|sec|second": 1,
  "min|minute": 60,
  "h|hr|hour": 3600,
  "d|day": 86_400,
  week: 604_800,
});
define("area", {
  "m2|m²|square meter|square metre": 1,
  "km2|km²|square kilometer|square kilometre": 1e6,
  "ha|hectare": 1e4,
  "ac|acre": 4046.8564224,
  "ft2|ft²|square foot|square feet": 0.09290304,
});
define("data", {
  "b|byte": 1,
  "kb|kilobyte": 1e3,
  "mb|megabyte": 1e6,
  "gb|gigabyte": 1e9,
  "tb|terabyte": 1e12,
  "kib|kibibyte": 1024,
  "mib|mebibyte": 1024 ** 2,
  "gib|gibibyte": 1024 ** 3,
});

/** Converts `value`; the result keeps ten significant digits, which hides nothing a person would call exact. */
export function convert(value: number, from: string, to: string): number {
  if (!Number.isFinite(value)) throw new UnitError("The value to convert is not a number.");
  const source = find(from);
  const target = find(to);
  if (source.quantity !== target.quantity)
    throw new UnitError(
      `${from} is a unit of ${source.quantity}, ${to} a unit of ${target.quantity}: one cannot become the other.`,
    );
  const base = value * source.factor + (source.offset ?? 0);
  const result = (base - (target.offset ?? 0)) / target.factor;
  return Number(result.toPrecision(10));
}

function find(name: string): Unit {
  const key = name.trim().toLowerCase();
  const unit = UNITS.get(key) ?? UNITS.get(key.replace(/s$/, "")) ?? UNITS.get(key.replace(/es$/, ""));
  if (!unit)
    throw new UnitError(
      `The unit "${name}" is not known. Known are, among others: ${["km", "mi", "ft", "kg", "lb", "°C", "°F", "l", "gal", "km/h", "mph", "h", "ha", "GB"].join(", ")}.`,
    );
  return unit;
}
