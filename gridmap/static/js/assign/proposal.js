// A proposal of the server becomes moves that nobody has saved yet, each with its reason; people change them by hand.
import { Problem } from "../ask.js";
import { element } from "../map/dom.js";
import { post, sentence } from "./send.js";

/** The part of the page that asks for a proposal. `area` is {kind, id}. */
export function proposal(frame, giving, { t, street, area }) {
  async function ask(button, onlyVacant) {
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    frame.replaceChildren(element("span", { name: "skeleton skeleton-block" }));
    const wanted = { street, role: giving.role, [area.kind]: area.id, only_vacant: onlyVacant };
    try {
      const { status, body } = await post("/api/assignments/proposal", wanted);
      if (status === 200) show(body);
      else frame.replaceChildren(element("p", { name: "note note-warn", text: body.description }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      frame.replaceChildren(element("p", { name: "note note-danger", text: sentence(t, error) }));
    }
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }

  function show({ lines, nobody, people }) {
    const moved = lines.filter((line) => line.kind !== "kept" && giving.places.has(line.place));
    giving.setPeople(
      people.filter((one) => !giving.people.has(one.id)).map((one) => ({ ...one, load: one.before, holds: 0 })),
    );
    giving.forget();
    for (const line of moved) giving.moves.set(line.place, line.person);
    for (const line of lines) giving.why.set(line.place, line.sentence);
    giving.changed();
    const proposed = t("Proposed: {count} places", { count: moved.length });
    const words = moved.length || nobody.length ? proposed : t("Nothing to propose: every place has somebody.");
    frame.replaceChildren(
      element("p", { name: "strong", text: words, set: { role: "status" } }),
      ...reasons(moved),
      ...left(nobody),
    );
  }

  function reasons(moved) {
    const rows = moved.map((line) => {
      const name = element("span", {
        name: "strong",
        text: `${giving.nameOf(line.place, line.name)} → ${line.person_name}`,
      });
      return element("li", {}, name, element("span", { name: "give-reason", text: line.sentence }));
    });
    return rows.length ? [element("ul", { name: "give-reasons", set: { role: "list", tabindex: "0" } }, ...rows)] : [];
  }

  function left(nobody) {
    if (!nobody.length) return [];
    const rows = nobody.map((one) =>
      element(
        "li",
        {},
        element("span", { name: "strong", text: giving.nameOf(one.place, one.name) }),
        element("span", { name: "give-reason", text: one.sentence }),
      ),
    );
    const words = element("p", {
      name: "strong",
      text: t("{count} places that nobody can take", { count: nobody.length }),
    });
    return [
      element(
        "div",
        { name: "note note-warn" },
        element("div", {}, words, element("ul", { name: "give-reasons", set: { role: "list" } }, ...rows)),
      ),
    ];
  }

  return { ask };
}
