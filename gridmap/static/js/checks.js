// Checks on a page: each is answered by itself in one tap, kept in the outbox, and shows where its answer is.
import { keepAnswer, takeBack } from "./outbox.js";
import { followSlots, GOOD, orByForm } from "./answering.js";
import { keepPhotoOf, offerCases } from "./report_finding.js";
import { element, fill, showPanel, words } from "./outbox_panel.js";
import { shrink } from "./shrink.js";

const form = document.querySelector("form[data-due]");
const dialog = document.getElementById("finding");
let asked = null; // the check whose finding is being described
let photo = null; // the picture that goes with it
const busy = new Set(); // slots whose last tap is being kept

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

function stateWords(item) {
  if (item.kind === "undo") return item.state === "accepted" ? "" : words.states.undoing;
  if (item.state === "accepted" && item.beside) return words.states.beside;
  return words.states[item.state];
}

function photoLine(item, waiting) {
  if (waiting) return element("span", "said-state", `${words.photo}: ${words.states[waiting.state]}`);
  if (!item.hasPhoto) return "";
  const link = element("a", "said-photo", words.photo);
  link.href = `/photos/${item.inspection}`;
  return link;
}

function paint(check, item, waiting) {
  const { row, said } = check;
  const key = item ? `${item.id} ${item.state} ${waiting ? waiting.state : item.hasPhoto}` : "";
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
    line.append(photoLine(item, waiting));
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
  const open = '[data-check][data-is="open"]';
  const progress = document.querySelector("[data-progress]");
  if (progress) {
    // what is left of past periods counts for none, households count as the server said
    const visible = document.querySelectorAll("[data-check]").length - document.querySelectorAll(".due-late [data-check]").length;
    const left = document.querySelectorAll(open).length - document.querySelectorAll(`.due-late ${open}`).length;
    const all = Number(progress.dataset.all);
    const done = Number(progress.dataset.done) + visible - left;
    const line = progress.querySelector(".due-count");
    line.textContent = fill(line.dataset.words, { done: done.toLocaleString("en"), all: all.toLocaleString("en") });
    progress.querySelector(".due-done").setAttribute("width", String(all ? (100 * done) / all : 0));
    progress.classList.toggle("is-done", done === all);
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    const mark = group.querySelector("[data-open]");
    const left = group.querySelectorAll(open).length + Number(mark.dataset.households || 0);
    mark.textContent = left ? fill(mark.dataset.words, { count: left }) : mark.dataset.done;
    mark.classList.toggle("is-done", !left);
  }
}

function wordsOf(row) {
  const place = row.closest("[data-door]");
  return { title: row.querySelector(".check-title").textContent.replace(/\s+/g, " ").trim(), place: place ? place.dataset.door : "" };
}

function showPhoto(found) {
  photo = found;
  const frame = dialog.querySelector("[data-picture]");
  frame.hidden = !found;
  frame.querySelector("img").src = found ? found.address : "data:,";
  const line = dialog.querySelector("[data-photo-words]");
  line.textContent = found ? line.dataset.one : line.dataset.none;
  dialog.querySelector("[data-photo-problem]").textContent = "";
}

async function chosen(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    showPhoto(await shrink(file));
  } catch {
    showPhoto(null);
    dialog.querySelector("[data-photo-problem]").textContent = words.unreadable;
  }
}

function describe(row) {
  asked = row;
  dialog.querySelector("form").reset();
  showPhoto(null);
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
  const kept = keepAnswer(Number(asked.dataset.check), answer, wordsOf(asked), photo && photo.blob);
  keepPhotoOf(Number(asked.dataset.check), photo && photo.blob);
  orByForm(kept, form, asked.querySelector(".answer-finding"));
}

function pressed(event) {
  const button = event.target.closest("button[name]");
  if (!button || form.dataset.ready === "never") return;
  event.preventDefault();
  const row = button.closest("[data-check]");
  const slot = Number(row.dataset.check);
  if (button.name === "answer" && row.dataset.is !== "open") return;
  const result = button.value.split(":")[1];
  if (button.name === "answer" && result === "finding") describe(row);
  else if (!busy.has(slot)) {
    // a thumb that trembles taps twice before the first one shows
    busy.add(slot);
    const kept = button.name === "undo" ? takeBack(slot, Number(button.value) || null) : keepAnswer(slot, { result }, wordsOf(row));
    orByForm(kept, form, button);
    kept.finally(() => busy.delete(slot)).catch(() => {});
  }
}

function openTarget() {
  const target = window.location.hash && document.getElementById(window.location.hash.slice(1));
  if (!target) return;
  const around = target.closest("details");
  if (around) around.open = true;
  target.scrollIntoView();
}

if (form) {
  if (window.indexedDB && form.dataset.ready !== "never") {
    form.addEventListener("click", pressed);
    form.dataset.ready = "yes";
    for (const button of form.early) button.click();
  }
  if (dialog) {
    dialog.querySelector("form").addEventListener("submit", described);
    dialog.querySelector("input[type=file]").addEventListener("change", chosen);
    dialog.querySelector("[data-no-photo]").addEventListener("click", () => showPhoto(null));
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();
  followSlots(rows, Number(form.dataset.at), paint, count);
  offerCases(rows, words.case, wordsOf);
}
showPanel((item) => rows.has(item.slot));
