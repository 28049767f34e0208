/* The page: asks the server once a second, and shows what it says. */
import { $, h, say, number, duration, span } from "./dom.js";
import { json, forget, hasToken, Refused } from "./api.js";
import { remember, latest } from "./history.js";
import * as charts from "./charts.js";
import * as tryIt from "./tryit.js";
import * as jobs from "./jobs.js";

const EVERY_MS = 1000;

/* ---- theme: the system's, until the reader chooses ---- */
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";
function setTheme(theme) {
  if (theme) root.dataset.theme = theme;
  say($("theme"), isDark() ? "Light" : "Dark");
  $("theme").setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  charts.redraw();
}
$("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  localStorage.setItem("hasten-theme", theme);
  setTheme(theme);
});
systemDark.addEventListener("change", () => setTheme());
setTheme(localStorage.getItem("hasten-theme"));

/* ---- models ---- */
let chosen = null; // the key of the model that is shown
const keyOf = (model) => JSON.stringify([model.name, model.version]);
const rows = new Map();

const STATES = { READY: ["ready", "kept"], LOADING: ["loading", "undecided"], UNLOADING: ["unloading", "undecided"], UNAVAILABLE: ["not available", "broken"] };

function makeRow(model) {
  const key = keyOf(model);
  const cell = (label, properties) => h("td", { "data-label": label, class: "num", ...properties });
  const row = {
    name: h("button", { type: "button", class: "choose", click: () => choose(key) }, model.name),
    version: h("small", { class: "soft" }, "version " + model.version),
    about: h("small", { class: "soft about" }),
    state: h("span", { class: "mark" }),
    notes: h("ul", { class: "notes" }),
    rate: cell("Answers/s"), p50: cell("p50"), p99: cell("p99"), batch: cell("Batch"), waiting: cell("Waiting"),
    report: h("td", { "data-label": "Report", class: "text" }),
    link: h("a", { target: "_blank", rel: "noopener" }, "open"),
  };
  row.element = h("tr", {},
    h("th", { scope: "row", class: "name" }, row.name, " ", row.version, row.about),
    h("td", { "data-label": "State", class: "text" }, row.state, row.notes),
    row.rate, row.p50, row.p99, row.batch, row.waiting, row.report);
  return row;
}

const TAKES = { text: "texts", row: "rows", image: "images", audio: "sounds", tensors: "tensors" };

function updateRow(row, model) {
  const [word, look] = STATES[model.state] || [model.state.toLowerCase(), ""];
  say(row.state, word);
  row.state.className = "mark " + look;
  const notes = model.reason ? [model.reason] : model.warnings || [];
  if (row.notes.children.length !== notes.length || notes.some((n, i) => row.notes.children[i].textContent !== n)) {
    row.notes.replaceChildren(...notes.map((note) => h("li", {}, note)));
  }
  const ready = model.state === "READY";
  row.name.disabled = !ready;
  row.name.setAttribute("aria-pressed", String(keyOf(model) === chosen));
  row.element.classList.toggle("chosen", keyOf(model) === chosen);
  const now = ready ? latest(model) : null;
  const settings = model.settings;
  say(row.about, ready
    ? "takes " + TAKES[model.input.kind] + " · " + settings.instances + (settings.instances === 1 ? " instance" : " instances")
      + (settings.threads ? " × " + settings.threads + (settings.threads === 1 ? " thread" : " threads") : "") + " · batches up to " + settings.max_batch
    : "");
  say(row.rate, now ? number(now.answered) : "–");
  say(row.p50, now ? duration(now.p50) : "–");
  say(row.p99, now ? duration(now.p99) : "–");
  say(row.batch, now ? number(now.batch) : "–");
  say(row.waiting, ready ? number(model.waiting) : "–");
  if (model.report) {
    row.link.href = model.report;
    row.link.setAttribute("aria-label", "Report of " + model.name + ", version " + model.version);
    if (!row.link.isConnected) row.report.replaceChildren(row.link);
  } else {
    say(row.report, "–");
  }
}

function showModels(models) {
  const body = $("model-rows");
  const seen = new Set(models.map(keyOf));
  for (const [key, row] of rows) {
    if (!seen.has(key)) {
      row.element.remove();
      rows.delete(key);
    }
  }
  if (rows.size === 0) body.replaceChildren();
  models.forEach((model, i) => {
    let row = rows.get(keyOf(model));
    if (!row) {
      row = makeRow(model);
      rows.set(keyOf(model), row);
    }
    updateRow(row, model);
    if (body.children[i] !== row.element) body.insertBefore(row.element, body.children[i] || null);
  });
}

let last = null;

function choose(key) {
  chosen = key;
  show(last);
}

function show(state) {
  last = state;
  const ready = state.models.filter((model) => model.state === "READY");
  if (!ready.some((model) => keyOf(model) === chosen)) {
    // The newest version of the first model.
    const first = ready.filter((model) => model.name === ready[0].name);
    chosen = first.length > 0 ? keyOf(first[first.length - 1]) : null;
  }
  say($("status"), state.ready ? "ready" : "not ready");
  $("status").className = "mark " + (state.ready ? "kept" : "undecided");
  say($("foot"), "Hasten " + state.version + " · up " + span(state.up_ms));
  $("forget").hidden = !hasToken();
  showModels(state.models);
  const model = ready.find((m) => keyOf(m) === chosen);
  $("live").hidden = $("try").hidden = !model;
  if (model) {
    const title = model.name + ", version " + model.version;
    say($("live-lead"), title + ": the last two minutes. Since it was loaded: " + number(model.answered) + " answered, "
      + number(model.rejected) + " refused, " + number(model.expired) + " too late, " + number(model.cancelled) + " taken back.");
    say($("try-heading"), "Try " + model.name);
    charts.show(model);
    tryIt.form(model);
  }
  $("jobs").hidden = $("jobs-link").hidden = !state.jobs;
}

/* ---- the loop ---- */
async function look() {
  try {
    const state = await json("v2/console");
    remember(state);
    show(state);
    if (state.jobs) await jobs.refresh();
    $("problem").hidden = true;
  } catch (e) {
    $("problem").hidden = false;
    say($("problem"), e instanceof Refused ? "The server refuses: " + e.message : e instanceof TypeError ? "The server does not answer. Trying again." : String(e));
    say($("status"), "not reachable");
    $("status").className = "mark broken";
    if (e instanceof Refused && e.status === 403) forget();
    if (!(e instanceof Refused) && !(e instanceof TypeError)) console.error(e);
  }
}

async function run() {
  for (;;) {
    // A page that nobody sees asks nothing.
    if (!document.hidden) await look();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

$("forget").addEventListener("click", () => {
  forget();
  location.reload();
});
tryIt.start();
run();
