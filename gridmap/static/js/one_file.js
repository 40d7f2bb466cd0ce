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

  const styleOf = (layer) => (feature) => {
    const colour = colourOf(layer, feature);
    const isLine = /LineString/.test(feature.geometry.type);
    if (isLine) return { color: colour, weight: layer.ground ? 4 : 3 };
    if (layer.outlined) return { color: "#55607f", weight: 1.5, dashArray: "6 4", fill: false };
    return { color: "#6b6a60", weight: 0.8, fillColor: colour, fillOpacity: layer.ground ? 0.6 : 0.75 };
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

  function drawn(layer, open) {
    const point = (feature, at) =>
      window.L.circleMarker(at, {
        radius: 5,
        color: "#ffffff",
        weight: 1.2,
        fillColor: colourOf(layer, feature),
        fillOpacity: 1,
      });
    return window.L.geoJSON(layer.features.filter((one) => one.geometry), {
      style: styleOf(layer),
      pointToLayer: point,
      interactive: !layer.ground && !layer.outlined,
      onEachFeature: (feature, shape) => shape.on("click", () => open(cardOf(layer, feature))),
    });
  }

  function legendOf(layer, shapes, map) {
    const item = element("li");
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => (box.checked ? shapes.addTo(map) : shapes.remove()));
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
    for (const layer of config.layers) {
      const shapes = drawn(layer, open).addTo(map);
      if (layer.features.length && !layer.ground) list.prepend(legendOf(layer, shapes, map));
    }
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
  };
})();
