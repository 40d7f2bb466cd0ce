// Which of the things under a finger is meant: points before buildings before what they stand in.

const NEAR = [
  "incidents", "gaps", "repeat_places", "parking_pressure", "evening_violations", "long_stays", "facilities",
  "five_lines", "stairwells", "buildings", "coverage_buildings", "hotspots", "complaints_estates", "estates",
  "ebikes", "grids", "coverage_grids", "complaints_grids", "in_grid_resolution",
];
// from afar a part of a house is too small to be meant
const FAR = [
  "incidents", "repeat_places", "parking_pressure", "evening_violations", "long_stays", "hotspots", "facilities",
  "buildings", "coverage_buildings", "gaps", "five_lines", "stairwells", "complaints_estates", "estates", "ebikes", "grids", "coverage_grids",
  "complaints_grids", "in_grid_resolution",
];
const NEAR_FROM = 18;

/**
 * The pickable things under a point, best first: [{layer, id, title, kind}].
 * `layers` is a Map by name; what is off or not yet drawn at this zoom is not there.
 */
export function pick(tiles, latlng, zoom, { layers, isOn, brush }) {
  const seen = new Set();
  const hits = [];
  for (const hit of tiles.pick(latlng, brush)) {
    const layer = layers.get(hit.layer);
    if (!layer || !layer.pickable || !isOn(layer.name) || zoom < layer.minZoom) continue;
    if (!hit.id || seen.has(hit.id)) continue;
    if (hit.type === 1 && zoom < layer.minZoom + 1 && layer.name !== "estates" && layer.style.shape !== "point") continue;
    seen.add(hit.id);
    const title = hit.properties[layer.label] || hit.properties.name || hit.properties.code || "";
    hits.push({ layer: layer.name, id: hit.id, title, kind: layer.title });
  }
  // a layer that is not known here lies above those that are
  const order = zoom < NEAR_FROM ? FAR : NEAR;
  return hits.sort((a, b) => order.indexOf(a.layer) - order.indexOf(b.layer));
}
