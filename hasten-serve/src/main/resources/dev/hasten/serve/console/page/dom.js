/* Small helpers. Text reaches the page through textContent alone: nothing here builds markup. */

export const $ = (id) => document.getElementById(id);

/** An element: h("td", {class: "num"}, "text", child). Properties that are functions are listeners. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text only where it changed, so that a reader's selection and a screen reader are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return Math.abs(value) >= 100 ? whole.format(value) : plain.format(value);
}

/** Milliseconds, in the unit that reads best. */
export function duration(ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 0.0005) return "0";
  if (ms < 1) return number(ms * 1e3) + " µs";
  if (ms < 1000) return number(ms) + " ms";
  return ms < 120e3 ? number(ms / 1e3) + " s" : span(ms);
}

/** A long time: 3 h 12 min. */
export function span(ms) {
  const minutes = Math.floor(ms / 60e3);
  if (minutes < 1) return Math.floor(ms / 1e3) + " s";
  if (minutes < 60) return minutes + " min";
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? hours + " h " + (minutes % 60) + " min" : Math.floor(hours / 24) + " days";
}

export function bytes(n) {
  return n < 1024 ? n + " bytes" : n < 1 << 20 ? number(n / 1024) + " KiB" : number(n / (1 << 20)) + " MiB";
}
