// Placing a row of a file.
import "../page.js";
import { tapping } from "../tapping.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, on which a tap is a point. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      tapping(street);
      return street;
    },
  };
}
