// What pages of checks and of visits share: which item of the outbox tells of a slot what the page does not know yet.
import { follow, putAway } from "./outbox.js";

const SAME = 2000; // ms: two times of one server that its Date header cannot tell apart
const TOLD = ["waiting", "sending", "accepted"];
export const GOOD = ["fine", "finding", "done", "reached"];

/** Whether the page, made at `at`, says already what this item says. Both times are the server's. */
function isKnown(item, slots, at) {
  const slot = item.state === "accepted" && slots.get(item.slot);
  if (!slot) return false;
  const isShown = item.kind === "answer" && item.inspection === slot.inspection;
  return isShown || item.at + SAME < at;
}

/** Call `paint(slot, item, photo)` for each slot now and after every change, then `after()`; what is known is tidied. */
export function followSlots(slots, at, paint, after) {
  let isTidied = false;
  follow((all) => {
    if (!isTidied) {
      isTidied = true;
      for (const item of all) if (isKnown(item, slots, at)) putAway(item.id);
    }
    for (const [id, slot] of slots) {
      const told = all.filter((item) => item.slot === id && TOLD.includes(item.state) && !isKnown(item, slots, at));
      const photo = told.find((item) => item.kind === "photo") || null;
      paint(slot, told.filter((item) => item.kind !== "photo").pop() || null, photo);
    }
    after();
  });
}

/** Where the outbox cannot keep anything, the form goes to the server as it is. */
export function orByForm(kept, form, button) {
  kept.catch(() => {
    form.dataset.ready = "never";
    button.click();
  });
}
