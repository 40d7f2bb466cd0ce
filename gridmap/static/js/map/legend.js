// Layer switch and legend in one: what is drawn at this zoom explains itself, what is not says why.
import { casePicture, densityPicture, repeatPicture } from "./cases.js";
import { element } from "./dom.js";
import { stripPicture } from "./strip.js";
import { badgePicture, gapPicture, svg } from "./symbols.js";

function patch(shape, colour, edge) {
  const picture = svg("svg", { viewBox: "0 0 28 18", class: "swatch", "aria-hidden": "true" });
  if (shape === "line") {
    picture.append(svg("path", { d: "M2 13.500C9 13.500 17 4.500 26 4.500", stroke: edge, "stroke-width": 6.500, fill: "none" }));
    picture.append(svg("path", { d: "M2 13.500C9 13.500 17 4.500 26 4.500", stroke: colour, "stroke-width": 4.500, fill: "none" }));
  } else if (shape === "point") {
    picture.append(svg("circle", { cx: 14, cy: 9, r: 5.500, fill: colour, stroke: edge, "stroke-width": 1 }));
  } else if (shape === "outline") {
    picture.append(svg("path", { d: "M1.500 9h25", stroke: colour, "stroke-width": 2.500, "stroke-dasharray": "7 3" }));
  } else {
    const box = { x: 1, y: 1, width: 26, height: 16, rx: 3, fill: colour, stroke: edge, "stroke-width": 1 };
    picture.append(svg("rect", box));
  }
  return picture;
}

const EDGE = "rgba(40,50,54,.35)";

function swatch(layer, value, colour) {
  if (layer.name === "facilities") return badgePicture(value, colour);
  if (layer.name === "five_lines") return stripPicture(value, layer.style.classes);
  if (layer.name === "gaps" && value) return gapPicture(value, colour);
  if (layer.name === "incidents") return casePicture(value, colour);
  if (layer.name === "repeat_places") return repeatPicture(colour);
  if (layer.name === "incident_density") return densityPicture(colour);
  return patch(layer.style.shape, colour, EDGE);
}

function classRows(layer, t) {
  const rows = layer.style.classes.map((one) =>
    element("li", { name: "legend-class" }, swatch(layer, one.value, one.colour), element("span", { text: one.title })),
  );
  if (layer.name === "incidents") {
    rows.push(element("li", { name: "legend-class" }, casePicture(null), element("span", { text: t("Late, whatever its stage") })));
  }
  return element("ul", { name: "legend-classes", set: { role: "list" } }, ...rows);
}

function layerRow(layer, t, onToggle) {
  const input = element("input", { name: "switch", set: { type: "checkbox", role: "switch" } });
  const title = element("span", { name: "grow", text: layer.title });
  const label = element("label", { name: "choice legend-layer" }, input, title);
  if (!layer.style.classes.length) label.append(swatch(layer, null, layer.style.colour));
  const later = element("p", { name: "legend-later", text: t("Zoom in to see it") });
  const row = element("li", { name: "legend-row" }, label, later);
  if (layer.style.classes.length) row.append(classRows(layer, t));
  input.addEventListener("change", () => onToggle(layer.name, input.checked));
  return { layer, row, input, later };
}

/**
 * Fill `list` with a row per switchable layer. Returns {show(zoom, isOn)}, to be called when either changes.
 */
export function legend(list, layers, t, onToggle) {
  const shown = layers.filter((layer) => layer.switchable);
  // what the map is about comes first
  const ordered = [...shown.filter((layer) => layer.isFirst), ...shown.filter((layer) => !layer.isFirst)];
  const rows = ordered.map((layer) => layerRow(layer, t, onToggle));
  list.append(...rows.map((one) => one.row));
  return {
    show(zoom, isOn) {
      for (const { layer, row, input, later } of rows) {
        const on = isOn(layer.name);
        const near = zoom >= (layer.cellsFrom || layer.minZoom);
        input.checked = on;
        row.classList.toggle("is-off", !on || !near);
        later.hidden = near || !on;
        const classes = row.querySelector(".legend-classes");
        if (classes) classes.hidden = !on || !near;
      }
    },
  };
}
