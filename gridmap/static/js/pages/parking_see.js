// A car from outside, by its plate.
import "../page.js";
import "../parking_see.js";
