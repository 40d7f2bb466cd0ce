// The panel below the checks: how many answers are still on this phone, what the server did not take and why.
import { follow, isUnsent, putAway } from "./outbox.js";
import { isPhoto } from "./outbox_letters.js";

const panel = document.querySelector("[data-outbox-panel]");
const light = document.querySelector("[data-outbox]");
export const words = JSON.parse((document.getElementById("check-words") || { textContent: "{}" }).textContent);

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

export function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

const isStuck = (item) => item.state === "refused" || item.state === "conflict";
const OF_PARKING = ["count", "sighting", "sighting-photo", "given"];
const MOMENT = { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" };
const OFFICE = { ...MOMENT, hourCycle: "h23", timeZone: "Asia/Shanghai" };

/** When a count or a car that was not taken was made: of two of one zone nobody knows else which it is. */
function whenMade(item) {
  const at = OF_PARKING.includes(item.kind) && isStuck(item) ? Date.parse(item.body.device_at || item.body.seen_at) : 0;
  return at ? `${new Date(at).toLocaleString(document.documentElement.lang, OFFICE)} ` : "";
}

const about = (item) => (item.words ? `${item.words.place} ${item.words.title}`.trim() : "");

/** What was not taken, as a file to hand to the community: nothing that somebody has seen is lost. */
function keepAsFile(stuck) {
  const rows = stuck.map(({ words: of, body, state, reason, made }) => ({ ...of, ...body, state, reason, made: new Date(made).toISOString() }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(rows, null, 1)], { type: "application/json" }));
  link.download = "gridmap-not-taken.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function paintList(shown) {
  const list = panel.querySelector("[data-outbox-list]");
  const key = shown.map((item) => `${item.id} ${item.state}`).join();
  if (list.dataset.shown === key) return; // a button must not change under the thumb
  list.dataset.shown = key;
  list.textContent = "";
  for (const item of shown) {
    const line = element("li", `outbox-item${isStuck(item) ? " is-stuck" : ""}`);
    const what = isPhoto(item) ? `${about(item)} · ${words.photo || ""}` : about(item);
    const state = words.states ? words.states[item.kind === "undo" ? "undoing" : item.state] : "";
    line.append(element("span", "grow", `${whenMade(item)}${what}: ${state} ${item.reason}`));
    if (isStuck(item)) {
      const away = element("button", "button", words.dismiss || light.dataset.close);
      away.type = "button";
      away.addEventListener("click", () => putAway(item.id));
      line.append(away);
    }
    list.append(line);
  }
}

function paintSignIn(isNeeded) {
  const link = panel.querySelector(".outbox-words a");
  if (isNeeded && !link) {
    const made = element("a", "button button-primary", light.dataset.signIn);
    made.href = `/login?next=${encodeURIComponent(window.location.pathname)}`;
    panel.querySelector(".outbox-words").append(made);
  } else if (!isNeeded && link) link.remove();
}

/** Show the outbox; `isHere(item)`: the page itself shows where that item is. */
function paint(all, trouble, isHere) {
  const unsent = all.filter(isUnsent);
  const stuck = all.filter(isStuck);
  const sending = unsent.some((item) => item.state === "sending");
  panel.hidden = !all.length;
  panel.dataset.state = unsent.length ? (sending ? "sending" : trouble || "waiting") : "sent";
  const word = unsent.length ? (trouble === "session" ? "session" : sending && !trouble ? "sending" : "waiting") : "sent";
  const written = !unsent.length && stuck.length ? fill(light.dataset.refused, { count: stuck.length }) : fill(light.dataset[word], { count: unsent.length });
  panel.classList.toggle("is-stuck", !unsent.length && stuck.length > 0);
  const place = panel.querySelector("[data-outbox-words]");
  if (place.textContent !== written) place.textContent = written;
  paintSignIn(unsent.length > 0 && trouble === "session");
  paintList([...stuck, ...unsent.filter((item) => !isHere(item))]);
  const keep = panel.querySelector("[data-outbox-keep]");
  keep.hidden = !stuck.length;
  keep.onclick = () => keepAsFile(stuck);
}

/** Keep the panel as the outbox is. */
export function showPanel(isHere) {
  if (panel && light) follow((all, trouble) => paint(all, trouble, isHere));
}
