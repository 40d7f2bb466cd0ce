// The street map's own manners: links in a card open the next card, and numbers that take long follow the map.
import { ask, Problem } from "./ask.js";

const card = document.getElementById("card");

// The map follows its address; staying where we look and naming another place opens that place's card.
card.addEventListener("click", (event) => {
  const link = event.target.closest("[data-place]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.gridmap) return;
  event.preventDefault();
  const { map } = window.gridmap;
  const { lat, lng } = map.getCenter();
  const words = window.location.hash.split("&").filter((word) => !word.startsWith("#") && !word.startsWith("place="));
  const { id } = JSON.parse(link.dataset.place);
  window.location.hash = [`${map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}`, ...words, `place=${id}`].join("&");
});

async function fill(frame) {
  try {
    const response = await ask(frame.dataset.facts, { accept: "text/html" });
    frame.innerHTML = await response.text(); // an autoescaped fragment of our own server
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    frame.textContent = "";
  }
}

for (const frame of document.querySelectorAll("[data-facts]")) fill(frame);
