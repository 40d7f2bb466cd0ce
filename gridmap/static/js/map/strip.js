// The five lines of a stairwell as a strip of five ticks: full where somebody holds the line, hollow where nobody does.
import { dot } from "./paint.js";
import { ramp } from "./palette.js";
import { svg } from "./symbols.js";

const LINES = [1, 2, 3, 4, 5];
const PLATE = "rgba(255,255,255,.94)";
const STRIP_FROM = 18;
const TICK = ramp([18, 2.2], [19, 4.4]);
const HEIGHT = ramp([18, 6], [19, 11]);
const GAP = ramp([18, 1.2], [19, 2.2]);
const DOWN = ramp([18, 7], [19, 22]); // under the dot and the name of the stairwell

const isFilled = (feature, line) => feature.props[`line_${line}`] === "held";
const isWhole = (feature) => feature.props.state === "whole";

function strip(full, hollow) {
  return {
    before(ctx) {
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
    },
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 1) return;
      const [tick, height, gap] = [TICK(zoom), HEIGHT(zoom), GAP(zoom)];
      const width = LINES.length * tick + (LINES.length - 1) * gap;
      const left = geom[0][0].x - width / 2;
      const top = geom[0][0].y + DOWN(zoom) - height / 2;
      ctx.fillStyle = PLATE;
      ctx.fillRect(left - gap - 1, top - gap - 1, width + 2 * gap + 2, height + 2 * gap + 2);
      ctx.lineWidth = 1;
      for (const line of LINES) {
        const x = left + (line - 1) * (tick + gap);
        if (isFilled(feature, line)) {
          ctx.fillStyle = full;
          ctx.fillRect(x, top, tick, height);
        } else {
          ctx.strokeStyle = hollow;
          ctx.strokeRect(x + 0.5, top + 0.5, tick - 1, height - 1);
        }
      }
    },
  };
}

/** A dot for each stairwell from afar, hollow where a line is missing; the strip from close by. */
export function fiveLines(layer, colour) {
  const given = { dataLayer: `${layer.name}_label` };
  const fill = (zoom, feature) => (isWhole(feature) ? colour(zoom, feature) : "#ffffff");
  const afar = dot({ radius: () => 3.6, fill, rim: colour, rimWidth: () => 1.8 });
  const near = strip(layer.colourOf("whole"), layer.colourOf("missing"));
  return [
    { ...given, order: 65, minzoom: 17, maxzoom: STRIP_FROM - 1, symbolizer: afar },
    { ...given, order: 65, minzoom: STRIP_FROM, symbolizer: near },
  ];
}

/** The strip as a picture for the legend: all full, or the last two hollow. */
export function stripPicture(value, classes) {
  const colourOf = (wanted) => classes.find((one) => one.value === wanted).colour;
  const picture = svg("svg", { viewBox: "0 0 28 18", class: "swatch", "aria-hidden": "true" });
  for (const line of LINES) {
    const isHollow = value === "missing" && line > 3;
    const box = { x: 1.6 + (line - 1) * 5.2, y: 3, width: 3.6, height: 12 };
    const ink = isHollow
      ? { fill: "#ffffff", stroke: colourOf("missing"), "stroke-width": 1.2 }
      : { fill: colourOf("whole") };
    picture.append(svg("rect", { ...box, ...ink }));
  }
  return picture;
}
