// A number between two large keys: a tap is one, a thumb that stays counts on; it can be typed as well.
const WAIT = 450; // ms until a thumb that stays counts on …
const EACH = 90; // … and then so often

/** The number in `frame`; `changed()` hears of every change. */
export function tally(frame, changed) {
  const field = frame.querySelector("input");
  let timer = 0;
  let isHeld = false; // the tap that ends a long press is none

  const value = () => (/^\d+$/.test(field.value) ? Number(field.value) : NaN);
  const set = (number) => (field.value = String(number));

  function step(by) {
    set(Math.min(Math.max((value() || 0) + by, 0), Number(field.max)));
    changed();
  }

  function stop() {
    clearTimeout(timer);
    clearInterval(timer);
  }

  for (const key of frame.querySelectorAll("[data-step]")) {
    const by = Number(key.dataset.step);
    const hold = () => {
      isHeld = true;
      step(by);
      timer = setInterval(() => step(by), EACH);
    };
    key.addEventListener("pointerdown", () => {
      stop();
      isHeld = false;
      timer = setTimeout(hold, WAIT);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) key.addEventListener(end, stop);
    key.addEventListener("contextmenu", (event) => event.preventDefault()); // a thumb that stays asks for no menu
    key.addEventListener("click", () => isHeld || step(by));
    key.addEventListener("keydown", () => (isHeld = false));
  }
  field.addEventListener("input", changed);
  field.addEventListener("focus", () => field.select()); // a first digit replaces the old number
  return { value, set, focus: () => field.focus(), mark: (isWrong) => field.setAttribute("aria-invalid", String(isWrong)) };
}
