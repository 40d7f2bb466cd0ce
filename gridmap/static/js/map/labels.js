// Label symbolizers: Chinese text in the middle of a thing, road names along the road, symbols with a name below.
import { FONT } from "./palette.js";

const CJK = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/;
const widths = new Map();

function measure(ctx, font, words) {
  const key = `${font}|${words}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    ctx.font = font;
    width = ctx.measureText(words).width;
    widths.set(key, width);
  }
  return width;
}

/** Lines of about equal length, at most `most` of them; a name that is longer still ends in an ellipsis. */
export function wrap(words, perLine, most = 2) {
  const units = [...words];
  const wide = units.filter((unit) => CJK.test(unit)).length;
  const length = wide + (units.length - wide) * 0.55;
  if (length <= perLine) return [words];
  if (wide * 2 < units.length) return wrapWords(words, perLine * 1.8, most);
  const needed = Math.ceil(length / perLine);
  const size = needed <= most ? Math.ceil(units.length / needed) : perLine;
  const lines = [];
  for (let i = 0; i < Math.min(needed, most); i += 1) lines.push(units.slice(i * size, (i + 1) * size).join(""));
  if (units.length > size * most) lines[most - 1] = `${lines[most - 1].slice(0, -1)}…`;
  return lines.filter(Boolean);
}

function wrapWords(words, perLine, most) {
  const lines = [""];
  for (const word of words.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (!last) lines[lines.length - 1] = word;
    else if (last.length + word.length < perLine) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]}…`];
}

function write(ctx, lines, x, top, halo, haloWidth) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  let y = top;
  for (const line of lines) {
    ctx.font = line.font;
    if (haloWidth) {
      ctx.strokeStyle = halo;
      ctx.lineWidth = haloWidth * 2;
      ctx.strokeText(line.words, x, y + line.height / 2);
    }
    ctx.fillStyle = line.ink;
    ctx.fillText(line.words, x, y + line.height / 2);
    y += line.height;
  }
}

function setLines(ctx, parts) {
  const lines = [];
  for (const { words, size, weight, ink, perLine, style } of parts) {
    if (!words) continue;
    const font = `${style ? `${style} ` : ""}${weight || 400} ${size}px ${FONT}`;
    for (const piece of wrap(String(words), perLine || 12)) {
      lines.push({ words: piece, font, ink, height: size * 1.28, width: measure(ctx, font, piece) });
    }
  }
  return lines;
}

const sum = (lines) => lines.reduce((total, line) => total + line.height, 0);
const widest = (lines) => lines.reduce((most, line) => Math.max(most, line.width), 0);

/**
 * Text centred on a point, `shift` pixels down, or wholly `below` it.
 * `parts(zoom, feature)` gives lines with words, size, weight, ink; null for no label.
 */
export function pointLabel({ parts, halo, haloWidth = 2.2, padding = 3, below = () => 0, shift = () => 0, repeat = 0 }) {
  return {
    place(layout, geom, feature) {
      const given = parts(layout.zoom, feature);
      const lines = given && setLines(layout.scratch, given);
      if (!lines || !lines.length) return undefined;
      const anchor = geom[0][0];
      const height = sum(lines);
      const drop = below(layout.zoom, feature);
      const top = drop ? drop : shift(layout.zoom) - height / 2;
      const half = widest(lines) / 2 + padding;
      const box = {
        minX: anchor.x - half,
        maxX: anchor.x + half,
        minY: anchor.y + top - padding,
        maxY: anchor.y + top + height + padding,
      };
      const draw = (ctx) => write(ctx, lines, 0, top, halo, haloWidth);
      const label = { anchor, bboxes: [box], draw };
      if (repeat) {
        label.deduplicationKey = lines.map((line) => line.words).join("");
        label.deduplicationDistance = repeat;
      }
      return [label];
    },
  };
}

/** A drawn symbol on a point, which holds its place; its name below is a label of its own. */
export function symbolLabel({ radius, draw }) {
  return {
    place(layout, geom, feature) {
      const anchor = geom[0][0];
      const r = radius(layout.zoom, feature);
      const box = { minX: anchor.x - r, maxX: anchor.x + r, minY: anchor.y - r, maxY: anchor.y + r };
      return [{ anchor, bboxes: [box], draw: (ctx) => draw(ctx, r, layout.zoom, feature) }];
    },
  };
}

const BEND = 0.14;

function bends(part, start, i) {
  const soFar = Math.atan2(part[i].y - part[start].y, part[i].x - part[start].x);
  const next = Math.atan2(part[i + 1].y - part[i].y, part[i + 1].x - part[i].x);
  return Math.abs(Math.atan2(Math.sin(next - soFar), Math.cos(next - soFar))) > BEND;
}

/** Nearly straight stretches of a line that are at least `length` long: middle and angle of each. */
function stretches(part, length) {
  const found = [];
  let start = 0;
  for (let i = 1; i < part.length; i += 1) {
    if (i < part.length - 1 && !bends(part, start, i)) continue;
    const a = part[start];
    const b = part[i];
    const angle = Math.atan2(b.y - a.y, b.x - a.x);
    if (Math.hypot(b.x - a.x, b.y - a.y) >= length) {
      const middle = a.clone();
      middle.x = (a.x + b.x) / 2;
      middle.y = (a.y + b.y) / 2;
      found.push({ middle, angle });
    }
    start = i;
  }
  return found;
}

function boxesAlong(at, angle, length, size) {
  const boxes = [];
  const steps = Math.max(1, Math.ceil(length / size));
  for (let i = 0; i < steps; i += 1) {
    const t = ((i + 0.5) / steps - 0.5) * length;
    const x = at.x + Math.cos(angle) * t;
    const y = at.y + Math.sin(angle) * t;
    boxes.push({ minX: x - size / 2, maxX: x + size / 2, minY: y - size / 2, maxY: y + size / 2 });
  }
  return boxes;
}

function writeRotated(ctx, words, font, ink, halo, angle) {
  ctx.rotate(Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle);
  write(ctx, [{ words, font, ink, height: 0 }], 0, 0, halo, 2);
}

function writeUpright(ctx, units, font, ink, halo, size, angle) {
  // characters stay upright and step down the road, as on Chinese street maps
  const step = size * 1.22;
  const slope = Math.cos(angle) / (Math.sin(angle) || 1);
  const first = -((units.length - 1) / 2) * step;
  units.forEach((unit, i) => {
    const y = first + i * step;
    write(ctx, [{ words: unit, font, ink, height: 0 }], y * slope, y, halo, 2);
  });
}

/** A name along a line, repeated; on steep lines Chinese characters stand upright one below the other. */
export function lineLabel({ words, size, ink, halo, repeat = 420, weight = 400 }) {
  return {
    place(layout, geom, feature) {
      const name = words(layout.zoom, feature);
      if (!name) return undefined;
      const px = size(layout.zoom, feature);
      const font = `${weight} ${px}px ${FONT}`;
      const units = [...name];
      const upright = units.every((unit) => CJK.test(unit));
      const length = measure(layout.scratch, font, name);
      const labels = [];
      for (const part of geom) {
        for (const at of stretches(part, length + px * 2)) {
          const steep = Math.abs(Math.sin(at.angle)) > 0.72;
          const stacked = upright && steep;
          const reach = stacked ? units.length * px * 1.22 : length;
          labels.push({
            anchor: at.middle,
            bboxes: boxesAlong(at.middle, at.angle, reach + px, px * 1.5),
            draw: (ctx) =>
              stacked
                ? writeUpright(ctx, units, font, ink, halo, px, at.angle)
                : writeRotated(ctx, name, font, ink, halo, at.angle),
            deduplicationKey: name,
            deduplicationDistance: repeat,
          });
        }
      }
      return labels;
    },
  };
}
