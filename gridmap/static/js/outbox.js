// The outbox: what was answered here stays on this phone until the server has it. Kept in IndexedDB, so that it
// outlives the page, the browser and the session; sent under an id of its own, so that sending twice is sending once.
import { FOLLOWS, isOurs, isPhoto, letter, toldOf, withoutPlate } from "./outbox_letters.js";
import { newId, read, update, write } from "./outbox_store.js";

const SOON = 250; // ms until the next try while something waits, longer each time that nothing moved …
const AGAIN = 3000; // … up to this
const PATIENCE = 8000; // ms that one request may take at first, longer each time it was too short
const MOST_PATIENCE = 30000;
const SLOW = 30000; // ms that a photo may take
const PROBE = 3000; // ms that the question may take whether the network is back, longer on a slow line …
const LONGEST_PROBE = 6000; // … up to this: with AGAIN it stays below the ten seconds in which sending must go on
const MINE = 4000; // ms that other pages leave an item alone which this one is sending; a page that died frees it so
const KEPT = 45 * 86400000; // ms after which an arrived answer is forgotten even if no page was fetched since
const TOLD = 86400000; // ms after which of those an arrived one is forgotten
const LONGEST_HOLD = 10000; // ms; a clock that was set back must not hold anything longer
const MY_PAGES = "gridmap-pages";
const SHORT = ["report", "count", "sighting", "given"]; // kinds that a page of the server's shows once they have arrived

let account = null;
let proof = null;
let busy = false;
let timer = 0;
let pause = SOON;
let trouble = ""; // "", "offline" or "session": why nothing moves
let silent = 0; // how often in a row nobody answered
let pending = null; // the request under way, which a network that comes back cuts short
const listeners = new Set();

/** Everything in the outbox, in the order in which it was answered. */
export async function items() {
  return (await read("items")).sort((a, b) => a.made - b.made || (a.id < b.id ? -1 : 1));
}

export const isUnsent = (item) => item.state === "waiting" || item.state === "sending";
const isStuck = (item) => item.state === "refused" || item.state === "conflict";
const isHeld = (item) => Boolean(item.until) && item.until > Date.now() && item.until <= Date.now() + LONGEST_HOLD;

async function tell() {
  const all = await items();
  for (const listener of listeners) listener(all, trouble);
}

/** Call `listener(items, trouble)` now and after every change. */
export function follow(listener) {
  listeners.add(listener);
  items().then((all) => listener(all, trouble), () => {});
}

let latest = 0; // when the item before was made: two of one moment keep their order

function newItem(item) {
  latest = Math.max(Date.now(), latest + 1);
  const made = { id: newId(), made: latest, state: "waiting", tries: 0, lease: 0, reason: "", ...item };
  return { ...made, body: { sent_id: made.id, ...made.body } };
}

const add = async (item) => (await addAll([newItem(item)]))[0];

/** Put items into the outbox, all of them or none, and begin to send. */
async function addAll(all) {
  await write("items", (store) => all.forEach((item) => store.put(item)));
  // asked of the browser, so that it does not clear the outbox away when the phone is full
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
  // it is kept, whatever the page makes of it: nobody may send it a second time by another way
  await tell().catch((error) => console.warn(error));
  send();
  return all;
}

/** Keep several things at once, all or none; a photo among them follows the first. Gives them as they are kept. */
export function keepAll(given) {
  const [first, ...more] = given.map((one) => newItem({ of: null, ...one }));
  return addAll([first, ...more.map((one) => ({ ...one, of: first.id }))]);
}

/** Keep an answer to a slot; `words` say which check it was, for whoever reads the outbox. A photo follows the answer. */
export async function keepAnswer(slot, answer, words, photo) {
  const body = { slot_id: slot, device_at: new Date().toISOString(), ...answer };
  const made = await add({ kind: "answer", slot, body, words });
  if (photo) await add({ kind: "photo", slot, of: made.id, inspection: null, photo, words });
  return made;
}

/** Take an answer back: one that never left is dropped, one that may have arrived is taken back at the server. */
export async function takeBack(slot, inspection) {
  const all = await items();
  const found = all.filter((item) => item.slot === slot && item.kind === "answer").pop();
  for (const item of all) {
    if (item.kind === "photo" && item.slot === slot && item.state !== "sending") await update(item.id, () => null);
  }
  if (found && found.state === "waiting" && found.tries === 0) {
    let gone = false;
    await update(found.id, (item) => {
      gone = item.state === "waiting" && item.tries === 0;
      return gone ? null : undefined;
    });
    if (gone) return tell();
  }
  if (all.some((item) => item.kind === "undo" && item.slot === slot && isUnsent(item))) return null;
  const known = (found && found.inspection) || inspection || null;
  const of = found && !found.inspection ? found.id : null;
  return add({ kind: "undo", slot, of, inspection: known, body: known ? { inspection_id: known } : {} });
}

/**
 * Keep a report with its photos, each a `blob` and a `hint` of its camera; `words` say what and where. `of`, `foundBy`: the answer in the outbox and the slot of
 * the check that found it. `hold`: ms that it stays here first, so that a slip of the thumb can be undone.
 */
export async function keepReport(report, words, photos = [], { of = null, foundBy = null, hold = 0 } = {}) {
  const body = { device_at: new Date().toISOString(), ...report };
  const until = hold ? Date.now() + hold : 0;
  const made = newItem({ kind: "report", of, foundBy, inspection: report.inspection_id || null, incident: null, body, words, until });
  const pictures = photos.map(({ blob, hint }) => newItem({ kind: "report-photo", of: made.id, incident: null, photo: blob, hint, words }));
  await addAll([made, ...pictures]);
  return made;
}

/** Take back a report that has not left this phone, and its photos; false where it may have left. */
export async function takeReportBack(id) {
  let gone = false;
  await write("items", (store) => {
    const request = store.getAll();
    request.onsuccess = () => {
      gone = request.result.some((item) => item.id === id && item.state === "waiting" && item.tries === 0);
      if (gone) for (const item of request.result) if (item.id === id || item.of === id) store.delete(item.id);
    };
  });
  await tell();
  return gone;
}

/** Something small of this account that its phone remembers until it signs out. */
export const recall = (name) => read("meta", name);
export const remember = (name, value) => write("meta", (store) => store.put(value, name));

/** Put something away that the server did not take, or that has arrived. */
export async function putAway(id) {
  await update(id, () => null);
  await tell();
}

// Sending -----------------------------------------------------------------------------------------------------------

class Halt extends Error {}

async function ask(url, options, patience) {
  const control = new AbortController();
  const late = setTimeout(() => control.abort(), patience);
  pending = control;
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      cache: "no-store",
      signal: control.signal,
      ...options,
      headers: { Accept: "application/json", "X-Requested-With": "fetch", ...(options || {}).headers },
    });
    const isLogin = response.redirected && new URL(response.url).pathname.startsWith("/login");
    if (response.status === 401 || isLogin) throw new Halt("session");
    const body = await response.json().catch(() => null);
    if (response.status === 403 && body && body.code === "own_password_needed") throw new Halt("session");
    return { status: response.status, body, at: Date.parse(response.headers.get("Date")) || 0 };
  } catch (error) {
    if (error instanceof Halt) throw error;
    throw new Halt("offline");
  } finally {
    clearTimeout(late);
    pending = null;
  }
}

/** A proof for what is sent next. Only gridmap's own word counts: a hotel's sign-in page also answers 200. */
async function freshProof() {
  const answer = await ask("/api/proof", {}, Math.min(PROBE + silent * 1000, LONGEST_PROBE));
  const told = answer.status === 200 && answer.body;
  if (!told || !Number.isInteger(told.account) || !told.csrf_token) throw new Halt("offline");
  if (told.account !== account) {
    // somebody else is signed in by now: what waits here is not theirs to send, nor to see
    await erase();
    throw new Halt("");
  }
  proof = told.csrf_token;
  silent = 0;
}

/** Claim an item for this page; false where another page has it, or it is not to be sent. */
async function claim(id) {
  const now = Date.now();
  const claimed = await update(id, (item) => {
    const isTaken = item.state === "sending" && item.lease > now && item.lease <= now + MINE;
    if (!isUnsent(item) || isTaken || isHeld(item)) return undefined;
    return { ...item, state: "sending", lease: now + MINE, tries: item.tries + 1 };
  });
  return claimed;
}

/** The item, once it knows what it follows: that must have arrived first. Null where it has to wait, or is gone. */
async function whole(item) {
  const key = FOLLOWS[item.kind];
  if (!key || item[key] || (item.kind === "report" && !item.of)) return item;
  const first = item.of && (await read("items", item.of));
  if (!first || isStuck(first)) {
    // what nothing arrived for goes with it; but what was reported is wrong, whoever takes the answer that found it
    return update(item.id, (found) => {
      if (found[key]) return found; // another page has learnt meanwhile where it belongs, and cleared away what it follows
      return item.kind === "report" ? { ...found, of: null } : null;
    });
  }
  if (!first[key]) {
    // it has arrived, and there is nothing to follow: of a car that is left alone no photo is kept
    return first.state === "accepted" && item.kind === "sighting-photo" ? update(item.id, () => null) : null;
  }
  return update(item.id, (found) => following(found, key, first[key]));
}

const following = (item, key, id) => ({
  ...item,
  [key]: id,
  body: key === "inspection" ? { ...item.body, inspection_id: id } : item.body,
});

async function settle(item, { status, body, at }) {
  if (item.kind === "undo" && (status === 200 || (status === 422 && body.code === "superseded"))) {
    await write("items", (store) => {
      store.put({ ...item, state: "accepted", at, slotState: body.state, lease: 0 });
      if (item.of) store.delete(item.of);
    });
    return;
  }
  if (item.kind === "photo" && (status === 200 || body.code === "superseded")) {
    // it has arrived, or its answer has been taken back meanwhile
    if (status === 200) await update(item.of, (answer) => ({ ...answer, hasPhoto: true }));
    await update(item.id, () => null);
    return;
  }
  if (isPhoto(item) && status === 200) {
    await update(item.of, (report) => ({ ...report, photos: (report.photos || 0) + 1 }));
    await update(item.id, () => null);
    return;
  }
  const state = status === 200 ? "accepted" : status === 409 ? "conflict" : "refused";
  const settled = { ...item, state, at, lease: 0, reason: status === 200 ? "" : body.description || String(status) };
  const made = withoutPlate(status === 200 ? { ...settled, ...toldOf(item, body) } : settled);
  await keepSettled(made);
  if (status === 200 && window.gridmap && body.seen) window.gridmap.refresh(body.seen);
}

/** Keep what became of an item; what follows it learns in the same breath where it belongs: the item itself may go. */
function keepSettled(made) {
  return write("items", (store) => {
    const request = store.getAll();
    request.onsuccess = () => {
      if (!request.result.some((item) => item.id === made.id)) return;
      store.put(made);
      for (const item of request.result) {
        const key = FOLLOWS[item.kind];
        if (item.of === made.id && key && made[key] && !item[key]) store.put(following(item, key, made[key]));
      }
    };
  });
}

/** Send one item; true where the server had the last word about it. */
async function sendOne(listed) {
  const item = await whole(listed);
  if (!item) return false;
  const patience = isPhoto(item) ? SLOW : Math.min(PATIENCE + item.tries * 4000, MOST_PATIENCE);
  const claimed = await claim(item.id);
  if (!claimed) return false;
  await tell();
  const back = () => update(item.id, (found) => (found.state === "sending" ? { ...found, state: "waiting", lease: 0 } : undefined));
  try {
    const answer = await ask(...letter(claimed, proof), patience);
    if (answer.status === 400 && answer.body && answer.body.code === "csrf") {
      proof = null;
      await back();
    } else if (!isOurs(answer)) {
      await back(); // trouble of the server or of the line, not of this item: the next one has its turn
    } else {
      await settle(claimed, answer);
      return true;
    }
    return false;
  } catch (error) {
    await back();
    throw error;
  }
}

/** What waits, in the order to send it: what was tried least first, so that nothing holds up the rest; photos last. */
function inTurn(all) {
  const rank = (item) => (isPhoto(item) ? 1000 : 0) + item.tries;
  return all.filter((item) => isUnsent(item) && !isHeld(item)).sort((a, b) => rank(a) - rank(b));
}

/** Send what waits, one after the other; what is refused stays behind and stops nobody. */
export async function send() {
  if (busy || account === null) return;
  busy = true;
  clearTimeout(timer);
  try {
    for (const item of inTurn(await items())) {
      if (!proof) await freshProof();
      if (await sendOne(item)) pause = SOON;
      trouble = "";
    }
  } catch (error) {
    if (!(error instanceof Halt)) console.warn(error);
    trouble = error instanceof Halt ? error.message : "offline";
    silent += 1;
    proof = null; // so that the next try asks first whether anybody is there
  }
  busy = false;
  const left = (await items().catch(() => [])).some(isUnsent);
  if (left) timer = setTimeout(send, pause);
  pause = left ? Math.min(pause * 2, AGAIN) : SOON;
  if (!left && trouble === "offline") trouble = "";
  await tell().catch(() => {});
}

// Beginning and end -------------------------------------------------------------------------------------------------

/** Forget everything that this browser keeps of an account: answers, pages, and who it was. */
export async function erase() {
  await write("items", (store) => store.clear());
  await write("meta", (store) => store.clear());
  if (window.caches) await caches.delete(MY_PAGES);
  await tell();
}

async function begin(current) {
  const before = await read("meta", "account");
  if (before !== undefined && before !== current) await erase();
  if (before !== current) await write("meta", (store) => store.put(current, "account"));
  account = current;
  for (const item of await items()) {
    const old = Date.now() - (SHORT.includes(item.kind) ? TOLD : KEPT);
    if (item.state === "accepted" && item.made < old) await update(item.id, () => null);
  }
  await tell();
  send();
}

/** Follow the outbox of this account on this page. Without IndexedDB pages work by plain forms. */
export function beginOutbox(current) {
  if (!window.indexedDB) return Promise.resolve(false);
  const wake = () => {
    pause = SOON;
    silent = 0;
    send();
  };
  window.addEventListener("online", () => {
    if (pending) pending.abort(); // it hangs on the network that was
    wake();
  });
  window.addEventListener("focus", wake);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
  return begin(current).then(() => true, () => false);
}
