// What was given, moved and taken lately, each change with its undo where nothing later stands upon it.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { toast } from "../page.js";
import { get, sentence } from "./send.js";
import { undo } from "./save.js";

function kinds(t) {
  return {
    change: t("Given by hand"),
    proposal: t("Proposal"),
    hand_over: t("Hand-over"),
    import: t("Import"),
    undo: t("Taken back"),
  };
}

/** The list of changes in `frame`; `onUndone(body)` hears of an undo. Returns {load()}. */
export function changesList(frame, { t, locale, street, onUndone }) {
  const day = new Intl.DateTimeFormat(locale === "zh" ? "zh-CN" : locale, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "Asia/Shanghai",
  });
  let last = null;

  async function takeBack(button, change) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    const { done, problem } = await undo(t, change.id);
    button.removeAttribute("aria-busy");
    if (problem) {
      toast(problem, "danger");
      return;
    }
    toast(t("Taken back: {count} places.", { count: change.places }));
    onUndone(done);
    load();
  }

  function row(change) {
    const title = element("span", {
      name: "strong",
      text: `${kinds(t)[change.kind] || change.kind} · ${t("{count} places", { count: change.places })}`,
    });
    const note = element("span", {
      name: "place-note",
      text: t("{day}, {name}", { day: day.format(new Date(change.at)), name: change.by || "?" }),
    });
    const words = element("span", { name: "place-text" }, title, note);
    if (change.why) words.append(element("span", { name: "place-note", text: change.why }));
    const item = element("li", { name: "give-change" }, words);
    if (change.undone_by) item.append(element("span", { name: "badge", text: t("Undone") }));
    else if (change.may_undo) {
      const button = element("button", { name: "button", text: t("Undo"), set: { type: "button" } });
      button.addEventListener("click", () => takeBack(button, change));
      item.append(button);
    }
    return item;
  }

  async function load(more = false) {
    const before = more && last ? `&before=${last}` : "";
    try {
      const found = await get(`/api/assignments/changes?street=${street}${before}`);
      const list = element("ul", { name: "give-changes", set: { role: "list" } }, ...found.changes.map(row));
      if (more) frame.lastElementChild.remove();
      else frame.replaceChildren();
      if (found.changes.length) {
        last = found.changes[found.changes.length - 1].id;
        frame.append(list);
      } else if (!more) frame.append(element("p", { name: "muted", text: t("No change yet") }));
      if (found.more) {
        const press = { click: () => load(true) };
        frame.append(
          element("button", { name: "button button-wide", text: t("More"), set: { type: "button" }, on: press }),
        );
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      frame.replaceChildren(element("p", { name: "note note-danger", text: sentence(t, error) }));
    }
  }

  return { load };
}
