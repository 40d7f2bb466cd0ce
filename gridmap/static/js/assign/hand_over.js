// Hand-over: one person gives, one or several take; the server shares the places out, people change it, one change.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { given, offerUndo } from "./page.js";
import { newId, get, post, sentence } from "./send.js";

const TYPING = 300;
const MOST = 40; // people at once; the others are found by name
const config = given();
const { t } = config;
const find = (selector) => document.querySelector(selector);
const form = find("[data-hand-form]");
const status = find("[data-hand-status]");
const frame = find("[data-hand-preview]");
const known = new Map();
const chosen = { from: null, to: new Set() };
let preview = null;
let moves = [];
let sentId = newId();

const titleOf = (role) => config.roles[role] || role;
const nameOf = (id) => (known.get(id) || { name: "?" }).name;

function say(words, kind = "") {
  status.textContent = words;
  status.className = kind ? `note note-${kind}` : "muted";
}

function personRow(side, person) {
  const type = side === "from" ? "radio" : "checkbox";
  const input = element("input", { set: { type, name: `hand-${side}`, value: String(person.id) } });
  input.checked = side === "from" ? chosen.from === person.id : chosen.to.has(person.id);
  input.addEventListener("change", () => choose(side, person.id, input.checked));
  const load = person.load || { places: 0, households: 0 };
  const note =
    side === "from"
      ? t("{count} places", { count: person.holds })
      : t("{places} places · {households} households", load);
  const about = [note, person.community].filter(Boolean).join(" · ");
  const words = element(
    "span",
    { name: "give-words" },
    element("span", { name: "give-name", text: person.name }),
    element("span", { name: "give-load", text: about }),
  );
  if (person.away) words.append(element("span", {}, element("span", { name: "badge badge-warn", text: t("Away") })));
  return element("label", { name: "choice give-person" }, input, words);
}

function showPeople(side, people) {
  for (const one of people) known.set(one.id, one);
  // who is chosen stays in sight whatever is searched for
  const kept = (side === "from" ? [chosen.from] : [...chosen.to]).filter((id) => id !== null);
  const listed = new Map([...kept.map((id) => known.get(id)), ...people].map((one) => [one.id, one]));
  const rows = [...listed.values()].slice(0, MOST).map((one) => personRow(side, one));
  const hidden = listed.size - rows.length;
  if (hidden)
    rows.push(
      element("p", { name: "give-more muted small", text: t("{count} more: search by name", { count: hidden }) }),
    );
  const nobody = element("p", { name: "muted give-nobody-found", text: t("Nobody found") });
  find(`[data-hand-people=${side}]`).replaceChildren(...(rows.length ? rows : [nobody]));
}

async function search(side, text) {
  const words = text ? `&q=${encodeURIComponent(text)}` : side === "from" ? "" : "&all=1";
  try {
    const found = await get(`/api/assignments/people?street=${config.street}&role=${config.role}${words}`);
    showPeople(side, found.people);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(sentence(t, error), "danger");
  }
}

function choose(side, id, on) {
  if (side === "from") chosen.from = id;
  else chosen.to[on ? "add" : "delete"](id);
  chosen.to.delete(chosen.from);
  for (const input of document.querySelectorAll("input[name=hand-to]")) {
    input.disabled = Number(input.value) === chosen.from;
    input.checked = chosen.to.has(Number(input.value));
  }
  look();
}

function openWords(one) {
  if (!one.slots) return t("nothing open");
  return t("{count} open, {late} late", { count: one.slots, late: one.late });
}

function choiceOf(move) {
  const select = element("select", {
    name: "select",
    set: { "aria-label": t("Who takes over {place}", { place: move.name }) },
  });
  for (const id of chosen.to) select.append(element("option", { text: nameOf(id), set: { value: String(id) } }));
  select.value = String(move.person);
  select.addEventListener("change", () => {
    moves = moves.map((one) => (one === move.sent ? { ...one, person: Number(select.value) } : one));
    move.sent = moves.find(
      (one) => one.place === move.place && one.role === move.role && (one.unit || "") === move.unit && !one.end,
    );
    look(moves);
  });
  return select;
}

function row(one) {
  const sent = moves.find(
    (move) => move.place === one.place && move.role === one.role && (move.unit || "") === one.unit && !move.end,
  );
  const place = element(
    "th",
    { set: { scope: "row" } },
    element("a", { text: `${one.name}${one.unit ? ` ${one.unit}` : ""}`, set: { href: `/places/${one.place}` } }),
  );
  const cell = (title, ...children) => element("td", { set: { "data-title": title } }, ...children);
  const to = sent
    ? choiceOf({ sent, place: one.place, role: one.role, unit: one.unit, person: sent.person, name: one.name })
    : element("span", { text: "—" });
  return element(
    "tr",
    {},
    place,
    cell(t("Role"), titleOf(one.role)),
    cell(t("Open work"), openWords(one.open)),
    cell(t("Takes over"), to),
  );
}

function table() {
  const head = [t("Place"), t("Role"), t("Open work"), t("Takes over")].map((text) =>
    element("th", { text, set: { scope: "col" } }),
  );
  const rows = preview.holds.map(row);
  const made = element(
    "table",
    { name: "table table-cards" },
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows),
  );
  return element(
    "div",
    { name: "table-frame", set: { tabindex: "0", role: "region", "aria-label": t("Takes over") } },
    made,
  );
}

function loads() {
  const rows = preview.people.map((one) => {
    const words = t("{before} → {after} places", { before: one.before.places, after: one.after.places });
    return element(
      "li",
      {},
      element("span", { name: "strong", text: one.name }),
      element("span", { name: "muted", text: ` ${words}` }),
    );
  });
  return element("ul", { name: "give-troubles", set: { role: "list" } }, ...rows);
}

async function look(edited = null) {
  form.hidden = true;
  if (chosen.from === null) return;
  if (!chosen.to.size) {
    frame.replaceChildren();
    say(t("Choose who takes over."));
    return;
  }
  const asked = { from: chosen.from, to: [...chosen.to], ...(edited ? { moves: edited } : {}) };
  try {
    const { status: code, body } = await post("/api/assignments/hand-over", asked);
    if (code !== 200) {
      say(body.description, "warn");
      return;
    }
    preview = body;
    moves = body.moves;
    sentId = newId();
    show();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(sentence(t, error), "danger");
  }
}

function show() {
  const troubles = [...preview.conflicts, ...preview.refused];
  if (!preview.holds.length) {
    frame.replaceChildren();
    say(t("{name} holds nothing here.", { name: nameOf(chosen.from) }));
    return;
  }
  const open = openWords(preview.open);
  say(`${nameOf(chosen.from)}: ${t("{count} places", { count: preview.holds.length })} · ${open}`);
  const notes = troubles.map((one) => element("li", { text: one.sentence }));
  const warning = notes.length
    ? [element("div", { name: "note note-warn" }, element("ul", { name: "give-troubles" }, ...notes))]
    : [];
  frame.replaceChildren(...warning, loads(), table());
  form.hidden = false;
  find("[data-hand-apply]").disabled = notes.length > 0;
}

async function apply() {
  const button = find("[data-hand-apply]");
  button.disabled = true;
  const { note, why } = form.elements;
  const told = {
    from: chosen.from,
    to: [...chosen.to],
    moves,
    note: note.value.trim(),
    why: why.value.trim() || why.placeholder,
  };
  try {
    const { status: code, body } = await post("/api/assignments/hand-over", { ...told, apply: true, sent_id: sentId });
    if (code !== 200) {
      say(body.description, "warn");
      look();
      return;
    }
    form.hidden = true;
    form.reset();
    frame.replaceChildren();
    say("");
    chosen.to.clear();
    offerUndo(t, body.change, body.places.length, () => begin());
    begin();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    say(sentence(t, error), "danger");
    button.disabled = false;
  }
}

function begin() {
  for (const side of ["from", "to"]) search(side, find(`[data-hand-search=${side}]`).value.trim());
}

for (const input of document.querySelectorAll("[data-hand-search]")) {
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(input.dataset.handSearch, input.value.trim()), TYPING);
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});
if (config.street) begin();
