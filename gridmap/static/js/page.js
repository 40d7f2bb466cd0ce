// What every page does beyond HTML: menus close, things are copied, dialogs open, messages pass, a form is sent once,
// and parts that are slow to make come after the page.
import { ask } from "./ask.js";
import "./keeping.js";

const text = (name) => document.body.dataset[name] || "";

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// a row of tabs that is wider than the window begins where one is
for (const tab of document.querySelectorAll(
  ".tabs > [aria-current], .tabs > [aria-selected=true], .bottom-bar > [aria-current]",
)) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

/** Show a passing message; kind is "" or "danger". Danger stays until it is closed. */
export function toast(message, kind = "") {
  const frame = document.querySelector(".toasts");
  const item = document.createElement("div");
  item.className = `toast ${kind ? `toast-${kind}` : ""}`;
  const words = document.createElement("span");
  words.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet";
  close.textContent = text("textClose");
  close.addEventListener("click", () => item.remove());
  item.append(words, close);
  frame.append(item);
  if (kind !== "danger") setTimeout(() => item.remove(), 6000);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast(text("textCopied"));
  } catch {
    // without a secure context there is no clipboard: select it, so that one key copies
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-dialog], [data-close-dialog]");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  else if (button.dataset.dialog) document.getElementById(button.dataset.dialog).showModal();
  else button.closest("dialog").close();
});

// A second press while the first is under way would send the form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("data-resend")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
    button.setAttribute("aria-busy", "true");
  }
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
});

// An element with data-fragment="/address" is filled with the answer, an escaped piece of HTML of our own server;
// with data-after="gridmap:idle" not before that event of the window.
function failure(part, error) {
  const words = document.createElement("p");
  words.className = "muted";
  words.setAttribute("role", "status");
  words.textContent = text(error.kind === "session" ? "textSession" : "textFailed");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "button";
  again.textContent = text("textAgain");
  again.addEventListener("click", () => {
    if (error.kind === "session") window.location.reload();
    else fill(part);
  });
  return [words, again];
}

async function fill(part) {
  part.setAttribute("aria-busy", "true");
  try {
    const response = await ask(part.dataset.fragment, { accept: "text/html" });
    part.innerHTML = await response.text();
  } catch (error) {
    // what it held at first stays, but for what only says that something is on its way
    if (part.querySelector(".skeleton")) part.replaceChildren(...failure(part, error));
  }
  part.removeAttribute("aria-busy");
}

for (const part of document.querySelectorAll("[data-fragment]")) {
  if (part.dataset.after) window.addEventListener(part.dataset.after, () => fill(part), { once: true });
  else fill(part);
}
