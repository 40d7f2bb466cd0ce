// The street map: puts tiles, legend, search, card and address together. Called by the script that Folium composed.
import { readAddress, writeAddress } from "./address.js";
import { backgroundChoice } from "./background.js";
import { cartography } from "./cartography.js";
import { placeCard } from "./card.js";
import { dayChoice } from "./day.js";
import { announceIdle } from "./idle.js";
import { jumps } from "./jumps.js";
import { legend } from "./legend.js";
import { messageLine } from "./message.js";
import { overlay } from "./overlay.js";
import { GROUND } from "./palette.js";
import { pick } from "./pick.js";
import { printMap } from "./print.js";
import { search } from "./search.js";
import { sheet } from "./sheet.js";
import { tileLayer } from "./tiles.js";
import { words } from "./words.js";

const OURS = { gridmap: true };
const LEAST_ZOOM = 8;
const MINUTE = 60_000;
const SHEET_RISES = 280; // milliseconds, a little above --calm

const find = (selector) => document.querySelector(selector);

/** The JSON that the page carries: layers, sources, addresses, texts. */
export function readConfig(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function asLeaflet([west, south, east, north]) {
  return [
    [south, west],
    [north, east],
  ];
}

/** The state of one page: what is on, which day, what is chosen; and how it is drawn. */
class StreetMap {
  constructor(map, config) {
    this.map = map;
    this.config = config;
    this.t = words(config.texts);
    this.layers = new Map(config.layers.map((layer) => [layer.name, layer]));
    this.usual = new Set(config.layers.filter((layer) => layer.on).map((layer) => layer.name));
    this.on = new Set(this.usual);
    this.day = null;
    this.chosen = null;
    const loaded = Date.now();
    const clock = config.clock || { now: 0, runs: false };
    this.now = () => clock.now + (clock.runs ? (Date.now() - loaded) / 1000 : 0);
    this.also = (rules) => rules; // other pages draw more, and take clicks for themselves
    this.takes = () => false;
    const ground = new Set(config.layers.filter((layer) => layer.ground).map((layer) => layer.name));
    // our own roads, water and parks would lie on those of another background
    this.isOn = (name) => this.on.has(name) && (this.isOnOwnGround() || !ground.has(name));
  }

  isOnOwnGround() {
    return !this.background || this.background.isOwn;
  }

  rules() {
    const households = (count) => this.t("{count} households", { count });
    const texts = {
      households,
      perHundred: (count) => this.t("{count} per 100 households", { count }),
      inGrid: (part, whole) => `${((100 * part) / whole).toFixed(0)} %`,
    };
    const given = { isOn: this.isOn, hasGround: () => this.isOnOwnGround(), now: this.now, chosen: this.chosen };
    return this.also(cartography(this.config.layers, { ...given, texts }));
  }

  signInUrl() {
    const here = window.location.pathname + window.location.search + window.location.hash;
    return `${this.config.signIn}?next=${encodeURIComponent(here)}`;
  }

  withDay(url) {
    return this.day ? `${url}${url.includes("?") ? "&" : "?"}as_of=${this.day}` : url;
  }

  sources() {
    return this.config.sources.map((one) => ({ ...one, url: this.withDay(one.url) }));
  }

  start() {
    const said = readAddress(window.location.hash);
    this.takeWords(said);
    this.map.setMinZoom(LEAST_ZOOM);
    this.map.setMaxZoom(this.config.view.maxZoom);
    this.message = messageLine(find("[data-map-message]"), this.t, () => this.signInUrl());
    this.tiles = tileLayer({
      sources: this.sources(),
      land: GROUND.land,
      maxZoom: this.config.view.maxZoom,
      rules: this.rules(),
      isOn: (name) => this.on.has(name),
      onProblem: (error) => this.message.problem(error, () => this.refresh()),
    });
    announceIdle(this.tiles.leaflet);
    this.furnish();
    this.firstView(said);
    this.tiles.leaflet.addTo(this.map);
    if (this.background && said.background) this.background.set(said.background);
    this.listen();
    if (said.place) this.open({ id: said.place, layer: said.of }, { quiet: true });
    // what breaks its deadline turns red when it does
    if (this.config.clock && this.config.clock.runs) setInterval(() => this.tiles.draw(this.rules()), MINUTE);
    if (this.config.overlay) {
      const onProblem = (error) => this.message.problem(error, () => this.refresh());
      window.addEventListener("gridmap:idle", () => overlay(this.map, this.config.overlay, onProblem), { once: true });
    }
    if (this.jumps) this.jumps.show(this.middle());
    this.legend.show(this.map.getZoom(), this.isOn);
  }

  takeWords({ off, day }) {
    const switchable = this.config.layers.filter((layer) => layer.switchable).map((layer) => layer.name);
    if (off) for (const name of switchable) this.on[off.includes(name) ? "delete" : "add"](name);
    this.day = day && day < this.config.today ? day : this.config.day || null;
  }

  firstView({ zoom, lat, lon }) {
    if (zoom !== null) this.map.setView([lat, lon], zoom, { animate: false });
    else this.home(false);
  }

  home(animate = true) {
    this.map.fitBounds(asLeaflet(this.config.view.bounds), { animate, maxZoom: 17, ...this.room() });
  }

  // what lies over the map hides it: the search box and the sheet on phones
  room() {
    const frame = find(".map-frame").getBoundingClientRect();
    const panel = find("#panel").getBoundingClientRect();
    const isOver = panel.top > frame.top && panel.left < frame.left + 8 && panel.width > frame.width / 2;
    if (!isOver) return { paddingTopLeft: [24, 24], paddingBottomRight: [24, 24] };
    return { paddingTopLeft: [8, 76], paddingBottomRight: [8, Math.max(8, frame.bottom - panel.top + 8)] };
  }

  /** The middle of what is seen of the map. */
  middle() {
    const { paddingTopLeft: start, paddingBottomRight: end } = this.room();
    const { x, y } = this.map.getSize();
    return this.map.containerPointToLatLng([(start[0] + x - end[0]) / 2, (start[1] + y - end[1]) / 2]);
  }

  // after the sheet has risen, what was tapped shall still be seen
  keepInSight(latlng) {
    const { paddingTopLeft: top, paddingBottomRight: bottom } = this.room();
    const size = this.map.getSize();
    const at = this.map.latLngToContainerPoint(latlng);
    const low = size.y - bottom[1] - 40;
    if (at.y > low || at.y < top[1]) this.map.panBy([0, at.y - (top[1] + low) / 2]);
  }

  furnish() {
    const { t, config } = this;
    this.sheet = sheet(find("#panel"), find("[data-sheet-handle]"), () => {});
    this.legend = legend(find("[data-legend]"), config.layers, t, (name, on) => this.toggle(name, on));
    this.card = placeCard({
      frame: find("#card"),
      overview: find("#overview"),
      t,
      address: (id) => this.withDay((this.ownCard() || config.card).replace("{id}", id)),
      signInUrl: () => this.signInUrl(),
      onOther: (other) => this.open(other, { focus: true }),
      onState: (open) => {
        if (open && this.sheet.state === "peek") this.sheet.set("half");
        if (!open) this.sheet.set("peek");
      },
    });
    if (find("[data-search]")) {
      search(find("[data-search]"), { url: config.search, t, onChoose: (found) => this.goTo(found) });
    }
    if (find("#day")) {
      const onDay = (day) => this.setDay(day);
      const parts = { input: find("#day"), banner: find("[data-day-banner]"), t, onDay };
      this.dayChoice = dayChoice({ ...parts, locale: config.locale, today: config.today });
      this.dayChoice.show(this.day);
    }
    if (config.backgrounds.length) {
      this.background = backgroundChoice(this.map, find("[data-legend]"), {
        backgrounds: config.backgrounds,
        title: t("Background map"),
        maxZoom: config.view.maxZoom,
        onChange: () => this.changeGround(),
        onProblem: () => this.message.problem({ kind: "outside" }, () => this.refresh()),
      });
    }
    if (find("[data-map-go]")) {
      const go = (bounds) => this.map.fitBounds(asLeaflet(bounds), { maxZoom: 17, ...this.room() });
      this.jumps = jumps(find("[data-map-go]"), go);
    }
    window.L.control.scale({ imperial: false, position: "bottomleft" }).addTo(this.map);
  }

  listen() {
    const { map } = this;
    map.on("moveend", () => this.moved());
    map.on("zoomend", () => this.legend.show(map.getZoom(), this.isOn));
    map.on("click", (event) => this.takes(event.latlng) || this.openAt(event.latlng, event.originalEvent));
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== map.getContainer()) return;
      if (!this.takes(map.getCenter())) this.openAt(map.getCenter(), event);
    });
    this.tiles.leaflet.on("loading", () => this.message.begin());
    this.tiles.leaflet.on("load", () => this.message.done());
    this.pointAtThings();
    this.knowKeys();
    for (const button of document.querySelectorAll("[data-map-do]")) {
      button.addEventListener("click", () => this.act(button.dataset.mapDo, button));
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.escape();
    });
    find("#overview").addEventListener("click", (event) => {
      const way = event.target.closest("[data-go]");
      if (way) {
        this.map.fitBounds(asLeaflet(JSON.parse(way.dataset.go)), { maxZoom: 18, ...this.room() });
        return;
      }
      const link = event.target.closest("[data-place]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.goTo(JSON.parse(link.dataset.place));
    });
    window.addEventListener("popstate", (event) => this.comeBack(event.state));
    window.addEventListener("online", () => this.refresh());
  }

  moved() {
    this.remember();
    if (this.jumps) this.jumps.show(this.middle());
  }

  act(what, button) {
    const doing = {
      "zoom-in": () => this.map.zoomIn(),
      "zoom-out": () => this.map.zoomOut(),
      home: () => this.home(),
      print: () => printMap(this.map, find(".map-frame"), () => document.documentElement.dataset.map === "idle"),
      "close-card": () => this.closeCard(),
      layers: () => this.showLayers(button.getAttribute("aria-expanded") !== "true"),
      fold: () => this.foldLegend(button.getAttribute("aria-expanded") === "true"),
    };
    doing[what]();
  }

  showLayers(open) {
    find("#legend").classList.toggle("is-open", open);
    for (const button of document.querySelectorAll("[data-map-do=layers]")) {
      button.setAttribute("aria-expanded", String(open));
    }
  }

  foldLegend(folded) {
    find("#legend").classList.toggle("is-folded", folded);
    find("[data-map-do=fold]").setAttribute("aria-expanded", String(!folded));
  }

  escape() {
    if (find("#legend").classList.contains("is-open")) this.showLayers(false);
    else if (this.card.id) this.closeCard();
  }

  /** Where the card of what is chosen comes from, if not from places. */
  ownCard() {
    return this.chosen && this.config.cards && this.config.cards[this.chosen.layer];
  }

  /** From afar points are counted together: a tap on a number leads nearer. */
  nearer(latlng, event) {
    const zoom = this.map.getZoom();
    const isCounted = ({ layer }) => {
      const name = layer.replace(/_cells$/, "");
      if (name === layer || !this.isOn(name)) return false;
      const { pickable, minZoom } = this.layers.get(name);
      return pickable && zoom < minZoom;
    };
    if (!this.tiles.pick(latlng, this.brush(event)).some(isCounted)) return false;
    this.map.setView(latlng, zoom + 2);
    return true;
  }

  brush(event) {
    const coarse = event && (event.pointerType === "touch" || !window.matchMedia("(hover: hover)").matches);
    return coarse ? 36 : 22;
  }

  openAt(latlng, event) {
    if (this.nearer(latlng, event)) return;
    const given = { layers: this.layers, isOn: this.isOn, brush: this.brush(event) };
    const [best, ...others] = pick(this.tiles, latlng, this.map.getZoom(), given);
    if (!best) {
      if (this.card.id) this.closeCard();
      return;
    }
    this.open(best, { others, focus: event instanceof KeyboardEvent });
    setTimeout(() => this.keepInSight(latlng), SHEET_RISES);
  }

  open(thing, { others = [], focus = false, quiet = false } = {}) {
    const fresh = !this.card.id;
    this.chosen = { layer: thing.layer, id: thing.id };
    this.tiles.draw(this.chosen.layer ? this.rules() : this.rulesForAny(thing.id));
    this.card.open(thing.id, { others, focus });
    if (!quiet) this.remember(fresh);
  }

  // an address or a search result names a place, not its layer: mark it wherever it is drawn
  rulesForAny(id) {
    const all = this.config.layers.filter((layer) => layer.pickable).map((layer) => layer.name);
    this.chosen = { layer: all, id };
    return this.rules();
  }

  closeCard() {
    this.chosen = null;
    this.card.close();
    this.tiles.draw(this.rules());
    this.remember();
  }

  goTo(found) {
    if (this.sheet.state === "peek") this.sheet.set("half");
    const near = { maxZoom: 18, ...this.room() };
    if (found.bbox) this.map.fitBounds(asLeaflet(found.bbox), near);
    else if (Number.isFinite(found.lon)) this.map.setView([found.lat, found.lon], Math.max(this.map.getZoom(), 18));
    this.open({ id: found.id, layer: null }, { focus: true });
  }

  toggle(name, on) {
    this.on[on ? "add" : "delete"](name);
    this.tiles.draw(this.rules(), { labels: true });
    this.legend.show(this.map.getZoom(), this.isOn);
    this.remember();
  }

  changeGround() {
    this.tiles.land(this.isOnOwnGround() ? GROUND.land : null);
    this.tiles.draw(this.rules(), { labels: true });
    this.remember();
  }

  setDay(day) {
    this.day = day;
    this.tiles.readdress(this.sources());
    this.card.reload();
    this.remember();
  }

  refresh(seen) {
    this.message.clear();
    this.tiles.refresh(seen);
    this.card.reload();
  }

  remember(step = false) {
    const { lat, lng } = this.map.getCenter();
    const off = [...this.layers.values()]
      .filter((layer) => layer.switchable && !this.on.has(layer.name))
      .map((layer) => layer.name);
    const isUsual = this.on.size === this.usual.size && [...this.on].every((name) => this.usual.has(name));
    const said = { zoom: this.map.getZoom(), lat, lon: lng, off: isUsual ? null : off };
    const background = this.isOnOwnGround() ? null : this.background.name;
    const hash = writeAddress({ ...said, background, day: this.day, place: this.card.id, of: this.ownCard() && this.chosen.layer });
    window.history[step ? "pushState" : "replaceState"](OURS, "", hash);
  }

  // Back closes or changes the card and leaves the map where it is; an address that somebody typed moves it
  comeBack(state) {
    const said = readAddress(window.location.hash);
    if (!(state && state.gridmap) && said.zoom !== null) this.firstView(said);
    if (said.place && said.place !== this.card.id) this.open({ id: said.place, layer: said.of }, { quiet: true });
    if (!said.place && this.card.id) {
      this.chosen = null;
      this.card.close();
      this.tiles.draw(this.rules());
    }
    this.remember();
  }

  // the cross in the middle is for those who move the map by keys; Leaflet focuses it on a click, too
  knowKeys() {
    const frame = find(".map-frame");
    document.addEventListener("keydown", () => frame.classList.add("by-keys"), true);
    document.addEventListener("pointerdown", () => frame.classList.remove("by-keys"), true);
  }

  pointAtThings() {
    if (!window.matchMedia("(hover: hover)").matches) return;
    const container = this.map.getContainer();
    let waiting = false;
    this.map.on("mousemove", (event) => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const given = { layers: this.layers, isOn: this.isOn, brush: 22 };
        container.classList.toggle("is-over", pick(this.tiles, event.latlng, this.map.getZoom(), given).length > 0);
      });
    });
  }
}

/**
 * What Folium's script makes and adds to its map: the whole page starts when it is added.
 * Pages that write call `window.gridmap.refresh(seen)` afterwards.
 */
export function streetMap(configId) {
  return {
    addTo(map) {
      const street = new StreetMap(map, readConfig(configId));
      street.start();
      window.gridmap = { map, refresh: (seen) => street.refresh(seen) };
      return street;
    },
  };
}
