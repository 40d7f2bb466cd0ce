// A workbook of assignments that comes back: what would change, row by row; then one change of the good rows.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { given, offerUndo } from "./page.js";
import { saveDialog } from "./save.js";
import { postForm, sentence } from "./send.js";

const config = given();
const { t } = config;
const find = (selector) => document.querySelector(selector);
const result = find("[data-excel-result]");
const body = find("[data-excel-rows]");
const chips = find("[data-excel-counts]");
const problem = find("[data-excel-problem]");
const apply = find("[data-excel-apply]");
const KINDS = { added: "ok", moved: "accent", ended: "warn", unchanged: "", refused: "danger", conflict: "danger" };
let shown = null;
let found = null;

function titleOf(outcome) {
  const titles = {
    added: t("Added"),
    moved: t("Moved"),
    ended: t("Ended"),
    unchanged: t("Unchanged"),
    refused: t("Refused"),
    conflict: t("Conflict"),
  };
  return titles[outcome] || outcome;
}

const nameIn = (one) => (one && typeof one === "object" ? one.name : one) || "—";

function row(one) {
  const cell = (title, ...children) => element("td", { set: { "data-title": title } }, ...children);
  const place = element("span", { text: one.name || "—" });
  const number = element("span", {
    name: "muted small",
    text: ` ${t("Row {row}", { row: one.row || "—" })} ${config.roles[one.role] || one.role || ""}`,
  });
  const kind = KINDS[one.outcome];
  return element(
    "tr",
    {},
    element("th", { set: { scope: "row" } }, place, number),
    cell(
      t("What happens"),
      element("span", { name: kind ? `badge badge-${kind}` : "badge", text: titleOf(one.outcome) }),
    ),
    cell(t("Before"), nameIn(one.before)),
    cell(t("After"), nameIn(one.after)),
    cell(t("Note"), one.sentence || ""),
  );
}

function chip(outcome, count) {
  const press = { click: () => filter(shown === outcome ? null : outcome) };
  const text = `${outcome ? titleOf(outcome) : t("All rows")} ${count}`;
  return element("button", {
    name: "chip",
    text,
    set: { type: "button", "aria-pressed": String(shown === outcome) },
    on: press,
  });
}

function filter(outcome) {
  shown = outcome;
  const rows = found.rows.filter((one) => !outcome || one.outcome === outcome);
  body.replaceChildren(...rows.map(row));
  const counts = new Map();
  for (const one of found.rows) counts.set(one.outcome, (counts.get(one.outcome) || 0) + 1);
  chips.replaceChildren(chip(null, found.rows.length), ...[...counts].map(([word, count]) => chip(word, count)));
}

const dialog = saveDialog(find("#give-save"), {
  t,
  onSaved: (saved) => {
    result.querySelector(".table-frame").hidden = true;
    chips.replaceChildren();
    apply.hidden = true;
    offerUndo(t, saved.change, saved.places.length, () => {});
  },
  onStale: () => {},
});

async function read(form) {
  problem.textContent = "";
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  const sent = new FormData(form);
  sent.set("street", String(config.street));
  try {
    const answer = await postForm("/api/assignments/import", sent);
    if (answer.status === 200) {
      found = answer.body;
      result.hidden = false;
      result.querySelector(".table-frame").hidden = false;
      apply.hidden = false;
      apply.disabled = !found.moves.length;
      filter(null);
      find("#diff-title").focus();
    } else problem.textContent = answer.body.description;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem.textContent = sentence(t, error);
  }
  button.removeAttribute("aria-busy");
}

const form = find("[data-excel-form]");
if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read(form);
  });
  apply.addEventListener("click", () => dialog.open(found.moves, "import"));
}
