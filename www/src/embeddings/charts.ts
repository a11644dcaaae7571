// The two drawings: similarities as a heat map, the lines as points on a plane.

import { Chart, LinearScale, PointElement, type Scale, ScatterController, Tooltip } from "chart.js";
import { MatrixController, MatrixElement } from "chartjs-chart-matrix";

Chart.register(LinearScale, PointElement, ScatterController, Tooltip, MatrixController, MatrixElement);

/** What is drawn. */
export interface Drawing {
  lines: readonly string[];
  similarity: readonly (readonly number[])[];
  points: readonly (readonly [number, number])[];
}

interface Cell {
  x: number;
  y: number;
  v: number;
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** A colour of the page's own palette. A probe element resolves `light-dark()`, which canvases do not know. */
function colour(name: string): string {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  probe.style.setProperty("color", `var(${name})`);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Draws both; gives what takes them away again. */
export function draw(heat: HTMLCanvasElement, plane: HTMLCanvasElement, { lines, similarity, points }: Drawing): () => void {
  const accent = colour("--accent");
  const ink = colour("--ink-soft");
  const line = colour("--line");
  const count = lines.length;
  const cells = similarity.flatMap((row, y) => row.map((v, x): Cell => ({ x: x + 1, y: y + 1, v })));
  // The diagonal is always one; the scale is that of the rest, so that small differences are seen.
  const others = cells.filter(({ x, y }) => x !== y).map(({ v }) => v);
  const [low, high] = [Math.min(...others, 1), Math.max(...others, 0)];
  const strength = (v: number): number => Math.min(1, Math.max(0, (v - low) / (high - low || 1)));
  /** A cell's side, with a gap to its neighbours: the scale knows, once the chart is laid out. */
  const side = (scale: Scale | undefined): number => Math.max(2, Math.abs((scale?.getPixelForValue(2) ?? 0) - (scale?.getPixelForValue(1) ?? 0)) - 2);
  const numbers = {
    type: "linear" as const,
    min: 0.5,
    max: count + 0.5,
    ticks: { autoSkip: count > 20, color: ink },
    afterBuildTicks: (scale: Scale) => void (scale.ticks = lines.map((_, at) => ({ value: at + 1 }))),
    grid: { display: false },
    border: { display: false },
  };
  const matrix = new Chart(heat, {
    type: "matrix",
    data: {
      datasets: [
        {
          data: cells,
          backgroundColor: ({ raw }) => {
            const cell = raw as Cell | undefined;
            return cell === undefined ? line : mix(accent, cell.x === cell.y ? 1 : strength(cell.v));
          },
          width: ({ chart }) => side(chart.scales["x"]),
          height: ({ chart }) => side(chart.scales["y"]),
        },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: true,
      aspectRatio: 1,
      scales: { x: { ...numbers, position: "top" }, y: { ...numbers, reverse: true } },
      plugins: {
        tooltip: {
          displayColors: false,
          callbacks: {
            title: () => "",
            label: ({ raw }) => {
              const { x, y, v } = raw as Cell;
              return [`${v.toFixed(3)}`, short(lines[y - 1] ?? ""), short(lines[x - 1] ?? "")];
            },
          },
        },
      },
    },
  });
  const scatter = new Chart(plane, {
    type: "scatter",
    data: { datasets: [{ data: points.map(([x, y]) => ({ x, y })), backgroundColor: accent, pointRadius: 5, pointHoverRadius: 7 }] },
    options: {
      animation: false,
      maintainAspectRatio: true,
      aspectRatio: 1,
      layout: { padding: 18 },
      scales: {
        x: { ticks: { display: false }, grid: { color: line }, border: { color: line } },
        y: { ticks: { display: false }, grid: { color: line }, border: { color: line } },
      },
      plugins: { tooltip: { displayColors: false, callbacks: { label: ({ dataIndex }) => `${dataIndex + 1}. ${short(lines[dataIndex] ?? "")}` } } },
    },
    plugins: [numbered(ink)],
  });
  return () => {
    matrix.destroy();
    scatter.destroy();
  };
}

/** Writes each point's line number beside it: hovering is not for everyone. */
function numbered(ink: string): { id: string; afterDatasetsDraw(chart: Chart): void } {
  return {
    id: "numbered",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.fillStyle = ink;
      ctx.font = "12px system-ui, sans-serif";
      chart.getDatasetMeta(0).data.forEach((point, at) => ctx.fillText(String(at + 1), point.x + 8, point.y - 6));
      ctx.restore();
    },
  };
}

function mix(colour: string, strength: number): string {
  const [r = "0", g = "0", b = "0"] = colour.match(/[\d.]+/g) ?? [];
  return `rgba(${r}, ${g}, ${b}, ${(0.06 + 0.94 * strength ** 1.5).toFixed(3)})`;
}
