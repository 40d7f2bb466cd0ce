// Bundles the parts of two libraries that our maps use, from the packages' own sources: the rest, more than half of
// them, would travel to every phone for nothing. What a new page needs of Leaflet is one more line below.
// Reads {"tools": folder, "leaflet": file, "drawing": file} from standard input; writes the two files.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf8"));
const { build } = createRequire(`${job.tools}/`)("esbuild");

// the map and the ways to move it, layers of tiles, the scale; no markers, popups, vectors, nor Leaflet's own buttons
const LEAFLET = `
import "./map/handler/Map.BoxZoom.js";
import "./map/handler/Map.DoubleClickZoom.js";
import "./map/handler/Map.Drag.js";
import "./map/handler/Map.Keyboard.js";
import "./map/handler/Map.ScrollWheelZoom.js";
import "./map/handler/Map.TapHold.js";
import "./map/handler/Map.TouchZoom.js";
import { Control, control } from "./control/Control.js";
import { Attribution, attribution } from "./control/Control.Attribution.js";
import { Scale, scale } from "./control/Control.Scale.js";
import * as DomEvent from "./dom/DomEvent.js";
import * as DomUtil from "./dom/DomUtil.js";
Object.assign(Control, { Attribution, Scale });
Object.assign(control, { attribution, scale });
export { Control, DomEvent, DomUtil, control };
export { Map, createMap as map } from "./map/Map.js";
export { GridLayer, gridLayer } from "./layer/tile/GridLayer.js";
export { TileLayer, tileLayer } from "./layer/tile/TileLayer.js";
export { LayerGroup, layerGroup } from "./layer/LayerGroup.js";
export { Layer } from "./layer/Layer.js";
export * from "./core/index.js";
export * from "./geo/index.js";
export * from "./geometry/index.js";
`;

// of protomaps-leaflet its Leaflet layer: our rules, our colours and our tiles take the place of these
const UNUSED = {
  "@protomaps/basemaps": "export const namedFlavor = () => { throw new Error('no flavours here'); };",
  pmtiles: "export class PMTiles { constructor() { throw new Error('no PMTiles here'); } }",
  "../default_style/style": "export const paintRules = () => []; export const labelRules = () => [];",
};

const leaveOut = {
  name: "leave-out",
  setup(on) {
    on.onResolve({ filter: /.*/ }, ({ path }) => (path in UNUSED ? { path, namespace: "unused" } : undefined));
    on.onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({ contents: UNUSED[path] }));
  },
};

const given = { bundle: true, minify: true, format: "iife", target: "es2021", legalComments: "inline" };
await build({
  ...given,
  stdin: { contents: LEAFLET, resolveDir: `${job.tools}/node_modules/leaflet/src` },
  outfile: job.leaflet,
  globalName: "L",
});
await build({
  ...given,
  entryPoints: [`${job.tools}/node_modules/protomaps-leaflet/src/frontends/leaflet.ts`],
  outfile: job.drawing,
  globalName: "protomapsL",
  plugins: [leaveOut],
});
