// The map of hotspots: a line of the list leads to its area and opens its card.
import "../page.js";
import "../call.js";
import { streetMap as plainMap } from "../map/main.js";
import { openSpots } from "../spots.js";

/** The street map, with the list beside it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      openSpots(street);
      return street;
    },
  };
}
