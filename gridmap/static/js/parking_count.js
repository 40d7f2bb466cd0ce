// Counting the cars of zones: a list, and one zone on one screen. Each zone is an address, so that the phone's own "back"
// goes back; what is counted is kept in the outbox first, so the next zone is there at once, with or without a network.
import { follow, items } from "./outbox.js";
import { keepCount } from "./outbox_parking.js";
import { element, fill, showPanel, words } from "./outbox_panel.js";
import { countNow, countsOf, now, ownCounts, page, roundAt, whenWords, zones } from "./parking_round.js";
import { tally } from "./parking_tally.js";

const GPS = { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 };
const RADIUS = 6371000; // m
const form = page.querySelector("[data-count]");
const find = (selector) => page.querySelector(selector);
const list = find("[data-zones]");
const total = tally(find('[data-tally="total"]'), check);
const outside = tally(find('[data-tally="outside"]'), check);
let own = new Map(); // counts that are on this phone, by zone
let zone = null;
let saved = null; // the item that was kept last
let isBusy = false;

// The round ------------------------------------------------------------------------------------------------------------

const stateOf = (one) => countNow(countsOf(one, own), roundAt(now()));
const waiting = () => zones.filter((one) => !stateOf(one).done);

/** The next zone that nobody has counted, in the order of the list; after the last one the first again. */
function following(id) {
  const ids = [...list.children].map((line) => Number(line.dataset.zoneLine));
  const at = ids.indexOf(id) + 1;
  const order = [...ids.slice(at), ...ids.slice(0, at)].filter((one) => one !== id);
  const left = new Set(waiting().map((one) => one.id));
  const next = order.find((one) => left.has(one));
  return zones.find((one) => one.id === next) || null;
}

function paintCount(place, { done, last }) {
  const shown = done || last;
  place.textContent = "";
  if (shown) place.append(element("strong", "", String(shown.total)), " / ", element("strong", "", String(shown.outside)));
  const isUnsent = done && done.item && done.item.state !== "accepted";
  const note = done ? (isUnsent ? words.states[done.item.state] : words.done) : shown ? whenWords(shown) : words.never;
  place.append(element("span", "zone-note", note));
}

function paintList() {
  const made = roundAt(now());
  for (const title of page.querySelectorAll("[data-part]")) title.textContent = words.parts[made.part];
  for (const line of page.querySelectorAll("[data-zone]")) {
    const one = zones.find(({ id }) => id === Number(line.dataset.zone));
    const state = stateOf(one);
    line.toggleAttribute("data-done", Boolean(state.done));
    const key = JSON.stringify([state.done || state.last, state.done && state.done.item && state.done.item.state, made]);
    if (line.dataset.shown !== key) paintCount(line.querySelector("[data-zone-count]"), state);
    line.dataset.shown = key;
  }
  const values = { done: zones.length - waiting().length, all: zones.length };
  const progress = find("[data-progress]");
  const line = values.done === values.all ? words.all : fill(words.progress, values);
  if (progress.textContent !== line) progress.textContent = line;
  find("[data-count-done]").textContent = `${values.done}/${values.all}`;
}

// One zone -------------------------------------------------------------------------------------------------------------

function paintZone() {
  if (!zone) return;
  const { done, last } = stateOf(zone);
  const next = following(zone.id);
  const line = done ? words.again : last ? `${whenWords(last)}: ${last.total} / ${last.outside}` : words.never;
  if (find("[data-count-last]").textContent !== line) find("[data-count-last]").textContent = line;
  find("[data-save-words]").textContent = next ? fill(words.saveNext, { name: next.name }) : words.save;
}

function show(moves) {
  const found = /\/parking\/count\/(\d+)$/.exec(window.location.pathname);
  zone = (found && zones.find((one) => one.id === Number(found[1]))) || null;
  page.dataset.step = zone ? "zone" : "zones";
  if (zone) {
    const { done, last } = stateOf(zone);
    const begin = done || last || { total: 0, outside: 0 };
    find("[data-zone-name]").textContent = zone.name;
    find("[data-zone-around]").textContent = zone.around;
    find("[data-see]").href = `${find("[data-see]").dataset.see}?count=1&zone=${zone.id}`;
    form.action = window.location.pathname;
    total.set(begin.total);
    outside.set(begin.outside);
    paintZone();
    check();
  }
  if (!moves) return;
  window.scrollTo(0, 0);
  find(zone ? "#zone-title" : "#zones-title").focus({ preventScroll: true });
}

function go(id) {
  window.history.pushState(null, "", id ? `/parking/count/${id}` : "/parking/count");
  show(true);
}

/** Say at once what does not fit; true where it fits. */
function check() {
  const problem = find("[data-count-problem]");
  const values = [total.value(), outside.value()];
  const isTyped = values.every(Number.isInteger);
  const fits = isTyped && values[1] <= values[0];
  const line = fits ? "" : isTyped ? problem.dataset.words : problem.dataset.empty;
  if (problem.textContent !== line) problem.textContent = line;
  outside.mark(isTyped && !fits);
  return fits;
}

async function save() {
  if (isBusy || !zone) return; // a thumb that trembles taps twice
  if (!check()) {
    outside.focus();
    return;
  }
  isBusy = true;
  const numbers = { total: total.value(), outside: outside.value() };
  const title = `${words.title} ${numbers.total} / ${numbers.outside}`;
  const made = await keepCount(zone.id, numbers, now(), { title, place: zone.name }).catch(() => null);
  isBusy = false;
  if (!made) {
    HTMLFormElement.prototype.submit.call(form); // nothing can be kept here: the plain form sends it
    return;
  }
  saved = { id: made.id, zone, numbers };
  const next = following(zone.id);
  paint(await items());
  go(next && next.id);
}

function paintSaved(all) {
  const item = saved && all.find((one) => one.id === saved.id);
  const line = find("[data-told]");
  line.hidden = !item;
  if (!item) return;
  const noted = fill(words.noted, { name: saved.zone.name, ...saved.numbers });
  const state = item.state === "refused" || item.state === "conflict" ? `${words.states[item.state]}: ${item.reason}` : words.states[item.state];
  const said = `${noted} · ${state}`;
  if (find("[data-told-words]").textContent !== said) find("[data-told-words]").textContent = said;
}

function paint(all) {
  own = ownCounts(all);
  paintList();
  paintZone();
  paintSaved(all);
}

// The nearest first ----------------------------------------------------------------------------------------------------

function metres(one, { longitude, latitude }) {
  const radians = Math.PI / 180;
  const east = (one.lon - longitude) * radians * Math.cos(latitude * radians);
  return RADIUS * Math.hypot(east, (one.lat - latitude) * radians);
}

function sortFrom({ coords }) {
  const away = new Map(zones.filter((one) => one.lon !== null).map((one) => [one.id, metres(one, coords)]));
  const lines = [...list.children];
  const offOf = (line) => away.get(Number(line.dataset.zoneLine)) || Infinity;
  list.append(...lines.sort((one, other) => offOf(one) - offOf(other)));
}

function nearest() {
  const problem = find("[data-nearest-problem]");
  problem.textContent = "";
  navigator.geolocation.getCurrentPosition(sortFrom, () => (problem.textContent = words.nowhere), GPS);
}

// Beginning ------------------------------------------------------------------------------------------------------------

function pressed(event) {
  if (event.ctrlKey || event.metaKey) return;
  const link = event.target.closest("[data-zone], [data-to-zones], [data-mend]");
  if (!link) return;
  event.preventDefault();
  if ("mend" in link.dataset) go(saved.zone.id);
  else go("toZones" in link.dataset ? 0 : Number(link.dataset.zone));
}

function begin() {
  page.addEventListener("click", pressed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  window.addEventListener("popstate", () => show(true));
  document.addEventListener("visibilitychange", () => document.hidden || (paintList(), paintZone()));
  if ("geolocation" in navigator && window.isSecureContext && zones.length > 1) {
    find("[data-nearest]").hidden = false;
    find("[data-nearest]").addEventListener("click", nearest);
  }
  const first = items().then((all) => (own = ownCounts(all))).catch(() => {});
  first.then(() => {
    show(false);
    follow(paint);
    page.dataset.ready = "";
  });
  showPanel((item) => item.kind === "count" && item.state !== "refused" && item.state !== "conflict");
}

if (window.indexedDB && list) begin();
