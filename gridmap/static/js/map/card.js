// The place card: fetched as a finished, escaped fragment; waiting, empty and failing are states of their own.
import { ask, Problem } from "../ask.js";
import { element } from "./dom.js";
import { sentence } from "./words.js";

const skeleton = () =>
  element(
    "div",
    { name: "stack card-waiting", set: { "aria-hidden": "true" } },
    element("span", { name: "skeleton skeleton-title" }),
    element("span", { name: "skeleton skeleton-short" }),
    element("span", { name: "skeleton skeleton-block" }),
    element("span", { name: "skeleton skeleton-block" }),
    element("span", { name: "skeleton" }),
  );

function failure(t, problem, retry, signInUrl) {
  const title = element("p", { name: "empty-title", text: t("The card could not be opened") });
  const said = element("p", { text: sentence(t, problem) });
  const way =
    problem.kind === "session"
      ? element("a", { name: "button button-primary", text: t("Sign in"), set: { href: signInUrl() } })
      : element("button", { name: "button", text: t("Try again"), set: { type: "button" }, on: { click: retry } });
  return element("div", { name: "empty", set: { role: "alert" } }, title, said, way);
}

/**
 * The card in `frame` (its body `[data-card-body]`). `open(id)` fetches and shows it, `close()` hides it;
 * `others` are further things at the same point: [{id, title, kind}].
 */
export function placeCard({ frame, overview, t, address, signInUrl, onOther, onState }) {
  const body = frame.querySelector("[data-card-body]");
  const hereList = frame.querySelector("[data-card-here]");
  let current = null;
  let request = null;

  function showHere(others) {
    hereList.textContent = "";
    for (const other of others) {
      const kind = element("span", { name: "muted", text: other.kind });
      const title = element("span", { name: "clip", text: other.title });
      const press = { click: () => onOther(other) };
      hereList.append(element("button", { name: "chip", set: { type: "button" }, on: press }, kind, title));
    }
    hereList.parentElement.hidden = !others.length;
  }

  async function load(id, focus) {
    if (request) request.abort();
    request = new AbortController();
    const { signal } = request;
    body.replaceChildren(skeleton());
    frame.setAttribute("aria-busy", "true");
    try {
      const response = await ask(address(id), { accept: "text/html", signal });
      const html = await response.text();
      if (signal.aborted) return;
      body.innerHTML = html; // an autoescaped fragment of our own server; scripts in it would not run
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      body.replaceChildren(failure(t, error, () => load(id, true), signInUrl));
    }
    frame.removeAttribute("aria-busy");
    const heading = body.querySelector("h2, .empty-title");
    if (heading && focus) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }

  return {
    get id() {
      return current;
    },
    open(id, { others = [], focus = false } = {}) {
      current = id;
      overview.hidden = true;
      frame.hidden = false;
      frame.scrollTop = 0;
      showHere(others);
      onState(true);
      return load(id, focus);
    },
    reload() {
      return current ? load(current, false) : Promise.resolve();
    },
    close() {
      if (request) request.abort();
      current = null;
      frame.hidden = true;
      overview.hidden = false;
      body.textContent = "";
      onState(false);
    },
  };
}
