// The street map with its cards and calls.
import "../map_file.js";
import "../page.js";
import "../call.js";
import "../street_map.js";
export { streetMap } from "../map/main.js";
