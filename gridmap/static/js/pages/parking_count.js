// Counting the cars of zones.
import "../page.js";
import "../parking_count.js";
