// Values as JSON texts, for what is told of a call: nothing throws, nothing grows without bounds.

const DEPTH = 24;
const ITEMS = 2_000;
/** What a number, `true` or the like counts, in characters. */
const SCALAR = 8;
/** A name that is cut is none: shorter ones stay. */
const NAME = 64;

function scalar(value) {
  if (typeof value === "number") return Number.isFinite(value) ? value : `${value}`;
  if (typeof value === "boolean") return value;
  return `[${typeof value}]`;
}

/** An object whose fields may be read: what throws, turns in circles or has no JSON form says so in its place. */
function plain(value, left, around) {
  switch (typeof value) {
    case "string": {
      const text = value.length > left.chars ? `${value.slice(0, Math.max(0, left.chars))}… (${value.length} characters)` : value;
      left.chars -= text.length;
      return text;
    }
    case "bigint":
      return plain(`${value}`, left, around);
    case "undefined":
      return undefined;
    case "object":
      break;
    default:
      left.chars -= SCALAR;
      return scalar(value);
  }
  if (value === null) {
    left.chars -= SCALAR;
    return null;
  }
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
  if (value instanceof Map) return fields(value.keys(), (key) => value.get(key), value.size, left, around);
  if (Array.isArray(value)) return items(value, value.length, left, around);
  if (value instanceof Set) return items(value, value.size, left, around);
  if (typeof value.getReader === "function" || typeof value[Symbol.asyncIterator] === "function") return "[stream]";
  const keys = Object.keys(value);
  return fields(keys, (key) => value[key], keys.length, left, around);
}

function items(list, count, left, around) {
  const out = [];
  for (const item of list) {
    if (out.length >= ITEMS || (left.chars <= 0 && out.length > 0)) {
      out.push(`… (${count} items)`);
      break;
    }
    out.push(plain(item, left, around) ?? null);
  }
  return out;
}

function fields(keys, read, count, left, around) {
  const out = Object.create(null);
  let seen = 0;
  for (const key of keys) {
    if (seen > 0 && left.chars <= 0) {
      out["…"] = `(${count} fields)`;
      break;
    }
    seen += 1;
    const text = String(key);
    const name = text.length > NAME && text.length > left.chars ? `${text.slice(0, NAME)}…` : text;
    left.chars -= name.length + 4;
    const own = plain(read(key), left, around);
    if (own !== undefined) out[name] = own;
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
