/* Four live charts (uPlot) and the bars below them. */
import uPlot from "./uplot/uPlot.esm.js";
import { $, h, say, number, duration } from "./dom.js";
import { KEPT, pointsOf, latest } from "./history.js";

const probe = h("span", { hidden: true });
document.body.append(probe);
/** A colour of the style sheet, light-dark() resolved by the browser itself. */
function colour(name) {
  probe.style.color = "var(--" + name + ")";
  return getComputedStyle(probe).color;
}

const CHARTS = [
  {
    id: "throughput", title: "Throughput", unit: "requests/s", format: (v) => number(v) + "/s",
    series: [
      { key: "answered", label: "answered", colour: "accent", fill: true },
      { key: "refused", label: "not answered", colour: "bad" },
    ],
  },
  {
    id: "latency", title: "Latency", unit: "arrival to answer, over 5 s", format: duration,
    series: [
      { key: "p50", label: "p50", colour: "accent" },
      { key: "p99", label: "p99", colour: "peer" },
    ],
  },
  {
    id: "batch", title: "Batch size", unit: "examples per run", format: number,
    series: [{ key: "batch", label: "mean", colour: "accent", points: true }],
  },
  {
    id: "queue", title: "Queue", unit: "now", format: number,
    series: [
      { key: "waiting", label: "waiting requests", colour: "point", fill: true },
      { key: "running", label: "running", colour: "accent" },
    ],
  },
];

const HEIGHT = 150;

function options(chart, width) {
  const axis = {
    stroke: colour("soft"),
    font: "12px " + getComputedStyle(document.body).fontFamily,
    grid: { stroke: colour("rule"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (u, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 26, space: 70, values: [[15, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 0], [60, "{HH}:{mm}", null, null, null, null, null, null, 0]] },
      { ...axis, size: 62, space: 34, values: (u, ticks) => ticks.map((t) => (t === 0 ? "0" : chart.format(t))) },
    ],
    series: [
      {},
      ...chart.series.map((s) => ({
        label: s.label,
        stroke: colour(s.colour),
        width: 2,
        fill: s.fill ? colour(s.colour).replace(/^rgb\((.*)\)$/, "rgba($1, .12)") : undefined,
        points: { show: Boolean(s.points), size: 4, fill: colour(s.colour) },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(u) => chart.read(u.cursor.idx)] },
  };
}

let drawn = [];
let shown = null;

function data(chart) {
  const points = shown ? pointsOf(shown) : [];
  // As wide from the first second on as it will be.
  const now = points.length ? points[points.length - 1].at : Date.now() / 1e3;
  const missing = Math.max(0, KEPT - points.length);
  const first = points.length ? points[0].at : now;
  const pad = Array.from({ length: missing }, (_, i) => first - (missing - i));
  return [
    [...pad, ...points.map((p) => p.at)],
    ...chart.series.map((s) => [...pad.map(() => null), ...points.map((p) => p[s.key])]),
  ];
}

function build() {
  drawn.forEach((chart) => chart.plot.destroy());
  const place = $("charts");
  if (place.children.length === 0) {
    for (const chart of CHARTS) {
      chart.canvas = h("div", { class: "canvas", "aria-hidden": "true" });
      chart.values = chart.series.map((s) => h("b", {}));
      place.append(
        h("figure", { id: "chart-" + chart.id },
          h("figcaption", {},
            h("span", { class: "name" }, chart.title), " ", h("span", { class: "soft" }, chart.unit),
            h("ul", { class: "key" },
              chart.series.map((s, i) => h("li", {}, h("i", { class: "is-" + s.colour }), s.label + " ", chart.values[i])))),
          chart.canvas));
    }
  }
  drawn = CHARTS.map((chart) => {
    chart.read = (index) => read(chart, index);
    const width = Math.max(chart.canvas.clientWidth, 200);
    chart.plot = new uPlot(options(chart, width), data(chart), chart.canvas);
    chart.width = width;
    return chart;
  });
}

/** The values under the pointer, else the newest. */
function read(chart, index) {
  if (!chart.plot || !shown) return;
  const now = latest(shown);
  chart.series.forEach((s, i) => {
    const value = index === null || index === undefined ? now && now[s.key] : chart.plot.data[i + 1][index];
    say(chart.values[i], chart.format(value ?? null));
  });
}

/** Anew, in the colours of now. */
export function redraw() {
  if (drawn.length > 0) build();
}

export function show(model) {
  shown = model;
  if (drawn.length === 0) build();
  for (const chart of drawn) {
    const width = Math.max(chart.canvas.clientWidth, 200);
    if (width !== chart.width) {
      chart.width = width;
      chart.plot.setSize({ width, height: HEIGHT });
    }
    chart.plot.setData(data(chart));
    chart.read(chart.plot.cursor.idx);
  }
  batches(model);
  const mean = Object.fromEntries(
    Object.entries(model.spent_ms).map(([part, ms]) => [part, model.answered ? ms / model.answered : 0]));
  say($("spent-lead"), model.answered ? "Of an answer, on average since the model was loaded." : "No answer yet.");
  timing($("spent"), model.answered ? mean : {});
}

/** Runs by size, those that are close together where there are many. */
function batches(model) {
  const all = model.batches.reduce((sum, [, count]) => sum + count, 0);
  say($("batches-lead"), all ? number(all) + " runs since the model was loaded." : "No run yet.");
  const groups = [];
  const step = Math.max(1, Math.ceil(model.batches.length / 12));
  for (let i = 0; i < model.batches.length; i += step) {
    const group = model.batches.slice(i, i + step);
    const [low, high] = [group[0][0], group[group.length - 1][0]];
    groups.push([low === high ? String(low) : low + "–" + high, group.reduce((sum, [, count]) => sum + count, 0)]);
  }
  const most = Math.max(1, ...groups.map(([, count]) => count));
  const list = $("batches");
  while (list.children.length > groups.length) list.lastChild.remove();
  groups.forEach(([label, count], i) => {
    if (!list.children[i]) list.append(bar());
    const [name, track, value] = list.children[i].children;
    say(name, label);
    track.firstChild.style.width = (100 * count) / most + "%";
    say(value, count * 100 < all ? "under 1 %" : Math.round((100 * count) / all) + " %");
  });
}

const bar = () => h("li", {}, h("span", { class: "label" }), h("span", { class: "track" }, h("i", {})), h("span", { class: "value" }));

const PARTS = [
  ["preprocessing", "pre-processing", "point"],
  ["queue", "queue", "peer"],
  ["inference", "inference", "accent"],
  ["postprocessing", "post-processing", "before"],
  ["rest", "network and browser", "rule"],
];

/** A bar of the parts of a time, with their numbers below. */
export function timing(place, parts) {
  const known = PARTS.filter(([key]) => parts[key] !== undefined);
  const all = known.reduce((sum, [key]) => sum + parts[key], 0);
  const track = h("div", { class: "split", "aria-hidden": "true" });
  const list = h("ul", { class: "key" });
  for (const [key, label, tint] of known) {
    const piece = h("i", { class: "is-" + tint });
    piece.style.flexGrow = all > 0 ? parts[key] / all : 0;
    track.append(piece);
    list.append(h("li", {}, h("i", { class: "is-" + tint }), label + " ", h("b", {}, duration(parts[key]))));
  }
  place.replaceChildren(...(known.length > 0 ? [track, list] : []));
}
