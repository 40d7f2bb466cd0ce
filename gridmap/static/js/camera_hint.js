// What a camera wrote into a photo, read before that is lost: its hour, and where. Where it was never leaves the phone:
// what is sent is the hour, and how far the camera was from where the report says that it is.
const MOST_BYTES = 262144; // what is told of a picture stands before it
const EXIF = 0x45786966;
const EARTH = 6371008; // m
const TAKEN = /^(\d{4}):(\d\d):(\d\d) (\d\d):\d\d:\d\d/;
const OFFICE = "+08:00";

/** Where the TIFF block of a JPEG begins; null where it has none. */
function blockOf(view) {
  if (view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 10 < view.byteLength && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === EXIF) return at + 10;
    if (view.getUint16(at) === 0xffda) return null;
  }
  return null;
}

/** The tags of a directory: tag → where its four bytes of value stand. */
function tagsOf(view, start, offset, little) {
  const found = new Map();
  const count = view.getUint16(start + offset, little);
  for (let n = 0; n < count; n += 1) {
    const entry = start + offset + 2 + 12 * n;
    found.set(view.getUint16(entry, little), entry + 8);
  }
  return found;
}

function read(view) {
  const start = blockOf(view);
  if (start === null) return {};
  const little = view.getUint16(start) === 0x4949;
  const number = (at) => view.getUint32(at, little);
  const text = (at, length) => String.fromCharCode(...new Uint8Array(view.buffer, at, length));
  const inside = (tags, tag) => (tags.has(tag) ? tagsOf(view, start, number(tags.get(tag)), little) : new Map());
  const first = tagsOf(view, start, number(start + 4), little);
  const shot = inside(first, 0x8769);
  const place = inside(first, 0x8825);
  const far = (tags, tag, length) => (tags.has(tag) ? text(start + number(tags.get(tag)), length) : "");
  const degrees = (tag, sign, against) => {
    const at = start + number(place.get(tag));
    const parts = [0, 8, 16].map((step) => number(at + step) / number(at + step + 4));
    return (parts[0] + parts[1] / 60 + parts[2] / 3600) * (text(place.get(sign), 1) === against ? -1 : 1);
  };
  const [, year, month, day, hour] = TAKEN.exec(far(shot, 0x9003, 19)) || [];
  const zone = far(shot, 0x9011, 6);
  const at = [1, 2, 3, 4].every((tag) => place.has(tag)) ? [degrees(4, 3, "W"), degrees(2, 1, "S")] : null;
  return {
    taken: year ? `${year}-${month}-${day}T${hour}:00${/^[+-]\d\d:\d\d$/.test(zone) ? zone : OFFICE}` : null,
    at: at && at.every(Number.isFinite) ? at : null,
  };
}

/** Hour (`taken`, with its zone) and place (`at`: longitude, latitude) of a photo; empty where it tells nothing. */
export async function cameraOf(file) {
  try {
    return read(new DataView(await file.slice(0, MOST_BYTES).arrayBuffer()));
  } catch {
    return {}; // a hint is never a reason to refuse a photo
  }
}

function metres([lon, lat], [otherLon, otherLat]) {
  const turn = Math.PI / 180;
  const east = (otherLon - lon) * turn * Math.cos(((lat + otherLat) / 2) * turn);
  return Math.round(Math.hypot(east, (otherLat - lat) * turn) * EARTH);
}

/** What may leave the phone of it: `taken`, and `off`, in metres from `at`; each only where it is known. */
export function hintOf({ taken, at }, from) {
  const hint = {};
  if (taken) hint.taken = taken;
  if (at && from) hint.off = metres(at, from.map(Number));
  return hint;
}
