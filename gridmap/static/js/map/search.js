// The search box: a combobox over `/search?q=`. Everything works by keyboard; a list entry opens its card.
import { ask, Problem } from "../ask.js";
import { element } from "./dom.js";
import { sentence } from "./words.js";

const PAUSE = 180;

function option(found, i, choose) {
  const title = element("span", { name: "place-title", text: found.title });
  const note = element("span", { name: "place-note", text: found.subtitle || "" });
  const kind = element("span", { name: "badge", text: found.kind_title || "" });
  const words = element("span", { name: "place-text" }, title, note);
  const set = { role: "option", id: `found-${i}`, "aria-selected": "false" };
  // pointerdown would move the focus out of the box first
  const on = { pointerdown: (event) => event.preventDefault(), click: () => choose(found) };
  return element("li", { name: "place found", set, on }, words, kind);
}

/** Wire the search of `root` ([role=search] with input, list, status and a clearing button). `onChoose(found)`. */
export function search(root, { url, t, onChoose }) {
  const input = root.querySelector("input");
  const list = root.querySelector("[role=listbox]");
  const status = root.querySelector("[role=status]");
  const clear = root.querySelector("[data-clear]");
  let found = [];
  let active = -1;
  let timer = 0;
  let request = null;

  function show(open) {
    root.classList.toggle("is-open", open);
    list.hidden = !open || !found.length;
    status.hidden = !open;
    input.setAttribute("aria-expanded", String(open && found.length > 0));
    if (!open) input.removeAttribute("aria-activedescendant");
  }

  function mark(next) {
    active = next;
    [...list.children].forEach((item, i) => {
      item.setAttribute("aria-selected", String(i === active));
      if (i === active) item.scrollIntoView({ block: "nearest" });
    });
    if (active >= 0) input.setAttribute("aria-activedescendant", `found-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function choose(one) {
    input.value = one.title;
    clear.hidden = false;
    show(false);
    onChoose(one);
  }

  function fill(results, words) {
    found = results;
    list.replaceChildren(...found.map((one, i) => option(one, i, choose)));
    status.textContent = found.length
      ? t("{count} found", { count: found.length })
      : t("Nothing found for “{words}”", { words });
    mark(-1);
    show(true);
  }

  async function run() {
    const words = input.value.trim();
    clear.hidden = !words;
    if (request) request.abort();
    if (!words) {
      found = [];
      show(false);
      return;
    }
    request = new AbortController();
    try {
      const address = `${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(words)}`;
      const response = await ask(address, { accept: "application/json", signal: request.signal });
      fill(await response.json(), words);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Problem)) throw error;
      found = [];
      list.textContent = "";
      status.textContent = sentence(t, error);
      show(true);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(run, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      show(true);
      mark((active + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const one = found[Math.max(active, 0)];
      if (one && !list.hidden) choose(one);
      else run();
    } else if (event.key === "Escape" && root.classList.contains("is-open")) {
      event.stopPropagation();
      show(false);
    }
  });
  input.addEventListener("focus", () => found.length && show(true));
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget)) show(false);
  });
  clear.addEventListener("click", () => {
    input.value = "";
    run();
    input.focus();
  });
}
