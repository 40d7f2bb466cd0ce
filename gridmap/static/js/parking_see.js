// A car from outside: its zone, its plate, when; kept in the outbox first. With a network the page tells at once what
// follows, without one that it is kept. Once the server has had its word no plate is left on this phone.
import { follow, recall, remember } from "./outbox.js";
import { keepSighting } from "./outbox_parking.js";
import { showPanel, words } from "./outbox_panel.js";
import { now, page, zones } from "./parking_round.js";
import { platePad } from "./plate_pad.js";
import { pictures } from "./report_pictures.js";

const MINUTE = 60000;
const DAY = 24 * 60 * MINUTE;
const form = page.querySelector("[data-see-form]");
const find = (selector) => page.querySelector(selector);
let pad = null;
let photos = null;
let shown = null; // the item that was kept last
let isBusy = false;

const zoneOf = (id) => zones.find((one) => one.id === Number(id)) || null;

// When -----------------------------------------------------------------------------------------------------------------

/** The moment that is said: so long ago, or the last time that a clock showed that hour. */
function seenAt() {
  const at = now();
  const clock = form.elements.clock.value;
  if (!clock) return new Date(at.getTime() - Number(form.elements.ago.value || 0) * MINUTE);
  const [hours, minutes] = clock.split(":").map(Number);
  const office = 8 * 60 * MINUTE;
  const midnight = Math.floor((at.getTime() + office) / DAY) * DAY - office;
  const today = midnight + (hours * 60 + minutes) * MINUTE;
  return new Date(today > at.getTime() ? today - DAY : today);
}

// Asking ---------------------------------------------------------------------------------------------------------------

function complain(line) {
  const problem = find("[data-see-problem]");
  if (problem.textContent !== line) problem.textContent = line;
}

function provinceOf() {
  const zone = zoneOf(form.elements.zone.value) || zones[0];
  return zone ? zone.province : "";
}

function chooseZone() {
  complain("");
  if (!pad.isWhole() && pad.text().length < 2) pad.begin(provinceOf());
  if (form.elements.zone.value) remember("zone", Number(form.elements.zone.value)).catch(() => {});
}

async function begins() {
  const asked = new URLSearchParams(window.location.search);
  const before = await recall("zone").catch(() => null);
  const chosen = zoneOf(asked.get("zone")) || zoneOf(form.elements.zone.value) || zoneOf(before);
  if (chosen) form.elements.zone.value = String(chosen.id);
  form.elements.in_count.checked = asked.get("count") === "1";
  find("[data-to-count]").hidden = asked.get("count") !== "1";
  if (!pad.text()) pad.begin(provinceOf());
}

function fresh() {
  page.dataset.step = "ask";
  shown = null;
  form.elements.clock.value = "";
  form.elements.ago.value = "0";
  find("[data-more]").open = false;
  photos.clear();
  complain("");
  pad.begin(provinceOf());
  window.scrollTo(0, 0);
}

// Keeping --------------------------------------------------------------------------------------------------------------

async function save() {
  if (isBusy) return; // a thumb that trembles taps twice
  const zone = zoneOf(form.elements.zone.value);
  if (!zone || !pad.isWhole()) {
    complain(zone ? words.plate : words.zone);
    return;
  }
  isBusy = true;
  const seen = { zone_id: zone.id, plate: pad.text(), seen_at: seenAt().toISOString(), in_count: form.elements.in_count.checked };
  const about = { title: `${words.title} ${pad.mask()}`, place: zone.name, masked: pad.mask() };
  const made = await photos
    .taken(null)
    .then(([photo]) => keepSighting(seen, about, photo && photo.blob))
    .catch(() => null);
  isBusy = false;
  if (!made) {
    HTMLFormElement.prototype.submit.call(form); // nothing can be kept here: the plain form sends it
    return;
  }
  shown = made.id;
  find("[data-told-zone]").textContent = zone.name;
  find("[data-to-count]").href = `/parking/count/${zone.id}`;
  tell(made, "");
  page.dataset.step = "told";
  window.scrollTo(0, 0);
  find("#told-title").focus({ preventScroll: true });
}

/** How it stands with what was kept: tone, title and the line below. */
function toldOf(item, trouble) {
  const title = find("[data-told-title]").dataset;
  if (item.state === "accepted") return [item.told.tone, item.told.sentence, item.told.next || ""];
  if (item.state === "refused" || item.state === "conflict") return ["refused", title.refused, item.reason];
  const isOffline = trouble === "offline" || !navigator.onLine || item.tries > 1;
  if (trouble === "session") return ["kept", title.kept, words.states.waiting];
  return isOffline ? ["kept", title.kept, words.offline] : ["sending", title.sent, ""];
}

function tell(item, trouble) {
  const [tone, title, line] = toldOf(item, trouble);
  find("[data-told]").dataset.tone = tone;
  find("[data-told-plate]").textContent = item.words.masked;
  if (find("[data-told-title]").textContent !== title) find("[data-told-title]").textContent = title;
  if (find("[data-told-words]").textContent !== line) find("[data-told-words]").textContent = line;
  const notice = item.told && item.told.notice;
  find("[data-to-give]").hidden = !notice;
  find("[data-to-print]").hidden = !notice;
  if (!notice) return;
  find("[data-to-give]").href = `/parking/evening#n${notice}`;
  find("[data-to-print]").href = page.dataset.print.replace("{id}", notice);
}

function paint(all, trouble) {
  const item = all.find((one) => one.id === shown);
  if (item) tell(item, trouble);
}

// Beginning ------------------------------------------------------------------------------------------------------------

function begin() {
  const typed = form.elements.plate;
  find("[data-typed]").hidden = true;
  find("[data-pad]").hidden = false;
  find("[data-photos]").hidden = false;
  typed.required = false;
  photos = pictures(page, 1, words);
  pad = platePad(find("[data-pad]"), JSON.parse(document.getElementById("plate-rules").textContent), words, (text) => {
    typed.value = text;
    complain("");
    find("[data-save]").setAttribute("aria-disabled", String(!pad || !pad.isWhole()));
  });
  form.elements.zone.addEventListener("change", chooseZone);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  find("[data-again]").addEventListener("click", (event) => {
    event.preventDefault();
    fresh();
  });
  begins().then(() => (page.dataset.ready = ""));
  follow(paint);
  showPanel((item) => item.id === shown || item.of === shown);
}

if (window.indexedDB && form) begin();
