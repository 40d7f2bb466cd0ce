// A tap on the map writes its longitude and latitude into a form, and a ring stands there.
import { svg } from "./map/symbols.js";

const METRE = 6; // decimals of a degree that tell less than a metre apart
const NEAR = 16; // zoom from which on a finger says where something is
const NEARER = 18;
const RADIUS = 9;

class Tapping {
  constructor(street, form) {
    this.street = street;
    this.input = form.elements.at;
    this.words = form.querySelector("[data-tapped-words]");
    this.ring = svg("circle", { class: "import-ring", r: RADIUS });
  }

  listen() {
    const { map } = this.street;
    const picture = svg("svg", { class: "import-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
    picture.append(this.ring);
    map.getPane("overlayPane").append(picture);
    map.on("zoomend viewreset", () => this.follow());
    this.street.takes = (latlng) => this.take(latlng);
    this.input.addEventListener("change", () => this.typed());
    this.typed();
  }

  take(latlng) {
    const { map, sheet } = this.street;
    if (map.getZoom() < NEAR) {
      map.setView(latlng, NEARER);
      return true;
    }
    this.input.value = `${latlng.lng.toFixed(METRE)},${latlng.lat.toFixed(METRE)}`;
    this.words.textContent = this.words.dataset.tapped;
    this.at = latlng;
    this.follow();
    if (sheet.state === "peek") sheet.set("half");
    return true;
  }

  /** What stands in the form, typed or from before. */
  typed() {
    const [lon, lat] = this.input.value.split(/[,，\s]+/).map(Number);
    if (!Number.isFinite(lon) || !Number.isFinite(lat) || !this.input.value.trim()) return;
    this.at = { lng: lon, lat };
    this.street.map.setView([lat, lon], Math.max(this.street.map.getZoom(), NEARER));
    this.follow();
  }

  follow() {
    if (!this.at) return;
    const { x, y } = this.street.map.latLngToLayerPoint([this.at.lat, this.at.lng]);
    this.ring.setAttribute("transform", `translate(${x} ${y})`);
  }
}

/** Let taps fill the form when the map stands. */
export function tapping(street) {
  const form = document.querySelector("[data-tapping]");
  if (form) new Tapping(street, form).listen();
}
