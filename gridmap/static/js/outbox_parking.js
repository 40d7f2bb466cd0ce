// What people on duty put into the outbox: counts of zones, cars from outside with their photo, notices handed over.
import { keepAll } from "./outbox.js";

/** Keep the count of a zone; `at` is when it was made, by the business clock. */
export const keepCount = (zone, { total, outside }, at, words) =>
  keepAll([{ kind: "count", body: { zone_id: zone, total, outside, device_at: at.toISOString() }, words }]).then(([made]) => made);

/** Keep a car that was seen: `seen` is the body of a sighting; its photo, a blob, follows it. */
export const keepSighting = (seen, words, photo) =>
  keepAll([
    { kind: "sighting", zone: null, body: seen, words },
    ...(photo ? [{ kind: "sighting-photo", zone: null, photo, words, body: { seen_at: seen.seen_at } }] : []),
  ]).then(([made]) => made);

/** Keep that a notice was handed over, and how. */
export const keepGiven = (notice, how, at, words) =>
  keepAll([{ kind: "given", notice, body: { how, device_at: at.toISOString() }, words }]).then(([made]) => made);
