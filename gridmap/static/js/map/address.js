// The view in the address, so that reload, back and a sent link show the same map:
// #zoom/lat/lon&off=layer,layer&background=tianditu&day=2026-03-03&place=4294967297&of=layer

/** {zoom, lat, lon, off, background, day, place, of} of a hash; null for what is not said or cannot be. */
export function readAddress(hash) {
  const [view, ...rest] = hash.replace(/^#/, "").split("&");
  const [zoom, lat, lon] = view.split("/").map(Number);
  const words = new Map(rest.map((pair) => pair.split("=").map(decodeURIComponent)));
  const place = Number(words.get("place"));
  const hasView = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return {
    zoom: hasView ? zoom : null,
    lat: hasView ? lat : null,
    lon: hasView ? lon : null,
    off: words.has("off") ? words.get("off").split(",").filter(Boolean) : null,
    background: words.get("background") || null,
    day: /^\d{4}-\d{2}-\d{2}$/.test(words.get("day") || "") ? words.get("day") : null,
    place: Number.isSafeInteger(place) && place > 0 ? place : null,
    of: words.get("of") || null,
  };
}

/** The hash of a view. `off` null stands for the layers that are on by themselves, `background` null for our own. */
export function writeAddress({ zoom, lat, lon, off, background, day, place, of }) {
  const parts = [`#${zoom}/${lat.toFixed(5)}/${lon.toFixed(5)}`];
  if (off) parts.push(`off=${off.map(encodeURIComponent).join(",")}`);
  if (background) parts.push(`background=${encodeURIComponent(background)}`);
  if (day) parts.push(`day=${day}`);
  if (place) parts.push(`place=${place}`);
  if (place && of) parts.push(`of=${encodeURIComponent(of)}`);
  return parts.join("&");
}
