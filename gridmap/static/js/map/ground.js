// The ground under the data: green, water, roads, railways. Own tables, drawn like a town map.
import { lineLabel, pointLabel } from "./labels.js";
import { area, line } from "./paint.js";
import { CASING, GROUND, INK, ROAD_FROM, ROAD_WIDTH, darker } from "./palette.js";

const isClass = (name) => (zoom, feature) => feature.props.class === name;

// above the wash of the grids: a park stays a park whatever the grid around it counts
/** Paint rules of parks, grass and woods. */
export function green(layer, colour) {
  return [
    {
      order: 26,
      dataLayer: layer.name,
      symbolizer: area({ fill: colour, edge: (z) => (z >= 15 ? GROUND.greenEdge : null), width: () => 0.8 }),
    },
  ];
}

/** Paint rules of rivers, lakes and ponds. */
export function water(layer, colour) {
  return [
    {
      order: 27,
      dataLayer: layer.name,
      symbolizer: area({ fill: colour, edge: (z) => (z >= 13 ? GROUND.waterEdge : null), width: () => 1 }),
    },
  ];
}

// later in the list is drawn on top of what crosses it
const CLASSES = ["path", "residential", "secondary", "main", "motorway"];

function railway(layer) {
  const rule = (order, symbolizer) => ({
    order,
    dataLayer: layer.name,
    minzoom: ROAD_FROM.rail,
    filter: isClass("rail"),
    symbolizer,
  });
  const inner = (zoom) => Math.max(0.6, ROAD_WIDTH.rail(zoom) - 1.4);
  return [
    rule(38, line({ colour: layer.colourOf("rail"), width: ROAD_WIDTH.rail, cap: "butt" })),
    rule(39, line({ colour: GROUND.railTie, width: inner, cap: "butt", dash: (z) => (z >= 15 ? [9, 9] : [5, 5]) })),
  ];
}

/** Paint rules of roads: all casings, then all fills, so that crossings stay open. */
export function roads(layer) {
  const rules = railway(layer);
  CLASSES.forEach((name, i) => {
    const given = { dataLayer: layer.name, minzoom: ROAD_FROM[name], filter: isClass(name) };
    const width = ROAD_WIDTH[name];
    const isPath = name === "path";
    const casing = isPath ? GROUND.pathCasing : GROUND.roadCasing[name];
    const fill = isPath ? darker(layer.colourOf(name), 0.86) : layer.colourOf(name);
    rules.push({
      ...given,
      order: 30 + i * 0.1,
      symbolizer: line({ colour: casing, width: (z) => width(z) + 2 * CASING(z), alpha: isPath ? 0.7 : 1 }),
    });
    rules.push({
      ...given,
      order: 34 + i * 0.1,
      symbolizer: line({ colour: fill, width, dash: isPath ? () => [4, 3] : null, cap: isPath ? "butt" : "round" }),
    });
  });
  return rules;
}

const NAMED_FROM = { motorway: 13, main: 14, secondary: 15, residential: 16, path: 18, rail: 16 };

/** Names of roads, along the road. */
export function roadLabels(layer) {
  const symbolizer = lineLabel({
    words: (zoom, feature) => (zoom >= (NAMED_FROM[feature.props.class] || 17) ? feature.props.name : null),
    size: (zoom, feature) => (feature.props.class === "main" || feature.props.class === "motorway" ? 13 : 12),
    ink: INK.road,
    halo: INK.halo,
  });
  return [{ order: 60, dataLayer: layer.name, minzoom: 13, symbolizer }];
}

/** Names of water and parks, in the middle of the area. */
export function groundLabels(layer, ink, minzoom) {
  const parts = (zoom, feature) => {
    if (!feature.props.name) return null;
    return [{ words: feature.props.name, size: zoom >= 16 ? 13 : 12, weight: 400, ink, perLine: 6 }];
  };
  const symbolizer = pointLabel({ parts, halo: "rgba(255,255,255,.7)", haloWidth: 1.6, repeat: 160 });
  return [{ order: 64, dataLayer: `${layer.name}_label`, minzoom, symbolizer }];
}
