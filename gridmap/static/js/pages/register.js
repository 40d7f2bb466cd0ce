// The register of a community, drawn on the map.
import "../page.js";
import { editor } from "../register/editor.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map with the register's editor on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      editor(street);
      return street;
    },
  };
}
