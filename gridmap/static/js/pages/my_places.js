// My places: the list now, the map when it is wanted.
import "../page.js";
import "../call.js";
export { whenMapIsWanted } from "../my.js";
