// The rows of a file on the map.
import "../page.js";
import { importRows } from "../import_map.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, with the rows of the file on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      importRows(street);
      return street;
    },
  };
}
