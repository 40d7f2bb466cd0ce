// Every kind of thing that the outbox holds: what it follows, where it goes, which answer is gridmap's, what is kept of it.

// what an item that follows another one must know of it before it can go
export const FOLLOWS = {
  photo: "inspection",
  undo: "inspection",
  report: "inspection",
  "report-photo": "incident",
  "sighting-photo": "zone",
};
const PHOTOS = ["photo", "report-photo", "sighting-photo"];
const ANSWERED = ["inspection_id", "incident_id", "zone_id", "notice_id"];

export const isPhoto = (item) => PHOTOS.includes(item.kind);

/** Whether an answer is gridmap's: with the id of what was written, or with its own word for why not. */
export function isOurs({ status, body }) {
  if (!body) return false;
  if (status === 200) return ANSWERED.some((name) => Number.isInteger(body[name]));
  return status >= 400 && status < 500 && status !== 429 && typeof body.code === "string";
}

const asked = (hint) => Object.entries(hint || {}).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join("");

function photoAddress(item) {
  if (item.kind === "photo") return `/api/answers/photo?sent_id=${item.id}&inspection_id=${item.inspection}`;
  if (item.kind === "sighting-photo") {
    return `/api/parking/sightings/${item.of}/photo?sent_id=${item.id}&zone_id=${item.zone}${asked({ seen_at: item.body.seen_at || "" })}`;
  }
  return `/api/incidents/photo?sent_id=${item.id}&incident_id=${item.incident}&stage=reported${asked(item.hint)}`;
}

function address(item) {
  if (item.kind === "given") return `/api/parking/notices/${item.notice}/given`;
  const plain = { undo: "/api/answers/undo", report: "/api/incidents", count: "/api/parking/counts", sighting: "/api/parking/sightings" };
  return plain[item.kind] || "/api/answers";
}

/** Where an item goes, and as what. */
export function letter(item, proof) {
  const headers = { "X-CSRF-Token": proof };
  if (isPhoto(item)) {
    return [photoAddress(item), { method: "POST", body: item.photo, headers: { ...headers, "Content-Type": "image/jpeg" } }];
  }
  const options = { method: "POST", body: JSON.stringify(item.body) };
  return [address(item), { ...options, headers: { ...headers, "Content-Type": "application/json" } }];
}

/** What is kept of the server's answer to an item that it took, and what the phone forgets of the item then. */
export function toldOf(item, body) {
  if (item.kind === "report") {
    // what somebody said, and who it was, need not stay on the phone once it has arrived
    const left = { ...item.body, text: "", contact: null };
    return { incident: body.incident_id, number: body.number, isJoined: body.state === "duplicate", body: left };
  }
  if (item.kind === "count") return { told: { on: body.day, part: body.part, total: body.total, outside: body.outside } };
  if (item.kind === "sighting") {
    const told = { tone: body.tone, sentence: body.sentence, next: body.next, notice: body.notice_id, masked: body.masked };
    return { zone: body.keeps_photo ? body.zone_id : null, told };
  }
  if (item.kind === "given") return { told: { how: body.how } };
  return { inspection: body.inspection_id, beside: body.beside, slotState: body.state };
}

/** An item that the server has had its word about, without what shows a plate: nothing of that stays on the phone. */
export function withoutPlate(item) {
  if (item.kind === "sighting") return { ...item, body: { ...item.body, plate: "" } };
  return item.kind === "sighting-photo" ? { ...item, photo: null } : item;
}
