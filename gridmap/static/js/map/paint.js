// Paint symbolizers: how one feature goes onto the canvas. A style is given once per rule (before), or per feature.

function trace(ctx, geom, dx = 0, dy = 0) {
  ctx.beginPath();
  for (const part of geom) {
    for (let i = 0; i < part.length; i += 1) {
      const point = part[i];
      if (i === 0) ctx.moveTo(point.x + dx, point.y + dy);
      else ctx.lineTo(point.x + dx, point.y + dy);
    }
  }
}

/** Areas. `fill(zoom, feature)` and `edge(zoom, feature)` give a colour or null; `alpha(zoom)` and `width(zoom)` numbers. */
export function area({ fill, edge, alpha = () => 1, width = () => 1, dash = null }) {
  return {
    before(ctx) {
      ctx.lineJoin = "round";
      ctx.setLineDash(dash || []);
    },
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 3) return;
      trace(ctx, geom);
      const colour = fill && fill(zoom, feature);
      if (colour) {
        ctx.globalAlpha = alpha(zoom);
        ctx.fillStyle = colour;
        ctx.fill();
      }
      const line = edge && edge(zoom, feature);
      ctx.globalAlpha = 1;
      if (line) {
        ctx.strokeStyle = line;
        ctx.lineWidth = width(zoom);
        ctx.stroke();
      }
    },
  };
}

/** Lines, also the outlines of areas. */
export function line({ colour, width, dash = null, cap = "round", alpha = 1 }) {
  return {
    before(ctx, zoom) {
      ctx.globalAlpha = alpha;
      ctx.strokeStyle = colour;
      ctx.lineWidth = width(zoom);
      ctx.lineCap = cap;
      ctx.lineJoin = "round";
      ctx.setLineDash(dash ? dash(zoom) : []);
    },
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType === 1) return;
      trace(ctx, geom);
      ctx.stroke();
    },
  };
}

/** The shadow of a building, longer for higher ones: the eye reads it as height. */
export function shadow(colour, reach) {
  return {
    before(ctx) {
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour;
    },
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 3) return;
      const length = reach(zoom, feature);
      trace(ctx, geom, length * 0.8, length);
      ctx.fill();
    },
  };
}

/** A dot with a rim, white if nothing else is said, at each point. */
export function dot({ radius, fill, rim = () => "#ffffff", rimWidth = () => 1.5 }) {
  return {
    before(ctx) {
      ctx.setLineDash([]);
    },
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 1) return;
      const point = geom[0][0];
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.arc(point.x, point.y, radius(zoom, feature), 0, 2 * Math.PI);
      ctx.fillStyle = fill(zoom, feature);
      ctx.fill();
      ctx.lineWidth = rimWidth(zoom);
      ctx.strokeStyle = rim(zoom, feature);
      ctx.stroke();
    },
  };
}

/** Whatever `draw(ctx, zoom, feature)` draws at the origin, at each point. */
export function sign(draw) {
  return {
    draw(ctx, geom, zoom, feature) {
      if (feature.geomType !== 1) return;
      ctx.save();
      ctx.translate(geom[0][0].x, geom[0][0].y);
      draw(ctx, zoom, feature);
      ctx.restore();
    },
  };
}
