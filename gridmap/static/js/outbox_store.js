// Where the outbox lies: IndexedDB of this browser, one store of items and one of what belongs to the account.

const NAME = "gridmap-outbox";
let opening = null;

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

/** Run `work(store, give)` in one transaction; it is on the disk when the promise is kept. */
export async function write(store, work) {
  const open = await database();
  return new Promise((resolve, reject) => {
    let made;
    // strict: a phone that loses its power right after a tap has kept the answer
    const transaction = open.transaction(store, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => resolve(made);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    work(transaction.objectStore(store), (value) => (made = value));
  });
}

/** One thing of a store by its key, or everything in it. */
export async function read(store, key) {
  const objects = (await database()).transaction(store).objectStore(store);
  return promised(key === undefined ? objects.getAll() : objects.get(key));
}

/** Change one item if it is still there: `change(item)` gives the new one, null to remove it, undefined to leave it. */
export function update(id, change) {
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

/** A random UUID, also on pages that came without a secure address. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
