// Values as JSON texts, for what is told of a call: nothing throws, nothing grows without bounds.

const DEPTH = 24;
const ITEMS = 2_000;

/** An object whose fields may be read: what throws, turns in circles or has no JSON form says so in its place. */
function plain(value, left, around) {
  switch (typeof value) {
    case "string": {
      const text = value.length > left.chars ? `${value.slice(0, Math.max(0, left.chars))}… (${value.length} characters)` : value;
      left.chars -= text.length;
      return text;
    }
    case "number":
      return Number.isFinite(value) ? value : `${value}`;
    case "bigint":
      return `${value}`;
    case "boolean":
      return value;
    case "object":
      break;
    case "undefined":
      return undefined;
    default:
      return `[${typeof value}]`;
  }
  if (value === null) return null;
  if (around.includes(value)) return "[circular]";
  if (around.length >= DEPTH) return "[deep]";
  if (left.chars <= 0) return "[cut]";
  left.chars -= 2;
  try {
    return within(value, left, [...around, value]);
  } catch {
    return "[unreadable]";
  }
}

function within(value, left, around) {
  if (typeof value.toJSON === "function") return plain(value.toJSON(), left, around);
  if (value instanceof Error) return plain({ name: value.name, kind: value.kind, message: value.message }, left, around);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.constructor.name}, ${value.byteLength} bytes]`;
  if (value instanceof Map) return fields([...value].slice(0, ITEMS), left, around);
  const list = Array.isArray(value) ? value : value instanceof Set ? [...value] : undefined;
  if (list !== undefined) {
    const items = list.slice(0, ITEMS).map((item) => plain(item, left, around) ?? null);
    return list.length > ITEMS ? [...items, `… (${list.length} items)`] : items;
  }
  if (typeof value.getReader === "function" || typeof value[Symbol.asyncIterator] === "function") return "[stream]";
  return fields(Object.keys(value).map((key) => [key, value[key]]), left, around);
}

function fields(entries, left, around) {
  const out = Object.create(null);
  for (const [key, value] of entries) {
    left.chars -= `${key}`.length + 4;
    const own = plain(value, left, around);
    if (own !== undefined) out[key] = own;
  }
  return out;
}

/** A value as what JSON can hold, of about `limit` characters at most. */
export const bounded = (value, limit) => plain(value, { chars: limit }, []);

/** What was given, at the time: lists and objects of two levels are copied, what stands in them is shared. */
export function snapshot(value) {
  try {
    return copied(value);
  } catch {
    // a property that throws: it is told of as such when it is read again
    return value;
  }
}

function copied(value) {
  const copy = (one) => (Array.isArray(one) ? one.slice() : one !== null && typeof one === "object" && Object.getPrototypeOf(one) === Object.prototype ? { ...one } : one);
  const top = copy(value);
  if (top === value || top === null || typeof top !== "object") return top;
  const keys = Object.keys(top);
  if (keys.length <= ITEMS) for (const key of keys) top[key] = copy(top[key]);
  return top;
}
