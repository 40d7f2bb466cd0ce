// Calling somebody: the number is masked on the page, so one tap says why, and the answer is a number to press.
import { toast } from "./page.js";

const dialog = document.getElementById("call");
const form = dialog.querySelector("[data-call-form]");
const answer = dialog.querySelector("[data-call-answer]");
const problem = dialog.querySelector("[data-call-problem]");
const title = dialog.querySelector("h2");

function open(button) {
  form.action = button.dataset.call;
  form.hidden = false;
  answer.hidden = true;
  problem.hidden = true;
  form.elements.other.value = "";
  title.textContent = dialog.dataset.title.replace("{name}", button.dataset.name);
  dialog.showModal();
  title.focus();
}

function complain(words) {
  problem.textContent = words;
  problem.hidden = false;
}

function show({ name, phone }) {
  if (!phone) {
    complain(dialog.dataset.none);
    return;
  }
  const link = answer.querySelector("[data-call-number]");
  link.href = `tel:${phone}`;
  link.querySelector("span").textContent = phone;
  title.textContent = dialog.dataset.title.replace("{name}", name);
  form.hidden = true;
  answer.hidden = false;
  link.focus();
}

async function ask(reason) {
  problem.hidden = true;
  let response;
  try {
    response = await fetch(form.action, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
      body: new URLSearchParams({ reason }),
    });
  } catch {
    complain(dialog.dataset.failed);
    return;
  }
  if (response.status === 401) complain(dialog.dataset.session);
  else if (response.status === 422) complain((await response.json()).description);
  else if (!response.ok) complain(dialog.dataset.failed);
  else show(await response.json());
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  ask(pressed && pressed.name === "reason" ? pressed.value : form.elements.other.value);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-call]");
  if (!button) return;
  if (typeof dialog.showModal === "function") open(button);
  else toast(dialog.dataset.failed, "danger");
});
