// The chart of a result.

import { BarController, BarElement, CategoryScale, Chart, LinearScale, LineController, LineElement, PointElement, ScatterController, Tooltip, Legend } from "chart.js";
import { type Choice, MOST_POINTS, type Result } from "./chart.js";
import { show } from "./table.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement, PointElement, ScatterController, Tooltip, Legend);

/** Draws a chosen chart on a canvas; what comes back takes it away again. */
export function draw(canvas: HTMLCanvasElement, result: Result, choice: Exclude<Choice, { kind: "none" }>): () => void {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink-soft").trim() || "#555";
  const line = style.getPropertyValue("--line").trim() || "#ddd";
  const colours = [style.getPropertyValue("--accent").trim() || "#0b6", style.getPropertyValue("--warn").trim() || "#b70", style.getPropertyValue("--bad").trim() || "#c33"];
  const { x, y, kind } = choice;
  const name = (at: number): string => result.columns[at]?.name ?? "";
  const rows = kind === "line" ? [...result.rows].sort((a, b) => order(a[x], b[x])) : result.rows;
  const step = Math.max(1, Math.ceil(rows.length / MOST_POINTS));
  const seen = rows.filter((_, at) => at % step === 0);
  const sets = y.map((column, at) => {
    const colour = colours[at % colours.length];
    const data = kind === "scatter" ? seen.map((row) => ({ x: Number(row[x]), y: Number(row[column]) })) : seen.map((row) => Number(row[column]));
    return { label: name(column), data, backgroundColor: colour, borderColor: colour, borderWidth: kind === "line" ? 2 : 0, pointRadius: kind === "line" && seen.length > 60 ? 0 : 3 };
  });
  const axis = (title: string) => ({ title: { display: true, text: title, color: ink }, ticks: { color: ink }, grid: { color: line } });
  const chart = new Chart(canvas as HTMLCanvasElement, {
    type: kind as "bar",
    data: { labels: seen.map((row) => show(row[x])), datasets: sets as { label: string; data: number[] }[] },
    options: {
      animation: false,
      maintainAspectRatio: false,
      // long names stand better beside horizontal bars
      indexAxis: kind === "bar" && seen.length > 8 ? "y" : "x",
      plugins: { legend: { display: y.length > 1, labels: { color: ink } } },
      scales: kind === "bar" && seen.length > 8 ? { y: axis(name(x)), x: axis(y.map(name).join(", ")) } : { x: axis(name(x)), y: axis(y.map(name).join(", ")) },
    },
  });
  return () => chart.destroy();
}

function order(a: unknown, b: unknown): number {
  const [one, other] = [show(a), show(b)];
  const [first, second] = [Number(one), Number(other)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return one < other ? -1 : one > other ? 1 : 0;
}
