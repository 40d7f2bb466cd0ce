// The service worker: one's own pages open without the network. The network comes first; the copy is of one account
// alone, and the page erases it on sign-out. BUILD, the folder of the files that belong together, stands above.
const PAGES = "gridmap-pages";
const FILES = "gridmap-files";
const WHOSE = "/__account";
const LATE = 6000; // ms after which a copy is shown, where there is one

const KEPT = ["/my", "/my/due", "/my/inbox", "/my/incidents", "/parking/evening"];
const COUNTING = "/parking/count";
// one copy of each of these serves every place: its scripts read the address
const ONE_FOR_ALL = ["/report", "/parking/see", COUNTING];
const oneFor = (path) => (path.startsWith(`${COUNTING}/`) ? COUNTING : ONE_FOR_ALL.find((one) => one === path));
const isKept = (path) => KEPT.includes(path) || Boolean(oneFor(path)) || path.startsWith("/p/") || path.startsWith("/visits/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** Under which address a page is kept. */
function keyOf(address) {
  const url = new URL(address);
  const one = oneFor(url.pathname);
  return one ? url.origin + one : address.split("#")[0];
}

async function accountOf(cache) {
  const found = await cache.match(WHOSE);
  return found ? found.text() : "";
}

/** Keep a page of this account; a page of another one takes the place of everything that was kept. */
async function keep(request, response) {
  const account = response.headers.get("X-Gridmap-Account");
  if (!account || response.status !== 200 || response.redirected) return;
  let cache = await caches.open(PAGES);
  if ((await accountOf(cache)) !== account) {
    await caches.delete(PAGES);
    cache = await caches.open(PAGES);
    await cache.put(WHOSE, new Response(account));
  }
  const isOfOnePlace = Boolean(oneFor(new URL(request.url).pathname)) && request.url.split("#")[0].includes("?");
  if (!isOfOnePlace) await cache.put(keyOf(request.url), response);
}

async function page(request) {
  const cache = await caches.open(PAGES);
  const copy = await cache.match(keyOf(request.url));
  const fresh = fetch(request).then((response) => {
    if (response.status === 200) return keep(request, response.clone()).then(() => response);
    return response;
  });
  if (!copy) return fresh;
  // the network is there and nobody behind it: the copy is better than an error
  const good = fresh.then((response) => ([502, 503, 504].includes(response.status) ? copy : response), () => copy);
  return Promise.race([good, new Promise((resolve) => setTimeout(() => resolve(copy), LATE))]);
}

async function file(request) {
  const cache = await caches.open(FILES);
  const copy = await cache.match(request);
  if (copy) return copy;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request, response.clone());
  return response;
}

/** Files that a page names: it may never have been opened while there was a network. */
async function keepFilesOf(response) {
  const cache = await caches.open(FILES);
  for (const [, address] of (await response.text()).matchAll(/(?:src|href)="([^"#?]+)"/g)) {
    if (address.startsWith(BUILD) && !(await cache.match(address))) await cache.add(address).catch(() => {});
  }
}

async function keepAll({ keep: pages, assets, account }) {
  const cache = await caches.open(FILES);
  for (const address of assets) {
    const url = new URL(address, self.location.origin);
    if (url.origin === self.location.origin && url.pathname.startsWith(BUILD) && !(await cache.match(url.href))) {
      await cache.add(url.href).catch(() => {});
    }
  }
  for (const path of pages) {
    const request = new Request(path, { credentials: "same-origin", headers: { Accept: "text/html" } });
    const response = await fetch(request).catch(() => null);
    if (!response || response.headers.get("X-Gridmap-Account") !== String(account)) continue;
    await keepFilesOf(response.clone()); // first, so that a page that is kept works
    await keep(request, response);
  }
  for (const request of await cache.keys()) {
    if (!new URL(request.url).pathname.startsWith(BUILD)) await cache.delete(request);
  }
}

self.addEventListener("message", (event) => {
  if (event.data && event.data.keep) event.waitUntil(keepAll(event.data));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && isKept(url.pathname)) event.respondWith(page(event.request));
  else if (url.pathname.startsWith(BUILD)) event.respondWith(file(event.request));
});
