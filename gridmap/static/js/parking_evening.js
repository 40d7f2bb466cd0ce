// Tonight: notices are marked as handed over through the outbox, and counts that are still on this phone show as done.
import { follow } from "./outbox.js";
import { keepGiven } from "./outbox_parking.js";
import { element, fill, showPanel, words } from "./outbox_panel.js";
import { now, ownCounts, page } from "./parking_round.js";

const busy = new Set(); // notices whose tap is being kept

async function give(event) {
  const { target: form, submitter } = event;
  const line = form.closest("[data-notice]");
  const notice = Number(line.dataset.notice);
  event.preventDefault();
  if (!submitter || busy.has(notice)) return; // a thumb that trembles taps twice
  busy.add(notice);
  const about = { title: words.title, place: line.querySelector(".plate-mask").textContent };
  const made = await keepGiven(notice, submitter.value, now(), about).catch(() => null);
  busy.delete(notice);
  if (made) return;
  form.append(Object.assign(element("input", ""), { type: "hidden", name: "how", value: submitter.value }));
  HTMLFormElement.prototype.submit.call(form);
}

function paintNotices(all) {
  const given = new Map(all.filter((item) => item.kind === "given").map((item) => [item.notice, item]));
  const lines = [...page.querySelectorAll("[data-notice]")];
  for (const line of lines) {
    const item = given.get(Number(line.dataset.notice));
    const isKept = Boolean(item) && item.state !== "refused" && item.state !== "conflict";
    const how = item && words.given[(item.told || item.body).how];
    const said = !item ? "" : isKept ? `${how} · ${words.states[item.state]}` : `${words.states[item.state]}: ${item.reason}`;
    line.classList.toggle("is-given", isKept);
    line.querySelector("[data-give-form]").hidden = isKept;
    const place = line.querySelector("[data-given-words]");
    if (place.textContent !== said) place.textContent = said;
  }
  const count = page.querySelector("[data-give-count]");
  if (count) count.textContent = String(lines.filter((line) => !line.classList.contains("is-given")).length);
}

function paintCounts(all) {
  const own = ownCounts(all);
  const lines = [...page.querySelectorAll("[data-zone]")];
  for (const line of lines) {
    const made = (own.get(Number(line.dataset.zone)) || {})[line.dataset.roundPart];
    if (!made || made.on !== line.dataset.roundDay) continue;
    line.setAttribute("data-done", "");
    const place = line.querySelector("[data-zone-count]");
    const note = made.item.state === "accepted" ? "" : words.states[made.item.state];
    place.textContent = "";
    place.append(element("strong", "", String(made.total)), " / ", element("strong", "", String(made.outside)), element("span", "zone-note", note));
  }
  const progress = page.querySelector("[data-progress]");
  if (progress) progress.textContent = fill(progress.dataset.words, { done: lines.filter((line) => line.hasAttribute("data-done")).length, all: lines.length });
}

if (window.indexedDB && page) {
  page.addEventListener("submit", (event) => "giveForm" in event.target.dataset && give(event));
  follow((all) => {
    paintNotices(all);
    paintCounts(all);
  });
  showPanel((item) => item.kind === "given" || (item.kind === "count" && item.state !== "refused" && item.state !== "conflict"));
}
