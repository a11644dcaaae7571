// A metric over the steps of runs, as lines.

import { Chart, Legend, LinearScale, LineElement, PointElement, ScatterController, Tooltip } from "chart.js";

Chart.register(Legend, LinearScale, LineElement, PointElement, ScatterController, Tooltip);

/** Draws it; what comes back takes it away again. */
export function plot(canvas: HTMLCanvasElement, metric: string, lines: readonly { name: string; points: readonly { step: number; value: number }[] }[]): () => void {
  const style = getComputedStyle(document.documentElement);
  const tone = (name: string, other: string): string => style.getPropertyValue(name).trim() || other;
  const [ink, line] = [tone("--ink-soft", "#555"), tone("--line", "#ddd")];
  const colours = [tone("--accent", "#0b6"), tone("--warn", "#b70"), tone("--bad", "#c33"), ink];
  const axis = (title: string, whole: boolean) => ({ title: { display: true, text: title, color: ink }, ticks: { color: ink, ...(whole && { precision: 0 }) }, grid: { color: line } });
  const chart = new Chart(canvas, {
    type: "scatter",
    data: {
      datasets: lines.map(({ name, points }, at) => ({
        label: name,
        data: points.map(({ step, value }) => ({ x: step, y: value })),
        showLine: true,
        borderColor: colours[at % colours.length]!,
        backgroundColor: colours[at % colours.length]!,
        borderWidth: 2,
        pointRadius: 3,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { display: lines.length > 1, labels: { color: ink } } },
      scales: { x: axis("answer", true), y: axis(metric, false) },
    },
  });
  return () => chart.destroy();
}
