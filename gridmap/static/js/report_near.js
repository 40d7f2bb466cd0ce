// Before a report is sent, and only where there is a network: whether the same was reported already, and near a border
// which units it may belong to. Neither keeps anybody from sending.
import { ask } from "./ask.js";
import { element, fill } from "./outbox_panel.js";

const PATIENCE = 4000; // ms; who waits longer has sent by then
const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let asking = null; // what was asked last; older answers are not for this step any more

async function told(url, signal) {
  const response = await ask(url, { accept: "application/json", signal });
  return response.json();
}

function ago(iso, words, now) {
  const passed = Math.max(0, now - Date.parse(iso));
  if (passed < HOUR) return fill(words.minutes, { count: Math.max(1, Math.round(passed / MINUTE)) });
  if (passed < 2 * DAY) return fill(words.hours, { count: Math.round(passed / HOUR) });
  return fill(words.days, { count: Math.round(passed / DAY) });
}

function line(one, words, now, join) {
  const item = element("li", "report-same-one");
  const where = one.is_same_place ? words.same_place : fill(words.near, { metres: one.away_m || 0 });
  const text = element("span", "grow");
  text.append(element("span", "strong", `${where} · ${ago(one.reported_at, words, now)}`), element("span", "report-same-number", [one.number, one.address].filter(Boolean).join(" · ")));
  const button = element("button", "button", words.same);
  button.type = "button";
  button.addEventListener("click", () => join(one.id, one.number));
  item.append(text, button);
  return item;
}

function paintUnits(frame, units) {
  const list = frame.querySelector("[data-units-list]");
  list.textContent = "";
  units.forEach((unit, number) => {
    const label = element("label", "pill");
    const input = element("input", "");
    Object.assign(input, { type: "radio", name: "community", value: String(unit.community_id), checked: number === 0 });
    label.append(input, element("span", "", unit.name));
    list.append(label);
  });
  frame.hidden = units.length < 2;
}

/** A point says less than a name: whose it is stands beside it. */
function paintWhose(page, title, communities) {
  if (communities.length === 1) page.querySelector("[data-chosen-place]").textContent = `${title} · ${communities[0].name}`;
}

/** Ask for what is near, and show it when it comes in time. */
export async function showNear(page, { place, at, accuracy, kind, done, title }, words, join) {
  const same = page.querySelector("[data-near]");
  const border = page.querySelector("[data-units]");
  same.hidden = border.hidden = true;
  border.querySelector("[data-units-list]").textContent = "";
  if (asking) asking.abort();
  const control = new AbortController();
  asking = control;
  const late = setTimeout(() => control.abort(), PATIENCE);
  const where = place ? `place=${place}` : `at=${at.join(",")}&accuracy=${accuracy || 0}`;
  try {
    const [near, units] = await Promise.all([
      done ? { near: [] } : told(`/api/incidents/near?kind=${kind}&${where}`, control.signal),
      place ? { units: [] } : told(`/api/incidents/units?kind=${kind}&${where}`, control.signal),
    ]);
    if (asking !== control) return;
    // the office's clock, as it was when the page was made
    const now = Number(page.dataset.at) + performance.now();
    const list = same.querySelector("[data-near-list]");
    list.replaceChildren(...near.near.slice(0, 3).map((one) => line(one, words, now, join)));
    same.hidden = !near.near.length;
    const communities = units.units.filter((unit) => unit.why === "community");
    paintUnits(border, communities);
    if (!place) paintWhose(page, title, communities);
  } catch {
    // without an answer the report is simply sent
  } finally {
    clearTimeout(late);
  }
}
