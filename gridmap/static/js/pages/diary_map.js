// The map of the diary, with its weeks.
import "../page.js";
import { diary } from "../diary_map.js";
import { streetMap as plainMap } from "../map/main.js";

/** The street map, with the places of the diary on it. */
export function streetMap(configId) {
  const made = plainMap(configId);
  return {
    addTo(map) {
      const street = made.addTo(map);
      diary(street);
      return street;
    },
  };
}
