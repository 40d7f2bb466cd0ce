// The lists of places.
import "../page.js";
import "../list.js";
