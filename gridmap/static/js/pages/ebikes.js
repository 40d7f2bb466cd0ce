// Two numbers with large steps beside them.
import "../page.js";

for (const counter of document.querySelectorAll("[data-counter]")) {
  const field = counter.querySelector("input");
  const clamp = (value) => Math.min(Math.max(value, Number(field.min)), Number(field.max));
  counter.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]");
    if (step) field.value = clamp((Number(field.value) || 0) + Number(step.dataset.step));
  });
  // a first digit replaces the old number, as on a telephone
  field.addEventListener("focus", () => field.select());
}
