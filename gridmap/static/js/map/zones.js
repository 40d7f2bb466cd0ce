// Parking zones and hotspots on the canvas. A zone is a strip of a few metres: from afar a dot, from near its ground.
import { pointLabel } from "./labels.js";
import { area, dot, line } from "./paint.js";
import { INK, darker, ramp } from "./palette.js";

const AREAS = new Set(["area", "further"]);
const DOTS_UP_TO = 16; // the zoom after which a zone is seen as the ground that it is
const isGround = (feature) => feature.props.status === "chance" || feature.props.status === "untested";

/** A dot where an area begins: from afar a zone would be a hair's breadth. */
function mark(radius, fill) {
  return {
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 3) return;
      const points = geom[0];
      const sum = points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), { x: 0, y: 0 });
      const colour = fill(zoom, feature);
      ctx.globalAlpha = 1;
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(sum.x / points.length, sum.y / points.length, radius(zoom), 0, 2 * Math.PI);
      ctx.fillStyle = colour;
      ctx.fill();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = "#ffffff";
      ctx.stroke();
    },
  };
}

/** Zones by their class: ground with a firm edge, a dot from afar. */
export function zones(layer, colour) {
  const edge = (zoom, feature) => darker(colour(zoom, feature), 0.62);
  const width = ramp([14, 1], [17, 2], [19, 3]);
  const radius = ramp([13, 4], [15, 5.5], [16, 6.5]);
  return [
    { order: 44, dataLayer: layer.name, symbolizer: area({ fill: colour, edge, width, alpha: () => 0.92 }) },
    { order: 44, dataLayer: layer.name, filter: (z, f) => f.geomType === 2, symbolizer: line({ colour: layer.colour, width }) },
    { order: 65, dataLayer: layer.name, maxzoom: DOTS_UP_TO, symbolizer: mark(radius, colour) },
    { order: 65, dataLayer: layer.name, symbolizer: dot({ radius: ramp([13, 4], [17, 7], [19, 9]), fill: colour }) },
  ];
}

const figure = (props) => {
  if (props.share !== undefined) return `${Math.round(props.share)}%`;
  if (props.violations !== undefined) return props.violations ? String(props.violations) : null;
  return props.cars ? String(props.cars) : null;
};

/** The name of a zone and its number: below its dot, or upon its ground. */
export function zoneLabels(layer) {
  const parts = (zoom, feature) => {
    const lines = [];
    const number = figure(feature.props);
    if (number) lines.push({ words: number, size: 13, weight: 700, ink: INK.share, perLine: 10 });
    if (zoom >= 17 && feature.props.name) lines.push({ words: feature.props.name, size: 12, weight: 500, ink: INK.facility, perLine: 10 });
    return lines.length ? lines : null;
  };
  const below = (zoom) => (zoom <= DOTS_UP_TO ? 8 : 0);
  const symbolizer = pointLabel({ parts, below, halo: INK.halo, haloWidth: 2.6, repeat: 40 });
  return [{ order: 9, dataLayer: `${layer.name}_label`, minzoom: 16, symbolizer }];
}

/** Hotspots: a firm outline over a wash; what cannot be told from chance stays pale and grey, without a line. */
export function hotspots(layer, colour) {
  const firm = (zoom, feature) => !isGround(feature);
  const width = ramp([12, 1.5], [15, 2.5], [18, 3.5]);
  return [
    { order: 40, dataLayer: layer.name, filter: (z, f) => isGround(f), symbolizer: area({ fill: colour, alpha: () => 0.28 }) },
    {
      order: 41,
      dataLayer: layer.name,
      filter: firm,
      symbolizer: area({ fill: colour, alpha: ramp([12, 0.34], [16, 0.24], [19, 0.14]), edge: colour, width }),
    },
  ];
}

/** How an area is called, and how many times as many as expected. */
export function hotspotLabels(layer) {
  const parts = (zoom, feature) => {
    const { status, name, ratio, observed } = feature.props;
    if (isGround(feature) || !name) return null;
    const lines = [{ words: name, size: 13, weight: 700, ink: darker(layer.colourOf(status), 0.8), perLine: 8 }];
    const number = AREAS.has(status) && ratio !== undefined ? `×${ratio}` : String(observed);
    lines.push({ words: number, size: 13, weight: 700, ink: darker(layer.colourOf(status), 0.8), perLine: 10 });
    return lines;
  };
  const symbolizer = pointLabel({ parts, halo: INK.halo, haloWidth: 3, repeat: 40 });
  return [{ order: 5, dataLayer: `${layer.name}_label`, minzoom: 14, symbolizer }];
}
