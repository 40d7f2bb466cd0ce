// Layers as one file: an area is drawn on the map, as a zone is.
import "../page.js";
import { drawing } from "../parking/drawing.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, on which an area is drawn. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      drawing(street);
      return street;
    },
  };
}
