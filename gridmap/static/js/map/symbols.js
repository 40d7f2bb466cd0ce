// The signs of facilities: one small drawing per theme in a 24 by 24 box, the same on the canvas and in the legend.

export const GLYPHS = {
  safety: "M12 3.5c.6 3 4.6 4.8 4.6 9a4.6 4.6 0 0 1-9.2 0c0-1.9 1-3 1.8-4 .3 1.2.9 1.8 1.5 2 .3-2.500.1-4.600 1.300-7z",
  security: "M4 9.5l11.500-4 2.300 6.200-11.500 4zM8.500 14.900l1.400 4.100M5 19.500h8M18 9.500l2-.700",
  traffic: "M9 19V5h4.200a4 4 0 0 1 0 8H9",
  energy: "M13 3.500L6.500 13.500H12l-1 7 6.500-10H12z",
  sanitation: "M5.500 7h13M9.500 7V4.500h5V7M7 7l.900 12.500h8.200L17 7M10.300 10.500l.300 5.500M13.700 10.500l-.300 5.500",
  service: "M4.500 11.500L12 5l7.500 6.500M6.500 10v9h11v-9M12 16.500c-2.500-1.700-2.500-3.900-1-3.900.600 0 1 .500 1 .900 0-.400.400-.900 1-.900 1.500 0 1.500 2.200-1 3.900z",
  building: "M6 4.500h12v15H6zM9 10.800l3-3.300 3 3.300M9 13.500l3 3.300 3-3.300",
  public: "M12 20.500V10M8.500 20.500h7M7.500 10h9l-1.500-5h-6z",
};

const paths = new Map();

function glyph(theme) {
  const name = GLYPHS[theme] ? theme : "public";
  if (!paths.has(name)) paths.set(name, new Path2D(GLYPHS[name]));
  return paths.get(name);
}

/** Draw the badge of a theme at the origin. A device that is down is red-rimmed and struck; a planned one is hollow. */
export function drawBadge(ctx, radius, theme, colour, state) {
  const planned = state === "planned";
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  ctx.beginPath();
  ctx.arc(0, 0, radius, 0, 2 * Math.PI);
  ctx.fillStyle = planned ? "#ffffff" : colour;
  ctx.fill();
  ctx.lineWidth = 1.75;
  ctx.strokeStyle = planned ? colour : "#ffffff";
  ctx.stroke();
  const scale = (radius * 1.36) / 24;
  ctx.save();
  ctx.scale(scale, scale);
  ctx.translate(-12, -12);
  ctx.lineWidth = 1.5 / scale;
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  ctx.strokeStyle = planned ? colour : "#ffffff";
  ctx.stroke(glyph(theme));
  ctx.restore();
  if (state === "down" || state === "removed") strike(ctx, radius);
}

function strike(ctx, radius) {
  const at = radius * 0.72;
  ctx.beginPath();
  ctx.arc(at, -at, radius * 0.46, 0, 2 * Math.PI);
  ctx.fillStyle = "#b3261e";
  ctx.fill();
  ctx.lineWidth = 1.25;
  ctx.strokeStyle = "#ffffff";
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(at - radius * 0.2, -at - radius * 0.2);
  ctx.lineTo(at + radius * 0.2, -at + radius * 0.2);
  ctx.moveTo(at + radius * 0.2, -at - radius * 0.2);
  ctx.lineTo(at - radius * 0.2, -at + radius * 0.2);
  ctx.stroke();
}

// strokes in a box of 2 by 2 around the origin: what one does about a gap can be told without its colour
const SIGNS = {
  no_manager: [[[0, -0.55], [0, 0.12]], [[0, 0.48], [0, 0.52]]],
  no_geometry: [[[-0.3, -0.4], [0, -0.6], [0.3, -0.4], [0.3, -0.15], [0, 0.1]], [[0, 0.48], [0, 0.52]]],
  on_leave: [[[-0.5, 0], [0.5, 0]]],
  no_access: [[[-0.42, -0.42], [0.42, 0.42]], [[0.42, -0.42], [-0.42, 0.42]]],
  excused: [[[-0.5, 0.5], [0.5, -0.5]]],
};
const CALM = ["excused", "not_yet"];

/** Draw the sign of a reason at the origin; nobody has to go where it is hollow. Small ones are dots alone. */
export function drawGap(ctx, radius, reason, colour) {
  const isCalm = CALM.includes(reason);
  const ink = isCalm ? colour : "#ffffff";
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  ctx.beginPath();
  ctx.arc(0, 0, radius, 0, 2 * Math.PI);
  ctx.fillStyle = isCalm ? "#ffffff" : colour;
  ctx.fill();
  ctx.lineWidth = Math.max(0.8, radius * 0.22);
  ctx.strokeStyle = ink;
  ctx.stroke();
  if (radius < 5) return;
  ctx.lineCap = "round";
  ctx.beginPath();
  for (const stroke of SIGNS[reason] || []) {
    stroke.forEach(([x, y], i) => (i ? ctx.lineTo(x * radius, y * radius) : ctx.moveTo(x * radius, y * radius)));
  }
  ctx.stroke();
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element with attributes; the pages' policy forbids style attributes, presentation attributes are fine. */
export function svg(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** The badge of a theme as a picture for the legend. */
export function badgePicture(theme, colour) {
  const picture = svg("svg", { viewBox: "0 0 34 34", class: "swatch swatch-badge", "aria-hidden": "true" });
  picture.append(svg("circle", { cx: 17, cy: 17, r: 15.5, fill: colour, stroke: "#ffffff", "stroke-width": 2 }));
  const drawing = svg("path", {
    d: GLYPHS[theme] || GLYPHS.public,
    transform: "translate(6.2 6.2) scale(0.9)",
    fill: "none",
    stroke: "#ffffff",
    "stroke-width": 2,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });
  picture.append(drawing);
  return picture;
}

/** The sign of a reason as a picture for the legend. */
export function gapPicture(reason, colour) {
  const isCalm = CALM.includes(reason);
  const ink = isCalm ? colour : "#ffffff";
  const picture = svg("svg", { viewBox: "-10 -10 20 20", class: "swatch swatch-badge", "aria-hidden": "true" });
  picture.append(svg("circle", { r: 8, fill: isCalm ? "#ffffff" : colour, stroke: colour, "stroke-width": 2 }));
  for (const stroke of SIGNS[reason] || []) {
    const points = stroke.map(([x, y]) => `${x * 8},${y * 8}`).join(" ");
    picture.append(svg("polyline", { points, fill: "none", stroke: ink, "stroke-width": 2, "stroke-linecap": "round" }));
  }
  return picture;
}
