// Spans as the rows of a waterfall: who called whom, when it began and how long it took. Pure.

/** What the layout needs of a span; times in nanoseconds, which a number cannot hold exactly. */
export interface Timed {
  span_id: string;
  parent_id?: string | null;
  start_ns: bigint;
  end_ns?: bigint | null;
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
  if (spans.length === 0) return [];
  const ids = new Set(spans.map(({ span_id }) => span_id));
  const children = new Map<string | null, S[]>();
  for (const span of [...spans].sort((a, b) => (a.start_ns < b.start_ns ? -1 : a.start_ns > b.start_ns ? 1 : 0))) {
    const parent = span.parent_id && span.parent_id !== span.span_id && ids.has(span.parent_id) ? span.parent_id : null;
    const list = children.get(parent);
    if (list) list.push(span);
    else children.set(parent, [span]);
  }
  const end = (span: S): bigint => (span.end_ns && span.end_ns > span.start_ns ? span.end_ns : span.start_ns);
  const first = spans.reduce((least, { start_ns }) => (start_ns < least ? start_ns : least), spans[0]!.start_ns);
  const last = spans.reduce((most, span) => (end(span) > most ? end(span) : most), first);
  const whole = Number(last - first) || 1;
  const rows: Row<S>[] = [];
  const seen = new Set<string>();
  const walk = (parent: string | null, depth: number): void => {
    for (const span of children.get(parent) ?? []) {
      // a circle of callers has no beginning; each span stands once
      if (seen.has(span.span_id)) continue;
      seen.add(span.span_id);
      const took = Number(end(span) - span.start_ns);
      rows.push({ span, depth, from: Number(span.start_ns - first) / whole, width: took / whole, ms: took / 1e6 });
      walk(span.span_id, depth + 1);
    }
  };
  walk(null, 0);
  // what only a circle leads to
  for (const span of spans) {
    if (seen.has(span.span_id)) continue;
    children.set(null, [span]);
    walk(null, 0);
  }
  return rows;
}

/** A length of time as a person reads it. */
export function length(ms: number): string {
  if (ms < 1) return `${Math.max(0, ms).toFixed(2)} ms`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
