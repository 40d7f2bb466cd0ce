// A tap on the map says where a problem is.
import "../page.js";
import "../call.js";
import { pointing } from "../report_map.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, on which a tap leads on to the report. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      pointing(street);
      return street;
    },
  };
}
