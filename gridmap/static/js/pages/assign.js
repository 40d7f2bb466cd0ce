// The page on which places are given to people.
import "../page.js";
import "../call.js";
import { work } from "../assign/work.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, with the work on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      work(street);
      return street;
    },
  };
}
