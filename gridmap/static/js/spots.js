// A line beside the map that stands for something on it: a press leads there and opens its card.
const CLOSE = 16;
const SHEET_RISES = 280; // milliseconds, as the map itself waits

const find = (selector) => document.querySelector(selector);

/** Let lines with `data-spot='{"id", "lon", "lat"}'` open on the map instead of following their address. */
export function openSpots(street, layer = "hotspots") {
  find("#overview").addEventListener("click", (event) => {
    const line = event.target.closest("[data-spot]");
    if (!line || event.ctrlKey || event.metaKey) return;
    const { id, lon, lat, of } = JSON.parse(line.dataset.spot);
    if (lon === null) return;
    event.preventDefault();
    street.map.setView([lat, lon], Math.max(street.map.getZoom(), CLOSE));
    street.open({ id, layer: of || layer }, { focus: true });
    setTimeout(() => street.keepInSight([lat, lon]), SHEET_RISES);
  });
}
