// Colours, type and widths of the map that no layer declares: the ground, boundaries, labels. Widths are CSS pixels
// by display zoom. Class colours come from the layers' styles, so that map and legend cannot differ.

export const FONT = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif';

export const GROUND = {
  land: "#efece4",
  inside: "#f8f6f0",
  waterEdge: "#8dbbd0",
  greenEdge: "#b4cc9c",
  roadCasing: { motorway: "#cf8f3f", main: "#dcb057", secondary: "#d9cba0", residential: "#d8d2c4" },
  pathCasing: "#ffffff",
  railTie: "#ffffff",
};

export const BOUNDARY = {
  halo: "rgba(255,255,255,.82)",
  street: "#4a4d8f",
  community: "#5b5fa6",
  grid: "#6a6eb2",
  micro: "#8d90c4",
  estate: "#a78e62",
};

export const BUILDING = { shadow: "rgba(70,58,44,.20)", edge: 0.72, wall: "rgba(74,58,48,.42)" };

export const OVERLAY = { line: "#8e2b1f" };

export const SELECTED = { line: "#0a504c", fill: "rgba(15,107,102,.10)", halo: "rgba(255,255,255,.95)" };

export const INK = {
  halo: "rgba(255,255,255,.92)",
  softHalo: "rgba(255,255,255,.7)",
  district: "#5a5470",
  street: "#3d4080",
  community: "#474b94",
  grid: "#4b4f9c",
  share: "#2b3a3f",
  estate: "#6b5325",
  building: "#4a3a30",
  stairwell: "#33474d",
  facility: "#3a3a3a",
  holder: "#0a504c",
  road: "#6b6252",
  water: "#33718f",
  green: "#4a7136",
};

/** Straight-line interpolation between [zoom, value] stops, flat outside them. */
export function ramp(...stops) {
  return (zoom) => {
    if (zoom <= stops[0][0]) return stops[0][1];
    for (let i = 1; i < stops.length; i += 1) {
      const [z1, v1] = stops[i];
      if (zoom <= z1) {
        const [z0, v0] = stops[i - 1];
        return v0 + ((zoom - z0) / (z1 - z0)) * (v1 - v0);
      }
    }
    return stops[stops.length - 1][1];
  };
}

// fill width by class; the casing adds a constant
export const ROAD_WIDTH = {
  motorway: ramp([10, 1.2], [13, 3], [15, 6], [17, 14], [19, 34]),
  main: ramp([11, 0.8], [13, 2.2], [15, 5], [17, 12], [19, 30]),
  secondary: ramp([12, 0.6], [14, 2.2], [15, 3.6], [17, 9], [19, 24]),
  residential: ramp([13, 0.5], [15, 2.2], [16, 3.6], [17, 6], [19, 18]),
  path: ramp([15, 0.8], [17, 1.8], [19, 4]),
  rail: ramp([11, 0.8], [15, 1.6], [17, 2.6], [19, 4]),
};
export const ROAD_FROM = { motorway: 9, main: 11, secondary: 12, residential: 14, path: 16, rail: 12 };
export const CASING = ramp([11, 0.6], [15, 1.4], [19, 2.4]);

const darkened = new Map();

/** The same colour, darker: an outline that fits its fill. Asked for every house of every drawing, so remembered. */
export function darker(hex, share) {
  const key = hex + share;
  if (!darkened.has(key)) {
    const n = parseInt(hex.slice(1), 16);
    const part = (shift) => Math.round(((n >> shift) & 255) * share);
    darkened.set(key, `rgb(${part(16)},${part(8)},${part(0)})`);
  }
  return darkened.get(key);
}

// people who get places on a map: white figures stand out on each, and the number tells them apart, not the colour
export const PEOPLE = [
  "#1f6f8b",
  "#b0482a",
  "#5b6b1a",
  "#7449a8",
  "#a2366b",
  "#8a5a0e",
  "#3457ab",
  "#2c7448",
  "#8c2f3c",
  "#4a5a63",
  "#0f6b66",
  "#6b4f2a",
];
export const NOBODY = { rim: "#b3423a", fill: "#ffffff", ring: "#1c2a2e" };
