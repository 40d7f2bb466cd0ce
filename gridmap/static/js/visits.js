// Visits: what was found is chosen once, then each household is one tap; what is tapped is kept in the outbox.
import { keepAnswer, takeBack } from "./outbox.js";
import { followSlots, orByForm } from "./answering.js";
import { fill, showPanel, words } from "./outbox_panel.js";

const form = document.querySelector("form[data-visits]");
const last = document.querySelector("[data-visit-last]");
const RESULT = { door: "reached", phone: "reached", nobody: "nobody", refused: "refused" };
const DONE = ["door", "phone", "reached", "excused"];
let shown = null; // the household that the line below speaks of

const cells = new Map();
for (const button of form.querySelectorAll("[data-visit]")) {
  const said = button.querySelector(".visit-said");
  cells.set(Number(button.dataset.visit), {
    button,
    said,
    slot: Number(button.dataset.visit),
    plain: said.textContent,
    is: button.dataset.is,
    inspection: Number(button.dataset.said) || null,
    isOwn: button.dataset.own === "yes",
  });
}

const way = ({ result, mode }) => (result === "reached" && mode ? mode : result);

function paint(cell, item) {
  const { button, said } = cell;
  cell.item = item;
  button.dataset.state = item ? item.state : "";
  if (!item || item.kind === "undo") {
    const isGone = item && item.kind === "undo";
    button.dataset.is = isGone ? "open" : cell.is;
    said.textContent = isGone ? "" : cell.plain;
  } else {
    button.dataset.is = way(item.body);
    said.textContent = words.short[way(item.body)];
  }
  if (shown === cell) speak(cell);
}

function count() {
  const progress = document.querySelector("[data-visit-progress]");
  const all = cells.size;
  const done = [...cells.values()].filter(({ button }) => DONE.includes(button.dataset.is)).length;
  const line = progress.querySelector(".due-count");
  line.textContent = fill(line.dataset.words, { done, all });
  progress.querySelector(".due-done").setAttribute("width", String((100 * done) / all));
  progress.classList.toggle("is-done", done === all);
}

/** Say below what is known of a household, and offer to take it back. */
function speak(cell) {
  shown = cell;
  const { item, button } = cell;
  const is = button.dataset.is;
  last.hidden = is === "open" && (!item || (item.kind === "undo" && item.state === "accepted"));
  const state = item && !(item.kind === "undo" && item.state === "accepted") ? words.states[item.kind === "undo" ? "undoing" : item.state] : "";
  const what = words.said[is] || "";
  const written = [`${button.dataset.unit}:`, what, state && what ? `· ${state}` : state].join(" ");
  const place = last.querySelector("[data-visit-words]");
  if (place.textContent !== written) place.textContent = written;
  const isMine = item ? item.kind === "answer" : cell.isOwn && is !== "open";
  last.querySelector("[data-visit-undo]").hidden = !isMine;
}

function tapped(event) {
  const button = event.target.closest("[data-visit]");
  if (!button || form.dataset.ready === "never") return;
  event.preventDefault();
  const cell = cells.get(Number(button.dataset.visit));
  const how = form.querySelector("[name=how]:checked").value;
  const is = button.dataset.is;
  // who was reached was reached, and a second tap on the same is a slip of the thumb: it only tells
  if (!DONE.includes(is) && is !== how && !cell.isBusy) {
    cell.isBusy = true; // a thumb that trembles taps twice before the first one shows
    const answer = RESULT[how] === "reached" ? { result: "reached", mode: how } : { result: how, mode: "door" };
    const about = { title: button.dataset.unit, place: form.dataset.place };
    const kept = keepAnswer(cell.slot, answer, about);
    orByForm(kept, form, button);
    kept.finally(() => (cell.isBusy = false)).catch(() => {});
  }
  speak(cell);
}

last.querySelector("[data-visit-undo]").addEventListener("click", () => {
  if (shown) takeBack(shown.slot, shown.inspection);
});
if (window.indexedDB && form.querySelector("[name=how]")) form.addEventListener("click", tapped);
followSlots(cells, Number(form.dataset.at), paint, count);
showPanel((item) => cells.has(item.slot));
