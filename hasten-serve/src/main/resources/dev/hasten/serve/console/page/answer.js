/* An answer so that a person can read it. */
import { h, number } from "./dom.js";

const previous = new Map(); // by model and output: the last vector, to compare the next with

/** Elements for the outputs of `predict` (named, nested) or `infer` (a list of flat tensors). */
export function answer(model, body) {
  const outputs = Array.isArray(body.outputs)
    ? body.outputs.map((o) => [o.name, o.shape.length <= 2 && o.shape[0] === 1 ? o.data : nested(o.data, o.shape)])
    : Object.entries(body.outputs || {});
  return outputs.map(([name, value]) =>
    h("div", { class: "output" }, h("h3", {}, name), show(model, name, value)));
}

function nested(data, shape) {
  if (shape.length <= 1) return data;
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return Array.from({ length: shape[0] }, (_, i) => nested(data.slice(i * size, (i + 1) * size), shape.slice(1)));
}

/** A lone row within rows is that row. */
function squeezed(value) {
  let inner = value;
  while (Array.isArray(inner) && inner.length === 1) inner = inner[0];
  return inner;
}

function show(model, name, given) {
  const value = squeezed(given);
  if (typeof value === "string") return h("p", { class: "said" }, value === "" ? "(an empty text)" : value);
  if (!Array.isArray(value)) return h("p", { class: "big" }, typeof value === "number" ? number(value) : String(value));
  if (value.every((v) => typeof v === "number")) return numbers(model, name, value);
  if (value.every((v) => typeof v === "string")) return h("ul", {}, value.slice(0, 50).map((v) => h("li", {}, v)));
  return h("p", { class: "soft" }, "Shape " + shape(value).join(" × ") + ": see below, as it came.");
}

function shape(value) {
  return Array.isArray(value) ? [value.length, ...(value.length > 0 ? shape(value[0]) : [])] : [];
}

function numbers(model, name, vector) {
  const parts = [];
  if (name === "embedding") {
    const length = Math.hypot(...vector);
    parts.push(h("p", {}, h("b", {}, vector.length + " numbers"), ", length " + number(length)));
    const key = model.name + "\u0000" + model.version + "\u0000" + name;
    const before = previous.get(key);
    if (before && before.length === vector.length) {
      const dot = vector.reduce((sum, v, i) => sum + v * before[i], 0);
      const cosine = dot / (length * Math.hypot(...before) || 1);
      parts.push(h("p", { class: "said" }, "Cosine with the text before: ", h("b", {}, cosine.toFixed(3))));
    }
    previous.set(key, vector);
  } else if (vector.length > 1) {
    parts.push(...largest(vector));
  }
  if (vector.length > 4) parts.push(strip(vector));
  parts.push(h("p", { class: "soft" }, vector.slice(0, 8).map((v) => number(v)).join(", ") + (vector.length > 8 ? ", …" : "")));
  return parts;
}

const SHOWN = 5;

/** The largest values with their places: classes, if they are scores. */
function largest(vector) {
  const order = vector.map((v, i) => [v, i]).sort((a, b) => b[0] - a[0]).slice(0, SHOWN);
  const top = Math.max(...order.map(([v]) => Math.abs(v)), 1e-12);
  const items = order.map(([value, place]) => {
    const fill = h("i", {});
    fill.style.width = Math.max(0, (100 * value) / top) + "%";
    return h("li", {}, h("span", { class: "label" }, "[" + place + "]"), h("span", { class: "track" }, fill), h("span", { class: "value" }, number(value)));
  });
  return [
    h("p", { class: "soft" }, vector.length > SHOWN ? "The largest of " + vector.length + ":" : "By size:"),
    h("ol", { class: "bars" }, items),
  ];
}

/** All values as columns around zero. */
function strip(vector) {
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const most = Math.max(...vector.map(Math.abs), 1e-12);
  const drawing = svg("svg", { class: "strip", viewBox: "0 -1 " + vector.length + " 2", preserveAspectRatio: "none", role: "img", "aria-label": vector.length + " values between " + number(-most) + " and " + number(most) });
  drawing.append(svg("path", { d: vector.map((v, i) => "M" + (i + 0.5) + " 0V" + (-v / most).toFixed(3)).join("") }));
  return drawing;
}
