// The map of cases, with its weeks.
import "../map_file.js";
import "../page.js";
import "../call.js";
import { cases } from "../incident_map.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, with cases on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      cases(street);
      return street;
    },
  };
}
