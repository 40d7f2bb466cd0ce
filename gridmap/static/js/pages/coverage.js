// The coverage map with its cards, calls and months.
import "../map_file.js";
import "../page.js";
import "../call.js";
import "../street_map.js";
import "../coverage.js";
export { streetMap } from "../map/main.js";
