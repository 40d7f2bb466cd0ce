// The map of parking, with its weeks.
import "../page.js";
import "../call.js";
import { streetMap as plainMap } from "../map/main.js";
import { parking } from "../parking_map.js";

/** The street map, with the zones on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      parking(street);
      return street;
    },
  };
}
