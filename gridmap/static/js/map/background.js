// What lies under the data: our own ground, or an outside map that the office has switched on. Our own is there first,
// so that nobody outside is asked before somebody chooses it.
import { element } from "./dom.js";

const UNDER_OURS = 0; // Leaflet gives our own tiles 1

function outside({ tiles, hosts, attribution, ...background }, maxZoom) {
  const zooms = { maxNativeZoom: background.maxZoom, maxZoom };
  const given = { subdomains: hosts, attribution, zIndex: UNDER_OURS, ...zooms };
  // a key that is bound to a domain is good only where the domain is told; the page's address is not
  return tiles.map((url) => window.L.tileLayer(url, { ...given, referrerPolicy: "origin" }));
}

function chooser(backgrounds, title, choose) {
  const group = element("div", { name: "legend-ground", set: { role: "radiogroup", "aria-label": title } });
  const inputs = new Map();
  for (const one of backgrounds) {
    const input = element("input", { set: { type: "radio", name: "background" } });
    input.addEventListener("change", () => choose(one.name));
    inputs.set(one.name, input);
    group.append(element("label", { name: "choice" }, input, element("span", { text: one.title })));
  }
  return { row: element("li", { name: "legend-row" }, element("h3", { text: title }), group), inputs };
}

/**
 * The choice of a background, at the head of the legend `list`; the first of `backgrounds` is our own. `onChange()` draws
 * our own tiles anew; `onProblem()` hears when the outside map does not come, after our own is back.
 * Returns {name, isOwn, set(name)}.
 */
export function backgroundChoice(map, list, { backgrounds, title, maxZoom, onChange, onProblem }) {
  const shown = [];
  let name = backgrounds[0].name;
  const { row, inputs } = chooser(backgrounds, title, (chosen) => set(chosen));
  list.prepend(row);
  const credits = window.L.control.attribution({ prefix: false, position: "bottomleft" });

  function watch(layer) {
    let came = false;
    layer.on("tileload", () => {
      came = true;
    });
    layer.on("tileerror", () => {
      if (came || !shown.includes(layer)) return;
      set(backgrounds[0].name);
      onProblem();
    });
  }

  function set(chosen) {
    const background = backgrounds.find((one) => one.name === chosen) || backgrounds[0];
    const isNew = background.name !== name;
    name = background.name;
    inputs.get(name).checked = true;
    if (!isNew) return;
    for (const layer of shown.splice(0)) layer.remove();
    credits.remove();
    if (background.tiles) {
      credits.addTo(map);
      for (const layer of outside(background, maxZoom)) {
        watch(layer);
        shown.push(layer);
        layer.addTo(map);
      }
    }
    onChange();
  }

  inputs.get(name).checked = true;
  return {
    set,
    get name() {
      return name;
    },
    get isOwn() {
      return name === backgrounds[0].name;
    },
  };
}
