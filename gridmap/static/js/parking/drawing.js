// A zone is drawn corner by corner and corrected by dragging, with a mouse or a finger; a gate is one point. What is
// drawn stands in the form's text as GeoJSON, and what somebody writes there is drawn.
import { Problem } from "../ask.js";
import { svg } from "../map/symbols.js";
import { Beside } from "./beside.js";
import { Shape } from "./shape.js";

const NEAR = 16; // zoom from which on a finger says where something is
const NEARER = 18;
const FINGER = 24; // pixels: half of what a finger needs
const LEAST_SIDE = 56; // pixels of a side that has a small point in its middle
const SLIP = 4; // pixels by which a finger may move and still tap

const find = (selector) => document.querySelector(selector);

class Drawing {
  constructor(street, form) {
    this.street = street;
    this.map = street.map;
    this.form = form;
    this.words = form.dataset;
    this.text = form.elements.shape;
    this.shape = new Shape(form.dataset.drawing === "gate");
    this.beside = new Beside(this.map, form.dataset.self);
    this.mayDraw = Boolean(form.dataset.may);
    this.chosen = null;
    this.outline = svg("path", { class: "draw-outline" });
    this.handles = svg("g", { class: "draw-handles" });
    this.picture = svg("svg", { class: "draw-marks leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true" });
    this.picture.append(this.beside.picture, this.outline, this.handles);
  }

  start() {
    const { map } = this;
    map.getPane("overlayPane").append(this.picture);
    map.on("zoomend viewreset", () => this.draw());
    // zones stand beside zones; an area that cuts a file has nothing beside it
    if (this.words.drawing !== "area") this.beside.listen((error) => this.complain(error));
    if (this.text.value.trim()) this.shape.read(this.text.value);
    if (this.shape.corners.length && !window.location.hash.includes("/")) this.showAll();
    if (this.mayDraw) this.listen();
    this.draw();
  }

  listen() {
    const { map } = this;
    map.doubleClickZoom.disable();
    this.street.takes = (latlng) => this.take(latlng);
    // a finger on a corner moves that, not the map
    window.L.DomEvent.disableClickPropagation(this.handles);
    this.handles.addEventListener("pointerdown", (event) => this.grab(event));
    this.text.addEventListener("input", () => this.readText());
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Backspace") this.act("drop");
    });
    this.line = find("[data-draw-line]");
    this.line.hidden = false;
    // over the map: the panel of a phone shows no more than its handle
    find(".map-top").append(this.line);
    for (const button of this.line.querySelectorAll("[data-draw]")) {
      button.addEventListener("click", () => this.act(button.dataset.draw));
    }
  }

  showAll() {
    const points = this.shape.corners.map(([lon, lat]) => [lat, lon]);
    this.map.fitBounds(points, { animate: false, maxZoom: this.map.getMaxZoom(), ...this.street.room() });
  }

  /** A tap on the map sets the next corner, or the point; from afar it leads nearer first. */
  take(latlng) {
    const { shape, map } = this;
    if (map.getZoom() < Number(this.words.near || NEAR)) {
      map.setView(latlng, NEARER);
      return true;
    }
    this.chosen = null;
    if (!shape.isClosed) {
      shape.add(this.beside.snapped(latlng));
      this.tell();
    } else this.draw();
    return true;
  }

  act(what) {
    const { shape } = this;
    if (what === "undo") shape.undo();
    if (what === "anew") shape.clear();
    if (what === "done" && shape.canClose) shape.close();
    if (what === "drop") {
      if (this.chosen === null || !shape.canDrop) return;
      shape.drop(this.chosen);
    }
    this.chosen = null;
    this.tell();
  }

  /** A corner, or the small point between two, follows the finger until it is lifted. */
  grab(event) {
    if (event.button > 0) return;
    event.preventDefault();
    const { shape, map } = this;
    const handle = this.nearest(map.mouseEventToLayerPoint(event));
    const isMiddle = handle.dataset.middle !== undefined;
    const index = Number(isMiddle ? handle.dataset.middle : handle.dataset.corner);
    const drag = { handle, isMiddle, index: isMiddle ? index + 1 : index, moved: isMiddle };
    drag.start = map.mouseEventToLayerPoint(event);
    shape.remember();
    if (isMiddle) shape.insert(index, this.between(index));
    const [lon, lat] = shape.corners[drag.index];
    drag.away = map.latLngToLayerPoint([lat, lon]).subtract(drag.start);
    map.dragging.disable();
    handle.setPointerCapture(event.pointerId);
    const follow = (moving) => this.follow(drag, moving);
    const drop = () => {
      handle.removeEventListener("pointermove", follow);
      for (const name of ["pointerup", "pointercancel"]) handle.removeEventListener(name, drop);
      map.dragging.enable();
      this.let(drag);
    };
    handle.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) handle.addEventListener(name, drop);
  }

  /** The handle that is meant: of narrow zones several lie under one finger, and a corner goes before a small point. */
  nearest(at) {
    const away = ({ dataset }) => {
      const isMiddle = dataset.middle !== undefined;
      const [lon, lat] = isMiddle ? this.between(Number(dataset.middle)) : this.shape.corners[Number(dataset.corner)];
      return this.map.latLngToLayerPoint([lat, lon]).distanceTo(at) + (isMiddle ? SLIP : 0);
    };
    return [...this.handles.children].reduce((best, one) => (away(one) < away(best) ? one : best));
  }

  follow(drag, event) {
    const at = this.map.mouseEventToLayerPoint(event);
    if (!drag.moved && at.distanceTo(drag.start) < SLIP) return;
    drag.moved = true;
    this.shape.move(drag.index, this.beside.snapped(this.map.layerPointToLatLng(at.add(drag.away))));
    this.drawOutline();
    drag.handle.setAttribute("transform", this.place(this.shape.corners[drag.index]));
  }

  let(drag) {
    const { shape } = this;
    if (!drag.moved) {
      shape.past.pop();
      // a tap on the first corner closes the outline; on any other it chooses that
      if (drag.index === 0 && shape.canClose) shape.close();
      else this.chosen = this.chosen === drag.index ? null : drag.index;
    } else this.chosen = drag.index;
    this.tell();
  }

  between(index) {
    const { corners } = this.shape;
    const [a, b] = [corners[index], corners[(index + 1) % corners.length]];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  }

  readText() {
    const { shape, text } = this;
    if (!text.value.trim()) shape.clear();
    else {
      shape.remember();
      if (!shape.read(text.value)) {
        shape.past.pop();
        this.say(this.words.unreadable);
        return;
      }
      this.showAll();
    }
    this.chosen = null;
    this.draw();
  }

  /** Put what is drawn into the form, and draw it. */
  tell() {
    this.text.value = this.shape.text();
    this.draw();
  }

  place([lon, lat]) {
    const { x, y } = this.map.latLngToLayerPoint([lat, lon]);
    return `translate(${x} ${y})`;
  }

  draw() {
    this.beside.draw();
    this.drawOutline();
    this.drawHandles();
    if (this.line) this.drawLine();
  }

  drawOutline() {
    const { shape, map } = this;
    const points = shape.corners.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon]));
    const d = shape.isPoint || !points.length ? "" : `M${points.map(({ x, y }) => `${x} ${y}`).join("L")}`;
    this.outline.setAttribute("d", d && shape.isClosed ? `${d}Z` : d);
    this.outline.classList.toggle("is-open", !shape.isClosed);
  }

  drawHandles() {
    const { shape } = this;
    if (!this.mayDraw && !shape.isPoint) {
      this.handles.replaceChildren();
      return;
    }
    const middles = shape.isClosed && this.mayDraw ? this.middles() : [];
    const corners = shape.corners.map((at, index) => {
      const isFirst = index === 0 && shape.canClose;
      const state = `${this.chosen === index ? " is-chosen" : ""}${isFirst ? " is-first" : ""}`;
      return this.handle(`draw-corner${state}`, { "data-corner": index }, at, FINGER, 8);
    });
    this.handles.replaceChildren(...middles, ...corners);
  }

  middles() {
    const { corners } = this.shape;
    const points = corners.map(([lon, lat]) => this.map.latLngToLayerPoint([lat, lon]));
    return corners
      .map((_at, index) => index)
      .filter((index) => points[index].distanceTo(points[(index + 1) % points.length]) >= LEAST_SIDE)
      .map((index) => this.handle("draw-middle", { "data-middle": index }, this.between(index), FINGER - 8, 5));
  }

  handle(name, attributes, at, reach, radius) {
    const group = svg("g", { class: name, transform: this.place(at), ...attributes });
    group.append(svg("circle", { class: "draw-reach", r: reach }), svg("circle", { class: "draw-dot", r: radius }));
    return group;
  }

  drawLine() {
    const { shape, words } = this;
    const can = {
      undo: shape.past.length > 0,
      drop: this.chosen !== null && shape.canDrop,
      anew: shape.corners.length > 0,
      done: shape.canClose,
    };
    for (const button of this.line.querySelectorAll("[data-draw]")) button.disabled = !can[button.dataset.draw];
    this.say(shape.isPoint ? (shape.corners.length ? words.set : words.point) : this.counted());
  }

  counted() {
    const { shape, words } = this;
    const count = shape.corners.length;
    if (!count) return words.begin;
    const corners = words.corners.replace("{count}", count);
    const area = words.area.replace("{area}", Math.round(shape.area()).toLocaleString("en"));
    if (shape.isClosed) return `${corners} · ${area}`;
    return `${corners} · ${shape.canClose ? `${area} · ${words.close}` : words.more}`;
  }

  say(text) {
    find("[data-draw-words]").textContent = text;
  }

  complain(error) {
    if (!(error instanceof Problem)) throw error;
    this.street.message.problem(error, () => this.beside.fetch());
  }
}

/** Start the page's own part when the map stands. */
export function drawing(street) {
  const form = find("[data-drawing]");
  if (form) new Drawing(street, form).start();
}
