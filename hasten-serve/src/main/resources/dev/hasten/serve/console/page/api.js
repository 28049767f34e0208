/* Requests to the server this page came from, with the token where it asks for one. */
import { $, say } from "./dom.js";

const KEY = "hasten-token";
let asking = null;

export const hasToken = () => sessionStorage.getItem(KEY) !== null;
export function forget() {
  sessionStorage.removeItem(KEY);
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Asks for a token once, however many requests lack it. */
function ask(why) {
  asking ??= new Promise((resolve) => {
    const dialog = $("token-dialog");
    say($("token-why"), why);
    $("token").value = "";
    const done = () => {
      const token = $("token").value.trim();
      $("token").value = "";
      if (token === "") {
        dialog.showModal(); // closed with Escape: without a token there is nothing to show
        return;
      }
      sessionStorage.setItem(KEY, token);
      dialog.removeEventListener("close", done);
      asking = null;
      resolve();
    };
    dialog.addEventListener("close", done);
    dialog.showModal();
  });
  return asking;
}

/** The response, whatever its status but 401, for which a token is asked. */
export async function send(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    const headers = { ...(options.headers || {}) };
    if (token !== null) headers.Authorization = "Bearer " + token;
    const response = await fetch(path, { ...options, headers, cache: "no-store" });
    if (response.status !== 401) return response;
    if (sessionStorage.getItem(KEY) === token) {
      forget();
      await ask(token === null ? "" : "The server does not know that token.");
    }
  }
}

/** The JSON of an answer; an error as {@link Refused}. */
export async function json(path, options) {
  const response = await send(path, options);
  const text = await response.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // told below
  }
  if (!response.ok) {
    const after = response.headers.get("retry-after");
    const message = (body && body.error) || "status " + response.status;
    throw new Refused(response.status, message + (after ? " (try again in " + after + " s)" : ""));
  }
  if (body === null) throw new Refused(response.status, "the answer is not JSON");
  return body;
}

export const modelPath = (model) =>
  "v2/models/" + encodeURIComponent(model.name) + "/versions/" + encodeURIComponent(model.version);
