// A few shapes over the tiles, such as contiguous gaps: outlined and hatched, so that nobody needs colour to see them.
import { ask } from "../ask.js";
import { OVERLAY } from "./palette.js";
import { svg } from "./symbols.js";

const NAMED_FROM = 15; // from this zoom on each shape says how many places it holds

const rings = (geometry) => (geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat());

function hatch() {
  const pattern = svg("pattern", {
    id: "area-hatch",
    width: 7,
    height: 7,
    patternUnits: "userSpaceOnUse",
    patternTransform: "rotate(45)",
  });
  pattern.append(svg("path", { d: "M0 0v7", stroke: OVERLAY.line, "stroke-width": 1.5, "stroke-opacity": 0.34 }));
  const defs = svg("defs");
  defs.append(pattern);
  return defs;
}

function middle(points) {
  const sum = points.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }));
  return { x: sum.x / points.length, y: sum.y / points.length };
}

function drawn(map, feature) {
  const lines = rings(feature.geometry).map((ring) => ring.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon])));
  const d = lines.map((line) => `M${line.map((at) => `${at.x} ${at.y}`).join("L")}Z`).join("");
  const shape = svg("path", { d, class: "area-shape", fill: "url(#area-hatch)", stroke: OVERLAY.line });
  const group = svg("g");
  group.append(shape);
  if (map.getZoom() < NAMED_FROM) return group;
  const at = middle(lines[0]);
  const words = String(feature.properties.places);
  const size = { x: at.x - 6 - words.length * 4, y: at.y - 11, width: 12 + words.length * 8, height: 22, rx: 11 };
  const label = svg("text", { x: at.x, y: at.y + 4.5, class: "area-label", "text-anchor": "middle" });
  label.textContent = words;
  group.append(svg("rect", { ...size, class: "area-badge", fill: OVERLAY.line }), label);
  return group;
}

/** Fetch the shapes of `url` and keep them on the map; `onProblem(error)` hears when they do not come. */
export async function overlay(map, url, onProblem) {
  let features = [];
  try {
    const response = await ask(url, { accept: "application/geo+json" });
    features = (await response.json()).features;
  } catch (error) {
    onProblem(error);
    return;
  }
  const picture = svg("svg", { class: "area-shapes leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
  map.getPane("overlayPane").append(picture);
  const draw = () => picture.replaceChildren(hatch(), ...features.map((feature) => drawn(map, feature)));
  map.on("zoomend viewreset", draw);
  draw();
}
