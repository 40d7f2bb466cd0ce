// Before anything is written: who would get what from whom, what is in the way; then one change, and its undo.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { newId, post, sentence } from "./send.js";

function turns(places, nameOf) {
  const found = new Map();
  for (const one of places.filter((place) => place.kind !== "same")) {
    const before = one.before ? one.before.name : null;
    const after = one.after ? one.after.name : null;
    const key = JSON.stringify([before, after]);
    if (!found.has(key)) found.set(key, { before, after, names: [] });
    found.get(key).names.push(nameOf(one.place, one.name));
  }
  return [...found.values()];
}

/** What a preview says, as elements: who moves, grouped, and what is in the way. `nameOf(id, name)` says it in full. */
export function previewOf(t, preview, nameOf) {
  const nobody = t("Nobody yet");
  const list = element("ul", { name: "give-turns", set: { role: "list" } });
  for (const { before, after, names } of turns(preview.places, nameOf)) {
    const from = t("From {before} to {after}", { before: before || nobody, after: after || nobody });
    const summary = element(
      "summary",
      {},
      element("span", { name: "grow", text: from }),
      element("span", { name: "give-count", text: t("{count} places", { count: names.length }) }),
    );
    const all = element("p", { name: "small muted", text: names.join(t(", ")) });
    list.append(element("li", {}, element("details", { name: "fold" }, summary, all)));
  }
  const troubles = [...preview.conflicts, ...preview.refused].map((one) => element("li", { text: one.sentence }));
  const notes = troubles.length
    ? [element("div", { name: "note note-warn" }, element("ul", { name: "give-troubles" }, ...troubles))]
    : [];
  return [...notes, list];
}

function inTheWay({ conflicts, refused }) {
  return new Set([...conflicts, ...refused].map((one) => one.place));
}

/**
 * The dialog `dialog` with a form. `open(moves, kind)` shows what they would do; `onSaved(body)` hears what was written,
 * `onStale(places)` of places that somebody else has given meanwhile.
 */
export function saveDialog(dialog, { t, onSaved, onStale, nameOf = (id, name) => name }) {
  const form = dialog.querySelector("form");
  const body = dialog.querySelector("[data-give-preview]");
  const button = dialog.querySelector("[data-give-confirm]");
  const status = dialog.querySelector("[data-give-status]");
  let sending = [];
  let sentId = "";
  let kind = "change";

  function say(words) {
    status.textContent = words;
  }

  async function open(moves, sort = "change") {
    sending = moves;
    kind = sort;
    sentId = newId();
    say("");
    button.disabled = true;
    body.replaceChildren(element("span", { name: "skeleton skeleton-block" }));
    dialog.showModal();
    try {
      const answer = await post("/api/assignments/preview", { moves });
      body.replaceChildren(...previewOf(t, answer.body, nameOf));
      const bad = inTheWay(answer.body);
      sending = moves.filter((move) => !bad.has(move.place));
      if (answer.body.conflicts.length) onStale(answer.body.conflicts.map((one) => one.place));
      button.disabled = !sending.length;
      if (!sending.length) say(t("Nothing to save"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      body.replaceChildren();
      say(sentence(t, error));
    }
  }

  async function save() {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      const why = form.elements.why.value.trim() || form.elements.why.placeholder;
      const { status: code, body: answer } = await post("/api/assignments", {
        moves: sending,
        why,
        kind,
        sent_id: sentId,
      });
      if (code === 200) {
        dialog.close();
        form.elements.why.value = "";
        onSaved(answer);
      } else {
        const known = { places: [], conflicts: [], refused: [], ...answer };
        body.replaceChildren(...previewOf(t, known, nameOf));
        say(answer.description);
        onStale(known.conflicts.map((one) => one.place));
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(sentence(t, error));
      button.disabled = false;
    }
    button.removeAttribute("aria-busy");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  return { open };
}

/** Take a change back; gives the answer's body, or the sentence of what is in the way. */
export async function undo(t, change) {
  try {
    const { status, body } = await post("/api/assignments/undo", { change });
    return status === 200 ? { done: body } : { problem: body.description };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { problem: sentence(t, error) };
  }
}
