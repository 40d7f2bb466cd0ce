// Drawing on the register: places are chosen on the map, cut by a line, corrected by their corners, or drawn anew; what
// is drawn stands in the form as GeoJSON. Corners, lines and snapping are Leaflet-Geoman's.
import { ask, Problem } from "../ask.js";

const SNAP = 14; // pixels within which a corner of a neighbour is meant
const AREAS = new Set(["grid", "estate", "building"]);
const ORDER = ["grid", "estate", "building", "facility", "stairwell"];

const EDGES = new Set(["estate", "micro"]); // taken by their edge: grids lie under them

const find = (selector) => document.querySelector(selector);

class Editor {
  constructor(street, form) {
    this.street = street;
    this.map = street.map;
    this.form = form;
    this.words = form.dataset;
    this.text = form.elements.shape;
    this.layers = new Map();
    this.chosen = new Set();
    this.drawn = null;
  }

  async start() {
    const { map, form } = this;
    this.street.takes = () => true; // clicks belong to the editor
    map.doubleClickZoom.disable();
    map.pm.setGlobalOptions({ snappable: true, snapDistance: SNAP, allowSelfIntersection: false, tooltips: false, continueDrawing: false });
    map.on("pm:create", ({ layer }) => this.take(layer));
    form.addEventListener("change", ({ target }) => {
      if (target.name === "what" || target.name === "kind") this.begin();
    });
    find("[data-register-pick]").addEventListener("change", ({ target }) => {
      if (this.layers.has(Number(target.value))) this.choose(Number(target.value));
      target.value = "";
    });
    // on a phone why something was refused would lie below the window
    if (find(".register-problem")) this.street.sheet.set("half");
    find("[data-register-again]").addEventListener("click", () => this.begin());
    try {
      const response = await ask(form.dataset.register, { accept: "application/json" });
      this.show(await response.json());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.street.message.problem(error, () => this.start());
      return;
    }
    this.keep() || this.begin();
    document.documentElement.dataset.register = "ready";
  }

  show({ features, outline }) {
    const { L } = window;
    if (outline) L.geoJSON(outline, { interactive: false, style: { className: "register-outline" } }).addTo(this.map);
    const sorted = [...features].sort((a, b) => ORDER.indexOf(a.properties.kind) - ORDER.indexOf(b.properties.kind));
    const all = L.geoJSON(features.filter(({ properties }) => properties.kind === "grid"));
    if (all.getLayers().length && !window.location.hash.includes("/")) this.map.fitBounds(all.getBounds(), { animate: false, ...this.street.room() });
    for (const feature of sorted) {
      const { kind, action, name, tile } = feature.properties;
      const look = kind === "grid" && !tile ? "micro" : kind;
      const className = `register-shape register-${look}${action === "none" ? "" : " is-drafted"}`;
      const one = L.geoJSON(feature, {
        style: { className, fill: !EDGES.has(look) },
        pointToLayer: (_point, at) => L.circleMarker(at, { radius: 4.5, className }),
      });
      for (const layer of one.getLayers()) {
        layer.addTo(this.map);
        layer.feature = feature;
        layer.on("click", (event) => {
          if (this.map.pm.globalDrawModeEnabled()) return;
          L.DomEvent.stopPropagation(event);
          setTimeout(() => this.choose(feature.id)); // else the same click would be the first point that is drawn
        });
        layer.bindTooltip(document.createTextNode(name), tile ? { permanent: true, direction: "center", className: "register-name" } : { sticky: true });
        this.layers.set(feature.id, layer);
      }
    }
  }

  get what() {
    return this.form.elements.what.value;
  }

  get kind() {
    return this.form.elements.kind.value;
  }

  /** What was refused is still there: on the map, and as it was typed. */
  keep() {
    const { form } = this;
    const [kept, place] = [this.text.value, Number(form.elements.place.value)];
    if (!kept) return false;
    this.begin();
    this.map.pm.disableDraw();
    if (this.layers.has(place)) this.chosen = new Set([place]);
    this.mark();
    this.text.value = kept;
    try {
      this.drawn = window.L.geoJSON(JSON.parse(kept), { interactive: false, style: { className: "register-drawn" } }).addTo(this.map);
    } catch {
      form.querySelector("details").open = true; // no shape that could be drawn: to be mended as text
    }
    this.say(this.words.ready, true);
    return true;
  }

  /** Start the tool that is chosen, with nothing drawn; what is chosen on the map stays. */
  begin() {
    const { map, what } = this;
    map.pm.disableDraw();
    for (const layer of this.layers.values()) layer.pm?.disable();
    if (this.drawn) this.drawn.remove();
    this.drawn = null;
    this.text.value = "";
    for (const part of this.form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(what);
    for (const part of this.form.querySelectorAll("[data-kind]")) {
      part.hidden = part.dataset.kind !== this.kind;
      for (const field of part.querySelectorAll("select")) field.disabled = part.hidden;
    }
    if (what !== "merge" && this.chosen.size > 1) this.chosen.clear();
    this.mark();
    this.go();
  }

  choose(id) {
    const { kind } = this.layers.get(id).feature.properties;
    if (this.what === "draw" && !(this.kind === "stairwell" && kind === "building")) return;
    if (this.what === "merge") this.chosen[this.chosen.has(id) ? "delete" : "add"](id);
    else this.chosen = new Set([id]);
    this.mark();
    this.go();
  }

  mark() {
    for (const [id, layer] of this.layers) layer.getElement()?.classList.toggle("is-chosen", this.chosen.has(id));
    const [first] = this.chosen;
    this.form.elements.place.value = first ?? "";
    this.form.elements.parent.value = first ?? "";
    const inputs = [...this.chosen].map((id) => Object.assign(document.createElement("input"), { type: "hidden", name: "places", value: id }));
    find("[data-chosen-places]").replaceChildren(...inputs);
    const names = [...this.chosen].map((id) => this.layers.get(id).feature.properties.name);
    const said = find("[data-register-chosen]");
    said.hidden = !names.length;
    said.textContent = names.join("、");
  }

  /** Go on with the tool as far as what is chosen lets it. */
  go() {
    const { map, what, words } = this;
    const [id] = this.chosen;
    if (what === "draw") {
      if (this.kind === "stairwell" && id === undefined) return this.say(words.choose);
      const isArea = AREAS.has(this.kind);
      map.pm.enableDraw(isArea ? "Polygon" : "CircleMarker", { snappable: true });
      return this.say(isArea ? words.area : words.point);
    }
    if (what === "merge") return this.say(this.chosen.size > 1 ? words.ready : words.chooseMore, this.chosen.size > 1);
    if (id === undefined) return this.say(words.choose);
    if (what === "end") return this.say(words.ready, true);
    if (what === "split") {
      map.pm.enableDraw("Line", { snappable: true, allowSelfIntersection: true });
      return this.say(words.line);
    }
    return this.correct(this.layers.get(id));
  }

  correct(layer) {
    for (const other of this.layers.values()) if (other !== layer) other.pm?.disable();
    layer.pm.enable({ snappable: true, snapDistance: SNAP, allowSelfIntersection: false });
    layer.off("pm:edit").on("pm:edit", () => this.write(layer));
    this.say(this.words.drag);
  }

  take(layer) {
    this.drawn = layer;
    layer.getElement()?.classList.add("register-drawn");
    this.write(layer);
  }

  write(layer) {
    this.text.value = JSON.stringify(layer.toGeoJSON(12).geometry);
    this.say(this.words.ready, true);
  }

  say(text, isReady = false) {
    find("[data-register-says]").textContent = text;
    this.form.classList.toggle("is-ready", isReady);
  }
}

/** Start the page's own part when the map stands. */
export function editor(street) {
  const form = find("[data-register]");
  if (form) new Editor(street, form).start();
}
