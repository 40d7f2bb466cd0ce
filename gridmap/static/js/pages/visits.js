// The households of one stairwell.
import "../page.js";
import "../visits.js";
