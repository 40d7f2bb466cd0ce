// The rows of a file on the map: a disc for what is accepted, a diamond for what was mended, a cross for what is left out;
// below them the outlines of areas and lines.
import { ask, Problem } from "./ask.js";
import { svg } from "./map/symbols.js";

const SHAPES = {
  accepted: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
  corrected: "M0,-6.5L6.5,0L0,6.5L-6.5,0Z",
  rejected: "M-5.5,-5.5L5.5,5.5M5.5,-5.5L-5.5,5.5",
};
const CLOSE = 18;
const RADIUS = 12;

const find = (selector) => document.querySelector(selector);

class Rows {
  constructor(street, panel) {
    this.street = street;
    this.panel = panel;
    this.spots = [];
    this.outlines = [];
    this.picture = svg("svg", { class: "import-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
    this.ring = svg("circle", { class: "import-ring", r: RADIUS });
  }

  listen() {
    const { map } = this.street;
    map.getPane("overlayPane").append(this.picture);
    map.on("zoomend viewreset", () => this.draw());
    for (const box of this.boxes()) box.addEventListener("change", () => this.draw());
    for (const line of document.querySelectorAll(".import-spot")) {
      line.addEventListener("click", () => this.show([Number(line.dataset.lat), Number(line.dataset.lon)]));
    }
    window.addEventListener("gridmap:idle", () => this.fetch(), { once: true });
  }

  boxes() {
    return this.panel.querySelectorAll("[data-outcome]");
  }

  async fetch() {
    try {
      const response = await ask(this.panel.dataset.importMap, { accept: "application/json" });
      ({ spots: this.spots, outlines: this.outlines } = await response.json());
      this.draw();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.street.message.problem(error, () => this.fetch());
    }
  }

  /** Accepted rows lie below, what is left out above. */
  draw() {
    const on = new Set([...this.boxes()].filter((box) => box.checked).map((box) => box.dataset.outcome));
    const marks = [...this.spots].reverse().filter(([, , outcome]) => on.has(outcome)).map((spot) => this.mark(spot));
    this.picture.replaceChildren(...this.shapes(on), ...marks, ...(this.at ? [this.ring] : []));
    this.follow();
  }

  /** One path for the areas and one for the lines of each outcome, however many there are. */
  shapes(on) {
    const paths = new Map();
    for (const [outcome, isArea, corners] of this.outlines) {
      if (!on.has(outcome)) continue;
      const key = `import-outline${isArea ? " is-area" : ""} is-${outcome}`;
      paths.set(key, [...(paths.get(key) ?? []), this.path(corners, isArea)]);
    }
    return [...paths].map(([name, parts]) => svg("path", { d: parts.join(""), class: name }));
  }

  path(corners, isArea) {
    let d = "";
    for (let at = 0; at < corners.length; at += 2) {
      const { x, y } = this.street.map.latLngToLayerPoint([corners[at + 1], corners[at]]);
      d += `${at ? "L" : "M"}${Math.round(x)},${Math.round(y)}`;
    }
    return isArea ? `${d}Z` : d;
  }

  mark([lon, lat, outcome]) {
    const { x, y } = this.street.map.latLngToLayerPoint([lat, lon]);
    return svg("path", { d: SHAPES[outcome], class: `import-dot is-${outcome}`, transform: `translate(${x} ${y})` });
  }

  show(at) {
    const { map } = this.street;
    this.at = at;
    map.setView(at, Math.max(map.getZoom(), CLOSE));
    this.draw();
  }

  follow() {
    if (!this.at) return;
    const { x, y } = this.street.map.latLngToLayerPoint(this.at);
    this.ring.setAttribute("transform", `translate(${x} ${y})`);
  }
}

/** Draw the rows when the map stands. */
export function importRows(street) {
  new Rows(street, find("[data-import-map]")).listen();
}
