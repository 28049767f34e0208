/* The form for what a model takes, and its answer. */
import { $, h, say, bytes, duration } from "./dom.js";
import { json, modelPath } from "./api.js";
import { answer } from "./answer.js";
import { timing } from "./charts.js";

let shown = null; // what the form was made for
let read = null; // gives {call, body, type} of what was filled in, or throws with what is missing
let previews = [];

const identity = (model) => JSON.stringify([model.name, model.version, model.input, model.tensors]);

/** Makes the form, once per model: what a person has typed stays. */
export function form(model) {
  if (shown && identity(shown) === identity(model)) {
    shown = model;
    return;
  }
  shown = model;
  previews.forEach(URL.revokeObjectURL);
  previews = [];
  const make = { text, row, image: file, audio: file, tensors }[model.input.kind] || tensors;
  const fields = $("try-fields");
  fields.replaceChildren();
  read = make(model, fields);
  $("answer").replaceChildren(h("p", { class: "soft" }, "The answer comes here."));
  say($("try-note"), "");
}

function text(model, place) {
  const area = h("textarea", { id: "try-text", rows: "5", placeholder: "a place where ships are safe" });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("try-form").requestSubmit();
  });
  place.append(
    h("label", { for: "try-text" }, "Text"), area,
    h("p", { class: "soft" }, "Up to " + model.input.max_tokens + " tokens; what is longer is cut. Ctrl+Enter sends."));
  return () => {
    if (area.value.trim() === "") throw new Error("Type a text first.");
    return { call: "predict", body: area.value, type: "text/plain; charset=utf-8" };
  };
}

function row(model, place) {
  const inputs = model.input.fields.map((field, i) => {
    const id = "try-field-" + i;
    let input;
    if (field.type === "category") {
      input = h("select", { id }, h("option", { value: "" }, "(none)"),
        field.categories.map((category, j) => h("option", { value: String(j) }, String(category))));
      if (field.categories.length > 0) input.selectedIndex = 1;
    } else {
      input = h("input", { id, type: field.type === "number" ? "number" : "text", step: "any", autocomplete: "off" });
    }
    place.append(h("div", { class: "field" }, h("label", { for: id }, field.name), input));
    return input;
  });
  place.append(h("p", { class: "soft" }, "What is left empty counts as missing."));
  return () => {
    const values = {};
    model.input.fields.forEach((field, i) => {
      const typed = inputs[i].value;
      if (!inputs[i].validity.valid) throw new Error(field.name + ": not a number.");
      values[field.name] =
        typed === "" ? null : field.type === "category" ? field.categories[Number(typed)] : field.type === "number" ? Number(typed) : typed;
    });
    return { call: "predict", body: JSON.stringify(values), type: "application/json" };
  };
}

function file(model, place) {
  const image = model.input.kind === "image";
  const what = image ? "image" : "WAV file";
  let chosen = null;
  const input = h("input", { id: "try-file", type: "file", accept: image ? "image/*" : "audio/wav,audio/x-wav,.wav", class: "visually-hidden" });
  const preview = h("div", { class: "preview" });
  const drop = h("label", { for: "try-file", class: "drop" }, h("span", {}, "Drop " + (image ? "an " : "a ") + what + " here, or choose one"), preview);
  const take = (its) => {
    if (!its) return;
    chosen = its;
    previews.forEach(URL.revokeObjectURL);
    const url = URL.createObjectURL(its);
    previews = [url];
    preview.replaceChildren(
      image ? h("img", { src: url, alt: "" }) : h("audio", { src: url, controls: true }),
      h("span", { class: "soft" }, its.name + ", " + bytes(its.size)));
  };
  input.addEventListener("change", () => take(input.files[0]));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  place.append(input, drop);
  return () => {
    if (!chosen) throw new Error("Choose a file first.");
    return { call: "predict", body: chosen, type: "application/octet-stream" };
  };
}

const MOST_EXAMPLE = 4096;

/** A request that is right but for its numbers: every axis that may vary is 1, every element 0. */
function example(model) {
  const lines = model.tensors.map((tensor) => {
    const shape = tensor.shape.map((n) => (n < 0 ? 1 : n));
    const size = shape.reduce((product, n) => product * n, 1);
    const zero = tensor.datatype === "BYTES" ? '""' : tensor.datatype === "BOOL" ? "false" : "0";
    const data = Array(Math.min(size, MOST_EXAMPLE)).fill(zero).join(", ");
    return `    {"name": ${JSON.stringify(tensor.name)}, "shape": [${shape.join(", ")}], "datatype": "${tensor.datatype}", "data": [${data}]}`;
  });
  return '{\n  "inputs": [\n' + lines.join(",\n") + "\n  ]\n}";
}

function tensors(model, place) {
  const area = h("textarea", { id: "try-tensors", rows: "10", spellcheck: false, class: "code" });
  area.value = example(model);
  place.append(h("label", { for: "try-tensors" }, "Tensors, as JSON"), area);
  return () => {
    try {
      JSON.parse(area.value);
    } catch (e) {
      throw new Error("Not JSON: " + e.message);
    }
    return { call: "infer", body: area.value, type: "application/json" };
  };
}

function curl(model, request) {
  const quoted = (s) => "'" + s.replaceAll("'", "'\\''") + "'";
  const data = typeof request.body === "string" ? quoted(request.body) : quoted("@" + request.body.name);
  const url = new URL(modelPath(model) + "/" + request.call, location.href).href;
  const type = request.type.split(";")[0];
  return "curl -s " + url + " -H 'content-type: " + type + "' --data-binary " + data;
}

async function submit(event) {
  event.preventDefault();
  const model = shown;
  if (!model || $("try-send").disabled) return;
  let request;
  try {
    request = read();
  } catch (e) {
    say($("try-note"), e.message);
    return;
  }
  say($("try-note"), "");
  $("try-send").disabled = true;
  const start = performance.now();
  try {
    const body = await json(modelPath(model) + "/" + request.call, {
      method: "POST",
      headers: { "Content-Type": request.type },
      body: request.body,
    });
    const took = performance.now() - start;
    if (shown !== null && identity(shown) === identity(model)) showAnswer(model, request, body, took);
  } catch (e) {
    $("answer").replaceChildren(h("p", { class: "problem" }, e.message));
  } finally {
    $("try-send").disabled = false;
  }
}

function showAnswer(model, request, body, took) {
  const parts = { ...(body.timing_ms || {}) };
  const inside = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  parts.rest = Math.max(0, took - inside);
  const split = h("div", { class: "timing" });
  const command = curl(model, request);
  $("answer").replaceChildren(
    ...answer(model, body),
    h("h3", {}, "Time: " + duration(took)), split,
    h("details", {}, h("summary", {}, "The answer as it came"), h("pre", { tabindex: "0" }, cut(JSON.stringify(body, null, 1)))),
    command.length < 2000 ? h("details", {}, h("summary", {}, "The same from a command line"), h("pre", { tabindex: "0" }, command)) : null);
  if (body.timing_ms) timing(split, parts);
}

const LONGEST = 20000;
const cut = (text) => (text.length <= LONGEST ? text : text.slice(0, LONGEST) + "\n… " + (text.length - LONGEST) + " characters more");

export function start() {
  $("try-form").addEventListener("submit", submit);
}
