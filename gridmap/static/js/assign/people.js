// The people who can get places: one of them, or nobody, is picked; each with the load that the moves would make.
import { element } from "../map/dom.js";
import { svg } from "../map/symbols.js";

const MOST = 40; // people at once; a street has hundreds, whom one finds by name

/** A person's mark: the sign that stands on the map, in the same colour; without a person a hollow one. */
export function markOf(person) {
  const picture = svg("svg", { viewBox: "0 0 28 28", class: "give-mark", "aria-hidden": "true" });
  if (!person) {
    picture.append(svg("circle", { cx: 14, cy: 14, r: 11, class: "give-mark-nobody" }));
    return picture;
  }
  picture.append(svg("circle", { cx: 14, cy: 14, r: 12, fill: person.colour }));
  const number = svg("text", { x: 14, y: 18.5, "text-anchor": "middle", class: "give-mark-number" });
  number.textContent = person.sign;
  picture.append(number);
  return picture;
}

function awayWords(t, away) {
  return away.substitute ? t("Away, {name} stands in", { name: away.substitute }) : t("Away");
}

function bar(load, before, most, isOver) {
  const ground = { viewBox: "0 0 100 6", preserveAspectRatio: "none", class: "give-bar-load", "aria-hidden": "true" };
  const picture = svg("svg", ground);
  const width = (count) => Math.min(100, (100 * count) / Math.max(1, most));
  const part = (x, wide, name) => picture.append(svg("rect", { x, width: wide, height: 6, class: name }));
  part(0, 100, "give-load-ground");
  part(0, width(load), isOver ? "give-load-over" : "give-load-now");
  if (before !== load) part(Math.max(0, width(before) - 0.6), 1.2, "give-load-before");
  return picture;
}

function loadWords(t, load) {
  const words = [t("{places} places · {households} households", load)];
  if (load.metres > 0) words.push(t("{metres} m on foot", { metres: Math.round(load.metres).toLocaleString() }));
  return words.join(" · ");
}

/**
 * The list in `frame`. `exact` are loads from the server's preview, person → load. `giving.capacity` is the most of the role.
 * Returns {show(wanted), update(exact)}: show() when the people have changed, ids wanted first; update() when moves have.
 */
export function peopleList(frame, giving, { t }) {
  const rows = new Map();

  function row(person) {
    const id = person ? person.id : null;
    const input = element("input", { set: { type: "radio", name: "give-who", value: String(id) } });
    input.addEventListener("change", () => giving.pick(id));
    const name = element("span", { name: "give-name", text: person ? person.name : t("Nobody: take it away") });
    const note = element("span", { name: "give-note" });
    const load = element("span", { name: "give-load" });
    const words = element("span", { name: "give-words" }, name, note, load);
    const label = element("label", { name: "choice give-person" }, input, markOf(person), words);
    if (person && person.away)
      note.append(element("span", { name: "badge badge-warn", text: awayWords(t, person.away) }));
    if (person && person.why_not) {
      note.append(element("span", { name: "give-why-not", text: person.why_not.sentence }));
      input.disabled = !person.holds;
      label.classList.toggle("is-closed", input.disabled);
    }
    rows.set(id, { label, input, load, person });
    return label;
  }

  /** Who has to be in the list: whoever holds or gets something here, or is picked. */
  function concerned() {
    const found = new Set([...giving.places.keys()].map((id) => giving.holderOf(id)));
    for (const person of giving.moves.values()) found.add(person);
    found.add(giving.active);
    return [...giving.people.values()].filter((one) => found.has(one.id));
  }

  function show(wanted = []) {
    rows.clear();
    const listed = new Set([...wanted.map((id) => giving.people.get(id)), ...concerned()]);
    for (const one of giving.people.values()) if (listed.size < MOST) listed.add(one);
    const hidden = giving.people.size - listed.size;
    const more = element("p", {
      name: "give-more muted small",
      text: t("{count} more: search by name", { count: hidden }),
    });
    frame.replaceChildren(...[...listed].map(row), row(null), ...(hidden ? [more] : []));
    update(new Map());
  }

  function update(exact) {
    if (concerned().some((one) => !rows.has(one.id))) {
      show([...rows.keys()].filter((id) => id !== null));
      return;
    }
    const held = [...giving.people.keys()].map((id) => giving.loadOf(id).places);
    const largest = Math.max(1, ...held);
    for (const [id, { label, input, load, person }] of rows) {
      input.checked = giving.active === id;
      label.classList.toggle("is-picked", input.checked);
      if (!person) continue;
      const before = (person.load || {}).places || 0;
      const now = { ...giving.loadOf(id) };
      const known = exact.get(id);
      if (known && known.places === now.places) Object.assign(now, known);
      else if (now.places !== before) delete now.metres;
      const most = giving.capacity;
      const isOver = Boolean(most) && now.places > most;
      load.replaceChildren(
        element("span", { text: loadWords(t, now) }),
        bar(now.places, before, most || largest, isOver),
      );
      if (isOver)
        load.append(element("span", { name: "give-over", text: t("Full: {count} are the most", { count: most }) }));
    }
  }

  return { show, update };
}
