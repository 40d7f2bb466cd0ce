// Who has what, drawn on the map: houses in the colour of their person, and a mark with their sign on each place.
import { area } from "../map/paint.js";
import { FONT, NOBODY, darker, ramp } from "../map/palette.js";

const RADIUS = ramp([14, 2.4], [15, 3.6], [16, 5.5], [17, 8], [19, 11]);
const SIGNS_FROM = 17;
const EACH_FROM = 18; // doors of a house have room beside each other
const AROUND = 0.25; // of the window, drawn beyond each edge, so that moving the map shows no blank

function drawMark(ctx, { x, y }, radius, person, isNew, zoom) {
  ctx.setLineDash([]);
  if (isNew) {
    ctx.beginPath();
    ctx.arc(x, y, radius + 3, 0, 2 * Math.PI);
    ctx.fillStyle = NOBODY.ring;
    ctx.fill();
    ctx.beginPath();
    ctx.arc(x, y, radius + 1.4, 0, 2 * Math.PI);
    ctx.fillStyle = NOBODY.fill;
    ctx.fill();
  }
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = person ? person.colour : NOBODY.fill;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = person ? NOBODY.fill : NOBODY.rim;
  if (!person) ctx.setLineDash([3, 2]);
  ctx.stroke();
  if (!person || zoom < SIGNS_FROM) return;
  ctx.fillStyle = NOBODY.fill;
  ctx.font = `600 ${Math.round(radius * 1.15)}px ${FONT}`;
  ctx.fillText(person.sign, x, y + 0.5);
}

/** Somebody who has a place but is not listed on this page. */
const STRANGER = { sign: "·", colour: "#6a6f73" };

/** The layer of marks. `draw()` when something has changed; `near(latlng, reach)` gives the place under a point. */
export function marks(map, giving) {
  const canvas = window.L.DomUtil.create("canvas", "give-marks leaflet-zoom-hide");
  const ctx = canvas.getContext("2d");
  map.getPanes().overlayPane.append(canvas);

  const personOf = (id) => {
    const person = giving.whoHas(id);
    return person === null ? null : giving.people.get(person) || STRANGER;
  };

  const each = () => [...giving.places.values()].filter((place) => place.point);

  /** One mark for a house all of whose doors have the same person and the same state; else one for each door. */
  function together() {
    const houses = new Map();
    for (const place of each()) {
      const key = [place.building || place.id, giving.whoHas(place.id), giving.moves.has(place.id)].join();
      if (!houses.has(key)) houses.set(key, []);
      houses.get(key).push(place);
    }
    return [...houses.values()].map((doors) => ({
      id: doors[0].id,
      point: [0, 1].map((side) => doors.reduce((sum, { point }) => sum + point[side], 0) / doors.length),
    }));
  }

  function draw() {
    const size = map.getSize();
    const pad = size.multiplyBy(AROUND).round();
    const whole = size.add(pad.multiplyBy(2));
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = whole.x * ratio;
    canvas.height = whole.y * ratio;
    canvas.style.width = `${whole.x}px`;
    canvas.style.height = `${whole.y}px`;
    window.L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]).subtract(pad));
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const zoom = map.getZoom();
    const radius = RADIUS(zoom);
    for (const { point, id } of zoom < EACH_FROM ? together() : each()) {
      const at = map.latLngToContainerPoint([point[1], point[0]]).add(pad);
      if (at.x < -20 || at.y < -20 || at.x > whole.x + 20 || at.y > whole.y + 20) continue;
      drawMark(ctx, at, radius, personOf(id), giving.moves.has(id), zoom);
    }
  }

  map.on("moveend zoomend resize viewreset", draw);

  return {
    draw,

    /** The place nearest to a point, at most so many pixels away; null where there is none. */
    near(latlng, reach) {
      const here = map.latLngToContainerPoint(latlng);
      let best = null;
      let least = Math.max(reach, RADIUS(map.getZoom()));
      for (const place of giving.places.values()) {
        if (!place.point) continue;
        const away = here.distanceTo(map.latLngToContainerPoint([place.point[1], place.point[0]]));
        if (away <= least) {
          least = away;
          best = place.id;
        }
      }
      return best;
    },

    /** The places whose points lie in a box of container pixels. */
    inside(min, max) {
      return [...giving.places.values()]
        .filter((place) => place.point)
        .filter(({ point }) => {
          const at = map.latLngToContainerPoint([point[1], point[0]]);
          return at.x >= min.x && at.x <= max.x && at.y >= min.y && at.y <= max.y;
        })
        .map((place) => place.id);
    },
  };
}

/** Paint rules that tint houses and stairwells by who has them; `source` is where the map's tiles come from. */
export function tints(giving, source) {
  let houses = new Map();
  let doors = new Map();
  const colourOf = (person) => (giving.people.get(person) || STRANGER).colour;

  function count() {
    const found = new Map();
    doors = new Map();
    for (const place of giving.places.values()) {
      const person = giving.whoHas(place.id);
      if (person !== null) doors.set(place.id, colourOf(person));
      const house = place.building || place.id;
      if (!found.has(house)) found.set(house, new Set());
      found.get(house).add(person);
    }
    houses = new Map();
    for (const [house, people] of found) {
      const [only] = people;
      if (people.size === 1 && only !== null) houses.set(house, colourOf(only));
    }
  }

  const rule = (dataLayer, order, colours) => ({
    dataLayer,
    dataSource: source,
    order,
    filter: (zoom, feature) => colours().has(feature.id),
    symbolizer: area({
      fill: (zoom, feature) => colours().get(feature.id),
      alpha: () => 0.5,
      edge: (zoom, feature) => darker(colours().get(feature.id), 0.75),
      width: () => 1,
    }),
  });
  const added = [
    rule("grids", 22.5, () => doors),
    rule("estates", 20.5, () => doors),
    rule("buildings", 42.5, () => houses),
    { ...rule("stairwells", 42.6, () => doors), minzoom: 17 },
  ];
  count();
  return {
    count,
    also: ({ paint, label }) => ({ paint: [...paint, ...added].sort((a, b) => a.order - b.order), label }),
  };
}
