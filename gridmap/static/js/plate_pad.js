// The keypad for number plates: signs of provinces, then letters and digits, large enough for gloves. What it cannot
// type is no plate; a key of the keyboard works as well.
import { element } from "./outbox_panel.js";
import { plateRules } from "./plate_rules.js";

const ORDER = "1234567890";
const SHORTEST = 7;

/**
 * The keypad in `frame` by the rules `told`; `changed(text)` hears of every sign. Gives what it holds: `text()`, `isWhole()`,
 * `mask()`; and `begin(province)`, which empties it but for that sign.
 */
export function platePad(frame, told, words, changed) {
  const rules = plateRules(told);
  const shown = frame.querySelector("[data-plate]");
  const keys = frame.querySelector("[data-keys]");
  const said = frame.querySelector("[data-plate-kind]");
  let text = "";

  function key(sign, className = "") {
    const made = element("button", `pad-key ${className}`.trim(), sign);
    made.type = "button";
    made.dataset.sign = sign;
    return made;
  }

  function act(name, title, sign) {
    const made = element("button", "pad-key pad-act", sign);
    made.type = "button";
    made.dataset[name] = "";
    made.setAttribute("aria-label", title);
    return made;
  }

  const provinces = element("div", "pad-group");
  provinces.append(...[...told.provinces].map((sign) => key(sign, "is-sign")), key(told.embassy, "is-sign"));
  const signs = element("div", "pad-group");
  signs.append(
    ...[...ORDER + told.letters].map((sign) => key(sign)),
    act("delete", words.delete, "⌫"),
    ...[...told.ends + told.endsAcross].map((sign) => key(sign, "is-sign")),
    act("clear", words.clear, "✕"),
  );
  keys.append(provinces, signs);

  function cells() {
    const length = Math.max(SHORTEST, text.length + (rules.next(text) && rules.isWhole(text) ? 1 : 0));
    shown.textContent = "";
    for (let at = 0; at < length; at += 1) {
      const cell = element("span", `plate-cell${at === text.length ? " is-next" : ""}`, text[at] || "");
      shown.append(cell);
      if (at === 1) shown.append(element("span", "plate-dot"));
    }
  }

  function paint() {
    const next = rules.next(text);
    cells();
    shown.dataset.kind = rules.kind(text);
    shown.setAttribute("aria-label", `${words.plateTitle} ${[...text].join(" ")}`);
    const title = rules.isWhole(text) ? words.kinds[rules.kind(text)] : "";
    if (said.textContent !== title) said.textContent = title;
    provinces.hidden = text !== "";
    signs.hidden = text === "";
    for (const one of keys.querySelectorAll("[data-sign]")) one.disabled = !next.includes(one.dataset.sign);
    changed(text);
  }

  function type(sign) {
    if (sign && rules.next(text).includes(sign)) text += sign;
    paint();
  }

  function remove() {
    text = text.slice(0, -1);
    paint();
  }

  function begin(province) {
    text = province && rules.next("").includes(province) ? province : "";
    paint();
  }

  keys.addEventListener("click", ({ target }) => {
    const pressed = target.closest("button");
    if (!pressed) return;
    if ("delete" in pressed.dataset) remove();
    else if ("clear" in pressed.dataset) begin("");
    else type(pressed.dataset.sign);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    if (!frame.offsetParent) return;
    if (event.key === "Backspace") remove();
    else if (event.key.length === 1) type(event.key.toUpperCase());
  });
  paint();
  return { text: () => text, isWhole: () => rules.isWhole(text), mask: () => rules.mask(text), begin };
}
