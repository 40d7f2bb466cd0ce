// A tap on the map says where an order lies: one of the places under the finger, or that very point.
import { element } from "./map/dom.js";
import { pick } from "./map/pick.js";
import { svg } from "./map/symbols.js";

const METRE = 6; // decimals of a degree that tell less than a metre apart
const NEAR = 16; // zoom from which on a finger says where something is
const NEARER = 18;
const RADIUS = 9;

class Placing {
  constructor(street, form) {
    this.street = street;
    this.form = form;
    this.choices = form.querySelector("[data-placing-choices]");
    this.button = form.querySelector("[data-placing-go]");
    this.ring = svg("circle", { class: "picked-spot" });
  }

  listen() {
    const { map } = this.street;
    const picture = svg("svg", { class: "diary-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
    picture.append(this.ring);
    map.getPane("overlayPane").append(picture);
    map.on("zoomend viewreset", () => this.follow());
    this.street.takes = (latlng) => this.take(latlng);
    this.choices.addEventListener("change", () => this.choose());
  }

  /** What lies under the tap, the nearest meant first, and the point itself; from afar the map nearer. */
  take(latlng) {
    const { street } = this;
    if (street.map.getZoom() < NEAR) {
      street.map.setView(latlng, NEARER);
      return true;
    }
    const given = { layers: street.layers, isOn: street.isOn, brush: street.brush({}) };
    const found = pick(street.tiles, latlng, street.map.getZoom(), given);
    const at = `${latlng.lng.toFixed(METRE)},${latlng.lat.toFixed(METRE)}`;
    const places = found.map(({ layer, id, title, kind }) => this.choice({ place: id, layer }, title || kind, title ? kind : ""));
    const point = this.choice({ at }, this.form.dataset.point, "");
    this.form.querySelector("[data-placing-legend]").textContent = this.form.dataset.around;
    for (const old of this.choices.querySelectorAll(".choice")) old.remove();
    this.choices.append(...places, point);
    this.choices.hidden = false;
    this.choices.querySelector("input").checked = true;
    this.point(latlng);
    this.choose();
    if (street.sheet.state === "peek") street.sheet.set("half");
    return true;
  }

  choice({ place = "", at = "", layer = "" }, title, kind) {
    const input = element("input", { set: { type: "radio", name: "spot", value: String(place) } });
    Object.assign(input.dataset, { at, layer });
    const words = element("span", { text: title });
    if (kind) words.append(" ", element("span", { name: "muted small", text: kind }));
    return element("label", { name: "choice" }, input, words);
  }

  /** The chosen one goes into the form, and is marked on the map. */
  choose() {
    const chosen = this.choices.querySelector("input:checked");
    if (!chosen) return;
    const { at = "", layer = "" } = chosen.dataset;
    this.form.elements.place.value = at ? "" : chosen.value;
    this.form.elements.at.value = at;
    this.button.disabled = false;
    const { street } = this;
    if (!at && !layer) {
      street.tiles.draw(street.rulesForAny(Number(chosen.value)));
      return;
    }
    street.chosen = at ? null : { layer, id: Number(chosen.value) };
    street.tiles.draw(street.rules());
  }

  /** A ring where the tap was; it stays there when the map is moved or drawn nearer. */
  point(latlng) {
    this.at = latlng;
    this.ring.setAttribute("r", RADIUS);
    this.follow();
  }

  follow() {
    if (!this.at) return;
    const { x, y } = this.street.map.latLngToLayerPoint(this.at);
    this.ring.setAttribute("transform", `translate(${x} ${y})`);
  }
}

/** Start the page's own part when the map stands. */
export function placing(street) {
  const form = document.querySelector("[data-placing]");
  if (form) new Placing(street, form).listen();
}
