// A page with nothing but the map.
import "../page.js";
export { streetMap } from "../map/main.js";
