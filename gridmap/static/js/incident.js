// One case: templates fill the answer, an open form has the focus, and photos go before the form that they belong to.
import { cameraOf, hintOf } from "./camera_hint.js";
import { newId } from "./outbox_store.js";
import { shrink } from "./shrink.js";

const MOST = 6;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-template]");
  if (!button) return;
  const field = document.getElementById(button.dataset.template);
  field.value = button.dataset.body;
  field.focus();
});

async function send(form, file) {
  const { blob } = await shrink(file);
  const address = new URL("/api/incidents/photo", window.location.href);
  address.searchParams.set("sent_id", newId());
  address.searchParams.set("incident_id", form.dataset.casePhotos);
  address.searchParams.set("stage", form.dataset.stage);
  for (const [name, value] of Object.entries(hintOf(await cameraOf(file), null))) address.searchParams.set(name, value);
  const response = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    body: blob,
    headers: { "Content-Type": "image/jpeg", Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
  });
  if (response.ok) return;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.description || problem.detail || String(response.status));
}

for (const form of document.querySelectorAll("form[data-case-photos]")) {
  const field = form.querySelector("[data-photos]");
  const words = form.querySelector("[data-photos-words]");
  form.addEventListener("submit", async (event) => {
    const files = [...field.files].slice(0, MOST);
    if (!files.length) return;
    // before page.js marks the form as sent: it is, once the photos are
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.setAttribute("aria-busy", "true");
    try {
      for (const [number, file] of files.entries()) {
        words.textContent = words.dataset.textSending.replace("{number}", number + 1).replace("{count}", files.length);
        await send(form, file);
      }
      field.value = "";
      form.submit();
    } catch (error) {
      words.textContent = words.dataset.textFailed.replace("{reason}", error.message);
      button.removeAttribute("aria-busy");
    }
  });
}

const open = document.querySelector(".act[open] .act-form");
if (open && document.querySelector(".note-danger, .note-warn[role=alert]")) open.scrollIntoView({ block: "center" });
