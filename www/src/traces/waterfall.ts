// Spans as the rows of a waterfall: who called whom, when it began and how long it took. Pure.

/** What the layout needs of a span; times in nanoseconds as texts, for a number cannot hold them exactly. */
export interface Timed {
  span_id: string;
  parent_id?: string | null;
  start_ns: string;
  end_ns: string;
}

/** A span's place: its depth, and where its bar begins and how wide it is, as parts of the whole (0 to 1). */
export interface Row<S extends Timed> {
  span: S;
  depth: number;
  from: number;
  width: number;
  ms: number;
}

/** The rows in the order of the calls: each span before what it called, siblings as they began. A span whose caller is not there counts as one that nobody called. */
export function waterfall<S extends Timed>(spans: readonly S[]): Row<S>[] {
  const all = spans.map((span) => ({ span, start: time(span.start_ns), end: time(span.end_ns) }));
  const [some] = all;
  if (some === undefined) return [];
  // one that goes on ends where it begins
  for (const each of all) if (each.end < each.start) each.end = each.start;
  const first = all.reduce((least, { start }) => (start < least ? start : least), some.start);
  const last = all.reduce((most, { end }) => (end > most ? end : most), first);
  const whole = Number(last - first) || 1;
  const ids = new Set(spans.map(({ span_id }) => span_id));
  const children = new Map<string | null, typeof all>();
  for (const each of all.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    const { parent_id, span_id } = each.span;
    const parent = parent_id && parent_id !== span_id && ids.has(parent_id) ? parent_id : null;
    const list = children.get(parent);
    if (list) list.push(each);
    else children.set(parent, [each]);
  }
  const rows: Row<S>[] = [];
  const seen = new Set<string>();
  const walk = (each: (typeof all)[number], depth: number): void => {
    // a circle of callers has no beginning; each span stands once
    if (seen.has(each.span.span_id)) return;
    seen.add(each.span.span_id);
    const took = Number(each.end - each.start);
    rows.push({ span: each.span, depth, from: Number(each.start - first) / whole, width: took / whole, ms: took / 1e6 });
    for (const child of children.get(each.span.span_id) ?? []) walk(child, depth + 1);
  };
  for (const each of children.get(null) ?? []) walk(each, 0);
  // what only a circle leads to
  for (const each of all) walk(each, 0);
  return rows;
}

/** Nanoseconds; 0 for what says none. */
function time(text: string): bigint {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
}

/** A length of time as a person reads it. */
export function length(ms: number): string {
  if (ms < 1) return `${Math.max(0, ms).toFixed(2)} ms`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
