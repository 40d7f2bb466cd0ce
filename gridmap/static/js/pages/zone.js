// A parking zone or a gate, drawn and corrected on the map.
import "../page.js";
import { drawing } from "../parking/drawing.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, on which a zone or a gate is drawn. */
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
