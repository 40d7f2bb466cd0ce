// The sheet of a month: each cell is an answer of its own, kept in the outbox as on a phone, under its author's name.
import { follow, isUnsent, keepAnswer, putAway, takeBack } from "./outbox.js";
import { toast } from "./page.js";

const form = document.querySelector("form[data-sheet]");
const dialog = document.getElementById("finding");
const texts = document.getElementById("check-words");
const words = texts ? JSON.parse(texts.textContent) : {};
const SAME = 2000; // ms: two times of one server that its Date header cannot tell apart
const cells = form ? [...form.querySelectorAll("select[data-slot]")] : [];
const bySlot = new Map(cells.map((cell) => [Number(cell.dataset.slot), cell]));
let asked = null; // the cell whose finding is being described
let isSaved = false;

const resultOf = (cell) => cell.selectedOptions[0].dataset.result || "";
const columnOf = (cell) => cell.closest("td").cellIndex;

/** Show a result in a cell: the option of that result, or the empty one. */
function show(cell, result) {
  const at = [...cell.options].findIndex((option) => (option.dataset.result || "") === result);
  cell.selectedIndex = Math.max(at, 0);
  cell.dataset.now = result;
  cell.classList.toggle("is-finding", result === "finding");
  cell.classList.toggle("is-said", Boolean(result));
}

function authorOf(cell) {
  return Number(form.elements.author.value || cell.dataset.author) || null;
}

function wordsOf(cell) {
  const title = form.querySelector(`thead th:nth-child(${columnOf(cell) + 1})`).textContent.trim();
  return { title, place: cell.closest("tr").dataset.door };
}

function keep(cell, result, more) {
  const slot = Number(cell.dataset.slot);
  const author = authorOf(cell);
  if (!author || !form.elements.done_on.reportValidity()) {
    show(cell, cell.dataset.now || "");
    if (!author) {
      toast(words.nobody, "danger");
      form.elements.author.focus();
    }
    return;
  }
  // what was said before is taken back: a cell says one thing
  const back = cell.dataset.now ? takeBack(slot, Number(cell.dataset.inspection) || null) : Promise.resolve();
  const told = { result, author_id: author, via: form.elements.via.value, done_on: form.elements.done_on.value, ...more };
  back.then(() => keepAnswer(slot, told, wordsOf(cell)));
  show(cell, result);
  count();
}

function changed(event) {
  const cell = event.target;
  const result = resultOf(cell);
  if (result === (cell.dataset.now || "")) return;
  if (!result) {
    takeBack(Number(cell.dataset.slot), Number(cell.dataset.inspection) || null);
    show(cell, "");
    count();
  } else if (result === "finding") {
    describe(cell);
  } else {
    keep(cell, result, {});
  }
}

function describe(cell) {
  asked = cell;
  isSaved = false;
  dialog.querySelector("form").reset();
  const about = wordsOf(cell);
  const title = dialog.querySelector("h2");
  title.textContent = `${about.place} · ${about.title}`;
  dialog.showModal();
  title.focus();
}

function described(event) {
  event.preventDefault();
  const given = new FormData(event.target);
  const note = [given.get("trouble"), String(given.get("note") || "").trim()].filter(Boolean).join(" · ");
  const more = {};
  if (given.get("severity")) more.severity = Number(given.get("severity"));
  if (note) more.note = note;
  isSaved = true;
  dialog.close();
  keep(asked, "finding", more);
}

function closed() {
  if (!isSaved) show(asked, asked.dataset.now || "");
  asked.focus();
}

/** The cell so many lines down and columns right of this one; what cannot be typed into is left out. */
function neighbour(cell, down, right) {
  const rows = [...form.querySelectorAll("tbody tr")];
  let row = rows.indexOf(cell.closest("tr"));
  let column = columnOf(cell);
  for (;;) {
    row += down;
    column += right;
    const line = rows[row];
    if (!line || column < 1 || column >= line.cells.length) return null;
    const found = line.cells[column].querySelector("select[data-slot]");
    if (found) return found;
  }
}

const MOVES = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], Enter: [1, 0] };

function pressed(event) {
  const cell = event.target.closest("select[data-slot]");
  const move = MOVES[event.key];
  if (!cell || !move || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const next = neighbour(cell, ...move);
  if (next) next.focus();
}

function count() {
  const place = document.querySelector("[data-sheet-count]");
  if (!place) return;
  const done = cells.filter((cell) => cell.dataset.now).length + form.querySelectorAll("[data-done]").length;
  const all = cells.length + form.querySelectorAll("[data-done]").length;
  place.textContent = place.dataset.words.replace("{done}", done).replace("{all}", all);
}

/** Whether the page, as it was made, says already what this item says. */
function isKnown(item, cell) {
  if (item.state !== "accepted") return false;
  return item.inspection === Number(cell.dataset.inspection) || item.at + SAME < Number(form.dataset.at);
}

/** What was told of a cell, oldest first, parted at what the page knows: nothing before a known item is news. */
function parted(all, slot, cell) {
  const told = all.filter((item) => item.slot === slot);
  let known = told.length;
  while (known && !isKnown(told[known - 1], cell)) known -= 1;
  return { known: told.slice(0, known).filter((item) => item.state === "accepted"), news: told.slice(known) };
}

function paint(all) {
  for (const [slot, cell] of bySlot) {
    const [item] = parted(all, slot, cell).news.slice(-1);
    const place = cell.parentElement.querySelector(".sheet-state");
    const isGone = item && (item.state === "refused" || item.state === "conflict");
    place.dataset.state = item ? item.state : "";
    place.textContent = !item ? "" : isGone ? item.reason : item.state === "accepted" ? "✓" : words.states[item.state];
    if (!item) continue;
    if (item.state === "accepted" && item.kind === "answer" && item.inspection) cell.dataset.inspection = item.inspection;
    const result = item.kind === "undo" || isGone ? "" : item.body.result;
    if (!isGone && cell !== asked && resultOf(cell) !== result) show(cell, result);
    else if (isGone) show(cell, "");
  }
  count();
}

if (form && window.indexedDB) {
  for (const cell of cells) show(cell, cell.dataset.was);
  form.querySelector("[data-without-script]").hidden = true;
  form.addEventListener("change", (event) => event.target.matches("select[data-slot]") && changed(event));
  form.addEventListener("keydown", pressed);
  form.addEventListener("submit", (event) => event.preventDefault());
  dialog.querySelector("form").addEventListener("submit", described);
  dialog.addEventListener("close", closed);
  window.addEventListener("beforeunload", (event) => form.dataset.unsent === "yes" && event.preventDefault());
  let isTidied = false;
  follow((all) => {
    form.dataset.unsent = all.some((item) => bySlot.has(item.slot) && isUnsent(item)) ? "yes" : "no";
    if (!isTidied) {
      isTidied = true;
      for (const [slot, cell] of bySlot) for (const item of parted(all, slot, cell).known) putAway(item.id);
    }
    paint(all);
  });
}
count();
