// Checks on a page: each is answered by itself in one tap, kept in the outbox, and shows where its answer is.
import { follow, isUnsent, keepAnswer, putAway, takeBack } from "./outbox.js";

const form = document.querySelector("form[data-due]");
const panel = document.querySelector("[data-outbox-panel]");
const light = document.querySelector("[data-outbox]");
const words = JSON.parse((document.getElementById("check-words") || { textContent: "{}" }).textContent);
const dialog = document.getElementById("finding");
const GOOD = ["fine", "finding", "done", "reached"];
const SAME = 2000; // ms: two times of one server that its Date header cannot tell apart
let asked = null; // the check whose finding is being described

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

const rows = new Map();
for (const row of document.querySelectorAll("[data-check]")) {
  const said = row.querySelector(".check-said");
  rows.set(Number(row.dataset.check), {
    row,
    said,
    plain: said.innerHTML,
    is: row.dataset.is,
    inspection: Number(row.dataset.said) || null,
  });
}

/** Whether the page, as it was made, says already what this item says. Both times are the server's. */
function isKnown(item) {
  const check = item.state === "accepted" && rows.get(item.slot);
  if (!check) return false;
  const isShown = item.kind === "answer" && item.inspection === check.inspection;
  return isShown || item.at + SAME < Number(form.dataset.at);
}

/** The newest thing in the outbox about a check that the page does not know yet. */
function newest(all, slot) {
  const told = ["waiting", "sending", "accepted"];
  return all.filter((item) => item.slot === slot && told.includes(item.state) && !isKnown(item)).pop() || null;
}

function stateWords(item) {
  if (item.kind === "undo") return item.state === "accepted" ? "" : words.states.undoing;
  if (item.state === "accepted" && item.beside) return words.states.beside;
  return words.states[item.state];
}

function paint(check, item) {
  const { row, said } = check;
  const key = item ? `${item.id} ${item.state}` : "";
  if ((row.dataset.shown || "") === key) return;
  row.dataset.shown = key;
  row.dataset.state = item ? item.state : ""; // also marks that this check keeps its height from now on
  if (!item) {
    row.dataset.is = check.is;
    said.innerHTML = check.plain; // as our own server escaped it
    return;
  }
  const isUndo = item.kind === "undo";
  const isGood = !isUndo && GOOD.includes(item.body.result);
  row.dataset.is = isGood ? "done" : isUndo || check.is !== "done" ? "open" : check.is;
  said.textContent = "";
  const line = element("p", "said-words");
  line.setAttribute("role", "status");
  if (!isUndo) {
    const severity = item.body.severity ? ` · ${words.severities[item.body.severity]}` : "";
    line.append(element("span", `said said-${item.body.result}`, words.results[item.body.result] + severity), " ");
    if (item.body.note) line.append(element("span", "said-note", item.body.note), " ");
  }
  const state = stateWords(item);
  if (state) line.append(element("span", `said-state state-${item.state}`, state));
  said.append(line);
  if (isUndo) return;
  const undo = element("button", "button said-undo", words.undo);
  undo.type = "submit";
  undo.name = "undo";
  undo.value = String(item.inspection || "");
  said.append(undo);
}

function count() {
  const all = rows.size;
  const open = [...rows.values()].filter(({ row }) => row.dataset.is === "open").length;
  const progress = document.querySelector("[data-progress]");
  if (progress) {
    const line = progress.querySelector(".due-count");
    line.textContent = fill(line.dataset.words, { done: all - open, all });
    progress.querySelector(".due-done").setAttribute("width", String(all ? (100 * (all - open)) / all : 0));
    progress.classList.toggle("is-done", !open);
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    const left = group.querySelectorAll('[data-check][data-is="open"]').length;
    const mark = group.querySelector("[data-open]");
    mark.textContent = left ? fill(mark.dataset.words, { count: left }) : mark.dataset.done;
    mark.classList.toggle("is-done", !left);
  }
}

function paintPanel(all, trouble) {
  if (!panel) return;
  const unsent = all.filter(isUnsent);
  const refused = all.filter((item) => item.state === "refused" || item.state === "conflict");
  const sending = unsent.some((item) => item.state === "sending");
  panel.hidden = !all.length;
  panel.dataset.state = unsent.length ? (sending ? "sending" : trouble || "waiting") : "sent";
  const line = unsent.length ? (trouble === "session" ? "session" : sending && !trouble ? "sending" : "waiting") : "sent";
  const written = fill(light.dataset[line], { count: unsent.length });
  const place = panel.querySelector("[data-outbox-words]");
  if (place.textContent !== written) place.textContent = written;
  if (unsent.length && trouble === "session" && !panel.querySelector("a")) {
    const link = element("a", "button button-primary", light.dataset.signIn);
    link.href = `/login?next=${encodeURIComponent(window.location.pathname)}`;
    panel.querySelector(".outbox-words").append(link);
  } else if (trouble !== "session" && panel.querySelector("a")) panel.querySelector("a").remove();
  const list = panel.querySelector("[data-outbox-refused]");
  list.textContent = "";
  for (const item of refused) {
    const line = element("li", "outbox-item");
    const about = item.words ? `${item.words.place} ${item.words.title}` : "";
    line.append(element("span", "grow", `${about}: ${words.states ? words.states[item.state] : ""} ${item.reason}`));
    const away = element("button", "button", words.dismiss || light.dataset.close);
    away.type = "button";
    away.addEventListener("click", () => putAway(item.id));
    line.append(away);
    list.append(line);
  }
}

function wordsOf(row) {
  const place = row.closest("[data-door]");
  return { title: row.querySelector(".check-title").textContent.trim(), place: place ? place.dataset.door : "" };
}

function describe(row) {
  asked = row;
  dialog.querySelector("form").reset();
  const about = wordsOf(row);
  const title = dialog.querySelector("h2");
  title.textContent = `${about.title} · ${title.dataset.words}`;
  dialog.showModal();
  title.focus();
}

function described(event) {
  event.preventDefault();
  const given = new FormData(event.target);
  const note = [given.get("trouble"), String(given.get("note") || "").trim()].filter(Boolean).join(" · ");
  const answer = { result: "finding" };
  if (given.get("severity")) answer.severity = Number(given.get("severity"));
  if (note) answer.note = note;
  dialog.close();
  keepAnswer(Number(asked.dataset.check), answer, wordsOf(asked));
}

function pressed(event) {
  const button = event.target.closest("button[name]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("[data-check]");
  const slot = Number(row.dataset.check);
  if (button.name === "undo") {
    takeBack(slot, Number(button.value) || null);
    return;
  }
  const result = button.value.split(":")[1];
  if (result === "finding") describe(row);
  else keepAnswer(slot, { result }, wordsOf(row));
}

function openTarget() {
  const target = window.location.hash && document.getElementById(window.location.hash.slice(1));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

if (form) {
  if (window.indexedDB && form.dataset.ready !== "never") {
    form.addEventListener("click", pressed);
    form.dataset.ready = "yes";
    if (form.early) form.early.click();
  }
  if (dialog) dialog.querySelector("form").addEventListener("submit", described);
  window.addEventListener("hashchange", openTarget);
  openTarget();
}
if (light) {
  let isTidied = !form;
  follow((all, trouble) => {
    if (!isTidied) {
      isTidied = true;
      for (const item of all.filter(isKnown)) putAway(item.id);
    }
    if (form) {
      for (const [slot, check] of rows) paint(check, newest(all, slot));
      count();
    }
    paintPanel(all, trouble);
  });
}
