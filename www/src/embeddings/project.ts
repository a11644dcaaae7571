// Many dimensions on two: the two directions in which the rows differ most (principal components).

/** How often a direction is turned towards the best one. */
const TURNS = 60;

/** A point for every row, in the plane that keeps the most of their differences. Rows must be of one length. */
export function project(rows: readonly Float32Array[]): [x: number, y: number][] {
  const dimensions = rows[0]?.length ?? 0;
  const mean = new Float64Array(dimensions);
  for (const row of rows) row.forEach((value, at) => (mean[at] = (mean[at] ?? 0) + value / rows.length));
  const centred = rows.map((row) => Float64Array.from(row, (value, at) => value - (mean[at] ?? 0)));
  const first = direction(centred, []);
  const second = direction(centred, [first]);
  return centred.map((row) => [dot(row, first), dot(row, second)]);
}

/** The direction of most variance that is square to the given ones, by power iteration over the rows. */
function direction(rows: readonly Float64Array[], others: readonly Float64Array[]): Float64Array {
  const dimensions = rows[0]?.length ?? 0;
  // Some start that is no direction of its own: the same in every run.
  let at = Float64Array.from({ length: dimensions }, (_, i) => Math.sin(i * 12.9898 + 1 + others.length));
  for (let turn = 0; turn < TURNS; turn += 1) {
    const next = new Float64Array(dimensions);
    for (const row of rows) {
      const along = dot(row, at);
      row.forEach((value, i) => (next[i] = (next[i] ?? 0) + along * value));
    }
    for (const other of others) {
      const along = dot(next, other);
      other.forEach((value, i) => (next[i] = (next[i] ?? 0) - along * value));
    }
    const length = Math.sqrt(dot(next, next));
    // Rows that do not differ have no direction left.
    if (length < 1e-12) return new Float64Array(dimensions);
    at = next.map((value) => value / length);
  }
  return at;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** The pairs of rows, most similar first. */
export function pairs(similarity: readonly (readonly number[])[]): { a: number; b: number; value: number }[] {
  return similarity
    .flatMap((row, a) => row.slice(a + 1).map((value, at) => ({ a, b: a + 1 + at, value })))
    .sort((one, other) => other.value - one.value);
}
