// What the pages for the round share: the zones that came with the page, the business clock, which count is made now, and
// the counts of the zones with those that are still on this phone.
import { fill, words } from "./outbox_panel.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const OFFICE = 8 * HOUR; // the office's clock, which knows no summer time
const NIGHT_ENDS = 5; // o'clock: what is counted before belongs to the evening before
const NOON = 12;

export const page = document.querySelector("[data-round]");
export const zones = JSON.parse((document.getElementById("round-zones") || { textContent: "[]" }).textContent);

/** Now by the business clock; a demo stands at a day of its own. */
export const now = () => new Date(Date.now() + Number(page.dataset.ahead));

const dayOf = (ms) => new Date(ms + OFFICE).toISOString().slice(0, 10);

/** The count that is made at that moment: its day and `part`, as gridmap/parking/counting.py reckons it. */
export function roundAt(moment) {
  const ms = moment.getTime();
  const hour = new Date(ms + OFFICE).getUTCHours();
  if (hour >= NIGHT_ENDS && hour < NOON) return { on: dayOf(ms), part: "morning" };
  return { on: dayOf(hour < NIGHT_ENDS ? ms - NIGHT_ENDS * HOUR : ms), part: "evening" };
}

/** When a count was made, as people say it today. */
export function whenWords({ on, part }) {
  const today = roundAt(now()).on;
  const yesterday = dayOf(Date.parse(`${today}T12:00:00Z`) - 24 * HOUR - OFFICE);
  const known = on === today ? "today" : on === yesterday ? "yesterday" : "";
  return fill(known ? words.when[`${known}_${part}`] : words.when[part], { day: on });
}

const isBefore = (one, other) => one.on < other.on || (one.on === other.on && one.part === "morning" && other.part === "evening");

/** The counts of this phone, by zone: those that arrived as the server told them, the others as they were typed. */
export function ownCounts(all) {
  const found = new Map();
  for (const item of all) {
    if (item.kind !== "count" || item.state === "refused" || item.state === "conflict") continue;
    const made = item.told || { ...roundAt(new Date(item.body.device_at)), total: item.body.total, outside: item.body.outside };
    found.set(item.body.zone_id, { ...(found.get(item.body.zone_id) || {}), [made.part]: { ...made, item } });
  }
  return found;
}

// what had arrived before the page was made, the page knows: and what others have counted since
const isKnown = ({ item }) => item.state === "accepted" && item.at + SECOND < Number(page.dataset.at);

/** The last counts of a zone by part of the day: `own` ones (of `ownCounts`) in the place of older ones. */
export function countsOf(zone, own) {
  const counts = { ...zone.counts };
  for (const [part, made] of Object.entries(own.get(zone.id) || {})) {
    if (!counts[part] || !(isKnown(made) || isBefore(made, counts[part]))) counts[part] = made;
  }
  return counts;
}

/** The count of that round, and the one to begin from: of the same part of the day, else of the other. */
export function countNow(counts, made) {
  const last = counts[made.part];
  const done = last && last.on === made.on ? last : null;
  return { done, last: last || counts[made.part === "morning" ? "evening" : "morning"] || null };
}
