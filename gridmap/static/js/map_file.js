// The link that takes the view of the map out as one file says which view: where, how near, what is on, which day.
import { readAddress } from "./map/address.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-map-file]");
  if (!link) return;
  const { zoom, lat, lon, off, day } = readAddress(window.location.hash);
  const { width, height } = document.querySelector(".map-frame").getBoundingClientRect();
  const words = new URLSearchParams(link.dataset.mapFile.split("?")[1]);
  if (Number.isFinite(zoom) && Number.isFinite(lat) && Number.isFinite(lon)) words.set("at", [zoom, lat, lon].join(","));
  words.set("size", [Math.round(width), Math.round(height)].join(","));
  if (off) words.set("off", [...off].join(","));
  if (day) words.set("as_of", day);
  link.href = `${link.dataset.mapFile.split("?")[0]}?${words}`;
});
