// My places: the list now, the map when it is wanted.
import "../page.js";
import "../call.js";
import "../checks.js";
export { whenMapIsWanted } from "../my.js";
