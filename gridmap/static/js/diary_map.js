// The map of the diary: a mark where something was said, with how often; another week without a new page. Marks carry
// numbers only: what was said stands in the list, with its locks.
import { ask, Problem } from "./ask.js";
import { Facts } from "./facts.js";
import { svg } from "./map/symbols.js";
import { Weeks } from "./weeks.js";

const CELL = 34; // pixels within which marks are counted together
const REACH = 26;
const NEARER = 2;

const find = (selector) => document.querySelector(selector);

/** The spots in view counted together where they would lie on each other: [{x, y, spots, entries, open, waiting}]. */
function gathered(map, spots) {
  const cells = new Map();
  for (const spot of spots) {
    const { x, y } = map.latLngToLayerPoint([spot.lat, spot.lon]);
    const key = `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;
    const cell = cells.get(key) || { x: 0, y: 0, spots: [], entries: 0, open: 0, waiting: 0 };
    cell.x += x;
    cell.y += y;
    cell.spots.push(spot);
    for (const name of ["entries", "open", "waiting"]) cell[name] += spot[name];
    cells.set(key, cell);
  }
  return [...cells.values()].map((cell) => ({ ...cell, x: cell.x / cell.spots.length, y: cell.y / cell.spots.length }));
}

function drawn({ x, y, entries, open, waiting }) {
  const radius = entries < 10 ? 13 : entries < 100 ? 16 : 19;
  const state = waiting ? "is-waiting" : open ? "is-open" : "is-settled";
  const group = svg("g", { class: `diary-mark ${state}`, transform: `translate(${x} ${y})` });
  const words = svg("text", { y: 4.5, "text-anchor": "middle" });
  words.textContent = waiting ? `${entries}!` : String(entries);
  group.append(svg("circle", { r: radius }), words);
  return group;
}

class Diary {
  constructor(street) {
    this.street = street;
    this.weeks = new Weeks();
    this.facts = new Facts(find("[data-diary-facts]"), street.message, () => this.turn());
    this.marks = [];
    this.picture = svg("svg", { class: "diary-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
    this.said = new URLSearchParams(window.location.search);
    this.week = this.said.get("week");
  }

  listen() {
    const { street } = this;
    street.map.getPane("overlayPane").append(this.picture);
    street.map.on("zoomend viewreset", () => this.draw());
    street.takes = (latlng) => this.take(latlng);
    this.weeks.listen(
      (week) => this.setWeek(week),
      () => this.turn(),
    );
    find("[data-whole-year]").addEventListener("click", () => {
      this.setWeek(null);
      this.turn();
    });
    this.facts.part.addEventListener("click", (event) => {
      if (!event.target.closest("[data-all-places]") || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.setPlace(null);
    });
    window.addEventListener("gridmap:idle", () => this.fetchSpots(), { once: true });
  }

  setWeek(week) {
    this.week = week;
    this.weeks.show(week);
    find("[data-whole-year]").hidden = !week;
    this.put("week", week);
    this.put("place", null);
  }

  setPlace(id) {
    this.put("place", id);
    this.facts.show(`/diary/map/facts?${this.said}`);
  }

  put(name, value) {
    if (value) this.said.set(name, value);
    else this.said.delete(name);
    const words = String(this.said);
    const address = `${window.location.pathname}${words ? `?${words}` : ""}${window.location.hash}`;
    window.history.replaceState(window.history.state, "", address);
  }

  turn() {
    this.fetchSpots();
    this.facts.show(`/diary/map/facts?${this.said}`);
  }

  async fetchSpots() {
    try {
      const response = await ask(`/diary/map/spots?${this.said}`, { accept: "application/json" });
      this.spots = (await response.json()).spots;
      this.draw();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.street.message.problem(error, () => this.turn());
    }
  }

  draw() {
    this.marks = gathered(this.street.map, this.spots || []);
    const byWeight = [...this.marks].sort((a, b) => a.waiting - b.waiting || a.entries - b.entries);
    this.picture.replaceChildren(...byWeight.map(drawn));
  }

  /** A mark under the finger tells its entries; one that stands for several places leads nearer first. */
  take(latlng) {
    const { map, card } = this.street;
    const here = map.latLngToLayerPoint(latlng);
    const away = ({ x, y }) => Math.hypot(x - here.x, y - here.y);
    const [best] = this.marks.filter((mark) => away(mark) <= REACH).sort((a, b) => away(a) - away(b));
    if (!best) return false;
    if (card.id) this.street.closeCard();
    if (best.spots.length > 1 && map.getZoom() < map.getMaxZoom()) {
      map.setView([best.spots[0].lat, best.spots[0].lon], map.getZoom() + NEARER);
      return true;
    }
    if (this.street.sheet.state === "peek") this.street.sheet.set("half");
    this.setPlace(best.spots[0].id);
    return true;
  }
}

/** Start the page's own part when the map stands. */
export function diary(street) {
  new Diary(street).listen();
}
