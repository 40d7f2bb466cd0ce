// What the office looks after: boundaries, grids, estates, buildings, stairwells, facilities.
import { figures } from "./cases.js";
import { pointLabel, symbolLabel } from "./labels.js";
import { area, dot, line, shadow, sign } from "./paint.js";
import { BOUNDARY, BUILDING, GROUND, INK, SELECTED, darker, ramp } from "./palette.js";
import { drawBadge, drawGap } from "./symbols.js";

function outline(layer, order, colour, width, { dash = null, halo = 2.4, filter, minzoom } = {}) {
  const given = { dataLayer: layer.name, minzoom, filter };
  const rules = [{ ...given, order, symbolizer: line({ colour, width, dash, cap: dash ? "butt" : "round" }) }];
  if (halo) {
    const wide = (zoom) => width(zoom) + halo;
    rules.unshift({ ...given, order: order - 0.5, symbolizer: line({ colour: BOUNDARY.halo, width: wide }) });
  }
  return rules;
}

const named = (layer) => (feature) => feature.props[layer.label] || feature.props.name || null;

function oneLine(layer, { ink, size, weight = 500, from, to = 99, perLine = 8 }) {
  const name = named(layer);
  return (zoom, feature) => {
    if (zoom < from || zoom > to) return null;
    const words = name(feature);
    return words ? [{ words, size: size(zoom), weight, ink, perLine }] : null;
  };
}

function areaLabel(layer, order, given) {
  const symbolizer = pointLabel({ parts: oneLine(layer, given), halo: INK.halo, repeat: 60 });
  return { order, dataLayer: `${layer.name}_label`, minzoom: given.from, maxzoom: given.to, symbolizer };
}

/** Outlines of districts, streets and communities, the larger the stronger. */
export function territory(layer) {
  const styles = {
    districts: [58, BOUNDARY.street, ramp([8, 1.2], [14, 3]), [12, 4, 2, 4]],
    streets: [57, BOUNDARY.street, ramp([10, 1], [14, 2.6], [18, 4]), [14, 4, 3, 4]],
    communities: [56, BOUNDARY.community, ramp([12, 1], [15, 2.2], [18, 3]), [9, 4]],
  };
  const [order, colour, width, dash] = styles[layer.name];
  const rules = outline(layer, order, colour, width, { dash: () => dash });
  // the office's own ground is a shade lighter than what lies outside
  if (layer.name === "streets") {
    rules.push({ order: 2, dataLayer: layer.name, isGround: true, symbolizer: area({ fill: () => GROUND.inside }) });
  }
  return rules;
}

/** Names of districts, streets and communities, each for the zooms at which it fits the window. */
export function territoryLabels(layer) {
  const given = {
    districts: { ink: INK.district, size: () => 15, weight: 600, from: 7, to: 10 },
    streets: { ink: INK.street, size: ramp([9, 12], [13, 16]), weight: 600, from: 9, to: 13 },
    communities: { ink: INK.community, size: ramp([12, 12], [15, 15]), weight: 600, from: 12, to: 15 },
  }[layer.name];
  return [areaLabel(layer, { districts: 2, streets: 3, communities: 4 }[layer.name], given)];
}

/** What a class means in a share: `88.0 %` of what was due is done; null where nothing was due. */
function shareWords({ due, done }) {
  if (!due) return null;
  const exact = (100 * done) / due;
  const shown = done < due ? Math.min(exact, 99.9) : exact;
  return `${(done ? Math.max(shown, 0.1) : 0).toFixed(1)} %`;
}

const GRID_FILL = ramp([12, 0.72], [14, 0.62], [15, 0.46], [16, 0.34], [17, 0.24], [19, 0.14]);

// where the grid's class is what the map is about
const SHARE_FILL = ramp([12, 0.92], [14, 0.86], [15, 0.74], [16, 0.6], [17, 0.46], [19, 0.34]);

/** Grids: a wash of the class colour under roads and buildings, and a boundary with a halo above them. */
export function grids(layer, colour) {
  const isAbout = layer.name !== "grids";
  const isMicro = (feature) => feature.props.type === "micro";
  const width = ramp([12, 0.8], [14, 1.4], [16, 2], [19, 2.8]);
  return [
    {
      order: isAbout ? 28 : 22,
      dataLayer: layer.name,
      filter: (zoom, feature) => !isMicro(feature),
      symbolizer: area({ fill: colour, alpha: isAbout ? SHARE_FILL : GRID_FILL }),
    },
    ...outline(layer, 54, BOUNDARY.grid, width, { filter: (zoom, feature) => !isMicro(feature) }),
    ...outline(layer, 52, BOUNDARY.micro, () => 1.3, {
      filter: (zoom, feature) => isMicro(feature),
      minzoom: 16,
      dash: () => [4, 3],
      halo: 1.6,
    }),
  ];
}

/** Grid names; from close by the households below them. */
export function gridLabels(layer, texts) {
  const name = named(layer);
  const size = ramp([13, 11], [15, 13], [17, 15]);
  const parts = (zoom, feature) => {
    const isMicro = feature.props.type === "micro";
    if (isMicro && zoom < 17) return null;
    const words = name(feature) || (feature.props.code || "").slice(-3);
    if (!words) return null;
    const lines = [{ words, size: size(zoom) - (isMicro ? 2 : 0), weight: 700, ink: INK.grid, perLine: 8 }];
    const households = feature.props.households;
    const share = figures(layer.name, feature.props, texts) || shareWords(feature.props);
    if (share && !isMicro) lines.push({ words: share, size: size(zoom), weight: 600, ink: INK.share, perLine: 14 });
    if (zoom >= 16 && households && !isMicro) {
      lines.push({ words: texts.households(households), size: 12, weight: 400, ink: INK.grid, perLine: 14 });
    }
    return lines;
  };
  const symbolizer = pointLabel({ parts, halo: INK.halo, haloWidth: 2.6, repeat: 60 });
  return [{ order: 10, dataLayer: `${layer.name}_label`, minzoom: 13, symbolizer }];
}

/** Estates: a warm ground with a fine edge; those without an outline are points. */
export function estates(layer, colour) {
  return [
    {
      order: 20,
      dataLayer: layer.name,
      symbolizer: area({
        fill: colour,
        alpha: ramp([13, 0.9], [16, 0.8]),
        edge: (z) => (z >= 14 ? BOUNDARY.estate : null),
        width: ramp([14, 0.7], [17, 1.3]),
        dash: [5, 3],
      }),
    },
    {
      order: 45,
      dataLayer: layer.name,
      symbolizer: dot({ radius: ramp([12, 2], [14, 3.2], [17, 5]), fill: (z, f) => darker(colour(z, f), 0.62) }),
    },
  ];
}

/** Names of estates, below the dot where the estate is a point. */
export function estateLabels(layer) {
  const given = { ink: INK.estate, size: ramp([14, 11], [16, 13], [18, 15]), weight: 500, from: 15, perLine: 7 };
  return [areaLabel(layer, 20, given)];
}

const SHADOW_SCALE = ramp([16, 0.5], [17, 1], [18, 1.9], [19, 3.6]);

/** Buildings: shadow by storeys from close by, fill and outline of their kind. */
export function buildings(layer, colour) {
  const reach = (zoom, feature) => Math.min(2 + (feature.props.floors || 4) * 0.22, 7) * SHADOW_SCALE(zoom);
  return [
    { order: 40, dataLayer: layer.name, minzoom: 16, symbolizer: shadow(BUILDING.shadow, reach) },
    {
      order: 42,
      dataLayer: layer.name,
      symbolizer: area({
        fill: colour,
        alpha: () => 1,
        edge: (zoom, feature) => (zoom >= 15 ? darker(colour(zoom, feature), BUILDING.edge) : null),
        width: ramp([15, 0.5], [17, 0.9], [19, 1.4]),
      }),
    },
  ];
}

// from close by a house has room for its own name and those of its stairwells, one above the other
const HOUSE_SHIFT = (zoom) => (zoom >= 19 ? -9 : 0);
const STAIRWELL_SHIFT = (zoom) => (zoom >= 19 ? 9 : 0);

// the number on the wall, with at most two characters after it that say what it counts
const WALL_NUMBER = /(\d+)\D{0,2}$/;

/** Numbers of buildings: the bare number from afar, the name without its estate nearer, all of it from close by. */
export function buildingLabels(layer) {
  const name = named(layer);
  const size = ramp([17, 11], [18, 12], [19, 14]);
  const parts = (zoom, feature) => {
    const words = name(feature);
    if (!words) return null;
    const found = WALL_NUMBER.exec(words);
    const shown = !found || zoom > 18 ? words : zoom > 17 ? found[0] : found[1];
    const line = { words: shown, size: size(zoom), weight: 500, ink: INK.building, perLine: 8 };
    const { due, done } = feature.props;
    return due ? [line, { ...line, words: `${done}/${due}`, size: 11, ink: INK.share }] : [line];
  };
  const symbolizer = pointLabel({ parts, halo: INK.softHalo, haloWidth: 1.6, padding: 1, shift: HOUSE_SHIFT, repeat: 24 });
  return [{ order: 30, dataLayer: `${layer.name}_label`, minzoom: 17, symbolizer }];
}

/** Stairwells: their part of the house, and a dot each; the ones that nobody looks after stand out. */
export function stairwells(layer, colour) {
  const isOpen = (zoom, feature) => feature.props.held === "open";
  const isHeld = (zoom, feature) => !isOpen(zoom, feature);
  const small = ramp([17, 1.7], [18, 3.6], [19, 6]);
  const large = ramp([17, 3.4], [18, 5], [19, 7.5]);
  const rimWidth = ramp([17, 0.8], [19, 1.5]);
  const given = { dataLayer: layer.name, minzoom: 17 };
  const wall = () => BUILDING.wall;
  const width = ramp([17, 0.6], [19, 1.2]);
  return [
    { ...given, order: 43, filter: isHeld, symbolizer: area({ edge: wall, width }) },
    { ...given, order: 43.5, filter: isOpen, symbolizer: area({ fill: colour, alpha: () => 0.34, edge: colour, width }) },
    { ...given, order: 61, filter: isHeld, symbolizer: dot({ radius: small, fill: colour, rimWidth }) },
    { ...given, order: 62, filter: isOpen, symbolizer: dot({ radius: large, fill: colour, rimWidth }) },
  ];
}

/** Names of stairwells from close by: inside their part of the house, or below the dot. */
export function stairwellLabels(layer, colour) {
  const isOpen = (feature) => feature.props.held === "open";
  const name = named(layer);
  const size = ramp([18, 10], [19, 12]);
  const parts = (zoom, feature) => {
    const words = name(feature);
    const ink = isOpen(feature) ? darker(colour(zoom, feature), 0.7) : INK.stairwell;
    return words ? [{ words, size: size(zoom), weight: isOpen(feature) ? 600 : 400, ink, perLine: 8 }] : null;
  };
  const given = { order: 40, minzoom: 18 };
  const inside = pointLabel({ parts, halo: INK.softHalo, haloWidth: 1.5, padding: 0, shift: STAIRWELL_SHIFT });
  const isPoint = (zoom, feature) => feature.geomType === 1;
  return [
    { ...given, dataLayer: `${layer.name}_label`, symbolizer: inside },
    { ...given, dataLayer: layer.name, filter: isPoint, symbolizer: pointLabel({ parts, halo: INK.halo, below: () => 7 }) },
  ];
}

/** Facilities: a dot each, so that none is hidden; the badge of the theme where there is room. */
export function facilities(layer, colour) {
  const isPlanned = (feature) => feature.props.state === "planned";
  const fill = (zoom, feature) => (isPlanned(feature) ? "#ffffff" : colour(zoom, feature));
  const rim = (zoom, feature) => (isPlanned(feature) ? colour(zoom, feature) : "#ffffff");
  return [
    {
      order: 25,
      dataLayer: layer.name,
      symbolizer: area({ fill: colour, alpha: () => 0.28, edge: colour, width: () => 1.2 }),
    },
    {
      order: 64,
      dataLayer: layer.name,
      symbolizer: dot({ radius: ramp([15, 2], [16, 2.6], [18, 4.5]), fill, rim, rimWidth: () => 1.2 }),
    },
  ];
}

/** The badges of facilities, and their names from close by. */
export function facilityLabels(layer, colour) {
  const radius = ramp([16, 7.5], [17, 8.5], [19, 12]);
  const drawing = (ctx, r, zoom, feature) =>
    drawBadge(ctx, r, feature.props.theme, colour(zoom, feature), feature.props.state);
  const isPoint = (zoom, feature) => feature.geomType === 1;
  const parts = oneLine(layer, { ink: INK.facility, size: () => 12, weight: 400, from: 19, perLine: 8 });
  const below = (zoom) => radius(zoom) + 3;
  return [
    { order: 25, dataLayer: layer.name, minzoom: 17, filter: isPoint, symbolizer: symbolLabel({ radius, draw: drawing }) },
    {
      order: 50,
      dataLayer: layer.name,
      minzoom: 19,
      filter: isPoint,
      symbolizer: pointLabel({ parts, halo: INK.halo, below }),
    },
  ];
}

/** Names under points: stairwells, holders, and point layers that this file does not know. */
export function dotLabels(layer, { ink, from, order, drop = 7 }) {
  const parts = oneLine(layer, { ink, size: () => 12, weight: 400, from, perLine: 8 });
  const symbolizer = pointLabel({ parts, halo: INK.halo, below: () => drop });
  const isPoint = (zoom, feature) => feature.geomType === 1;
  return [{ order, dataLayer: layer.name, minzoom: from, filter: isPoint, symbolizer }];
}

/** Gaps: a dot by its reason with the sign of the reason in it, hollow where nobody has to go; outlines of places. */
export function gaps(layer, colour) {
  const reasonOf = (feature) => feature.props.reason;
  const radius = ramp([15, 2.4], [16, 4], [17, 6.5], [19, 10]);
  return [
    {
      order: 44,
      dataLayer: layer.name,
      symbolizer: area({ edge: (zoom, feature) => darker(colour(zoom, feature), 0.85), width: ramp([15, 0.8], [18, 2]) }),
    },
    {
      order: 63,
      dataLayer: `${layer.name}_label`,
      symbolizer: sign((ctx, zoom, feature) => drawGap(ctx, radius(zoom), reasonOf(feature), colour(zoom, feature))),
    },
  ];
}

/** A layer that has no drawing of its own yet: drawn from its style alone. */
export function plain(layer, colour) {
  const radius = ramp([13, 3], [17, 6], [19, 8]);
  return [
    { order: 24, dataLayer: layer.name, symbolizer: area({ fill: colour, alpha: () => 0.4, edge: colour, width: () => 1.2 }) },
    {
      order: 46,
      dataLayer: layer.name,
      filter: (zoom, feature) => feature.geomType === 2,
      symbolizer: line({ colour: layer.colour, width: ramp([12, 1.2], [18, 4]) }),
    },
    { order: 66, dataLayer: layer.name, symbolizer: dot({ radius, fill: colour }) },
  ];
}

/** What is selected: a halo and a firm line above everything, a ring around a point. */
export function selected(layer, isSelected) {
  const filter = (zoom, feature) => isSelected(feature);
  const width = ramp([12, 2], [16, 3], [19, 4]);
  const ring = (radius, colour, lineWidth) => ({
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 1) return;
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.arc(geom[0][0].x, geom[0][0].y, radius, 0, 2 * Math.PI);
      ctx.lineWidth = lineWidth;
      ctx.strokeStyle = colour;
      ctx.stroke();
    },
  });
  const wash = area({ fill: () => SELECTED.fill });
  const given = { dataLayer: layer.name, filter };
  return [
    { ...given, order: 80, symbolizer: wash },
    { ...given, order: 81, symbolizer: line({ colour: SELECTED.halo, width: (z) => width(z) + 3.5 }) },
    { ...given, order: 82, symbolizer: line({ colour: SELECTED.line, width }) },
    { ...given, order: 83, symbolizer: ring(17, SELECTED.halo, 6) },
    { ...given, order: 84, symbolizer: ring(17, SELECTED.line, 3) },
  ];
}
