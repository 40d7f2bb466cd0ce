// The same as the map, as a list: every place has a box to tick, houses tick all of theirs. Everything works from here.
import { element } from "../map/dom.js";
import { markOf } from "./people.js";

function grouped(places) {
  const houses = new Map();
  for (const place of places) {
    const key = place.building || place.id;
    if (!houses.has(key))
      houses.set(key, { name: place.building_name || place.name, estate: place.estate_name, places: [] });
    houses.get(key).places.push(place);
  }
  return [...houses.values()];
}

/** The list in `frame`; `show()` when the places have changed, `update()` when moves have or somebody else is picked.
 * A list of hundreds is made when it is opened. */
export function placesList(frame, giving, { t }) {
  let rows = [];
  let houses = [];

  function who(id) {
    const person = giving.whoHas(id);
    const listed = giving.people.get(person);
    const name = person === null ? t("Nobody yet") : listed ? listed.name : giving.nameOfHolder(id);
    const words = element(
      "span",
      { name: person === null ? "give-who give-nobody" : "give-who" },
      markOf(listed),
      element("span", { text: name }),
    );
    if (giving.moves.has(id)) {
      const before = giving.nameOfHolder(id);
      words.append(element("span", { name: "give-was", text: before ? t("was {name}", { name: before }) : t("new") }));
    }
    return words;
  }

  function box(ids, text) {
    const input = element("input", { set: { type: "checkbox" } });
    input.addEventListener("change", () => {
      if (giving.active === undefined) input.checked = false;
      giving.toggle(ids);
    });
    return { input, label: element("label", { name: "choice" }, input, element("span", { text })) };
  }

  function door(place) {
    const { input, label } = box([place.id], place.name);
    const state = element("span", { name: "give-state" });
    const why = element("p", { name: "give-reason" });
    rows.push({ id: place.id, input, state, why });
    return element("li", { name: "give-door" }, label, state, why);
  }

  function house({ name, places }) {
    if (places.length === 1 && !places[0].building) return door(places[0]);
    const ids = places.map((place) => place.id);
    const { input, label } = box(ids, name);
    label.classList.add("give-house-name");
    houses.push({ ids, input });
    const doors = element("ul", { name: "give-doors", set: { role: "list" } }, ...places.map(door));
    return element("li", { name: "give-house" }, label, doors);
  }

  const fold = frame.closest("details");
  let isShown = false;

  function show() {
    isShown = fold.open;
    rows = [];
    houses = [];
    frame.replaceChildren(...(isShown ? grouped([...giving.places.values()]).map(house) : []));
    update();
  }

  fold.addEventListener("toggle", () => fold.open && !isShown && show());

  function update() {
    const isMine = (id) => giving.active !== undefined && giving.whoHas(id) === giving.active;
    const isClosed = giving.active === undefined;
    for (const { id, input, state, why } of rows) {
      input.checked = isMine(id);
      input.disabled = isClosed;
      state.replaceChildren(who(id));
      why.textContent = giving.why.get(id) || "";
      why.hidden = !why.textContent;
    }
    for (const { ids, input } of houses) {
      const mine = ids.filter(isMine).length;
      input.checked = mine === ids.length;
      input.indeterminate = mine > 0 && mine < ids.length;
      input.disabled = isClosed;
    }
  }

  return { show, update };
}
