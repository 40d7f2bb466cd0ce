// Cases on the canvas: from afar counted together, from near a badge each, red-rimmed when late; places where things
// come back. What is late is asked of the clock at each drawing: tiles carry only the moment from which it is so.
import { sign } from "./paint.js";
import { FONT, ramp } from "./palette.js";
import { drawBadge, svg } from "./symbols.js";

export const LATE = "#c0271d";
const COUNT = { fill: "#2d6a73", soft: "rgba(45,106,115,.20)", ink: "#ffffff" };
const THEMES = {
  "01": "safety", "02": "traffic", "03": "building", "04": "building", "05": "building", "06": "energy",
  "07": "public", "08": "sanitation", "09": "building", 10: "service", 11: "public", 12: "service",
  13: "energy", 14: "service", 15: "security", 16: "public", 17: "public",
};
const STEP = 17; // pixels between cases that lie at one spot
const FULL = 2 * Math.PI;

const themeOf = (feature) => THEMES[feature.props.class] || "public";
const lateBy = (feature, now) => feature.props.late_second !== undefined && feature.props.late_second < now();

function disc(ctx, radius, fill) {
  ctx.beginPath();
  ctx.arc(0, 0, radius, 0, FULL);
  ctx.fillStyle = fill;
  ctx.fill();
}

function ring(ctx, radius, width, colour) {
  ctx.beginPath();
  ctx.arc(0, 0, radius, 0, FULL);
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.stroke();
}

function radiusOf(count) {
  if (count < 10) return 11;
  if (count < 100) return 14;
  return count < 1000 ? 18 : 22;
}

function drawCount(ctx, feature, now) {
  const { count } = feature.props;
  const radius = radiusOf(count);
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  disc(ctx, radius + 4, COUNT.soft);
  disc(ctx, radius, COUNT.fill);
  ring(ctx, radius, 1.75, "#ffffff");
  const words = count < 10000 ? String(count) : `${Math.floor(count / 1000)}k`;
  ctx.font = `700 ${count < 100 ? 12 : 13}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = COUNT.ink;
  ctx.fillText(words, 0, 0.5);
  if (!lateBy(feature, now)) return;
  ctx.translate(radius * 0.74, -radius * 0.74);
  disc(ctx, 4.5, LATE);
  ring(ctx, 4.5, 1.5, "#ffffff");
}

/** The place of the nth thing at one spot: the first on it, six around that, twelve around those. */
function fanned(n) {
  if (!n) return [0, 0];
  const circle = n <= 6 ? 1 : 2;
  const angle = (FULL * (circle === 1 ? n - 1 : n - 7)) / (6 * circle) - Math.PI / 2;
  return [Math.cos(angle) * STEP * circle, Math.sin(angle) * STEP * circle];
}

function oneByOne(draw) {
  let spots = new Map();
  return {
    before() {
      spots = new Map();
    },
    draw(ctx, geom, zoom, feature) {
      const { x, y } = geom[0][0];
      const spot = `${Math.round(x)},${Math.round(y)}`;
      const n = spots.get(spot) || 0;
      spots.set(spot, n + 1);
      if (n > 18) return; // the card names the rest
      const [dx, dy] = fanned(n);
      ctx.save();
      ctx.translate(x + dx, y + dy);
      draw(ctx, zoom, feature);
      ctx.restore();
    },
  };
}

/** Cases: circles with numbers from afar, badges from near, by stage; the red rim says late. */
export function incidents(layer, colour, now) {
  const radius = ramp([17, 7.5], [18, 9.5], [19, 12]);
  const drawOne = (ctx, zoom, feature) => {
    const size = radius(zoom);
    drawBadge(ctx, size, themeOf(feature), colour(zoom, feature), "working");
    if (lateBy(feature, now)) ring(ctx, size + 1.5, 2.75, LATE);
  };
  return [
    { order: 70, dataLayer: layer.name, symbolizer: oneByOne(drawOne) },
    {
      order: 71,
      dataLayer: `${layer.name}_cells`,
      symbolizer: sign((ctx, zoom, feature) => drawCount(ctx, feature, now)),
    },
  ];
}

/** Names of roads, houses and areas keep clear of what is drawn for cases: it holds its place like a label. */
export function room(layer) {
  const radius = ramp([17, 7.5], [18, 9.5], [19, 12]);
  const holds = (reach) => ({
    place(layout, geom, feature) {
      const { x, y } = geom[0][0];
      const r = reach(layout.zoom, feature);
      return [{ anchor: geom[0][0], bboxes: [{ minX: x - r, maxX: x + r, minY: y - r, maxY: y + r }], draw() {} }];
    },
  });
  return [
    { order: 0, dataLayer: layer.name, symbolizer: holds(radius) },
    { order: 0, dataLayer: `${layer.name}_cells`, symbolizer: holds((zoom, feature) => radiusOf(feature.props.count) + 2) },
  ];
}

function drawRepeat(ctx, radius, colour, times) {
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  ring(ctx, radius, 5, "rgba(255,255,255,.9)");
  ring(ctx, radius, 2.5, colour);
  ctx.setLineDash([3, 3]);
  ring(ctx, radius + 4.5, 1.75, colour);
  ctx.setLineDash([]);
  if (!times) return;
  ctx.font = `700 11px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineWidth = 4;
  ctx.strokeStyle = "#ffffff";
  ctx.strokeText(`×${times}`, radius + 12, -radius - 2);
  ctx.fillStyle = colour;
  ctx.fillText(`×${times}`, radius + 12, -radius - 2);
}

/** Places where things come back: a double ring around what lies there. */
export function repeats(layer, colour) {
  const radius = ramp([13, 6], [15, 9], [17, 14], [19, 20]);
  const draw = (ctx, zoom, feature) => drawRepeat(ctx, radius(zoom), colour(zoom, feature), zoom >= 16 && feature.props.times);
  const onMap = sign(draw);
  return [
    { order: 66, dataLayer: `${layer.name}_label`, symbolizer: onMap },
    { order: 66, dataLayer: layer.name, maxzoom: 15, symbolizer: middle(draw) },
  ];
}

// from afar no label point comes along: the middle of the area's first corners does
function middle(draw) {
  return {
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType === 1) return;
      const points = geom[0];
      const sum = points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), { x: 0, y: 0 });
      ctx.save();
      ctx.translate(sum.x / points.length, sum.y / points.length);
      draw(ctx, zoom, feature);
      ctx.restore();
    },
  };
}

const STRONG = 12; // cases per hectare that let about a third of the ground through
const STEPS = 6; // of a circle's colours from its middle to its edge
const SHARE = ramp([16, 1], [17, 0.6], [18, 0.35], [19, 0.2]); // from close by single cases are there to be seen

function paled(hex, alpha) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${alpha.toFixed(4)})`;
}

/**
 * Density: a soft ground. Each cell comes with the box over which it is spread; where such circles lie on each other,
 * what shows through is multiplied, so the strength of the colour says the sum of their densities.
 */
export function density(layer) {
  const cone = {
    draw(ctx, geom, zoom, feature) {
      const [start, end] = geom[0];
      const radius = (end.x - start.x) / 2;
      const [x, y] = [start.x + radius, start.y + radius];
      const colours = ctx.createRadialGradient(x, y, 0, x, y, radius);
      for (let i = 0; i <= STEPS; i += 1) {
        const here = feature.props.density * (1 - i / STEPS) * SHARE(zoom);
        colours.addColorStop(i / STEPS, paled(layer.colour, 1 - Math.exp(-here / STRONG)));
      }
      ctx.globalAlpha = 1;
      ctx.fillStyle = colours;
      ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    },
  };
  return [{ order: 28, dataLayer: `${layer.name}_cells`, symbolizer: cone }];
}

/** From few to many for the legend. */
export function densityPicture(colour) {
  const picture = svg("svg", { viewBox: "0 0 28 18", class: "swatch", "aria-hidden": "true" });
  const fade = svg("linearGradient", { id: "density-fade" });
  for (const [offset, opacity] of [[0, 0.05], [1, 0.8]]) {
    fade.append(svg("stop", { offset, "stop-color": colour, "stop-opacity": opacity }));
  }
  picture.append(fade, svg("rect", { x: 1, y: 1, width: 26, height: 16, rx: 3, fill: "url(#density-fade)" }));
  return picture;
}

/** What a coloured area says in numbers: null where it has nothing to say. */
export function figures(name, props, texts) {
  if (name === "in_grid_resolution") return props.closed ? texts.inGrid(props.in_grid, props.closed) : null;
  return props.per_hundred === undefined ? null : texts.perHundred(props.per_hundred);
}

/** The badge of a stage for the legend; `null` is the red rim. */
export function casePicture(value, colour) {
  const picture = svg("svg", { viewBox: "-10 -10 20 20", class: "swatch swatch-badge", "aria-hidden": "true" });
  picture.append(svg("circle", { r: value ? 7 : 5, fill: value ? colour : "#ffffff", stroke: "#ffffff", "stroke-width": 1 }));
  if (!value) picture.append(svg("circle", { r: 7, fill: "none", stroke: LATE, "stroke-width": 3 }));
  return picture;
}

/** The double ring for the legend. */
export function repeatPicture(colour) {
  const picture = svg("svg", { viewBox: "-10 -10 20 20", class: "swatch swatch-badge", "aria-hidden": "true" });
  picture.append(svg("circle", { r: 5, fill: "none", stroke: colour, "stroke-width": 2.5 }));
  picture.append(svg("circle", { r: 8.5, fill: "none", stroke: colour, "stroke-width": 1.5, "stroke-dasharray": "3 3" }));
  return picture;
}
