// Asking and telling the API of assignments: answers that say what is in the way come back, everything else is a Problem.
import { ask, Problem } from "../ask.js";

const SAYING = [200, 409, 422]; // done; somebody was faster; it cannot be so: each with its own words

let proof = "";

/** Take the proof that the page carries. */
export function useProof(token) {
  proof = token;
}

/** The JSON of a GET. */
export async function get(url) {
  return (await ask(url, { accept: "application/json" })).json();
}

/** An id for what is sent, so that sending twice is saving once. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function kindOf(status) {
  if (status === 401) return "session";
  return { 403: "forbidden", 404: "missing" }[status] || "server";
}

async function request(url, options) {
  let response;
  try {
    const headers = { Accept: "application/json", "X-CSRF-Token": proof, ...options.headers };
    response = await fetch(url, { method: "POST", credentials: "same-origin", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("offline", 0);
  }
  if (!SAYING.includes(response.status)) throw new Problem(kindOf(response.status), response.status);
  return { status: response.status, body: await response.json() };
}

/** Send JSON; gives {status, body}. */
export function post(url, body, { signal } = {}) {
  return request(url, { body: JSON.stringify(body), signal, headers: { "Content-Type": "application/json" } });
}

/** Send a form with a file; gives {status, body}. */
export function postForm(url, form) {
  return request(url, { body: form });
}

/** What went wrong, for people. */
export function sentence(t, problem) {
  if (problem.kind === "offline") return t("No connection. Nothing was saved.");
  if (problem.kind === "session") return t("Your session has ended. Please sign in again.");
  if (problem.kind === "forbidden" || problem.kind === "missing") return t("This is not for your account.");
  return t("The server could not answer. Please try again.");
}
