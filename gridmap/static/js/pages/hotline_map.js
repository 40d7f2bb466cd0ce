// Placing an order of the hotline on the map.
import "../page.js";
import { placing } from "../hotline_map.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, on which a tap is a place or a point. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      placing(street);
      return street;
    },
  };
}
