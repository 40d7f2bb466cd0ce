// The street map's own manners: a link in a card opens the next card instead of its page.

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
