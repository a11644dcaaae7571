// Which chart suits a result, by its shape alone. Pure.

/** A result as the views show it: columns with what they hold, and rows of typed values. */
export interface Result {
  columns: readonly { name: string; type: string }[];
  rows: readonly (readonly unknown[])[];
}

/** A chart: one column along the axis, one or more columns of figures. */
export type Choice = { kind: "bar" | "line" | "scatter"; x: number; y: readonly number[] } | { kind: "none"; why: string };

/** More bars than these are no picture any more. */
export const MOST_BARS = 60;
/** More points than these are drawn thinned out. */
export const MOST_POINTS = 2_000;
/** More lines of figures than these in one picture cannot be told apart. */
const MOST_FIGURES = 3;

const FIGURES = /^(BYTE|SHORT|INT|LONG|FLOAT|DOUBLE|DECIMAL)$/;
const TIMES = /^(DATE|TIMESTAMP|TIMESTAMP_NTZ)$/;
const WORDS = /^(STRING|CHAR|BOOLEAN)$/;
/** A number that counts years, months and the like says where on an axis, not how much. */
const CALENDAR = /(^|_)(year|month|quarter|week|day|hour)(s|$|_)/i;
/** A number that names something says neither. */
const KEY = /(^|_)(id|key|code|zip|number)$|(key|id)$/i;

/** Picks the chart for a result. */
export function pick({ columns, rows }: Result): Choice {
  if (rows.length < 2) return { kind: "none", why: "One row is read faster than a chart." };
  const at = (test: (type: string, name: string) => boolean): number[] => columns.flatMap(({ type, name }, index) => (test(type, name) ? [index] : []));
  const times = at((type, name) => TIMES.test(type) || (FIGURES.test(type) && CALENDAR.test(name)));
  const words = at((type) => WORDS.test(type));
  const figures = at((type, name) => FIGURES.test(type) && !CALENDAR.test(name) && !KEY.test(name));
  const keys = at((type, name) => FIGURES.test(type) && KEY.test(name));
  if (figures.length === 0) return { kind: "none", why: "The result holds no figures." };
  const y = figures.slice(0, MOST_FIGURES);
  const [time] = times;
  if (time !== undefined && words.length === 0) return { kind: "line", x: time, y };
  const [word] = words.length > 0 ? words : keys;
  if (word !== undefined && distinct(rows, word)) {
    if (rows.length > MOST_BARS) return { kind: "none", why: `More than ${MOST_BARS} bars say nothing: ask for the largest ones.` };
    return { kind: "bar", x: word, y: sameScale(rows, y) };
  }
  const [first, second] = figures;
  if (first !== undefined && second !== undefined && words.length === 0) return { kind: "scatter", x: first, y: [second] };
  return { kind: "none", why: "No column names the rows one by one." };
}

/** Whether a column tells the rows apart. */
function distinct(rows: Result["rows"], column: number): boolean {
  return new Set(rows.map((row) => String(row[column]))).size === rows.length;
}

/** The figures that can share one axis with the first: those of about its size. */
function sameScale(rows: Result["rows"], columns: readonly number[]): number[] {
  const size = (column: number): number => Math.max(...rows.map((row) => Math.abs(Number(row[column] ?? 0))));
  const first = size(columns[0] ?? 0);
  return columns.filter((column) => {
    const own = size(column);
    return own <= first * 20 && own >= first / 20;
  });
}
