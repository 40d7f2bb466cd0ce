// The only file that knows protomaps-leaflet: vector tiles onto canvas, with our rules, our errors and our versions.
// MapLibre or an own renderer would replace this file and no other.
import { ask, Problem } from "../ask.js";

const TILE_MEMORY = 40; // decoded tiles kept; a large window shows about twenty
const LABELLED_TILES = 96; // the library forgets labels of tiles beyond 16, fewer than a large window shows
const SHARPEST = 2; // canvases above twice the density cost memory that cheap phones lack

/** What the library takes for an archive: an object that fetches one tile. */
class Source {
  constructor({ url, layers, isOn, onProblem }) {
    this.template = url;
    this.isWanted = () => layers.some(isOn);
    this.isAsleep = false; // tiles were not asked for, because none of its layers is on
    this.seen = 0; // number of the last change that this page knows of; the server answers with that or newer
    this.onProblem = onProblem;
  }

  address(z, x, y) {
    const url = this.template.replace("{z}", z).replace("{x}", x).replace("{y}", y);
    return this.seen ? `${url}${url.includes("?") ? "&" : "?"}seen=${this.seen}` : url;
  }

  async getZxy(z, x, y, signal) {
    this.isAsleep = !this.isWanted();
    if (this.isAsleep) return undefined;
    const url = this.address(z, x, y);
    try {
      const response = await ask(url, { accept: "application/vnd.mapbox-vector-tile", signal });
      if (response.status === 204) return undefined;
      return { data: await response.arrayBuffer() };
    } catch (error) {
      if (error instanceof Problem && error.kind === "missing") return undefined; // outside the grid of tiles
      if (error.name !== "AbortError") this.onProblem(error);
      throw error;
    }
  }
}

function forget(cache, most) {
  if (cache.size <= most) return;
  const oldest = [...cache.entries()].sort((a, b) => a[1].used - b[1].used);
  for (const [key] of oldest.slice(0, cache.size - most)) cache.delete(key);
}

function forgetAll(view) {
  view.tileCache.cache.clear();
  view.tileCache.inflight.clear();
}

/**
 * A Leaflet layer for `config.sources`.
 * `rules` are {paint, label} of cartography.js; `isOn(name)` says which layers are wanted: a source of none sleeps.
 * `onProblem(error)` hears of tiles that did not come.
 */
export function tileLayer({ sources, land, bounds, maxZoom, rules, isOn, onProblem }) {
  const mine = new Map(sources.map((one) => [one.name, new Source({ ...one, isOn, onProblem })]));
  const given = {};
  for (const one of sources) given[one.name] = { url: mine.get(one.name), maxDataZoom: one.maxZoom, levelDiff: 1 };
  const layer = window.protomapsL.leafletLayer({
    sources: given,
    paintRules: rules.paint,
    labelRules: rules.label,
    backgroundColor: land,
    attribution: "",
    devicePixelRatio: Math.min(window.devicePixelRatio || 1, SHARPEST),
    tileDelay: 1,
    maxZoom,
    maxNativeZoom: maxZoom,
    updateWhenZooming: false,
    keepBuffer: 1,
    bounds,
  });

  const relabel = () => {
    layer.clearLayout();
    layer.labelers.maxLabeledTiles = LABELLED_TILES;
  };
  relabel();
  layer.on("load", () => {
    for (const view of layer.views.values()) forget(view.tileCache.cache, TILE_MEMORY);
  });

  return {
    leaflet: layer,

    /** Draw again with these rules; label places are found anew only when asked. */
    draw(next, { labels = false } = {}) {
      layer.paintRules = next.paint;
      layer.labelRules = next.label;
      for (const [name, view] of layer.views) if (mine.get(name).isAsleep && mine.get(name).isWanted()) forgetAll(view);
      if (labels) relabel();
      layer.rerenderTiles();
    },

    /** The colour of the land, for the next drawing; null lets what lies under it through. */
    land(colour) {
      layer.backgroundColor = colour;
    },

    /** Ask for all tiles again; `seen` is the change number that a command answered with. */
    refresh(seen = 0) {
      for (const [name, view] of layer.views) {
        const source = mine.get(name);
        source.seen = Math.max(source.seen, seen);
        forgetAll(view);
      }
      relabel();
      layer.rerenderTiles();
    },

    /** Take tiles from other addresses (another day's): [{name, url}]. */
    readdress(others) {
      for (const one of others) mine.get(one.name).template = one.url;
      this.refresh();
    },

    /** Features under a point: [{layer, id, properties, type}], in no order that means anything. */
    pick(latlng, brush) {
      const found = [];
      for (const features of layer.queryTileFeaturesDebug(latlng.lng, latlng.lat, brush).values()) {
        for (const { feature, layerName } of features) {
          found.push({ layer: layerName, id: feature.id, properties: feature.props, type: feature.geomType });
        }
      }
      return found;
    },
  };
}
