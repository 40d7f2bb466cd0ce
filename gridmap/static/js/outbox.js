// The outbox: what was answered here stays on this phone until the server has it. Kept in IndexedDB, so that it
// outlives the page, the browser and the session; sent under an id of its own, so that sending twice is sending once.

const NAME = "gridmap-outbox";
const SOON = 250; // ms until the next try while something waits, longer each time that nothing moved …
const AGAIN = 3000; // … up to this
const PATIENCE = 8000; // ms that one request may take at first, longer each time it was too short
const MOST_PATIENCE = 30000;
const MINE = 4000; // ms that other pages leave an item alone which this one is sending; a page that died frees it so
const KEPT = 45 * 86400000; // ms after which an arrived answer is forgotten even if no page was fetched since
const MY_PAGES = "gridmap-pages";

let opening = null;
let account = null;
let proof = null;
let busy = false;
let timer = 0;
let pause = SOON;
let trouble = ""; // "", "offline" or "session": why nothing moves
const listeners = new Set();

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function database() {
  if (opening) return opening;
  opening = new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("items", { keyPath: "id" });
      request.result.createObjectStore("meta");
    };
    request.onsuccess = () => {
      const found = request.result;
      // another page erases everything: let it, and open anew when something is wanted
      found.onversionchange = () => {
        found.close();
        opening = null;
      };
      found.onclose = () => (opening = null);
      resolve(found);
    };
    request.onerror = () => reject(request.error);
  });
  opening.catch(() => (opening = null));
  return opening;
}

/** Run `work(store)` in one transaction; it is on the disk when the promise is kept. */
async function write(store, work) {
  const open = await database();
  return new Promise((resolve, reject) => {
    let made;
    const transaction = open.transaction(store, "readwrite");
    transaction.oncomplete = () => resolve(made);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(store), (value) => (made = value));
  });
}

async function read(store, key) {
  const objects = (await database()).transaction(store).objectStore(store);
  return promised(key === undefined ? objects.getAll() : objects.get(key));
}

/** Change one item if it is still there: `change(item)` gives the new one, null to remove it, undefined to leave it. */
function update(id, change) {
  return write("items", (store, give) => {
    const request = store.get(id);
    request.onsuccess = () => {
      if (!request.result) return;
      const made = change(request.result);
      if (made === null) store.delete(id);
      else if (made) store.put(made);
      give(made || null);
    };
  });
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Everything in the outbox, in the order in which it was answered. */
export async function items() {
  return (await read("items")).sort((a, b) => a.made - b.made || (a.id < b.id ? -1 : 1));
}

export const isUnsent = (item) => item.state === "waiting" || item.state === "sending";

async function tell() {
  const all = await items();
  for (const listener of listeners) listener(all, trouble);
}

/** Call `listener(items, trouble)` now and after every change. */
export function follow(listener) {
  listeners.add(listener);
  items().then((all) => listener(all, trouble), () => {});
}

async function add(item) {
  const made = { id: newId(), made: Date.now(), state: "waiting", tries: 0, lease: 0, reason: "", ...item };
  made.body = { sent_id: made.id, ...made.body };
  await write("items", (store) => store.put(made));
  await tell();
  send();
  return made;
}

/** Keep an answer to a slot; `words` say which check it was, for whoever reads the outbox. */
export function keepAnswer(slot, answer, words) {
  const body = { slot_id: slot, device_at: new Date().toISOString(), ...answer };
  return add({ kind: "answer", slot, body, words });
}

/** Take an answer back: one that never left is dropped, one that may have arrived is taken back at the server. */
export async function takeBack(slot, inspection) {
  const all = await items();
  const found = all.filter((item) => item.slot === slot && item.kind === "answer").pop();
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
    const body = await response.json().catch(() => ({}));
    if (response.status === 403 && body.code === "own_password_needed") throw new Halt("session");
    return { status: response.status, body, at: Date.parse(response.headers.get("Date")) || 0 };
  } catch (error) {
    if (error instanceof Halt) throw error;
    throw new Halt("offline");
  } finally {
    clearTimeout(late);
  }
}

async function freshProof() {
  const answer = await ask("/api/proof", {}, PATIENCE);
  if (answer.status !== 200) throw new Halt("offline");
  if (answer.body.account !== account) {
    // somebody else is signed in by now: what waits here is not theirs to send, nor to see
    await erase();
    throw new Halt("");
  }
  proof = answer.body.csrf_token;
}

/** Claim an item for this page; false where another page has it, or it is not to be sent. */
async function claim(id) {
  const now = Date.now();
  const claimed = await update(id, (item) => {
    const isHeld = item.state === "sending" && item.lease > now && item.lease <= now + MINE;
    if (!isUnsent(item) || isHeld) return undefined;
    return { ...item, state: "sending", lease: now + MINE, tries: item.tries + 1 };
  });
  return claimed;
}

/** What to send for a taking back: the answer must have arrived first. */
async function withInspection(item) {
  if (item.kind !== "undo" || item.inspection) return item;
  const answer = item.of && (await read("items", item.of));
  if (!answer || answer.state === "refused" || answer.state === "conflict") {
    await update(item.id, () => null); // nothing arrived that could be taken back
    return null;
  }
  if (!answer.inspection) return null;
  return update(item.id, (found) => ({
    ...found,
    inspection: answer.inspection,
    body: { ...found.body, inspection_id: answer.inspection },
  }));
}

async function settle(item, { status, body, at }) {
  if (item.kind === "undo" && (status === 200 || (status === 422 && body.code === "superseded"))) {
    await write("items", (store) => {
      store.put({ ...item, state: "accepted", at, slotState: body.state, lease: 0 });
      if (item.of) store.delete(item.of);
    });
    return;
  }
  const state = status === 200 ? "accepted" : status === 409 ? "conflict" : "refused";
  const made = { ...item, state, at, lease: 0, reason: status === 200 ? "" : body.description || String(status) };
  if (status === 200) Object.assign(made, { inspection: body.inspection_id, beside: body.beside, slotState: body.state });
  await update(item.id, () => made);
  if (status === 200 && window.gridmap && body.seen) window.gridmap.refresh(body.seen);
}

/** Send one item; true where the server had the last word about it. */
async function sendOne(listed) {
  const item = await withInspection(listed);
  if (!item) return false;
  const patience = Math.min(PATIENCE + item.tries * 4000, MOST_PATIENCE);
  const claimed = await claim(item.id);
  if (!claimed) return false;
  await tell();
  const back = () => update(item.id, (found) => (found.state === "sending" ? { ...found, state: "waiting", lease: 0 } : undefined));
  try {
    const options = { method: "POST", body: JSON.stringify(claimed.body) };
    options.headers = { "Content-Type": "application/json", "X-CSRF-Token": proof };
    const url = claimed.kind === "undo" ? "/api/answers/undo" : "/api/answers";
    const answer = await ask(url, options, patience);
    if (answer.status === 400 && answer.body.code === "csrf") {
      proof = null;
      await back();
    } else if (answer.status === 429 || answer.status >= 500) {
      await back(); // trouble of the server, not of this item: the next one has its turn
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

/** Send what waits, one after the other; what is refused stays behind and stops nobody. */
export async function send() {
  if (busy || account === null) return;
  busy = true;
  clearTimeout(timer);
  try {
    for (const item of (await items()).filter(isUnsent)) {
      if (!proof) await freshProof();
      if (await sendOne(item)) pause = SOON;
      trouble = "";
    }
  } catch (error) {
    if (!(error instanceof Halt)) console.warn(error);
    trouble = error instanceof Halt ? error.message : "offline";
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
  const old = Date.now() - KEPT;
  for (const item of await items()) {
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
    send();
  };
  window.addEventListener("online", wake);
  window.addEventListener("focus", wake);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
  return begin(current).then(() => true, () => false);
}
