// A report in three steps: where, what, send. Each step is an address, so that the phone's own "back" goes back; what is
// sent is kept in the outbox first, and shows where it is.
import { follow, keepReport, recall, remember, takeReportBack } from "./outbox.js";
import { element, fill, showPanel, words } from "./outbox_panel.js";
import { showNear } from "./report_near.js";
import { pictures } from "./report_pictures.js";

const HOLD = 6000; // ms that what was solved in one tap stays on the phone, so that a slip can be undone
const URGENT = 3;
const MOST_RECENT = 4;
const COARSE = 200; // m; a position that says no more than this is no place, and the server hears it of no border
const GPS = { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 };

const page = document.querySelector("[data-report]");
const form = page.querySelector(".report-send");
const find = (selector) => page.querySelector(selector);
const photos = pictures(page, Number(page.dataset.most), words);
let state = {};
let shown = null; // id in the outbox of what was sent last
let last = null; // where and as what that was
let isBusy = false;

// Where we are ------------------------------------------------------------------------------------------------------

/** What a place of the list is called: its building, and its door. */
function wordsOf(link) {
  if (link.dataset.words) return link.dataset.words;
  const { full, code } = link.closest("[data-full]").dataset;
  const door = link.classList.contains("report-door") ? ` ${link.textContent}` : "";
  return `${full}${door}${code ? ` (${code})` : ""}`;
}

function nameOf(place) {
  const listed = page.querySelector(`[data-place="${place}"]`);
  const known = find("[data-chosen-place]");
  if (listed) return wordsOf(listed);
  if (Number(known.dataset.id) === place) return known.textContent;
  try {
    return decodeURIComponent(window.location.hash.slice(1)) || words.chosen;
  } catch {
    return words.chosen;
  }
}

function point(text) {
  const [lon, lat] = (text || "").split(",").map(Number);
  return Number.isFinite(lon) && Number.isFinite(lat) ? [lon, lat] : null;
}

function readState() {
  const asked = new URLSearchParams(window.location.search);
  const place = Number(asked.get("place")) || null;
  const at = place ? null : point(asked.get("at"));
  const accuracy = Number(asked.get("accuracy")) || null;
  const kind = asked.get("kind") && find(`[data-kind="${CSS.escape(asked.get("kind"))}"]`);
  const isTapped = Boolean(at) && asked.get("tapped") === "1";
  const pointed = isTapped ? words.point : fill(words.here, { metres: Math.ceil(accuracy || 0) });
  return { place, at, accuracy, isTapped, kind: kind || null, done: asked.get("done") === "1", title: place ? nameOf(place) : pointed };
}

function address({ place, at, accuracy, isTapped, kind, done, title }) {
  const asked = new URLSearchParams();
  if (place) asked.set("place", place);
  if (at) asked.set("at", at.join(","));
  if (at && accuracy) asked.set("accuracy", accuracy);
  if (at && isTapped) asked.set("tapped", "1");
  if (kind) asked.set("kind", kind.dataset.kind);
  if (done) asked.set("done", "1");
  const search = asked.toString();
  return `/report${search ? `?${search}` : ""}${place && title ? `#${encodeURIComponent(title)}` : ""}`;
}

function go(changes) {
  shown = null;
  window.history.pushState(null, "", address({ ...state, ...changes }));
  show(true);
}

const stepOf = ({ place, at, kind }) => (!place && !at ? "where" : !kind ? "what" : "send");

function setStep(step, moves) {
  page.dataset.step = step;
  if (!moves) return;
  window.scrollTo(0, 0);
  const heading = find(`#${step}-title`);
  if (heading) heading.focus({ preventScroll: true });
}

function setTitles() {
  for (const heading of [find("[data-report-title]"), find("#what-title")]) {
    heading.textContent = state.done ? heading.dataset.solved : heading.dataset.plain;
  }
  page.classList.toggle("is-done", state.done);
  find("[data-to-map]").href = `/report/map${state.done ? "?done=1" : ""}`;
}

/** Show the step that the address tells; `moves`: somebody came here from another step. */
function show(moves) {
  state = readState();
  if (state.place && !state.kind) noteRecent(state.place, state.title);
  find("[data-chosen-place]").textContent = state.title;
  find("[data-chosen-place]").dataset.id = state.place || "";
  find("[data-chosen-kind]").textContent = state.kind ? state.kind.dataset.words : "";
  form.elements.place.value = state.place || "";
  form.elements.at.value = state.at ? state.at.join(",") : "";
  form.elements.accuracy.value = (state.at && state.accuracy) || "";
  form.elements.kind.value = state.kind ? state.kind.dataset.kind : "";
  setTitles();
  setStep(stepOf(state), moves);
  if (page.dataset.step !== "send") return;
  const isUrgent = Number(state.kind.dataset.severity) >= URGENT;
  find("[data-urgent-frame]").hidden = isUrgent;
  find("[data-solve]").hidden = isUrgent;
  find("[data-private-hint]").hidden = !("private" in state.kind.dataset);
  showNear(page, { ...state, kind: state.kind.dataset.kind }, words, join);
}

// Where -------------------------------------------------------------------------------------------------------------

async function noteRecent(place, title) {
  try {
    const before = (await recall("recent")) || [];
    await remember("recent", [{ place, title }, ...before.filter((one) => one.place !== place)].slice(0, MOST_RECENT));
  } catch {
    // without a place to remember it, the list is as long as it is
  }
}

async function showRecent() {
  const recent = (await recall("recent").catch(() => null)) || [];
  const frame = find("[data-recent-frame]");
  if (!frame || !find("[data-narrow]")) return; // of few places none needs to stand twice
  for (const { place, title } of recent) {
    const line = element("li", "");
    const link = element("a", "report-building", title);
    link.href = address({ place, title, done: state.done });
    link.dataset.place = String(place);
    link.dataset.words = title;
    line.append(link);
    find("[data-recent]").append(line);
  }
  frame.hidden = !recent.length;
}

function narrow({ target }) {
  const sought = target.value.trim().toLowerCase();
  let any = false;
  for (const house of page.querySelectorAll("[data-house]")) {
    const group = house.closest("[data-group]");
    const text = `${group.querySelector(".report-estate").textContent} ${house.dataset.full} ${house.dataset.house}`.toLowerCase();
    house.hidden = !sought.split(/\s+/).every((word) => text.includes(word));
    any = any || !house.hidden;
  }
  for (const group of page.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-house]:not([hidden])");
  find("[data-recent-frame]").hidden = Boolean(sought) || !find("[data-recent]").children.length;
  find("[data-narrow-none]").hidden = any;
}

function standHere(button) {
  const problem = find("[data-here-problem]");
  problem.textContent = "";
  button.setAttribute("aria-busy", "true");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.removeAttribute("aria-busy");
      if (coords.accuracy > COARSE && navigator.onLine) {
        // somewhere around here: a finger on the map says where
        window.location.assign(`${find("[data-to-map]").href}#17/${coords.latitude.toFixed(5)}/${coords.longitude.toFixed(5)}`);
        return;
      }
      go({ place: null, at: [coords.longitude.toFixed(6), coords.latitude.toFixed(6)], accuracy: Math.ceil(coords.accuracy), isTapped: false });
    },
    () => {
      button.removeAttribute("aria-busy");
      problem.textContent = words.nowhere;
    },
    GPS,
  );
}

// What and send -----------------------------------------------------------------------------------------------------

function chooseKind(tile) {
  const note = find("[data-urgent-note]");
  note.hidden = true;
  if (!state.done) {
    go({ kind: tile });
  } else if (Number(tile.dataset.severity) >= URGENT) {
    go({ kind: tile, done: false });
    note.textContent = words.urgent;
    note.hidden = false;
  } else {
    state.kind = tile;
    send({ done: true, hold: HOLD });
  }
}

function contentOf(done) {
  const report = { kind: state.kind.dataset.kind, source: page.dataset.source };
  if (state.place) report.place_id = state.place;
  else Object.assign(report, { at: state.at, accuracy: state.accuracy });
  const text = form.elements.text.value.trim();
  if (text) report.text = text;
  const contact = { name: form.elements.contact_name.value.trim(), phone: form.elements.contact_phone.value.trim() };
  if (contact.name || contact.phone) report.contact = contact;
  if (done) report.done = true;
  else if (form.elements.urgent.checked) report.severity = URGENT;
  const unit = form.querySelector("[name=community]:checked");
  if (unit && unit.value) report.community_id = Number(unit.value);
  return report;
}

/** What was kept is on its way: the form is empty again, and the page tells where it is. */
function kept(made, about) {
  [shown, last] = [made.id, { ...state, kind: null }];
  form.reset();
  find("[data-contact]").open = false;
  photos.clear();
  window.history.replaceState(null, "", "/report");
  find("[data-told-about]").textContent = `${about.place} · ${about.title}`;
  paint([made]);
  setStep("sent", true);
}

/** Keep the report and show where it is; where nothing can be kept the plain form sends it. */
async function send({ done = false, hold = 0, ...more } = {}) {
  if (isBusy) return; // a thumb that trembles taps twice
  isBusy = true;
  const about = { title: state.kind.dataset.words, place: state.title };
  const report = { ...contentOf(done), ...more };
  const made = await photos.taken(state.at).then((taken) => keepReport(report, about, taken, { hold })).catch(() => null);
  isBusy = false;
  if (made) {
    kept(made, about);
    return;
  }
  if (done) form.append(Object.assign(element("input", ""), { type: "hidden", name: "done", value: "1" }));
  HTMLFormElement.prototype.submit.call(form);
}

const join = (incident) => send({ same_as: incident });

function told(item) {
  if (item.state === "accepted") return ["arrived", item.isJoined ? words.states.joined : fill(words.states.number, { number: item.number })];
  if (item.state === "refused" || item.state === "conflict") return ["refused", item.reason];
  if (item.until > Date.now()) return ["kept", words.states.held];
  return ["kept", words.states[item.state]];
}

function paint(all) {
  const item = all.find((one) => one.id === shown);
  if (!item) return;
  const [word, said] = told(item);
  const pictures = all.filter((one) => one.of === shown && one.kind === "report-photo").length;
  const title = find("[data-told-title]");
  const line = pictures && word === "arrived" ? `${said} · ${words.photo}: ${words.states.sending}` : said;
  find("[data-told]").dataset.told = word;
  if (title.textContent !== title.dataset[word]) title.textContent = title.dataset[word];
  if (find("[data-told-words]").textContent !== line) find("[data-told-words]").textContent = line;
  find("[data-undo-report]").hidden = !(item.until > Date.now() && item.state === "waiting");
}

async function undo() {
  const gone = await takeReportBack(shown);
  find("[data-undo-report]").hidden = true;
  if (!gone) return;
  const title = find("[data-told-title]");
  find("[data-told]").dataset.told = "gone";
  title.textContent = title.dataset.gone;
  find("[data-told-words]").textContent = words.states.gone;
}

function again(event) {
  event.preventDefault();
  go({ ...last, kind: null });
}

// Beginning ---------------------------------------------------------------------------------------------------------

function pressed(event) {
  if (event.ctrlKey || event.metaKey) return;
  const link = event.target.closest("[data-place], [data-kind], [data-to]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.kind) chooseKind(link);
  else if (link.dataset.place) go({ place: Number(link.dataset.place), at: null, accuracy: null, title: wordsOf(link) });
  else if (link.dataset.to === "where") go({ place: null, at: null, kind: null, title: "" });
  else go({ kind: null });
}

function begin() {
  page.addEventListener("click", pressed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ done: event.submitter ? event.submitter.name === "done" : false });
  });
  find("[data-undo-report]").addEventListener("click", undo);
  find("[data-again]").addEventListener("click", again);
  window.addEventListener("popstate", () => show(true));
  const here = find("[data-here]");
  if (here && "geolocation" in navigator && window.isSecureContext) {
    here.hidden = false;
    here.addEventListener("click", () => standHere(here));
  }
  if (find("[data-narrow]")) {
    find("[data-narrow-frame]").hidden = false;
    find("[data-narrow]").addEventListener("input", narrow);
  }
  show(false);
  showRecent();
  follow(paint);
  showPanel((item) => item.id === shown || item.of === shown);
}

if (window.indexedDB) begin();
