// Bundles the part of protomaps-leaflet that our maps use: its Leaflet layer, from the package's own sources. Its
// ready-made styles, the basemap flavours that they draw and the reader of PMTiles files are left out: our rules, our
// colours and our tiles take their place, and half of the file would travel to every phone for nothing.
// Reads {"tools": folder, "target": file} from standard input.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf8"));
const { build } = createRequire(`${job.tools}/`)("esbuild");

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

await build({
  entryPoints: [`${job.tools}/node_modules/protomaps-leaflet/src/frontends/leaflet.ts`],
  outfile: job.target,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "protomapsL",
  target: "es2021",
  legalComments: "inline",
  plugins: [leaveOut],
});
