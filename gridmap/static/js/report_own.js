// Above the reports that the server knows stand those that it does not know yet.
import { follow, putAway } from "./outbox.js";
import { element, fill, showPanel, words } from "./outbox_panel.js";

const frame = document.querySelector("[data-own-reports]");
const list = frame.querySelector("[data-waiting-reports]");
const listed = new Set([...frame.querySelectorAll("[data-incident]")].map((one) => Number(one.dataset.incident)));
const isWaiting = (item) => item.kind === "report" && item.state !== "refused" && item.state !== "conflict" && !listed.has(item.incident);

function card(item, photos) {
  const made = element("li", "own-report is-waiting");
  const head = element("div", "own-head");
  const state = item.state === "accepted" ? fill(words.states.number, { number: item.number }) : words.states[item.state];
  head.append(element("h2", "own-kind", item.words.title));
  made.append(head, element("p", "own-place", item.words.place), element("p", "own-stands", state));
  if (photos) made.append(element("p", "own-note", `${words.photo}: ${photos}`));
  return made;
}

let tidied = false;
follow((all) => {
  if (!tidied) {
    tidied = true;
    const photos = new Set(all.filter((item) => item.kind === "report-photo").map((item) => item.of));
    for (const item of all) if (item.kind === "report" && item.state === "accepted" && listed.has(item.incident) && !photos.has(item.id)) putAway(item.id);
  }
  const waiting = all.filter(isWaiting).reverse();
  const key = waiting.map((item) => `${item.id} ${item.state}`).join();
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...waiting.map((item) => card(item, all.filter((one) => one.of === item.id).length)));
  list.hidden = !waiting.length;
  const none = frame.querySelector("[data-none]");
  if (none) none.hidden = waiting.length > 0;
});
showPanel((item) => isWaiting(item));
