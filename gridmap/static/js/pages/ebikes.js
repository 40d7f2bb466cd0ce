// Two numbers with large steps beside them; without a network they stay on the page instead of being lost with it.
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

async function send(form) {
  const button = form.querySelector("[type=submit]");
  const note = form.querySelector("[data-not-sent]");
  note.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", credentials: "same-origin", body });
    // what was refused is told by the page itself; counting twice on a day is counting once
    if (answer.redirected) window.location.assign(answer.url);
    else form.submit();
  } catch {
    note.hidden = false;
    button.removeAttribute("aria-busy");
  }
}

for (const form of document.querySelectorAll("form[data-count]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.querySelector("[aria-busy]")) send(form);
  });
}
