// What the pages of giving share: what they carry for their script, choices that go at once, and the offer to undo.
import { element } from "../map/dom.js";
import { words } from "../map/words.js";
import { toast } from "../page.js";
import { undo } from "./save.js";
import { useProof } from "./send.js";

// a choice in a form goes at once; its button is for those without scripts
for (const select of document.querySelectorAll("select[data-give-go]")) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", () => select.form.submit());
}

/** What the page carries for its script, and `t` for its texts. */
export function given() {
  const found = JSON.parse(document.getElementById("give-config").textContent);
  useProof(JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"]);
  return { ...found, t: words(found.texts) };
}

/** Say what was saved, with its undo; `onUndone(body)` hears when it is taken back. */
export function offerUndo(t, change, count, onUndone) {
  const frame = document.querySelector("[data-give-done]");
  const button = element("button", { name: "button", text: t("Undo"), set: { type: "button" } });
  button.addEventListener("click", async () => {
    button.disabled = true;
    const { done, problem } = await undo(t, change);
    if (problem) {
      toast(problem, "danger");
      return;
    }
    frame.replaceChildren(element("span", { name: "grow", text: t("Taken back: {count} places.", { count }) }));
    onUndone(done);
  });
  frame.replaceChildren(element("span", { name: "grow", text: t("Saved: {count} places.", { count }) }), button);
  frame.hidden = false;
}
