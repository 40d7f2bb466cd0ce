// A view of the map as one file: draws the shapes of its JSON block, says what a thing is, and switches layers.
// No module and no request: it is put into the file as it is. What comes from the data is only ever set as text.
(() => {
  const config = JSON.parse(document.getElementById("one-file").textContent);

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const colourOf = (layer, feature) => {
    const value = String(feature.properties[layer.by]);
    const found = layer.by && layer.classes.find((one) => one.value === value);
    return found ? found.colour : layer.colour;
  };

  const SVG = "http://www.w3.org/2000/svg";

  const svg = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const styleOf = (layer, feature) => {
    const colour = colourOf(layer, feature);
    const kind = feature.geometry.type;
    if (kind.includes("Point")) return { fill: colour, stroke: "#ffffff", "stroke-width": 1.2 };
    if (kind.includes("Line")) return { fill: "none", stroke: colour, "stroke-width": layer.ground ? 4 : 3 };
    if (layer.outlined) return { fill: "none", stroke: "#55607f", "stroke-width": 1.5, "stroke-dasharray": "6 4" };
    return { fill: colour, "fill-opacity": layer.ground ? 0.6 : 0.75, stroke: "#6b6a60", "stroke-width": 0.8 };
  };

  // the lines of a shape, and whether each closes; a point is a line of one
  const linesOf = ({ type, coordinates, geometries }) => {
    if (type === "GeometryCollection") return geometries.flatMap(linesOf);
    if (type === "Point") return [[coordinates]];
    if (type === "LineString" || type === "MultiPoint") return type === "LineString" ? [coordinates] : coordinates.map((at) => [at]);
    return type === "MultiPolygon" ? coordinates.flat() : coordinates;
  };

  const wordsOf = (field, value) => {
    const words = field.codes[value] || (value === true ? "✓" : value === false ? "✗" : String(value));
    return field.unit ? `${words} ${field.unit}` : words;
  };

  function cardOf(layer, feature) {
    const card = element("div", "card");
    const name = layer.label && feature.properties[layer.label];
    card.append(element("p", "card-layer", layer.title), element("h2", "", name || `${layer.title} ${feature.id}`));
    const list = element("dl");
    for (const field of layer.fields) {
      const value = feature.properties[field.name];
      if (value === null || value === undefined || value === "" || field.name === layer.label) continue;
      list.append(element("dt", "", field.title), element("dd", "", wordsOf(field, value)));
    }
    card.append(list);
    return card;
  }

  /** The shapes of a layer as one group; `place()` puts them where the map now shows them. */
  function drawn(layer, map, open) {
    const group = svg("g", {});
    const isQuiet = layer.ground || layer.outlined;
    const parts = layer.features
      .filter((one) => one.geometry)
      .map((feature) => {
        const isPoint = feature.geometry.type.includes("Point");
        const path = svg("path", { ...styleOf(layer, feature), class: isQuiet ? "quiet" : "thing" });
        if (!isQuiet) path.addEventListener("click", () => open(cardOf(layer, feature)));
        group.append(path);
        return { path, isPoint, isArea: feature.geometry.type.includes("Polygon"), lines: linesOf(feature.geometry) };
      });
    const text = ({ isPoint, isArea, lines }) =>
      lines
        .map((line) => {
          const points = line.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon]));
          if (isPoint) return `M${points[0].x - 5} ${points[0].y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z`;
          return `M${points.map(({ x, y }) => `${x} ${y}`).join("L")}${isArea ? "Z" : ""}`;
        })
        .join("");
    const place = () => {
      for (const part of parts) part.path.setAttribute("d", text(part));
    };
    return { group, place };
  }

  function legendOf(layer, shapes) {
    const item = element("li");
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => shapes.group.classList.toggle("off", !box.checked));
    label.append(box, element("span", "", `${layer.title} (${layer.features.length})`));
    item.append(label);
    const used = new Set(layer.features.map((one) => String(one.properties[layer.by])));
    for (const one of layer.classes.filter(({ value }) => used.has(value))) {
      const row = element("div", "class");
      const spot = element("i");
      spot.style.background = one.colour;
      row.append(spot, element("span", "", one.title));
      item.append(row);
    }
    return item;
  }

  window.oneFile = (map) => {
    const panel = element("aside", "panel");
    const card = element("div", "chosen");
    const open = (made) => card.replaceChildren(made);
    const list = element("ul");
    const picture = svg("svg", { class: "shapes leaflet-zoom-hide", width: 1, height: 1 });
    map.getPane("overlayPane").append(picture);
    const all = config.layers.map((layer) => {
      const shapes = drawn(layer, map, open);
      picture.append(shapes.group);
      if (layer.features.length && !layer.ground) list.prepend(legendOf(layer, shapes));
      return shapes;
    });
    const place = () => all.forEach((shapes) => shapes.place());
    map.on("zoomend viewreset", place);
    const texts = config.texts;
    panel.append(
      element("h1", "", config.title),
      element("p", "about", `${config.about} ${texts["Nobody's name is in this file."]}`),
      card,
      element("h2", "", texts["Layers and legend"]),
      list,
    );
    document.body.append(panel);
    const [west, south, east, north] = config.bounds;
    map.invalidateSize();
    map.fitBounds([
      [south, west],
      [north, east],
    ]);
    place();
  };
})();
