// What is being drawn: corners in degrees, longitude first, in the order in which they were set; and the way back.
// No map and no page: those ask it.

const LEAST = 3;
const DECIMALS = 7; // of a degree: a centimetre
const METRES = 111320; // of one degree of latitude
const MOST_PAST = 100;

const rounded = ([lon, lat]) => [Number(lon.toFixed(DECIMALS)), Number(lat.toFixed(DECIMALS))];
const same = (a, b) => a[0] === b[0] && a[1] === b[1];
const isPosition = (at) => Array.isArray(at) && at.length >= 2 && at.slice(0, 2).every(Number.isFinite);

/** The geometry of a GeoJSON text: itself, of a feature, or of the only feature of a collection; null for none. */
function geometryOf(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (found && Array.isArray(found.features) && found.features.length === 1) [found] = found.features;
  return (found && found.geometry) || found;
}

/** The corners of a ring without the last one, which is the first again; null for what is none. */
function cornersOf(ring) {
  if (!Array.isArray(ring) || !ring.every(isPosition)) return null;
  const corners = ring.map(rounded);
  if (corners.length > 1 && same(corners[0], corners[corners.length - 1])) corners.pop();
  return corners;
}

/** An area (or, with `isPoint`, a single point) as it is drawn. */
export class Shape {
  constructor(isPoint) {
    this.isPoint = isPoint;
    this.corners = [];
    this.holes = []; // kept as they came: they are not drawn here
    this.isClosed = false;
    this.past = [];
  }

  get canClose() {
    return !this.isPoint && !this.isClosed && this.corners.length >= LEAST;
  }

  get canDrop() {
    return this.corners.length > (this.isClosed ? LEAST : 0);
  }

  /** Remember how it is, before it changes. */
  remember() {
    this.past.push(JSON.stringify([this.corners, this.holes, this.isClosed]));
    if (this.past.length > MOST_PAST) this.past.shift();
  }

  undo() {
    if (this.past.length) [this.corners, this.holes, this.isClosed] = JSON.parse(this.past.pop());
  }

  /** Set the next corner, or the point. */
  add(at) {
    this.remember();
    if (this.isPoint) this.corners = [rounded(at)];
    else this.corners.push(rounded(at));
  }

  /** Another corner behind that one. */
  insert(index, at) {
    this.corners.splice(index + 1, 0, rounded(at));
  }

  move(index, at) {
    this.corners[index] = rounded(at);
  }

  drop(index) {
    this.remember();
    this.corners.splice(index, 1);
  }

  close() {
    this.remember();
    this.isClosed = true;
  }

  clear() {
    this.remember();
    [this.corners, this.holes, this.isClosed] = [[], [], false];
  }

  /** The text that the server reads; what is no area yet is kept as its corners, so that nothing is lost. */
  text() {
    if (!this.corners.length) return "";
    if (this.isPoint) return JSON.stringify({ type: "Point", coordinates: this.corners[0] });
    if (this.corners.length < LEAST) return JSON.stringify({ type: "MultiPoint", coordinates: this.corners });
    const outer = [...this.corners, this.corners[0]];
    return JSON.stringify({ type: "Polygon", coordinates: [outer, ...this.holes] });
  }

  /** Take over what a text says; false, and nothing changes, where it is no such shape. */
  read(text) {
    const found = geometryOf(text);
    if (!found || !Array.isArray(found.coordinates)) return false;
    const rings = { Point: [[found.coordinates]], MultiPoint: [found.coordinates], Polygon: found.coordinates };
    if (found.type === "MultiPolygon" && found.coordinates.length === 1) [rings.MultiPolygon] = found.coordinates;
    const [outer, ...holes] = rings[found.type] || [];
    const corners = outer && cornersOf(outer);
    if (!corners || !corners.length || (found.type === "Point") !== this.isPoint) return false;
    this.corners = corners;
    this.holes = holes;
    this.isClosed = found.type.endsWith("Polygon") && corners.length >= LEAST;
    return true;
  }

  /** How large it is, in square metres: near enough for the eye, the server measures. */
  area() {
    const { corners } = this;
    if (corners.length < LEAST) return 0;
    const [, lat] = corners[0];
    const wide = METRES * Math.cos((lat * Math.PI) / 180);
    const twice = corners.reduce((sum, [x, y], at) => {
      const [nextX, nextY] = corners[(at + 1) % corners.length];
      const [left, low] = corners[0];
      return sum + (x - left) * (nextY - low) - (nextX - left) * (y - low);
    }, 0);
    return (Math.abs(twice) / 2) * wide * METRES;
  }
}
