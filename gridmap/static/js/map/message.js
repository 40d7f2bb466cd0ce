// One line over the map: what is wrong and the way out. Hidden when all is well.
import { element } from "./dom.js";
import { sentence } from "./words.js";

/**
 * `frame` is the line's element. `begin()` when a round of requests starts, `problem(error, retry)` when one of them
 * fails, `done()` when all have ended: a round without a problem clears the line.
 */
export function messageLine(frame, t, signInUrl) {
  let kind = null;
  let isTroubled = false;
  return {
    begin() {
      isTroubled = false;
    },
    done() {
      if (!isTroubled) this.clear();
    },
    problem(error, retry) {
      const now = error.kind || "server";
      isTroubled = true;
      if (now === kind) return;
      kind = now;
      const said = element("span", { text: sentence(t, error) });
      const way =
        now === "session"
          ? element("a", { name: "button", text: t("Sign in"), set: { href: signInUrl() } })
          : element("button", { name: "button", text: t("Try again"), set: { type: "button" }, on: { click: retry } });
      frame.replaceChildren(said, way);
      frame.hidden = false;
    },
    clear() {
      if (!kind) return;
      kind = null;
      frame.hidden = true;
      frame.textContent = "";
    },
  };
}
