// The place of an entry by searching, what becomes of it, and printing.
import "../page.js";
import "../print.js";
import { search } from "../map/search.js";
import { words } from "../map/words.js";

const texts = document.getElementById("diary-texts");
const t = words(texts ? JSON.parse(texts.textContent) : {});

function wirePlace(field) {
  const box = field.querySelector("[data-place-search]");
  if (!box) return;
  const chosen = field.querySelector("[data-place-chosen]");
  const title = field.querySelector("[data-place-title]");
  const place = field.querySelector("[data-place-id]");
  const community = field.querySelector("[data-community-id]");
  const input = box.querySelector("input");

  function choose(found) {
    const isCommunity = found.kind === "community";
    place.value = isCommunity ? "" : found.id;
    community.value = isCommunity ? found.id : "";
    title.textContent = [found.subtitle, found.title].filter(Boolean).join(" · ");
    chosen.hidden = false;
    box.hidden = true;
    // what the register proposed is no longer meant
    const form = field.closest("form");
    for (const radio of form.querySelectorAll("input[type=radio][name=place]")) radio.checked = false;
  }

  search(box, { url: "/search", t, onChoose: choose });
  field.querySelector("[data-place-change]").addEventListener("click", () => {
    place.value = "";
    community.value = "";
    chosen.hidden = true;
    box.hidden = false;
    input.value = "";
    input.focus();
  });
}

for (const field of document.querySelectorAll("[data-place-field]")) wirePlace(field);

for (const form of document.querySelectorAll(".diary-form")) {
  const parts = form.querySelectorAll("[data-becomes]");
  const show = () => {
    const said = form.querySelector("input[name=becomes]:checked");
    for (const part of parts) part.hidden = !said || part.dataset.becomes !== said.value;
  };
  form.addEventListener("change", show);
  show();
}
