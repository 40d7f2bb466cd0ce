// The chooser of streets: leads the map to one, and says in which one the visible middle lies.

const contains = ([west, south, east, north], { lat, lng }) => west <= lng && lng <= east && south <= lat && lat <= north;
const size = ([west, south, east, north]) => (east - west) * (north - south);

/**
 * Of a `select` whose values are `west,south,east,north`, the first one empty. `onGo` gets the bounds chosen. Returns
 * {show(middle)}, to be called when the map has moved.
 */
export function jumps(select, onGo) {
  const streets = [...select.options]
    .filter((option) => option.value)
    .map((option) => ({ value: option.value, bounds: option.value.split(",").map(Number) }))
    .sort((one, other) => size(one.bounds) - size(other.bounds));
  select.addEventListener("change", () => onGo(select.value.split(",").map(Number)));
  return {
    show(middle) {
      const around = streets.filter((one) => contains(one.bounds, middle));
      // boxes of neighbours overlap: who has just chosen a street stays in it
      if (around.some((one) => one.value === select.value)) return;
      select.value = around.length ? around[0].value : "";
    },
  };
}
