// Zones and gates beside what is drawn: outlined with their names; corners that come near to theirs lie on them.
import { ask } from "../ask.js";
import { svg } from "../map/symbols.js";

const FROM = 15; // zoom from which on they are fetched
const NAMED_FROM = 17;
const CORNER = 14; // pixels within which a corner is meant
const EDGE = 9;
const SIDES = 5; // decimals of a degree: a metre

const ringsOf = ({ type, coordinates }) =>
  ({ Polygon: coordinates, MultiPolygon: coordinates.flat(), Point: [[coordinates]] })[type] || [];

/** The point between `a` and `b` that is nearest to `at`, all in pixels. */
function onto(at, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length)) : 0;
  return { x: a.x + share * dx, y: a.y + share * dy };
}

export class Beside {
  constructor(map, self) {
    this.map = map;
    this.self = Number(self) || 0;
    this.features = [];
    this.picture = svg("g", { class: "draw-beside" });
  }

  listen(complain) {
    this.complain = complain;
    this.map.on("moveend", () => this.fetch());
    this.fetch();
  }

  async fetch() {
    if (this.map.getZoom() < FROM) return;
    const box = this.map.getBounds().pad(0.2);
    const sides = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((side) => side.toFixed(SIDES));
    if (this.request) this.request.abort();
    this.request = new AbortController();
    try {
      const asked = { accept: "application/json", signal: this.request.signal };
      const response = await ask(`/parking/zones/shapes?bbox=${sides}`, asked);
      this.features = (await response.json()).features.filter(({ id, geometry }) => id !== this.self && geometry);
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") this.complain(error);
    }
  }

  draw() {
    this.picture.replaceChildren(...this.features.map((feature) => this.drawn(feature)));
  }

  drawn({ geometry, properties }) {
    const lines = ringsOf(geometry).map((ring) => ring.map(([lon, lat]) => this.map.latLngToLayerPoint([lat, lon])));
    const group = svg("g");
    if (!lines.length) return group;
    const [first] = lines;
    if (geometry.type === "Point") group.append(svg("circle", { cx: first[0].x, cy: first[0].y, r: 6 }));
    else group.append(svg("path", { d: lines.map((line) => `M${line.map(({ x, y }) => `${x} ${y}`).join("L")}Z`).join("") }));
    if (this.map.getZoom() >= NAMED_FROM) {
      const x = first.reduce((sum, at) => sum + at.x, 0) / first.length;
      const y = first.reduce((sum, at) => sum + at.y, 0) / first.length + (geometry.type === "Point" ? -10 : 4);
      const words = svg("text", { x, y, "text-anchor": "middle" });
      words.textContent = properties.name;
      group.append(words);
    }
    return group;
  }

  /** The corner or edge of a neighbour that is meant by `latlng`, else that itself: [lon, lat]. */
  snapped(latlng) {
    const at = this.map.latLngToLayerPoint(latlng);
    const away = (one) => Math.hypot(one.x - at.x, one.y - at.y);
    let [corner, edge] = [null, null];
    for (const { geometry } of this.features) {
      for (const ring of ringsOf(geometry)) {
        const line = ring.map(([lon, lat]) => ({ ...this.map.latLngToLayerPoint([lat, lon]), position: [lon, lat] }));
        for (const [turn, one] of line.entries()) {
          if (away(one) <= CORNER && (!corner || away(one) < away(corner))) corner = one;
          const near = turn ? onto(at, line[turn - 1], one) : null;
          if (near && away(near) <= EDGE && (!edge || away(near) < away(edge))) edge = near;
        }
      }
    }
    if (corner) return corner.position;
    const found = edge ? this.map.layerPointToLatLng([edge.x, edge.y]) : latlng;
    return [found.lng, found.lat];
  }
}
