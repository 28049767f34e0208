/* The newest jobs, with progress, and what may be done to them. */
import { $, h, say, number, span } from "./dom.js";
import { json, send, Refused } from "./api.js";

const MOST = 20;
const OPEN_STATES = ["queued", "running"];
let off = false;

/** Asks for them and shows them. */
export async function refresh() {
  if (off) return;
  try {
    const page = await json("v2/jobs?limit=" + MOST);
    show(page.jobs);
    $("jobs-table").hidden = page.jobs.length === 0;
    say($("jobs-lead"), page.jobs.length === 0 ? "None yet." : page.next ? "The newest " + MOST + "." : "");
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    off = e.status === 403;
    say($("jobs-lead"), e.message);
  }
}

const rows = new Map();

function show(jobs) {
  const body = $("job-rows");
  const seen = new Set(jobs.map((job) => job.id));
  for (const [id, row] of rows) {
    if (!seen.has(id)) {
      row.element.remove();
      rows.delete(id);
    }
  }
  jobs.forEach((job, i) => {
    let row = rows.get(job.id);
    if (!row) {
      row = make(job);
      rows.set(job.id, row);
    }
    update(row, job);
    // Only what has moved is moved: a button keeps its focus.
    if (body.children[i] !== row.element) body.insertBefore(row.element, body.children[i] || null);
  });
}

function make(job) {
  const row = {
    state: h("span", { class: "mark" }),
    error: h("p", { class: "bad" }),
    bar: h("progress", { "aria-label": "Progress of job " + job.id }),
    progress: h("span", { class: "soft" }),
    created: h("span", {}),
    actions: h("span", { class: "actions" }),
    shownFor: "",
  };
  row.element = h("tr", {},
    h("th", { scope: "row" }, h("code", { title: job.id }, job.id.slice(-12)), " ", h("small", { class: "soft" }, job.bulk ? "bulk " + job.call : job.call)),
    h("td", { "data-label": "Model" }, job.model_name),
    h("td", { "data-label": "State" }, row.state, row.error),
    h("td", { "data-label": "Progress" }, row.bar, row.progress),
    h("td", { "data-label": "Created" }, row.created),
    h("td", { class: "text" }, row.actions));
  return row;
}

const LOOK = { succeeded: "kept", failed: "broken", parked: "broken", running: "on", queued: "", cancelled: "" };

function update(row, job) {
  say(row.state, job.state);
  row.state.className = "mark " + (LOOK[job.state] || "");
  say(row.error, job.error || "");
  const { total, done, failed } = job.progress;
  row.bar.max = Math.max(total, 1);
  row.bar.value = job.state === "succeeded" ? row.bar.max : Math.min(done, row.bar.max);
  say(row.progress, total > 1 ? number(done) + " of " + number(total) + (failed ? ", " + number(failed) + " failed" : "") : "");
  say(row.created, span(Math.max(0, Date.now() - Date.parse(job.created))) + " ago");
  if (row.shownFor !== job.state) {
    row.shownFor = job.state;
    row.actions.replaceChildren(...actions(job));
  }
}

function actions(job) {
  const button = (text, act) =>
    h("button", { type: "button", "aria-label": text + " job " + job.id, click: (event) => run(event.target, act) }, text);
  const path = "v2/jobs/" + encodeURIComponent(job.id);
  if (OPEN_STATES.includes(job.state)) return [button("Cancel", () => json(path + "/cancel", { method: "POST" }))];
  if (job.state === "succeeded") return [button("Save result", () => save(path + "/result", job))];
  if (job.state === "failed" || job.state === "parked") return [button("Retry", () => json(path + "/retry", { method: "POST" }))];
  return [];
}

async function run(button, act) {
  button.disabled = true;
  try {
    await act();
    await refresh();
  } catch (e) {
    say($("jobs-lead"), e.message);
  } finally {
    button.disabled = false;
  }
}

/** Fetched and not linked: a link carries no token. */
async function save(path, job) {
  const response = await send(path);
  if (!response.ok) throw new Error("The result could not be had: status " + response.status);
  const url = URL.createObjectURL(await response.blob());
  const link = h("a", { href: url, download: "job-" + job.id + (job.bulk ? ".jsonl" : ".json") });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60e3);
}
