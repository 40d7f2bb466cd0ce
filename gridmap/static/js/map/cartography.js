// From the layers of the page to paint and label rules, in drawing order. Knows no tile and no library.
import * as cases from "./cases.js";
import * as ground from "./ground.js";
import * as places from "./places.js";
import { INK } from "./palette.js";
import { fiveLines } from "./strip.js";
import * as zones from "./zones.js";

const TERRITORY = new Set(["districts", "streets", "communities"]);

function colourOf(layer) {
  const { by, classes, colour } = layer.style;
  const byValue = new Map(classes.map((one) => [one.value, one.colour]));
  return by ? (zoom, feature) => byValue.get(String(feature.props[by])) || colour : () => colour;
}

function paintRules(layer, colour, now) {
  if (TERRITORY.has(layer.name)) return places.territory(layer);
  switch (layer.name) {
    case "green":
      return ground.green(layer, colour);
    case "water":
      return ground.water(layer, colour);
    case "roads":
      return ground.roads(layer);
    case "grids":
    case "coverage_grids":
    case "complaints_grids":
    case "in_grid_resolution":
      return places.grids(layer, colour);
    case "incident_density":
      return cases.density(layer);
    case "complaints_estates":
      return places.estates(layer, colour);
    case "incidents":
      return cases.incidents(layer, colour, now);
    case "repeat_places":
      return cases.repeats(layer, colour);
    case "parking_pressure":
    case "evening_violations":
    case "long_stays":
      return zones.zones(layer, colour);
    case "hotspots":
      return zones.hotspots(layer, colour);
    case "estates":
    case "ebikes":
      return places.estates(layer, colour);
    case "buildings":
    case "coverage_buildings":
      return places.buildings(layer, colour);
    case "stairwells":
      return places.stairwells(layer, colour);
    case "five_lines":
      return fiveLines(layer, colour);
    case "gaps":
      return places.gaps(layer, colour);
    case "facilities":
      return places.facilities(layer, colour);
    default:
      return places.plain(layer, colour);
  }
}

function labelRules(layer, colour, texts) {
  if (TERRITORY.has(layer.name)) return places.territoryLabels(layer);
  switch (layer.name) {
    case "green":
      return ground.groundLabels(layer, INK.green, 15);
    case "water":
      return ground.groundLabels(layer, INK.water, 13);
    case "roads":
      return ground.roadLabels(layer);
    case "grids":
    case "coverage_grids":
    case "complaints_grids":
    case "in_grid_resolution":
      return places.gridLabels(layer, texts);
    case "complaints_estates":
      return places.estateLabels(layer);
    case "incidents":
      return cases.room(layer);
    case "repeat_places":
      return []; // its sign says what it is
    case "incident_density":
      return []; // a ground
    case "parking_pressure":
    case "evening_violations":
    case "long_stays":
      return zones.zoneLabels(layer);
    case "hotspots":
      return zones.hotspotLabels(layer);
    case "estates":
      return places.estateLabels(layer);
    case "buildings":
    case "coverage_buildings":
      return places.buildingLabels(layer);
    case "stairwells":
      return places.stairwellLabels(layer, colour);
    case "five_lines":
    case "ebikes":
      return []; // the stairwell, or the estate, has its name already
    case "facilities":
      return places.facilityLabels(layer, colour);
    case "assignments":
      return places.dotLabels(layer, { ink: INK.holder, from: 18, order: 45, drop: 10 });
    default:
      return layer.label ? places.dotLabels(layer, { ink: INK.facility, from: 17, order: 46, drop: 10 }) : [];
  }
}

const byOrder = (a, b) => a.order - b.order;

function dressed(given) {
  const classes = given.style.classes;
  const colourOfValue = (value) => (classes.find((one) => one.value === value) || given.style).colour;
  return { ...given, colour: given.style.colour, colourOf: colourOfValue };
}

/**
 * Paint and label rules for the layers, sorted.
 * `isOn(name)` is asked at each drawing, and so is `hasGround()`: whether our own ground is drawn; `now()` gives the business moment in seconds; `chosen` is {layer: name or names, id} or null; `texts` forms what labels say in words.
 */
export function cartography(layers, { isOn, hasGround, now = () => 0, chosen, texts }) {
  const paint = [];
  const label = [];
  for (const layer of layers.map(dressed)) {
    const colour = colourOf(layer);
    const gated = (rule) => {
      const inner = rule.filter;
      const isShown = () => isOn(layer.name) && (!rule.isGround || hasGround());
      const filter = (zoom, feature) => isShown() && (!inner || inner(zoom, feature));
      return { ...rule, filter, dataSource: layer.source };
    };
    const isChosen = chosen && [].concat(chosen.layer).includes(layer.name);
    const mark = isChosen ? places.selected(layer, (feature) => feature.id === chosen.id) : [];
    paint.push(...[...paintRules(layer, colour, now), ...mark].map(gated));
    label.push(...labelRules(layer, colour, texts).map(gated));
  }
  return { paint: paint.sort(byOrder), label: label.sort(byOrder) };
}
