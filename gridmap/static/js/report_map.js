// Where a problem is: a tap takes the house, the door or the facility below it, and anywhere else the point itself.
import { element } from "./map/dom.js";
import { pick } from "./map/pick.js";
import { svg } from "./map/symbols.js";

const TAKEN = ["stairwells", "facilities", "buildings"]; // of an estate or a grid the point says more
const FINGER = 14; // px around a tap in which a door or a facility is meant, and by which a point may be wrong
const NEAR = 16; // zoom from which on a finger says where something is
const NEARER = 18;
const METRES = 156543; // of one pixel at the equator, when the whole world is 256 pixels wide
const GPS = { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 };

// an address with a place on the map, as "back" leaves it, is where to begin
const isBack = window.location.hash.includes("/");

const find = (selector) => document.querySelector(selector);

const metresOfPixel = (lat, zoom) => (METRES * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;

function lead(frame, asked, title) {
  if (frame.dataset.done) asked.set("done", "1");
  window.location.assign(`/report?${asked}${title ? `#${encodeURIComponent(title)}` : ""}`);
}

/** What a tap at `latlng` leads to; from afar the map itself, nearer. */
function take(street, frame, latlng) {
  const zoom = street.map.getZoom();
  if (zoom < NEAR) {
    street.map.setView(latlng, NEARER);
    return true;
  }
  const given = { layers: street.layers, isOn: street.isOn, brush: FINGER };
  const thing = pick(street.tiles, latlng, zoom, given).find(({ layer }) => TAKEN.includes(layer));
  if (thing) {
    lead(frame, new URLSearchParams({ place: thing.id }), thing.title);
    return true;
  }
  const at = `${latlng.lng.toFixed(6)},${latlng.lat.toFixed(6)}`;
  lead(frame, new URLSearchParams({ at, accuracy: Math.ceil(FINGER * metresOfPixel(latlng.lat, zoom)), tapped: "1" }));
  return true;
}

/** Where the phone is, as a dot with the error of its position around it: `show(coords)`. */
function dot(map) {
  const [around, middle] = [svg("circle", { class: "here-around" }), svg("circle", { class: "here-dot", r: 7 })];
  const picture = svg("svg", { class: "here-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
  let here = null;
  const draw = () => {
    if (!here) return;
    const { x, y } = map.latLngToLayerPoint(here.at);
    for (const one of [around, middle]) one.setAttribute("transform", `translate(${x} ${y})`);
    around.setAttribute("r", here.metres / metresOfPixel(here.at[0], map.getZoom()));
  };
  map.on("zoomend viewreset", draw);
  return (coords) => {
    here = { at: [coords.latitude, coords.longitude], metres: coords.accuracy };
    if (!picture.isConnected) {
      picture.append(around, middle);
      map.getPane("overlayPane").append(picture);
    }
    map.setView(here.at, NEARER);
    draw();
  };
}

/** Begin where the phone is; a tap still says where the problem is. `say` tells why it cannot. */
function standHere(show, say) {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => show(coords),
    say,
    GPS,
  );
}

function offerHere(street, button, say) {
  if (!("geolocation" in navigator) || !window.isSecureContext) return;
  const show = dot(street.map);
  button.hidden = false;
  button.addEventListener("click", () => standHere(show, say));
  // whoever has allowed it before need not look for himself; nobody is asked without a tap
  if (!navigator.permissions || isBack) return;
  navigator.permissions.query({ name: "geolocation" }).then(
    ({ state }) => state === "granted" && standHere(show, () => {}),
    () => {},
  );
}

/** Let taps on the map say where a problem is. */
export function pointing(street) {
  const frame = find("[data-report-map]");
  street.takes = (latlng) => take(street, frame, latlng);
  const words = element("span", { name: "grow", text: frame.dataset.hint, set: { role: "status" } });
  const button = find("[data-here]");
  // over the map: the panel of a phone shows no more than its handle
  find(".map-top").append(element("div", { name: "map-line" }, words, button));
  offerHere(street, button, () => (words.textContent = frame.dataset.nowhere));
}
